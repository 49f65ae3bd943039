"""A party leaves a call: what becomes of those who stay.

A caller who leaves ends the call.  When the agent leaves, whoever was consulted or shares the conversation has the
caller; a phone that still rings for a consult will have the caller as soon as it answers; without either the call ends,
or goes back to the head of its line when it was we who lost the agent's leg, or when the two never talked.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from acd import events as acd_facts
from acd.agent_state import Presence
from acd.names import AgentId, ContactId
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable
from softswitch.calls.hangup import LegEnd, end_reason
from softswitch.calls.hearing import Role
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.queue_desk import QueueDesk
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason

HUNG_UP: Final = "hung_up"
"""Reason of an agent who answered and was gone before the caller was put through."""


class Departures:
    """Decides how a call goes on without one of its parties.

    `comes_back` says whether the caller's flow goes on after the talk, `leaves_flow` takes the caller out of one that an
    agent waited for; call control sets them.
    """

    comes_back: Callable[[Call, CallParty, LegEnd], bool] = staticmethod(lambda call, party, end: False)
    leaves_flow: Callable[[Call], None] = staticmethod(lambda call: None)

    def __init__(self, table: CallTable, queue_desk: QueueDesk) -> None:
        """Work on these calls."""
        self._table = table
        self._queue_desk = queue_desk

    def left(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """The leg of a party that took part is over."""
        match party.role:
            case Role.SUPERVISOR:
                self.supervisor_left(call, party, "left" if end.by_far_end else "lost")
            case Role.CONSULTEE if call.agent is not None:
                self.dropped(call, party, by="")
            case _:
                self.agent_left(call, party, end)

    def agent_left(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """The agent's leg (or that of the outsider to whom the caller was handed) is over."""
        if self.go_on_without(call, party):
            return
        if call.state is CallState.INTRODUCED and not end.lost:
            self._gone_before_the_talk(call, party)
            return
        if self.comes_back(call, party, end):
            return
        if end.lost and call.route.queue and call.state is not CallState.DIALLING:
            self._queue_desk.requeue(call, "agent_leg_lost")
            return
        connected = call.connected_at is not None
        self._table.end(
            call,
            EndedBy.AGENT if end.by_far_end else EndedBy.SYSTEM,
            end_reason(end, was_connected=True) if connected else EndReason.COMPLETED,
            status=end.status,
            cause=end.q850_cause,
        )

    def _gone_before_the_talk(self, call: Call, party: CallParty) -> None:
        """The agent hung up while the number was told: whoever waited is first in line, and rings there no more.

        As after a call that rang out, the agent is not ready (whose phone is lost is so already, and for that); there was
        no talk to wrap up.
        """
        dispatcher, agent = self._table.dispatcher, AgentId(party.agent)
        seated = dispatcher.engine.agent(agent)
        is_parked = seated is not None and seated.presence is Presence.READY
        if is_parked:
            dispatcher.tell_late(acd_facts.AgentMadeNotReady(agent=agent, reason=HUNG_UP))
        self._queue_desk.requeue(call, "agent_hung_up")
        if is_parked:
            dispatcher.tell_late(acd_facts.WrapUpEnded(agent=agent))  # unless the queue has none

    def supervisor_left(self, call: Call, party: CallParty, cause: str) -> None:
        """A supervisor is gone; nobody else hears a difference, but for one who had barged in."""
        self._table.remove(call, party, why=cause)
        self._table.settle(call)

    def dropped(self, call: Call, party: CallParty, *, by: str) -> None:
        """A party other than the caller is gone while an agent is there: the caller is out of hold again."""
        self._table.remove(call, party)
        self._table.chronicle.record(
            entries.PartyDropped(
                at=self._table.clock.wall(),
                call_id=call.call_id,
                agent=by,
                leg_id=party.leg_id,
                role=party.role.value,
                party=party.label,
            )
        )
        if party.errand in (Errand.CONSULT, Errand.TRANSFER) and call.customer is not None:
            call.customer.held = False
        self._table.settle(call)

    # ---- the agent goes, the call stays ------------------------------------------------------------

    def go_on_without(self, call: Call, agent: CallParty) -> bool:
        """Let the agent go, and the call go on with whoever else is there; False when there is nobody."""
        heirs = call.joined(Role.AGENT, Role.CONSULTEE)
        heir = next((party for party in heirs if party is not agent), None)
        if heir is not None:
            self.hand_over(call, agent, heir)
            return True
        asked = call.consultee
        if asked is not None and asked.contact == "":
            asked.errand, asked.by = Errand.TRANSFER, ""
            self._table.remove(call, agent)
            self._tell_transfer(
                call, agent, asked
            )  # the agent's talk is over, whether the phone is answered or not
            self._table.settle(call)
            return True
        consult = call.queue_consult
        return consult is not None and not self.to_queue(call, agent, consult.queue)

    def hand_over(self, call: Call, agent: CallParty | None, heir: CallParty) -> None:
        """One who is there has the caller from now on; the agent, if there was any, leaves, to wrap-up."""
        if agent is not None:
            self._table.remove(call, agent)
        self._tell_transfer(call, agent, heir)
        self.take_caller(call, heir)

    def _tell_transfer(self, call: Call, agent: CallParty | None, heir: CallParty) -> None:
        self._table.chronicle.record(
            entries.CallTransferred(
                at=self._table.clock.wall(),
                call_id=call.call_id,
                agent="" if agent is None else agent.agent,
                kind="agent" if heir.agent else "number",
                to=heir.label,
            )
        )

    def take_caller(self, call: Call, heir: CallParty) -> None:
        """Let a party talk with the caller as the agent whose call it is."""
        self.leaves_flow(call)
        heir.errand, heir.by = Errand.CONFERENCE, ""
        heir.held = heir.muted = False
        heir.supervising = None
        if heir.agent:
            heir.role, heir.served = Role.AGENT, call.route.queue
        if call.customer is not None:
            call.customer.held = False
        call.become(CallState.TALKING)
        self._table.settle(call)
        if heir.agent:
            self._table.connected(call, heir)
        self._table.keep(call)

    def to_queue(self, call: Call, agent: CallParty, queue: str) -> str:
        """The caller goes into a queue, the time of arrival kept, and the agent to wrap-up; returns why not, else empty.

        The agents of that queue may ring before this returns.
        """
        table = self._table
        before, call.route = call.route, replace(call.route, queue=queue)
        own, agent.contact = agent.contact, "" if agent.contact == call.call_id else agent.contact
        if refused := table.put_in_line(call, queue):
            call.route, agent.contact = before, own
            return refused
        call.become(CallState.WAITING)
        now = table.clock.wall()
        table.chronicle.record(
            entries.CallTransferred(at=now, call_id=call.call_id, agent=agent.agent, kind="queue", to=queue)
        )
        call.queued_at = now if call.queued_at is None else call.queued_at
        position = table.dispatcher.engine.position(ContactId(call.call_id)) or 1
        table.chronicle.record(
            entries.CallQueued(at=now, call_id=call.call_id, queue=queue, position=position)
        )
        self._queue_desk.wait(call)
        return ""
