"""One call from its INVITE to its end: its state, its parties and its times."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from acd.levels import DayOfCalls
from softswitch.calls.flow_run import FlowRun
from softswitch.calls.hearing import Party, Role, Row, hearing_of
from softswitch.calls.kept_stays import KeptStay
from softswitch.calls.leg import Leg
from softswitch.calls.party import RINGBACK, CallParty, Errand
from softswitch.calls.routes import Route
from softswitch.clock import Alarm


class CallState(StrEnum):
    """How far a call has come."""

    ARRIVED = "arrived"  # not answered yet
    DIALLING = "dialling"  # an agent dials: the agent's own phone rings, then the target's
    GREETED = "greeted"  # answered, the greeting plays
    IN_FLOW = "in_flow"  # answered, a call flow has the caller: before a queue, or after the talk
    WAITING = "waiting"  # in the queue; a phone may be ringing for it
    INTRODUCED = "introduced"  # an agent answered, the agent's number is announced
    TALKING = "talking"
    TURNED_AWAY = "turned_away"  # the queue is full: the caller is told so, and then the call ends
    ENDED = "ended"


_S = CallState
CALL_TRANSITIONS: Mapping[CallState, frozenset[CallState]] = {
    _S.ARRIVED: frozenset({_S.DIALLING, _S.GREETED, _S.IN_FLOW, _S.WAITING, _S.ENDED}),
    _S.DIALLING: frozenset({_S.TALKING, _S.WAITING, _S.ENDED}),
    _S.GREETED: frozenset({_S.WAITING, _S.ENDED}),
    _S.IN_FLOW: frozenset({_S.TALKING, _S.WAITING, _S.TURNED_AWAY, _S.ENDED}),
    _S.WAITING: frozenset({_S.DIALLING, _S.IN_FLOW, _S.INTRODUCED, _S.TALKING, _S.TURNED_AWAY, _S.ENDED}),
    _S.INTRODUCED: frozenset({_S.IN_FLOW, _S.TALKING, _S.WAITING, _S.ENDED}),
    _S.TALKING: frozenset({_S.IN_FLOW, _S.WAITING, _S.ENDED}),
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


Sources = tuple[tuple[str, ...], tuple[str, ...]]
"""Whose voices go into a recording: the legs of its left channel, those of its right one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConsult:
    """A consulted queue that has no free agent yet: the engine's contact, and the leg of the agent who asks."""

    contact: str
    queue: str
    by: str


@dataclass(slots=True)
class Call:
    """A call as call control knows it.  Times are wall seconds.

    `parties` stand in the order in which they came.  `data` is what integrators and flows attached (随路数据).
    `masked`: the caller types a secret, nothing of which is recorded or reaches anybody.
    """

    call_id: str
    trunk: str
    caller: str
    called: str
    route: Route
    arrived_at: float
    trunk_group: str = ""  # the span of an E1 gateway, where it names it
    parties: list[CallParty] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    answered_at: float | None = None
    queued_at: float | None = None
    connected_at: float | None = None
    recording_id: str = ""
    recording_path: str = ""
    recording_paused: bool = False
    caller_level: int = 0  # by the route, on arrival
    level: int = 0  # in the queues, before what their rules add
    region: str = ""  # as a flow said; empty: by the number and the route
    callback_id: str = ""  # of the callback that it is for: the customer is rung once an agent has it
    past: tuple[DayOfCalls, ...] = ()  # the caller's earlier calls
    flow: FlowRun | None = None
    flow_record: Mapping[str, Any] | None = None  # of before a restart, until it is resumed
    was_away: bool = False  # before a restart: the caller was in it while the agent waited
    stood: KeptStay | None = None  # in the queues, before a restart
    masked: bool = False
    message_id: str = ""  # the recording of the message that the caller speaks
    left_message: bool = False
    was_offered_callback: bool = False  # by an overflow rule; once is enough
    overflowed: set[tuple[str, str]] = field(default_factory=set)  # queues, each with a flow that it led to
    has_callback: bool = False  # is to be called back, and may hang up
    prompted: bool = False  # an announcement plays
    rings_back: bool = False  # the caller was held too long: it rings in the agent's ear
    playlists: int = 0  # how many were started: the number of the last one names it
    consults: int = 0  # how many queues were asked for a consultee: the number names the contact
    queue_consult: QueueConsult | None = None
    rows: dict[str, Row] = field(default_factory=dict)  # what the plane was told
    recorded: Sources = ((), ())  # what the plane was told
    next_position: Alarm | None = None  # when the place in the line is said again
    state: CallState = field(default=CallState.ARRIVED, init=False)

    def become(self, state: CallState) -> None:
        """Assign the state; the only place that does.  Raises `IllegalCallState`."""
        if state is not self.state and state not in CALL_TRANSITIONS[self.state]:
            raise IllegalCallState(self.call_id, self.state, state)
        self.state = state

    # ---- who is there ------------------------------------------------------------------------------

    @property
    def customer(self) -> CallParty | None:
        """The caller, or whom an agent dialled."""
        return next((party for party in self.parties if party.role is Role.CUSTOMER), None)

    @property
    def number(self) -> str:
        """The number of whom the hotline talks with: who called, or whom an agent dialled."""
        customer = self.customer
        is_dialled = customer is not None and customer.errand is Errand.DIALLED
        return customer.number if customer is not None and is_dialled else self.caller

    @property
    def agent(self) -> CallParty | None:
        """The agent whose call it is; None while nobody has answered, or once only outsiders talk."""
        return next((party for party in self.parties if party.role is Role.AGENT and party.is_joined), None)

    @property
    def consultee(self) -> CallParty | None:
        """Whom the agent consults or transfers to; None once both talk with the caller."""
        asked = (Errand.CONSULT, Errand.TRANSFER)
        return next((party for party in self.parties if party.errand in asked), None)

    @property
    def offered(self) -> tuple[CallParty, ...]:
        """The agents whose phones ring because the engine offered them the call, or a consult in it."""
        return tuple(party for party in self.parties if party.offer_id and not party.is_joined)

    @property
    def is_away(self) -> bool:
        """Whether the caller is in a flow while the agent waits."""
        is_detour = self.flow is not None and self.flow.is_detour
        return is_detour and self.state is CallState.IN_FLOW and self.agent is not None

    @property
    def is_held(self) -> bool:
        """Whether the agent holds the caller, by the bar or by a key of the phone."""
        by_bar = self.customer is not None and self.customer.held
        return by_bar or self.agent is not None and self.agent.leg.holding

    def joined(self, *roles: Role) -> tuple[CallParty, ...]:
        """The parties of some roles that take part in the sound."""
        return tuple(party for party in self.parties if party.role in roles and party.is_joined)

    def party_of(self, leg: Leg) -> CallParty | None:
        """Return the party that a leg is."""
        return next((party for party in self.parties if party.leg is leg), None)

    def party_at(self, leg_id: str) -> CallParty | None:
        """Return the party with this leg."""
        return next((party for party in self.parties if party.leg_id == leg_id), None)

    def seat_of(self, agent: str) -> CallParty | None:
        """Return the party that an agent is."""
        return next((party for party in self.parties if party.agent == agent), None)

    @property
    def calls_back(self) -> bool:
        """Whether it is a callback whose customer has not been rung."""
        return bool(self.callback_id) and self.customer is None

    @property
    def is_served(self) -> bool:
        """Whether a caller who leaves now has what is to be had without an agent: a message, a callback, somebody outside."""
        if self.connected_at is not None:
            return False
        return (
            bool(self.message_id) or self.left_message or self.has_callback or self.state is CallState.TALKING
        )

    # ---- sound -------------------------------------------------------------------------------------

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
        return hearing_of([self._heard(party) for party in self.parties if _has_sound(party)], music)

    def _heard(self, party: CallParty) -> Party:
        is_prompted = self.prompted and (
            party.role is Role.CUSTOMER or party.role is Role.AGENT and self.state is CallState.INTRODUCED
        )
        is_called = party.leg.is_standing and not party.is_joined  # the tone of its line is heard
        rings = any(other.by == party.leg_id and not other.is_joined for other in self.parties)
        rings = rings or self.queue_consult is not None and self.queue_consult.by == party.leg_id
        rings = rings or self.rings_back and party is self.agent
        return Party(
            leg_id=party.leg_id,
            role=party.role,
            held=party.held,
            holding=party.leg.holding,
            muted=party.muted or self.masked and party.role is Role.CUSTOMER,
            prompted=is_prompted or is_called,
            supervising=party.supervising,
            alone=RINGBACK if rings else "",
            quiet=self.state is CallState.IN_FLOW or is_called,
        )

    def voices(self) -> Sources:
        """Return whose voices go into the recording now: the caller left, who works for the hotline right.

        Before the agent's number was announced the right channel is silent.
        """
        if self.recording_paused or self.masked or self.customer is None:
            return (), ()
        left = (self.customer.leg_id,)
        if self.state is not CallState.TALKING:
            return left, ()
        return left, tuple(party.leg_id for party in self.parties if party.is_recorded)

    # ---- record ------------------------------------------------------------------------------------

    def to_record(self) -> dict[str, Any]:
        """Return what a restarted control needs, in JSON types."""
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
            "recording_paused": self.recording_paused,
            "recorded": [list(channel) for channel in self.recorded],
            "playlists": self.playlists,
            "consults": self.consults,
            "is_consulting": self.consultee is not None or self.queue_consult is not None,
            "caller_level": self.caller_level,
            "level": self.level,
            "region": self.region,
            "earlier": [[day.days_ago, day.calls, day.abandoned] for day in self.past],
            "callback_id": self.callback_id,
            "state": self.state.value,
            "data": self.data,
            "flow": None if self.flow is None else self.flow.to_record(),
            "overflowed": sorted(list(pair) for pair in self.overflowed),
            "is_away": self.is_away,
            "parties": [party.to_record() for party in self.parties],
        }

    @classmethod
    def restored(
        cls, record: Mapping[str, Any], kept: Collection[str], *, is_arriving: bool = False
    ) -> "Call":
        """Return a call as it was written down, with those of its legs that go on (adoption finds out which).

        One that is arriving was answered, and its caller has not acknowledged that yet.
        """
        left, right = record["recorded"]
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
            recording_paused=record["recording_paused"],
            recorded=(tuple(left), tuple(right)),
            playlists=record["playlists"],
            consults=record["consults"],
            caller_level=record.get("caller_level", 0),
            level=record.get("level", 0),
            region=record.get("region", ""),
            past=tuple(
                DayOfCalls(days_ago=days_ago, calls=calls, abandoned=abandoned)
                for days_ago, calls, abandoned in record.get("earlier", ())
            ),
            callback_id=record.get("callback_id", ""),
            data=record["data"],
            flow_record=record.get("flow"),
            overflowed={(queue, flow) for queue, flow in record.get("overflowed", ())},
            was_away=record.get("is_away", False),
            stood=KeptStay.restored(record.get("stay")),
            parties=[
                CallParty.restored(party, record["call_id"], is_confirmed=not is_arriving)
                for party in record["parties"]
                if party["leg"]["leg_id"] in kept
            ],
        )
        if is_arriving:
            return call
        call.become(CallState.WAITING)
        customer = call.customer
        if customer is not None:
            customer.joined_at = customer.joined_at or call.arrived_at
            if record["is_consulting"] and call.consultee is None:
                customer.held = False  # who was asked is not there any more: back to the agent
        return call


def _has_sound(party: CallParty) -> bool:
    """Whether a party is one of the hearing table: the caller from the answer on, others once they have joined.

    So is a standing line that the call was brought to, which is told by a tone.  What a network says before it answers is heard as well, but not by a caller who waits while a rule has it rung.
    """
    if party.leg.is_talking:
        return party.is_joined or party.role is Role.CUSTOMER or party.leg.is_standing
    return party.leg.has_early_media and party.errand is not Errand.OVERFLOW
