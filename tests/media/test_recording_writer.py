"""The writer's thread: sound first, slower work after it, and one recording's surprise is its own."""

import threading
import time
from pathlib import Path

import pytest

from media.events import RecordingClosed, RecordingFaulted
from media.recording_writer import BACKLOG_MOST_BYTES, RecordingWriterThread
from media.wav import HEADER_BYTES, header

BLOCK = b"ab" * 160


class SteppedClock:
    """A clock that stands still until told; it tells what the writer would see."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def writer(sync_interval_s: float = 5.0, clock: SteppedClock | None = None) -> RecordingWriterThread:
    """A thread that has not begun."""
    return RecordingWriterThread(sync_interval_s, BACKLOG_MOST_BYTES, clock or time.monotonic)


def test_a_header_is_renewed_when_its_time_has_come_and_not_before(tmp_path: Path) -> None:
    """Five seconds, by the writer's own clock."""
    clock = SteppedClock()
    thread = writer(5.0, clock)
    part = tmp_path / "r.wav.part"

    def told() -> bytes:
        return part.read_bytes()[:HEADER_BYTES] if part.exists() else b""

    def wait_for(size: int) -> None:
        end = time.monotonic() + 5
        while not part.exists() or part.stat().st_size < size:
            assert time.monotonic() < end
            time.sleep(0.005)

    thread.open("r", str(tmp_path / "r.wav"))
    thread.append("r", 0, BLOCK)
    wait_for(HEADER_BYTES + 320)
    clock.now = 4.9
    thread.append("r", 320, BLOCK)
    wait_for(HEADER_BYTES + 640)
    assert told() == header(0)
    clock.now = 5.0
    thread.append("r", 640, BLOCK)
    end = time.monotonic() + 5
    while told() != header(960):
        assert time.monotonic() < end
        time.sleep(0.005)
    assert thread.stop(5)


def test_the_order_of_one_recording_is_kept_among_many(tmp_path: Path) -> None:
    thread = writer()
    names = [f"r{number}" for number in range(20)]
    for name in names:
        thread.open(name, str(tmp_path / f"{name}.wav"))
    for block in range(10):
        for name in names:
            thread.append(name, block * 320, bytes([block, len(name)]) * 160)
    for name in names:
        thread.end(name, 3200)
    assert thread.stop(10)
    events = thread.take_events()
    assert all(isinstance(event, RecordingClosed) and not event.incomplete for event in events)
    assert {event.recording_id for event in events} == set(names)
    for name in names:
        sound = (tmp_path / f"{name}.wav").read_bytes()[HEADER_BYTES:]
        assert sound == b"".join(bytes([block, len(name)]) * 160 for block in range(10))


def test_what_still_runs_when_the_thread_stops_is_synced_and_stays_a_part_file(tmp_path: Path) -> None:
    """Nobody said that the recording is over: the next start closes it."""
    thread = writer()
    thread.open("r", str(tmp_path / "r.wav"))
    thread.append("r", 0, BLOCK)
    assert thread.stop(5)
    assert (tmp_path / "r.wav.part").read_bytes() == header(320) + BLOCK
    assert thread.take_events() == []


def test_words_about_an_unknown_recording_harm_no_other(tmp_path: Path) -> None:
    thread = writer()
    thread.open("r", str(tmp_path / "r.wav"))
    thread.append("ghost", 0, BLOCK)
    thread.end("ghost", 320)
    thread.append("r", 0, BLOCK)
    thread.end("r", 320)
    assert thread.stop(5)
    (event,) = thread.take_events()
    assert (event.recording_id, type(event)) == ("r", RecordingClosed)


@pytest.mark.parametrize("times", [1, 2])
def test_a_thread_that_never_began_stops_at_once(times: int) -> None:
    thread = writer()
    for _ in range(times):
        assert thread.stop(0.0)


def test_a_stop_does_not_wait_longer_than_it_may(tmp_path: Path) -> None:
    """A disk that hangs must not hang the end of the process."""
    moves = threading.Event()

    def clock() -> float:
        moves.wait()
        return 0.0

    thread = RecordingWriterThread(5.0, BACKLOG_MOST_BYTES, clock)
    thread.open("r", str(tmp_path / "r.wav"))
    assert not thread.stop(0.05)
    moves.set()
    assert thread.stop(5)


def test_a_fault_is_told_before_the_end_and_once(tmp_path: Path) -> None:
    (tmp_path / "r.wav").mkdir()
    thread = writer()
    thread.open("r", str(tmp_path / "r.wav"))
    for block in range(3):
        thread.append("r", block * 320, BLOCK)
    thread.end("r", 960)
    assert thread.stop(5)
    assert [type(event) for event in thread.take_events()] == [RecordingFaulted, RecordingClosed]
