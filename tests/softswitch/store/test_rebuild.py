"""The projections can be thrown away and made again."""

import sqlite3
from pathlib import Path

import pytest

from softswitch.store.rebuild import Difference, compare, rebuild
from tests.softswitch.store.samples import open_store, whole_call


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """A database of three whole calls."""
    store = await open_store(tmp_path)
    for number in range(3):
        for entry in whole_call(f"c{number}", start=1000.0 * number):
            store.record(entry)
    await store.close()
    return tmp_path / "hotline.db"


def tampered(database: Path, sql: str) -> None:
    """Change a projection behind the journal's back."""
    connection = sqlite3.connect(database)
    connection.execute(sql)
    connection.commit()
    connection.close()


async def test_the_comparison_names_the_table_and_counts(database: Path) -> None:
    """A changed row stands on both sides, a deleted and an invented one on one."""
    assert compare(database) == ()
    tampered(database, "UPDATE calls SET talk_s = 1 WHERE call_id = 'c1'")
    tampered(database, "DELETE FROM segments WHERE call_id = 'c0'")
    tampered(database, "INSERT INTO segments VALUES ('c9', 1, '1', '2', 1.0, NULL, NULL)")
    assert compare(database) == (
        Difference(table="calls", only_live=1, only_rebuilt=1),
        Difference(table="segments", only_live=1, only_rebuilt=1),
    )


async def test_a_rebuild_mends_everything(database: Path) -> None:
    """Afterwards journal and projections agree again."""
    tampered(database, "DELETE FROM calls")
    tampered(database, "DELETE FROM recordings WHERE recording_id = 'r-c1'")
    assert rebuild(database) == 33
    assert compare(database) == ()


async def test_a_rebuild_under_a_running_writer_changes_nothing_for_it(tmp_path: Path) -> None:
    """The writer goes on with the calls that were open."""
    store = await open_store(tmp_path)
    first, rest = whole_call()[:5], whole_call()[5:]
    for entry in first:
        store.record(entry)
    await store.committed()
    rebuild(tmp_path / "hotline.db")
    for entry in rest:
        store.record(entry)
    await store.close()
    assert compare(tmp_path / "hotline.db") == ()


async def test_entries_of_a_newer_program_are_passed_over(database: Path) -> None:
    """They stay in the journal for the program that knows them."""
    tampered(database, "INSERT INTO journal VALUES (NULL, NULL, 1.0, 'CallTeleported', 'c1', NULL, '{}')")
    assert rebuild(database) == 33
    assert compare(database) == ()
