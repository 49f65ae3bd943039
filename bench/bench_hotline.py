"""The whole contract at once: 77 agents who talk, 256 callers who wait, everything recorded, screens that watch.

    python -m bench.bench_hotline [--seconds 1200] [--erlang-seconds 600] [--json]

The first run is saturated: whoever is served is replaced by a new caller.  In the second callers come by chance and lose
patience, and how long they wait is set beside what Erlang A predicts.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from acd.staffing import Traffic, forecast
from bench._measure import MachineTime, print_table, processor_model, processors
from bench.bench_dispatch import percentile
from bench.bench_setup import everything
from bench.crowd import Crowd, Wait
from bench.loopback import claimed
from bench.peers.rtp_stream import BatchPacer
from bench.running_server import Json, RunningServer, running_server
from bench.scratch_config import NUMBERS, TOKEN, Terms, toml_of
from softswitch.urgency import go_first

SEATS, WAITING = 77, 256
TALK_S, PATIENCE_S, LOAD = 30.0, 60.0, 0.97
WITHIN_S = (1.0, 5.0, 10.0, 20.0, 40.0)
"""The share of all callers who are answered within each: together the distribution of the waits."""
PLACED_PER_S = 12.0
SCREENS = 8
SETTLE_S = 3.0
"""A file is closed, hashed and written down within so long after the end of its call."""
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
TERMS = Terms(
    seats=SEATS,
    wrap_up_s=0.0,
    greeting="",
    announce_agent=False,
    channels=2000,
    spare_legs=60,
    queue_limit=WAITING,
)


def cpu_seconds(server: RunningServer) -> dict[str, float]:
    """CPU time so far of each named part; all cells together are one."""
    names = {pid: name for name, pid in server.pids().items()}
    spent: dict[str, float] = {}
    for pid in server.tree():
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            name = names.get(pid, "cells")
            spent[name] = spent.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return spent


async def metrics(server: RunningServer) -> dict[str, float]:
    """Every sample without labels, by name."""
    _, body = await server.api.download("/metrics")
    return {
        sample.name: float(sample.value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
        if not sample.labels
    }


async def screen(server: RunningServer, seen: list[int]) -> None:
    """One client on the live stream, which reads everything."""
    async for _ in server.api.events():
        seen[0] += 1


async def missing_recordings(server: RunningServer, since: float, until: float) -> tuple[int, int]:
    """Calls that were answered and had ended by then, and how many of them have no whole recording on the disk."""
    calls = [
        call
        for call in await everything(server, "/v1/calls", since)
        if call["answered_at"]
        and call["ended_at"]
        and datetime.fromisoformat(call["ended_at"]).timestamp() <= until
    ]
    recordings = {r["call_id"]: r for r in await everything(server, "/v1/recordings", since)}
    whole = {path.stem: path.stat().st_size for path in (server.data_dir / "recordings").rglob("*.wav")}
    missing = 0
    for call in calls:
        recording = recordings.get(call["call_id"])
        size = None if recording is None else whole.get(recording["recording_id"])
        missing += recording is None or recording["state"] != "done" or size != recording["size_bytes"]
    return len(calls), missing


async def saturated(server: RunningServer, crowd: Crowd, seconds: float) -> Json:
    """The first run."""
    loop = asyncio.get_running_loop()
    since = time.time() - 1.0
    while crowd.waiting < WAITING:  # everybody stands in the line before the first agent comes
        await crowd.place()
        await asyncio.sleep(1 / PLACED_PER_S)
    seen = [0]
    screens = [asyncio.create_task(screen(server, seen)) for _ in range(SCREENS)]
    for number in range(1, SEATS + 1):
        await server.api.login(f"10{number:02d}", f"80{number:02d}", "ready")
    await asyncio.sleep(2.0)
    crowd.dispatch_ms.clear()
    before, cpu_before, began = await metrics(server), cpu_seconds(server), loop.time()
    await crowd.keep_waiting(WAITING, loop.time() + seconds, PLACED_PER_S)
    after, cpu_after, lasted = await metrics(server), cpu_seconds(server), loop.time() - began
    for task in screens:
        task.cancel()
    await asyncio.gather(*screens, return_exceptions=True)
    ticks = after["hotline_plane_ticks_total"] - before["hotline_plane_ticks_total"]
    late = after["hotline_plane_late_ticks_total"] - before["hotline_plane_late_ticks_total"]
    waits = sorted(crowd.dispatch_ms)
    until = time.time()
    await asyncio.sleep(SETTLE_S)
    ended, missing = await missing_recordings(server, since, until)
    return {
        "seconds": round(lasted),
        "waiting": crowd.waiting,
        "calls_placed": crowd.placed,
        "talks": crowd.talks,
        "failed_calls": crowd.failed + crowd.deaf,
        "dispatch_p50_ms": round(percentile(waits, 50), 2),
        "dispatch_p99_ms": round(percentile(waits, 99), 2),
        "late_ticks_ratio": round(late / ticks, 5),
        "latest_ms": round(1000 * after["hotline_plane_worst_latest_seconds"], 1),
        "calls_ended": ended,
        "recordings_missing": missing,
        "events_read": seen[0],
        "store_worst_lag_ms": round(1000 * after["hotline_store_worst_lag_seconds"]),
        "cpu_percent": {
            name: round(100 * (spent - cpu_before.get(name, 0.0)) / lasted, 1)
            for name, spent in sorted(cpu_after.items())
        },
    }


async def beside_erlang(crowd: Crowd, seconds: float) -> Json:
    """The second run: a seventh of it passes before anything is counted."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(600):
        while crowd.waiting:  # the line of the first run is served
            await asyncio.sleep(0.5)
    per_s = LOAD * SEATS / TALK_S
    waits: list[Wait] = []
    await crowd.come_by_chance(loop.time() + seconds / 7, per_s, PATIENCE_S, [])
    await crowd.come_by_chance(loop.time() + seconds, per_s, PATIENCE_S, waits)
    await asyncio.sleep(min(30.0, seconds / 4))  # who stands in the line now is still counted
    traffic = Traffic(calls_per_hour=3600 * per_s, handle_s=TALK_S, patience_s=PATIENCE_S)
    expected = {within_s: forecast(traffic, SEATS, within_s) for within_s in WITHIN_S}
    whole = expected[WITHIN_S[-1]]
    answered = [wait.seconds for wait in waits if wait.answered]
    shares: Json = {}
    for within_s, of_all in expected.items():
        in_time = sum(waited <= within_s for waited in answered)
        shares[f"answered_in_{within_s:.0f}_s"] = round(in_time / len(waits), 4)
        shares[f"answered_in_{within_s:.0f}_s_expected"] = round(of_all.answered_in_time, 4)
    return {
        "erlang_callers": len(waits),
        "erlang_load": round(LOAD * SEATS, 1),
        **shares,
        "abandoned": round(sum(not wait.answered for wait in waits) / len(waits), 4),
        "abandoned_expected": round(whole.abandoned, 4),
        "mean_wait_s": round(sum(answered) / len(answered), 2),
        "mean_wait_s_expected": round(whole.mean_wait_s, 2),
    }


async def measure(seconds: float, erlang_seconds: float, seed: int, number: int, folder: Path) -> Json:
    """Both runs on one server."""
    config = folder / "bench.toml"
    config.write_text(toml_of(number, folder, TERMS), encoding="utf-8")
    config.chmod(0o600)
    async with running_server(config, token=TOKEN, log=folder / "server.log") as server:
        await server.wait_ready()
        go_first()  # in life phones and trunk are machines of their own
        crowd = await Crowd.start(SEATS, f"127.64.{number}", BatchPacer(), talk_s=TALK_S, seed=seed)
        try:
            figures = await saturated(server, crowd, seconds)
            if erlang_seconds:
                figures |= await beside_erlang(crowd, erlang_seconds)
                figures["failed_calls"] = crowd.failed + crowd.deaf
            figures["errors_logged"] = sorted(
                {line["event"] for line in server.log_lines() if line["level"] in ("error", "critical")}
            )
            return figures
        finally:
            await crowd.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1200.0)
    parser.add_argument("--erlang-seconds", type=float, default=600.0, help="0 leaves the second run out")
    parser.add_argument("--seed", type=int, default=12345)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON in the last line")
    arguments = parser.parse_args()
    before = MachineTime.read()
    with claimed("bench", NUMBERS) as number, tempfile.TemporaryDirectory(prefix="bench-hotline-") as folder:
        figures = asyncio.run(
            measure(arguments.seconds, arguments.erlang_seconds, arguments.seed, number, Path(folder))
        )
    figures |= {
        "processors": processors(),
        "steal_percent": MachineTime.read().steal_percent_since(before),
    }
    print_table(f"the whole hotline ({processor_model()})", list(figures.items()))
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
