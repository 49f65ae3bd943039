"""A bad line for one peer: two UDP sockets that pass datagrams between them, losing, reordering and doubling by a seed.

    peer  <->  inner | line | outer  <->  far end

The far end sees `outer` as the peer's address, so that is what the peer writes into Contact and SDP; the
peer sends everything to `inner`.  The same seed hurts the same packets.  The peer is whoever first spoke to `inner`.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from bench.peers.sip_text import parse

Address = tuple[str, int]


@dataclass(slots=True)
class Counts:
    """Datagrams of one line, both directions together."""

    passed: int = 0
    lost: int = 0
    late: int = 0
    copied: int = 0
    """Those of the passed and the late that came a second time."""


class _End(asyncio.DatagramProtocol):
    """One socket of the line: tells who sent what, sends where it is told."""

    def __init__(self, heard: Callable[[bytes, Address], None]) -> None:
        self._heard = heard
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._heard(data, addr)

    def error_received(self, exc: Exception) -> None:
        """A closed port beyond the line is none of its business."""

    @property
    def address(self) -> Address:
        assert self.transport is not None
        return cast("Address", self.transport.get_extra_info("sockname"))

    def send(self, data: bytes, to: Address | None) -> None:
        if self.transport is not None and to is not None and not self.transport.is_closing():
            self.transport.sendto(data, to)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


class LossyLine:
    """Loses `loss` of all datagrams and holds `reorder` of them back for `delay_s`, so that later ones overtake.

    `duplicate` of those that are not lost come once more, `delay_s` later.  With `patience` the same SIP message is lost
    at most so many times, its repetitions counted together: chance alone would now and then lose all that are sent in the
    32 s of a transaction, and a test of it would fail as often.
    """

    def __init__(
        self,
        far_end: Address | None,
        *,
        loss: float,
        reorder: float,
        duplicate: float,
        delay_s: float,
        seed: int,
        patience: int | None,
    ) -> None:
        self.far_end = far_end
        self.peer: Address | None = None
        self.counts = Counts()
        self.loss = loss
        self.reorder = reorder
        self.duplicate = duplicate
        self._delay_s = delay_s
        self._patience = patience
        self._losses: Counter[tuple[str, ...]] = Counter()
        self._random = random.Random(seed)
        # A die of its own: the same seed hurts the same packets, with copies and without.
        self._random_of_copies = random.Random(f"{seed} copies")
        self._loop = asyncio.get_running_loop()
        self._inner = _End(self._from_peer)
        self._outer = _End(self._from_far_end)

    async def open(self, address: str) -> None:
        """Bind both sockets."""
        for end in (self._inner, self._outer):
            await self._loop.create_datagram_endpoint(lambda end=end: end, local_addr=(address, 0))  # type: ignore[misc]

    @property
    def inner(self) -> Address:
        """Where the peer sends to."""
        return self._inner.address

    @property
    def outer(self) -> Address:
        """How the far end knows the peer."""
        return self._outer.address

    def _from_peer(self, data: bytes, addr: Address) -> None:
        self.peer = self.peer or addr
        self._pass_on(data, lambda: self._outer.send(data, self.far_end))

    def _from_far_end(self, data: bytes, addr: Address) -> None:
        self._pass_on(data, lambda: self._inner.send(data, self.peer))

    def _pass_on(self, data: bytes, deliver: Callable[[], None]) -> None:
        # Both dice are thrown for every datagram, so that one rate does not change the other's victims.
        lost, late = self._random.random() < self.loss, self._random.random() < self.reorder
        copied = self._random_of_copies.random() < self.duplicate
        if lost and not self._has_lost_enough(data):
            self.counts.lost += 1
            return
        if copied:
            self.counts.copied += 1
            self._loop.call_later(self._delay_s, deliver)
        if late:
            self.counts.late += 1
            self._loop.call_later(self._delay_s, deliver)
        else:
            self.counts.passed += 1
            deliver()

    def _has_lost_enough(self, data: bytes) -> bool:
        message = None if self._patience is None else parse(data)
        if message is None or self._patience is None:
            return False
        # What is sent again keeps all of these (RFC 3261 sections 17.1.1.2 and 17.2.1); a response is told by its status.
        same = (message.start, message.get("call-id"), message.get("cseq"), message.branch)
        self._losses[same] += 1
        return self._losses[same] > self._patience

    def close(self) -> None:
        """Free both sockets."""
        self._inner.close()
        self._outer.close()


@asynccontextmanager
async def lossy_line(
    address: str,
    far_end: Address | None = None,
    *,
    loss: float = 0.0,
    reorder: float = 0.0,
    duplicate: float = 0.0,
    delay_s: float = 0.03,
    seed: int = 1,
    patience: int | None = None,
) -> AsyncIterator[LossyLine]:
    """A line at `address` (the peer's own); `far_end` may be set later, once an SDP answer names it."""
    line = LossyLine(
        far_end,
        loss=loss,
        reorder=reorder,
        duplicate=duplicate,
        delay_s=delay_s,
        seed=seed,
        patience=patience,
    )
    await line.open(address)
    try:
        yield line
    finally:
        line.close()
