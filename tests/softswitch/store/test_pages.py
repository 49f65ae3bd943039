"""Parts of long lists, and what leads from one to the next."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from api.faults import Refused
from softswitch.store.pages import from_cursor, page_of, to_cursor


@given(st.floats(allow_nan=False, allow_infinity=False), st.text(st.characters(codec="utf-8")))
def test_a_cursor_leads_back(at: float, key: str) -> None:
    """For any time and id."""
    assert from_cursor(to_cursor(at, key)) == (at, key)


@given(st.text())
def test_any_text_as_cursor_is_read_or_refused(text: str) -> None:
    """Nothing else may come out of it."""
    with contextlib.suppress(Refused):
        from_cursor(text)


@given(st.lists(st.integers(), unique=True), st.integers(1, 10))
def test_whoever_follows_the_pages_sees_everything_once(entries: list[int], limit: int) -> None:
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        begin = 0 if cursor == "" else entries.index(int(cursor)) + 1
        page = page_of(entries[begin : begin + limit + 1], limit, str)
        assert len(page.items) <= limit
        seen += page.items
        cursor = page.next_cursor
    assert seen == entries
