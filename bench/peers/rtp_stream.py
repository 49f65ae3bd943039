"""RTP of simulated peers: a tone out every 20 ms, packets in counted; one pacing timer for all streams.

A-law at 8 kHz (RFC 3551), 160 bytes a packet.  The tone is coded once; a packet is a header and a slice.
"""

import asyncio
import math
import secrets
import socket
import struct
from array import array
from contextlib import suppress
from typing import Self, cast

PACKET_S = 0.02
PACKET_BYTES = 160
LOOP_PACKETS = 50
ALAW_PAYLOAD_TYPE = 8
RTCP_TYPES = range(192, 224)  # where RTP has marker and payload type (RFC 5761 section 4)


def alaw_byte(sample: int) -> int:
    """One 16-bit sample as A-law (ITU-T G.711)."""
    sign = 0x80 if sample >= 0 else 0x00
    magnitude = min(abs(sample) >> 3, 4095)
    exponent = max(0, magnitude.bit_length() - 5)
    mantissa = (magnitude >> max(1, exponent)) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55


def alaw_tone(hz: float, amplitude: int = 8000) -> bytes:
    """One second of a sine; whole Hz so that the loop has no seam."""
    turns = 2 * math.pi * round(hz) / 8000
    return bytes(alaw_byte(round(amplitude * math.sin(turns * n))) for n in range(8000))


def alaw_power(coded: bytes) -> float:
    """Mean square of A-law sound on the 16-bit scale, for levels."""
    return sum(_SQUARES[byte] for byte in coded) / len(coded) if coded else 0.0


def level_dbfs(coded: bytes) -> float:
    """RMS level, 0 = full-scale square wave; silence is about −73 (A-law has no zero), empty is −120."""
    power = alaw_power(coded) / 32768**2
    return 10 * math.log10(power) if power > 0 else -120.0


def _expanded(byte: int) -> int:
    byte ^= 0x55
    exponent, mantissa = byte >> 4 & 7, byte & 15
    size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 264) << (exponent - 1)
    return size if byte & 0x80 else -size


_SQUARES = array("d", [_expanded(byte) ** 2 for byte in range(256)])


class Pacer:
    """Wakes every 20 ms by an absolute schedule and sends one packet of each running stream."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running: dict[RtpStream, None] = {}
        self._next_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def open(self, stream: "RtpStream", address: str) -> socket.socket | None:
        """A socket that this pacer reads itself, bound; None where the loop shall read the stream's socket."""

    def add(self, stream: "RtpStream") -> None:
        """Send this stream from the next tick on."""
        self._running[stream] = None
        if self._timer is None:
            self._next_at = self._loop.time()
            self._tick()

    def remove(self, stream: "RtpStream") -> None:
        """Stop sending it."""
        self._running.pop(stream, None)

    def _tick(self) -> None:
        if not self._running:
            self._timer = None
            return
        now = self._loop.time()
        if now - self._next_at > 0.5:  # the machine stood still: do not send a burst
            self._next_at = now
        while self._next_at <= now:
            self._turn()
            self._next_at += PACKET_S
        self._timer = self._loop.call_at(self._next_at, self._tick)

    def _turn(self) -> None:
        for stream in self._running:
            stream.send()


class BatchPacer(Pacer):
    """Reads as well, once a tick and without the loop: for hundreds of streams in one process."""

    def open(self, stream: "RtpStream", address: str) -> socket.socket | None:
        """A plain socket that never blocks."""
        plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        plain.setblocking(False)
        plain.bind((address, 0))
        return plain

    def _turn(self) -> None:
        for stream in self._running:
            stream.send()
            stream.read()


class RtpStream(asyncio.DatagramProtocol):
    """One RTP socket on an even port: sends its tone to `remote` while started, counts what arrives."""

    def __init__(self, pacer: Pacer | None, tone: bytes, *, keep_s: float = 0.0) -> None:
        self.sent = 0
        self.received = 0
        self.lost = 0
        self.first_received_at: float | None = None
        self.heard = bytearray()
        self.remote: tuple[str, int] | None = None
        self.port = 0
        self._keep_bytes = round(keep_s * 8000)
        self._pacer = pacer
        self._tone = tone
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._deaf: socket.socket | None = None
        self._plain: socket.socket | None = None
        self._sequence = secrets.randbelow(65536)
        self._timestamp = secrets.randbelow(1 << 32)
        self._source = secrets.randbelow(1 << 32)
        self._last_sequence: int | None = None

    @classmethod
    async def open(cls, pacer: Pacer | None, tone: bytes, address: str, *, keep_s: float = 0.0) -> Self:
        """Bind to a port of the kernel's choice.  Without a pacer the stream is mute and reads nothing."""
        stream = cls(pacer, tone, keep_s=keep_s)
        if pacer is None:
            stream._deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            stream._deaf.bind((address, 0))
            stream.port = stream._deaf.getsockname()[1]
            return stream
        stream._plain = pacer.open(stream, address)
        if stream._plain is not None:
            stream.port = stream._plain.getsockname()[1]
            return stream
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: stream, local_addr=(address, 0))
        return stream

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is bound."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Count a packet; keep the newest `keep_s` seconds of its sound.

        The port may be the next one to another stream's, and then the reports meant for that one come here.
        """
        if len(data) < 12 or data[1] in RTCP_TYPES:
            return
        if self.received == 0:
            self.first_received_at = self._loop.time()
        self.received += 1
        sequence = data[2] << 8 | data[3]
        if self._last_sequence is not None:
            step = (sequence - self._last_sequence) & 0xFFFF
            if 1 < step < 0x8000:
                self.lost += step - 1
        self._last_sequence = sequence
        if self._keep_bytes and data[1] & 0x7F == ALAW_PAYLOAD_TYPE:
            self.heard += data[12:]
            if len(self.heard) > 2 * self._keep_bytes:
                del self.heard[: -self._keep_bytes]

    def error_received(self, exc: Exception) -> None:
        """A closed far port is normal at the end of a call."""

    def start(self, address: str, port: int) -> None:
        """Send there from now on."""
        self.remote = (address, port)
        if self._pacer is not None:
            self._pacer.add(self)

    def send(self) -> None:
        """One packet; called by the pacer."""
        if self.remote is None or self._transport is None and self._plain is None:
            return
        header = struct.pack(
            "!BBHII",
            0x80,
            ALAW_PAYLOAD_TYPE | (0x80 if self.sent == 0 else 0),
            self._sequence,
            self._timestamp,
            self._source,
        )
        at = self.sent % LOOP_PACKETS * PACKET_BYTES
        packet = header + self._tone[at : at + PACKET_BYTES]
        if self._plain is not None:
            with suppress(OSError):  # a full buffer or a closed far port loses a packet, as any network may
                self._plain.sendto(packet, self.remote)
        elif self._transport is not None:
            self._transport.sendto(packet, self.remote)
        self.sent += 1
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + PACKET_BYTES) & 0xFFFFFFFF

    def read(self) -> None:
        """Take what arrived at a socket that the loop does not read."""
        with suppress(OSError):
            while self._plain is not None:
                data, addr = self._plain.recvfrom(2048)
                self.datagram_received(data, addr)

    def close(self) -> None:
        """Stop and free the socket."""
        if self._plain is not None:
            self._plain.close()
            self._plain = None
        if self._pacer is not None:
            self._pacer.remove(self)
        if self._deaf is not None:
            self._deaf.close()
        if self._transport is not None:
            self._transport.close()
            self._transport = None
