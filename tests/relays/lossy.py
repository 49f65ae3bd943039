"""A UDP relay that loses and reorders what passes, by a seed: the same seed hurts the same packets.

Each client that sends to the relay gets a socket of its own towards the target, so answers find their way
back.  For RTP, whose addresses stand in SDP, put `relay.address` where the far end's address would stand.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

Address = tuple[str, int]


@dataclass(slots=True)
class Counts:
    """Datagrams of one relay, both directions together."""

    passed: int = 0
    lost: int = 0
    late: int = 0


class _Far(asyncio.DatagramProtocol):
    """The socket that stands for one client towards the target."""

    def __init__(self, relay: "LossyRelay", client: Address) -> None:
        self.relay = relay
        self.client = client
        self.transport: asyncio.DatagramTransport | None = None
        self.waiting: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)
        for data in self.waiting:
            self.transport.sendto(data)
        self.waiting.clear()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.relay.pass_on(lambda: self.relay.to_client(data, self.client))

    def error_received(self, exc: Exception) -> None:
        """The target has closed its port."""

    def send(self, data: bytes) -> None:
        if self.transport is None:
            self.waiting.append(data)
        else:
            self.transport.sendto(data)


class LossyRelay(asyncio.DatagramProtocol):
    """Loses `loss` of all datagrams and holds `reorder` of them back for `delay_s`, so that later ones overtake."""

    def __init__(
        self, target: Address, *, loss: float, reorder: float, delay_s: float, seed: int, bind: str
    ) -> None:
        self.target = target
        self.address: Address = ("", 0)
        self.counts = Counts()
        self.loss = loss
        self.reorder = reorder
        self._delay_s = delay_s
        self._bind = bind
        self._random = random.Random(seed)
        self._loop = asyncio.get_running_loop()
        self._near: asyncio.DatagramTransport | None = None
        self._far: dict[Address, _Far] = {}
        self._opening: set[asyncio.Task[object]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The near socket is bound."""
        self._near = cast("asyncio.DatagramTransport", transport)
        self.address = self._near.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """From a client: a new one gets its far socket first."""
        far = self._far.get(addr)
        if far is None:
            far = self._far[addr] = _Far(self, addr)
            task: asyncio.Task[object] = self._loop.create_task(self._open(far))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        self.pass_on(lambda: far.send(data))

    def error_received(self, exc: Exception) -> None:
        """A client has closed its port."""

    async def _open(self, far: _Far) -> None:
        await self._loop.create_datagram_endpoint(
            lambda: far, local_addr=(self._bind, 0), remote_addr=self.target
        )

    def pass_on(self, deliver: Callable[[], None]) -> None:
        """Lose it, hold it back, or deliver it."""
        # Both dice are thrown for every datagram, so that one rate does not change the other's victims.
        lost, late = self._random.random() < self.loss, self._random.random() < self.reorder
        if lost:
            self.counts.lost += 1
        elif late:
            self.counts.late += 1
            self._loop.call_later(self._delay_s, deliver)
        else:
            self.counts.passed += 1
            deliver()

    def to_client(self, data: bytes, client: Address) -> None:
        """Back to who asked."""
        if self._near is not None:
            self._near.sendto(data, client)

    def close(self) -> None:
        """Free every socket."""
        for task in self._opening:
            task.cancel()
        for far in self._far.values():
            if far.transport is not None:
                far.transport.close()
        if self._near is not None:
            self._near.close()
            self._near = None


@asynccontextmanager
async def lossy_relay(
    target: Address,
    *,
    near: Address = ("127.0.0.1", 0),
    bind: str = "127.0.0.1",
    loss: float = 0.0,
    reorder: float = 0.0,
    delay_s: float = 0.03,
    seed: int = 1,
) -> AsyncIterator[LossyRelay]:
    """A relay from `near` (its own address) to `target`, speaking to the target from the address `bind`."""
    loop = asyncio.get_running_loop()
    relay = LossyRelay(target, loss=loss, reorder=reorder, delay_s=delay_s, seed=seed, bind=bind)
    await loop.create_datagram_endpoint(lambda: relay, local_addr=near)
    try:
        yield relay
    finally:
        relay.close()
