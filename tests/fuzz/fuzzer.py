"""Looks for input that breaks a target, led by coverage (atheris), for a bounded time.

    python -m tests.fuzz.fuzzer TARGET SECONDS FOUND_DIR [CORPUS_DIR …]

New input is kept in FOUND_DIR; a breaking one as `crash-…` there, and the exit code is not 0.
"""

import logging
import sys
from pathlib import Path

import atheris
import structlog

from tests.fuzz.doors import LONGEST, target_of

LONGEST_RUN_S = 5
MOST_MEMORY_MB = 2048


def main() -> None:
    """Hand over to libFuzzer, which ends the process."""
    name, seconds, found, *corpus = sys.argv[1:]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    Path(found).mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-timeout={LONGEST_RUN_S}",
        f"-rss_limit_mb={MOST_MEMORY_MB}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    with atheris.instrument_imports(include=["softswitch", "api", "media", "config"]):
        target = target_of(name)
    atheris.Setup([sys.argv[0], *options, found, *corpus], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
