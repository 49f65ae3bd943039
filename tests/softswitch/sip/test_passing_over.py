"""A trunk that says nothing at all to a call is passed over, and what it says too late is undone."""

import asyncio
from dataclasses import replace

from softswitch.settings.sip import TransportProtocol
from softswitch.sip.edge import TrunkTarget
from softswitch.sip.events import FarEndAnswered, TrunkStateChanged
from tests.softswitch.sip.edge_stand import SETTINGS, TRUNK, TRUNKS, Stand, running_edge
from tests.softswitch.sip.raw_peer import RawPeer, header, sdp
from tests.softswitch.sip.test_cell_requests import Ring

TARGET = TrunkTarget(trunk="city", user="13912345678")
SLOW_PINGS = replace(SETTINGS, options_interval_s=60.0, options_timeout_s=1.0)


async def passed_over(stand: Stand, trunk: RawPeer) -> Ring:
    """A call that the trunk heard of and said nothing to."""
    stand.peers.append(trunk)
    ring = Ring(stand, trunk, await stand.cell("c1"))
    ring.prepare(TARGET, patience_s=0.3)
    ring.make()
    await ring.cell.wait_status(100, "INVITE")
    ring.at_far = await trunk.wait_request("INVITE")
    told = await stand.wait_event(FarEndAnswered)
    assert (told.status, told.reason) == (408, "No Answer At All")
    await ring.cell.wait_status(408, "INVITE")
    trunk.arrived.clear()
    return ring


async def test_a_silent_trunk_is_given_up_after_its_time_and_asked_at_once() -> None:
    """The INVITE is not repeated any more; the trunk is down until it answers the ping."""
    trunk = await RawPeer.open(TRUNK)
    trunks = (replace(TRUNKS[0], host=TRUNK, port=trunk.port, options_ping=True),)
    async with running_edge(settings=SLOW_PINGS, trunks=trunks) as stand:
        trunk.answer(await trunk.wait_request("OPTIONS"), 200, stand.udp)
        assert (await stand.wait_event(TrunkStateChanged)).up
        ring = await passed_over(stand, trunk)
        down = await stand.wait_event(TrunkStateChanged)
        assert (down.up, down.cause) == (False, "invite_unanswered")
        assert not stand.edge.trunk_is_up("city")
        trunk.answer(await trunk.wait_request("OPTIONS"), 200, stand.udp)
        assert (await stand.wait_event(TrunkStateChanged)).up
        await asyncio.sleep(1.0)  # in which an INVITE would come twice
        assert not [text for text, _ in trunk.arrived if text.startswith("INVITE")]
        assert stand.edge.leg(ring.leg_id).end is not None


async def test_a_phone_that_rings_too_late_is_cancelled() -> None:
    """Nobody waits for it any more."""
    trunk = await RawPeer.open(TRUNK)
    trunks = (replace(TRUNKS[0], host=TRUNK, port=trunk.port),)
    async with running_edge(trunks=trunks) as stand:
        ring = await passed_over(stand, trunk)
        trunk.answer(ring.at_far, 180, stand.udp, tag_value="late")
        cancel = await trunk.wait_request("CANCEL")
        assert header(cancel, "Call-ID") == header(ring.at_far, "Call-ID")


async def test_an_answer_that_comes_too_late_is_acknowledged_and_hung_up() -> None:
    """Even when the leg was forgotten meanwhile."""
    trunk = await RawPeer.open(TRUNK)
    trunks = (replace(TRUNKS[0], host=TRUNK, port=trunk.port),)
    async with running_edge(trunks=trunks) as stand:
        ring = await passed_over(stand, trunk)
        stand.edge.forget(ring.leg_id)
        trunk.answer(ring.at_far, 200, stand.udp, tag_value="late", content=sdp(TRUNK))
        await trunk.wait_request("ACK")
        bye = await trunk.wait_request("BYE")
        assert header(bye, "To").endswith("tag=late")


async def test_a_trunk_that_said_anything_has_all_the_time_that_it_wants() -> None:
    """100 is a word: how long a phone may ring is not the edge's business."""
    trunk = await RawPeer.open(TRUNK)
    trunks = (replace(TRUNKS[0], host=TRUNK, port=trunk.port),)
    async with running_edge(trunks=trunks) as stand:
        stand.peers.append(trunk)
        ring = Ring(stand, trunk, await stand.cell("c1"))
        ring.prepare(TARGET, patience_s=0.3)
        trunk.answer(await ring.ring(), 100, stand.udp)
        await asyncio.sleep(0.6)
        assert not stand.has_event(FarEndAnswered)
        trunk.answer(ring.at_far, 180, stand.udp, tag_value="fartag")
        assert (await stand.wait_event(FarEndAnswered)).status == 180


async def test_a_refused_connection_is_told_at_once() -> None:
    """Long before the patience for a silent one is over."""
    probe = await asyncio.start_server(lambda reader, writer: None, TRUNK, 0)
    port = int(probe.sockets[0].getsockname()[1])
    probe.close()
    await probe.wait_closed()
    trunks = (replace(TRUNKS[0], host=TRUNK, port=port, protocol=TransportProtocol.TCP),)
    async with running_edge(trunks=trunks) as stand:
        far = await stand.peer(TRUNK)
        ring = Ring(stand, far, await stand.cell("c1"))
        ring.prepare(TARGET, patience_s=30.0)
        ring.make()
        told = await stand.wait_event(FarEndAnswered)
        assert (told.status, told.reason) == (503, "Not Connected")
        await ring.cell.wait_status(503, "INVITE")
