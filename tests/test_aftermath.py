"""The judgement over the books after a fault finds what it is there to find."""

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from softswitch.store.entries import (
    CallArrived,
    CallEnded,
    CallOffered,
    Entry,
    RecordingClosed,
    RecordingStarted,
)
from softswitch.store.writer import Store
from tests.aftermath import counts_of, faults_in
from tests.softswitch.store.samples import closed, whole_call

LENGTH_S = 89
"""From the answer to the end of the sample's call."""


def sound(path: Path, length_s: float) -> Path:
    """A playable file of a recording."""
    silence = np.zeros((round(8000 * length_s), 2))
    soundfile.write(str(path), silence, 8000, subtype="ALAW")
    return path


def one_call(folder: Path, call_id: str = "c1", *, start: float = 100.0) -> list[Entry]:
    """A whole call whose recording lies in the folder."""
    path = sound(folder / f"{call_id}.wav", LENGTH_S)
    over = replace(
        closed(f"r-{call_id}", call_id, start + 91, hashlib.sha256(path.read_bytes()).hexdigest()),
        path=str(path),
        duration_s=float(LENGTH_S),
    )
    entries = [entry for entry in whole_call(call_id, start) if not isinstance(entry, RecordingClosed)]
    named = [replace(e, sip_call_id=f"{call_id}@peer") if isinstance(e, CallArrived) else e for e in entries]
    placed = [replace(e, path=str(path)) if isinstance(e, RecordingStarted) else e for e in named]
    return [*placed, over]


async def write(folder: Path, entries: list[Entry]) -> None:
    """The books of a server that wrote just this."""
    database, key = folder / "hotline.sqlite", folder / "recording.key"
    store = await Store.open(database, key_path=key, wall=lambda: 9_000.0)
    for entry in entries:
        store.record(entry)
    await store.close()


async def test_nothing_is_wrong_with_two_whole_calls(tmp_path: Path) -> None:
    await write(tmp_path, [*one_call(tmp_path), *one_call(tmp_path, "c2", start=300.0)])
    assert faults_in(tmp_path) == []
    assert counts_of(tmp_path / "hotline.sqlite") == {
        "offered": 2,
        "answered": 2,
        "abandoned": 0,
        "waiting": 0,
    }


async def test_a_call_without_an_end_is_found(tmp_path: Path) -> None:
    await write(tmp_path, [entry for entry in one_call(tmp_path) if not isinstance(entry, CallEnded)])
    assert faults_in(tmp_path) == ["call c1 has no end"]


async def test_what_was_counted_twice_is_found(tmp_path: Path) -> None:
    """One INVITE that became two calls, and one offer that was made twice."""
    first = one_call(tmp_path)
    again = [
        replace(e, sip_call_id="c1@peer") if isinstance(e, CallArrived) else e
        for e in one_call(tmp_path, "c2", start=300.0)
    ]
    offer = next(e for e in first if isinstance(e, CallOffered))
    await write(tmp_path, [*first[:4], offer, *first[4:], *again])
    assert faults_in(tmp_path) == [
        "a caller's INVITE became two calls: c1@peer",
        "an offer was made, accepted or ended twice: CallOffered c1-1",
    ]


@pytest.mark.parametrize(
    ("length_s", "fault"),
    [(LENGTH_S - 3.0, "is not the file"), (0.0, "cannot be played"), (-1.0, "cannot be played")],
    ids=["shortened", "no sound file", "gone"],
)
async def test_a_recording_that_is_not_what_it_was_is_found(
    tmp_path: Path, length_s: float, fault: str
) -> None:
    await write(tmp_path, one_call(tmp_path))
    path = tmp_path / "c1.wav"
    if length_s > 0:
        sound(path, length_s)
    elif length_s == 0:
        path.write_bytes(b"RIFF")
    else:
        path.unlink()
    (found,) = faults_in(tmp_path)
    assert fault in found


async def test_a_recording_that_lacks_what_was_said_is_found(tmp_path: Path) -> None:
    """Three seconds too few, though the record says so: no fault may cost more than a crash does."""
    entries = one_call(tmp_path)
    path = sound(tmp_path / "c1.wav", LENGTH_S - 3.0)
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    over = entries.pop()
    assert isinstance(over, RecordingClosed)
    entries.append(replace(over, sha256=sha, duration_s=LENGTH_S - 3.0))
    await write(tmp_path, entries)
    assert faults_in(tmp_path) == ["recording r-c1 (done) of c1: lasts 86.00 s of a call of 89.00 s"]


async def test_a_sum_that_is_not_the_journals_is_found(tmp_path: Path) -> None:
    await write(tmp_path, one_call(tmp_path))
    with closing(sqlite3.connect(tmp_path / "hotline.sqlite", isolation_level=None)) as books:
        books.execute("UPDATE half_hours SET answered = 2")
    assert [fault.partition(":")[0] for fault in faults_in(tmp_path)] == [
        "half_hours is not what follows from the journal",
        "half hours",
    ]
