"""One leg: a dialog at the edge, a native call in a cell and a stream in the plane, under one id and one state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from softswitch.calls.hearing import Role, Row
from softswitch.sip.dialogs import PhoneTarget, TrunkTarget

Header = tuple[str, str]

AUTO_ANSWER: tuple[Header, ...] = (
    ("Call-Info", "<sip:hotline>;answer-after=0"),
    ("Alert-Info", "<sip:hotline>;info=alert-autoanswer;delay=0"),
)
"""Phones that can be told so answer such a call by themselves: somebody asked for it a moment ago, or it is their way.

There is no one standard.  Both are headers of RFC 3261 (sections 20.4 and 20.9) with their URI in place, which a strict
parser wants; without `delay=0` some phones ring on.
"""


class LegState(StrEnum):
    """How far a leg has come."""

    OPENING = "opening"  # the plane reserves its sockets
    SETTING_UP = "setting_up"  # its INVITE is with a cell
    RINGING = "ringing"
    CONFIRMED = "confirmed"
    ENDING = "ending"  # we ordered its end
    ENDED = "ended"


_S = LegState
LEG_TRANSITIONS: Mapping[LegState, frozenset[LegState]] = {
    _S.OPENING: frozenset({_S.SETTING_UP, _S.ENDING, _S.ENDED}),
    _S.SETTING_UP: frozenset({_S.OPENING, _S.RINGING, _S.CONFIRMED, _S.ENDING, _S.ENDED}),
    _S.RINGING: frozenset({_S.CONFIRMED, _S.ENDING, _S.ENDED}),
    _S.CONFIRMED: frozenset({_S.ENDING, _S.ENDED}),
    _S.ENDING: frozenset({_S.ENDED}),
    _S.ENDED: frozenset(),
}


class IllegalLegState(Exception):
    """A leg cannot come from `before` to `after`; it is unchanged."""

    def __init__(self, leg_id: str, before: LegState, after: LegState) -> None:
        """Keep what was tried."""
        super().__init__(f"leg {leg_id} cannot go from {before} to {after}")
        self.leg_id = leg_id
        self.before = before
        self.after = after


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkWay:
    """One way to a number outside: a trunk, the number as it wants it dialled, and the number that it is shown."""

    trunk: str
    number: str
    from_user: str


@dataclass(slots=True)
class Leg:
    """A leg as call control knows it."""

    leg_id: str
    call_id: str
    role: Role
    inbound: bool
    networks: tuple[str, ...]
    nat_address: str | None
    target: PhoneTarget | TrunkTarget | None = None  # outbound only
    from_user: str = ""
    headers: tuple[Header, ...] = ()
    local: tuple[str, int] | None = None  # where the plane listens for it
    holding: bool = False  # its own phone put us on hold
    has_early_media: bool = False  # the network speaks before anybody answers: ringback, an announcement
    alerted: bool = False  # its far end rings (180), which a description of early sound (183) does not say
    can_be_asked: bool = False  # a phone that answers when it is told to
    rings_anew: bool = False  # such a phone is told by a second INVITE, instead of NOTIFY talk
    is_standing: bool = False  # a line that stays when a call lets go of it
    has_media: bool = False  # the plane knows it
    asked_early: str | None = None  # Refer-To of the first REFER that came before the leg was confirmed
    detours: tuple[TrunkWay, ...] = ()  # further ways, for when the trunk does not take the call
    heard: Row = ()  # what the plane was last told that it hears
    tried_cells: set[str] = field(default_factory=set)
    state: LegState = field(default=LegState.OPENING, init=False)

    def become(self, state: LegState) -> None:
        """Assign the state; the only place that does.  Raises `IllegalLegState`."""
        if state not in LEG_TRANSITIONS[self.state]:
            raise IllegalLegState(self.leg_id, self.state, state)
        self.state = state

    @property
    def is_over(self) -> bool:
        """Whether it ended, or its end was ordered."""
        return self.state in (LegState.ENDING, LegState.ENDED)

    @property
    def is_talking(self) -> bool:
        """Whether sound can go both ways."""
        return self.state is LegState.CONFIRMED

    def to_record(self) -> dict[str, Any]:
        """Return what a restarted control needs of it, in JSON types."""
        return {
            "leg_id": self.leg_id,
            "role": self.role.value,
            "inbound": self.inbound,
            "networks": list(self.networks),
            "nat_address": self.nat_address,
            "holding": self.holding,
        }

    @classmethod
    def restored(cls, record: Mapping[str, Any], call_id: str, *, is_confirmed: bool = True) -> "Leg":
        """Return a leg from its record: a confirmed one, or one whose 2xx waits for its ACK."""
        leg = cls(
            leg_id=record["leg_id"],
            call_id=call_id,
            role=Role(record["role"]),
            inbound=record["inbound"],
            networks=tuple(record["networks"]),
            nat_address=record["nat_address"],
            holding=record["holding"],
            has_media=True,
        )
        leg.become(LegState.SETTING_UP)
        if is_confirmed:
            leg.become(LegState.CONFIRMED)
        return leg
