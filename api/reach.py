"""What somebody may see and touch: agents what is theirs, supervisors what belongs to their groups, others everything."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from api.actors import Actor, PeoplePort, Role
from api.call_index import Concern, is_discreet
from api.views import CallView, EntryView

_AUDIBLE = (None, "barge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The agents and queues within reach; `is_all` leaves nothing out.

    `sees_queued` is for supervisors: the calls of their queues, whoever takes them, and those of no queue yet.
    """

    agents: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    is_all: bool = False
    sees_queued: bool = False
    is_told_of_supervision: bool = False

    def has_agent(self, agent_id: str) -> bool:
        """True for an agent within reach."""
        return self.is_all or agent_id in self.agents

    def has(self, concern: Concern) -> bool:
        """True for a call or an event within reach."""
        if self.is_all or concern.is_for_all:
            return True
        if concern.is_discreet and not self._sees_supervision:
            return False
        if concern.agents & self.agents or concern.is_for_servers and concern.queues & self.queues:
            return True
        if not self.sees_queued:
            return False
        return bool(concern.queues & self.queues) or not (concern.agents or concern.queues)

    def shown(self, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        """The part of a snapshot that is within reach."""
        if self.is_all:
            return dict(snapshot)
        found = dict(snapshot) if self.sees_queued else {}
        found["agents"] = [row for row in snapshot.get("agents", ()) if self.has_agent(row["agent_id"])]
        found["queues"] = [row for row in snapshot.get("queues", ()) if row["queue"] in self.queues]
        found["calls"] = [
            self._of_row(row) for row in snapshot.get("calls", ()) if self.has(_concern_of(row))
        ]
        return found

    def has_entry(self, entry: EntryView) -> bool:
        """False for entries of supervision, where they are not to be shown."""
        return self._sees_supervision or not is_discreet(entry.kind, entry.data)

    def of_call(self, call: CallView) -> CallView:
        """A call without the supervisors whom its agent does not hear."""
        if self._sees_supervision or not call.parties:
            return call
        return replace(call, parties=tuple(party for party in call.parties if party.supervising in _AUDIBLE))

    def _of_row(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """The same for a row of the snapshot."""
        shown = dict(call)
        if "parties" in shown and not self._sees_supervision:
            shown["parties"] = [row for row in shown["parties"] if row.get("supervising") in _AUDIBLE]
        return shown

    @property
    def _sees_supervision(self) -> bool:
        return self.is_all or self.sees_queued or self.is_told_of_supervision


EVERYTHING = Reach(is_all=True)


def reach_of(actor: Actor | None, people: PeoplePort, *, is_supervision_shown: bool) -> Reach:
    """What this actor may see and touch; a program sees all that the scopes of its token let it ask for."""
    person = None if actor is None else actor.person
    if person is None or person.role in (Role.ADMIN, Role.INTEGRATOR):
        return EVERYTHING
    if person.role is Role.AGENT:
        return Reach(
            agents=frozenset({person.agent_id}),
            queues=person.queues,
            is_told_of_supervision=is_supervision_shown,
        )
    theirs = [one for one in people.all() if one.groups & person.groups]
    return Reach(
        agents=frozenset(one.agent_id for one in theirs) | {person.agent_id},
        queues=frozenset(queue for one in theirs for queue in one.queues) | person.queues,
        sees_queued=True,
    )


def _concern_of(row: Mapping[str, Any]) -> Concern:
    agents = {row["agent"]} if row.get("agent") else set()
    agents |= {party["agent_id"] for party in row.get("parties") or () if party.get("agent_id")}
    return Concern(
        agents=frozenset(agents),
        queues=frozenset({row["queue"]} if row.get("queue") else ()),
    )
