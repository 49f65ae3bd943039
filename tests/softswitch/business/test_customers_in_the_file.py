"""The business file carries the customers: whole on another machine, tried before it is taken, on the disk as one."""

import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.customer_views import ChangesQuery, CustomerBody, CustomersQuery
from api.faults import Outdated
from api.schemas import InvalidRequest
from softswitch.business.desk import BusinessDesk
from softswitch.business.seed import from_file
from softswitch.customers.desk import CustomerDesk
from softswitch.store.customers import StoredCustomers
from tests.softswitch.business.conftest import NOW, city_file, make_desk
from tests.softswitch.store.samples import open_store

WHO: dict[str, Any] = {"by": "2001", "reason": "test"}
LI = CustomerBody(name="李", numbers=("13812345678",), level=5, notes=" 一\n二")


async def city(stack: AsyncExitStack, folder: Path) -> tuple[BusinessDesk, CustomerDesk]:
    """The example city and its customers, on a machine of its own."""
    folder.mkdir()
    store = await open_store(folder)
    stack.push_async_callback(store.close)
    desk, reader = await make_desk(store, folder)
    stack.push_async_callback(reader.close)
    await desk.open(from_file(city_file()))
    customers = CustomerDesk(
        store, StoredCustomers(reader), lambda: desk.business.fields, area_code="0510", wall=lambda: NOW
    )
    await customers.open()
    desk.customers = customers
    return desk, customers


Cities = tuple[tuple[BusinessDesk, CustomerDesk], tuple[BusinessDesk, CustomerDesk]]


@pytest.fixture
async def cities(tmp_path: Path) -> AsyncIterator[Cities]:
    """One that knows a customer, and another that has never heard of anybody."""
    async with AsyncExitStack() as stack:
        one, other = await city(stack, tmp_path / "one"), await city(stack, tmp_path / "other")
        await one[1].make(LI, by="2001")
        yield one, other


async def names(customers: CustomerDesk) -> list[str]:
    """Who is in the table."""
    return [one.name for one in (await customers.list(CustomersQuery())).items]


async def test_a_business_with_its_customers_is_whole_on_another_machine(cities: Cities) -> None:
    (one, _), (other, there) = cities
    await one.put("fields", "hamlet", {"id": "hamlet", "name": "村组"}, expected=None, **WHO)
    file = await one.export()
    tried = await other.load(copy.deepcopy(file), dry_run=True, expected=None, **WHO)
    assert tried.customers is not None
    assert (tried.customers.made, tried.customers.version, await names(there)) == (1, 0, [])
    await other.load(file, dry_run=False, expected=None, **WHO)
    assert await other.export() == file
    assert ((await there.get(1)).notes, there.level_of("13812345678")) == (LI.notes, 5)
    [change] = (await there.changes(ChangesQuery())).items
    assert (change.by, change.reason, change.customers) == ("2001", "test", 1)
    again = await other.load(file, dry_run=False, expected=None, **WHO)
    assert again.customers is not None
    assert (again.version, again.changes, again.customers.version, again.customers.unchanged) == (2, (), 1, 1)


async def test_who_is_not_in_the_file_goes_and_comes_back_with_undo(cities: Cities) -> None:
    """The documents are the same: the customers alone have a new version."""
    (one, here), _ = cities
    file = await one.export() | {"customers": "numbers,name\n13700000000,王\n"}
    done = await one.load(file, dry_run=False, expected=1, expected_customers=1, **WHO)
    assert done.customers is not None
    assert (done.version, done.customers.version, done.customers.made, done.customers.removed) == (1, 2, 1, 1)
    assert (await names(here), here.level_of("13812345678")) == (["王"], 0)
    await here.undo(2, **WHO)
    assert (await names(here), here.level_of("13812345678")) == (["李"], 5)


async def test_a_file_that_says_nothing_of_customers_leaves_them(cities: Cities) -> None:
    (one, here), _ = cities
    done = await one.load(city_file(), dry_run=False, expected=None, **WHO)
    assert (done.customers, await names(here)) == (None, ["李"])


async def test_two_administrators_at_once_the_second_is_told(cities: Cities) -> None:
    """Who changes a customer after the look at the file loses nothing by it."""
    (one, here), _ = cities
    file = await one.export()
    file["documents"]["agents"][0]["name"] = "新人"
    tried = await one.load(copy.deepcopy(file), dry_run=True, expected=None, **WHO)
    assert tried.customers is not None
    await here.put(1, CustomerBody(name="李四", numbers=LI.numbers), expected=1, by="2002")
    with pytest.raises(Outdated):
        await one.load(file, dry_run=False, expected=1, expected_customers=tried.customers.version, **WHO)
    assert (one.version, await names(here)) == (1, ["李四"])


async def test_a_bad_line_keeps_everything_out(cities: Cities) -> None:
    """In a dry run too; a column that comes with the same file is no fault."""
    (one, here), _ = cities
    file = await one.export()
    file["documents"]["agents"][0]["name"] = "新人"
    file["documents"]["fields"] = [{"id": "village", "name": "村居"}]
    file["customers"] = "customer_id,numbers,village\n1,13812345678,东村\n2,x,\n1,13700000000,\n"
    for dry_run in (True, False):
        with pytest.raises(InvalidRequest) as refused:
            await one.load(copy.deepcopy(file), dry_run=dry_run, expected=None, **WHO)
        assert [fault.field for fault in refused.value.faults] == [
            "customers[3].numbers",
            "customers[4].customer_id",
        ]
    assert (one.version, await names(here)) == (1, ["李"])


async def test_a_field_goes_only_once_no_customer_has_a_value_in_it(cities: Cities) -> None:
    """Removed by hand, by a file or by a roll-back: refused with how many have one, and nothing of theirs is lost."""
    (one, here), _ = cities
    await one.put("fields", "hamlet", {"id": "hamlet", "name": "村组"}, expected=None, **WHO)
    await here.put(1, replace(LI, fields={"hamlet": "三组"}), expected=1, by="2001")
    for number in ("13700000001", "13700000002"):
        await here.make(CustomerBody(name="王", numbers=(number,), fields={"hamlet": "四组"}), by="2001")
    without = city_file()
    ways: tuple[Callable[[], Awaitable[Any]], ...] = (
        lambda: one.remove("fields", "hamlet", expected=2, **WHO),
        lambda: one.load(copy.deepcopy(without), dry_run=False, expected=2, **WHO),
        lambda: one.load(copy.deepcopy(without), dry_run=True, expected=None, **WHO),
        lambda: one.restore(1, expected=2, **WHO),
    )
    for way in ways:
        with pytest.raises(InvalidRequest) as refused:
            await way()
        [fault] = refused.value.faults
        assert fault.field == "fields.hamlet"
        assert "3 位客户填有此字段" in fault.detail
        assert " / 3 customers have a value in this field" in fault.detail
    assert (one.version, "三组" in (await one.export())["customers"]) == (2, True)
    emptied = b"numbers,hamlet\n13812345678,\n13700000001,\n13700000002,\n"
    await here.load(emptied, dry_run=False, expected=here.version, **WHO)
    await one.remove("fields", "hamlet", expected=2, **WHO)
    assert (one.version, await names(here)) == (3, ["李", "王", "王"])


async def test_a_file_that_takes_field_and_values_away_together_is_taken(cities: Cities) -> None:
    """It says of every customer what is left."""
    (one, here), _ = cities
    await one.put("fields", "hamlet", {"id": "hamlet"}, expected=None, **WHO)
    await here.put(1, replace(LI, fields={"hamlet": "三组"}), expected=1, by="2001")
    file = city_file() | {"customers": "customer_id,numbers,name\n1,13812345678,李\n"}
    done = await one.load(file, dry_run=False, expected=2, expected_customers=2, **WHO)
    assert done.customers is not None
    assert (done.version, done.customers.changed, (await here.get(1)).fields) == (3, 1, {})
