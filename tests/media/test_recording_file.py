"""One recording on disk: blocks in their places, whatever the disk does meanwhile."""

from pathlib import Path

import pytest

from media.events import RecordingClosed, RecordingFaulted
from media.recording_file import FILL_MOST_BYTES, RecordingFile
from media.wav import HEADER_BYTES, header, part_path

Events = list[RecordingClosed | RecordingFaulted]


class Recording:
    """A file under test and what it told."""

    def __init__(self, folder: Path) -> None:
        self.events: Events = []
        self.path = folder / "r.wav"
        self.file = RecordingFile("r", str(self.path), self.events.append)

    def finish(self, length: int) -> RecordingClosed:
        """Close it; the last thing that it told."""
        for _ in self.file.finish(length):
            pass
        closed = self.events[-1]
        assert isinstance(closed, RecordingClosed)
        return closed

    @property
    def sound(self) -> bytes:
        """What stands behind the header."""
        return self.path.read_bytes()[HEADER_BYTES:]


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """One that has not been opened yet."""
    return Recording(tmp_path)


def test_blocks_follow_one_another(recording: Recording) -> None:
    recording.file.append(0, b"ab" * 160)
    recording.file.append(320, b"cd" * 320)
    closed = recording.finish(960)
    assert recording.sound == b"ab" * 160 + b"cd" * 320
    assert (closed.frames, closed.incomplete) == (3, False)


def test_what_never_came_is_silence_in_its_place_and_the_recording_incomplete(recording: Recording) -> None:
    recording.file.append(0, b"ab" * 160)
    recording.file.append(640, b"cd" * 160)
    closed = recording.finish(1600)
    assert recording.sound == b"ab" * 160 + b"\xd5" * 320 + b"cd" * 160 + b"\xd5" * 640
    assert closed.incomplete
    assert [type(event) for event in recording.events] == [RecordingFaulted, RecordingClosed]


def test_a_long_gap_is_filled_block_by_block(recording: Recording) -> None:
    """No block costs more than ten seconds of silence."""
    start = 2 * FILL_MOST_BYTES + 320
    for number in range(3):
        recording.file.append(start + number * 320, b"ab" * 160)
        assert part_path(recording.path).stat().st_size <= HEADER_BYTES + (number + 1) * FILL_MOST_BYTES + 640
    recording.finish(start + 960)
    assert recording.sound == b"\xd5" * (start + 640) + b"ab" * 160


def test_the_header_is_true_after_each_sync(recording: Recording) -> None:
    recording.file.open()
    part = part_path(recording.path)
    assert part.read_bytes() == header(0)
    recording.file.append(0, b"ab" * 160)
    recording.file.sync()
    assert part.read_bytes() == header(320) + b"ab" * 160
    assert part.stat().st_mode & 0o777 == 0o640


def test_a_folder_that_goes_away_faults_the_recording_at_its_end(recording: Recording) -> None:
    """Somebody deletes the file of a running call: told, not raised."""
    recording.file.append(0, b"ab" * 160)
    part_path(recording.path).unlink()
    closed = recording.finish(320)
    assert (closed.incomplete, closed.fault) == (True, "rename: No such file or directory")
    assert (closed.size_bytes, closed.sha256) == (0, "")


def test_a_file_that_appears_at_the_final_path_is_not_overwritten(recording: Recording) -> None:
    recording.file.append(0, b"ab" * 160)
    recording.path.write_bytes(b"precious")
    closed = recording.finish(320)
    assert closed.fault == "rename: r.wav exists already"
    assert recording.path.read_bytes() == b"precious"
    assert part_path(recording.path).read_bytes() == header(320) + b"ab" * 160


def test_its_repr_says_how_far_it_is(recording: Recording) -> None:
    recording.file.append(0, b"ab" * 160)
    assert repr(recording.file) == "<RecordingFile r bytes=320 fault=''>"
