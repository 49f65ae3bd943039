"""A backup is made while the writer works, is whole or none, and comes back byte for byte."""

import asyncio
import hashlib
import os
import resource
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from softswitch.store import schema
from softswitch.store.backup import BackupRefused, Manifest, backup, check, restore
from softswitch.store.data_folder import DATABASE, KEY
from softswitch.store.entries import (
    CallArrived,
    CallEnded,
    EndedBy,
    EndReason,
    RecordingClosed,
    RecordingStarted,
    RecordingState,
)
from softswitch.store.errors import StoreUnavailable
from softswitch.store.rebuild import compare
from softswitch.store.writer import Store

NOW = 1_700_000_000.0


async def call(store: Store, data_dir: Path, number: int, *, path: Path | None = None) -> None:
    """One recorded call whose file is there."""
    sound = f"sound of {number}".encode()
    path = path or data_dir / "recordings" / "2023-11-14" / f"r{number}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sound)
    call_id, recording_id = f"c{number}", f"r{number}"
    store.record(CallArrived(at=NOW + number, call_id=call_id, trunk="city", caller="1380", called="12345"))
    store.record(
        RecordingStarted(at=NOW + number, recording_id=recording_id, call_id=call_id, path=str(path))
    )
    store.record(
        RecordingClosed(
            at=NOW + number + 5,
            recording_id=recording_id,
            call_id=call_id,
            path=str(path),
            frames=1,
            duration_s=0.02,
            size_bytes=len(sound),
            sha256=hashlib.sha256(sound).hexdigest(),
            state=RecordingState.DONE,
        )
    )
    store.record(
        CallEnded(
            at=NOW + number + 5, call_id=call_id, ended_by=EndedBy.CALLER, end_reason=EndReason.COMPLETED
        )
    )
    await store.committed()


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A data folder of three calls whose control has stopped."""
    folder = tmp_path / "data"
    folder.mkdir()
    async for store in running(folder):
        for number in range(3):
            await call(store, folder, number)
    return folder


async def running(folder: Path) -> AsyncIterator[Store]:
    """A store that is closed afterwards."""
    store = await Store.open(folder / DATABASE, key_path=folder / KEY, wall=lambda: NOW)
    try:
        yield store
    finally:
        await store.close()


def files_of(folder: Path) -> dict[str, bytes]:
    """Every recording by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.wav"))}


async def test_what_comes_back_is_what_was_there(data: Path, tmp_path: Path) -> None:
    before = files_of(data)
    made = backup(data, tmp_path / "saved")
    assert made.rows["calls"] == 3
    assert not made.missing
    shutil.move(data, tmp_path / "lost")
    restored = restore(tmp_path / "saved", data)
    assert restored.manifest == made
    assert restored.differences == ()
    assert files_of(data) == before
    async for store in running(data):  # and a control goes on with it
        await call(store, data, 9)
    assert compare(data / DATABASE) == ()


async def test_it_is_made_of_one_moment_while_the_writer_works(data: Path, tmp_path: Path) -> None:
    """Calls go on being written: the copy holds whole calls, those of before all of them."""
    async for store in running(data):
        making = asyncio.create_task(asyncio.to_thread(backup, data, tmp_path / "saved"))
        number = 3
        while not making.done():
            await call(store, data, number)
            number += 1
        made = await making
        assert number > 3
        assert made.rows["calls"] >= 3
    assert compare(tmp_path / "saved" / DATABASE) == ()
    assert check(tmp_path / "saved") == made


async def test_a_recording_that_is_gone_is_named_and_does_not_stop_the_rest(
    data: Path, tmp_path: Path
) -> None:
    next(data.rglob("r1.wav")).unlink()
    assert backup(data, tmp_path / "saved").missing == ("r1",)
    assert len(list((tmp_path / "saved").rglob("*.wav"))) == 2


async def test_the_key_comes_along_only_when_asked_for(data: Path, tmp_path: Path) -> None:
    backup(data, tmp_path / "without")
    assert not (tmp_path / "without" / KEY).exists()
    backup(data, tmp_path / "with", with_key=True)
    assert (tmp_path / "with" / KEY).read_bytes() == (data / KEY).read_bytes()
    assert (tmp_path / "with" / KEY).stat().st_mode & 0o777 == 0o600


async def test_a_backup_that_was_changed_or_cut_short_is_refused_before_anything_is_written(
    data: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    backup(data, saved)
    shutil.move(data, tmp_path / "lost")
    recording = next(saved.rglob("r2.wav"))
    good = recording.read_bytes()
    recording.write_bytes(b"x" + good[1:])
    with pytest.raises(BackupRefused) as changed:
        restore(saved, data)
    assert changed.value.path == recording
    recording.unlink()
    with pytest.raises(BackupRefused):
        restore(saved, data)
    recording.write_bytes(good)
    (saved / "manifest.json").rename(saved / "manifest.json.draft")
    with pytest.raises(BackupRefused):
        restore(saved, data)
    assert not data.exists()


@pytest.mark.parametrize("text", ["[]", "{}", '{"files": 3}', '{"version": 9, "files": []}', "\x00"])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(BackupRefused):
        Manifest.read(tmp_path)


async def test_nothing_that_exists_is_overwritten(data: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    backup(data, saved)
    with pytest.raises(BackupRefused):
        backup(data, saved)
    with pytest.raises(BackupRefused):
        restore(saved, data)
    with pytest.raises(BackupRefused):
        restore(saved, tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable):
        backup(tmp_path / "nowhere", tmp_path / "saved2")


async def test_a_message_of_a_caller_comes_back_to_where_its_record_says(data: Path, tmp_path: Path) -> None:
    """Messages lie beside the talks, in a folder of their own."""
    message = data / "voicemail" / "2023-11-14" / "m1.wav"
    async for store in running(data):
        await call(store, data, 7, path=message)
    backup(data, tmp_path / "saved")
    shutil.move(data, tmp_path / "lost")
    restore(tmp_path / "saved", data)
    assert message.read_bytes() == b"sound of 7"


async def test_a_copy_of_a_large_database_ends_while_the_writer_never_rests(
    data: Path, tmp_path: Path
) -> None:
    """SQLite begins a copy anew after each commit of somebody else, unless it is one transaction of reading."""
    writer = sqlite3.connect(data / DATABASE, isolation_level=None, check_same_thread=False)
    writer.execute("PRAGMA journal_mode = WAL")
    for number in range(80):
        writer.execute("INSERT INTO state VALUES ('pad', ?, ?)", (str(number), "x" * 1024 * 1024))
    is_over = threading.Event()

    def write() -> None:
        number = 0
        while not is_over.wait(0.0005):
            number += 1
            writer.execute("INSERT OR REPLACE INTO state VALUES ('busy', 'busy', ?)", (str(number),))

    busy = threading.Thread(target=write)
    busy.start()
    making = asyncio.create_task(asyncio.to_thread(backup, data, tmp_path / "saved"))
    try:
        done, _ = await asyncio.wait({making}, timeout=20)
    finally:
        is_over.set()
        busy.join()
        writer.close()
        await asyncio.wait({making})
    assert done, "the copy never ended"
    assert check(tmp_path / "saved") == making.result()


async def test_a_backup_that_fails_leaves_nothing_behind_and_may_be_made_again(
    data: Path, tmp_path: Path
) -> None:
    """A disk that is full tonight is not fuller tomorrow."""
    target = tmp_path / "saved"
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    try:
        with pytest.raises(StoreUnavailable, match="saved"):
            backup(data, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert not target.exists()
    recording = next(data.rglob("r1.wav"))
    recording.unlink()
    recording.mkdir()
    with pytest.raises(IsADirectoryError):
        backup(data, target)
    assert not target.exists()
    recording.rmdir()
    assert backup(data, target).missing == ("r1",)


async def test_one_that_was_killed_on_the_way_is_named_as_such(data: Path, tmp_path: Path) -> None:
    backup(data, tmp_path / "saved")
    (tmp_path / "saved" / "manifest.json").unlink()
    with pytest.raises(BackupRefused, match="unfinished"):
        backup(data, tmp_path / "saved")


async def test_the_log_of_a_database_that_was_moved_away_is_in_the_way_too(
    data: Path, tmp_path: Path
) -> None:
    """After a crash it lies beside it, and SQLite would play it into the database that is put back."""
    backup(data, tmp_path / "saved")
    log = data / f"{DATABASE}-wal"
    async for store in running(data):
        await call(store, data, 8)
        of_a_crash = log.read_bytes()
    assert of_a_crash
    (data / DATABASE).unlink()
    log.write_bytes(of_a_crash)
    with pytest.raises(BackupRefused) as refused:
        restore(tmp_path / "saved", data)
    assert refused.value.path == log
    log.unlink()
    assert restore(tmp_path / "saved", data).differences == ()


async def test_a_backup_of_an_older_program_comes_back_as_this_one_wants_it(tmp_path: Path) -> None:
    data, shipped = tmp_path / "data", schema.shipped_migrations()
    schema.prepare(data / DATABASE, 1.0, shipped[:3])
    backup(data, tmp_path / "saved")
    (data / DATABASE).unlink()
    assert restore(tmp_path / "saved", data, wall=lambda: NOW).differences == ()
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        assert not schema.missing(connection, shipped)
        assert connection.execute("SELECT max(applied_at) FROM migrations").fetchone() == (NOW,)


async def test_a_backup_of_a_newer_program_is_refused_before_anything_is_written(
    data: Path, tmp_path: Path
) -> None:
    """Control would refuse it, and the one of before would be gone."""
    with closing(sqlite3.connect(data / DATABASE)) as connection, connection:
        connection.execute("INSERT INTO migrations VALUES (99, '0099_later.sql', '', 1.0)")
    backup(data, tmp_path / "saved")
    shutil.move(data, tmp_path / "lost")
    with pytest.raises(BackupRefused, match="newer"):
        restore(tmp_path / "saved", data)
    assert not data.exists()


async def test_a_restoration_that_fails_on_the_way_leaves_no_database_and_may_be_made_again(
    data: Path, tmp_path: Path
) -> None:
    """Half of one would be taken for a whole one by the next start."""
    backup(data, tmp_path / "saved")
    shutil.rmtree(data)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    try:
        with pytest.raises(OSError, match="large"):
            restore(tmp_path / "saved", data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert [path.name for path in data.glob("hotline.*")] == ["hotline.lock"]
    assert restore(tmp_path / "saved", data).differences == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder away")
async def test_nothing_is_put_back_for_a_service_that_could_not_open_it(data: Path, tmp_path: Path) -> None:
    """Typed as root by mistake, it would leave files of root in the folder of the service."""
    backup(data, tmp_path / "saved")
    (data / DATABASE).unlink()
    os.chown(data, 65534, 65534)
    with pytest.raises(BackupRefused, match="as that user"):
        restore(tmp_path / "saved", data)
    assert not (data / DATABASE).exists()


async def test_announcements_that_were_uploaded_come_along(data: Path, tmp_path: Path) -> None:
    """Half-written ones do not: nothing names them."""
    (data / "prompts").mkdir()
    (data / "prompts" / "aa.wav").write_bytes(b"a storm comes")
    (data / "prompts" / ".bb.in").write_bytes(b"not yet")
    await asyncio.to_thread(backup, data, tmp_path / "copy")
    shutil.rmtree(data)
    await asyncio.to_thread(restore, tmp_path / "copy", data)
    assert [path.name for path in (data / "prompts").iterdir()] == ["aa.wav"]
    assert (data / "prompts" / "aa.wav").read_bytes() == b"a storm comes"
