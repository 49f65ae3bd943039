"""What the processes of a node say to each other, as one short text: parts of another version may not understand us."""

import hashlib
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import get_args, get_type_hints

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
    """A digest of every message between the processes and of all that it is made of: names, fields, types, values."""
    described = sorted(repr((each.__module__, each.__qualname__, *_parts(each))) for each in _shapes())
    return hashlib.sha256("\n".join(described).encode()).hexdigest()[:16]


def _shapes() -> set[type]:
    """Every message, and every dataclass and enum that travels within one, however deep."""
    found: set[type] = set()
    waiting: list[object] = list(_WORDS)
    while waiting:
        hint = waiting.pop()
        waiting += get_args(hint)
        if isinstance(hint, type) and hint not in found and (is_dataclass(hint) or issubclass(hint, Enum)):
            found.add(hint)
            waiting += (
                (get_type_hints(hint)[each.name] for each in fields(hint)) if is_dataclass(hint) else ()
            )
    return found


def _parts(shape: type) -> tuple[tuple[str, str], ...]:
    if issubclass(shape, Enum):
        return tuple((name, repr(member.value)) for name, member in shape.__members__.items())
    hints = get_type_hints(shape)
    return tuple((name, str(hints[name])) for name in _fields(shape))


def _fields(shape: type) -> list[str]:
    return [each.name for each in fields(shape)] if is_dataclass(shape) else []


def note_version(run_dir: Path) -> None:
    """Write down what the parts that are started now speak."""
    (run_dir / _NAME).write_text(link_version())


def is_understood(run_dir: Path) -> bool:
    """Whether the parts that run speak as we do; those that never said are believed to."""
    try:
        return (run_dir / _NAME).read_text() == link_version()
    except OSError:
        return True
