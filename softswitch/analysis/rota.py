"""Seats for each half hour: `softswitch staffing`.

    softswitch staffing --calls 420 --handle 210
    softswitch staffing --half-hours day.csv --handle 210 --target 95 --within 15 --patience 120 --shrinkage 30

The file has a line `start,calls` or `start,calls,handle_s` for each half hour, and may have a header.  Erlang C where
nobody gives up, Erlang A with `--patience`.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from acd.errors import InvalidValue
from acd.staffing import Forecast, Target, Traffic, agents_needed, rostered
from softswitch.analysis.tables import percent, seconds, table

HELP = "每半小时所需坐席 / seats needed per half hour"

HALF_HOURS_AN_HOUR = 2


class FileFault(Exception):
    """A file that cannot be used: `line` (from 1) of `path`, and why."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        """Keep the place."""
        super().__init__(f"{path}: 第 {line} 行 / line {line}: {reason}")
        self.path = path
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfHour:
    """Calls that begin in a half hour; `handle_s` where it differs from that of the day."""

    start: str
    calls: float
    handle_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A half hour with its traffic, its seats and the people on the rota for them."""

    half_hour: HalfHour
    traffic: Traffic
    needed: Forecast
    people: int


def add_words(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    calls = parser.add_mutually_exclusive_group(required=True)
    calls.add_argument("--calls", type=float, help="半小时来话数 / calls in a half hour")
    calls.add_argument(
        "--half-hours",
        type=Path,
        metavar="FILE.csv",
        help="每行半小时 / a half hour a line: start,calls[,handle_s]",
    )
    parser.add_argument(
        "--handle",
        type=float,
        required=True,
        metavar="S",
        help="每话占用坐席秒数(振铃+通话+话后) / what a call takes of an agent: ring, talk and wrap-up",
    )
    parser.add_argument(
        "--target",
        type=float,
        default=95.0,
        metavar="PERCENT",
        help="及时接通率目标 / share to be answered in time",
    )
    parser.add_argument(
        "--within", type=float, default=15.0, metavar="S", help="应答时限 / so soon counts as in time"
    )
    parser.add_argument(
        "--patience",
        type=float,
        metavar="S",
        help="平均耐心,不给则无人放弃 / mean patience; without it nobody gives up",
    )
    parser.add_argument(
        "--occupancy",
        type=float,
        default=100.0,
        metavar="PERCENT",
        help="占用率上限 / agents are busy at most",
    )
    parser.add_argument(
        "--shrinkage",
        type=float,
        default=0.0,
        metavar="PERCENT",
        help="休息、培训占比 / share of breaks and training",
    )
    parser.add_argument("--json", action="store_true", help="以 JSON 输出 / as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the rota; 2 for figures that cannot be."""
    try:
        half_hours = (
            list(read_half_hours(arguments.half_hours))
            if arguments.half_hours is not None
            else [HalfHour(start="-", calls=arguments.calls)]
        )
        target = Target(
            share=arguments.target / 100, within_s=arguments.within, occupancy=arguments.occupancy / 100
        )
        shifts = [
            shift_of(each, target, arguments.handle, arguments.patience, arguments.shrinkage / 100)
            for each in half_hours
        ]
    except (InvalidValue, FileFault, OSError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    if arguments.json:
        sys.stdout.write(f"{json.dumps([_plain(shift) for shift in shifts], ensure_ascii=False)}\n")
        return 0
    model = "Erlang C" if arguments.patience is None else "Erlang A"
    sys.stdout.write(
        f"目标 / target: {percent(target.share)} <= {target.within_s:g} s, {model}\n\n{_table(shifts)}"
    )
    return 0


def read_half_hours(path: Path) -> Iterator[HalfHour]:
    """Each line of a CSV file; raises `FileFault` and `OSError`."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, cells in enumerate(csv.reader(file), start=1):
            if not cells or (number == 1 and cells[0].strip().lower() == "start"):
                continue
            try:
                start, calls, *rest = cells
                (handle_s,) = rest or [""]
                yield HalfHour(
                    start=start.strip(), calls=float(calls), handle_s=float(handle_s) if handle_s else None
                )
            except ValueError as error:
                reason = "应为 / expected start,calls[,handle_s]"
                raise FileFault(path, number, reason) from error


def shift_of(
    half_hour: HalfHour, target: Target, handle_s: float, patience_s: float | None, shrinkage: float
) -> Shift:
    """Seats and people for one half hour; raises `InvalidValue`."""
    traffic = Traffic(
        calls_per_hour=half_hour.calls * HALF_HOURS_AN_HOUR,
        handle_s=handle_s if half_hour.handle_s is None else half_hour.handle_s,
        patience_s=patience_s,
    )
    needed = agents_needed(traffic, target)
    return Shift(
        half_hour=half_hour, traffic=traffic, needed=needed, people=rostered(needed.agents, shrinkage)
    )


def _table(shifts: list[Shift]) -> str:
    header = ("半小时", "来话", "话务量", "坐席", "排班", "接通率", "平均等待", "放弃", "占用率")
    english = ("half hour", "calls", "erlang", "seats", "people", "in time", "mean wait", "lost", "busy")
    rows = [
        (
            shift.half_hour.start,
            f"{shift.half_hour.calls:g}",
            f"{shift.traffic.load:.2f}",
            str(shift.needed.agents),
            str(shift.people),
            percent(shift.needed.answered_in_time),
            seconds(shift.needed.mean_wait_s),
            percent(shift.needed.abandoned),
            percent(shift.needed.occupancy),
        )
        for shift in shifts
    ]
    hours = sum(shift.people for shift in shifts) / HALF_HOURS_AN_HOUR
    most = max((shift.needed.agents for shift in shifts), default=0)
    return f"{table(header, [english, *rows])}\n最多坐席 / most seats: {most}, 人时 / people × hours: {hours:g}\n"


def _plain(shift: Shift) -> dict[str, Any]:
    return {
        "start": shift.half_hour.start,
        "calls": shift.half_hour.calls,
        "load": shift.traffic.load,
        "people": shift.people,
        **asdict(shift.needed),
    }
