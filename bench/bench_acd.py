"""How fast the distributor decides: whole lifecycles a second, the slowest events, a day played back.

    python -m bench.bench_acd [--lifecycles 20000] [--json]

The engine alone on one core: what it is told is worked out beforehand, and only its own calls are timed, in processor
time, so that other processes of the machine do not count.  They are felt all the same (caches, the other half of a core),
so the slowest events are printed twice: `event_p99_us` of the best whole round, and `event_least_p99_us` of each event's
best time in all rounds, which leaves out what met an event in some of them only.
"""

import argparse
import gc
import json
import math
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from acd.commands import Command
from acd.decision import RecordDecision
from acd.engine import Engine
from acd.events import ContactEnded, Event, OfferAccepted
from acd.journal import encode_event, replay
from acd.metrics import percentile
from bench._measure import MachineTime, print_table, processor_model, processors
from bench.acd_floor import RULES, Happening, Mix, agents_of, callers_of, contacts_of, played, queues_of

QUEUES, AGENTS = 50, 1000
SEATS, WAITING = 77, 256
DAY_CALLS, DAY_S = 9000, 12 * 3600.0
TALK_S = (120.0, 240.0)
ANSWER_S, WRAP_UP_S = 3.0, 10.0
CYCLE_S = sum(TALK_S) / 2 + ANSWER_S + WRAP_UP_S
ROUNDS = 3
EVENT_ROUNDS = 5


def floor(
    queues: int, agents: int, calls: int, *, load: float, at_once: int = 0, patience_s: float = math.inf
) -> list[Happening]:
    """What an engine is told while so many calls go through, at a share of what the agents can carry."""
    chance = random.Random(1)
    gap_s = CYCLE_S / agents / load
    callers = callers_of(
        contacts_of(queues, chance, Mix(agents=agents)),
        calls,
        at_once=at_once,
        gap_s=lambda: gap_s if at_once else chance.expovariate(1 / gap_s),
        talk_s=partial(chance.uniform, *TALK_S),
        patience_s=lambda: patience_s if math.isinf(patience_s) else chance.expovariate(1 / patience_s),
    )
    return played(
        [*RULES, *queues_of(queues, wrap_up_s=WRAP_UP_S), *agents_of(agents, queues, chance)], callers
    )


def seconds_of(told: list[Happening], engine: Engine) -> float:
    """How long an engine takes for all of it."""
    handle = engine.handle
    began = time.process_time()
    for event, now in told:
        handle(event, now)
    return time.process_time() - began


@contextmanager
def only_the_engine() -> Iterator[None]:
    """Leave what stands to the collector no more, as the server does: it is for the engine's own doing to pay."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def best_of(measure: Callable[[], float]) -> float:
    """The best of some rounds: others take caches and memory away, nobody gives any."""
    with only_the_engine():
        return min(measure() for _ in range(ROUNDS))


def plain_and_explained_s(told: list[Happening]) -> tuple[float, float]:
    """How long an engine takes without a record of each decision and with one, the best of some rounds.

    The two take turns, so that what else the machine does meets both alike.
    """
    with only_the_engine():
        rounds = [
            (seconds_of(told, Engine()), seconds_of(told, Engine(explains=True))) for _ in range(ROUNDS)
        ]
    return min(plain for plain, _ in rounds), min(explained for _, explained in rounds)


def written_out_us(told: list[Happening]) -> float:
    """How long it takes to write out a record that somebody reads, on average."""
    engine = Engine(explains=True)
    answers = [engine.handle(event, now) for event, now in told]
    records = [order for answer in answers for order in answer if isinstance(order, RecordDecision)]
    return best_of(lambda: _timed(lambda: [record.decision for record in records])) / len(records) * 1e6


def event_times_us(told: list[Happening]) -> list[float]:
    """How long each event took while the line was full, one after the other."""
    engine = Engine()
    handle: Callable[[Event, float], tuple[Command, ...]] = engine.handle
    clock, times = time.thread_time_ns, []
    first = next(index for index, (event, _) in enumerate(told) if type(event) is OfferAccepted)
    last = max(index for index, (event, _) in enumerate(told) if type(event) is OfferAccepted) * 3 // 4
    for index, (event, now) in enumerate(told):
        began = clock()
        handle(event, now)
        taken = clock() - began
        if first <= index < last:
            times.append(taken / 1000)
    return times


def rate(told: list[Happening], best_s: float) -> float:
    """Lifecycles a second."""
    return sum(type(event) is ContactEnded for event, _ in told) / best_s


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lifecycles", type=int, default=20_000)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON in the last line")
    arguments = parser.parse_args()
    before = MachineTime.read()
    calls = arguments.lifecycles

    relaxed = floor(QUEUES, AGENTS, calls, load=0.9)
    crowded = floor(QUEUES, AGENTS, calls, load=1.0, at_once=AGENTS + WAITING)
    relaxed_s, relaxed_explained_s = plain_and_explained_s(relaxed)
    crowded_s, crowded_explained_s = plain_and_explained_s(crowded)
    explained_s = relaxed_explained_s + crowded_explained_s

    full = floor(QUEUES, SEATS, 5000, load=1.0, at_once=SEATS + WAITING)
    with only_the_engine():
        rounds_us = [event_times_us(full) for _ in range(EVENT_ROUNDS)]
    event_us = min((sorted(times) for times in rounds_us), key=lambda times: percentile(times, 99))
    least_us = sorted(min(times) for times in zip(*rounds_us, strict=True))

    day = floor(QUEUES, SEATS, DAY_CALLS, load=DAY_CALLS * CYCLE_S / SEATS / DAY_S, patience_s=120.0)
    journal = [encode_event(event, now) for event, now in day]
    replay_s = best_of(lambda: _timed(lambda: sum(len(line) for line in replay(journal, Engine()))))

    figures = {
        "lifecycles_per_second": round((rate(relaxed, 1) + rate(crowded, 1)) / (relaxed_s + crowded_s)),
        "relaxed_per_second": round(rate(relaxed, relaxed_s)),
        "crowded_per_second": round(rate(crowded, crowded_s)),
        "explain_ratio": round(explained_s / (relaxed_s + crowded_s), 2),
        "written_out_us": round(written_out_us(crowded), 1),
        "event_p50_us": round(percentile(event_us, 50), 1),
        "event_p99_us": round(percentile(event_us, 99), 1),
        "event_max_us": round(event_us[-1], 1),
        "event_least_p99_us": round(percentile(least_us, 99), 1),
        "replay_day_s": round(replay_s, 2),
        "replay_day_events": len(journal),
        "queues": QUEUES,
        "agents": AGENTS,
        "processors": processors(),
        "load_average": round(os.getloadavg()[0], 1),
        "steal_percent": MachineTime.read().steal_percent_since(before),
    }
    print_table(f"distributor, one core ({processor_model()})", list(figures.items()))
    if arguments.json:
        print(json.dumps(figures))


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
