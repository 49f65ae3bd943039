"""What operators are given agrees with the product: a chapter for every alarm, commands that exist, metrics that are exposed."""

import configparser
import json
import re
from pathlib import Path

import pytest

from softswitch.__main__ import main
from softswitch.exit_codes import CONFIG_EXIT
from softswitch.operations.alarms import AlarmKind

ROOT = Path(__file__).resolve().parents[3]
UNITS = sorted((ROOT / "config" / "deploy").glob("*.service"))


def test_every_alarm_has_a_chapter_and_every_chapter_an_alarm() -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("## 告警手册")[2]
    chapters = set(re.findall(r"^### (\w+)$", runbook, re.MULTILINE))
    assert chapters - {"unreachable"} == {kind.value for kind in AlarmKind}


def test_rules_refer_to_chapters_that_exist() -> None:
    rules = (ROOT / "docs" / "alert_rules.yml").read_text(encoding="utf-8")
    manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for anchor in set(re.findall(r"operations\.md#(\w+)", rules)):
        assert f"### {anchor}\n" in manual


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_call_commands_that_exist(unit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys of systemd have capitals
    parser.read(unit, encoding="utf-8")
    service = parser["Service"]
    words = [
        match[1]
        for key in ("ExecStart", "ExecStartPre")
        if (match := re.search(r"-m softswitch ([\w-]+)", service.get(key, "")))
    ]
    assert words
    for word in words:
        with pytest.raises(SystemExit) as shown:
            main([word, "--help"])
        assert shown.value.code == 0
        assert "--config" in capsys.readouterr().out
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"


def test_a_node_that_was_drained_or_cannot_be_configured_is_not_started_again() -> None:
    """Nor does a check keep a launcher from its living parts: `-` lets the start go on (systemd.service(5))."""
    lines = (ROOT / "config" / "deploy" / "softswitch.service").read_text(encoding="utf-8").splitlines()
    service = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert service["Restart"] == "always"
    assert set(service["RestartPreventExitStatus"].split()) == {"0", str(CONFIG_EXIT)}
    assert service["ExecStartPre"].startswith("-")
    assert service["KillMode"] == "process"


def test_the_dashboard_has_a_query_in_every_panel_and_no_two_of_one_id() -> None:
    board = json.loads((ROOT / "docs" / "grafana.json").read_text(encoding="utf-8"))
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(target["expr"] for panel in board["panels"] for target in panel["targets"])


def test_logs_are_rotated_by_day_and_a_day_too_large_before_its_end() -> None:
    """`size` beside `daily` would silently replace it: a quiet machine would keep one log for ever (logrotate.conf(5))."""
    text = (ROOT / "config" / "deploy" / "logrotate.conf").read_text(encoding="utf-8")
    lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
    assert lines[0] == "/var/log/softswitch/*.log {"
    assert lines[-1] == "}"
    words = [line.split() for line in lines[1:-1]]
    directives = {name: values for name, *values in words}
    assert len(directives) == len(words), "a directive stands twice"
    assert "daily" in directives
    assert not directives.keys() & {"size", "hourly", "weekly", "monthly", "yearly", "minsize"}
    assert re.fullmatch(r"\d+[kMG]", directives["maxsize"][0])
    assert int(directives["rotate"][0]) >= 7
    # Nothing reopens its log: the file that is written to must stay the same one.
    assert "copytruncate" in directives
