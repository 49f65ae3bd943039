"""One call of a simulated peer, and the session description that it offers."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from bench.peers.rtp_stream import RtpStream
from bench.peers.sip_text import Message


def sdp_of(address: str, port: int, *, direction: str = "sendrecv", version: int = 1) -> str:
    """A session of one A-law stream with telephone-event."""
    family = "IP6" if ":" in address else "IP4"
    return "\r\n".join(
        [
            "v=0",
            f"o=peer {port} {version} IN {family} {address}",
            "s=-",
            f"c=IN {family} {address}",
            "t=0 0",
            f"m=audio {port} RTP/AVP 8 101",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            "a=ptime:20",
            f"a={direction}",
            "",
        ]
    )


def media_of(sdp: str) -> tuple[str, int] | None:
    """Where a session description wants its sound, None when it names nothing."""
    address, port = "", 0
    for line in sdp.splitlines():
        if line.startswith(("c=IN IP4 ", "c=IN IP6 ")):
            address = line[9:].strip()
        elif line.startswith("m=audio "):
            port = int(line.split()[1])
    return (address, port) if address and port else None


class Detour(Protocol):
    """A line that all datagrams of a peer pass: it sends to `inner` and is known as `outer`."""

    far_end: tuple[str, int] | None

    @property
    def inner(self) -> tuple[str, int]:
        """Where the peer sends to."""

    @property
    def outer(self) -> tuple[str, int]:
        """How the far end knows the peer."""


@dataclass(slots=True, eq=False)
class Call:
    """One dialog with its sound.  Times are `loop.time()` seconds, None until they happen."""

    call_id: str
    incoming: bool
    local: str
    remote: str
    target: str
    stream: RtpStream
    invite: Message
    peer: tuple[str, int]
    answered: asyncio.Future[int]
    ended: asyncio.Future[str]
    routes: list[str] = field(default_factory=list)
    cseq: int = 1
    invited_at: float = 0.0
    ringing_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    confirmed: bool = False
    detour: Detour | None = None

    def media(self, address: str, *, direction: str = "sendrecv", version: int = 1) -> str:
        """Our session description: the stream's own address, or the detour's."""
        where = self.detour.outer if self.detour is not None else (address, self.stream.port)
        return sdp_of(*where, direction=direction, version=version)

    def start_sound(self, sdp: str) -> None:
        """Send where the far end's description says, by the detour if there is one."""
        media = media_of(sdp)
        if media is None:
            return
        if self.detour is None:
            self.stream.start(*media)
        else:
            self.detour.far_end = media
            self.stream.start(*self.detour.inner)
