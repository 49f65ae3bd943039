"""A small name service over UDP (RFC 1035) that the C library of a server under test asks, and that may fall silent."""

import asyncio
import os
import socket
import struct
from pathlib import Path
from typing import Self, cast

A, AAAA = 1, 28


class NameServer(asyncio.DatagramProtocol):
    """Knows A records by name; `is_silent` makes it swallow every question."""

    def __init__(self, records: dict[str, str]) -> None:
        self.records = records
        self.is_silent = False
        self.asked: list[str] = []
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, address: str, records: dict[str, str]) -> Self:
        """Listen on the port that resolvers know."""
        server = cls(records)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, local_addr=(address, 53))
        return server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is bound."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One question, one answer: an address, an empty answer, or that there is no such name."""
        labels, at = [], 12
        while length := data[at]:
            labels.append(data[at + 1 : at + 1 + length].decode())
            at += 1 + length
        name, question = ".".join(labels).lower(), data[12 : at + 5]
        kind = struct.unpack("!H", data[at + 1 : at + 3])[0]
        self.asked.append(name)
        if self.is_silent or self._transport is None:
            return
        address = self.records.get(name)
        answer = b""
        if address is not None and kind == A:
            answer = struct.pack("!HHHIH", 0xC00C, A, 1, 1, 4) + socket.inet_aton(address)
        flags = 0x8180 if address is not None else 0x8183
        header = data[:2] + struct.pack("!HHHHH", flags, 1, 1 if answer else 0, 0, 0)
        self._transport.sendto(header + question + answer, addr)

    def close(self) -> None:
        """Leave."""
        if self._transport is not None:
            self._transport.close()


def asking(address: str, folder: Path) -> tuple[str, ...]:
    """A command under which a program asks this name service alone: it sees a /etc/resolv.conf of its own."""
    own = folder / "resolv.conf"
    own.write_text(f"nameserver {address}\noptions timeout:1 attempts:1\n")
    script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
    alone = ("--mount",) if os.geteuid() == 0 else ("--mount", "--map-root-user")
    return ("unshare", *alone, "sh", "-c", script, str(own))
