"""Values as a Chinese speaker reads them, written back as characters."""

import runpy
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.speech import chinese
from softswitch.speech.item import item_of, read_out

PROMPTS = Path(__file__).parents[3] / "config" / "prompts"
CHARACTERS: dict[str, str] = runpy.run_path(str(PROMPTS / "make_prompts.py"))["TEXTS"]
"""What each shipped prompt says."""


def read(item: str) -> str:
    """What is said of an item, in characters."""
    found = item_of(item)
    assert found is not None
    return "".join(CHARACTERS[piece] for piece in read_out(found))


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("number:0", "零"),
        ("number:10000", "一万"),
        ("number:20000", "两万"),
        ("number:100000", "十万"),
        ("number:120003", "十二万零三"),
        ("number:30020", "三万零二十"),
        ("number:1010", "一千零一十"),
        ("number:100012", "十万零一十二"),
        ("number:10002000", "一千万两千"),
        ("number:200000000", "两亿"),
        ("number:100020000", "一亿零二万"),
        ("number:100000005", "一亿零五"),
        ("number:1,234,567", "一百二十三万四千五百六十七"),
        ("number:-7", "负七"),
        ("number:3.05", "三点零五"),
        ("amount:305.20", "三百零五元二角"),
        ("amount:2", "两元"),
        ("amount:0", "零元"),
        ("amount:12.05", "十二元零五分"),
        ("amount:12.34", "十二元三角四分"),
        ("amount:0.30", "三角"),
        ("amount:0.05", "五分"),
        ("amount:0.005", "一分"),
        ("amount:-1.5", "负一元五角"),
        ("amount:1,200", "一千二百元"),
        ("date:2026-11-28", "二零二六年十一月二十八日"),
        ("date:2026-12-31T18:00:00Z", "二零二七年一月一日"),
        ("date:2026-10-01 09:30", "二零二六年十月一日"),
        ("time:02:05", "两点零五分"),
        ("time:14:00", "十四点整"),
        ("time:00:30:59", "零点三十分"),
        ("time:2026-11-28T22:10", "二十二点十分"),
        ("time:2026-11-28T18:05:00+00:00", "两点零五分"),
    ],
)
def test_values_are_read_as_people_read_them(item: str, text: str) -> None:
    """The table that a listener would draw up; 〇 of years is spoken as 零."""
    assert read(item) == text


@pytest.mark.parametrize(
    "item",
    [
        *("number:", "number:abc", "number:1e5", "number:١٢", "number:1234567890123", "number:1,23"),
        *(
            "amount:12元",
            "amount:NaN",
            "date:2026-02-30",
            "date:昨天",
            "time:25:00",
            "time:2026-11-28",
            "time:noon",
        ),
    ],
)
def test_what_is_no_value_is_not_said(item: str) -> None:
    """Half a number would be worse than none."""
    assert read(item) == ""


def understood(text: str) -> int:
    """What a listener makes of the characters of a whole number."""
    total = group = figure = 0
    for character in text:
        if character in "万亿":
            total += (group + figure) * (10**8 if character == "亿" else 10**4)
            group = figure = 0
        elif character in "十百千":
            group += max(figure, 1) * {"十": 10, "百": 100, "千": 1000}[character]
            figure = 0
        else:
            figure = 2 if character == "两" else "零一二三四五六七八九".index(character)
    return total + group + figure


@given(st.integers(0, chinese.NUMBER_MOST))
def test_a_listener_understands_every_number(number: int) -> None:
    """Read back, it is the same number; no zero is doubled, none ends it."""
    text = "".join(CHARACTERS[piece] for piece in chinese.number(number))
    assert understood(text) == number
    assert "零零" not in text and (number == 0 or not text.endswith("零"))


@given(st.dates(), st.times(), st.decimals(-(10**11), 10**11, places=3))
def test_every_value_is_made_of_pieces_that_there_are(day: date, at: time, money: Decimal) -> None:
    """No name that the sound folder need not have."""
    said = {*chinese.day(day), *chinese.clock(at), *chinese.amount(money), *chinese.decimal(money)}
    assert said <= chinese.PIECES
