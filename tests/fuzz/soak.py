"""Fuzzes every door for its share of the time, its start included, and stops by itself.

    python -m tests.fuzz.soak [--seconds 600] [--found var/fuzz] [TARGET …]

What is found goes to `--found`; the kept corpus only ever grows by hand.  The exit code is the number of targets that
broke, whose input lies there as `crash-…`.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.leash import LEASH
from tests.fuzz.doors import DOORS, seeds_of

LEAST_S = 1
SLACK_S = 240  # to start, to read the corpus, to end: at low priority beside other work each takes its time


def fuzz(target: str, seconds: int, found: Path) -> bool:
    """One target for its time; whether it held."""
    seeds = [str(folder) for folder in seeds_of(target)]
    words = ["-m", "tests.fuzz.fuzzer", target, str(seconds), str(found / target), *seeds]
    log = found / f"{target}.log"
    with log.open("wb") as sink, tempfile.TemporaryDirectory(prefix="fuzzer-") as scratch:
        try:
            code = subprocess.run(
                [*LEASH, sys.executable, *words],
                stdout=sink,
                stderr=sink,
                env=os.environ | {"TMPDIR": scratch},
                timeout=seconds + SLACK_S,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            code = -1
    text = log.read_text(errors="replace")
    executed = re.search(r"number_of_executed_units: (\d+)", text)
    runs = int(executed[1]) if executed else 0
    print(f"{target:<14} {runs:>9} runs  {'held' if code == 0 else f'BROKE ({code}), see {log}'}", flush=True)
    return code == 0


def main() -> int:
    """Fuzz and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(DOORS))
    parser.add_argument("--seconds", type=int, default=600, help="for all of them together")
    parser.add_argument("--found", type=Path, default=Path("var/fuzz"))
    arguments = parser.parse_args()
    targets = arguments.targets or list(DOORS)
    if unknown := set(targets) - set(DOORS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    arguments.found.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + arguments.seconds
    overhead_s = 0.0  # of the door before: to start, to read the corpus, to end
    broke = 0
    for left, target in zip(range(len(targets), 0, -1), targets, strict=True):
        began = time.monotonic()
        share = max(LEAST_S, int((ends - began) / left - overhead_s))
        broke += not fuzz(target, share, arguments.found)
        overhead_s = max(0.0, time.monotonic() - began - share)
    return broke


if __name__ == "__main__":
    sys.exit(main())
