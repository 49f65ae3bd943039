"""Feeds the ACD engine and owns its one timer; what the engine orders goes to whoever can do it."""

from collections.abc import Callable

import structlog

from acd.commands import Command
from acd.engine import Engine
from acd.errors import AcdError, UnknownQueue
from acd.events import ContactEnded, ContactLeft, ContactQueued, ContactRequeued, Event, OfferDeclined
from acd.names import QueueName
from softswitch.clock import Alarm, Clock

log = structlog.get_logger(__name__)


LINE_CHANGES = (ContactQueued, ContactRequeued, ContactLeft, ContactEnded, OfferDeclined)
"""With these somebody waits in a queue, or nobody does any more."""


class Dispatcher:
    """The shell around the engine: time in, orders out, in the order they were decided.

    `line_changed` is called soon after somebody has come to wait in a queue or left one; whoever takes queues away sets it.
    """

    line_changed: Callable[[], None] | None = None

    def __init__(self, engine: Engine, clock: Clock, carry_out: Callable[[Command], None]) -> None:
        """`carry_out` does one order; it may tell of new facts at once, they are taken after the present ones."""
        self.engine = engine
        self._clock = clock
        self._carry_out = carry_out
        self._alarm: Alarm | None = None
        self._orders: list[Command] = []
        self._is_carrying = False

    def tell(self, event: Event, at: float | None = None) -> None:
        """Give the engine a fact and do what follows.  Raises the engine's `AcdError`; then nothing changed.

        `at`, in wall seconds, is for rules of before a restart, which the engine is told of before anything of now.
        """
        now = self._clock.now()
        moment = now if at is None else min(now, self._clock.moment_of(at))
        self._orders.extend(self.engine.handle(event, moment))
        self._follow()
        if self.line_changed is not None and isinstance(event, LINE_CHANGES):
            self._clock.after(0.0, self.line_changed)  # whoever told of it is done first

    def has_queue(self, name: str) -> bool:
        """Whether the engine has a queue of this name."""
        try:
            self.engine.waiting(QueueName(name))
        except UnknownQueue:
            return False
        return True

    def tell_late(self, event: Event) -> bool:
        """Give the engine a fact that others may have overtaken; False when it no longer fits."""
        try:
            self.tell(event)
        except AcdError as error:
            log.info("acd.fact_overtaken", fact=type(event).__name__, error=str(error))
            return False
        return True

    def _follow(self) -> None:
        """Carry out what waits, then set the timer."""
        if self._is_carrying:
            return
        self._is_carrying = True
        try:
            while self._orders:
                order = self._orders.pop(0)
                try:
                    self._carry_out(order)
                except Exception:  # one order that fails must not stop the others
                    log.exception("acd.order_failed", order=repr(order))
        finally:
            self._is_carrying = False
        self._arm()

    def _arm(self) -> None:
        deadline = self.engine.next_deadline()
        if self._alarm is not None and self._alarm.is_pending:
            if self._alarm.deadline == deadline:
                return
            self._alarm.cancel()
        self._alarm = None if deadline is None else self._clock.at(deadline, self._wake, is_kept=True)

    def _wake(self) -> None:
        now = self._clock.now()
        deadline = self.engine.next_deadline()
        self._orders.extend(self.engine.advance(now if deadline is None else max(now, deadline)))
        self._follow()
