"""A process that changes something over and over, and is killed some moment after one of its changes was answered."""

import asyncio
import sys
from pathlib import Path


async def run_and_kill(module: str, folder: Path, after_s: float) -> int:
    """Returns the number of the last change that was answered; the process prints each."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, str(folder)), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        line = await child.stdout.readline()
        while line and not line.strip().isdigit():  # the log goes there too
            line = await child.stdout.readline()
        await asyncio.sleep(after_s)
    finally:
        child.kill()
        rest, _ = await child.communicate()
    return max(int(each) for each in (line, *rest.splitlines()) if each.strip().isdigit())
