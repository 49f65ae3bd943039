"""TCP and TLS connections of the edge: cut into messages, capped, closed when idle (RFC 3261 section 18)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, cast

from api.crowd import network_of
from softswitch.clock import Alarm, Clock
from softswitch.sip.flows import Flow
from softswitch.sip.framing import BrokenStream, KeepAlive, StreamFramer

FIRST_MESSAGE_S = 10.0
STRANGER_IDLE_S = 32.0  # 64 T1: whoever is nobody by then waits for no answer any more
IDLE_S = 3900.0
MOST_CONNECTIONS = 1024
MOST_PER_ADDRESS = 64
MOST_UNSENT_BYTES = 262_144
KEEP_ALIVES_PER_WINDOW = 20
WINDOW_S = 10.0


class StreamOwner(Protocol):
    """Who takes what a connection yields."""

    def stream_opened(self, stream: "Stream") -> bool:
        """A connection stands; False refuses it."""

    def stream_is_known(self, stream: "Stream") -> bool:
        """Whether a trunk or a registered contact is at the other end."""

    def stream_received(self, stream: "Stream", data: bytes) -> None:
        """One whole message arrived."""

    def stream_broke(self, stream: "Stream", fault: BrokenStream) -> None:
        """Message boundaries were lost; the connection closes after this returns."""

    def stream_closed(self, stream: "Stream") -> None:
        """The connection is gone."""


class Stream(asyncio.Protocol):
    """One connection, of either direction.  `number` names it in flows."""

    def __init__(
        self,
        owner: StreamOwner,
        clock: Clock,
        listener: int,
        number: int,
        protocol: str = "tcp",
        *,
        has_place: bool = False,
    ) -> None:
        """`has_place` of one that was counted before it shook hands."""
        self.has_place = has_place
        self._owner = owner
        self._clock = clock
        self._framer = StreamFramer()
        self._transport: asyncio.Transport | None = None
        self._alarm: Alarm | None = None
        self._keep_alives = 0
        self._window_ends = 0.0
        self._has_spoken = False
        self.flow = Flow(listener=listener, protocol=protocol, address="", port=0, connection=number)

    @property
    def number(self) -> int:
        """Its number, never given twice by one process."""
        return self.flow.connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the far address and ask to be kept."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not derive from it
        peer = transport.get_extra_info("peername")
        if not peer:
            self._transport.abort()
            return
        self.flow = replace(self.flow, address=str(peer[0]), port=int(peer[1]))
        if not self._owner.stream_opened(self):
            self._transport.abort()
            return
        self._alarm = self._clock.after(FIRST_MESSAGE_S, self.close)

    def data_received(self, data: bytes) -> None:
        """Cut what came into messages."""
        for frame in self._framer.feed(data):
            if isinstance(frame, KeepAlive):
                self._answer_keep_alive()
            elif isinstance(frame, BrokenStream):
                self._owner.stream_broke(self, frame)
                self.close()
            else:
                self._hear()
                self._owner.stream_received(self, frame)

    def eof_received(self) -> bool:
        """Close our side too: SIP has no use for half a connection."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        del exc
        if self._alarm is not None:
            self._alarm.cancel()
        self._transport = None
        self._owner.stream_closed(self)

    def write(self, data: bytes) -> None:
        """Send; a peer that does not read is cut off before it fills memory."""
        if self._transport is None:
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
            self._transport.abort()

    def close(self) -> None:
        """Send what is pending and close."""
        if self._transport is not None:
            self._transport.close()

    def _hear(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._has_spoken = True
        self._alarm = self._clock.after(STRANGER_IDLE_S, self._outstay)

    def _outstay(self) -> None:
        """Nothing came for a while: who has made itself known meanwhile may stay for long."""
        if self._owner.stream_is_known(self):
            self._alarm = self._clock.after(IDLE_S - STRANGER_IDLE_S, self.close)
        else:
            self.close()

    def _answer_keep_alive(self) -> None:
        now = self._clock.now()
        if now >= self._window_ends:
            self._window_ends, self._keep_alives = now + WINDOW_S, 0
        self._keep_alives += 1
        if self._keep_alives > KEEP_ALIVES_PER_WINDOW:
            self.close()
            return
        if self._has_spoken:  # a keep-alive alone does not hold a connection open
            self._hear()
        self.write(b"\r\n")


class StreamTable:
    """All connections by number and by where they come from, and who shakes hands; refuses what is too many.

    Of IPv6 a /64 counts as one address (`network_of`).
    """

    def __init__(self, is_exempt: Callable[[str], bool]) -> None:
        """Trunks and registered contacts are exempt."""
        self._is_exempt = is_exempt
        self._by_number: dict[int, Stream] = {}
        self._here: Counter[str] = Counter()
        self._serial = 0
        self.handshakes = 0
        """Peers that have connected and not shaken hands yet."""
        self.refused = 0
        """Connections that were too many."""

    def next_number(self) -> int:
        """Give the next connection its number."""
        self._serial += 1
        return self._serial

    def begin_handshake(self, address: str) -> bool:
        """Keep a place for somebody who shakes hands; False when there are too many."""
        if not self._has_room(address):
            return False
        self.handshakes += 1
        self._enter(address)
        return True

    def end_handshake(self, address: str) -> None:
        """It is over, whatever came of it."""
        self.handshakes -= 1
        self._leave(address)

    def add(self, stream: Stream) -> bool:
        """Keep a connection; False when there are too many, unless a place was kept for its handshake."""
        address = stream.flow.address
        if not (stream.has_place or self._has_room(address)):
            return False
        self._by_number[stream.number] = stream
        self._enter(address)
        return True

    def discard(self, stream: Stream) -> None:
        """Forget a connection."""
        if self._by_number.pop(stream.number, None) is not None:
            self._leave(stream.flow.address)

    def _has_room(self, address: str) -> bool:
        is_full = (
            len(self._by_number) + self.handshakes >= MOST_CONNECTIONS
            or self._here[network_of(address)] >= MOST_PER_ADDRESS
        )
        if is_full and not self._is_exempt(address):
            self.refused += 1
            return False
        return True

    def _enter(self, address: str) -> None:
        self._here[network_of(address)] += 1

    def _leave(self, address: str) -> None:
        network = network_of(address)
        self._here[network] -= 1
        if not self._here[network]:
            del self._here[network]

    def get(self, number: int) -> Stream | None:
        """Return the connection of a number while it stands."""
        return self._by_number.get(number)

    def towards(self, address: str, port: int) -> Stream | None:
        """Return a connection to a far address, the youngest first."""
        for stream in reversed(self._by_number.values()):
            if (stream.flow.address, stream.flow.port) == (address, port):
                return stream
        return None

    def close_all(self) -> None:
        """Close every connection."""
        for stream in tuple(self._by_number.values()):
            stream.close()

    def __len__(self) -> int:
        return len(self._by_number)
