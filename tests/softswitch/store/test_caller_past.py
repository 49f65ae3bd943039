"""The earlier calls of a number, as the database has them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from acd.levels import DayOfCalls
from softswitch.store.caller_past import DAY_S, CallerPast
from softswitch.store.entries import CallAnswered, CallQueued, EndReason
from softswitch.store.reader import Reader
from softswitch.store.writer import Store
from tests.softswitch.store.samples import CALLER, arrived, ended, open_store

NOW = 100 * DAY_S
DAYS = (
    DayOfCalls(days_ago=1, calls=2, abandoned=2),
    DayOfCalls(days_ago=2, calls=1),
    DayOfCalls(days_ago=3, calls=1),
)


def gave_up(store: Store, call_id: str, at: float, *, is_queued: bool = True, caller: str = CALLER) -> None:
    """A call whose caller hung up before anybody answered."""
    store.record(replace(arrived(call_id, at), caller=caller))
    store.record(CallAnswered(at=at + 1, call_id=call_id))
    if is_queued:
        store.record(CallQueued(at=at + 2, call_id=call_id, queue="general", position=1))
    store.record(ended(call_id, at + 30, EndReason.ABANDONED))


@pytest.fixture
async def past(tmp_path: Path) -> AsyncIterator[CallerPast]:
    """Of ten days: two given up in a line, one in a greeting, one served; others too old, refused, or of somebody else."""
    store = await open_store(tmp_path)
    gave_up(store, "line", NOW - DAY_S)
    gave_up(store, "line again", NOW - 1.9 * DAY_S)
    gave_up(store, "greeting", NOW - 2 * DAY_S, is_queued=False)
    gave_up(store, "old", NOW - 11 * DAY_S)
    gave_up(store, "other", NOW - DAY_S, caller="13900000000")
    store.record(arrived("served", NOW - 3 * DAY_S))
    store.record(CallAnswered(at=NOW - 3 * DAY_S, call_id="served"))
    store.record(ended("served", NOW - 3 * DAY_S + 60))
    store.record(arrived("refused", NOW - 4 * DAY_S))
    store.record(ended("refused", NOW - 4 * DAY_S, EndReason.NO_CHANNEL))
    gave_up(store, "this", NOW)
    await store.committed()
    past = CallerPast(await Reader.open(tmp_path / "hotline.db"), days=10)
    yield past
    await past.close()
    await store.close()


async def test_calls_that_were_let_in_count_and_those_given_up_in_a_line(past: CallerPast) -> None:
    """Neither the present call, nor what is too old, was refused, or is of another number."""
    assert await past.days_of(CALLER, NOW) == DAYS
    assert await past.days_of("nobody", NOW) == ()


async def test_whoever_asks_goes_on_and_is_told_later(past: CallerPast) -> None:
    """Not in the same breath: a call does not wait for the disk."""
    told: asyncio.Future[tuple[DayOfCalls, ...]] = asyncio.get_running_loop().create_future()
    past.ask(CALLER, NOW, told.set_result)
    assert not told.done()
    assert await asyncio.wait_for(told, 5.0) == DAYS
