"""The file of a recording: stereo A-law WAV, caller left, agent right, 8 kHz; its header, measures and repair.

The layout is fixed, so the header is rewritten in place while the file grows: RIFF (12 bytes), `fmt ` of 18 bytes
with format tag 6, `fact` with the number of samples, `data`; 58 bytes before the first sample
(Microsoft RIFF MCI, "New Multimedia Data Types", format WAVE_FORMAT_ALAW).
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from media.g711 import FRAME_SAMPLES, LAW_A, SAMPLE_RATE_HZ, SILENCE
from media.levels import StereoLevels

CHANNELS: Final = 2
BYTES_PER_FRAME: Final = CHANNELS * FRAME_SAMPLES  # 20 ms
BYTES_PER_SECOND: Final = CHANNELS * SAMPLE_RATE_HZ
SILENT_PAIR: Final = bytes([SILENCE[LAW_A]] * CHANNELS)
PART_SUFFIX: Final = ".part"

_LAYOUT: Final = struct.Struct("<4sI4s 4sIHHIIHHH 4sII 4sI")
HEADER_BYTES: Final = _LAYOUT.size
MOST_DATA_BYTES: Final = 0xFFFFFFFF - HEADER_BYTES  # 74 hours
_ALAW_TAG: Final = 6
_PIECE_BYTES: Final = 65536


class NotRepairable(Exception):
    """There is no recording at this path that could be made whole; `reason` says why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What is written down about a finished file.  Levels in dBFS, None for digital silence.

    `sha256` is of the whole file, header included.
    """

    size_bytes: int
    sha256: str
    left_dbfs: float | None
    right_dbfs: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairedRecording:
    """A file that stands whole at its final path; `frames` of 20 ms, `duration_s` to the sample."""

    path: Path
    frames: int
    duration_s: float
    size_bytes: int
    sha256: str
    left_dbfs: float | None
    right_dbfs: float | None


def header(data_bytes: int) -> bytes:
    """The header of a file with so many bytes of sound (an even number; longer than RIFF can say is clamped)."""
    data = min(data_bytes, MOST_DATA_BYTES - 1)
    return _LAYOUT.pack(
        *(b"RIFF", HEADER_BYTES - 8 + data, b"WAVE"),
        *(b"fmt ", 18, _ALAW_TAG, CHANNELS, SAMPLE_RATE_HZ, BYTES_PER_SECOND, CHANNELS, 8, 0),
        *(b"fact", 4, data // CHANNELS),
        *(b"data", data),
    )


def final_path(path: Path) -> Path:
    """The path without `.part`."""
    return Path(str(path).removesuffix(PART_SUFFIX))


def part_path(path: Path) -> Path:
    """The path while the file is being written."""
    return Path(f"{final_path(path)}{PART_SUFFIX}")


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def measure_in_pieces(path: Path) -> Iterator[Measures | None]:
    """Read a finished file: None after each piece (a few hundred µs of work), its measures at the end."""
    digest, levels, size = hashlib.sha256(), StereoLevels(), 0
    with path.open("rb", buffering=0) as file:
        head = file.read(HEADER_BYTES)
        digest.update(head)
        size += len(head)
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
            levels.add(piece[: len(piece) & ~1])
            size += len(piece)
            yield None
    yield Measures(
        size_bytes=size,
        sha256=digest.hexdigest(),
        left_dbfs=levels.left_dbfs,
        right_dbfs=levels.right_dbfs,
    )


def measure(path: Path) -> Measures:
    """Size, hash and levels of a finished file, in one go."""
    *_, measures = measure_in_pieces(path)
    if measures is None:  # the generator's last word is always a Measures
        raise NotRepairable(path, "not measured")
    return measures


def _make_whole(path: Path) -> None:
    """Give the file the header that its length calls for; a healthy file is not touched."""
    with path.open("r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(HEADER_BYTES)
        if len(head) == HEADER_BYTES and any(head) and _fixed_part(head) != _fixed_part(header(0)):
            raise NotRepairable(path, "not a stereo A-law recording of this system")
        if len(head) < HEADER_BYTES and any(head) and not header(0).startswith(head[:4]):
            raise NotRepairable(path, "not a recording of this system")
        data = max(0, size - HEADER_BYTES) // CHANNELS * CHANNELS
        if size > HEADER_BYTES + data:
            file.truncate(HEADER_BYTES + data)
        if head != header(data):
            file.seek(0)
            file.write(header(data))
        os.fsync(file.fileno())


def _fixed_part(head: bytes) -> bytes:
    """A header with its three lengths blanked."""
    blanked = bytearray(head)
    for start in (4, 46, 54):
        blanked[start : start + 4] = b"\0" * len(blanked[start : start + 4])
    return bytes(blanked)


def repair(path: Path) -> RepairedRecording:
    """Bring a recording whose writer died to its final place, playable to the last byte that was written.

    Takes the final path or the one with `.part`.  The header is sized from the file's length, half a sample pair at
    the end is cut off, then fsync and rename.  Doing it again changes nothing and gives the same answer.  Raises
    `NotRepairable` when there is no file, when it is not ours, or when `.part` and final path both exist.
    """
    part, final = part_path(path), final_path(path)
    try:
        if part.exists():
            if final.exists():
                raise NotRepairable(part, f"{final.name} exists beside it")
            _make_whole(part)
            part.rename(final)
            sync_folder(final.parent)
        else:
            _make_whole(final)
        measures = measure(final)
    except FileNotFoundError as fault:
        raise NotRepairable(final, "no such file") from fault
    except (OSError, ValueError) as fault:  # ValueError: a path with NUL
        raise NotRepairable(path, getattr(fault, "strerror", None) or str(fault)) from fault
    data = measures.size_bytes - HEADER_BYTES
    return RepairedRecording(
        path=final,
        frames=data // BYTES_PER_FRAME,
        duration_s=data / BYTES_PER_SECOND,
        size_bytes=measures.size_bytes,
        sha256=measures.sha256,
        left_dbfs=measures.left_dbfs,
        right_dbfs=measures.right_dbfs,
    )
