"""Calls that the hotline itself makes: a number is called, and whoever answers stands in a queue, first in line."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from media.progress import Progress
from softswitch.calls import attached_data
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable
from softswitch.calls.dial_results import AFTER_ANSWER
from softswitch.calls.directory import Directory
from softswitch.calls.hangup import LegEnd
from softswitch.calls.hearing import Role
from softswitch.calls.leg import Leg
from softswitch.calls.outgoing import end_reason_of
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.queue_desk import QueueDesk
from softswitch.calls.result_desk import ResultDesk
from softswitch.calls.routes import Route
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason

_TONES_OF_THE_END: Final = frozenset({Progress.BUSY, Progress.CONGESTION})


class PlacedCalls:
    """Calls without an agent so far."""

    def __init__(
        self,
        table: CallTable,
        directory: Directory,
        results: ResultDesk,
        queue_desk: QueueDesk,
        record: Callable[[Call, Leg], None],
    ) -> None:
        """`record` starts a call's recording."""
        self._table = table
        self._directory = directory
        self._results = results
        self._queue_desk = queue_desk
        self._record = record
        results.sounds = self._heard

    def place(
        self,
        call_id: str,
        number: str,
        queue: str,
        *,
        line: str,
        data: Mapping[str, Any],
        level: int,
        ring_s: float,
    ) -> Call:
        """Call a number by any of the outbound rules, showing `line` (empty: the hotline).

        Raises `Denied`, `Refused` or `Unavailable`; then nobody was called.
        """
        table = self._table
        to = self._directory.outside(number)
        text = attached_data.checked(dict(data))
        shown = line or self._directory.hotline
        call = Call(
            call_id=call_id,
            trunk="",
            caller=to.number,  # the queue's rules, and the agent's phone, look at whom we talk with
            called=shown,
            route=Route(queue=queue, greeting=""),
            arrived_at=table.clock.wall(),
            data=dict(data),
            caller_level=level,
            level=level,
        )
        party = self._directory.ring_party(
            call,
            to,
            role=Role.CUSTOMER,
            errand=Errand.PLACED,
            failed=self.failed,
            shown=shown,
            line=shown,
            ring_s=ring_s,
        )
        table.add(call)
        call.become(CallState.DIALLING)
        table.chronicle.record(
            entries.CallDialled(
                at=call.arrived_at,
                call_id=call_id,
                agent="",
                extension="",
                trunk=to.trunk,
                caller=shown,
                called=to.number,
            )
        )
        if data:
            table.chronicle.record(entries.CallDataChanged(at=call.arrived_at, call_id=call_id, data=text))
        self._results.watch(call, party)
        table.keep(call)
        return call

    def answered(self, call: Call, party: CallParty) -> None:
        """Somebody answered, and stands in the queue."""
        table = self._table
        party.joined_at = call.answered_at = table.clock.wall()
        table.chronicle.record(entries.CallAnswered(at=call.answered_at, call_id=call.call_id))
        self._record(call, party.leg)
        self._queue_desk.enter(call)
        self._results.answered(call)

    def failed(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """Nobody answered."""
        self._results.failed(call, party, end)
        self._table.end(call, EndedBy.SYSTEM, end_reason_of(end), status=end.status, cause=end.q850_cause)

    def give_up(self, call: Call) -> bool:
        """Nobody is wanted any more; False when somebody has answered already."""
        if call.state is not CallState.DIALLING:
            return False
        self._table.end(call, EndedBy.SYSTEM, EndReason.FORCED, status=487)
        return True

    # ---- what the line says ------------------------------------------------------------------------

    def _heard(self, call: Call, progress: Progress) -> None:
        """A busy tone before the answer is the end of it, and a machine that answered is not brought to an agent."""
        party = next((party for party in call.parties if party.errand is Errand.PLACED), None)
        if party is None:
            return
        if not party.is_joined and progress in _TONES_OF_THE_END:
            self.failed(call, party, LegEnd(status=487, gave_up=True))
        elif party.is_joined and progress in AFTER_ANSWER and call.agent is None:
            self._table.end(call, EndedBy.SYSTEM, EndReason.FAILED)
