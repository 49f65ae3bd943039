"""How the cost of a decision grows with the number of callers who wait and of agents who are free.

    python -m bench.bench_growth [--decisions 3000] [--picture docs/pictures/acd_growth.svg] [--json]

A decision is one call of the engine that ends in an offer: an agent who came free takes one of those who wait, or a
caller who came gets one of those who are free.  The engine alone, in processor time.

Whoever takes a caller looks at the first of each kind (level, need) in the lines that can be first, so the kinds are kept
the same at every size, and their number has a curve of its own.
"""

import argparse
import gc
import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from acd.commands import OfferContact
from acd.engine import Engine
from acd.events import ContactEnded, Event, OfferAccepted
from acd.levels import UNKNOWN_CALLER
from acd.metrics import percentile
from bench._measure import MachineTime, print_table, processor_model, processors
from bench.acd_floor import RULES, Mix, agents_of, contacts_of, queues_of

QUEUES = 10
KINDS = (1, 2, 4, 8, 16)  # of callers in each queue
FEW_KINDS = 2
WAITING = (100, 300, 1000, 3000, 10_000, 30_000, 100_000)
AGENTS = (100, 300, 1000, 3000, 10_000)
FEW_AGENTS = 100
STEP_S = 1e-5  # so little that nobody's level or need changes meanwhile: the kinds stay those that were made
ROUNDS = 5

Cost = tuple[float, float]
"""Median and 99th percentile of the time of a decision, in microseconds."""


class Floor:
    """An engine with everybody there, and the time of each decision."""

    def __init__(self, agents: int, waiting: int, kinds: int = FEW_KINDS) -> None:
        """Let the agents sit down, talk if anybody is to wait, and let the line fill."""
        chance = random.Random(1)
        self._engine = Engine()
        mix = Mix(
            skill_levels=(1,),
            levels=tuple(range(kinds)),
            regions=("",),
            histories=(UNKNOWN_CALLER,),
            tables=0,
            wishes=0,
        )
        self._contacts = contacts_of(QUEUES, chance, mix)
        self._now = 0.0
        self._talks: list[OfferContact] = []
        self.times_us: list[float] = []
        opening: tuple[Event, ...] = (
            *RULES,
            *queues_of(QUEUES, wrap_up_s=0.0, priorities=1, most_waiting=10**6),
            *agents_of(agents, QUEUES, chance),
        )
        for event in opening:
            self._tell(event)
        if waiting:
            while len(self._talks) < agents:
                self._tell(next(self._contacts))
            surplus = sum(queue.waiting for queue in self._engine.statistics().queues)
            for _ in range(waiting - surplus):
                self._tell(next(self._contacts))

    def decide_by_agents(self, count: int) -> None:
        """So many times an agent comes free and takes somebody, and somebody else joins the line."""
        for _ in range(count):
            self._end_a_talk(is_decision=True)
            self._tell(next(self._contacts))

    def decide_by_callers(self, count: int) -> None:
        """So many times a caller comes and is offered, and an agent comes free with nobody in line."""
        for _ in range(count):
            self._tell(next(self._contacts), is_decision=True)
            self._end_a_talk()

    def _end_a_talk(self, *, is_decision: bool = False) -> None:
        talk = self._talks.pop(0)
        self._tell(ContactEnded(contact=talk.contact), is_decision=is_decision)

    def _tell(self, event: Event, *, is_decision: bool = False) -> None:
        self._now += STEP_S
        due = self._engine.next_deadline()
        if due is not None and due <= self._now:
            self._engine.advance(self._now)
        began = time.thread_time_ns()
        answer = self._engine.handle(event, self._now)
        taken = time.thread_time_ns() - began
        for command in answer:
            if type(command) is OfferContact:
                if is_decision:
                    self.times_us.append(taken / 1000)
                self._talks.append(command)
                self._engine.handle(OfferAccepted(offer=command.offer), self._now)


def costs(
    sizes: tuple[int, ...],
    decisions: int,
    floor_of: Callable[[int], Floor],
    decide: Callable[[Floor, int], None],
) -> dict[int, Cost]:
    """The cost at each size; the sizes take turns, so that what else the machine does meets all of them alike."""
    gc.disable()  # it would walk through all that is being built again and again
    floors = {size: floor_of(size) for size in sizes}
    gc.enable()
    for floor in floors.values():
        decide(floor, decisions // ROUNDS)
        floor.times_us.clear()
    gc.collect()
    gc.freeze()  # nor through what stands: the engine makes no cycles
    for _ in range(ROUNDS):
        for floor in floors.values():
            decide(floor, decisions // ROUNDS)
    gc.unfreeze()
    return {
        size: (median(floor.times_us), percentile(sorted(floor.times_us), 99))
        for size, floor in floors.items()
    }


def draw(path: Path, curves: dict[str, dict[int, Cost]]) -> None:
    """The curves as a picture, each under its title."""
    import matplotlib as mpl  # noqa: PLC0415  one second of import that only the picture needs

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "acd growth"
    from matplotlib import pyplot as plt  # noqa: PLC0415  as above

    figure, axes = plt.subplots(1, len(curves), figsize=(12, 4), sharey=True, layout="constrained")
    for axis, (title, curve) in zip(axes, curves.items(), strict=True):
        axis.plot(list(curve), [cost[0] for cost in curve.values()], "o-", label="median")
        axis.plot(list(curve), [cost[1] for cost in curve.values()], "s--", label="p99")
        axis.set(xscale="log", xlabel=title)
        axis.grid(visible=True, alpha=0.3)
    axes[0].set_ylim(bottom=0)  # they share it, and the highest of all curves must show
    axes[0].set_ylabel("processor time of a decision, µs")
    axes[0].legend()
    figure.suptitle(f"Cost of a decision, {QUEUES} queues with all policies ({processor_model()})")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def rows_of(name: str, curve: dict[int, Cost]) -> Iterator[tuple[str, object]]:
    """Lines of the table."""
    for size, (middle, most) in curve.items():
        yield f"{size} {name}", f"{middle:8.1f} us median {most:10.1f} us p99"


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=3000, help="at each size")
    parser.add_argument("--picture", type=Path, default=Path("docs/pictures/acd_growth.svg"))
    parser.add_argument("--json", action="store_true", help="print the figures as JSON in the last line")
    arguments = parser.parse_args()
    before = MachineTime.read()
    waiting = costs(
        WAITING, arguments.decisions, lambda size: Floor(FEW_AGENTS, size), Floor.decide_by_agents
    )
    agents = costs(AGENTS, arguments.decisions, lambda size: Floor(size, 0), Floor.decide_by_callers)
    kinds = costs(
        KINDS, arguments.decisions, lambda size: Floor(FEW_AGENTS, 1000, size), Floor.decide_by_agents
    )
    curves = {
        f"callers who wait ({FEW_AGENTS} agents, {QUEUES * FEW_KINDS} kinds)": waiting,
        "agents (nobody waits)": agents,
        "kinds of callers in each queue (1000 wait)": kinds,
    }
    draw(arguments.picture, curves)
    figures = {
        "waiting_ratio": round(waiting[WAITING[-1]][0] / waiting[WAITING[0]][0], 2),
        "agents_ratio": round(agents[AGENTS[-1]][0] / agents[AGENTS[0]][0], 2),
        "waiting_us": {str(size): round(cost[0], 1) for size, cost in waiting.items()},
        "agents_us": {str(size): round(cost[0], 1) for size, cost in agents.items()},
        "kinds_us": {str(size): round(cost[0], 1) for size, cost in kinds.items()},
        "processors": processors(),
        "steal_percent": MachineTime.read().steal_percent_since(before),
    }
    table = [
        *rows_of("waiting", waiting),
        *rows_of("agents", agents),
        *rows_of("kinds a queue", kinds),
        *list(figures.items())[:2],
    ]
    print_table(f"cost of a decision ({processor_model()})", table)
    print(f"picture: {arguments.picture}")
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
