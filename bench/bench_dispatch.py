"""How fast a free agent gets the next caller: from the phone's BYE to the next INVITE, at the phone's own socket.

    python -m bench.bench_dispatch [--calls 300] [--json]

Real server, one agent without wrap-up, callers always waiting.  A pair counts only if its call was talked and ended
by the phone while somebody waited.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from bench._measure import MachineTime, print_table, processor_model, processors
from bench.desk_phones import DeskPhone, Manner
from bench.loopback import claimed
from bench.peers.rtp_stream import Pacer
from bench.running_server import running_server
from bench.scratch_config import HOTLINE, NUMBERS, TOKEN, Terms, password_of, toml_of
from bench.trunk_caller import TrunkCaller
from softswitch.urgency import go_first

WAITING = 4
TALK_S = 0.2


def percentile(sorted_values: list[float], percent: float) -> float:
    """Nearest-rank percentile."""
    rank = max(1, -(-len(sorted_values) * percent // 100))
    return sorted_values[int(rank) - 1]


async def measure(calls: int, number: int, folder: Path) -> list[float]:
    """Milliseconds from each BYE to the INVITE that follows it, in order of size."""
    terms = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False, position_every_s=0.0)
    config = folder / "bench.toml"
    config.write_text(toml_of(number, folder, terms), encoding="utf-8")
    config.chmod(0o600)
    address = f"127.64.{number}"
    sip = (f"{address}.1", 5060)
    async with running_server(config, token=TOKEN, log=folder / "server.log") as server:
        await server.wait_ready()
        go_first()  # in life phone and trunk are machines of their own: what arrives is read when it arrives
        pacer = Pacer()
        trunk = await TrunkCaller.start(address=f"{address}.2", server=sip, pacer=pacer)
        phone = await DeskPhone.start(
            "8001",
            password_of(1),
            address=f"{address}.3",
            registrar=sip,
            pacer=pacer,
            manner=Manner(answer_s=0.0, talk_s=TALK_S),
        )
        waiting_at_end: list[int] = []  # callers besides the one who talked, at each BYE of the phone
        phone.on_event = lambda kind, _phone, _call: (
            waiting_at_end.append(len(trunk.agent.calls)) if kind == "hanging_up" else None
        )
        try:
            if await phone.register() != 200:
                raise RuntimeError("the phone was not registered")
            await server.api.login("1001", "8001", "ready")
            async with asyncio.timeout(60 + calls * (TALK_S + 1.0)):
                callers = 0
                while len(phone.invited_at) <= calls:
                    while len(trunk.agent.calls) < WAITING:
                        callers += 1
                        call = await trunk.call(HOTLINE, f"138{callers:08d}")
                        if await call.answered != 200:
                            raise RuntimeError(f"caller {callers} was answered {call.answered.result()}")
                    await asyncio.sleep(0.02)
        finally:
            await trunk.close()
            await phone.close()
        deaf = sum(1 for call in phone.calls[:calls] if call.stream.received == 0)
        if deaf or len(phone.ended_at) < calls or min(waiting_at_end[:calls]) < 2:
            raise RuntimeError(f"not every call was true: {deaf} without sound, waiting {waiting_at_end}")
        freed = zip(phone.ended_at[:calls], phone.invited_at[1 : calls + 1], strict=True)
        return sorted(1000 * (invited - ended) for ended, invited in freed)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON in the last line")
    arguments = parser.parse_args()
    before = MachineTime.read()
    with (
        claimed("bench", NUMBERS) as number,
        tempfile.TemporaryDirectory(prefix="bench-dispatch-") as folder,
    ):
        waits = asyncio.run(measure(arguments.calls, number, Path(folder)))
    figures = {
        "calls": len(waits),
        "p50_ms": round(percentile(waits, 50), 2),
        "p90_ms": round(percentile(waits, 90), 2),
        "p99_ms": round(percentile(waits, 99), 2),
        "max_ms": round(waits[-1], 2),
        "processors": processors(),
        "steal_percent": MachineTime.read().steal_percent_since(before),
    }
    print_table(f"dispatch: BYE to next INVITE ({processor_model()})", list(figures.items()))
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
