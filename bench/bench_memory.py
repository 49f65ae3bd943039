"""What 410 legs cost in memory: the sum of the private memory of every process of the system.

    python -m bench.bench_memory [--legs 410] [--json]

Callers and phones of the bench are mute and deaf: memory is measured, not sound.
"""

import argparse
import asyncio
import json
import tempfile
from contextlib import suppress
from pathlib import Path

from bench._measure import MachineTime, print_table, processor_model, processors
from bench.desk_phones import Manner, start_phones
from bench.loopback import claimed
from bench.running_server import Json, running_server
from bench.scratch_config import HOTLINE, NUMBERS, TOKEN, Terms, password_of, toml_of
from bench.trunk_caller import TrunkCaller

CALLS_PER_SECOND = 8


def private_mb(pid: int) -> float:
    """Private memory of a process in MB (10⁶ bytes): what would come free if it ended alone."""
    total = 0
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:")):
                total += int(line.split()[1])
    return total * 1024 / 1e6


async def measure(legs: int, number: int, folder: Path) -> Json:
    """Bring the calls up, read the memory."""
    seats = legs // 2
    terms = Terms(
        seats=seats, wrap_up_s=0.0, greeting="", announce_agent=False, channels=legs, position_every_s=0.0,
        options_interval_s=300.0, media_extra="rtp_timeout_s = 0",
    )  # fmt: skip
    config = folder / "bench.toml"
    config.write_text(toml_of(number, folder, terms), encoding="utf-8")
    config.chmod(0o600)
    address = f"127.64.{number}"
    sip = (f"{address}.1", 5060)
    async with running_server(config, token=TOKEN, log=folder / "server.log") as server:
        await server.wait_ready()
        empty = sum(private_mb(pid) for pid in server.tree())
        trunk = await TrunkCaller.start(address=f"{address}.2", server=sip, pacer=None)
        phones = await start_phones(
            [(f"80{seat:02d}", password_of(seat)) for seat in range(1, seats + 1)],
            address=f"{address}.3",
            registrar=sip,
            pacer=None,
            manner=Manner(answer_s=0.0),
        )
        try:
            for seat in range(1, seats + 1):
                await server.api.login(f"10{seat:02d}", f"80{seat:02d}", "ready")
            for caller in range(seats):
                call = await trunk.call(HOTLINE, f"138{caller:08d}")
                status = await call.answered
                if status != 200:
                    raise RuntimeError(f"call {caller} was answered {status}")
                await asyncio.sleep(1 / CALLS_PER_SECOND)
            async with asyncio.timeout(30):
                while sum(len(phone.agent.calls) for phone in phones) < seats:
                    await asyncio.sleep(0.1)
            await asyncio.sleep(3.0)
            parts = {name: pid for name, pid in server.pids().items() if name != "launcher"}
            tree = server.tree()
            up = len(trunk.agent.calls) + sum(len(phone.agent.calls) for phone in phones)
            return {
                "legs": up,
                "private_mb": round(sum(private_mb(pid) for pid in tree), 1),
                "private_mb_without_calls": round(empty, 1),
                "processes": len(tree),
                "parts_mb": {name: round(private_mb(pid), 1) for name, pid in parts.items()},
            }
        finally:
            await trunk.close()
            for phone in phones:
                await phone.agent.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--legs", type=int, default=410)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON in the last line")
    arguments = parser.parse_args()
    before = MachineTime.read()
    with claimed("bench", NUMBERS) as number, tempfile.TemporaryDirectory(prefix="bench-memory-") as folder:
        figures = asyncio.run(measure(arguments.legs, number, Path(folder)))
    figures |= {
        "processors": processors(),
        "steal_percent": MachineTime.read().steal_percent_since(before),
    }
    print_table(f"memory ({processor_model()})", list(figures.items()))
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
