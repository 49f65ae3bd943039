"""What the processes of a node say to each other, as one short text: parts of another version may not understand us."""

import hashlib
from dataclasses import fields
from pathlib import Path
from typing import get_args

from media import commands, events
from softswitch.cells import messages

_NAME = "link-version"
_WORDS = (
    commands.Command,
    events.Event,
    messages.CellCommand,
    messages.CellEvent,
    messages.NurseryCommand,
    messages.NurseryEvent,
)


def link_version() -> str:
    """A digest of every message between the processes: its name, its fields and their types."""
    described = [
        (word.__name__, [(each.name, str(each.type)) for each in fields(word)])
        for vocabulary in _WORDS
        for word in get_args(vocabulary)
    ]
    return hashlib.sha256(repr(sorted(described)).encode()).hexdigest()[:16]


def note_version(run_dir: Path) -> None:
    """Write down what the parts that are started now speak."""
    (run_dir / _NAME).write_text(link_version())


def is_understood(run_dir: Path) -> bool:
    """Whether the parts that run speak as we do; those that never said are believed to."""
    try:
        return (run_dir / _NAME).read_text() == link_version()
    except OSError:
        return True
