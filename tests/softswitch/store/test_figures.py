"""The figures of a period are counts of what the journal tells, by half hour, within reach of who asks."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.period_figures import INTERVAL_S, FiguresQuery
from api.reach import Reach
from softswitch.store import entries
from softswitch.store.figures import StoredFigures
from softswitch.store.reader import Reader
from softswitch.store.writer import Store

BEGAN = 1_764_000_000.0 // INTERVAL_S * INTERVAL_S


@dataclass
class Day:
    """A store into which calls are put, and the figures of it."""

    store: Store
    figures: StoredFigures
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


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    """An empty one."""
    path = tmp_path / "hotline.sqlite"
    store = await Store.open(path, key_path=tmp_path / "key", wall=lambda: BEGAN, on_alarm=lambda _: None)
    reader = await Reader.open(path, store.committed)
    yield Day(store, StoredFigures(reader))
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


async def test_nothing_to_divide_by_is_no_figure(day: Day) -> None:
    found = await day.figures.figures(FiguresQuery(since=BEGAN))
    assert (found.service_level, found.abandon_rate, found.mean_wait_s, found.longest_wait_s) == (None,) * 4
    assert found.formula == "answered in T / (answered + abandoned - abandoned in T)"
