"""The keyed chain over recordings finds what was changed or taken out."""

import resource
import sqlite3
import stat
from pathlib import Path

import pytest

from softswitch.store import chain
from softswitch.store.errors import KeyFault
from tests.softswitch.store.samples import closed, open_store


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    """The second start reads what the first one made."""
    path = tmp_path / "recording.key"
    key = chain.load_key(path)
    assert len(key) == 32
    assert chain.load_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """So is one that is too short or not hexadecimal."""
    path = tmp_path / "recording.key"
    chain.load_key(path)
    path.chmod(0o640)
    with pytest.raises(KeyFault):
        chain.load_key(path)
    path.chmod(0o600)
    for text in ("abcd", "no hex at all", ""):
        path.write_text(text)
        with pytest.raises(KeyFault):
            chain.load_key(path)
    with pytest.raises(KeyFault):
        chain.load_key(tmp_path / "nowhere" / "key")


def test_a_disk_that_is_full_leaves_no_half_key_behind(tmp_path: Path) -> None:
    """It would let no later start get any further."""
    path = tmp_path / "recording.key"
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
    try:
        with pytest.raises(KeyFault):
            chain.load_key(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert len(chain.load_key(path)) == chain.KEY_BYTES


def test_parts_of_a_link_cannot_run_into_each_other() -> None:
    """`ab` + `c` is not `a` + `bc`."""
    assert chain.next_link(b"k", "0", "ab", "c") != chain.next_link(b"k", "0", "a", "bc")


@pytest.fixture
async def recorded(tmp_path: Path) -> Path:
    """A folder with a database of five recordings."""
    store = await open_store(tmp_path)
    for number in range(5):
        store.record(closed(f"r{number}", f"c{number}", sha=f"{number:064x}"))
    await store.close()
    return tmp_path


def found(folder: Path) -> list[tuple[str, str]]:
    """The breaks: recording and code."""
    connection = sqlite3.connect(folder / "hotline.db")
    try:
        key = chain.load_key(folder / "recording.key")
        return [(one.recording_id, one.code) for one in chain.breaks(connection, key)]
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("tampering", "expected"),
    [
        (
            "UPDATE recording_chain SET sha256 = 'f' WHERE position = 3",
            [("r2", "link_wrong"), ("r2", "row_differs")],
        ),
        ("UPDATE recordings SET sha256 = 'f' WHERE recording_id = 'r2'", [("r2", "row_differs")]),
        ("DELETE FROM recordings WHERE recording_id = 'r2'", [("r2", "row_differs")]),
        (
            "DELETE FROM recording_chain WHERE position = 3",
            [("r3", "gap"), ("r3", "link_wrong"), ("r2", "row_missing")],
        ),
        ("DELETE FROM recording_chain WHERE position = 5", [("r4", "row_missing")]),
    ],
)
async def test_tampering_breaks_the_chain(
    recorded: Path, tampering: str, expected: list[tuple[str, str]]
) -> None:
    """Untouched it holds; each kind of change is found where it was made."""
    assert found(recorded) == []
    connection = sqlite3.connect(recorded / "hotline.db")
    connection.execute(tampering)
    connection.commit()
    connection.close()
    assert found(recorded) == expected


async def test_the_chain_goes_on_after_a_restart(recorded: Path) -> None:
    """The next link stands on the last one of the process before."""
    store = await open_store(recorded)
    store.record(closed("r9", "c9", sha="9" * 64))
    await store.close()
    assert found(recorded) == []
