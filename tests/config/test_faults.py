"""What an operator reads when a file cannot be used."""

from pathlib import Path

import pytest

from config.faults import ConfigFaults, Fault


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (Fault(path="sip.port", value="0", expected="an integer"), "sip.port = 0: an integer"),
        (Fault(path="sip.prt", expected="unknown", suggestion="port?"), "sip.prt: unknown (port?)"),
        (Fault(path="", expected="not TOML"), "not TOML"),
        (Fault(path="", expected="too open", suggestion="chmod"), "too open (chmod)"),
    ],
)
def test_a_fault_is_one_line(fault: Fault, line: str) -> None:
    assert str(fault) == line


def test_faults_are_listed_below_the_file_s_name() -> None:
    faults = [Fault(path="a", expected="x"), Fault(path="b", expected="y")]
    assert str(ConfigFaults(Path("s.toml"), faults)).splitlines() == [
        "s.toml: 2 处错误 / 2 faults",
        "  a: x",
        "  b: y",
    ]


def test_an_incomplete_check_says_that_more_may_come() -> None:
    text = str(ConfigFaults(Path("s.toml"), [Fault(path="a", expected="x")], complete=False))
    assert "1 fault\n" in text
    assert "when these are mended" in text
