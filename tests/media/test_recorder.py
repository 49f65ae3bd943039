"""Recordings: all of a tick at once, whole files at the end, nothing lost but the last second."""

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.events import RecordingClosed, RecordingFaulted
from media.recorder import BLOCK_FRAMES, RecordingExists, RecordingSet, UnknownRecording
from media.wav import HEADER_BYTES, header, repair

ROOT = Path(__file__).resolve().parents[2]
Events = list[RecordingClosed | RecordingFaulted]


@pytest.fixture
def recordings() -> Iterator[RecordingSet]:
    """A set whose files are synced often."""
    made = RecordingSet(sync_interval_s=0.05)
    yield made
    assert made.finish()


def wait_until(condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    """The writer is a thread of its own: wait for what it does."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def frames(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Random A-law for both channels."""
    rng = np.random.default_rng(seed)
    left, right = rng.integers(0, 256, (2, rows, 160), dtype=np.uint8)
    return left, right


def finished(recordings: RecordingSet) -> Events:
    """End everything and return what was told."""
    assert recordings.finish()
    return recordings.take_events()


def test_each_file_has_its_own_sound_left_and_right(recordings: RecordingSet, tmp_path: Path) -> None:
    """Two hundred recordings that begin and end at different ticks: every byte is where it belongs."""
    rows: dict[str, int] = {}
    expected: dict[str, bytearray] = {}
    for tick in range(130):
        for name in [f"r{n}" for n in range(200) if n % 60 == tick]:
            rows[name] = recordings.open(name, "call", str(tmp_path / f"{name}.wav"), tick * 0.02)
            expected[name] = bytearray()
        for name in [f"r{n}" for n in range(200) if n % 7 == tick - 90]:
            recordings.close(name)
            del rows[name]
        left, right = frames(tick, len(rows))
        recordings.write(np.array(list(rows.values()), dtype=np.int64), left, right)
        for index, name in enumerate(rows):
            expected[name] += np.stack([left[index], right[index]], axis=1).tobytes()
    events = finished(recordings)
    assert {event.recording_id for event in events} == set(expected)
    for event in events:
        assert isinstance(event, RecordingClosed)
        assert (event.incomplete, event.fault) == (False, "")
        content = Path(event.path).read_bytes()
        sound = bytes(expected[event.recording_id])
        assert content == header(len(sound)) + sound
        assert event.sha256 == hashlib.sha256(content).hexdigest()
        assert (event.size_bytes, event.frames) == (len(content), len(sound) // 320)
    assert not list(tmp_path.glob("*.part"))


def test_levels_are_those_that_libsndfile_decodes(recordings: RecordingSet, tmp_path: Path) -> None:
    row = np.array([recordings.open("r", "call", str(tmp_path / "r.wav"), 0.0)])
    left = np.full((1, 160), 0xAA, dtype=np.uint8)
    silence = np.full((1, 160), 0xD5, dtype=np.uint8)
    for _ in range(60):
        recordings.write(row, left, silence)
    (event,) = finished(recordings)
    assert isinstance(event, RecordingClosed)
    sound, rate = soundfile.read(event.path, dtype="float64")
    assert (rate, len(sound)) == (8000, 60 * 160)
    assert event.left_dbfs == pytest.approx(20 * np.log10(np.sqrt(np.mean(sound[:, 0] ** 2))), abs=0.01)
    assert event.right_dbfs is None


def test_the_file_exists_before_the_first_frame(recordings: RecordingSet, tmp_path: Path) -> None:
    """Folders are made; a recording without any frame is a valid empty WAV."""
    path = tmp_path / "2026" / "11" / "r.wav"
    recordings.open("r", "call", str(path), 0.0)
    wait_until(lambda: path.with_name("r.wav.part").exists())
    (event,) = finished(recordings)
    assert isinstance(event, RecordingClosed)
    assert path.read_bytes() == header(0)
    assert (event.frames, event.size_bytes, event.left_dbfs) == (0, HEADER_BYTES, None)


def test_the_header_on_disk_is_brought_up_to_date_while_the_call_goes_on(
    recordings: RecordingSet, tmp_path: Path
) -> None:
    """Anybody may listen into the `.part` file: its header tells what is in it."""
    row = np.array([recordings.open("r", "call", str(tmp_path / "r.wav"), 0.0)])
    part = tmp_path / "r.wav.part"
    for _ in range(2 * BLOCK_FRAMES + 1):
        recordings.write(row, *frames(1, 1))
    wait_until(
        lambda: part.exists() and part.read_bytes()[:HEADER_BYTES] == header((2 * BLOCK_FRAMES + 1) * 320)
    )
    with part.open("rb") as file:
        assert soundfile.info(file).frames == (2 * BLOCK_FRAMES + 1) * 160


def test_what_is_held_is_told_with_its_frames(recordings: RecordingSet, tmp_path: Path) -> None:
    row = np.array([recordings.open("r", "call-7", str(tmp_path / "r.wav.part"), 0.0)])
    for _ in range(30):
        recordings.write(row, *frames(1, 1))
    (held,) = recordings.held()
    assert (held.recording_id, held.call_id, held.frames) == ("r", "call-7", 30)
    assert held.path == str(tmp_path / "r.wav")
    assert (len(recordings), repr(recordings)) == (1, "<RecordingSet running=1>")


def test_a_recording_is_held_until_its_file_is_finished(tmp_path: Path) -> None:
    """Who asks in between must not take the file for one that a crash left behind."""
    moves = threading.Event()

    def clock() -> float:
        moves.wait()
        return time.monotonic()

    recordings = RecordingSet(clock=clock)
    row = np.array([recordings.open("r", "call-7", str(tmp_path / "r.wav"), 0.0)])
    recordings.write(row, *frames(1, 1))
    recordings.close("r")
    assert len(recordings) == 0
    assert [(held.recording_id, held.frames) for held in recordings.held()] == [("r", 1)]
    moves.set()
    (event,) = finished(recordings)
    assert isinstance(event, RecordingClosed)
    assert recordings.held() == []


def test_one_recording_of_an_id_at_a_time(recordings: RecordingSet, tmp_path: Path) -> None:
    recordings.open("r", "call", str(tmp_path / "r.wav"), 0.0)
    with pytest.raises(RecordingExists, match="'r'"):
        recordings.open("r", "call", str(tmp_path / "s.wav"), 0.0)
    with pytest.raises(UnknownRecording, match="'q'"):
        recordings.close("q")


@pytest.mark.parametrize("existing", ["r.wav", "r.wav.part"])
def test_a_file_that_exists_is_never_touched(recordings: RecordingSet, tmp_path: Path, existing: str) -> None:
    """The call goes on, the recording is told as faulted once and closed as incomplete with nothing in it."""
    (tmp_path / existing).write_bytes(b"precious")
    row = np.array([recordings.open("r", "call", str(tmp_path / "r.wav"), 0.0)])
    for _ in range(60):
        recordings.write(row, *frames(1, 1))
    faulted, closed = finished(recordings)
    assert isinstance(faulted, RecordingFaulted)
    assert isinstance(closed, RecordingClosed)
    assert "exists" in faulted.fault
    assert (closed.incomplete, closed.fault, closed.frames, closed.sha256) == (True, faulted.fault, 0, "")
    assert (tmp_path / existing).read_bytes() == b"precious"


@pytest.mark.parametrize("path", ["", "/proc/nowhere/r.wav", "a\0b.wav", "/dev/null/r.wav"])
def test_a_path_that_cannot_be_faults_one_recording_and_no_other(
    recordings: RecordingSet, tmp_path: Path, path: str
) -> None:
    rows = np.array(
        [
            recordings.open("bad", "call", path, 0.0),
            recordings.open("good", "c", str(tmp_path / "g.wav"), 0.0),
        ]
    )
    for _ in range(60):
        recordings.write(rows, *frames(1, 2))
    events = finished(recordings)
    assert [type(event) for event in events if event.recording_id == "bad"] == [
        RecordingFaulted,
        RecordingClosed,
    ]
    (good,) = [event for event in events if event.recording_id == "good"]
    assert isinstance(good, RecordingClosed)
    assert (good.frames, good.incomplete) == (60, False)


def test_a_disk_that_hangs_delays_no_tick_and_costs_bounded_memory(tmp_path: Path) -> None:
    """The writer stands still: ticks go on; what waits is bounded; what did not fit is silence, in its place."""
    moves = threading.Event()

    def clock() -> float:
        moves.wait()
        return time.monotonic()

    recordings = RecordingSet(backlog_bytes=20 * BLOCK_FRAMES * 320, clock=clock)
    row = np.array([recordings.open("r", "call", str(tmp_path / "r.wav"), 0.0)])
    ramp = np.arange(160, dtype=np.uint8)[np.newaxis]
    for _ in range(1000):
        recordings.write(row, ramp, ramp)  # one that waits for the writer would never return
    moves.set()
    faulted, closed = finished(recordings)
    assert isinstance(faulted, RecordingFaulted)
    assert isinstance(closed, RecordingClosed)
    assert (closed.frames, closed.incomplete, closed.fault) == (1000, True, "write: the disk fell behind")
    frame_by_frame = np.frombuffer((tmp_path / "r.wav").read_bytes()[HEADER_BYTES:], dtype=np.uint8)
    silent = (frame_by_frame.reshape(1000, 320) == 0xD5).all(axis=1)
    assert not silent[:500].any() and silent[510:].all()


def child(mode: str, folder: Path) -> list[dict[str, object]]:
    """The events of a process that ran out of disk."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.media.recording_process", mode, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_disk_that_stays_full_keeps_what_was_recorded_before(tmp_path: Path) -> None:
    faulted, closed = child("stuck", tmp_path)
    assert (faulted["event"], closed["event"]) == ("RecordingFaulted", "RecordingClosed")
    content = (tmp_path / "r.wav").read_bytes()
    assert (closed["incomplete"], closed["size_bytes"]) == (True, len(content))
    assert content[:HEADER_BYTES] == header(len(content) - HEADER_BYTES)
    assert soundfile.info(str(tmp_path / "r.wav")).frames == (40_000 - HEADER_BYTES) // 2


def test_a_full_disk_ends_neither_the_process_nor_the_file(tmp_path: Path) -> None:
    """One fault is told; when there is room again the missing time is silence and the rest is recorded."""
    faulted, closed = child("full", tmp_path)
    assert faulted == {"event": "RecordingFaulted", "recording_id": "r", "fault": "write: File too large"}
    assert closed["event"] == "RecordingClosed"
    assert (closed["incomplete"], closed["fault"]) == (True, "write: File too large")
    assert closed["frames"] == 300
    content = (tmp_path / "r.wav").read_bytes()
    assert content[:HEADER_BYTES] == header(300 * 320)
    assert closed["sha256"] == hashlib.sha256(content).hexdigest()
    pair_by_pair = np.frombuffer(content[HEADER_BYTES:], dtype=np.uint8).reshape(300, 160, 2)
    heard = (pair_by_pair[:, :, 0] == np.arange(160)).all(axis=1)
    silent = (pair_by_pair == 0xD5).all(axis=(1, 2))
    assert heard[:124].all() and heard[160:].all()
    assert (heard | silent).sum() >= 299


def test_a_killed_process_loses_less_than_a_second_and_leaves_what_can_be_repaired(tmp_path: Path) -> None:
    """SIGKILL in the middle of three recordings: each plays after the repair, up to the last second."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.media.recording_process", "talk", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        written = 0
        for line in child.stdout:
            written = int(line)
            if written >= 110:
                break
        child.kill()
        written = max([written, *(int(line) for line in child.stdout.read().split())])
    child.wait()
    for name in ("r0", "r1", "r2"):
        repaired = repair(tmp_path / f"{name}.wav.part")
        lost_s = written * 0.02 - repaired.duration_s
        assert 0 <= lost_s < 1.0
        assert soundfile.info(str(repaired.path)).frames == repaired.duration_s * 8000
        pairs = np.frombuffer(repaired.path.read_bytes()[HEADER_BYTES:], dtype=np.uint8).reshape(-1, 160, 2)
        assert (pairs[:, :, 0] == np.arange(160)).all() and (pairs[:, :, 1] == np.arange(1, 161)).all()


def test_a_set_may_record_again_after_it_finished(recordings: RecordingSet, tmp_path: Path) -> None:
    for name in ("a", "b"):
        row = np.array([recordings.open(name, "call", str(tmp_path / f"{name}.wav"), 0.0)])
        recordings.write(row, *frames(1, 1))
        (event,) = finished(recordings)
        assert isinstance(event, RecordingClosed)
        assert (event.frames, event.incomplete) == (1, False)
