"""Whose business each running call is, learned from the live events themselves: the agents in it, and its queue."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

ENDED_KEPT = 1000
"""Calls that are remembered after their end: their recordings close later."""

_AGENT_FIELDS = ("agent", "agent_id", "supervisor", "supervisor_id", "actor", "to_agent")
_ABOUT = ("trunk", "caller", "called", "presented", "queue", "data")
_DISCREET = ("supervision_", "forced", "action_forced", "recording_segment_", "seat_")
_FOR_ALL = frozenset({"emergency_switched"})
_FOR_SERVERS = frozenset({"call_list_changed"})
_TALKING = {
    "call_connected": "agent",
    "call_intercepted": "supervisor",
    "call_queued": "",
    "call_requeued": "",
    "call_transferred": "",
    "call_ended": "",
}
"""After which events another agent talks with the caller, and the field that names who; empty for nobody."""
_RINGS = frozenset({"call_offered", "call_rung", "consult_started"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Whom an event or a call concerns.  Nobody in particular: the hotline as a whole."""

    agents: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    is_discreet: bool = False
    """It tells of supervision, which the supervised are not told."""
    is_for_all: bool = False
    """Everybody who signed in is told."""
    is_for_servers: bool = False
    """The agents who serve the queue are told as well, though it is about none of them."""
    talking: str | None = None
    """Of a call: the agent who talks with its caller now."""


@dataclass(slots=True)
class _Call:
    agents: set[str] = field(default_factory=set)
    queue: str | None = None
    talking: str | None = None
    about: dict[str, Any] = field(default_factory=dict)

    def concern(self) -> Concern:
        return Concern(
            agents=frozenset(self.agents),
            queues=frozenset(() if self.queue is None else (self.queue,)),
            talking=self.talking,
        )


def plain_kind(kind: str) -> str:
    """The kind of an event as one word: `call.offered` and `CallOffered` are `call_offered`."""
    word = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind)
    return word.replace(".", "_").lstrip("_")


def is_discreet(kind: str, data: Mapping[str, Any]) -> bool:
    """True for what the supervised agent is not shown: supervision, forced actions, whose voice is recorded where."""
    return plain_kind(kind).startswith(_DISCREET) or data.get("role") == "supervisor"


class CallIndex:
    """The running calls and whom they concern."""

    def __init__(self, snapshot: Callable[[], Mapping[str, Any]]) -> None:
        """`snapshot` knows the calls that were there before the first event, under `calls`."""
        self._snapshot = snapshot
        self._calls: dict[str, _Call] = {}
        self._ended: OrderedDict[str, _Call] = OrderedDict()

    def take(self, kind: str, data: dict[str, Any]) -> tuple[Concern, dict[str, Any]]:
        """Learn from an event; returns whom it concerns, and its data.

        An event that makes a phone ring gains `call`: what is known of the call, for the one who is rung.
        """
        word = plain_kind(kind)
        agents = {str(data[name]) for name in _AGENT_FIELDS if data.get(name)}
        if data.get("kind") == "agent" and data.get("to"):  # consulted, or transferred to
            agents.add(str(data["to"]))
        queues = {str(data["queue"])} if data.get("queue") else set()
        call_id = data.get("call_id")
        discreet = is_discreet(kind, data)
        # An agent's state is that agent's business: a supervisor's, who listens to a call, is not the call's agent's.
        if not isinstance(call_id, str) or not call_id or word == "agent_state_changed":
            concern = Concern(
                agents=frozenset(agents),
                queues=frozenset(queues),
                is_discreet=discreet,
                is_for_all=word in _FOR_ALL,
                is_for_servers=word in _FOR_SERVERS,
            )
            return concern, data
        call = self._known(call_id) or self._calls.setdefault(call_id, _Call())
        if not discreet:
            call.agents |= agents
        call.queue = data.get("queue") or call.queue
        if word in _TALKING:
            call.talking = data.get(_TALKING[word]) or None
        call.about.update({name: _value(data[name]) for name in _ABOUT if name in data})
        if word == "call_ended":
            self._end(call_id)
        concern = call.concern()
        concern = Concern(
            agents=concern.agents | agents,
            queues=concern.queues | queues,
            is_discreet=discreet,
        )
        return concern, {**data, "call": dict(call.about)} if word in _RINGS else data

    def concern_of(self, call_id: str) -> Concern | None:
        """Whom a call concerns; None for one that is not known here any more."""
        call = self._known(call_id)
        return None if call is None else call.concern()

    def _known(self, call_id: str) -> _Call | None:
        found = self._calls.get(call_id) or self._ended.get(call_id)
        return found or self._learned(call_id)

    def _learned(self, call_id: str) -> _Call | None:
        """A call from before the first event of this process."""
        for row in self._snapshot().get("calls", ()):
            if row.get("call_id") == call_id:
                call = self._calls[call_id] = _Call(queue=row.get("queue"))
                call.agents |= {str(row["agent"])} if row.get("agent") else set()
                parties = row.get("parties", ())
                call.agents |= _agents_in(parties)
                call.talking = next((party["agent_id"] for party in parties if _is_talking(party)), None)
                call.about.update({name: row[name] for name in _ABOUT if name in row})
                return call
        return None

    def _end(self, call_id: str) -> None:
        call = self._calls.pop(call_id, None)
        if call is not None:
            self._ended[call_id] = call
            if len(self._ended) > ENDED_KEPT:
                self._ended.popitem(last=False)


def _agents_in(parties: Iterable[Mapping[str, Any]]) -> set[str]:
    """Who talks in a call or is rung for it, without those who only supervise it."""
    return {
        str(party["agent_id"])
        for party in parties
        if party.get("agent_id") and party.get("role") != "supervisor"
    }


def _is_talking(party: Mapping[str, Any]) -> bool:
    return bool(party.get("agent_id")) and (party.get("role"), party.get("state")) == ("agent", "talking")


def _value(value: Any) -> Any:
    """Attached data comes as JSON text from the journal."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
