"""Numbers as they are spoken to callers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.calls import announcements
from softswitch.calls.announcements import REQUIRED_PROMPTS, agent_number, counted, position
from softswitch.speech import chinese

CHARACTERS = {f"n_{number}": "零一二三四五六七八九十"[number] for number in range(11)} | {
    "n_100": "百",
    "n_1000": "千",
    "n_2_liang": "两",
}
VALUES = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
SIZES = {"十": 10, "百": 100, "千": 1000}


def written(words: tuple[str, ...]) -> str:
    """The words as Chinese characters."""
    return "".join(CHARACTERS[word] for word in words)


def understood(text: str) -> int:
    """What a listener makes of the characters."""
    total = figure = 0
    for character in text:
        if character in SIZES:
            total += max(figure, 1) * SIZES[character]
            figure = 0
        else:
            figure = VALUES[character]
    return total + figure


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "零"),
        (1, "一"),
        (2, "二"),
        (10, "十"),
        (11, "十一"),
        (12, "十二"),
        (20, "二十"),
        (22, "二十二"),
        (100, "一百"),
        (101, "一百零一"),
        (105, "一百零五"),
        (110, "一百一十"),
        (115, "一百一十五"),
        (256, "二百五十六"),
        (1000, "一千"),
        (1001, "一千零一"),
        (1010, "一千零一十"),
        (1020, "一千零二十"),
        (1100, "一千一百"),
        (1101, "一千一百零一"),
        (2200, "两千二百"),
        (9999, "九千九百九十九"),
    ],
)
def test_numbers_are_read_as_people_read_them(number: int, text: str) -> None:
    """Zeros inside once, ten without a one before it when it leads."""
    assert written(chinese.number(number)) == text


@given(st.integers(0, 9999))
def test_a_listener_understands_every_number(number: int) -> None:
    """Read back, it is the same number; no zero is doubled, none ends it."""
    text = written(chinese.number(number))
    assert understood(text) == number
    assert "零零" not in text and (number == 0 or not text.endswith("零"))


@given(st.integers())
def test_a_number_beyond_the_range_is_read_as_the_nearest(number: int) -> None:
    """No number of callers can stop a call."""
    assert counted(number) == counted(min(max(number, 0), 9999))


def test_the_head_of_the_line_is_next_and_the_others_hear_how_many_are_before_them() -> None:
    """The place counts from one; two people are 两位."""
    assert position(1) == position(0) == ("position_next",)
    assert position(2) == ("position_before", "n_1", "position_after")
    assert position(3) == ("position_before", "n_2_liang", "position_after")
    assert position(13) == ("position_before", "n_10", "n_2", "position_after")
    assert position(106) == ("position_before", "n_1", "n_100", "n_0", "n_5", "position_after")


def test_an_agents_number_is_read_digit_by_digit_with_yao_for_one() -> None:
    """幺零零幺号为您服务."""
    assert agent_number("1001") == ("digit_1_yao", "digit_0", "digit_0", "digit_1_yao", "agent_serves")
    assert agent_number("a-27") == ("digit_2", "digit_7", "agent_serves")


def test_a_name_without_digits_is_not_announced() -> None:
    """Half a sentence would be worse than none."""
    assert agent_number("") == agent_number("zhang.san") == agent_number("١٢") == ()


@given(st.integers(-5, 20000), st.text())
def test_whatever_is_said_has_a_prompt(place: int, agent: str) -> None:
    """No name that the sound folder need not have."""
    assert {*announcements.position(place), *announcements.agent_number(agent)} <= REQUIRED_PROMPTS
