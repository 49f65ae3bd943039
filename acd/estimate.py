"""How long the next callers will wait: from how fast agents have come free of late, not from how long others waited.

Past waits tell of the line as it was; a line that has doubled, or lost half its agents, shows in them only when it is
too late.  Here the rate is agents on duty ÷ mean time that a contact keeps an agent, so a logout counts at once.

Whoever stands at place k waits for k agents to come free.  With a rate known from n completions the time that takes,
divided by its expectation, follows Fisher's F with 2k and 2n degrees of freedom (exponential service; steadier service
makes the band wider than it need be, never narrower).  What is told is a band of it: one number would be taken for a
promise.
"""

import math
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from acd.agent_state import Activity, Presence
from acd.commands import Command, OfferContact, ReportAgent, ReportContact
from acd.contact_state import ContactState
from acd.events import QueuePaceRestored
from acd.medium import Medium
from acd.names import AgentId, QueueName

FEWEST = 2
"""Completions before anything is said."""

_KEPT = 50  # completions: enough for a steady rate, few enough to follow the hour of the day
_Z_90 = 1.2816  # of the normal distribution: the band runs from its 10th to its 90th percentile


class Band(NamedTuple):
    """Four of five callers wait between these, in seconds; one of ten less, one of ten more."""

    low_s: float
    high_s: float


class Completions:
    """The last contacts that agents of one queue were done with."""

    def __init__(self) -> None:
        """Begin with none."""
        self._busy: deque[float] = deque(maxlen=_KEPT)
        self._ringing: deque[float] = deque(maxlen=_KEPT)

    def add(self, busy_s: float, ring_s: float) -> None:
        """A contact kept an agent for `busy_s`, from the offer until free again, of which it rang for `ring_s`."""
        self._busy.append(busy_s)
        self._ringing.append(ring_s)

    def expected_wait(self, position: int, agents: float) -> Band | None:
        """Return the band of the wait from now until the answer, at a place in line (1 for the next).

        `agents` are those on duty; one who serves several queues counts in part.  None until there are `FEWEST`
        completions, and with no agents.
        """
        count = len(self._busy)
        if count < FEWEST or agents <= 0:
            return None
        ring_s = sum(self._ringing) / count
        expected_s = position * sum(self._busy) / count / agents
        low, high = _fisher_band(2 * position, 2 * count)
        return Band(ring_s + expected_s * low, ring_s + expected_s * high)


class Paces:
    """The completions of calls of every queue, gathered from the engine's answers."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._completions: dict[QueueName, Completions] = {}
        self._offered: dict[AgentId, tuple[QueueName, float]] = {}
        self._talking: dict[AgentId, tuple[QueueName, float, float]] = {}  # queue, offered at, answered at

    def restore(self, event: QueuePaceRestored) -> None:
        """Know what was known before a restart, in place of whatever is known of this queue."""
        known = self._completions[event.queue] = Completions()
        for busy_s, ring_s in zip(event.busy_s, event.ring_s, strict=True):
            known.add(busy_s, ring_s)

    def take(self, answer: Iterable[Command], now: float) -> None:
        """Note an answer of the engine at `now`."""
        for command in answer:
            if isinstance(command, ReportAgent):
                self._see_agent(command, now)
            elif isinstance(command, ReportContact):
                if command.medium is Medium.VOICE:
                    self._see_contact(command, now)
            elif isinstance(command, OfferContact) and command.medium is Medium.VOICE:
                self._complete(command.agent, now)  # free in this very answer, and never reported so
                self._offered[command.agent] = (command.queue, now)

    def expected_wait(self, queue: QueueName, position: int, agents: float) -> Band | None:
        """As `Completions.expected_wait`, for one queue."""
        found = self._completions.get(queue)
        return None if found is None else found.expected_wait(position, agents)

    def _see_contact(self, seen: ReportContact, now: float) -> None:
        if seen.state is ContactState.CONNECTED and seen.agent is not None:
            queue, offered_at = self._offered.pop(
                seen.agent, (seen.queue, now)
            )  # taken over in talk: from now
            self._talking.setdefault(seen.agent, (queue, offered_at, now))

    def _see_agent(self, seen: ReportAgent, now: float) -> None:
        if seen.activity is Activity.IDLE:
            self._offered.pop(seen.agent, None)  # rang in vain
            if seen.presence is not Presence.WRAP_UP:
                self._complete(seen.agent, now)

    def _complete(self, agent: AgentId, now: float) -> None:
        talk = self._talking.pop(agent, None)
        if talk is not None:
            queue, offered_at, answered_at = talk
            known = self._completions.setdefault(queue, Completions())
            known.add(now - offered_at, answered_at - offered_at)


def _fisher_band(first: int, second: int) -> tuple[float, float]:
    """The 10th and 90th percentile of F with these degrees of freedom, by the cube root of Wilson, Hilferty, Paulson."""
    a, b = 2 / (9 * first), 2 / (9 * second)
    square = (1 - b) ** 2 - _Z_90**2 * b
    middle = (1 - a) * (1 - b)
    reach = math.sqrt(middle**2 - square * ((1 - a) ** 2 - _Z_90**2 * a))
    return ((middle - reach) / square) ** 3, ((middle + reach) / square) ** 3
