"""Listens to calls to the outside until it is known what came of them, and writes that down."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from media.commands import HearProgress
from media.progress import Progress
from softswitch.calls.call import Call
from softswitch.calls.call_table import CallTable
from softswitch.calls.dial_results import AFTER_ANSWER, DialResult, result_of
from softswitch.calls.hangup import LegEnd
from softswitch.calls.leg import Leg
from softswitch.calls.party import CallParty
from softswitch.store import entries
from softswitch.store.entries import EndReason

LISTEN_S: Final = 45.0
"""So long after the answer a fax or a mailbox may still give itself away."""

_OURS: Final = frozenset({EndReason.FAILED, EndReason.MEDIA_LOST, EndReason.SHUTDOWN})


@dataclass(slots=True, eq=False)
class _Watch:
    """A call whose result is not known for good."""

    leg: Leg
    number: str
    heard: list[Progress] = field(default_factory=list)
    result: DialResult | None = None


class ResultDesk:
    """The results of outgoing calls.

    `told` hear each result, `over` of the end of every call, its result told before; `sounds` hears each tone or voice
    before the answer, and each machine that answered.
    """

    sounds: Callable[[Call, Progress], None] = staticmethod(lambda call, progress: None)

    def __init__(self, table: CallTable) -> None:
        """Work on these calls."""
        self._table = table
        self.told: list[Callable[[Call, DialResult], None]] = []
        self.over: list[Callable[[Call], None]] = []
        self._watched: dict[str, _Watch] = {}
        table.before_end = self._ends

    def watch(self, call: Call, party: CallParty) -> None:
        """A number outside is being called."""
        if party.trunk:
            self._watched[call.call_id] = _Watch(leg=party.leg, number=party.number)
            self._table.tell_plane(HearProgress(leg_id=party.leg_id))

    def heard(self, leg_id: str, progress: Progress) -> None:
        """The plane heard something on a leg."""
        leg = self._table.legs.find(leg_id)
        call = None if leg is None else self._table.find(leg.call_id)
        watch = None if call is None else self._watched.get(call.call_id)
        if call is None or watch is None or watch.leg is not leg or progress in watch.heard:
            return
        machine = AFTER_ANSWER.get(progress)
        if watch.result is not None and machine is None:
            return  # whoever answered speaks
        watch.heard.append(progress)
        self._table.chronicle.record(
            entries.ProgressHeard(
                at=self._table.clock.wall(),
                call_id=call.call_id,
                number=watch.number,
                progress=progress.value,
            )
        )
        if watch.result is not None and machine is not None:
            self._known(call, watch, machine, status=200)
        self.sounds(call, progress)

    def answered(self, call: Call) -> None:
        """Somebody, or something, answered: listen anew for machines."""
        watch = self._watched.get(call.call_id)
        if watch is None:
            return
        watch.heard.clear()
        self._table.tell_plane(HearProgress(leg_id=watch.leg.leg_id))
        self._table.clock.after(LISTEN_S, lambda: self._heard_enough(call, watch))
        self._known(call, watch, DialResult.ANSWERED, status=200)

    def _heard_enough(self, call: Call, watch: _Watch) -> None:
        if self._watched.get(call.call_id) is watch:
            del self._watched[call.call_id]
            self._table.tell_plane(HearProgress(leg_id=watch.leg.leg_id, listens=False))

    def failed(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """The called did not answer."""
        watch = self._watched.get(call.call_id)
        if watch is not None and watch.leg is party.leg and watch.result is None:
            result = result_of(end, watch.heard, alerted=watch.leg.alerted)
            self._known(call, watch, result, status=end.status, cause=end.q850_cause)

    def _ends(self, call: Call, reason: EndReason) -> None:
        """The call is over: whatever has no result yet was given up on our side."""
        watch = self._watched.pop(call.call_id, None)
        if watch is not None and watch.result is None:
            ours = DialResult.NETWORK_FAILURE if reason in _OURS else DialResult.CANCELLED
            self._known(call, watch, ours)
        for listener in self.over:
            listener(call)

    def _known(
        self, call: Call, watch: _Watch, result: DialResult, *, status: int = 0, cause: int | None = None
    ) -> None:
        watch.result = result
        self._table.chronicle.record(
            entries.DialResulted(
                at=self._table.clock.wall(),
                call_id=call.call_id,
                number=watch.number,
                result=result.value,
                sip_status=status,
                q850_cause=cause,
            )
        )
        for listener in self.told:
            listener(call, result)
