"""Single values: types, limits, forms, and what is shown of them."""

import math
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from config.values import ABSENT, Secret, check, choice, close_match, shown, words_of


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    GREEN = "green"


@pytest.mark.parametrize(
    ("kind", "raw", "terms", "value"),
    [
        (str, "名", {}, "名"),
        (int, 5, {"minimum": 5, "maximum": 5}, 5),
        (float, 3, {}, 3.0),
        (bool, False, {}, False),
        (Path, "var/run", {}, Path("var/run")),
        (Colour, "green", {}, Colour.GREEN),
        (str, "::1", {"kind": "address"}, "::1"),
        (str, "10.0.0.0/8", {"kind": "network"}, "10.0.0.0/8"),
        (str, "10.1.2.3", {"kind": "network"}, "10.1.2.3"),
        (str, "+86510", {"kind": "number"}, "+86510"),
        (int, 65535, {"kind": "port"}, 65535),
        (str, "info", {"pattern": "debug|info"}, "info"),
        (str, "0510", {"pattern": r"0\d{2,3}"}, "0510"),
    ],
)
def test_a_sound_value_becomes_the_declared_type(
    kind: Any, raw: Any, terms: dict[str, Any], value: Any
) -> None:
    checked = check(kind, raw, terms)
    assert checked.expected == ""
    assert checked.value == value
    assert isinstance(checked.value, kind)


@pytest.mark.parametrize(
    ("kind", "raw", "expected", "suggestion"),
    [
        (int, True, "整数", ""),
        (int, 1.0, "整数", ""),
        (int, "5060", "整数", "without quotes"),
        (int, "many", "整数", ""),
        (float, math.inf, "a number", ""),
        (float, math.nan, "a number", ""),
        (float, 10**400, "a number", ""),
        (float, "2.5", "a number", "without quotes"),
        (bool, "true", "true or false", ""),
        (bool, 1, "true or false", ""),
        (str, 8001, "a string", "in quotes"),
        (str, True, "a string", ""),
        (str, "a\r\nVia: x", "control characters", ""),
        (str, "a\u2028b", "control characters", ""),
        (Path, "", "a path", ""),
        (Path, 5, "a string", "in quotes"),
        (Colour, "gren", "red, green", "green?"),
        (Colour, 7, "red, green", ""),
    ],
)
def test_a_value_of_the_wrong_type_is_named_and_gives_nothing(
    kind: Any, raw: Any, expected: str, suggestion: str
) -> None:
    checked = check(kind, raw, {})
    assert checked.value is ABSENT
    assert expected in checked.expected
    assert suggestion in checked.suggestion
    assert bool(suggestion) == bool(checked.suggestion)


@pytest.mark.parametrize(
    ("kind", "raw", "terms", "expected", "suggestion"),
    [
        (int, 0, {"minimum": 1, "unit": "s"}, "整数 / an integer (s), ≥ 1", ""),
        (int, 70000, {"kind": "port"}, "≥ 1, ≤ 65535", ""),
        (int, 1024, {"kind": "port", "minimum": 2000, "maximum": 3000}, "≥ 2000, ≤ 3000", ""),
        (float, 5.5, {"maximum": 5}, "≤ 5", ""),
        (str, "localhost", {"kind": "address"}, "an IP address", ""),
        (str, "127.0.0.1 ", {"kind": "address"}, "an IP address", ""),
        (str, "10.1.2.3/8", {"kind": "network"}, "network", "10.0.0.0/8?"),
        (str, "10.1.2.3/64", {"kind": "network"}, "network", ""),
        (str, "12a", {"kind": "number"}, "digits", ""),
        (str, "inf", {"pattern": "debug|info"}, "one of debug, info", "info?"),
        (str, "", {"pattern": r"0\d{2,3}"}, "不可为空", ""),
        (str, "5", {"pattern": r"0\d{2,3}", "form": "区号 / an area code"}, "应为区号 / an area code", ""),
        (str, "510", {"pattern": r"0\d{2,3}"}, r"must match 0\d{2,3}", ""),
        (str, "05101", {"pattern": r"0\d{2,3}"}, "must match", ""),
        (str, "", {"pattern": ".+"}, "must not be empty", ""),
    ],
)
def test_a_value_of_the_right_type_that_breaks_a_term_comes_back_with_its_fault(
    kind: Any, raw: Any, terms: dict[str, Any], expected: str, suggestion: str
) -> None:
    checked = check(kind, raw, terms)
    assert checked.value == raw
    assert expected in checked.expected
    assert suggestion in checked.suggestion
    assert bool(suggestion) == bool(checked.suggestion)


def test_digits_of_other_scripts_are_no_digits() -> None:
    assert check(str, "0\uff15\uff11\uff10", {"pattern": r"0\d{2,3}"}).expected
    assert check(str, "\uff11\uff12", {"kind": "number"}).expected


def test_a_choice_does_not_take_one_for_true() -> None:
    assert choice((1, 2), True).value is ABSENT
    assert choice((1, 2), 2).value == 2


def test_a_secret_is_a_string_that_hides_itself_in_repr() -> None:
    secret = check(str, "geheim", {"secret": True}).value
    assert secret == "geheim"
    assert f"{secret}" == "geheim"
    assert "geheim" not in repr(secret)
    assert repr(Secret("")) == "''"


def test_a_pattern_of_words_gives_its_words() -> None:
    assert words_of("SHA-256|MD5") == ["SHA-256", "MD5"]
    assert words_of(r"a+|b") == []


@pytest.mark.parametrize(
    ("word", "likely"),
    [
        ("pasword", "password"),
        ("wrapup_s", "wrap_up_s"),
        ("Wrap-Up-S", "wrap_up_s"),
        ("xyz", ""),
    ],
)
def test_the_word_that_was_meant(word: str, likely: str) -> None:
    assert close_match(word, ["password", "wrap_up_s", "port"]) == likely


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ({"password": "geheim"}, "表/table"),
        (["geheim"], "1 项列表/list"),
        (True, "true"),
        (5, "5"),
        ("a\nb", '"a\N{REPLACEMENT CHARACTER}b"'),
        ("x" * 100, '"' + "x" * 58 + "…"),
    ],
)
def test_a_value_is_shown_on_one_short_line_without_its_inside(raw: Any, text: str) -> None:
    assert shown(raw) == text


@pytest.mark.parametrize(("kind", "terms"), [(bytes, {}), (str, {"kind": "colour"})])
def test_a_settings_class_that_cannot_be_bound_is_a_mistake_of_its_author(
    kind: Any, terms: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        check(kind, "x", terms)
