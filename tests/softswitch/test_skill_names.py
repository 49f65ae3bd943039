"""A skill that is written in two ways in the settings file is refused, with its place and the name that was meant."""

from pathlib import Path

import pytest

from config.faults import ConfigFaults, Fault
from config.load import load
from softswitch.settings.whole import Settings

TOP = """
sip.inner_address = "127.65.211.7"
sip.transports = [{protocol = "udp", address = "127.65.211.1"}]
queues = [
    {name = "hotline"},
    {name = "law", distribution = {skills = [{name = "%s"}]}},
]
routes = [{number = "12345", queue = "hotline", table = [{skills = [{name = "%s"}], until_s = 30.0}, {after_s = 30.0}]}]
agents = [
    {id = "1001", queues = ["hotline", "law"], skills = [{name = "english"}, {name = "law"}]},
    {id = "1002", queues = ["hotline", "law"], skills = [{name = "%s"}]},
]
"""


def faults(folder: Path, needed: str, asked: str, had: str) -> list[tuple[str, str]]:
    """What is said of a file with these skills, in both languages."""
    path = folder / "machine.toml"
    path.write_text(TOP % (needed, asked, had), encoding="utf-8")
    path.chmod(0o600)
    found: tuple[Fault, ...] = ()
    try:
        load(Settings, path)
    except ConfigFaults as refused:
        found = refused.faults
    assert all(" / " in fault.expected for fault in found)
    return [(fault.path, fault.expected.rpartition(" / ")[2]) for fault in found]


@pytest.mark.parametrize(
    ("needed", "asked", "had", "at_fault"),
    [
        ("law", "english", "english", []),
        ("law", "english", "fishing", []),
        ("law", "english", "englsh", [("agents.1002.skills", "'englsh'", "'english'")]),
        ("law", "english", "lwa", [("agents.1002.skills", "'lwa'", "'law'")]),
        ("law", "english", "Law", [("agents.1002.skills", "'Law'", "'law'")]),
        ("law", "englihs", "law", [("routes.12345.table", "'englihs'", "'english'")]),
        ("law1", "english", "law2", []),
    ],
)
def test_a_skill_that_is_nearly_another_ones_name_is_refused(
    tmp_path: Path, needed: str, asked: str, had: str, at_fault: list[tuple[str, str, str]]
) -> None:
    """On either side; a name of its own, or another number behind it, is meant so."""
    found = faults(tmp_path, needed, asked, had)
    assert [path for path, _ in found if path != "agents.1001.skills"] == [path for path, *_ in at_fault]
    for path, name, meant in at_fault:
        assert any(where == path and name in what and meant in what for where, what in found)


def test_a_slip_in_what_a_queue_needs_is_told_at_the_queue_and_at_who_has_the_right_one(
    tmp_path: Path,
) -> None:
    found = faults(tmp_path, "laww", "english", "english")
    assert found == [
        ("agents.1001.skills", "no queue needs the skill 'law', did you mean 'laww'?"),
        ("queues.law.distribution.skills", "no agent has the skill 'laww', did you mean 'law'?"),
    ]
