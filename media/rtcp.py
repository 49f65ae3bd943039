"""RTCP sender and receiver reports (RFC 3550 section 6): bytes in, bytes out, no sockets."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SENDER_REPORT: Final = 200
RECEIVER_REPORT: Final = 201
SOURCE_DESCRIPTION: Final = 202
GOODBYE: Final = 203
CNAME: Final = 1
NTP_EPOCH_OFFSET_S: Final = 2208988800  # 1900 to 1970
LARGEST_LOST: Final = 0x7FFFFF


class MalformedReport(Exception):
    """Not a valid compound RTCP packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBlock:
    """What a receiver says of one sender.  `last_report` and `delay` are in 1/65536 s (RFC 3550 section 6.4.1)."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest_sequence: int
    jitter_samples: int
    last_report: int
    delay: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One SR or RR; `ntp` is the 64-bit NTP time of a sender report, None for a receiver report."""

    ssrc: int
    ntp: int | None
    blocks: tuple[ReportBlock, ...]


def ntp_time(wall_s: float) -> int:
    """Seconds since 1970 as a 64-bit NTP time."""
    return int((wall_s + NTP_EPOCH_OFFSET_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def middle(ntp: int) -> int:
    """The middle 32 bits of an NTP time: seconds and fraction of 16 bits each."""
    return (ntp >> 16) & 0xFFFFFFFF


def sender_report(
    *, ssrc: int, ntp: int, timestamp: int, packets: int, octets: int, block: ReportBlock | None, cname: str
) -> bytes:
    """A compound packet of SR and SDES."""
    body = struct.pack(">IQIII", ssrc, ntp, timestamp & 0xFFFFFFFF, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    return _packet(SENDER_REPORT, block is not None, body + _block(block)) + _description(ssrc, cname)


def receiver_report(*, ssrc: int, block: ReportBlock | None, cname: str) -> bytes:
    """A compound packet of RR and SDES."""
    body = struct.pack(">I", ssrc) + _block(block)
    return _packet(RECEIVER_REPORT, block is not None, body) + _description(ssrc, cname)


def goodbye(ssrc: int, cname: str) -> bytes:
    """The last compound packet of a stream: an empty RR, SDES and BYE."""
    return receiver_report(ssrc=ssrc, block=None, cname=cname) + _packet(GOODBYE, 1, struct.pack(">I", ssrc))


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0x80 | count, kind, len(body) // 4) + body


def _block(block: ReportBlock | None) -> bytes:
    if block is None:
        return b""
    lost = max(-LARGEST_LOST - 1, min(LARGEST_LOST, block.lost)) & 0xFFFFFF
    return struct.pack(
        ">IIIIII",
        block.ssrc,
        block.fraction_lost << 24 | lost,
        block.highest_sequence & 0xFFFFFFFF,
        block.jitter_samples & 0xFFFFFFFF,
        block.last_report,
        block.delay & 0xFFFFFFFF,
    )


def _description(ssrc: int, cname: str) -> bytes:
    name = cname.encode()
    chunk = struct.pack(">IBB", ssrc, CNAME, len(name)) + name
    chunk += b"\0" * (4 - len(chunk) % 4)
    return _packet(SOURCE_DESCRIPTION, 1, chunk)


def parse(data: bytes) -> tuple[Report, ...]:
    """The reports of a compound packet; raises `MalformedReport` when the compound is not valid (A.2)."""
    reports = []
    for index, (kind, count, body) in enumerate(_split(data)):
        if index == 0 and kind not in (SENDER_REPORT, RECEIVER_REPORT):
            raise MalformedReport(f"begins with packet type {kind}")
        if kind == SENDER_REPORT:
            reports.append(_report(body, count, header_bytes=24))
        elif kind == RECEIVER_REPORT:
            reports.append(_report(body, count, header_bytes=4))
    return tuple(reports)


def _split(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at < len(data):
        if len(data) - at < 4:
            raise MalformedReport("cut off in a header")
        first, kind, words = struct.unpack_from(">BBH", data, at)
        end = at + 4 + words * 4
        if first >> 6 != 2 or end > len(data):
            raise MalformedReport("wrong version or length")
        body = data[at + 4 : end]
        if first & 0x20:  # padding, only the last packet may have it
            if not body or not 0 < body[-1] <= len(body):
                raise MalformedReport("wrong padding")
            body = body[: -body[-1]]
        yield kind, first & 31, body
        at = end
    if at == 0:
        raise MalformedReport("empty")


def _report(body: bytes, count: int, *, header_bytes: int) -> Report:
    if len(body) < header_bytes + 24 * count:
        raise MalformedReport("fewer report blocks than it says")
    (ssrc,) = struct.unpack_from(">I", body)
    ntp = struct.unpack_from(">Q", body, 4)[0] if header_bytes == 24 else None
    blocks = []
    for at in range(header_bytes, header_bytes + 24 * count, 24):
        of, lost, highest, jitter, last, delay = struct.unpack_from(">IIIIII", body, at)
        signed = lost & 0xFFFFFF
        blocks.append(
            ReportBlock(
                ssrc=of,
                fraction_lost=lost >> 24,
                lost=signed - (1 << 24) if signed & 0x800000 else signed,
                highest_sequence=highest,
                jitter_samples=jitter,
                last_report=last,
                delay=delay,
            )
        )
    return Report(ssrc=ssrc, ntp=ntp, blocks=tuple(blocks))
