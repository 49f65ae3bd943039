"""Hundreds of calls in bad weather leave nothing over; `python -m tests.soak` is the same for twenty thousand."""

from pathlib import Path

import pytest

from tests.bad_weather import MANNER, Weather, judge, judge_files, open_files, pass_through, terms
from tests.peers import peers
from tests.stand import stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SEATS = 6


async def test_calls_in_bad_weather_leave_nothing_over(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", terms(SEATS)) as here, peers(here, *[MANNER] * SEATS) as around:
        files = await open_files(here)
        weather = Weather(calls=400, per_s=8.0, limit_s=180.0)
        assert await pass_through(here, around, weather) == weather.calls
        await judge(here, SEATS, weather.calls)
        await judge_files(here, files)
