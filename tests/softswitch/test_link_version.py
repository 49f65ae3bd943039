"""Processes of one version understand each other, and know those of another."""

import subprocess
import sys
from dataclasses import dataclass, fields, make_dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from media import commands, events, progress
from softswitch.cells import messages
from softswitch.link_version import is_understood, link_version, note_version


def test_what_is_written_down_is_understood_and_anything_else_is_not(tmp_path: Path) -> None:
    """Parts of a version that wrote nothing down are believed."""
    assert is_understood(tmp_path)
    note_version(tmp_path)
    assert is_understood(tmp_path)
    (tmp_path / "link-version").write_text("another")
    assert not is_understood(tmp_path)
    assert link_version() == link_version()
    assert len(link_version()) == 16


def _with_one_field_more(shape: type) -> type:
    hints = get_type_hints(shape)
    kept = [(each.name, hints[each.name]) for each in fields(shape)]
    return make_dataclass(shape.__name__, [*kept, ("news", int)], namespace={"__module__": shape.__module__})


def _with_one_member_more(shape: type[Enum]) -> type:
    members = {name: member.value for name, member in shape.__members__.items()}
    make: Any = StrEnum
    made: type = make(shape.__name__, {**members, "NEWS": "news"}, module=shape.__module__)
    return made


def test_the_digest_is_the_same_in_every_process() -> None:
    words = [sys.executable, "-c", "from softswitch.link_version import link_version; print(link_version())"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() == link_version()


@pytest.mark.parametrize(
    ("holder", "field", "another"),
    [
        (events.LegClosed, "statistics", _with_one_field_more(events.LegStatistics)),
        (events.LegHeld, "hearing", tuple[_with_one_field_more(commands.Source), ...]),  # type: ignore[misc]
        (events.ProgressHeard, "progress", _with_one_member_more(progress.Progress)),
        (commands.SetRemote, "secrecy", _with_one_field_more(commands.Secrecy) | None),
        (commands.SetRemote, "codec", _with_one_member_more(commands.Codec)),
        (commands.Source, "kind", _with_one_member_more(commands.SourceKind)),
        (messages.MakeLeg, "credentials", _with_one_field_more(messages.Credentials) | None),
        (messages.MakeLeg, "headers", tuple[tuple[str, bytes], ...]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_message_is_made_of_is_part_of_the_version(
    monkeypatch: pytest.MonkeyPatch, holder: type, field: str, another: object
) -> None:
    """A nested class or enum of another shape under its old name: its messages could not be read."""
    before = link_version()
    monkeypatch.setitem(holder.__annotations__, field, another)
    assert link_version() != before


@dataclass(frozen=True)
class Nested:
    """One that contains itself."""

    within: "Nested | None" = None


def test_a_message_that_contains_itself_is_described_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    before = link_version()
    monkeypatch.setitem(commands.SetRemote.__annotations__, "secrecy", Nested)
    assert link_version() not in ("", before)
