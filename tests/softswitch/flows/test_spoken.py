"""What a node says: prompts, values and texts, filled in with attached data."""

import pytest
from yarl import URL

from softswitch.flows.spoken import filled_url, prompts_of


def test_prompts_values_and_texts_stand_in_the_order_in_which_they_are_said() -> None:
    """Values come from attached data."""
    data = {"n": "12", "due": "2026-01-02", "fee": "0.5", "at": "09:05"}
    assert prompts_of(("welcome", "number:{n}", "date:{due}", "amount:{fee}", "time:{at}"), data) == (
        *("welcome", "n_10", "n_2"),
        *("n_2", "n_0", "n_2", "n_6", "unit_year", "n_1", "unit_month", "n_2", "unit_day"),
        *("n_5", "unit_jiao"),
        *("n_9", "unit_hour", "n_0", "n_5", "unit_fen"),
    )


def test_a_text_is_filled_in_and_keeps_its_name_and_language() -> None:
    """Spaces and line ends of data are one space; what was filled in is bounded."""
    assert prompts_of(("text@hello:{name}您好",), {"name": " 王\n先生 "}) == ("text@hello:王 先生 您好",)
    assert prompts_of(("text/en@hi:Hello {name}",), {}) == ("text/en@hi:Hello",)
    assert prompts_of(("text:{name}",), {}) == ()
    assert len(prompts_of(("text:{name}",), {"name": "长" * 2000})[0]) == len("text:") + 400


def test_what_fills_in_is_no_item_of_its_own() -> None:
    """A caller who types has no say in what is spoken, nor in where a URL leads."""
    assert prompts_of(("text:{name}",), {"name": "digits:{caller}"}) == ("text:digits:{caller}",)
    assert filled_url("http://a/{n}", {"n": "../?b"}) == "http://a/..%2F%3Fb"


@pytest.mark.parametrize("value", [".", "..", "..."])
def test_a_caller_who_is_named_like_a_step_in_a_path_takes_none(value: str) -> None:
    assert str(URL(filled_url("http://a/orders/{n}/open", {"n": value}))) == "http://a/orders//open"
    assert filled_url("http://a/{n}", {"n": f"a{value}"}) == f"http://a/a{value}"
