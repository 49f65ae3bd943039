"""Customers from a CSV file: whom each line means, and every cell that cannot be used."""

from hypothesis import given
from hypothesis import strategies as st

from softswitch.csv_text import written
from softswitch.customers.customer import Customer, wrongs_of
from softswitch.customers.customer_file import (
    LINES_MOST,
    BadCell,
    Known,
    Plan,
    head,
    line_of,
    plan,
    read_rows,
)
from tests.softswitch.customers.conftest import AREA_CODE, FIELDS

LI = Customer(
    name="李", numbers=("13812345678", "051085551234"), level=5, notes="老客户", fields={"village": "东村"}
)
KNOWN = Known(
    customers={7: LI, 8: Customer(name="王", numbers=("13900000000",))},
    owners={"13812345678": 7, "051085551234": 7, "13900000000": 8},
)
NOBODY = Known(customers={}, owners={})


def planned(text: str, known: Known = KNOWN) -> Plan:
    """What a text would do; its unreadable cells stand before the bad ones."""
    rows, bad = read_rows(text, FIELDS)
    made = plan(rows, known, FIELDS, area_code=AREA_CODE, next_id=9)
    made.bad[:0] = bad
    return made


def places(made: Plan) -> list[tuple[int, str]]:
    """Line and column of each bad cell; each is told in both languages."""
    assert all(" / " in cell.reason for cell in made.bad)
    return [(cell.line, cell.column) for cell in made.bad]


def test_a_line_is_about_whoever_has_its_number_or_about_somebody_new() -> None:
    """Numbers in any writing; columns that the file does not name stay as they are."""
    made = planned("号码,姓名,村居\n+86 138-1234-5678;85551234,李四,西村\n86000001,新人,\n")
    assert (made.changed, made.made, made.bad) == (1, 1, [])
    assert made.after[7] == Customer(
        name="李四", numbers=LI.numbers, level=5, notes="老客户", fields={"village": "西村"}
    )
    assert made.after[9] == Customer(name="新人", numbers=("051086000001",))


def test_every_bad_cell_is_told_with_line_column_and_rule() -> None:
    text = (
        "customer_id,numbers,name,level,类别\n"
        "99,13700000000,甲,0,\n"  # no such customer
        ",13812345678;13900000000,乙,0,\n"  # of two customers
        ",abc,丙,many,机关\n"  # no number, no level, no such choice
        ",,丁,1001,\n"  # none at all, and too high
        f",13700000001,{'长' * 61},0,\n"
        ",13700000002,戊,0,个人,x\n"  # one cell too many
    )
    assert places(planned(text)) == [
        (7, ""),
        (2, "customer_id"),
        (3, "numbers"),
        (4, "level"),
        (4, "numbers"),
        (4, "fields.kind"),
        (5, "numbers"),
        (5, "level"),
        (6, "name"),
    ]


def test_a_level_has_one_sign_at_most() -> None:
    """Two are a bad cell, as any word is."""
    made = planned("numbers,level\n13700000000,+7\n13700000001,-5\n13700000002,-+2\n13700000003,-\n")
    assert [customer.level for customer in made.after.values()] == [7, -5]
    assert places(made) == [(4, "level"), (5, "level")]


def test_nobody_has_another_ones_number_when_all_lines_are_taken() -> None:
    taken = planned("customer_id,numbers\n8,13900000000;13812345678\n")
    assert taken.bad == [
        BadCell(2, "numbers", "13812345678", "号码已属客户 7 / the number belongs to customer 7 already")
    ]
    handed_over = planned("customer_id,numbers\n8,13900000000;13812345678\n7,051085551234\n")
    assert (handed_over.bad, handed_over.changed) == ([], 2)
    assert places(planned("numbers\n13700000000\n13700000000\n")) == [(3, "numbers")]
    assert places(planned("numbers\n13900000000\n13900000000\n")) == [(3, "numbers")]


def test_a_first_line_that_names_no_numbers_or_an_unknown_column_is_refused() -> None:
    assert places(planned("name\n李\n")) == [(1, "numbers")]
    assert places(planned("numbers,shoe\n1,2\n")) == [(1, "shoe")]
    assert places(planned("numbers,name,姓名\n1,2,3\n")) == [(1, "姓名")]
    assert places(planned("")) == [(1, "numbers")]


def test_a_file_without_end_ends() -> None:
    full = planned("numbers\n" + "\n".join(f"138{n:08d}" for n in range(LINES_MOST - 1)), NOBODY)
    assert (full.made, full.bad) == (LINES_MOST - 1, [])
    made = planned("numbers\n" + "12345\n" * (LINES_MOST + 50), NOBODY)
    assert str(LINES_MOST) in made.bad[0].reason


def test_what_is_written_is_read_again_and_no_cell_is_a_formula() -> None:
    """A number abroad begins with a plus, a note with an equals sign: a spreadsheet would reckon."""
    customer = Customer(name="=1+1", numbers=("+12125550100",), notes='-a\nb,"c"', fields={"kind": "企业"})
    text = written([head(FIELDS), line_of(7, customer, FIELDS)])
    assert "\n7,'+12125550100,'=1+1," in text.replace("\r", "")
    rows, bad = read_rows(text.removeprefix("\ufeff"), FIELDS)
    assert bad == []
    made = plan(rows, Known(customers={7: LI}, owners={}), FIELDS, area_code=AREA_CODE, next_id=9)
    assert (made.after, made.bad) == ({7: customer}, [])


@given(st.lists(st.lists(st.text(max_size=8), min_size=1, max_size=4), max_size=6))
def test_no_cells_break_the_reader_and_what_is_taken_is_right(cells: list[list[str]]) -> None:
    """Nobody is taken who could not be entered by hand."""
    made = planned(written([["numbers", "name", "level", "village"], *cells]).removeprefix("\ufeff"))
    assert not [wrong for customer in made.after.values() for wrong in wrongs_of(customer, FIELDS)]
    assert made.made + made.changed + made.unchanged == len(made.after)
