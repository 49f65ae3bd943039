"""A process that changes two documents together, over and over, and says which change was taken: to be killed."""

import asyncio
import sys
from pathlib import Path

from tests.softswitch.business.conftest import city_file, make_desk
from tests.softswitch.store.samples import open_store


async def change_for_ever(folder: Path) -> None:
    """Give an agent and a queue the same new name or length each time."""
    store = await open_store(folder)
    desk, _ = await make_desk(store, folder)
    await desk.open({})
    while True:
        number = desk.version + 1
        file = city_file()
        file["documents"]["agents"][0]["name"] = str(number)
        file["documents"]["queues"][0]["limit"] = number
        await desk.load(file, dry_run=False, expected=desk.version, by="changer", reason=str(number))
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(change_for_ever(Path(sys.argv[1])))
