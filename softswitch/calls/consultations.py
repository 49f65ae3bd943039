"""The agent asks somebody else: consult, toggle, conference, transfer.

Whom the agent asks is one more party of the call.  While the consult lasts either the caller or the one who was asked
is on hold; a conference holds neither; a transfer leaves the call to the one who was asked.
"""

from typing import Final

from acd import events as acd_facts
from acd.names import ContactId, QueueName
from api.faults import Conflict
from softswitch.calls.call import Call, QueueConsult
from softswitch.calls.call_table import CallTable
from softswitch.calls.departures import Departures
from softswitch.calls.directory import Destination, Directory
from softswitch.calls.hangup import LegEnd, failure_cause
from softswitch.calls.hearing import Role
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.queue_desk import QueueDesk
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason

REQUEST_TERMINATED: Final = 487


class Consultations:
    """Brings a third party into a call, and lets the agent go back or away."""

    def __init__(
        self,
        table: CallTable,
        directory: Directory,
        departures: Departures,
        queue_desk: QueueDesk,
    ) -> None:
        """Work on these calls."""
        self._table = table
        self._directory = directory
        self._departures = departures
        self._queue_desk = queue_desk

    # ---- asking ------------------------------------------------------------------------------------

    def ring(self, call: Call, agent: CallParty, to: Destination, errand: Errand) -> CallParty:
        """Hold the caller and ring the destination, to be asked or to take the caller over at once."""
        party = self._directory.ring_party(
            call,
            to,
            role=Role.CONSULTEE,
            errand=errand,
            failed=self.failed,
            shown=call.number,
            line=call.called if call.trunk else call.caller,
            by=agent.leg_id,
        )
        if errand is Errand.CONSULT:
            self._started(call, agent, "number" if not to.agent else "agent", to.label)
        self._hold_caller(call)
        return party

    def ask_queue(self, call: Call, agent: CallParty, queue: str) -> None:
        """Hold the caller and wait for an agent of a queue."""
        call.consults += 1
        contact = f"{call.call_id}+{call.consults}"
        call.queue_consult = QueueConsult(contact=contact, queue=queue, by=agent.leg_id)
        self._started(call, agent, "queue", queue)
        self._hold_caller(call)
        self._table.dispatcher.tell_late(
            acd_facts.ContactQueued(contact=ContactId(contact), queue=QueueName(queue))
        )

    def _started(self, call: Call, agent: CallParty, kind: str, to: str) -> None:
        self._table.chronicle.record(
            entries.ConsultStarted(
                at=self._table.clock.wall(), call_id=call.call_id, agent=agent.agent, kind=kind, to=to
            )
        )

    def _hold_caller(self, call: Call) -> None:
        if call.customer is not None:
            call.customer.held = True
        self._table.settle(call)

    # ---- what came of it ---------------------------------------------------------------------------

    def answered(self, call: Call, party: CallParty) -> None:
        """Whom the agent asked has answered: they talk, or the caller is handed over."""
        party.joined_at = self._table.clock.wall()
        call.queue_consult = None
        agent = call.party_at(party.by)
        if party.errand is Errand.CONSULT and agent is not None:
            self._table.chronicle.record(
                entries.ConsultAnswered(
                    at=party.joined_at, call_id=call.call_id, agent=agent.agent, to=party.label
                )
            )
            self._table.settle(call)
        elif agent is not None:
            if party.is_referred:
                self._table.legs.report_referral(agent.leg, 200)
            self._departures.hand_over(call, agent, party)
        else:
            self._departures.take_caller(call, party)

    def failed(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """Whom the agent asked did not answer: the caller is back with the agent, or in the line."""
        agent = call.party_at(party.by)
        if party.is_referred and agent is not None:
            self._table.legs.report_referral(agent.leg, end.status if end.status >= 400 else 480)
        self._table.remove(call, party)
        self._came_to_nothing(call, agent, party.errand, party.label, failure_cause(end))

    def queue_refused(self, call: Call, cause: str) -> None:
        """The consulted queue takes nobody."""
        consult, call.queue_consult = call.queue_consult, None
        if consult is not None:
            agent = call.party_at(consult.by)
            self._came_to_nothing(call, agent, Errand.CONSULT, consult.queue, cause)

    def _came_to_nothing(
        self, call: Call, agent: CallParty | None, errand: Errand, to: str, cause: str
    ) -> None:
        table, at = self._table, self._table.clock.wall()
        by = "" if agent is None else agent.agent
        if errand is Errand.CONSULT:
            table.chronicle.record(
                entries.ConsultFailed(at=at, call_id=call.call_id, agent=by, to=to, cause=cause)
            )
        else:
            table.chronicle.record(
                entries.TransferFailed(at=at, call_id=call.call_id, agent=by, to=to, cause=cause)
            )
        if agent is not None:
            self._take_back(call)
        elif call.route.queue:
            self._queue_desk.requeue(call, "transfer_failed")
        else:
            table.end(call, EndedBy.SYSTEM, EndReason.COMPLETED)

    def _take_back(self, call: Call) -> None:
        if call.customer is not None:
            call.customer.held = False
        self._table.settle(call)

    # ---- what the agent does next ------------------------------------------------------------------

    def reconnect(self, call: Call, agent: CallParty) -> None:
        """Drop whom the agent asked, answered or not, and go back to the caller."""
        party = call.consultee
        if party is not None and party.is_joined:
            self._departures.dropped(call, party, by=agent.agent)
        elif party is not None or call.queue_consult is not None:
            to = party.label if party is not None else ""
            if call.queue_consult is not None:
                to = to or call.queue_consult.queue
                self._table.end_queue_consult(call)
            errand = Errand.CONSULT if party is None else party.errand
            if party is not None:
                if party.is_referred:
                    self._table.legs.report_referral(agent.leg, REQUEST_TERMINATED)
                self._table.remove(call, party)
            self._came_to_nothing(call, agent, errand, to, "cancelled")

    def alternate(self, call: Call, agent: CallParty) -> None:
        """Talk with the caller while the other one is held, or the other way round."""
        party, customer = _asked(call), call.customer
        if customer is None:
            return
        customer.held = not customer.held
        party.held = not customer.held
        kind = entries.CallHeld if customer.held else entries.CallRetrieved
        self._table.chronicle.record(
            kind(at=self._table.clock.wall(), call_id=call.call_id, agent=agent.agent)
        )
        self._table.settle(call)

    def conference(self, call: Call, agent: CallParty) -> None:
        """All three talk."""
        party = _asked(call)
        party.errand, party.held, party.by = Errand.CONFERENCE, False, ""
        self._table.chronicle.record(
            entries.CallConferenced(at=self._table.clock.wall(), call_id=call.call_id, agent=agent.agent)
        )
        self._take_back(call)

    def complete(self, call: Call, agent: CallParty) -> None:
        """Hand the caller to whom the agent asked, who may still ring."""
        if not self._departures.go_on_without(call, agent):
            raise Conflict("queue_full", "队列已满,不能转入 / the queue takes nobody now", "consulting")


def _asked(call: Call) -> CallParty:
    """Whom the agent consults; `Conflict` before an answer."""
    party = call.consultee
    if party is None or not party.is_joined:
        raise Conflict(
            "not_answered",
            "咨询方未应答 / whom the agent asks has not answered",
            "consulting",
            ("reconnect",),
        )
    return party
