"""The tables of customers as they follow from the journal, in SQL: a file of thousands costs control's loop nothing.

Each change is carried out alone and in order, so that folding the whole journal gives the same rows again.  What is no
JSON changes nothing.
"""

from collections.abc import Iterator
from typing import Final

from softswitch.store.entries import CustomersChanged

TABLES: Final = ("customers", "customer_numbers", "customer_versions")

_GIVEN: Final = "json_each(CASE WHEN json_valid(?1) THEN ?1 ELSE '[]' END) AS one"
_IDS: Final = f"SELECT json_extract(one.value, '$[0]') FROM {_GIVEN}"
_FORGET_NUMBERS: Final = f"DELETE FROM customer_numbers WHERE customer_id IN ({_IDS})"
_FORGET: Final = f"DELETE FROM customers WHERE customer_id IN ({_IDS})"
_REMEMBER: Final = f"""INSERT OR REPLACE INTO customer_versions
    SELECT json_extract(one.value, '$[0]'), ?2, ?3, ?4, ?5, json_extract(one.value, '$[1]') FROM {_GIVEN}"""
_KNOW: Final = f"""INSERT INTO customers
    SELECT json_extract(one.value, '$[0]'), ?2, ?3, ?4, json_extract(one.value, '$[1].name'),
        json_extract(one.value, '$[1].level'), json_extract(one.value, '$[1]')
    FROM {_GIVEN} WHERE json_type(one.value, '$[1]') = 'object'"""
_KNOW_NUMBERS: Final = f"""INSERT OR REPLACE INTO customer_numbers
    SELECT number.value, json_extract(one.value, '$[0]')
    FROM {_GIVEN}, json_each(one.value, '$[1].numbers') AS number"""


def statements(entry: CustomersChanged) -> Iterator[tuple[str, list[tuple[str | int | float, ...]]]]:
    """What one change does, as SQL for `executemany`."""
    yield _FORGET_NUMBERS, [(entry.changes,)]
    yield _FORGET, [(entry.changes,)]
    yield _REMEMBER, [(entry.changes, entry.version, entry.at, entry.by, entry.reason)]
    yield _KNOW, [(entry.changes, entry.version, entry.at, entry.by)]
    yield _KNOW_NUMBERS, [(entry.changes,)]
