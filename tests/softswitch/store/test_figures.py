"""The figures of a period are counts of what the journal tells, by half hour, within reach of who asks."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from api.period_figures import INTERVAL_S, FiguresQuery
from api.ports import CallQuery
from api.reach import Reach
from softswitch.store import entries
from softswitch.store.calls import StoredCalls
from softswitch.store.figures import StoredFigures
from softswitch.store.reader import Reader
from softswitch.store.writer import Store

BEGAN = 1_764_000_000.0 // INTERVAL_S * INTERVAL_S


@dataclass
class Day:
    """A store into which calls are put, and the figures of it."""

    store: Store
    figures: StoredFigures
    calls: StoredCalls
    count: int = 0

    def call(
        self, at: float, wait_s: float, *, answered: bool, queue: str = "hotline", ended: bool = True
    ) -> None:
        """A call at `at` that waits, and is answered or gives up."""
        self.count += 1
        name = f"c{self.count}"
        self.store.record(entries.CallArrived(at=at, call_id=name, trunk="city", caller="1", called="12345"))
        self.store.record(entries.CallQueued(at=at, call_id=name, queue=queue, position=1))
        if answered:
            self.store.record(
                entries.CallConnected(at=at + wait_s, call_id=name, agent="1001", extension="8001")
            )
        if ended:
            reason = entries.EndReason.COMPLETED if answered else entries.EndReason.ABANDONED
            self.store.record(
                entries.CallEnded(
                    at=at + wait_s + (30.0 if answered else 0.0),
                    call_id=name,
                    ended_by=entries.EndedBy.CALLER,
                    end_reason=reason,
                )
            )


async def hang_up_nobody(call_id: str, reason: str) -> None:
    """Nobody does here."""
    raise AssertionError(call_id, reason)


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    """An empty one."""
    path = tmp_path / "hotline.sqlite"
    store = await Store.open(path, key_path=tmp_path / "key", wall=lambda: BEGAN, on_alarm=lambda _: None)
    reader = await Reader.open(path, store.committed)
    yield Day(store, StoredFigures(reader), StoredCalls(reader, hang_up_nobody))
    await reader.close()
    await store.close()


async def test_a_service_level_leaves_out_who_gave_up_in_time(day: Day) -> None:
    """F4: two of three answered in 15 s, one gave up after 20 s, one after 3 s who does not count."""
    day.call(BEGAN, 15.0, answered=True)
    day.call(BEGAN + 1, 3.0, answered=True)
    day.call(BEGAN + 2, 16.0, answered=True)
    day.call(BEGAN + 3, 20.0, answered=False)
    day.call(BEGAN + 4, 3.0, answered=False)
    day.call(BEGAN + 5, 0.0, answered=False, ended=False)
    found = await day.figures.figures(FiguresQuery(since=BEGAN))
    assert (found.offered, found.answered, found.answered_in_time) == (6, 3, 2)
    assert (found.abandoned, found.abandoned_in_time, found.waiting) == (2, 1, 1)
    assert found.service_level == 2 / (3 + 2 - 1)
    assert found.abandon_rate == 2 / 5
    assert found.longest_wait_s == 16.0
    assert found.mean_wait_s == pytest.approx(34 / 3)


async def test_half_hours_and_queues_are_told_apart(day: Day) -> None:
    day.call(BEGAN, 1.0, answered=True)
    day.call(BEGAN + INTERVAL_S, 1.0, answered=False)
    day.call(BEGAN + INTERVAL_S, 1.0, answered=True, queue="health")
    found = await day.figures.figures(FiguresQuery(since=BEGAN))
    assert [(one.began_at, one.offered, one.answered) for one in found.intervals] == [
        (BEGAN, 1, 1),
        (BEGAN + INTERVAL_S, 2, 1),
    ]
    assert (await day.figures.figures(FiguresQuery(since=BEGAN, queue="health"))).offered == 1
    assert (await day.figures.figures(FiguresQuery(since=BEGAN, until=BEGAN + 1))).offered == 1
    reach = Reach(queues=frozenset({"health"}), sees_queued=True)
    assert (await day.figures.figures(FiguresQuery(since=BEGAN, reach=reach))).offered == 1
    assert (await day.figures.figures(FiguresQuery(since=BEGAN, reach=Reach()))).offered == 0


async def test_every_figure_is_the_number_of_calls_that_can_be_listed(day: Day) -> None:
    """Who gave up is a list with numbers to call back, not a rate alone; the other figures are told by its rows."""
    for number in range(4):
        day.call(BEGAN + number, 5.0 + 5.0 * number, answered=True)
        day.call(BEGAN + 10 + number, 8.0 + 4.0 * number, answered=False)
        day.call(BEGAN + 20 + number, 1.0, answered=False, queue="health")
    day.call(BEGAN + 30, 0.0, answered=False, ended=False)
    day.call(BEGAN + INTERVAL_S, 1.0, answered=False)  # after the period
    found = await day.figures.figures(FiguresQuery(since=BEGAN, until=BEGAN + INTERVAL_S, queue="hotline"))
    of_period = CallQuery(since=BEGAN, until=BEGAN + INTERVAL_S, queue="hotline")
    listed = (await day.calls.list(of_period)).items
    gave_up = (await day.calls.list(replace(of_period, end_reason="abandoned"))).items
    answered = [call.wait_s or 0.0 for call in listed if call.connected_at is not None]
    assert [call.call_id for call in gave_up] == ["c11", "c8", "c5", "c2"]
    assert all(call.caller == "1" and call.connected_at is None for call in gave_up)
    assert (found.abandoned, found.answered, found.offered) == (len(gave_up), len(answered), len(listed))
    assert found.answered_in_time == sum(wait_s <= found.within_s for wait_s in answered) == 3
    assert found.abandoned_in_time == sum((call.wait_s or 0.0) <= found.within_s for call in gave_up) == 2
    assert found.waiting == len((await day.calls.list(replace(of_period, active=True))).items) == 1


async def test_nothing_to_divide_by_is_no_figure(day: Day) -> None:
    found = await day.figures.figures(FiguresQuery(since=BEGAN))
    assert (found.service_level, found.abandon_rate, found.mean_wait_s, found.longest_wait_s) == (None,) * 4
    assert found.formula == "answered in T / (answered + abandoned - abandoned in T)"
