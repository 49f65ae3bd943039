"""A SIP end that knows nothing of our parser: raw text out, raw text in."""

import asyncio
import itertools
import re
from collections.abc import Callable
from typing import cast

PATIENCE_S = 5.0
_serial = itertools.count(1)

SDP = (
    "v=0\r\no=- 4711 1 IN IP4 {address}\r\ns=call\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na={direction}\r\n"
)


def sdp(address: str, port: int = 30000, direction: str = "sendrecv", codecs: str = "8 0 101") -> str:
    """A session description as a trunk writes it."""
    text = SDP.format(address=address, port=port, direction=direction)
    return text.replace("RTP/AVP 8 0 101", f"RTP/AVP {codecs}")


def values(message: str, name: str) -> list[str]:
    """All lines of a header as they stand."""
    head = message.split("\r\n\r\n", 1)[0]
    found = []
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == name.lower():
            found.append(value.strip())
    return found


def header(message: str, name: str) -> str:
    """The first line of a header, empty without one."""
    return next(iter(values(message, name)), "")


def start_line(message: str) -> str:
    """The first line."""
    return message.split("\r\n", 1)[0]


def body(message: str) -> str:
    """What follows the empty line."""
    return message.partition("\r\n\r\n")[2]


def status(message: str) -> int:
    """The status of a response, 0 for a request."""
    first = start_line(message)
    return int(first.split(" ")[1]) if first.startswith("SIP/2.0 ") else 0


def method(message: str) -> str:
    """The method of a request or of what a response answers."""
    return header(message, "CSeq").split(" ")[-1]


def tag(value: str) -> str:
    """The tag of a From or To value, empty without one."""
    match = re.search(r";tag=([^;>\s]+)", value)
    return match[1] if match else ""


def uri(value: str) -> str:
    """The URI between angle brackets."""
    match = re.search(r"<([^>]+)>", value)
    return match[1] if match else value


class RawPeer(asyncio.DatagramProtocol):
    """A UDP end that keeps what arrives, in order, and sends what it is told."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, tuple[str, int]]] = []
        self.all: list[str] = []
        self.address = ""
        self.port = 0
        self.relay: Callable[[bytes, tuple[str, int]], None] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._news = asyncio.Event()

    @classmethod
    async def open(cls, address: str, port: int = 0) -> "RawPeer":
        """Bind an address."""
        _, peer = await asyncio.get_running_loop().create_datagram_endpoint(cls, local_addr=(address, port))
        return peer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.address, self.port = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.relay is not None:
            self.relay(data, addr)
        elif data.strip():
            self.arrived.append((data.decode("utf-8", "surrogateescape"), addr))
            self.all.append(self.arrived[-1][0])
            self._news.set()

    def send(self, text: str | bytes, to: tuple[str, int]) -> None:
        """Send text as it stands."""
        assert self._transport is not None
        self._transport.sendto(text if isinstance(text, bytes) else text.encode(), to)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def wait(self, wanted: Callable[[str], bool], patience_s: float = PATIENCE_S) -> str:
        """Take the first message that fits."""
        text, _ = await self.wait_from(wanted, patience_s)
        return text

    async def wait_from(
        self, wanted: Callable[[str], bool], patience_s: float = PATIENCE_S
    ) -> tuple[str, tuple[str, int]]:
        """Take the first message that fits, and where it came from."""
        try:
            async with asyncio.timeout(patience_s):
                while True:
                    for index, (text, source) in enumerate(self.arrived):
                        if wanted(text):
                            del self.arrived[index]
                            return text, source
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            seen = [f"{start_line(text)} [{header(text, 'CSeq')}]" for text, _ in self.arrived]
            raise AssertionError(f"did not arrive; there is {seen}") from None

    async def wait_status(self, wanted: int, of: str = "") -> str:
        """Take the response with a status (to a method)."""
        return await self.wait(lambda m: status(m) == wanted and (not of or method(m) == of))

    async def wait_request(self, wanted: str) -> str:
        """Take the request of a method."""
        return await self.wait(lambda m: start_line(m).startswith(f"{wanted} "))

    # --- words ------------------------------------------------------------------------------------------------

    def request(
        self,
        method_name: str,
        target: str,
        *,
        call_id: str = "",
        cseq: int = 1,
        from_: str = "",
        to: str = "",
        branch: str = "",
        headers: str = "",
        content: str = "",
        content_type: str = "application/sdp",
        rport: bool = True,
    ) -> str:
        """Write a request.  `from_` and `to` are whole header values."""
        number = next(_serial)
        here = f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"
        flag = ";rport" if rport else ""
        lines = [
            f"{method_name} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};branch={branch or f'z9hG4bKraw{number}'}{flag}",
            "Max-Forwards: 70",
            f"From: {from_ or f'<sip:raw@{here}>;tag=raw{number}'}",
            f"To: {to or f'<{target}>'}",
            f"Call-ID: {call_id or f'raw-{number}-{self.port}'}",
            f"CSeq: {cseq} {method_name}",
            f"Contact: <sip:raw@{here}>",
        ]
        if content:
            lines.append(f"Content-Type: {content_type}")
        return "\r\n".join(lines) + f"\r\n{headers}Content-Length: {len(content)}\r\n\r\n{content}"

    def answer(
        self,
        request: str,
        code: int,
        to: tuple[str, int],
        *,
        tag_value: str = "",
        headers: str = "",
        content: str = "",
        contact: str = "",
    ) -> str:
        """Answer a request; return the text."""
        lines = [f"SIP/2.0 {code} Raw"]
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            for value in values(request, name):
                needs_tag = name == "To" and not tag(value) and code > 100
                lines.append(f"{name}: {value}" + (f";tag={tag_value or 'rawtag'}" if needs_tag else ""))
        lines.append(f"Contact: {contact or f'<sip:raw@{self.address}:{self.port}>'}")
        if content:
            lines.append("Content-Type: application/sdp")
        text = "\r\n".join(lines) + f"\r\n{headers}Content-Length: {len(content)}\r\n\r\n{content}"
        self.send(text, to)
        return text
