"""How many calls a second the whole system sets up, with nothing left out.

    python -m bench.bench_setup [--rates 5,10,20,30] [--seconds 60] [--json]

SIPp calls at rising rates and echoes what it hears; simulated phones answer, talk and hang up.  A call counts only
if it was queued, reached an agent, had RTP both ways (the phone heard packets, and both channels of the
WAV hold sound: the left one is the echo, which needs both directions), left a whole WAV and a closed record.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

from bench._measure import MachineTime, print_table, processor_model, processors
from bench.desk_phones import DeskPhone, Manner, start_phones
from bench.loopback import claimed
from bench.peers.rtp_stream import Pacer
from bench.running_server import Json, RunningServer, running_server
from bench.scratch_config import HOTLINE, NUMBERS, TOKEN, Terms, password_of, toml_of

TALK_S = 1.0
SEATS = 60
AUDIBLE_DBFS, SILENT_DBFS = -45.0, -120.0
SCENARIO = Path(__file__).with_name("trunk_echo.xml")


async def offer(address: str, rate: float, seconds: float, folder: Path) -> tuple[int, str]:
    """SIPp calls at `rate` for `seconds`; how many calls it began, and its complaints."""
    calls = round(rate * seconds)
    errors = folder / f"errors-{rate:g}.log"
    process = await asyncio.create_subprocess_exec(
        "sipp", f"{address}.1:5060", "-sf", str(SCENARIO), "-i", f"{address}.2", "-bind_local", "-mi", f"{address}.2",
        "-mp", "6000", "-rtp_echo", "-s", HOTLINE, "-m", str(calls), "-l", str(calls), "-nostdin",
        "-r", f"{rate:g}", "-timeout", f"{seconds + 60:.0f}s", "-timeout_error",
        "-trace_err", "-error_file", str(errors),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
    )  # fmt: skip
    code = await process.wait()
    text = errors.read_text(errors="replace")[:2000] if errors.exists() else ""
    return calls, "" if code == 0 else f"sipp ended with {code}: {text}"


async def everything(server: RunningServer, path: str, since: float) -> list[Json]:
    """All pages of a list since a wall time."""
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))
    found: list[Json] = []
    cursor = ""
    while True:
        query = {"from": start, "limit": 500} | ({"cursor": cursor} if cursor else {})
        page = await server.api.get(path, **query)  # type: ignore[arg-type]
        found += page["items"]
        cursor = page.get("next_cursor") or ""
        if not cursor:
            return found


def faults_of(call: Json, recording: Json | None) -> str:
    """Why a call does not count, empty when it does."""
    missing = [name for name in ("answered_at", "queued_at", "connected_at", "ended_at") if not call[name]]
    if missing:
        return f"no {missing[0]}"
    if call["end_reason"] != "completed":
        return f"ended as {call['end_reason']}"
    if recording is None or recording["state"] != "done":
        return "no whole recording"
    if any((recording[side] or SILENT_DBFS) < AUDIBLE_DBFS for side in ("left_dbfs", "right_dbfs")):
        return "a channel is silent"
    return ""


async def hold(
    server: RunningServer, phones: list[DeskPhone], address: str, rate: float, seconds: float, folder: Path
) -> Json:
    """One rate: what was offered, what counts, what went wrong."""
    since = time.time() - 1.0
    before = sum(len(phone.calls) for phone in phones)
    offered, complaint = await offer(address, rate, seconds, folder)
    await asyncio.sleep(2.0)
    calls = await everything(server, "/v1/calls", since)
    recordings = {r["call_id"]: r for r in await everything(server, "/v1/recordings", since)}
    wrong = [fault for call in calls if (fault := faults_of(call, recordings.get(call["call_id"])))]
    talks = [call for phone in phones for call in phone.calls][before:]
    deaf = sum(1 for call in talks if call.stream.received == 0)
    for phone in phones:
        phone.calls.clear()
    good = len(calls) - len(wrong) - deaf
    return {
        "rate": rate,
        "offered": offered,
        "good": good,
        "faults": sorted(
            {*wrong, *([complaint] if complaint else []), *(["phone heard nothing"] if deaf else [])}
        ),
        "ok": good == offered and not complaint,
    }


async def measure(rates: list[float], seconds: float, number: int, folder: Path) -> list[Json]:
    """Rising rates until one fails."""
    terms = Terms(
        seats=SEATS, wrap_up_s=0.0, greeting="", announce_agent=False, channels=2000, spare_legs=80,
        position_every_s=0.0,
    )  # fmt: skip
    config = folder / "bench.toml"
    config.write_text(toml_of(number, folder, terms), encoding="utf-8")
    config.chmod(0o600)
    address = f"127.64.{number}"
    results: list[Json] = []
    async with running_server(config, token=TOKEN, log=folder / "server.log") as server:
        await server.wait_ready()
        phones = await start_phones(
            [(f"80{seat:02d}", password_of(seat)) for seat in range(1, SEATS + 1)],
            address=f"{address}.3",
            registrar=(f"{address}.1", 5060),
            pacer=Pacer(),
            manner=Manner(answer_s=0.0, talk_s=TALK_S),
        )
        try:
            for seat in range(1, SEATS + 1):
                await server.api.login(f"10{seat:02d}", f"80{seat:02d}", "ready")
            for rate in rates:
                results.append(await hold(server, phones, address, rate, seconds, folder))
                print(
                    f"  {rate:g}/s: {results[-1]['good']}/{results[-1]['offered']} {results[-1]['faults']}",
                    flush=True,
                )
                if not results[-1]["ok"]:
                    break
        finally:
            for phone in phones:
                await phone.close()
    return results


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", default="5,10,20,30")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON in the last line")
    arguments = parser.parse_args()
    rates = [float(rate) for rate in arguments.rates.split(",")]
    before = MachineTime.read()
    with claimed("bench", NUMBERS) as number, tempfile.TemporaryDirectory(prefix="bench-setup-") as folder:
        results = asyncio.run(measure(rates, arguments.seconds, number, Path(folder)))
    held = [result["rate"] for result in results if result["ok"]]
    failed = next((result for result in results if not result["ok"]), None)
    figures = {
        "calls_per_second": max(held, default=0.0),
        "seconds": arguments.seconds,
        "calls_good": sum(result["good"] for result in results),
        "failed_at": failed["rate"] if failed else None,
        "faults": failed["faults"] if failed else [],
        "processors": processors(),
        "steal_percent": MachineTime.read().steal_percent_since(before),
    }
    print_table(f"call setup, whole system ({processor_model()})", list(figures.items()))
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
