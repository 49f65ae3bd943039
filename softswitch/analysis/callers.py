"""Callers that come by chance: independent of each other, at a rate, with exponential times.

One seed gives one set of callers.  Each stream and each quantity draws from a source of its own, so more agents,
another policy or a second stream leaves everybody else's times as they were, and two runs can be compared caller by
caller.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge

from acd.events import ContactQueued
from acd.names import ContactId, QueueName
from acd.simulate import Caller
from acd.staffing import HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Callers of one queue; mean times in seconds.

    Agents need `answer_s` to pick up the phone, always the same.
    """

    queue: QueueName
    calls_per_hour: float
    talk_s: float
    patience_s: float | None = None
    answer_s: float = 0.0


def callers_of(streams: tuple[Stream, ...], hours: float, seed: int) -> Iterator[Caller]:
    """The callers of all streams in the order they come."""
    return merge(*(_stream(each, hours, seed) for each in streams), key=lambda caller: caller.at)


def _stream(stream: Stream, hours: float, seed: int) -> Iterator[Caller]:
    if stream.calls_per_hour == 0:
        return
    gaps, talks, patience = (
        random.Random(f"{seed} {stream.queue} {what}")  # noqa: S311  chance that can be had again
        for what in ("gap", "talk", "patience")
    )
    at, serial = 0.0, 0
    while (at := at + gaps.expovariate(stream.calls_per_hour / HOUR_S)) < hours * HOUR_S:
        serial += 1
        patience_s = patience.expovariate(1.0)
        yield Caller(
            at=at,
            wants=ContactQueued(contact=ContactId(f"{stream.queue}-{serial}"), queue=stream.queue),
            talk_s=talks.expovariate(1 / stream.talk_s),
            patience_s=math.inf if stream.patience_s is None else patience_s * stream.patience_s,
            answer_s=stream.answer_s,
        )
