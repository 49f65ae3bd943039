"""The drawings of states in docs/ are those of the tables that the product runs by."""

from pathlib import Path

from acd.contact_state import CONTACT_TRANSITIONS
from softswitch.calls.call import CALL_TRANSITIONS
from softswitch.state_diagrams import state_diagrams

PAGE = Path(__file__).parents[2] / "docs" / "states.md"


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == state_diagrams(), (
        "stale: python -m softswitch states > docs/states.md"
    )


def test_every_way_of_a_table_is_an_arrow() -> None:
    page = state_diagrams()
    for before, ways in CONTACT_TRANSITIONS.items():
        for trigger, after in ways.items():
            [line] = [one for one in page.splitlines() if one.startswith(f"  {before} --> {after}:")]
            assert trigger in line
    for state, following in CALL_TRANSITIONS.items():
        assert all(f"  {state} --> {after}\n" in page for after in following)
