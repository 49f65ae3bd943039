"""Nobody is forgotten on hold: after a while the agent is reminded, and again until the caller is taken back.

A caller who is held while the agent asks a colleague is not forgotten.  The reminder is an event: the bar shows it, and
so does whoever watches the seat.  Who lets a caller be for much longer than that hears it ring, until they take the caller
back: in the ear, since the phone is in use.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from softswitch.calls.call import Call, CallState
from softswitch.calls.chronicle import Chronicle
from softswitch.clock import Alarm, Clock
from softswitch.store import entries


class HoldRules(NamedTuple):
    """After how long the agent is reminded, and how often, and after how long it rings; 0 for never.

    The defaults are for a call that belongs to no queue; a queue has settings of its own.
    """

    reminder_s: float = 60.0
    ringback_s: float = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A caller on hold since `since`, in seconds of the clock, and when the agent is told next."""

    since: float
    next: Alarm


class HoldReminders:
    """Looks at each call whose sound may have changed."""

    def __init__(
        self,
        clock: Clock,
        chronicle: Chronicle,
        rules: Callable[[Call], HoldRules],
        settle: Callable[[Call], None],
    ) -> None:
        """`rules` are those of a call; `settle` brings its sound to what the call says, once it rings."""
        self._clock = clock
        self._chronicle = chronicle
        self._rules = rules
        self._settle = settle
        self._held: dict[str, _Held] = {}
        self._rings: dict[str, Alarm] = {}

    def look(self, call: Call) -> None:
        """A call is as it is now: the time begins with a hold, and ends with it."""
        if not _is_left_alone(call):
            self.forget(call)
            return
        if call.call_id not in self._held:
            self._wait(call, self._clock.now())
        if call.call_id not in self._rings and (ringback_s := self._rules(call).ringback_s):
            self._rings[call.call_id] = self._clock.after(ringback_s, lambda: self._ring(call))

    def forget(self, call: Call) -> None:
        """The caller is held no longer."""
        call.rings_back = False
        held, rings = self._held.pop(call.call_id, None), self._rings.pop(call.call_id, None)
        if held is not None:
            held.next.cancel()
        if rings is not None:
            rings.cancel()

    def _wait(self, call: Call, since: float) -> None:
        every_s = self._rules(call).reminder_s
        if every_s > 0:
            alarm = self._clock.after(every_s, lambda: self._remind(call, since))
            self._held[call.call_id] = _Held(since=since, next=alarm)

    def _remind(self, call: Call, since: float) -> None:
        at, held_s = self._clock.wall(), round(self._clock.now() - since, 1)
        agent = "" if call.agent is None else call.agent.agent
        self._chronicle.record(entries.HoldReminded(at=at, call_id=call.call_id, agent=agent, held_s=held_s))
        self._wait(call, since)

    def _ring(self, call: Call) -> None:
        call.rings_back = True
        self._settle(call)

    def __repr__(self) -> str:
        """How many callers are held."""
        return f"<HoldReminders held={len(self._held)}>"


def _is_left_alone(call: Call) -> bool:
    """Whether the caller is on hold and nobody is being asked on their behalf."""
    asks = call.consultee is not None or call.queue_consult is not None
    return call.state is CallState.TALKING and call.is_held and not asks
