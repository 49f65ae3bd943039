"""What waiting was worth before, over a restart: whoever waits keeps what they won by rules that hold no longer.

The distributor counts each change of a queue's ageing from its moment on (`acd.contact.Ageing`).  A new process is told
of the same changes at the same moments, before it is told who waits; so it has them in the order in which they stood.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Final

import structlog

from acd.events import QueueDefined
from acd.journal import reader_of
from acd.levels import LevelRule
from softswitch.clock import Clock
from softswitch.store.state import StateKeeper

TABLE: Final = "past_rules"
CHANGES_MOST: Final = 64
"""Of each queue; beyond that the oldest change is forgotten."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRules:
    """What waiting alone is worth in a queue."""

    ageing_s: float | None = None
    promotion_s: float | None = None
    level_rules: tuple[LevelRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRules:
    """Rules that held until a moment, in wall seconds."""

    rules: WaitingRules
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """What waiting is worth in a queue now, and what it was worth before, the oldest first."""

    now: WaitingRules
    past: tuple[PastRules, ...] = ()


_read = reader_of(QueueRules)


class RuleHistory:
    """The changes of each queue's rules of waiting, kept where a restarted process finds them."""

    def __init__(self, keeper: StateKeeper, clock: Clock) -> None:
        """Read what was kept; what nobody can read never was."""
        self._keeper = keeper
        self._clock = clock
        self._queues: dict[str, QueueRules] = {}
        for name, record in keeper.load(TABLE).items():
            try:
                self._queues[name] = _read(record)
            except (TypeError, ValueError):
                log.exception("past_rules.unreadable", queue=name)

    def take(self, definition: QueueDefined) -> None:
        """A queue is defined so from now on."""
        rules = _rules_of(definition)
        known = self._queues.get(definition.queue)
        if known is None:
            self._keep(definition.queue, QueueRules(now=rules))
        elif known.now != rules:
            last = known.past[-1].until if known.past else 0.0
            until = max(last, self._clock.wall())  # the clock may have been set back
            past = (*known.past, PastRules(rules=known.now, until=until))[-CHANGES_MOST:]
            self._keep(definition.queue, QueueRules(now=rules, past=past))

    def forget(self, queue: str) -> None:
        """A queue is gone; one that has its name later is another."""
        if self._queues.pop(queue, None) is not None:
            self._keeper.remove(TABLE, queue)

    def told(self, definitions: Iterable[QueueDefined]) -> list[tuple[float, QueueDefined]]:
        """At the start: what a distributor that knows no queue is told before these, each with its wall time, in order.

        Rules that were changed while no control ran held until now.
        """
        found = []
        are_there = {definition.queue: definition for definition in definitions}
        for gone in self._queues.keys() - are_there.keys():
            self.forget(gone)
        for name, definition in are_there.items():
            self.take(definition)
            past = self._queues[name].past
            if past:
                found.append((past[0].until, _with(definition, past[0].rules)))
            later = [*(each.rules for each in past[1:]), self._queues[name].now]
            found += [
                (each.until, _with(definition, rules)) for each, rules in zip(past, later, strict=False)
            ]
        return sorted(found, key=lambda one: one[0])

    def _keep(self, queue: str, rules: QueueRules) -> None:
        self._queues[queue] = rules
        self._keeper.put(TABLE, queue, asdict(rules))

    def __repr__(self) -> str:
        """How many queues it knows."""
        return f"<RuleHistory queues={len(self._queues)}>"


def _rules_of(definition: QueueDefined) -> WaitingRules:
    return WaitingRules(
        ageing_s=definition.ageing_s,
        promotion_s=definition.promotion_s,
        level_rules=tuple(each for each in definition.level_rules if each.regards_wait_alone),
    )


def _with(definition: QueueDefined, rules: WaitingRules) -> QueueDefined:
    return replace(
        definition,
        ageing_s=rules.ageing_s,
        promotion_s=rules.promotion_s,
        level_rules=rules.level_rules,
    )
