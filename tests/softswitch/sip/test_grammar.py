"""The shared grammar: quotes, lists and parameters."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.sip.errors import MalformedMessage
from softswitch.sip.grammar import (
    NO_PARAMS,
    Params,
    has_bad_escape,
    params_text,
    parse_header_params,
    parse_uri_params,
    quoted,
    split_outside_quotes,
    unquoted,
    with_param,
    without_param,
)


@given(st.text(max_size=20))
def test_what_is_quoted_comes_back(text: str) -> None:
    """Quotes and backslashes included."""
    assert unquoted(quoted(text)) == text
    assert split_outside_quotes(quoted(text), ",") == [quoted(text)]


def test_text_without_quotes_stays() -> None:
    """Half a quote is no quote."""
    assert [unquoted(text) for text in ("a", '"', '"a', "")] == ["a", '"', '"a', ""]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b", ["a", "b"]),
        ("", [""]),
        ('"a,b",c', ['"a,b"', "c"]),
        ("<a,b>,c", ["<a,b>", "c"]),
        ('"\\",",<,>', ['"\\","', "<,>"]),
        ('<">,a', ['<">', "a"]),
    ],
)
def test_separators_count_outside_quotes_and_brackets(text: str, parts: list[str]) -> None:
    """A quote within brackets is no quote."""
    assert split_outside_quotes(text, ",") == parts


@pytest.mark.parametrize("text", ['"a', "<a", '"a\\"', 'a,"'])
def test_what_is_never_closed_is_refused(text: str) -> None:
    """With the one typed error."""
    with pytest.raises(MalformedMessage):
        split_outside_quotes(text, ",")


def test_header_parameters_keep_their_quotes() -> None:
    """Names in lower case; spaces around signs do not count."""
    text = '; Tag = 1 ;lr;x="a;b=\\"c";h=[::1]'
    params = parse_header_params(text)
    assert params == {"tag": "1", "lr": None, "x": '"a;b=\\"c"', "h": "[::1]"}
    assert params_text(params) == ';tag=1;lr;x="a;b=\\"c";h=[::1]'
    assert parse_header_params(" ") is NO_PARAMS


@pytest.mark.parametrize("text", ["a", ";", ";;", ";=1", ";a=", ";a=1;A=2", ";a=b c", ";a=<b>", ';a="b"c'])
def test_bad_header_parameters_are_refused(text: str) -> None:
    """With the one typed error."""
    with pytest.raises(MalformedMessage):
        parse_header_params(text)


@pytest.mark.parametrize("text", [";", ";;", ";=1", ";a=1=2", ";a;A", ";a=%4", ";%61;a"])
def test_bad_uri_parameters_are_refused(text: str) -> None:
    """An escaped name is the name it spells."""
    with pytest.raises(MalformedMessage):
        parse_uri_params(text)


def test_an_escape_that_spells_no_name_stays() -> None:
    """`%3B` may not become a separator."""
    assert parse_uri_params(";a%3Bb=1") == {"a%3bb": "1"}
    assert has_bad_escape("%g0")
    assert not has_bad_escape("%41")


def test_parameters_never_change_in_place() -> None:
    """They are shared between all who parsed the same text."""
    params = Params(a="1")
    changes: list[Callable[[], object]] = [
        lambda: params.update(b="2"),
        lambda: params.pop("a"),
        lambda: params.setdefault("b", None),
        params.clear,
        params.popitem,
    ]
    for change in changes:
        with pytest.raises(TypeError):
            change()
    with pytest.raises(TypeError):
        del params["a"]
    assert with_param(params, "B", None) == {"a": "1", "b": None}
    assert without_param(params, "A") == {}
    assert params == {"a": "1"}
    assert hash(Params(a="1", b=None)) == hash(Params(b=None, a="1"))
