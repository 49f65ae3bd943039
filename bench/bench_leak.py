"""Whether a call leaves anything behind in memory: signalling only, as many calls as there is time for.

    python -m bench.bench_leak [--calls 20000] [--rate 40] [--json]

Callers are answered, hear nothing, are offered to agents who answer and hang up at once.  After a warm-up the resident
memory of each part is read again and again; what counts is the slope of a straight line through it.
"""

import argparse
import asyncio
import json
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench._measure import MachineTime, print_table, processor_model, processors
from bench.crowd import Crowd
from bench.loopback import claimed
from bench.running_server import Json, RunningServer, running_server
from bench.scratch_config import NUMBERS, TOKEN, Terms, toml_of

SEATS = 40
WARM_UP = 0.2
LOOK_EVERY_S = 2.0
TERMS = Terms(
    seats=SEATS, wrap_up_s=0.0, greeting="", announce_agent=False, channels=2000, spare_legs=60,
    position_every_s=0.0,
)  # fmt: skip
TALK_S = 0.05
ALL = "all"
"""The launcher and all its descendants, cells included, as one part."""


def resident_bytes(pid: int) -> int:
    """Resident memory of a process (`statm`, second number of pages)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def tree_bytes(server: RunningServer) -> int:
    """Resident memory of all processes of a server; pages that they share count in each."""
    size = 0
    for pid in server.tree():
        with suppress(OSError):  # a cell that has done its calls ends
            size += resident_bytes(pid)
    return size


@dataclass(slots=True)
class Slope:
    """Points of (calls so far, bytes) and the straight line through them."""

    points: list[tuple[int, int]] = field(default_factory=list)

    def bytes_per_call(self) -> float:
        """The slope by least squares; 0 for fewer than two points."""
        count = len(self.points)
        if count < 2:
            return 0.0
        mean_x = sum(x for x, _ in self.points) / count
        mean_y = sum(y for _, y in self.points) / count
        spread = sum((x - mean_x) ** 2 for x, _ in self.points)
        return sum((x - mean_x) * (y - mean_y) for x, y in self.points) / spread if spread else 0.0


async def watch(server: RunningServer, crowd: Crowd, calls: int, slopes: dict[str, Slope]) -> None:
    """Read the memory of control, plane, nursery and launcher, and of all processes, while calls come and go."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if crowd.talks >= WARM_UP * calls:
            resident = {name: resident_bytes(pid) for name, pid in server.pids().items()}
            resident[ALL] = tree_bytes(server)
            for name, size in resident.items():
                slopes.setdefault(name, Slope()).points.append((crowd.talks, size))


async def measure(calls: int, rate: float, number: int, folder: Path) -> Json:
    """Calls at a steady rate."""
    config = folder / "bench.toml"
    config.write_text(toml_of(number, folder, TERMS), encoding="utf-8")
    config.chmod(0o600)
    async with running_server(config, token=TOKEN, log=folder / "server.log") as server:
        await server.wait_ready()
        crowd = await Crowd.start(SEATS, f"127.64.{number}", None, talk_s=TALK_S, seed=1)
        try:
            for seat in range(1, SEATS + 1):
                await server.api.login(f"10{seat:02d}", f"80{seat:02d}", "ready")
            slopes: dict[str, Slope] = {}
            watching = asyncio.create_task(watch(server, crowd, calls, slopes))
            loop = asyncio.get_running_loop()
            began = loop.time()
            while crowd.talks < calls and loop.time() - began < 3 * calls / rate + 60:
                await crowd.keep_waiting(2, loop.time() + 1.0, rate)
            lasted = loop.time() - began
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            async with asyncio.timeout(60):
                while (await server.api.get("/v1/calls", active="true"))["items"]:
                    await asyncio.sleep(0.2)
            per_call = {name: round(slope.bytes_per_call()) for name, slope in sorted(slopes.items())}
            return {
                "calls": crowd.talks,
                "calls_per_second": round(crowd.talks / lasted, 1),
                "failed_calls": crowd.failed,
                "rss_bytes_per_call": max(size for name, size in per_call.items() if name != ALL),
                "rss_bytes_per_call_of_all": per_call[ALL],
                "rss_bytes_per_call_by_part": per_call,
                "rss_mb_at_the_end": {
                    name: round(slope.points[-1][1] / 1e6, 1) for name, slope in sorted(slopes.items())
                },
            }
        finally:
            await crowd.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=40.0, help="calls a second at most")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON in the last line")
    arguments = parser.parse_args()
    before = MachineTime.read()
    with claimed("bench", NUMBERS) as number, tempfile.TemporaryDirectory(prefix="bench-leak-") as folder:
        figures = asyncio.run(measure(arguments.calls, arguments.rate, number, Path(folder)))
    figures |= {
        "processors": processors(),
        "steal_percent": MachineTime.read().steal_percent_since(before),
    }
    print_table(f"memory over many calls ({processor_model()})", list(figures.items()))
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
