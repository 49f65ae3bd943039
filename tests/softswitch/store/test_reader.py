"""The reading connection reads, and only that."""

import asyncio
from pathlib import Path

import pytest

from api.faults import Unavailable
from softswitch.store.errors import StoreUnavailable
from softswitch.store.reader import Reader
from tests.softswitch.store.samples import arrived, open_store


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """Not even by mistake."""
    store = await open_store(tmp_path)
    reader = await Reader.open(tmp_path / "hotline.db")
    with pytest.raises(Unavailable):
        await reader.rows("DELETE FROM journal")
    assert await reader.rows("SELECT count(*) AS n FROM journal") == [{"n": 0}]
    await reader.close()
    await store.close()


async def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """Reading has no side effect."""
    with pytest.raises(StoreUnavailable):
        await Reader.open(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


async def test_who_was_told_of_an_event_reads_no_state_from_before_it(tmp_path: Path) -> None:
    """Recorded a moment ago, not committed yet: the question waits for it."""
    store = await open_store(tmp_path)
    reader = await Reader.open(tmp_path / "hotline.db", store.committed)
    for number in range(20):
        store.record(arrived(f"c{number}", 100.0 + number))
        assert await reader.rows("SELECT count(*) AS n FROM calls") == [{"n": number + 1}]
    await reader.close()
    await store.close()


async def test_a_writer_that_hangs_or_is_closed_keeps_nobody_from_reading(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await store.close()
    for settled in (store.committed, asyncio.Event().wait):
        reader = await Reader.open(tmp_path / "hotline.db", settled)  # type: ignore[arg-type]
        async with asyncio.timeout(5):
            assert await reader.rows("SELECT count(*) AS n FROM calls") == [{"n": 0}]
        await reader.close()
