"""Files that people upload: tables of customers, numbers and days, and sounds.

Every line is taken or told with its number and a reason; what was taken and is written out again reads as the same.
"""

import csv
import io
from collections.abc import Iterable

from media.g711 import FRAME_SAMPLES, SAMPLE_RATE_HZ
from media.prompts import PROMPT_MOST_S, UnusableSound, prompt_of
from softswitch.calendars.day_list import read_days
from softswitch.campaigns.numbers_file import COLUMNS_MOST, read_numbers
from softswitch.csv_text import decoded, written
from softswitch.customers.customer import Customer, CustomerField
from softswitch.customers.customer_file import Known, head, line_of, plan, read_rows
from tests.fuzz.scratch import scratch

AREA_CODE = "0510"
FIELDS = (
    CustomerField(id="village", name="村居"),
    CustomerField(id="kind", name="类别", choices=("个人", "企业")),
)
KNOWN = Known(
    customers={7: Customer(numbers=("13812345678",), name="王"), 8: Customer(numbers=("+861012345",))},
    owners={"13812345678": 7, "+861012345": 8},
)


def _rewritten(rows: Iterable[Iterable[str]]) -> str:
    return decoded(written(rows).encode())


def customer_file(data: bytes) -> None:
    """A table of customers: refused cell by cell, or customers that an export brings back just so."""
    rows, bad = read_rows(decoded(data), FIELDS)
    made = plan(rows, KNOWN, FIELDS, area_code=AREA_CODE, next_id=9)
    for cell in (*bad, *made.bad):
        assert cell.line >= 1
        assert cell.reason
    assert made.made + made.changed + made.unchanged == len(made.after)
    if bad or made.bad:
        return
    after = Known(
        customers=dict(made.after),
        owners={number: key for key, customer in made.after.items() for number in customer.numbers},
    )
    lines = [head(FIELDS), *(line_of(key, customer, FIELDS) for key, customer in made.after.items())]
    rows, bad = read_rows(_rewritten(lines), FIELDS)
    again = plan(rows, after, FIELDS, area_code=AREA_CODE, next_id=1000)
    assert not (bad or again.bad)
    assert (again.made, again.changed) == (0, 0)


def call_list(data: bytes) -> None:
    """Numbers to call: each once, in normal form, and none that is known already."""
    found = read_numbers(decoded(data), AREA_CODE, {"13900000000"}.__contains__)
    assert all(bad.line >= 1 and bad.reason for bad in found.bad_lines)
    numbers = [number for number, _ in found.numbers]
    assert len(set(numbers)) == len(numbers)
    assert "13900000000" not in numbers
    columns = sorted({name for _, cells in found.numbers for name in cells})
    assert len(columns) < COLUMNS_MOST
    lines = [["number", *columns]]
    lines += [[number, *(cells.get(name, "") for name in columns)] for number, cells in found.numbers]
    again = read_numbers(_rewritten(lines), AREA_CODE, lambda _: False)
    assert (again.numbers, again.bad_lines) == (found.numbers, [])


def day_file(data: bytes) -> None:
    """Holidays and make-up days: dates that exist, each once."""
    found = read_days(decoded(data))
    assert all(bad.line >= 1 and bad.reason for bad in found.bad_lines)
    target = io.StringIO(newline="")
    csv.writer(target).writerows(
        [["date", "kind", "name"], *([day.date, day.kind, day.name] for day in found.days)]
    )
    again = read_days(target.getvalue())
    assert (again.days, again.bad_lines) == (found.days, ())
    assert len({day.date for day in found.days}) == len(found.days)


def sound(data: bytes) -> None:
    """An uploaded sound: refused with a reason, or whole frames of no more than an announcement may have."""
    path = scratch("sound")
    path.write_bytes(data)
    try:
        samples = prompt_of(path)
    except UnusableSound:
        return
    assert samples.any()
    assert len(samples) % FRAME_SAMPLES == 0
    assert len(samples) <= (PROMPT_MOST_S + 1) * SAMPLE_RATE_HZ
