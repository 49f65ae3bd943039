"""The table of customers: changed by one door, written before it is known, never two for one number."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from api.customer_views import ChangesQuery, CustomerBody, CustomersQuery
from api.faults import NotFound, Outdated, Refused
from api.schemas import InvalidRequest
from softswitch.customers.desk import CustomerDesk
from softswitch.store.rebuild import compare, rebuild
from tests.softswitch.customers.conftest import NOW, make_desk
from tests.softswitch.store.samples import open_store

LI = CustomerBody(numbers=("+86 138 1234 5678", "85551234"), name="李", level=5, fields={"village": "东村"})
WANG = CustomerBody(numbers=("13900000000",), name="王小二")
BY: dict[str, Any] = {"by": "2001"}
WHO: dict[str, Any] = {"by": "2001", "reason": "test"}


def csv(*lines: str) -> bytes:
    """A file."""
    return "\n".join(lines).encode("gb18030")


async def test_a_customer_is_found_by_any_writing_of_a_number_and_by_a_part_of_the_name(
    desk: CustomerDesk,
) -> None:
    made = await desk.make(LI, **BY)
    await desk.make(WANG, **BY)
    assert (made.customer_id, made.version, made.changed_at, made.changed_by) == (1, 1, NOW, "2001")
    assert made.numbers == ("13812345678", "051085551234")
    for number in ("0510-85551234", "+8613812345678"):
        assert (await desk.list(CustomersQuery(number=number))).items == (made,)
        assert await desk.of_number(number) == made
    assert [one.name for one in (await desk.list(CustomersQuery(name="小"))).items] == ["王小二"]
    assert await desk.of_number("13700000000") is None
    assert await desk.of_number("") is None
    first = await desk.list(CustomersQuery(limit=1))
    assert [one.customer_id for one in first.items] == [1]
    rest = await desk.list(CustomersQuery(limit=1, cursor=first.next_cursor or ""))
    assert ([one.customer_id for one in rest.items], rest.next_cursor) == ([2], None)
    with pytest.raises(Refused):
        await desk.list(CustomersQuery(cursor="x"))


async def test_the_level_is_known_to_calls_as_long_as_the_customer_has_it(
    desk: CustomerDesk, tmp_path: Path
) -> None:
    """Through changes, removal and a restart."""
    await desk.make(LI, **BY)
    assert (desk.level_of("13812345678"), desk.level_of("051085551234")) == (5, 5)
    assert desk.level_of("13900000000") == 0
    await desk.put(1, CustomerBody(numbers=("13700000000",), level=-3), expected=1, **BY)
    assert (desk.level_of("13812345678"), desk.level_of("13700000000")) == (0, -3)
    again, reader = await make_desk(desk._store, tmp_path)
    assert (again.level_of("13812345678"), again.level_of("13700000000")) == (0, -3)
    await reader.close()
    await desk.remove(1, expected=2, **BY)
    assert desk.level_of("13700000000") == 0


async def test_two_who_change_the_same_customer_the_second_is_told(desk: CustomerDesk) -> None:
    await desk.make(LI, **BY)
    results = await asyncio.gather(
        *(
            desk.put(1, CustomerBody(numbers=("13812345678",), name=str(n)), expected=1, **BY)
            for n in range(5)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Outdated) for result in results) == 4
    with pytest.raises(Outdated):
        await desk.remove(1, expected=1, **BY)
    with pytest.raises(Outdated):
        await desk.put(1, WANG, expected=None, **BY)


async def test_a_number_belongs_to_one_customer(desk: CustomerDesk) -> None:
    await desk.make(LI, **BY)
    with pytest.raises(InvalidRequest) as refused:
        await desk.make(CustomerBody(numbers=("13812345678", "no", ""), level=5000), **BY)
    assert [fault.field for fault in refused.value.faults] == ["numbers", "numbers", "level", "numbers"]
    assert all(" / " in fault.detail for fault in refused.value.faults)
    with pytest.raises(InvalidRequest) as refused:
        await desk.make(CustomerBody(numbers=("13700000000",), fields={"shoe": "43", "kind": "机关"}), **BY)
    assert [fault.field for fault in refused.value.faults] == ["fields.shoe", "fields.kind"]
    assert (await desk.list(CustomersQuery())).items == (await desk.get(1),)


async def test_what_a_customer_was_is_listed_and_brought_back(desk: CustomerDesk) -> None:
    """Even one who was removed; ids are never given twice."""
    made = await desk.make(LI, **BY)
    await desk.put(1, WANG, expected=1, **BY)
    await desk.remove(1, expected=2, **BY)
    assert (await desk.make(CustomerBody(numbers=("13700000000",)), **BY)).customer_id == 2
    history = await desk.versions(1, ChangesQuery())
    assert [(one.version, one.customer and one.customer.name) for one in history.items] == [
        (3, None),
        (2, "王小二"),
        (1, "李"),
    ]
    back = await desk.restore(1, 1, expected=None, **WHO)
    assert (back.version, back.name, back.numbers) == (5, made.name, made.numbers)
    with pytest.raises(Outdated):
        await desk.restore(1, 2, expected=1, **WHO)
    for wrong in (3, 4, 99):
        with pytest.raises(NotFound):
            await desk.restore(1, wrong, expected=5, **WHO)
    with pytest.raises(NotFound):
        await desk.versions(9, ChangesQuery())


async def test_a_file_is_tried_taken_and_taken_back_as_a_whole(desk: CustomerDesk) -> None:
    await desk.make(LI, **BY)
    told: list[tuple[str, dict[str, Any]]] = []
    desk.publish = lambda kind, fields: told.append((kind, fields))
    file = csv("号码,姓名,级别", "13812345678,李四,1", "13700000000,赵,2", "13700000001,钱,")
    tried = await desk.load(file, dry_run=True, expected=None, **WHO)
    assert (tried.made, tried.changed, tried.taken, tried.bad_cells) == (2, 1, False, ())
    done = await desk.load(file, dry_run=False, expected=None, **WHO)
    assert (done.taken, done.version, desk.level_of("13700000000")) == (True, 2, 2)
    assert told == [("customers.changed", {"version": 2, "by": "2001", "reason": "test"})]
    again = await desk.load(file, dry_run=False, expected=None, **WHO)
    assert (again.unchanged, again.taken, again.version) == (3, False, 2)
    assert [(one.version, one.customers) for one in (await desk.changes(ChangesQuery())).items] == [
        (2, 3),
        (1, 1),
    ]
    undone = await desk.undo(2, **WHO)
    assert (undone.version, undone.customers, desk.level_of("13700000000")) == (3, 3, 0)
    assert [one.name for one in (await desk.list(CustomersQuery())).items] == ["李"]
    assert (await desk.get(1)).level == 5
    with pytest.raises(Outdated):
        await desk.undo(2, **WHO)
    with pytest.raises(NotFound):
        await desk.undo(9, **WHO)


async def test_one_bad_cell_keeps_the_whole_file_out(desk: CustomerDesk) -> None:
    refused = await desk.load(
        csv("numbers,level", "13700000000,1", "x,1"), dry_run=False, expected=None, **WHO
    )
    assert (refused.taken, [(bad.line, bad.column) for bad in refused.bad_cells]) == (False, [(3, "numbers")])
    assert (await desk.list(CustomersQuery())).items == ()


async def test_what_is_exported_can_be_imported_and_changes_nothing(desk: CustomerDesk) -> None:
    lines = [f"1380000{number:04d},人{number},{number % 3}" for number in range(1201)]
    assert (
        await desk.load(csv("numbers,name,level", *lines), dry_run=False, expected=None, **WHO)
    ).made == 1201
    text = "".join([piece async for piece in desk.export()])
    assert (text[0], text.count("\ufeff"), text.count("\n")) == ("\ufeff", 1, 1202)
    same = await desk.load(text.encode(), dry_run=False, expected=None, **WHO)
    assert (same.unchanged, same.bad_cells, same.taken) == (1201, (), False)


async def test_the_journal_gives_the_same_tables_again(tmp_path: Path) -> None:
    """Also when several changes of one customer are folded at once."""
    store = await open_store(tmp_path)
    desk, reader = await make_desk(store, tmp_path)
    await desk.make(LI, **BY)
    await desk.make(WANG, **BY)
    await desk.put(1, CustomerBody(numbers=("13700000000",)), expected=1, **BY)
    await desk.put(2, CustomerBody(numbers=("13812345678",)), expected=2, **BY)
    await desk.remove(1, expected=3, **BY)
    await reader.close()
    await store.close()
    path = tmp_path / "hotline.db"
    assert await asyncio.to_thread(compare, path) == ()
    await asyncio.to_thread(rebuild, path)
    assert await asyncio.to_thread(compare, path) == ()
