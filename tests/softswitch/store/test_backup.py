"""A backup is made while the writer works, is whole or none, and comes back byte for byte."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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


async def call(store: Store, data_dir: Path, number: int) -> None:
    """One recorded call whose file is there."""
    sound = f"sound of {number}".encode()
    path = data_dir / "recordings" / "2023-11-14" / f"r{number}.wav"
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
