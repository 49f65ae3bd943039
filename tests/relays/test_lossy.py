"""The line loses what it says, by its seed, and answers find back to the peer."""

import asyncio
import itertools
from typing import cast

import pytest

from tests.relays.lossy import lossy_line


class _Peer(asyncio.DatagramProtocol):
    """Keeps what arrives; an echo sends it back."""

    def __init__(self, *, echo: bool) -> None:
        self.echo = echo
        self.heard: list[bytes] = []
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append(data)
        if self.echo and self.transport is not None:
            self.transport.sendto(data, addr)


async def _exchange(
    loss: float, reorder: float, seed: int, count: int = 400, duplicate: float = 0.0
) -> tuple[list[bytes], list[bytes]]:
    loop = asyncio.get_running_loop()
    far_transport, far = await loop.create_datagram_endpoint(
        lambda: _Peer(echo=True), local_addr=("127.64.3.1", 0)
    )
    target = far_transport.get_extra_info("sockname")
    async with lossy_line(
        "127.64.3.2", target, loss=loss, reorder=reorder, duplicate=duplicate, delay_s=0.01, seed=seed
    ) as line:
        near_transport, near = await loop.create_datagram_endpoint(
            lambda: _Peer(echo=False), local_addr=("127.64.3.3", 0)
        )
        for number in range(count):
            near_transport.sendto(number.to_bytes(2, "big"), line.inner)
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        near_transport.close()
        counts = line.counts
        assert counts.lost + counts.passed + counts.late >= count
        assert len(far.heard) + len(near.heard) == counts.passed + counts.late + counts.copied
    far_transport.close()
    await asyncio.sleep(0)
    return far.heard, near.heard


async def test_without_loss_everything_arrives_in_order_both_ways() -> None:
    there, back = await _exchange(0.0, 0.0, 1, count=100)
    assert there == back == [number.to_bytes(2, "big") for number in range(100)]


async def test_loss_and_reordering_are_about_what_was_asked() -> None:
    there, _ = await _exchange(0.05, 0.2, 3)
    assert 360 <= len(there) <= 395
    overtaken = sum(one > other for one, other in itertools.pairwise(there))
    assert overtaken > 20


async def test_copies_come_beside_their_first_and_loss_stays_what_it_was() -> None:
    once, _ = await _exchange(0.05, 0.0, 3)
    there, _ = await _exchange(0.05, 0.0, 3, duplicate=0.2)
    copies = len(there) - len(set(there))
    assert 50 <= copies <= 110
    assert len(set(there)) == pytest.approx(len(once), abs=15)  # answers, which are more now, share the dice


async def test_patience_loses_the_same_message_so_often_and_no_more_and_every_other_one_as_before() -> None:
    """Its repetitions are counted together, whatever else passes between them."""
    loop = asyncio.get_running_loop()
    far_transport, far = await loop.create_datagram_endpoint(
        lambda: _Peer(echo=False), local_addr=("127.64.3.1", 0)
    )
    target = far_transport.get_extra_info("sockname")
    messages = [
        f"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK{number}\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n"
        for number in range(3)
    ]
    async with lossy_line("127.64.3.2", target, loss=1.0, patience=3) as line:
        near_transport, _ = await loop.create_datagram_endpoint(
            lambda: _Peer(echo=False), local_addr=("127.64.3.3", 0)
        )
        for _ in range(5):
            for message in (*messages, "no SIP"):
                near_transport.sendto(message.encode(), line.inner)
        async with asyncio.timeout(5):
            while line.counts.lost + line.counts.passed < 20:
                await asyncio.sleep(0.01)
            while len(far.heard) < 6:
                await asyncio.sleep(0.01)
        near_transport.close()
    far_transport.close()
    assert line.counts.lost == 3 * 3 + 5, "what is no SIP is lost as the dice say"
    assert sorted(far.heard) == sorted(message.encode() for message in messages * 2)


@pytest.mark.parametrize("loss", [1.0])
async def test_a_dead_line_passes_nothing(loss: float) -> None:
    assert await _exchange(loss, 0.0, 1, count=20) == ([], [])
