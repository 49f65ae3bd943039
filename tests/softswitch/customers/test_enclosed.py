"""Customers as a part of the business file: out and in again is no change, and every bad cell has its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.customers.customer import Customer
from softswitch.customers.enclosed import LINES_MOST, enclosed, replacement
from tests.softswitch.customers.conftest import AREA_CODE, FIELDS

LI = Customer(
    name="李", numbers=("13812345678", "051085551234"), level=5, notes="=1+1\n '二' ", fields={"kind": "企业"}
)
WANG = Customer(numbers=("13700000000",), address=" 村口,第一家", level=-3)
TABLE = {1: LI, 7: WANG}

texts = st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\t\r\n"), max_size=30)
customers = st.dictionaries(
    st.integers(1, 10**9),
    st.builds(
        Customer,
        name=texts,
        numbers=st.integers(10**10, 2 * 10**10 - 1).map(lambda number: (str(number),)),
        level=st.integers(-1000, 1000),
        address=texts,
        unit=texts,
        notes=texts,
        fields=st.dictionaries(st.just("village"), texts.filter(bool)),
    ),
    max_size=4,
)


@settings(max_examples=40, deadline=None)
@given(customers)
def test_what_goes_out_and_comes_in_is_no_change(table: dict[int, Customer]) -> None:
    """Whatever is written in it: no cell is trimmed or guarded."""
    found = replacement(enclosed(table, FIELDS), table, FIELDS, area_code="", next_id=1)
    held = [number for customer in table.values() for number in customer.numbers]
    if len(set(held)) == len(held):
        assert (found.bad, found.changes, found.unchanged) == ((), {}, len(table))
    else:
        assert {cell.column for cell in found.bad} == {"numbers"}


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from('numbers,customer_id\n\r"\0 1３\ud800'), max_size=60))
def test_whatever_stands_there_is_read_or_told(text: str) -> None:
    """Nothing is taken of what is bad, and nothing raises."""
    for tried in (text, f"customer_id,numbers\n{text}"):
        found = replacement(tried, TABLE, FIELDS, area_code=AREA_CODE, next_id=8)
        assert not (found.bad and found.changes)


def test_the_table_becomes_what_the_text_says() -> None:
    """Who is not in it goes; who has no number of their own is somebody new."""
    text = "customer_id,numbers,name\n7,13700000000,王\n,13900000000,赵\n9,13900000001,钱\n"
    found = replacement(text, TABLE, FIELDS, area_code=AREA_CODE, next_id=8)
    assert (found.made, found.changed, found.removed, found.unchanged) == (2, 1, 1, 0)
    assert found.changes == {
        1: None,
        7: Customer(numbers=("13700000000",), name="王"),
        9: Customer(numbers=("13900000001",), name="钱"),
        10: Customer(numbers=("13900000000",), name="赵"),
    }


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (7, ["customers[1]"]),
        ("name\n李\n", ["customers[1].numbers"]),
        ("customer_id,numbers,shoe\n", ["customers[1].shoe"]),
        (
            "customer_id,numbers\n0,13700000000\nx,13700000001\n",
            [f"customers[{line}].customer_id" for line in (2, 3)],
        ),
        ("customer_id,numbers\n1,13700000000\n1,13700000001\n", ["customers[3].customer_id"]),
        ("customer_id,numbers\n1,13700000000\n2,13700000000\n", ["customers[3].numbers"]),
        (
            "numbers,level,kind\nx,y,z\n",
            ["customers[2].numbers", "customers[2].fields.kind", "customers[2].level"],
        ),
        ("numbers\n" + "1" * 200_000 + "\n", ["customers[2]"]),
        ("numbers\n" + "\n" * LINES_MOST, [f"customers[{LINES_MOST + 1}]"]),
    ],
)
def test_every_bad_cell_is_told_and_nothing_changes(text: object, places: list[str]) -> None:
    found = replacement(text, TABLE, FIELDS, area_code=AREA_CODE, next_id=8)
    assert found.changes == {}
    assert [fault.path for fault in found.faults] == places
