"""Twenty thousand short calls in bad weather, and every door fuzzed; half an hour at most, and it stops by itself.

    python -m tests.soak [--calls 20000] [--per-s 20] [--limit-s 1080] [--fuzz-s 600]

The exit code is 0 when nothing was left over and nothing broke.  Calls for which there was no time are said so.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from bench._measure import print_table, processor_model
from tests.bad_weather import MANNER, Weather, judge, pass_through, terms
from tests.peers import peers
from tests.stand import stand

SEATS = 40


async def soak(weather: Weather, folder: Path) -> dict[str, object]:
    """The calls; AssertionError names what they left over."""
    async with stand(folder, terms(SEATS)) as here, peers(here, *[MANNER] * SEATS) as around:
        made = await pass_through(here, around, weather)
        return {"calls_wanted": weather.calls, **await judge(here, SEATS, made)}


def main() -> int:
    """Calls first, then the fuzzer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--per-s", type=float, default=20.0, help="calls a second")
    parser.add_argument("--limit-s", type=float, default=1080.0, help="for the calls")
    parser.add_argument("--fuzz-s", type=int, default=600, help="for the fuzzer, 0 = none")
    arguments = parser.parse_args()
    weather = Weather(
        calls=arguments.calls,
        per_s=arguments.per_s,
        limit_s=arguments.limit_s,
        calls_a_cell=200,
        calls_a_phone=320,
    )
    if arguments.calls:
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            figures = asyncio.run(soak(weather, Path(folder)))
        print_table(f"calls in bad weather ({processor_model()})", list(figures.items()))
    if not arguments.fuzz_s:
        return 0
    words = [sys.executable, "-m", "tests.fuzz.soak", "--seconds", str(arguments.fuzz_s)]
    return subprocess.run(words, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
