"""A process that changes two documents and a customer together, over and over, and says which change was taken: to be killed."""

import asyncio
import sys
from pathlib import Path

from softswitch.customers.desk import CustomerDesk
from softswitch.store.customers import StoredCustomers
from tests.softswitch.business.conftest import NOW, city_file, make_desk
from tests.softswitch.store.samples import open_store


async def change_for_ever(folder: Path) -> None:
    """Give an agent, a queue and a customer the same new name or length each time."""
    store = await open_store(folder)
    desk, reader = await make_desk(store, folder)
    await desk.open({})
    desk.customers = CustomerDesk(
        store, StoredCustomers(reader), lambda: desk.business.fields, area_code="0510", wall=lambda: NOW
    )
    await desk.customers.open()
    while True:
        number = desk.version + 1
        file = city_file()
        file["documents"]["agents"][0]["name"] = str(number)
        file["documents"]["queues"][0]["limit"] = number
        file["customers"] = f"numbers,name\n13800000000,{number}\n"
        await desk.load(file, dry_run=False, expected=desk.version, by="changer", reason=str(number))
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(change_for_ever(Path(sys.argv[1])))
