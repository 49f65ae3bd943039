"""How long the longest of the torture messages keeps the next caller waiting.

    python -m bench.bench_torture [--rounds 20] [--json]

Every message of RFC 4475 and RFC 5118 is sent to the real server from the address of its trunk, an OPTIONS right
behind it in the same breath.  What counts is when that OPTIONS is answered.
"""

import argparse
import asyncio
import json
import re
import socket
import statistics
import tempfile
import time
from pathlib import Path

from bench._measure import MachineTime, print_table, processor_model, processors
from bench.loopback import claimed
from bench.running_server import ROOT, Json, running_server
from bench.scratch_config import NUMBERS, TOKEN, Terms, toml_of

PATIENCE_S = 2.0
_branch = re.compile(rb"(branch\s*=\s*)(z9hG4bK)?", re.IGNORECASE)


def probe_of(address: str, port: int, server: str, number: int) -> bytes:
    """An OPTIONS that can be told from all others."""
    return (
        f"OPTIONS sip:{server} SIP/2.0\r\nVia: SIP/2.0/UDP {address}:{port};branch=z9hG4bKprobe{number};rport\r\n"
        f"From: <sip:probe@{address}>;tag=p{number}\r\nTo: <sip:{server}>\r\nCall-ID: probe-{number}\r\n"
        f"CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def delay_ms(peer: socket.socket, to: tuple[str, int], message: bytes, number: int) -> float:
    """Milliseconds from sending a message with a probe behind it to the probe's answer."""
    address, port = peer.getsockname()
    probe = probe_of(address, port, to[0], number)
    marker = f"Call-ID: probe-{number}\r\n".encode()
    began = time.perf_counter()
    if message:
        peer.sendto(message, to)
    peer.sendto(probe, to)
    while True:
        answer = peer.recv(65_536)
        if marker in answer:
            return (time.perf_counter() - began) * 1000


def rounds_of(files: list[Path], address: str, to: tuple[str, int], rounds: int) -> dict[str, list[float]]:
    """The delays of each message by its name, and those of the probe alone as `nothing`."""
    found: dict[str, list[float]] = {}
    number = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind((address, 0))
        peer.settimeout(PATIENCE_S)
        for turn in range(rounds):
            for file in (None, *files):
                number += 1
                name = "nothing" if file is None else f"{file.parent.name}/{file.stem}"
                # Another branch each time: a retransmission would be answered unread.
                branch = rb"\g<1>\g<2>" + f"t{turn}".encode()
                message = b"" if file is None else _branch.sub(branch, file.read_bytes())
                found.setdefault(name, []).append(delay_ms(peer, to, message, number))
                time.sleep(0.002)
    return found


async def measure(rounds: int, number: int, folder: Path) -> Json:
    """Start a server and torture it."""
    files = sorted((ROOT / "tests" / "data").glob("rfc*/*.dat"))
    config = folder / "bench.toml"
    terms = Terms(seats=2, greeting="", announce_agent=False, channels=2000, options_interval_s=300.0)
    config.write_text(toml_of(number, folder, terms), encoding="utf-8")
    config.chmod(0o600)
    address = f"127.64.{number}"
    async with running_server(config, token=TOKEN, log=folder / "server.log") as server:
        await server.wait_ready()
        taken = await asyncio.to_thread(rounds_of, files, f"{address}.2", (f"{address}.1", 5060), rounds)
    alone = taken.pop("nothing")
    medians = {name: statistics.median(delays) for name, delays in taken.items()}
    worst = max(medians, key=lambda name: medians[name])
    return {
        "messages": len(medians),
        "rounds": rounds,
        "worst_ms": round(medians[worst], 3),
        "worst_message": worst,
        "median_ms": round(statistics.median(medians.values()), 3),
        "nothing_ms": round(statistics.median(alone), 3),
        "max_ms": round(max(max(delays) for delays in taken.values()), 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON in the last line")
    arguments = parser.parse_args()
    before = MachineTime.read()
    with claimed("bench", NUMBERS) as number, tempfile.TemporaryDirectory(prefix="bench-torture-") as folder:
        figures = asyncio.run(measure(arguments.rounds, number, Path(folder)))
    figures |= {
        "processors": processors(),
        "steal_percent": MachineTime.read().steal_percent_since(before),
    }
    print_table(f"torture ({processor_model()})", list(figures.items()))
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
