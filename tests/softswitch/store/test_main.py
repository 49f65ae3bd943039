"""The commands on a database file."""

from pathlib import Path

import pytest

from softswitch.store.__main__ import main
from tests.softswitch.store.samples import open_store, whole_call
from tests.softswitch.store.test_rebuild import tampered


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """A database of one call."""
    store = await open_store(tmp_path)
    for entry in whole_call():
        store.record(entry)
    await store.close()
    return tmp_path / "hotline.db"


async def test_compare_fails_until_the_rebuild(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 names the table, 0 after the mending."""
    tampered(database, "DELETE FROM segments")
    assert main(["compare", str(database)]) == 1
    assert "segments" in capsys.readouterr().out
    assert main(["rebuild", str(database)]) == 0
    assert main(["compare", str(database)]) == 0


async def test_verify_walks_the_chain(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 names the recording."""
    key = str(database.with_name("recording.key"))
    assert main(["verify", str(database), key]) == 0
    tampered(database, "UPDATE recordings SET sha256 = 'f'")
    assert main(["verify", str(database), key]) == 1
    assert "row_differs r-c1" in capsys.readouterr().out


async def test_a_wrong_call_ends_with_2_and_makes_no_file(database: Path, tmp_path: Path) -> None:
    """No database, no key, a file that is none."""
    assert main(["compare", str(tmp_path / "none.db")]) == 2
    assert main(["verify", str(database), str(tmp_path / "none.key")]) == 2
    assert not (tmp_path / "none.db").exists()
    assert not (tmp_path / "none.key").exists()
    (tmp_path / "text.db").write_text("no database" * 100)
    assert main(["rebuild", str(tmp_path / "text.db")]) == 2
