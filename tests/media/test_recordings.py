"""Recordings: one frame a tick, whatever arrives."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.commands import CloseLeg, SetRecordingSources, StartRecording, StopRecording
from media.events import RecordingClosed, RecordingFaulted, RecordingHeld
from media.plane import TICK_S
from media.recorder import RecordingSet
from tests.media.rtp_phone import AMPLITUDE, Desk, Phone, both, level_of, speak


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Caller and agent."""
    made = Desk()
    made.open(Phone("caller"))
    made.open(Phone("agent"))
    yield made
    made.close()


def start(left: tuple[str, ...], right: tuple[str, ...] = (), name: str = "rec") -> StartRecording:
    """The command."""
    return StartRecording(
        recording_id=name, call_id="call", path=f"/nowhere/{name}.wav", left=left, right=right
    )


def test_the_caller_is_left_and_the_agent_right_from_when_they_joined(desk: Desk) -> None:
    """The right channel is digital silence before, and the caller's own tone never leaks there."""
    caller, agent = desk.phones
    desk.do(start(("caller",)))
    desk.tick(50, both(speak(caller, 700, 50), speak(agent, 1300, 50)))
    desk.do(SetRecordingSources(recording_id="rec", left=("caller",), right=("agent",)))
    desk.tick(50, both(speak(caller, 700, 50), speak(agent, 1300, 50)))
    left, right = desk.writer.sound("rec", 0), desk.writer.sound("rec", 1)
    assert len(left) == len(right) == 100 * 160
    assert level_of(left[8800:15200], 700) == pytest.approx(AMPLITUDE, rel=0.05)
    assert level_of(right[8800:15200], 1300) == pytest.approx(AMPLITUDE, rel=0.05)
    assert level_of(right[8800:15200], 700) < 30
    assert np.all(right[:8000] == 8)


def test_a_recording_is_as_long_as_its_time(desk: Desk) -> None:
    """RTP that stops, ticks that come late or not at all, legs that close: silence, never fewer frames."""
    desk.do(start(("caller",), ("agent",)))
    desk.tick(20, speak(desk.phones[0], 700, 20))
    desk.tick(30)
    desk.now += 5 * TICK_S
    desk.tick()
    desk.now += 100 * TICK_S
    desk.tick()
    desk.do(CloseLeg(leg_id="caller"))
    desk.tick(10)
    desk.do(StopRecording(recording_id="rec"))
    desk.tick(10)
    assert len(desk.writer.frames["rec"]) == 20 + 30 + 6 + 101 + 10
    assert desk.writer.closed == ["rec"]


def test_several_legs_in_one_channel_are_mixed(desk: Desk) -> None:
    """A conference on the right."""
    desk.open(Phone("expert"))
    desk.do(start(("caller",), ("agent", "expert")))
    desk.tick(60, both(speak(desk.phones[1], 500, 60), speak(desk.phones[2], 1300, 60)))
    right = desk.writer.sound("rec", 1)[3200:]
    assert level_of(right, 500) == pytest.approx(AMPLITUDE, rel=0.05)
    assert level_of(right, 1300) == pytest.approx(AMPLITUDE, rel=0.05)


def test_a_voice_that_is_only_passed_on_is_recorded_bit_for_bit(desk: Desk) -> None:
    """A-law in, the same A-law in the file."""
    codes = np.random.default_rng(5).integers(0, 256, (30, 160)).astype(np.uint8)
    caller = desk.phones[0]
    desk.do(start(("caller",)))

    def say(index: int) -> None:
        if index < 30:
            caller.send_raw(caller.packet(codes[index].tobytes()))
            caller.advance(160)

    desk.tick(35, say)
    recorded = b"".join(left for left, _ in desk.writer.frames["rec"])
    assert codes.tobytes() in recorded


def test_the_real_recorder_leaves_a_stereo_wav_of_both(tmp_path: Path) -> None:
    """A-law, 8 kHz, two channels, as long as its ticks; libsndfile reads it."""
    recordings = RecordingSet()
    desk = Desk(recordings=recordings)
    caller, agent = desk.open(Phone("caller")), desk.open(Phone("agent"))
    path = tmp_path / "rec.wav"
    desk.do(
        StartRecording(recording_id="rec", call_id="call", path=str(path), left=("caller",), right=("agent",))
    )
    desk.tick(100, both(speak(caller, 700, 100), speak(agent, 1300, 100)))
    desk.do(StopRecording(recording_id="rec"))
    assert recordings.finish()
    desk.do()
    (closed,) = desk.told(RecordingClosed)
    assert (closed.path, closed.frames, closed.incomplete) == (str(path), 100, False)
    sound, rate = soundfile.read(closed.path, dtype="int16")
    assert (rate, sound.shape) == (8000, (16000, 2))
    assert level_of(sound[3200:, 0], 700) == pytest.approx(AMPLITUDE, rel=0.05)
    assert level_of(sound[3200:, 1], 1300) == pytest.approx(AMPLITUDE, rel=0.05)
    desk.close()


def test_orders_that_make_no_sense_are_told(desk: Desk) -> None:
    """A second recording of one id, an unknown one, one too many."""
    desk.do(start(("caller",)), start(("agent",)), StopRecording(recording_id="ghost"))
    desk.do(SetRecordingSources(recording_id="ghost", left=(), right=()))
    for index in range(16):
        desk.do(start(("caller",), name=f"more-{index}"))
    faults = [event.fault for event in desk.told(RecordingFaulted)]
    assert faults == ["recording_exists", "unknown_recording", "unknown_recording", "no_room"]
    assert len(desk.plane.__repr__()) > 0
    assert all(isinstance(held, RecordingHeld) for held in desk.writer.held())
