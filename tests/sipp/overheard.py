"""What a SIPp caller hears: SIPp itself listens to nothing, so the packets are read beside it.

Needs root (or CAP_NET_RAW), as scenarios that speak do.
"""

import asyncio
import socket
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from bench.peers.rtp_stream import ALAW_PAYLOAD_TYPE

_UDP_HEADER, _RTP_HEADER = 8, 12


class Overheard:
    """The A-law that came to one address, by port."""

    def __init__(self, source: socket.socket) -> None:
        self._source = source
        self._coded: defaultdict[int, bytearray] = defaultdict(bytearray)

    def at(self, port: int) -> bytes:
        """All that came to a port, in the order of its arrival."""
        return bytes(self._coded[port])

    def read(self) -> None:
        """Take what has arrived; called by the loop."""
        while True:
            try:
                packet = self._source.recv(2048)
            except BlockingIOError:
                return
            datagram = packet[(packet[0] & 0x0F) * 4 :]  # behind the header of IP, whose length it says
            port, sound = int.from_bytes(datagram[2:4], "big"), datagram[_UDP_HEADER:]
            if len(sound) > _RTP_HEADER and sound[1] & 0x7F == ALAW_PAYLOAD_TYPE:
                self._coded[port] += sound[_RTP_HEADER:]


@contextmanager
def overheard(address: str) -> Iterator[Overheard]:
    """Everything that comes to an address while the block runs."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as source:
        source.setblocking(False)
        source.bind((address, 0))
        heard = Overheard(source)
        loop = asyncio.get_running_loop()
        loop.add_reader(source, heard.read)
        try:
            yield heard
        finally:
            loop.remove_reader(source)
