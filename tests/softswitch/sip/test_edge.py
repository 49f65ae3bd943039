"""What call control asks of the edge, and what it is told when that cannot be."""

import pytest

from softswitch.sip.edge import PhoneTarget, UnknownCell, UnknownLeg, WrongPhase
from softswitch.sip.events import InviteReceived
from softswitch.sip.message import MalformedMessage
from tests.softswitch.sip.edge_stand import PHONE, PLANE, TRUNK, Stand, running_edge
from tests.softswitch.sip.raw_peer import sdp
from tests.softswitch.sip.test_registrar import register


async def arrived(stand: Stand) -> str:
    trunk = await stand.peer(TRUNK)
    trunk.send(trunk.request("INVITE", stand.uri(), content=sdp(TRUNK)), stand.udp)
    return (await stand.wait_event(InviteReceived)).leg_id


async def test_unknown_legs_and_cells_are_named() -> None:
    async with running_edge() as stand:
        edge = stand.edge
        with pytest.raises(UnknownLeg):
            edge.admit("nobody", "c1", PLANE)
        with pytest.raises(UnknownLeg):
            edge.leg("nobody")
        leg_id = await arrived(stand)
        with pytest.raises(UnknownCell):
            edge.admit(leg_id, "c9", PLANE)
        edge.finish("nobody")
        edge.forget("nobody")


async def test_leg_is_admitted_and_rejected_once() -> None:
    async with running_edge() as stand:
        await stand.cell("c1")
        leg_id = await arrived(stand)
        stand.edge.admit(leg_id, "c1", PLANE)
        with pytest.raises(WrongPhase):
            stand.edge.admit(leg_id, "c1", PLANE)
        with pytest.raises(WrongPhase):
            stand.edge.reject(leg_id, 503)


async def test_leg_can_be_seen_until_it_is_forgotten() -> None:
    async with running_edge() as stand:
        leg_id = await arrived(stand)
        view = stand.edge.leg(leg_id)
        assert (view.inbound, view.peer.name, view.confirmed, view.end) == (True, "city", False, None)
        assert stand.edge.legs() == (leg_id,)
        assert stand.edge.local_address_for(leg_id) == PLANE[0]
        stand.edge.reject(leg_id, 480)
        assert stand.edge.legs() == ()
        assert stand.keeper.tables["dialog"][leg_id]["phase"] == "ended"
        stand.edge.forget(leg_id)
        assert stand.keeper.tables["dialog"] == {}


async def test_header_that_cannot_stand_in_a_message_is_refused_before_anything_is_made() -> None:
    async with running_edge() as stand:
        await stand.cell("c1")
        await register(stand, await stand.peer(PHONE))
        target = PhoneTarget(account="phone1001")
        assert stand.edge.local_address_towards(target) == PLANE[0]
        with pytest.raises(MalformedMessage):
            stand.edge.prepare(
                "o1", "c1", target, PLANE, from_user="1", headers=(("Call-Info", "x\r\nVia: y"),)
            )
        assert stand.edge.legs() == ()


async def test_leg_may_be_prepared_again_for_another_cell() -> None:
    async with running_edge() as stand:
        await stand.cell("c1")
        await stand.cell("c2", "127.62.77.11")
        await register(stand, await stand.peer(PHONE))
        for cell_id in ("c1", "c2"):
            stand.edge.prepare("o1", cell_id, PhoneTarget(account="phone1001"), PLANE, from_user="1 2#3")
        assert stand.edge.leg("o1").cell_id == "c2"
        assert stand.edge.legs() == ("o1",)


async def test_records_that_cannot_be_read_are_left_out_and_the_rest_restored() -> None:
    async with running_edge() as stand:
        leg_id = await arrived(stand)
        stand.keeper.tables["dialog"]["broken"] = {"leg_id": "broken"}
        stand.keeper.tables["binding"]["gone"] = {"contacts": []}
        await stand.restart()
        assert stand.edge.legs() == (leg_id,)


async def test_handler_of_control_that_raises_loses_no_message() -> None:
    async with running_edge() as stand:

        def broken(event: object) -> None:
            raise ValueError(event)

        stand.also = broken
        leg_id = await arrived(stand)
        assert stand.edge.legs() == (leg_id,)
