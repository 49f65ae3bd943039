"""An agent dials (click to call): the agent's own phone rings first, then the target.

A call to another seat is one as well.  Outside calls are recorded from the answer of the called on.
"""

from collections.abc import Callable
from typing import Any

import structlog

from api.faults import ApiFault
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable
from softswitch.calls.directory import Destination, Directory
from softswitch.calls.hangup import LegEnd, failure_cause
from softswitch.calls.hearing import Role
from softswitch.calls.leg import Leg
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.routes import Route
from softswitch.calls.supervision import AUTO_ANSWER
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason

log = structlog.get_logger(__name__)

_END_REASONS = {
    "busy": EndReason.REJECTED,
    "declined": EndReason.REJECTED,
    "no_answer": EndReason.ABANDONED,
    "invalid": EndReason.NO_ROUTE,
}


class Outgoing:
    """Calls that agents make."""

    def __init__(
        self,
        table: CallTable,
        directory: Directory,
        record: Callable[[Call, Leg], None],
        token: Callable[[int], str],
    ) -> None:
        """`record` starts a call's recording; `token` gives so many random bytes as text."""
        self._table = table
        self._directory = directory
        self._record = record
        self._token = token
        self._targets: dict[str, Destination] = {}  # by call, until the agent's own phone is answered

    def dial(self, own: Destination, to: Destination, data: dict[str, Any], caller_id: str) -> Call:
        """Ring the agent's own phone; the target follows."""
        now = self._table.clock.wall()
        shown = own.number if not to.trunk else caller_id or self._directory.hotline
        call = Call(
            call_id=f"{int(now * 1000):011x}-{self._token(4)}",
            trunk="",
            caller=shown,
            called=to.number,
            route=Route(queue="", greeting=""),
            arrived_at=now,
            data=data,
        )
        leg = self._directory.ring(
            f"{call.call_id}-{self._token(3)}",
            call.call_id,
            Role.AGENT,
            own,
            shown=to.number,
            headers=AUTO_ANSWER,
        )
        self._table.add(call)
        call.become(CallState.DIALLING)
        self._targets[call.call_id] = to
        party = CallParty(
            leg=leg,
            role=Role.AGENT,
            errand=Errand.DIAL,
            agent=own.agent,
            extension=own.extension,
            number=own.number,
        )
        self._add(call, party)
        self._table.chronicle.record(
            entries.CallDialled(
                at=now,
                call_id=call.call_id,
                agent=own.agent,
                extension=own.extension,
                trunk=to.trunk,
                caller=shown,
                called=to.number,
            )
        )
        self._table.give_up_later(call, party, lambda end: self.failed(call, party, end))
        return call

    def _add(self, call: Call, party: CallParty) -> None:
        call.parties.append(party)
        self._table.engage(party)
        self._table.keep(call)

    def answered(self, call: Call, party: CallParty) -> None:
        """The agent's own phone, or the target, answered."""
        party.joined_at = self._table.clock.wall()
        to = self._targets.pop(call.call_id, None)
        if party.errand is Errand.DIAL and to is not None:
            self._ring_target(call, party, to)
        else:
            self._talk(call, party)

    def _ring_target(self, call: Call, agent: CallParty, to: Destination) -> None:
        try:
            leg = self._directory.ring(
                f"{call.call_id}-{self._token(3)}",
                call.call_id,
                Role.CUSTOMER,
                to,
                shown=call.caller,
                line=call.caller,
            )
        except ApiFault as fault:  # the way was there when the agent dialled
            log.warning("dial.no_way", call_id=call.call_id, fault=fault.detail)
            self._table.end(call, EndedBy.SYSTEM, EndReason.FAILED)
            return
        party = CallParty(
            leg=leg,
            role=Role.CUSTOMER,
            errand=Errand.DIALLED,
            agent=to.agent,
            extension=to.extension,
            number=to.number,
            trunk=to.trunk,
            by=agent.leg_id,
        )
        self._add(call, party)
        self._table.settle(call)
        self._table.give_up_later(call, party, lambda end: self.failed(call, party, end))

    def _talk(self, call: Call, target: CallParty) -> None:
        table = self._table
        call.answered_at = table.clock.wall()
        table.chronicle.record(entries.CallAnswered(at=call.answered_at, call_id=call.call_id))
        if target.trunk:
            self._record(call, target.leg)
        call.become(CallState.TALKING)
        table.settle(call)
        if call.agent is not None:
            table.connected(call, call.agent)
        table.keep(call)

    def failed(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """The agent's phone or the target did not answer: the call is over."""
        self._targets.pop(call.call_id, None)
        reason = _END_REASONS.get(failure_cause(end), EndReason.FAILED)
        by = EndedBy.AGENT if party.errand is Errand.DIAL else EndedBy.SYSTEM
        self._table.end(call, by, reason, status=end.status, cause=end.q850_cause)
