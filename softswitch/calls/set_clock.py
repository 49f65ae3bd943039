"""The machine's clock was set while people talk: what began before is told in the new time, so that nothing lasts an hour.

Deadlines, waits and the distributor go by the monotonic clock and notice nothing.  What is written down, shown, and left
to the next control is in wall seconds, and a span between two of them would be wrong by as much as the clock was set.
"""

import structlog

from softswitch.calls.call import Call
from softswitch.calls.call_table import CallTable
from softswitch.calls.chronicle import Chronicle
from softswitch.calls.flow_run import FlowRun
from softswitch.clock import Clock
from softswitch.store import entries

log = structlog.get_logger(__name__)


class SetClock:
    """What a clock that was set means for the calls that are up."""

    def __init__(self, clock: Clock, table: CallTable, chronicle: Chronicle) -> None:
        """Nothing happens before `hear`."""
        self._clock = clock
        self._table = table
        self._chronicle = chronicle

    def hear(self, by_s: float) -> None:
        """The wall clock was set by so many seconds, back where they are negative."""
        log.warning("clock.was_set", by_s=round(by_s, 3), calls=len(self._table.all()))
        at = self._clock.wall()
        for call in self._table.all():
            in_new_time(call, by_s)
            self._chronicle.record(
                entries.ClockSet(
                    at=at, by_s=by_s, call_id=call.call_id, recording_id=call.recording_id or None
                )
            )
            self._table.keep(call)


def in_new_time(call: Call, by_s: float) -> None:
    """Move every moment of a call that goes on."""
    call.arrived_at += by_s
    call.answered_at = _moved(call.answered_at, by_s)
    call.queued_at = _moved(call.queued_at, by_s)
    call.connected_at = _moved(call.connected_at, by_s)
    for party in call.parties:
        party.joined_at = _moved(party.joined_at, by_s)
    run: FlowRun | None = call.flow
    while run is not None:
        if run.message is not None:
            run.message.began_at += by_s
            run.message.most_until += by_s
        run = run.before


def _moved(moment: float | None, by_s: float) -> float | None:
    return None if moment is None else moment + by_s
