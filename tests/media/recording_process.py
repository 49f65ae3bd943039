"""A process that records in real time until it is killed, or that runs out of disk: `python -m ... MODE FOLDER`.

`talk`: three recordings, a frame of each every 20 ms, and a line with the frames written so far after each tick.
`full`: files may hold 40,000 bytes; three seconds are written, then the limit is lifted, then three more; events
are printed as JSON.  `stuck`: as `full`, but the limit stays.
"""

import dataclasses
import functools
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from media.recorder import RecordingSet

LIMIT_BYTES = 40_000
RAMP = np.arange(160, dtype=np.uint8)


def talk(folder: Path) -> None:
    """Record in step with the clock."""
    recordings = RecordingSet(sync_interval_s=5.0)
    rows = np.array([recordings.open(f"r{n}", "call", str(folder / f"r{n}.wav"), 0.0) for n in range(3)])
    left = np.tile(RAMP, (3, 1))
    begun = time.monotonic()
    for tick in range(3000):
        recordings.write(rows, left, left + 1)
        sys.stdout.write(f"{tick + 1}\n")
        sys.stdout.flush()
        time.sleep(max(0.0, begun + (tick + 1) * 0.02 - time.monotonic()))


def full(folder: Path, *, for_ever: bool = False) -> None:
    """Run into the limit, and out of it again unless it is for ever."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, resource.RLIM_INFINITY))
    recordings = RecordingSet(sync_interval_s=0.05)
    row = np.array([recordings.open("r", "call", str(folder / "r.wav"), 0.0)])
    for block in range(12):
        if block == 6 and not for_ever:
            time.sleep(0.3)
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        for _ in range(25):
            recordings.write(row, RAMP[np.newaxis], RAMP[np.newaxis])
        time.sleep(0.02)
    recordings.finish()
    for event in recordings.take_events():
        sys.stdout.write(json.dumps({"event": type(event).__name__, **dataclasses.asdict(event)}) + "\n")


if __name__ == "__main__":
    modes: dict[str, Callable[[Path], None]] = {
        "talk": talk,
        "full": full,
        "stuck": functools.partial(full, for_ever=True),
    }
    modes[sys.argv[1]](Path(sys.argv[2]))
