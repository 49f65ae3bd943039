"""Days to be replayed: journals as a run of control writes them."""

from collections.abc import Iterable
from pathlib import Path

from acd.commands import Command
from acd.engine import Engine
from acd.events import AgentLoggedIn, Event, QueueDefined
from acd.journal import encode_event
from acd.names import AgentId, QueueName
from acd.simulate import Caller, Fact, Simulation
from softswitch.analysis.callers import Stream, callers_of

MAIN = QueueName("main")
HEAD = b'{"run": "ab12", "wall": 1795000000.0, "at": 0.0}'


def seats(number: int, **rules: float | None) -> list[Fact]:
    """One queue, and so many agents."""
    queue = QueueDefined(queue=MAIN, wrap_up_s=rules.get("wrap_up_s", 10.0))
    return [
        (0.0, queue),
        *((0.0, AgentLoggedIn(agent=AgentId(f"a{n}"), queues=(MAIN,))) for n in range(number)),
    ]


def journal_of(facts: Iterable[Fact], callers: Iterable[Caller], until: float) -> list[bytes]:
    """What is written down while it is played."""
    lines = [HEAD]

    def hear(event: Event, _: tuple[Command, ...], now: float) -> None:
        lines.append(encode_event(event, now))

    Simulation(Engine("ab12"), facts, callers, hear).run(until)
    return lines


def busy_day(path: Path, *, agents: int = 8, hours: float = 3.0, wrap_up_s: float | None = 10.0) -> Path:
    """Callers who are somewhat too many, and some of them give up."""
    stream = Stream(queue=MAIN, calls_per_hour=150, talk_s=180, patience_s=90, answer_s=4)
    lines = journal_of(seats(agents, wrap_up_s=wrap_up_s), callers_of((stream,), hours, seed=4), hours * 3600)
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path
