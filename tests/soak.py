"""Twenty thousand short calls in bad weather, and every door fuzzed; half an hour at most, and it stops by itself.

    python -m tests.soak [--calls 20000] [--per-s 20] [--limit-s 1080] [--fuzz-s 600]

The exit code is 0 when nothing was left over and nothing broke, and 1 also when there was no time for all calls.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from bench._measure import print_table, processor_model
from tests.bad_weather import MANNER, Weather, judge, judge_files, open_files, pass_through, terms
from tests.peers import peers
from tests.stand import stand

SEATS = 40


async def soak(weather: Weather, folder: Path) -> dict[str, object]:
    """The calls; AssertionError names what they left over."""
    async with stand(folder, terms(SEATS)) as here, peers(here, *[MANNER] * SEATS) as around:
        files = await open_files(here)
        made = await pass_through(here, around, weather)
        figures = await judge(here, SEATS, made)
        await judge_files(here, files)
        return {"calls_wanted": weather.calls, "calls_made": made, **figures}


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
    is_short = False
    if arguments.calls:
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            figures = asyncio.run(soak(weather, Path(folder)))
        print_table(f"calls in bad weather ({processor_model()})", list(figures.items()))
        is_short = figures["calls_made"] != weather.calls
        if is_short:
            print(f"fewer calls than asked for within {weather.limit_s:.0f} s", file=sys.stderr)
    if not arguments.fuzz_s:
        return int(is_short)
    words = [sys.executable, "-m", "tests.fuzz.soak", "--seconds", str(arguments.fuzz_s)]
    return subprocess.run(words, check=False).returncode or int(is_short)


if __name__ == "__main__":
    sys.exit(main())
