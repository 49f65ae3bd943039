"""A waiting caller is given to one agent by order of a supervisor: the phone rings past the line."""

from acd import events as acd_facts
from acd.names import ContactId
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable
from softswitch.calls.departures import Departures
from softswitch.calls.directory import Directory
from softswitch.calls.hangup import LegEnd
from softswitch.calls.hearing import Role
from softswitch.calls.party import CallParty, Errand


class Pickups:
    """Rings an agent for a caller who keeps the place in the line until the phone is answered."""

    def __init__(self, table: CallTable, directory: Directory, departures: Departures) -> None:
        """Work on these calls."""
        self._table = table
        self._directory = directory
        self._departures = departures

    def pick_up(self, call: Call, agent: str) -> None:
        """Ring the agent."""
        self._directory.ring_party(
            call,
            self._directory.agent(agent),
            role=Role.AGENT,
            errand=Errand.PICK_UP,
            failed=self.failed,
            shown=call.number,
        )

    def answered(self, call: Call, party: CallParty) -> None:
        """The agent has the caller, if nobody else was faster."""
        if call.state is not CallState.WAITING:
            self._table.remove(call, party)
            return
        party.joined_at = self._table.clock.wall()
        call.prompted = False
        for offered in call.offered:
            self._table.record_offer_end(call, offered, "picked_up")
            self._table.remove(call, offered)
        self._table.dispatcher.tell_late(
            acd_facts.ContactLeft(contact=ContactId(call.call_id), cause="picked_up")
        )
        self._departures.take_caller(call, party)
        self.stop(call)

    def stop(self, call: Call) -> None:
        """The caller waits no more, for somebody or something has them: phones that ring for an order ring no more."""
        if call.state is CallState.WAITING or not self._table.has(call):
            return
        for party in tuple(call.parties):
            if party.errand is Errand.PICK_UP and not party.is_joined:
                self._table.remove(call, party)

    def failed(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """The agent did not answer: the caller never left the line."""
        self._table.remove(call, party)
        self._table.keep(call)
