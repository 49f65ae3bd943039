"""The distributor with callers that come by chance: `softswitch simulate`.

    softswitch simulate --arrivals 1000 --handle 180 --agents 56
    softswitch simulate --arrivals 1000 --handle 180 --agents 50 --patience 120 --answer 4 --hours 200
    softswitch simulate --arrivals main=300,tax=60 --handle 200 --policy other.toml

The real engine in a time of its own.  Figures come with their 99 % confidence interval (20 batch means, the first
tenth left out); with one queue and no policy, Erlang C or A stands beside them.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from acd.engine import Engine
from acd.errors import AcdError
from acd.events import AgentLoggedIn, Event, QueueDefined
from acd.metrics import BATCHES, Estimate, Formula, figures_of, mean_of_batches, shares_of
from acd.names import AgentId, QueueName
from acd.outcomes import Ending, Outcome
from acd.simulate import Fact, Simulation
from acd.staffing import Traffic, forecast
from softswitch.analysis.callers import Stream, callers_of
from softswitch.analysis.policies import Policy, PolicyFault, load_policy
from softswitch.analysis.tables import percent, seconds, table
from softswitch.analysis.terms import add_terms, terms_of

HELP = "用真实排队引擎仿真 / play the real engine with callers that come by chance"

MAIN = "main"
FEWEST_CALLS = 10 * BATCHES
_NOTHING_S = 1e-6  # what sums of floats differ by


class WrongCall(Exception):
    """Options that do not go together; the message says why."""


def add_words(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--arrivals", required=True, metavar="N|QUEUE=N,…", help="每小时来话数 / calls an hour"
    )
    staff = parser.add_mutually_exclusive_group(required=True)
    staff.add_argument("--agents", type=int, help="坐席数 / agents, one queue")
    staff.add_argument("--policy", type=Path, metavar="FILE.toml", help="队列与坐席 / queues and agents")
    parser.add_argument("--handle", type=float, required=True, metavar="S", help="平均通话时长 / mean talk")
    parser.add_argument(
        "--patience",
        type=float,
        metavar="S",
        help="平均耐心,不给则无人放弃 / mean patience; without it nobody gives up",
    )
    parser.add_argument(
        "--answer", type=float, default=0.0, metavar="S", help="摘机用时 / ring before answer"
    )
    parser.add_argument("--wrap-up", type=float, default=0.0, metavar="S", help="话后处理 / wrap-up")
    parser.add_argument("--hours", type=float, default=100.0, help="仿真小时数 / hours to play")
    add_terms(parser)
    parser.add_argument("--seed", type=int, default=1, help="随机种子 / the same seed, the same callers")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出 / as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Play and print; 2 for options that cannot be used."""
    try:
        figures = simulated(arguments)
    except (WrongCall, PolicyFault, AcdError, OSError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    sys.stdout.write(f"{json.dumps(figures, ensure_ascii=False)}\n" if arguments.json else _shown(figures))
    return 0


def simulated(arguments: argparse.Namespace) -> dict[str, Any]:
    """Play; raises `WrongCall` and what the parts raise."""
    streams = _streams(arguments)
    policy = None if arguments.policy is None else load_policy(arguments.policy)
    facts = _opening(arguments, {each.queue for each in streams}, policy)
    simulation = Simulation(Engine(), facts, callers_of(streams, arguments.hours, arguments.seed))
    ledger = simulation.run(until=arguments.hours * 3600)  # who is still there then is left out below
    if policy is not None:
        policy.check(simulation.fault)
    at_work = figures_of((), ledger.times(simulation.now)).occupancy
    over = [each for each in simulation.run().outcomes(simulation.now) if each.ending is not Ending.WAITING]
    outcomes = sorted(over, key=lambda each: each.arrived_at)
    settled = outcomes[len(outcomes) // 10 :]
    if len(settled) < FEWEST_CALLS:
        raise WrongCall(f"来话太少 / too few calls: {len(settled)}, >= {FEWEST_CALLS}")
    terms = terms_of(arguments)
    answered = [each for each in settled if each.ending is Ending.ANSWERED]
    measures = {
        "waiting": _measured(settled, lambda each: each.wait_s > arguments.answer + _NOTHING_S),
        "answered_in_time": _measured(
            settled, lambda each: each.ending is Ending.ANSWERED and each.wait_s <= terms.within_s
        ),
        "mean_wait_s": _measured(answered, lambda each: each.wait_s),
        "abandoned": _measured(settled, lambda each: each.ending is Ending.ABANDONED),
    }
    whole = figures_of(settled, terms=terms)
    return {
        "calls": len(settled),
        "within_s": terms.within_s,
        "measures": {
            name: {"mean": found.mean, "margin": found.margin} for name, found in measures.items() if found
        },
        "theory": _theory(arguments, streams),
        "occupancy": at_work,
        "levels": {formula.name: level for formula, level in whole.levels.items()},
        "abandon_rate": whole.counts.abandon_rate,
        "p95_wait_s": whole.p95_wait_s,
        "refused": whole.counts.refused,
        "shares": shares_of(settled, lambda each: each.queue),
    }


def _measured(outcomes: list[Outcome], value_of: Callable[[Outcome], float]) -> Estimate | None:
    return mean_of_batches([float(value_of(each)) for each in outcomes]) if len(outcomes) >= BATCHES else None


def _streams(arguments: argparse.Namespace) -> tuple[Stream, ...]:
    pairs = [pair.rpartition("=") for pair in arguments.arrivals.split(",")]
    for name, option in (("handle", arguments.handle), ("hours", arguments.hours)):
        if not option > 0:
            raise WrongCall(f"--{name} 应大于 0 / must be above 0")
    try:
        rates = {QueueName(queue or MAIN): float(rate) for queue, _, rate in pairs}
    except ValueError as error:
        raise WrongCall("--arrivals 应为 / expected N or QUEUE=N,QUEUE=N") from error
    if len(rates) < len(pairs) or min(rates.values()) < 0:
        raise WrongCall("--arrivals: 队列重复或为负 / a queue twice, or a negative rate")
    return tuple(
        Stream(
            queue=queue,
            calls_per_hour=rate,
            talk_s=arguments.handle,
            patience_s=arguments.patience,
            answer_s=arguments.answer,
        )
        for queue, rate in rates.items()
    )


def _opening(arguments: argparse.Namespace, called: set[QueueName], policy: Policy | None) -> list[Fact]:
    if policy is not None:
        if unknown := sorted(called - set(policy.queues)):
            raise WrongCall(f"策略中无此队列 / not in the policy: {', '.join(unknown)}")
        opening: tuple[Event, ...] = (
            *policy.orders.values(),
            *policy.queues.values(),
            *policy.agents.values(),
        )
        return [(0.0, each) for each in opening]
    if called != {QueueName(MAIN)}:
        raise WrongCall("多个队列需 --policy / several queues need --policy")
    if arguments.agents < 1:
        raise WrongCall("--agents 至少 1 / at least 1")
    queue = QueueDefined(queue=QueueName(MAIN), limit=10**9, wrap_up_s=arguments.wrap_up)
    seats = (
        AgentLoggedIn(agent=AgentId(f"a{number:04}"), queues=(queue.queue,))
        for number in range(arguments.agents)
    )
    return [(0.0, queue), *((0.0, seat) for seat in seats)]


def _theory(arguments: argparse.Namespace, streams: tuple[Stream, ...]) -> dict[str, float] | None:
    """Erlang's word on it, where it has one: the time of a call is all of ring, talk and wrap-up."""
    if arguments.agents is None:
        return None
    traffic = Traffic(
        calls_per_hour=streams[0].calls_per_hour,
        handle_s=arguments.handle + arguments.answer + arguments.wrap_up,
        patience_s=arguments.patience,
    )
    found = forecast(traffic, arguments.agents, max(0.0, arguments.within - arguments.answer))
    return {
        "waiting": found.waiting,
        "answered_in_time": found.answered_in_time,
        "mean_wait_s": found.mean_wait_s + arguments.answer,
        "abandoned": found.abandoned,
    }


_TITLES = {
    "waiting": "需等待 / wait at all",
    "answered_in_time": "限时接通 / answered in time (F3)",
    "mean_wait_s": "平均等待 / mean wait",
    "abandoned": "放弃 / abandoned",
}


def _shown(figures: dict[str, Any]) -> str:
    theory = figures["theory"] or {}
    rows = []
    for name, found in figures["measures"].items():
        show = seconds if name.endswith("_s") else percent
        rows.append(
            (_TITLES[name], show(found["mean"]), f"+-{show(found['margin'])}", show(theory.get(name)))
        )
    main = table(("", "仿真 / simulated", "99 %", "Erlang"), rows)
    others = [
        (f"{formula.name}: {formula}", percent(figures["levels"][formula.name], 2)) for formula in Formula
    ]
    others += [
        ("放弃率(不计短呼叫)/ abandon rate without short calls", percent(figures["abandon_rate"], 2)),
        ("95 % 等待 / p95 wait", seconds(figures["p95_wait_s"])),
        ("占用率 / occupancy", percent(figures["occupancy"])),
        ("队满拒绝 / refused, queue full", str(figures["refused"])),
    ]
    if len(figures["shares"]) > 1:
        others += [(f"占比 / share: {queue}", percent(part)) for queue, part in figures["shares"].items()]
    head = f"{figures['calls']} 次来话 / calls, T = {figures['within_s']:g} s\n\n"
    return f"{head}{main}\n{table(('', ''), others).lstrip()}"
