"""Ends that come at an awkward moment: between 200 and ACK, or after a restart that forgot what had just begun."""

from collections.abc import Callable

from tests.softswitch.sip.edge_stand import running_edge
from tests.softswitch.sip.raw_peer import RawPeer, header, start_line, status
from tests.softswitch.sip.test_cell_requests import ring_of_phone
from tests.softswitch.sip.test_outside_requests import Call, call_on


def bye_of_cell(call: Call) -> str:
    """The cell's BYE in its dialog with the edge."""
    return call.cell.request(
        "BYE",
        header(call.at_cell, "Contact").strip("<>"),
        call_id=header(call.at_cell, "Call-ID"),
        from_=f"{header(call.at_cell, 'To')};tag=celltag",
        to=header(call.at_cell, "From"),
        headers="Reason: Q.850;cause=16\r\n",
    )


def byes_at(peer: RawPeer) -> list[str]:
    """The BYEs that wait at a peer."""
    return [text for text, _ in peer.arrived if start_line(text).startswith("BYE")]


async def test_bye_of_a_cell_before_the_ack_waits_for_it_and_the_200_is_repeated_meanwhile() -> None:
    """A BYE that overtakes the ACK would be unknown to the caller (RFC 3261 section 15)."""
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        await call.admit()
        await call.answer()
        call.cell.send(bye_of_cell(call), stand.inner)
        await call.cell.wait_status(200, "BYE")
        assert await call.trunk.wait_status(200, "INVITE") == call.ok
        assert not byes_at(call.trunk)
        call.trunk.send(call.in_dialog("ACK", 1), stand.udp)
        await call.trunk.wait_request("BYE")


async def test_bye_of_a_cell_that_gave_the_ack_up_goes_out_at_once() -> None:
    """After 64 T1 nobody acknowledges any more: the 200 is not repeated for as long again."""
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        await call.admit()
        await call.answer()
        (relay,) = stand.edge._wiring.relays.of_leg(call.leg_id)
        assert relay.answered_at is not None
        relay.answered_at -= stand.edge._wiring.clients.life_s
        call.trunk.arrived.clear()
        call.cell.send(bye_of_cell(call), stand.inner)
        await call.trunk.wait_request("BYE")
        assert not [text for text, _ in call.trunk.arrived if status(text) == 200]


async def test_bye_of_a_cell_whose_200_never_came_gives_the_caller_an_answer() -> None:
    """Its 200 came while control was away: the caller must not ring for ever."""
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        await call.admit()
        await stand.restart()
        stand.edge.cell_started("c1", call.cell.address, call.cell.port)
        call.cell.send(bye_of_cell(call), stand.inner)
        await call.cell.wait_status(200, "BYE")
        answer = await call.trunk.wait_status(503, "INVITE")
        assert header(answer, "Reason") == "Q.850;cause=16"


async def test_an_invite_that_waits_for_the_disk_is_not_told_that_anybody_tries() -> None:
    """Who has heard 100 does not repeat the INVITE, and the next control would know nothing of it."""
    async with running_edge() as stand:
        kept: list[Callable[[], None]] = []
        stand.edge._wiring.when_kept = kept.append
        call = await call_on(stand)
        await call.arrive()
        assert not call.trunk.arrived
        for action in kept:
            action()
        assert status(await call.trunk.wait(lambda text: True)) == 100


async def test_cancel_of_an_invite_that_an_earlier_control_took_frees_the_cells_slot() -> None:
    """200 to the CANCEL and 487 to the INVITE, though nothing of it was written down."""
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        await ring.ring()
        stand.keeper.tables["dialog"].clear()
        await stand.restart()
        stand.edge.cell_started("c1", ring.cell.address, ring.cell.port)
        ring.cell.send(ring.cancel(), stand.inner)
        await ring.cell.wait_status(200, "CANCEL")
        await ring.cell.wait_status(487, "INVITE")
