"""The file of a recording: header, measures, repair."""

import hashlib
import os
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from media.g711 import EXPAND, LAW_A, encode
from media.wav import (
    HEADER_BYTES,
    MOST_DATA_BYTES,
    SILENT_PAIR,
    NotRepairable,
    final_path,
    header,
    measure,
    part_path,
    repair,
)


def sound(seconds: float = 1.0) -> bytes:
    """A 700 Hz tone left, a softer 1300 Hz tone right, as they stand in a file."""
    time = np.arange(int(seconds * 8000)) / 8000
    left = (10000 * np.sin(2 * np.pi * 700 * time)).astype(np.int16)
    right = (1000 * np.sin(2 * np.pi * 1300 * time)).astype(np.int16)
    return np.stack([encode(left, LAW_A), encode(right, LAW_A)], axis=1).tobytes()


def test_libsndfile_reads_what_we_write_sample_by_sample(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    coded = sound()
    path.write_bytes(header(len(coded)) + coded)
    info = soundfile.info(str(path))
    assert (info.samplerate, info.channels, info.frames) == (8000, 2, 8000)
    assert (info.format, info.subtype) == ("WAV", "ALAW")
    read, _ = soundfile.read(str(path), dtype="int16", always_2d=True)
    assert np.array_equal(read, EXPAND[LAW_A][np.frombuffer(coded, dtype=np.uint8)].reshape(-1, 2))


def test_sox_reads_it_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(header(16000) + sound())
    done = subprocess.run(["sox", str(path), "-n", "stat"], capture_output=True, text=True, check=True)
    assert "Length (seconds):      1.000000" in done.stderr
    assert "WARN" not in done.stderr


def test_the_standard_library_knows_the_tag(tmp_path: Path) -> None:
    """`wave` refuses A-law by its tag, which shows that it read the header that far."""
    path = tmp_path / "a.wav"
    path.write_bytes(header(0))
    with pytest.raises(wave.Error, match="unknown format: 6"), wave.open(str(path)):
        pass


def test_a_header_never_overflows() -> None:
    """After 74 hours the lengths stay at what RIFF can say."""
    assert header(2**40) == header(MOST_DATA_BYTES - 1)
    assert len(header(2**40)) == HEADER_BYTES


def test_paths_of_a_file_that_is_written_and_of_one_that_is_finished() -> None:
    assert part_path(Path("x/a.wav")) == Path("x/a.wav.part") == part_path(Path("x/a.wav.part"))
    assert final_path(Path("x/a.wav.part")) == Path("x/a.wav") == final_path(Path("x/a.wav"))


def test_measures_are_of_the_whole_file(tmp_path: Path) -> None:
    """Levels agree with what libsndfile decodes; the hash is that of the bytes."""
    path = tmp_path / "a.wav"
    path.write_bytes(header(len(sound(9.7))) + sound(9.7))
    measures = measure(path)
    assert measures.size_bytes == path.stat().st_size
    assert measures.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    decoded, _ = soundfile.read(str(path), dtype="float64")
    left, right = 20 * np.log10(np.sqrt(np.mean(decoded**2, axis=0)))
    assert measures.left_dbfs == pytest.approx(left, abs=0.01)
    assert measures.right_dbfs == pytest.approx(right, abs=0.01)


@given(length=st.integers(0, 2000), told=st.sampled_from([0, 2, 1000, 2**31]))
def test_whatever_was_written_before_the_crash_is_kept(
    tmp_path_factory: pytest.TempPathFactory, length: int, told: int
) -> None:
    """Any length of file, whatever its header told: all whole sample pairs, a true header, a final path."""
    folder = tmp_path_factory.mktemp("r")
    whole = header(told) + sound(0.25)
    (folder / "a.wav.part").write_bytes(whole[: HEADER_BYTES + length])
    repaired = repair(folder / "a.wav.part")
    assert repaired.path == folder / "a.wav"
    kept = repaired.path.read_bytes()
    assert kept == header(length // 2 * 2) + whole[HEADER_BYTES : HEADER_BYTES + length // 2 * 2]
    assert repaired.size_bytes == len(kept)
    assert repaired.frames == length // 320
    assert repaired.duration_s == length // 2 / 8000
    assert repaired.sha256 == hashlib.sha256(kept).hexdigest()
    assert not (folder / "a.wav.part").exists()
    assert soundfile.info(str(repaired.path)).frames == length // 2


def test_repairing_twice_changes_nothing_and_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.wav.part").write_bytes(header(0) + sound())
    first = repair(tmp_path / "a.wav.part")
    stamp = first.path.stat().st_mtime_ns
    assert repair(tmp_path / "a.wav.part") == first
    assert repair(tmp_path / "a.wav") == first
    assert first.path.stat().st_mtime_ns == stamp


def test_a_healthy_file_stays_byte_identical_and_untouched(tmp_path: Path) -> None:
    """A crash between the last sync and the rename: only the name changes."""
    part = tmp_path / "a.wav.part"
    part.write_bytes(header(16000) + sound())
    os.utime(part, ns=(5, 5))
    before = part.read_bytes()
    repaired = repair(part)
    assert repaired.path.read_bytes() == before
    assert repaired.path.stat().st_mtime_ns == 5


def test_silence_has_no_level(tmp_path: Path) -> None:
    (tmp_path / "a.wav.part").write_bytes(header(0) + SILENT_PAIR * 8000)
    repaired = repair(tmp_path / "a.wav.part")
    assert (repaired.left_dbfs, repaired.right_dbfs) == (None, None)


@pytest.mark.parametrize("start", [b"", b"RIF", b"\0" * 30, b"\0" * HEADER_BYTES])
def test_a_file_whose_header_never_reached_the_disk_gets_one(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "a.wav.part").write_bytes(start)
    assert repair(tmp_path / "a.wav.part").path.read_bytes() == header(0)


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.4 something else entirely",
        b"%PDF" * 100,
        header(0).replace(b"\x06\0", b"\x07\0", 1) + b"x" * 99,
    ],
    ids=["short", "long", "mu-law"],
)
def test_a_foreign_file_is_left_alone(tmp_path: Path, content: bytes) -> None:
    part = tmp_path / "a.wav.part"
    part.write_bytes(content)
    with pytest.raises(NotRepairable, match="not a"):
        repair(part)
    assert part.read_bytes() == content
    assert not (tmp_path / "a.wav").exists()


def test_a_finished_recording_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.wav.part").write_bytes(header(0) + sound())
    (tmp_path / "a.wav").write_bytes(b"precious")
    with pytest.raises(NotRepairable, match="exists beside it"):
        repair(tmp_path / "a.wav.part")
    assert (tmp_path / "a.wav").read_bytes() == b"precious"


def test_nothing_to_repair_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotRepairable, match="no such file") as caught:
        repair(tmp_path / "a.wav.part")
    assert caught.value.path == tmp_path / "a.wav"


def test_what_the_system_forbids_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.wav.part").mkdir()
    with pytest.raises(NotRepairable, match="directory"):
        repair(tmp_path / "a.wav")
