"""What a branch of a flow asks of the world, for one caller: calendars, lists, and the state of queues."""

from acd.agent_state import Activity, Presence
from acd.errors import UnknownQueue
from acd.names import QueueName
from softswitch.business.whole import Business
from softswitch.calendars.days import DayKind
from softswitch.calendars.opening import local
from softswitch.calls.dispatcher import Dispatcher
from softswitch.clock import Clock


class CallFacts:
    """Implements `softswitch.flows.facts.Facts`."""

    def __init__(
        self, dispatcher: Dispatcher, clock: Clock, business: Business, caller: str, at: float | None = None
    ) -> None:
        """Ask these; `at` is the moment that calendars are asked for, now for None."""
        self._dispatcher = dispatcher
        self._clock = clock
        self._at = at
        self._business = business
        self._caller = caller

    def fact(self, name: str, of: str) -> bool | float | str:
        """The fact of that name.  A flow of before may name a queue that is gone: nobody waits there and nobody serves it."""
        now = self._clock.wall() if self._at is None else self._at
        match name:
            case "open":
                opening = self._business.openings.get(of)
                return opening is not None and opening.is_open(now)
            case "holiday":
                return self._business.days.day(local(now).date()).kind is DayKind.HOLIDAY
            case "listed":
                return self._business.is_listed(self._caller, of, now)
            case "waiting" | "ready" | "expected_wait_s":
                try:
                    return self._of_queue(name, QueueName(of))
                except UnknownQueue:
                    return 0.0
        return ""

    def _of_queue(self, name: str, queue: QueueName) -> float:
        engine = self._dispatcher.engine
        line = engine.waiting(queue)
        ready = [
            agent for agent in engine.agents() if queue in agent.queues and agent.presence is Presence.READY
        ]
        if name == "waiting":
            return float(len(line))
        if name == "ready":
            return float(len(ready))
        if not line and any(agent.activity is Activity.IDLE for agent in ready):
            return 0.0
        expected_s = engine.expected_wait_s(queue)
        if expected_s is None:
            return max((self._clock.now() - contact.arrived_at for contact in line), default=0.0)
        return expected_s
