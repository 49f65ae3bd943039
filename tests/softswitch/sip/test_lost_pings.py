"""A bad line is not a dead one: pings that are lost one by one cost neither a phone nor a trunk, those in a row do.

The test turns the hands of the clock, so that nothing of this depends on how busy the machine is.
"""

import asyncio
from dataclasses import replace

import pytest

from softswitch.sip.events import AccountReachabilityChanged, TrunkStateChanged
from tests.softswitch.sip.edge_stand import PHONE, SETTINGS, TRUNK, TRUNKS, Stand, running_edge
from tests.softswitch.sip.raw_peer import RawPeer, header, start_line
from tests.softswitch.sip.stepped_clock import SteppedLoop, stepped_clock
from tests.softswitch.sip.test_registrar import register

PINGS = replace(SETTINGS, t1_s=0.5, options_interval_s=30.0, options_timeout_s=4.0, options_misses=2)
STEP_S = 0.5
MARK = "mark"


class BadLine:
    """Loses every ping with all its repetitions, but for each `passes`-th, which the peer answers."""

    def __init__(self, stand: Stand, peer: RawPeer, hands: SteppedLoop, *, passes: int) -> None:
        self.sent: dict[str, list[float]] = {}  # when each ping came, by its Call-ID
        self._stand, self._peer, self._hands, self._passes = stand, peer, hands, passes
        self._mark = asyncio.Event()
        peer.relay = self._heard

    def _heard(self, data: bytes, _: tuple[str, int]) -> None:
        text = data.decode()
        if text == MARK:
            self._mark.set()
        elif start_line(text).startswith("OPTIONS "):
            self.sent.setdefault(header(text, "Call-ID"), []).append(self._hands.hands)
            if list(self.sent).index(header(text, "Call-ID")) % self._passes == self._passes - 1:
                self._peer.answer(text, 200, self._stand.udp)

    async def pass_pings(self, count: int) -> list[list[float]]:
        """Turn the hands until so many pings came, and the time of the last one is over; when each was sent."""
        until = 120.0 * count
        while len(self.sent) < count and self._hands.hands < until:
            await self.turn(STEP_S)
        await self.turn(PINGS.options_timeout_s)
        return list(self.sent.values())

    async def turn(self, seconds: float) -> None:
        """Let time pass, a little at a time, and what is under way arrive."""
        for _ in range(round(seconds / STEP_S)):
            self._hands.turn_to(self._hands.hands + STEP_S)
            for _ in range(2):  # there and back: what a peer sends to itself comes after what came before
                self._mark.clear()
                self._peer.send(MARK, (self._peer.address, self._peer.port))
                await self._mark.wait()
                await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("passes", "causes"),
    [(1, []), (2, []), (3, ["options_timeout", "options_answered", "options_timeout"])],
)
async def test_a_phone_is_lost_by_two_pings_in_a_row_and_not_by_each_second_one(
    passes: int, causes: list[str]
) -> None:
    hands, clock = stepped_clock()
    async with running_edge(settings=PINGS, clock=clock) as stand:
        phone = await stand.peer(PHONE)
        await register(stand, phone, expires="Expires: 3600\r\n")
        line = BadLine(stand, phone, hands, passes=passes)
        sent = await line.pass_pings(5)
        told = [event.cause for event in stand.events if isinstance(event, AccountReachabilityChanged)]
        assert told == ["registered", *causes]
        if passes > 1:
            first = sent[0][0]
            assert sent[0] == [first, first + 0.5, first + 1.5, first + 3.5], "timer E"
            assert sent[1][0] == first + 4.0, "asked again at once"


@pytest.mark.parametrize(("passes", "states"), [(1, [True]), (2, [True]), (3, [False, True, False])])
async def test_a_trunk_is_down_by_two_pings_in_a_row_and_not_by_each_second_one(
    passes: int, states: list[bool]
) -> None:
    hands, clock = stepped_clock()
    trunk = await RawPeer.open(TRUNK)
    trunks = (replace(TRUNKS[0], host=TRUNK, port=trunk.port, options_ping=True),)
    async with running_edge(settings=PINGS, trunks=trunks, clock=clock) as stand:
        stand.peers.append(trunk)
        await BadLine(stand, trunk, hands, passes=passes).pass_pings(5)
        assert [event.up for event in stand.events if isinstance(event, TrunkStateChanged)] == states


async def test_a_registration_between_two_lost_pings_says_that_the_phone_lives() -> None:
    """Counted is from anew: two more are lost before it is."""
    hands, clock = stepped_clock()
    async with running_edge(settings=PINGS, clock=clock) as stand:
        phone = await stand.peer(PHONE)
        await register(stand, phone, expires="Expires: 3600\r\n")
        line = BadLine(stand, phone, hands, passes=1000)
        await line.pass_pings(1)
        assert len(line.sent) == 2
        phone.relay = None
        await register(stand, phone, cseq=11, expires="Expires: 3600\r\n")
        line = BadLine(stand, phone, hands, passes=1000)
        await line.pass_pings(2)  # the second one of before is sent again
        assert stand.edge.is_reachable("phone1001")
        await line.turn(PINGS.options_timeout_s)
        assert not stand.edge.is_reachable("phone1001")


async def test_an_edge_that_stops_between_two_lost_pings_asks_nobody_any_more() -> None:
    hands, clock = stepped_clock()
    trunk = await RawPeer.open(TRUNK)
    trunks = (replace(TRUNKS[0], host=TRUNK, port=trunk.port, options_ping=True),)
    async with running_edge(settings=PINGS, trunks=trunks, clock=clock) as stand:
        stand.peers.append(trunk)
        line = BadLine(stand, trunk, hands, passes=1000)
        await line.turn(1.0)
        await stand.edge.stop()
        await line.turn(60.0)
        assert len(line.sent) == 1
