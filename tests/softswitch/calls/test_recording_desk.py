"""What becomes of recordings: closed by the plane, faulted, or repaired when nobody writes them any more."""

from pathlib import Path

from api.event_stream import EventStream
from media.events import RecordingClosed, RecordingFaulted
from media.wav import BYTES_PER_FRAME, header, part_path
from softswitch.calls.chronicle import Chronicle
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.store import entries
from softswitch.store.entries import RecordingState
from tests.softswitch.calls.node import Journal
from tests.softswitch.sip.stepped_clock import stepped_clock

SILENCE = b"\xd5"


def make_desk() -> tuple[RecordingDesk, Journal]:
    journal = Journal()
    _, clock = stepped_clock()
    return RecordingDesk(Chronicle(journal, EventStream("test", clock.wall, dict)), clock), journal


def closed(recording_id: str = "r1", *, fault: str = "") -> RecordingClosed:
    """What a plane says of a finished file."""
    return RecordingClosed(
        recording_id=recording_id,
        path=f"/recordings/{recording_id}.wav",
        frames=250,
        size_bytes=80058,
        sha256="ab" * 32,
        incomplete=bool(fault),
        fault=fault,
        left_dbfs=-20.0,
        right_dbfs=None,
    )


def written(journal: Journal) -> list[entries.RecordingClosed]:
    return [entry for entry in journal.entries if isinstance(entry, entries.RecordingClosed)]


def test_a_finished_file_is_written_down_with_its_call_and_length() -> None:
    desk, journal = make_desk()
    desk.opened("r1", "c1", "/recordings/r1.wav")
    assert desk.open_ids == {"r1"}
    desk.hear_plane(closed())
    (entry,) = written(journal)
    assert (entry.call_id, entry.duration_s, entry.state) == ("c1", 5.0, RecordingState.DONE)
    assert not desk.open_ids


def test_a_full_disk_raises_one_alarm_however_many_recordings_suffer() -> None:
    desk, journal = make_desk()
    for recording_id in ("r1", "r2"):
        desk.opened(recording_id, "c1", f"/recordings/{recording_id}.wav")
        desk.hear_plane(RecordingFaulted(recording_id=recording_id, fault="No space left on device"))
    desk.hear_plane(closed("r1", fault="No space left on device"))
    assert [entry.state for entry in written(journal)] == [RecordingState.INCOMPLETE]
    alarms = [entry for entry in journal.entries if isinstance(entry, entries.AlarmRaised)]
    assert [alarm.detail for alarm in alarms] == ["No space left on device"]


def test_the_alarm_is_cleared_by_the_next_whole_file_and_a_later_fault_raises_it_again() -> None:
    desk, journal = make_desk()
    fault = RecordingFaulted(recording_id="r1", fault="No space left on device")
    desk.hear_plane(fault)
    desk.hear_plane(closed("r1", fault="No space left on device"))
    desk.hear_plane(closed("r2"))
    desk.hear_plane(closed("r3"))
    desk.hear_plane(fault)
    kinds = (entries.AlarmRaised, entries.AlarmCleared)
    assert [type(entry) for entry in journal.entries if isinstance(entry, kinds)] == [
        entries.AlarmRaised,
        entries.AlarmCleared,
        entries.AlarmRaised,
    ]


async def test_a_file_that_nobody_writes_any_more_is_repaired_and_written_down(tmp_path: Path) -> None:
    """The header tells nothing yet; what was written counts to the last frame."""
    desk, journal = make_desk()
    path = tmp_path / "r1.wav"
    part_path(path).write_bytes(header(0) + SILENCE * BYTES_PER_FRAME * 100 + b"\xd5")
    desk.opened("r1", "c1", str(path))
    desk.opened("r2", "c2", str(tmp_path / "held.wav"))
    desk.repair_all_but(frozenset({"r2"}))
    await desk.wait_repaired()
    (entry,) = written(journal)
    assert (entry.recording_id, entry.state, entry.frames, entry.duration_s) == (
        "r1",
        RecordingState.CRASH,
        100,
        2.0,
    )
    assert path.exists()
    assert not part_path(path).exists()
    assert entry.size_bytes == path.stat().st_size
    assert desk.open_ids == {"r2"}


async def test_a_recording_without_a_file_is_closed_all_the_same_and_says_so(tmp_path: Path) -> None:
    desk, journal = make_desk()
    desk.opened("r1", "c1", str(tmp_path / "never.wav"))
    desk.repair_all_but(frozenset())
    await desk.wait_repaired()
    (entry,) = written(journal)
    assert (entry.state, entry.frames, entry.fault) == (RecordingState.CRASH, 0, "no such file")
    assert not desk.open_ids


async def test_a_plane_that_closes_a_file_after_all_is_believed_and_nothing_is_repaired_twice(
    tmp_path: Path,
) -> None:
    desk, journal = make_desk()
    desk.opened("r1", "c1", str(tmp_path / "r1.wav"))
    desk.hear_plane(closed())
    desk.repair_all_but(frozenset())
    await desk.wait_repaired()
    assert [entry.state for entry in written(journal)] == [RecordingState.DONE]
