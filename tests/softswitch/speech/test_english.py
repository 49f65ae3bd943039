"""Values as an English speaker reads them."""

import pytest

from softswitch.flows.spoken import prompts_of


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("number/en:0", "zero"),
        ("number/en:305", "three hundred and five"),
        ("number/en:1001", "one thousand and one"),
        ("number/en:21000100", "twenty-one million one hundred"),
        ("number/en:-3.05", "minus three point zero five"),
        ("digits/en:12-3", "one, two, three"),
        ("amount/en:305.20", "three hundred and five yuan and twenty fen"),
        ("amount/en:-0.05", "minus five fen"),
        ("amount/en:0", "zero yuan"),
        ("date/en:2026-11-28", "November twenty-eighth, twenty twenty-six"),
        ("date/en:2005-01-01", "January first, two thousand and five"),
        ("date/en:1900-02-12", "February twelfth, nineteen hundred"),
        ("date/en:1907-05-20", "May twentieth, nineteen oh seven"),
        ("date/en:2026-12-31", "December thirty-first, twenty twenty-six"),
        ("time/en:02:05", "two oh five a.m."),
        ("time/en:14:00", "two p.m."),
        ("time/en:00:30", "twelve thirty a.m."),
        ("time/en:12:15", "twelve fifteen p.m."),
    ],
)
def test_values_are_read_as_people_read_them(item: str, text: str) -> None:
    """A voice speaks the text."""
    assert prompts_of((item,), {}) == (f"text/en:{text}",)


def test_what_is_no_value_is_not_said() -> None:
    """Nothing is left for the voice."""
    assert prompts_of(("date/en:{day}", "amount/en:x", "digits/en:-"), {}) == ()
