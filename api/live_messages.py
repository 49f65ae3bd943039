"""What the live connection tells its readers, as structs: the description of it is made of these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.views import WallTime

_NUMBER = {"doc": "编号,递增 / numbers grow"}
_STREAM = {"doc": "本次运行的流 / the stream of this start"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotMessage:
    """Everything that a screen shows, within the reader's reach, as it stands after the event of that number."""

    type: str = field(metadata={"choices": ("snapshot",)})
    stream: str = field(metadata=_STREAM)
    number: int = field(metadata=_NUMBER)
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumedMessage:
    """Nothing was missed: the events after that number follow."""

    type: str = field(metadata={"choices": ("resumed",)})
    stream: str = field(metadata=_STREAM)
    number: int = field(metadata=_NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMessage:
    """Something has happened.  `sparse`: this reader does not see all events, the numbers do not grow by one."""

    type: str = field(metadata={"choices": ("event",)})
    number: int = field(metadata=_NUMBER)
    at: WallTime
    kind: str
    data: dict[str, Any]
    sparse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedElsewhereMessage:
    """The agent signed in at another place; the connection is closed with 4409."""

    type: str = field(metadata={"choices": ("event",)})
    kind: str = field(metadata={"choices": ("signed_in_elsewhere",)})
    data: dict[str, Any]
    sparse: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatMessage:
    """The line lives; the number of the last event that this reader was told."""

    type: str = field(metadata={"choices": ("heartbeat",)})
    number: int = field(metadata=_NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class PongMessage:
    """The answer to a ping."""

    type: str = field(metadata={"choices": ("pong",)})


TOLD: Final[Mapping[str, tuple[str, type]]] = {
    "snapshot": ("全部现状 / everything as it stands", SnapshotMessage),
    "resumed": ("从断点继续 / going on where it was", ResumedMessage),
    "signed_in_elsewhere": ("已在别处登录 / signed in elsewhere", EndedElsewhereMessage),
    "heartbeat": ("每 10 秒 / every 10 s", HeartbeatMessage),
    "pong": ("对 ping 的答复 / the answer to a ping", PongMessage),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatCommand:
    """What an agent did in the seat and what came of it, for whoever watches the seat (监视); it is in no journal.

    `asked` holds what of the request may be shown: no keys and no attached data.
    """

    agent: str
    command: str
    asked: dict[str, Any]
    on_call: str | None
    status: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRung:
    """A colleague's phone begins to ring for a call that the distributor did not offer: asked, handed over, called.

    `call` is what is known of the call, with the attached data; it is in no journal.
    """

    call_id: str
    agent: str
    extension: str
    call: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The data of one kind of event: fields of a class, all of them for None, and `more` that is made for readers."""

    of: type
    fields: tuple[str, ...] | None = None
    more: tuple[tuple[str, Any], ...] = ()


OWN_KINDS: Final[Mapping[str, Shown]] = {
    "seat.command": Shown(of=SeatCommand),
    "call.rung": Shown(of=CallRung),
}
"""Events that the interface itself makes."""
