"""RTP headers of many packets at once (RFC 3550 section 5.1), read and written as array columns."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Bytes2D = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

HEADER_BYTES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """Columns of a batch, one entry a packet.  Where `valid` is False the other columns mean nothing.

    `start` and `size` are the place of the payload in its packet, after CSRCs and extension, without padding.
    """

    valid: Flags
    marker: Flags
    payload_type: Ints
    sequence: Ints
    timestamp: npt.NDArray[np.uint32]
    ssrc: npt.NDArray[np.uint32]
    start: Ints
    size: Ints


def parse(packets: Bytes2D, lengths: Ints) -> Headers:
    """Read the headers of packets that lie one a row; `lengths` are the bytes received into each row.

    A packet that filled its row may have been cut off, hence is not valid.
    """
    words = np.ascontiguousarray(packets[:, :HEADER_BYTES]).view(">u4")
    first = words[:, 0].astype(np.int64)
    start = np.full(len(lengths), HEADER_BYTES, dtype=np.int64)
    size = lengths - HEADER_BYTES
    valid = (first >> 30 == 2) & (size >= 0) & (lengths < packets.shape[1])
    if np.any((first >> 24) != 0x80):  # something has padding, an extension or CSRCs
        _skip_options(packets, lengths, first, valid, start, size)
    return Headers(
        valid=valid,
        marker=(first & 0x800000) != 0,
        payload_type=(first >> 16) & 0x7F,
        sequence=first & 0xFFFF,
        timestamp=words[:, 1].astype(np.uint32),
        ssrc=words[:, 2].astype(np.uint32),
        start=start,
        size=size,
    )


def _skip_options(
    packets: Bytes2D, lengths: Ints, first: Ints, valid: Flags, start: Ints, size: Ints
) -> None:
    """Move `start` behind CSRCs and extension, take padding off `size`, clear `valid` where they do not fit."""
    rows = np.arange(len(lengths))
    last_column = packets.shape[1] - 1
    start += 4 * ((first >> 24) & 15)
    extended = valid & ((first >> 28) & 1 == 1)
    length_at = np.minimum(start + 2, last_column - 1)
    words = packets[rows, length_at].astype(np.int64) * 256 + packets[rows, length_at + 1]
    start += np.where(extended, 4 + 4 * words, 0)
    padded = valid & ((first >> 29) & 1 == 1)
    padding = packets[rows, np.clip(lengths - 1, 0, last_column)].astype(np.int64)
    valid &= ~(padded & (padding == 0))  # the count includes itself
    size[:] = lengths - start - np.where(padded, padding, 0)
    valid &= size >= 0


def write(
    words: npt.NDArray[np.uint32],
    rows: Ints,
    *,
    marker: Flags,
    payload_type: Ints,
    sequence: Ints,
    timestamp: Ints,
    ssrc: Ints,
) -> None:
    """Write headers into the given rows of a big-endian 32-bit view of an outbox."""
    words[rows, 0] = 0x80000000 | (marker.astype(np.int64) << 23) | (payload_type << 16) | sequence
    words[rows, 1] = timestamp
    words[rows, 2] = ssrc
