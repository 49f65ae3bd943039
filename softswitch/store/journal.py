"""How an entry becomes a row of the journal and comes back.

An entry is checked when it is recorded, so that whoever made the mistake hears of it: what is in the journal
can always be written, read and projected.  Reading is lenient instead: fields that this program does not know
are left out, absent ones take their default.
"""

import dataclasses
import json
import math
import types
import typing
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_args

from softswitch.store.entries import Entry, entry_id
from softswitch.store.errors import EntryRefused

_INTEGER_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """An entry as it stands in the table, before it has a number."""

    event_id: str | None
    at: float
    kind: str
    call_id: str | None
    agent_id: str | None
    data: str


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    allowed: tuple[type, ...]
    is_needed: bool


def _fields(cls: type) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(cls)
    found = []
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        union = typing.get_origin(hint) in (typing.Union, types.UnionType)
        allowed = typing.get_args(hint) if union else (hint,)
        found.append(_Field(field.name, allowed, field.default is dataclasses.MISSING))
    return tuple(found)


_CLASSES: dict[str, type] = {cls.__name__: cls for cls in get_args(Entry)}
_PLANS: dict[type, tuple[_Field, ...]] = {cls: _fields(cls) for cls in _CLASSES.values()}


def cleaned(entry: Entry) -> Entry:
    """The entry as it will be read back; raises `EntryRefused` for what cannot be written.

    Integers in float fields become floats, plain strings in enum fields become members, and halves of
    surrogate pairs (broken bytes from outside) become U+FFFD.
    """
    plan = _PLANS.get(type(entry))
    if plan is None:
        raise EntryRefused(type(entry).__name__, "", "is not an entry of the journal")
    values = {}
    for field in plan:
        try:
            values[field.name] = _checked(getattr(entry, field.name), field.allowed)
        except (TypeError, ValueError) as error:
            raise EntryRefused(type(entry).__name__, field.name, str(error)) from None
    return type(entry)(**values)


def _checked(value: Any, allowed: tuple[type, ...]) -> Any:
    for kind in allowed:
        if kind is float and type(value) in (float, int):
            number = float(value)
            if not math.isfinite(number):
                raise ValueError("is not a finite number")
            return number
        if kind is int and type(value) is int:
            if abs(value) > _INTEGER_MAX:
                raise ValueError("does not fit into 64 bits")
            return value
        if issubclass(kind, Enum) and isinstance(value, str):
            return kind(value)
        if kind is str and isinstance(value, str):
            return _whole_text(str(value))
        if type(value) is kind:
            return value
    names = " or ".join(kind.__name__ for kind in allowed)
    raise TypeError(f"expected {names}, not {type(value).__name__}")


def _whole_text(text: str) -> str:
    """The text with U+FFFD for halves of surrogate pairs, which no database or socket takes."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def to_row(entry: Entry) -> JournalRow:
    """A cleaned entry as a row."""
    data = {field.name: getattr(entry, field.name) for field in _PLANS[type(entry)] if field.name != "at"}
    return JournalRow(
        event_id=entry_id(entry),
        at=entry.at,
        kind=type(entry).__name__,
        call_id=data.get("call_id"),
        agent_id=data.get("agent"),
        data=json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")),
    )


def from_row(kind: str, at: float, data: str) -> Entry | None:
    """The entry of a row; None for a kind, or a content, that this program does not understand."""
    cls = _CLASSES.get(kind)
    if cls is None:
        return None
    try:
        found = json.loads(data) | {"at": at}
        values = {
            field.name: _checked(found[field.name], field.allowed)
            for field in _PLANS[cls]
            if field.is_needed or field.name in found
        }
    except (KeyError, TypeError, ValueError):
        return None
    return typing.cast("Entry", cls(**values))
