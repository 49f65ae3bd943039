"""One call from its INVITE to its end: its state, its legs and its times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from softswitch.calls.hearing import Party, Role, Row, hearing_of
from softswitch.calls.leg import Leg
from softswitch.calls.routes import Route
from softswitch.clock import Alarm


class CallState(StrEnum):
    """How far a call has come."""

    ARRIVED = "arrived"  # not answered yet
    GREETED = "greeted"  # answered, the greeting plays
    WAITING = "waiting"  # in the queue; a phone may be ringing for it
    INTRODUCED = "introduced"  # an agent answered, the agent's number is announced
    TALKING = "talking"
    TURNED_AWAY = "turned_away"  # the queue is full: the caller is told so, and then the call ends
    ENDED = "ended"


_S = CallState
CALL_TRANSITIONS: Mapping[CallState, frozenset[CallState]] = {
    _S.ARRIVED: frozenset({_S.GREETED, _S.WAITING, _S.ENDED}),
    _S.GREETED: frozenset({_S.WAITING, _S.ENDED}),
    _S.WAITING: frozenset({_S.INTRODUCED, _S.TALKING, _S.TURNED_AWAY, _S.ENDED}),
    _S.INTRODUCED: frozenset({_S.TALKING, _S.WAITING, _S.ENDED}),
    _S.TALKING: frozenset({_S.WAITING, _S.ENDED}),
    _S.TURNED_AWAY: frozenset({_S.ENDED}),
    _S.ENDED: frozenset(),
}


class IllegalCallState(Exception):
    """A call cannot come from `before` to `after`; it is unchanged."""

    def __init__(self, call_id: str, before: CallState, after: CallState) -> None:
        """Keep what was tried."""
        super().__init__(f"call {call_id} cannot go from {before} to {after}")
        self.call_id = call_id
        self.before = before
        self.after = after


@dataclass(slots=True)
class Offer:
    """One agent's phone being rung for the call, or talking on it."""

    offer_id: str
    agent: str
    extension: str
    leg: Leg


@dataclass(slots=True)
class Call:
    """A call as call control knows it.  Times are wall seconds."""

    call_id: str
    trunk: str
    caller: str
    called: str
    route: Route
    arrived_at: float
    trunk_group: str = ""  # the span of an E1 gateway, where it names it
    customer: Leg | None = None
    offer: Offer | None = None
    answered_at: float | None = None
    queued_at: float | None = None
    connected_at: float | None = None
    recording_id: str = ""
    recording_path: str = ""
    prompted: bool = False  # an announcement plays
    playlists: int = 0  # how many were started: the number of the last one names it
    rows: dict[str, Row] = field(default_factory=dict)  # what the plane was told
    next_position: Alarm | None = None  # when the place in the line is said again
    state: CallState = field(default=CallState.ARRIVED, init=False)

    def become(self, state: CallState) -> None:
        """Assign the state; the only place that does.  Raises `IllegalCallState`."""
        if state is not self.state and state not in CALL_TRANSITIONS[self.state]:
            raise IllegalCallState(self.call_id, self.state, state)
        self.state = state

    @property
    def is_recorded(self) -> bool:
        """Whether a recording was started."""
        return bool(self.recording_id)

    @property
    def playlist_id(self) -> str:
        """The id of the last playlist; a finish of an earlier one means nothing."""
        return f"{self.call_id}:{self.playlists}"

    def hearing(self, music: str) -> dict[str, Row]:
        """Return what each leg of the call hears now."""
        parties = []
        if self.customer is not None and self.customer.is_talking:
            parties.append(
                Party(
                    leg_id=self.customer.leg_id,
                    role=Role.CUSTOMER,
                    holding=self.customer.holding,
                    prompted=self.prompted,
                )
            )
        if self.offer is not None and self.state in (CallState.INTRODUCED, CallState.TALKING):
            parties.append(
                Party(
                    leg_id=self.offer.leg.leg_id,
                    role=Role.AGENT,
                    holding=self.offer.leg.holding,
                    prompted=self.prompted,
                )
            )
        return hearing_of(parties, music)

    def to_record(self) -> dict[str, Any]:
        """Return what a restarted control needs, in JSON types."""
        offer = self.offer
        return {
            "call_id": self.call_id,
            "trunk": self.trunk,
            "trunk_group": self.trunk_group,
            "caller": self.caller,
            "called": self.called,
            "queue": self.route.queue,
            "greeting": self.route.greeting,
            "arrived_at": self.arrived_at,
            "answered_at": self.answered_at,
            "queued_at": self.queued_at,
            "connected_at": self.connected_at,
            "recording_id": self.recording_id,
            "recording_path": self.recording_path,
            "playlists": self.playlists,
            "state": self.state.value,
            "customer": None if self.customer is None else self.customer.to_record(),
            "offer": None
            if offer is None
            else {
                "offer_id": offer.offer_id,
                "agent": offer.agent,
                "extension": offer.extension,
                "leg": offer.leg.to_record(),
            },
        }

    @classmethod
    def restored(cls, record: Mapping[str, Any]) -> "Call":
        """Return a call as it was written down, without its legs (adoption finds out which of them live)."""
        call = cls(
            call_id=record["call_id"],
            trunk=record["trunk"],
            trunk_group=record["trunk_group"],
            caller=record["caller"],
            called=record["called"],
            route=Route(queue=record["queue"], greeting=record["greeting"]),
            arrived_at=record["arrived_at"],
            answered_at=record["answered_at"],
            queued_at=record["queued_at"],
            connected_at=record["connected_at"],
            recording_id=record["recording_id"],
            recording_path=record["recording_path"],
            playlists=record["playlists"],
        )
        call.become(CallState.WAITING)
        return call
