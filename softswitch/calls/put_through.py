"""Callers whom a flow puts through: a seat or a number outside is rung, and who answers has the caller.

The caller hears it ring, or what the network says of it.  Nobody answers, is busy or may be called: the flow goes on.
"""

from collections.abc import Callable

import structlog

from api.faults import ApiFault
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable
from softswitch.calls.departures import Departures
from softswitch.calls.directory import Destination, Directory
from softswitch.calls.hangup import LegEnd, failure_cause
from softswitch.calls.hearing import Role
from softswitch.calls.party import CallParty, Errand

log = structlog.get_logger(__name__)


class PutThrough:
    """The transfers of flows; `refused` is told of each that came to nothing, once it rang.  Call control sets it."""

    refused: Callable[[Call], None]

    def __init__(self, table: CallTable, directory: Directory, departures: Departures) -> None:
        self._table = table
        self._directory = directory
        self._departures = departures

    def ring(self, call: Call, to: str, ring_s: float) -> str:
        """Ring for the caller; why it cannot be done, empty when it rings."""
        if call.customer is None:
            return "no_caller"
        try:
            self._directory.ring_party(
                call,
                self._destination(to),
                role=Role.CONSULTEE,
                errand=Errand.PUT_THROUGH,
                failed=self.failed,
                shown=call.number,
                line=call.called,
                by=call.customer.leg_id,
                ring_s=ring_s,
            )
        except ApiFault as fault:
            log.info("flow.not_put_through", call_id=call.call_id, to=to, fault=fault.detail)
            return fault.detail
        return ""

    def _destination(self, to: str) -> Destination:
        """A seat by its extension or its agent, else somebody outside by any of the hotline's rules."""
        seats = self._directory.seats
        if seats.account_of(to) is not None or seats.knows(to):
            return self._directory.number(to, "")
        return self._directory.outside(to)

    def answered(self, call: Call, party: CallParty) -> None:
        """Whoever was rung has the caller, and the flow is over."""
        if call.state is not CallState.IN_FLOW:
            self._table.remove(call, party)
            return
        party.joined_at = self._table.clock.wall()
        call.prompted, call.flow = False, None
        self._departures.hand_over(call, None, party)

    def failed(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """It was rung in vain: the flow goes on."""
        log.info("flow.not_put_through", call_id=call.call_id, to=party.number, cause=failure_cause(end))
        self._table.remove(call, party)
        self.refused(call)
