"""A caller of raw SIP with bare RTP and RTCP sockets, and whoever else has a socket and bad intentions."""

import asyncio
import re
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Self

from tests.softswitch.sip.raw_peer import RawPeer, body, header, sdp, status, uri
from tests.stand import Stand

REPORT = struct.pack(">BBHI", 0x80, 201, 1, 4711)
"""An RTCP receiver report without a block."""


class Ear:
    """A UDP socket that counts what arrives and sends what it is told."""

    def __init__(self, address: str, port: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.socket.setblocking(False)
        self.address, self.port = self.socket.getsockname()

    def packets(self) -> list[bytes]:
        """What came since the last question."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(2048))
            except BlockingIOError:
                return found

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        """One datagram."""
        self.socket.sendto(data, to)

    def close(self) -> None:
        """Free the socket."""
        self.socket.close()


def rtp(sequence: int, timestamp: int, ssrc: int, payload: bytes, payload_type: int = 8) -> bytes:
    """One RTP packet."""
    header = (0x80, payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return struct.pack(">BBHII", *header) + payload


def pair_of_ears(address: str) -> tuple[Ear, Ear]:
    """Sockets on an even port and the next."""
    while True:
        first = Ear(address)
        if first.port % 2 == 0:
            try:
                return first, Ear(address, first.port + 1)
            except OSError:
                pass
        first.close()


@dataclass(slots=True, eq=False)
class RawCaller:
    """One call from the trunk's address."""

    here: Stand
    peer: RawPeer
    voice: Ear
    control: Ear
    invite: str = ""
    answer: str = ""
    cseq: int = 1
    media: tuple[str, int] = ("", 0)
    _sequence: int = 100
    _work: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    async def dial(cls, here: Stand, *, is_acknowledged: bool = True, headers: str = "") -> Self:
        """Call the hotline; return once it has answered.  `headers` are further lines of the INVITE."""
        voice, control = pair_of_ears(here.trunk_address)
        caller = cls(here, await RawPeer.open(here.trunk_address), voice, control)
        caller.invite = caller.peer.request(
            "INVITE", here.hotline, headers=headers, content=sdp(here.trunk_address, voice.port)
        )
        caller.peer.send(caller.invite, here.sip)
        caller.answer = await caller.peer.wait_status(200, "INVITE")
        port = re.search(r"m=audio (\d+)", body(caller.answer))
        address = re.search(r"c=IN IP4 (\S+)", body(caller.answer))
        assert port is not None
        assert address is not None
        caller.media = (address[1], int(port[1]))
        if is_acknowledged:
            caller.acknowledge()
        return caller

    def request(self, method: str, cseq: int, content: str = "") -> str:
        """A request in the dialog."""
        return self.peer.request(
            method,
            uri(header(self.answer, "Contact")),
            call_id=header(self.invite, "Call-ID"),
            from_=header(self.invite, "From"),
            to=header(self.answer, "To"),
            cseq=cseq,
            content=content,
        )

    def acknowledge(self) -> None:
        """ACK the newest INVITE."""
        self.peer.send(self.request("ACK", self.cseq), self.here.sip)

    async def direct(self, direction: str) -> None:
        """Re-INVITE with another direction."""
        self.cseq += 1
        content = sdp(self.here.trunk_address, self.voice.port, direction)
        self.peer.send(self.request("INVITE", self.cseq, content), self.here.sip)
        answer = await self.peer.wait(lambda text: status(text) >= 200)
        assert status(answer) == 200
        self.acknowledge()

    def speak(self, payload: bytes = b"\xd5" * 160) -> None:
        """Send one packet."""
        self._sequence += 1
        self.voice.send(rtp(self._sequence, self._sequence * 160, 99, payload), self.media)

    async def speak_for(self, seconds: float) -> None:
        """Send a packet every 20 ms."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.speak()
            await asyncio.sleep(0.02)

    async def hang_up(self) -> None:
        """BYE."""
        self.peer.send(self.request("BYE", self.cseq + 1), self.here.sip)
        await self.peer.wait_status(200, "BYE")

    def close(self) -> None:
        """Free the sockets."""
        for each in (self.peer, self.voice, self.control):
            each.close()
