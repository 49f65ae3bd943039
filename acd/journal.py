"""Events and commands as lines of JSON, and a journal played back.

A line is `{"at": 12.5, "event": "ContactQueued", …}` with the fields that have not their default; floats keep every
bit.  The same journal played to a fresh engine gives the same bytes of commands: that is how decisions are explained
afterwards and how two versions of a policy are compared.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from acd.commands import Command
from acd.decision import RecordDecision
from acd.engine import Engine
from acd.errors import AcdError, InvalidValue, JournalFault
from acd.events import Event

_Reader = Callable[[Any], Any]


def encode_event(event: Event, now: float) -> bytes:
    """Return the line of an event that was handled at `now`, without a line break."""
    return _line({"at": now, "event": type(event).__name__, **_spoken(event)})


def encode_command(command: Command) -> bytes:
    """Return the line of a command, without a line break."""
    if isinstance(command, RecordDecision):
        spoken = {"offer": command.offer, "decision": _spoken(command.decision)}
    else:
        spoken = _spoken(command)
    return _line({"command": type(command).__name__, **spoken})


def decode_event(line: bytes) -> tuple[Event, float]:
    """Return the event of a line and its time; raises `JournalFault`."""
    try:
        data = json.loads(line)
    except ValueError as error:
        raise JournalFault(line, "not JSON") from error
    if not isinstance(data, dict):
        raise JournalFault(line, "not an object")
    at, name = data.pop("at", None), data.pop("event", None)
    plan = _PLANS.get(name) if isinstance(name, str) else None
    if plan is None:
        raise JournalFault(line, f"{name!r} is no event")
    cls, readers = plan
    try:
        now = _number(at)
        event: Event = cls(**{field: readers[field](value) for field, value in data.items()})
    except KeyError as error:
        raise JournalFault(line, f"{name} has no field {error.args[0]!r}") from error
    except InvalidValue as error:
        raise JournalFault(line, str(error)) from error
    except (TypeError, ValueError) as error:
        raise JournalFault(line, f"{name} cannot be read: {error}") from error
    return event, now


def replay(lines: Iterable[bytes], engine: Engine) -> Iterator[bytes]:
    """Play a journal and yield the line of each command; an event that is refused yields a line that says so."""
    for line in lines:
        event, now = decode_event(line)
        try:
            answer = engine.handle(event, now)
        except AcdError as error:
            yield _line(
                {"refused": type(event).__name__, "error": type(error).__name__, "detail": str(error)}
            )
            continue
        for command in answer:
            yield encode_command(command)


def _line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _spoken(message: Any) -> dict[str, Any]:
    return {
        field.name: _plain(value)
        for field in dataclasses.fields(message)
        if (value := getattr(message, field.name)) != field.default
    }


def _plain(value: Any) -> Any:
    """Say the parts of a policy as objects of their own."""
    if hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return _spoken(value) if dataclasses.is_dataclass(value) else value


# ---- reading back --------------------------------------------------------------------------------


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _exactly(kind: type) -> _Reader:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is not of type {kind.__name__}")
        return value

    return read


def _tuple_of(item: _Reader) -> _Reader:
    def read(value: Any) -> Any:
        if type(value) is not list:
            raise TypeError(f"{value!r} is not a list")
        return tuple(item(each) for each in value)

    return read


def _optional(inner: _Reader) -> _Reader:
    return lambda value: None if value is None else inner(value)


def _part(kind: Any) -> _Reader:
    readers = {name: reader_of(hint) for name, hint in typing.get_type_hints(kind).items()}

    def read(value: Any) -> Any:
        if type(value) is not dict or not value.keys() <= readers.keys():
            raise TypeError(f"{value!r} is no {kind.__name__}")
        return kind(**{name: readers[name](each) for name, each in value.items()})

    return read


def reader_of(hint: Any) -> _Reader:
    """Return what makes a value of this type from JSON: text, numbers, enums, dataclasses, tuples of one type, or None.

    What does not fit raises `TypeError` or `ValueError`.
    """
    if isinstance(hint, typing.NewType):
        return reader_of(hint.__supertype__)
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        (inner,) = (arm for arm in typing.get_args(hint) if arm is not types.NoneType)
        return _optional(reader_of(inner))
    if typing.get_origin(hint) is tuple:
        return _tuple_of(reader_of(typing.get_args(hint)[0]))
    if hint is float:
        return _number
    if dataclasses.is_dataclass(hint):
        return _part(hint)
    if issubclass(hint, StrEnum):
        kind: type[StrEnum] = hint
        return kind
    return _exactly(hint)


_PLANS: Mapping[str, tuple[type, Mapping[str, _Reader]]] = {
    cls.__name__: (cls, {name: reader_of(hint) for name, hint in typing.get_type_hints(cls).items()})
    for cls in typing.get_args(Event)
}
