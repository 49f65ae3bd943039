"""A process that imports a file of customers over and over, each time with another level for all: to be killed."""

import asyncio
import sys
from pathlib import Path

from tests.softswitch.customers.conftest import make_desk
from tests.softswitch.store.samples import open_store

CUSTOMERS = 300


async def import_for_ever(folder: Path) -> None:
    """Say the version of each file that was taken."""
    store = await open_store(folder)
    desk, _ = await make_desk(store, folder)
    for level in range(1, 1000):
        lines = [f"1380000{number:04d},{level}" for number in range(CUSTOMERS)]
        file = "\n".join(("numbers,level", *lines)).encode()
        shown = await desk.load(file, dry_run=False, expected=None, by="importer", reason=str(level))
        if shown.taken:
            print(shown.version, flush=True)


if __name__ == "__main__":
    asyncio.run(import_for_ever(Path(sys.argv[1])))
