"""`softswitch staffing`, as it is typed."""

import json
from pathlib import Path
from typing import Any

import pytest

from softswitch.__main__ import main


def rota_of(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    """Run the command and read what it says."""
    assert main(["staffing", *words, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_one_half_hour(capsys: pytest.CaptureFixture[str]) -> None:
    """150 calls in half an hour, 180 s each: 22 seats for 95 % in 15 s, as Erlang C has it."""
    (shift,) = rota_of(capsys, "--calls", "150", "--handle", "180")
    assert (shift["agents"], shift["people"], shift["load"]) == (22, 22, 15.0)
    assert shift["answered_in_time"] >= 0.95


def test_a_day_from_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Header and empty lines are let be; a half hour may have a handle time of its own."""
    day = tmp_path / "day.csv"
    day.write_text("start,calls,handle_s\n08:00,500,\n\n08:30,300,240\n09:00,0\n", encoding="utf-8")
    options = ("--half-hours", str(day), "--handle", "180", "--target", "80", "--shrinkage", "30")
    shifts = rota_of(capsys, *options)
    assert [(shift["start"], shift["agents"], shift["people"]) for shift in shifts] == [
        ("08:00", 56, 80),
        ("08:30", 46, 66),
        ("09:00", 1, 2),
    ]
    assert main(["staffing", *options]) == 0
    said = capsys.readouterr().out
    assert "目标 / target: 80.0 % <= 15 s, Erlang C" in said
    assert "08:30        300   40.00     46      66   81.7 %     10.6 s  0.0 %  87.0 %" in said
    assert "最多坐席 / most seats: 56, 人时 / people × hours: 74\n" in said


def test_callers_who_give_up_need_fewer_seats(capsys: pytest.CaptureFixture[str]) -> None:
    """With patience the line is shorter, and some are lost."""
    (endless,) = rota_of(capsys, "--calls", "500", "--handle", "180", "--target", "80")
    (some,) = rota_of(capsys, "--calls", "500", "--handle", "180", "--target", "80", "--patience", "120")
    assert some["agents"] < endless["agents"]
    assert some["abandoned"] > endless["abandoned"] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("08:00\n", "第 1 行 / line 1"),
        ("08:00,1\n08:30,many\n", "第 2 行 / line 2"),
        ("08:00,1,2,3\n", "第 1 行 / line 1"),
        ("08:00,-1\n", "calls_per_hour is -2.0, expected at least 0"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, said: str
) -> None:
    """The line and the reason are named, nothing is calculated."""
    day = tmp_path / "day.csv"
    day.write_text(text, encoding="utf-8")
    assert main(["staffing", "--half-hours", str(day), "--handle", "180"]) == 2
    heard = capsys.readouterr()
    assert said in heard.err
    assert not heard.out


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The exit code is that of a wrong call."""
    assert main(["staffing", "--half-hours", str(tmp_path / "none.csv"), "--handle", "180"]) == 2
    assert "none.csv" in capsys.readouterr().err


def test_a_target_that_cannot_be_met_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """No number of agents answers everybody at once for certain."""
    assert main(["staffing", "--calls", "10", "--handle", "180", "--target", "100"]) == 2
    assert "Target.share is 1.0, expected between 0 and 1" in capsys.readouterr().err
