"""RTP headers in batches, against a plain reading of one packet."""

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from media import rtp

ROW = 256


def read_one(data: bytes) -> tuple[int, int, int, int, int, bytes] | None:
    """RFC 3550 section 5.1 for one packet, slowly: type, marker, sequence, timestamp, ssrc, payload."""
    if len(data) < 12 or len(data) >= ROW or data[0] >> 6 != 2:
        return None
    start = 12 + 4 * (data[0] & 15)
    if data[0] & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * struct.unpack_from(">H", data, start + 2)[0]
    end = len(data)
    if data[0] & 0x20:
        if data[-1] == 0:
            return None
        end -= data[-1]
    if end < start:
        return None
    _, second, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", data)
    return second & 0x7F, second >> 7, sequence, timestamp, ssrc, data[start:end]


def parse(packets: list[bytes]) -> tuple[rtp.Headers, np.ndarray]:
    """Packets as the plane sees them: rows of a matrix that held other packets before."""
    matrix = np.full((len(packets), ROW), 0xAB, dtype=np.uint8)
    for row, data in zip(matrix, packets, strict=True):
        row[: min(ROW, len(data))] = np.frombuffer(data[:ROW], dtype=np.uint8)
    lengths = np.array([min(ROW, len(data)) for data in packets], dtype=np.int64)
    return rtp.parse(matrix, lengths), matrix


@st.composite
def packet(draw: st.DrawFn) -> bytes:
    """Mostly well-formed packets with every option, sometimes bytes."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=ROW + 4))
    sources, extended, padding = draw(st.integers(0, 15)), draw(st.booleans()), draw(st.integers(0, 8))
    first = draw(st.sampled_from([2, 2, 2, 1])) << 6 | bool(padding) << 5 | extended << 4 | sources
    data = struct.pack(
        ">BBHII",
        first,
        draw(st.integers(0, 255)),
        draw(st.integers(0, 65535)),
        draw(st.integers(0, 2**32 - 1)),
        7,
    )
    data += bytes(4 * sources)
    if extended:
        words = draw(st.integers(0, 3))
        data += struct.pack(">HH", 0xBEDE, words) + bytes(4 * words)
    data += draw(st.binary(max_size=80))
    return data + bytes(max(0, padding - 1)) + bytes([padding]) * bool(padding)


@given(st.lists(packet(), min_size=1, max_size=8))
def test_a_batch_reads_like_each_packet_alone(packets: list[bytes]) -> None:
    """Valid or not, and where valid every field and the payload."""
    headers, matrix = parse(packets)
    for index, data in enumerate(packets):
        wanted = read_one(data)
        assert bool(headers.valid[index]) == (wanted is not None)
        if wanted is not None:
            start, size = int(headers.start[index]), int(headers.size[index])
            assert wanted == (
                headers.payload_type[index],
                headers.marker[index],
                headers.sequence[index],
                headers.timestamp[index],
                headers.ssrc[index],
                matrix[index, start : start + size].tobytes(),
            )


def test_what_is_written_is_read_again() -> None:
    """Headers of several rows at once."""
    outbox = np.zeros((4, ROW), dtype=np.uint8)
    rows = np.array([1, 3])
    columns = {
        "payload_type": np.array([8, 96]),
        "sequence": np.array([65535, 1]),
        "timestamp": np.array([2**32 - 1, 5]),
        "ssrc": np.array([9, 2**31]),
    }
    rtp.write(outbox.view(">u4"), rows, marker=np.array([True, False]), **columns)
    headers = rtp.parse(outbox[rows], np.array([12, 172]))
    assert headers.valid.all()
    assert headers.marker.tolist() == [True, False]
    for name, wanted in columns.items():
        assert getattr(headers, name).tolist() == wanted.tolist()
    assert headers.size.tolist() == [0, 160]
