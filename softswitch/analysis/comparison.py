"""A recorded day again, and again under another policy: `softswitch replay`.

    softswitch replay var/data/decisions/20261127T000000Z-1a2b3c.jsonl
    softswitch replay JOURNAL --policy other.toml --within 15 --runs 10

The first column is what happened.  With `--policy` two more stand beside it: the same people under the policy of that
day and under the other one, each the mean of some runs (what nobody saw, such as how long those would have talked who
gave up, is drawn; see `softswitch.analysis.history`).  How far the second column is from the first shows how well the
day can be played at all; the difference of the last two is the other policy's doing.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from acd.engine import Engine
from acd.errors import AcdError
from acd.events import Event
from acd.journal import decode_event
from acd.metrics import Figures, Formula, Terms, figures_of, shares_of
from acd.outcomes import Ledger
from acd.simulate import Simulation
from softswitch.analysis.history import History
from softswitch.analysis.policies import Policy, PolicyFault, load_policy
from softswitch.analysis.tables import percent, seconds, table
from softswitch.analysis.terms import add_terms, terms_of
from softswitch.decisions.journal import head_of

HELP = "重演决策日志,可换策略 / replay a journal of decisions, also under another policy"

Column = dict[str, float | None]
"""Figures by name; shares of queues as `share QUEUE`, of regions as `region REGION`."""


class EmptyJournal(Exception):
    """A journal without one event; the message names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The columns, and by how much the last two differ: least, mean and most of the runs."""

    recorded: Column
    same: Column | None = None
    other: Column | None = None
    differences: Mapping[str, tuple[float, float, float]]
    calls: int
    events_refused: int


def add_words(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("journal", type=Path, help="决策日志 / journal of decisions")
    parser.add_argument("--policy", type=Path, metavar="FILE.toml", help="另一策略 / another policy")
    add_terms(parser)
    parser.add_argument("--runs", type=int, default=5, help="重演次数 / runs of each policy")
    parser.add_argument("--seed", type=int, default=1, help="随机种子 / seed of the first run")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出 / as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Replay and print; 2 for a journal or a policy that cannot be used."""
    try:
        comparison = compared(
            arguments.journal,
            None if arguments.policy is None else load_policy(arguments.policy),
            terms_of(arguments),
            range(arguments.seed, arguments.seed + max(1, arguments.runs)),
        )
    except (AcdError, PolicyFault, EmptyJournal, OSError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    sys.stdout.write(
        f"{json.dumps(_plain(comparison), ensure_ascii=False)}\n"
        if arguments.json
        else _shown(comparison, arguments.within)
    )
    return 0


def compared(path: Path, policy: Policy | None, terms: Terms, seeds: range) -> Comparison:
    """Replay a journal; raises `JournalFault`, `EmptyJournal`, `OSError`, and `PolicyFault` for a policy that names what
    there is not.
    """
    lines = path.read_bytes().splitlines()
    head = head_of(lines[0]) if lines else None
    events = _events(lines if head is None else lines[1:])
    history = History.of(events, Engine(run="" if head is None else head["run"]))
    if history.ended < history.began:
        raise EmptyJournal(f"{path}: 没有事件 / no events")
    recorded = _column(history.ledger, history.ended, terms)
    calls = len(history.ledger.outcomes(history.ended))
    if policy is None:
        return Comparison(recorded=recorded, differences={}, calls=calls, events_refused=history.refused)
    same = [_played(history, None, terms, seed) for seed in seeds]
    other = [_played(history, policy, terms, seed) for seed in seeds]
    return Comparison(
        recorded=recorded,
        same=_mean(same),
        other=_mean(other),
        differences=_differences(same, other),
        calls=calls,
        events_refused=history.refused,
    )


def _events(lines: list[bytes]) -> Iterator[tuple[Event, float]]:
    return (decode_event(line) for line in lines)


def _played(history: History, policy: Policy | None, terms: Terms, seed: int) -> Column:
    simulation = Simulation(Engine(), history.facts(policy), history.callers(seed))
    ledger = simulation.run(until=history.ended)
    if policy is not None:
        policy.check(simulation.fault)
    return _column(ledger, history.ended, terms)


def _column(ledger: Ledger, ended: float, terms: Terms) -> Column:
    outcomes = ledger.outcomes(ended)
    found: Figures = figures_of(outcomes, ledger.times(ended), terms)
    counts = found.counts
    return {
        **{formula.name: found.levels[formula] for formula in Formula},
        "abandon_rate": counts.abandon_rate,
        "mean_wait_s": found.mean_wait_s,
        "p95_wait_s": found.p95_wait_s,
        "longest_wait_s": found.longest_wait_s,
        "occupancy": found.occupancy,
        "offered": counts.offered,
        "answered": counts.answered,
        "abandoned": counts.abandoned,
        "overflowed": counts.overflowed,
        "dismissed": counts.dismissed,
        "refused": counts.refused,
        **{f"share {queue}": part for queue, part in shares_of(outcomes, lambda each: each.queue).items()},
        **{
            f"region {region}": part
            for region, part in shares_of(outcomes, lambda each: each.region).items()
            if region
        },
    }


def _names(columns: list[Column]) -> list[str]:
    return list(dict.fromkeys(name for column in columns for name in column))


def _mean(columns: list[Column]) -> Column:
    found: Column = {}
    for name in _names(columns):
        values = [value for column in columns if (value := column.get(name)) is not None]
        found[name] = fmean(values) if values else None
    return found


def _differences(same: list[Column], other: list[Column]) -> dict[str, tuple[float, float, float]]:
    """Run by run: the callers of a run are the same under both policies."""
    found = {}
    for name in _names(same + other):
        pairs = [(before.get(name), after.get(name)) for before, after in zip(same, other, strict=True)]
        steps = [after - before for before, after in pairs if before is not None and after is not None]
        if steps:
            found[name] = (min(steps), fmean(steps), max(steps))
    return found


_TITLES = {
    "abandon_rate": "放弃率 / abandon rate",
    "mean_wait_s": "平均等待 / mean wait",
    "p95_wait_s": "95 % 等待 / p95 wait",
    "longest_wait_s": "最长等待 / longest wait",
    "occupancy": "占用率 / occupancy",
    "offered": "呼入 / offered",
    "answered": "接通 / answered",
    "abandoned": "放弃 / abandoned",
    "overflowed": "溢出转走 / overflowed",
    "dismissed": "无人值守送走 / dismissed",
    "refused": "队满拒绝 / refused",
    **{formula.name: f"{formula.name} {formula}" for formula in Formula},
}


_COUNTS = frozenset({"offered", "answered", "abandoned", "overflowed", "dismissed", "refused"})


def _value(name: str, value: float | None) -> str:
    if name.endswith("_s"):
        return seconds(value)
    if name in _COUNTS:
        return "-" if value is None else f"{value:.0f}"
    return percent(value, 2)


def _shown(comparison: Comparison, within_s: float) -> str:
    columns = {"记录 / recorded": comparison.recorded}
    if comparison.same is not None and comparison.other is not None:
        columns["原策略 / same policy"] = comparison.same
        columns["新策略 / other policy"] = comparison.other
    header = ["", *columns]
    rows = [
        [
            _TITLES.get(name) or name.replace("share", "占比 / share").replace("region", "地区占比 / region"),
            *(_value(name, column.get(name)) for column in columns.values()),
        ]
        for name in _names(list(columns.values()))
    ]
    if comparison.differences:
        header.append("差 / difference (min..max)")
        for name, row in zip(_names(list(columns.values())), rows, strict=True):
            least, mean, most = comparison.differences.get(name, (None, None, None))
            row.append(f"{_value(name, mean)} ({_value(name, least)} .. {_value(name, most)})")
    head = f"{comparison.calls} 次来话 / calls, T = {within_s:g} s"
    if comparison.events_refused:
        head += f", {comparison.events_refused} 个事件未被接受 / events were refused"
    return f"{head}\n\n{table(header, rows)}"


def _plain(comparison: Comparison) -> dict[str, Any]:
    return {
        "calls": comparison.calls,
        "events_refused": comparison.events_refused,
        "recorded": comparison.recorded,
        "same": comparison.same,
        "other": comparison.other,
        "differences": {
            name: {"least": least, "mean": mean, "most": most}
            for name, (least, mean, most) in comparison.differences.items()
        },
    }
