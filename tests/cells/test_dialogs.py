"""What SIP asks of a dialog beyond its beginning and end: the cell does it alone, and always inactive."""

import asyncio
from pathlib import Path

import pytest

from softswitch.cells.messages import (
    AnswerLeg,
    HangUpLeg,
    LegArrived,
    LegConfirmed,
    LegEnded,
    LegProgressed,
)
from softswitch.cells.pool import Cell
from tests.cells.inner_edge import Cells, running_cells
from tests.softswitch.sip.raw_peer import header, start_line, status
from tests.softswitch.sip.raw_peer import method as method_of


def address_of(cells: Cells, leg_id: str) -> tuple[str, int]:
    """Where the leg's cell listens."""
    cell = cell_of(cells, leg_id)
    return cell.address, cell.port


def cell_of(cells: Cells, leg_id: str) -> Cell:
    """The leg's cell."""
    cell = cells.pool.cell_of(leg_id)
    assert cell is not None
    return cell


async def confirmed(cells: Cells, leg_id: str) -> tuple[str, str]:
    """A confirmed inbound leg: Call-ID and To value."""
    cell = await cells.wait_place(leg_id)
    call_id = await cells.edge.call(cell, leg_id, cells.secret)
    await cells.wait_event(LegArrived, leg_id)
    cells.pool.send(leg_id, AnswerLeg(leg_id=leg_id, status=200))
    to = await cells.edge.take_answer(cell, call_id)
    await cells.wait_event(LegConfirmed, leg_id)
    return call_id, to


async def answer_of(cells: Cells, call_id: str, method: str) -> str:
    """The final answer of the cell to a request of ours."""
    text, _ = await cells.edge.wait_for(
        lambda m: status(m) >= 200 and header(m, "Call-ID") == call_id and method_of(m) == method
    )
    return text


async def test_a_new_offer_is_answered_inactive_and_the_leg_stays(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        call_id, to = await confirmed(cells, "in1")
        cell = cell_of(cells, "in1")
        cells.edge.send(
            cells.edge.request("INVITE", cell, call_id, to=to, cseq=2, sdp=True), address_of(cells, "in1")
        )
        ok = await answer_of(cells, call_id, "INVITE")
        assert status(ok) == 200
        assert "a=inactive" in ok
        cells.edge.send(cells.edge.request("ACK", cell, call_id, to=to, cseq=2), address_of(cells, "in1"))
        cells.edge.send(
            cells.edge.request("UPDATE", cell, call_id, to=to, cseq=3, sdp=True), address_of(cells, "in1")
        )
        assert status(await answer_of(cells, call_id, "UPDATE")) == 200
        assert cells.events == []
        cells.pool.send("in1", HangUpLeg(leg_id="in1"))
        await cells.edge.wait_request("BYE", Call_ID=call_id)


async def test_a_session_timer_is_agreed_on(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cell = cells.place("in1")
        call_id = cells.edge.invite(
            cell, "in1", cells.secret, extra="Session-Expires: 120;refresher=uas\r\nMin-SE: 90\r\n"
        )
        await cells.wait_event(LegArrived, "in1")
        cells.pool.send("in1", AnswerLeg(leg_id="in1", status=200))
        ok = await cells.edge.wait_status(200, call_id)
        assert header(ok, "Session-Expires") == "120;refresher=uas"


async def test_reliable_ringing_is_acknowledged_both_ways(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cell = cells.make("out1")
        invite, source = await cells.edge.be_called("out1")
        cells.edge.answer(invite, 183, source, sdp=True, extra="Require: 100rel\r\nRSeq: 7\r\n")
        assert (await cells.wait_event(LegProgressed, "out1")).status == 183
        prack, source = await cells.edge.wait_request("PRACK", Call_ID=header(invite, "Call-ID"))
        assert header(prack, "RAck").startswith("7 ")
        cells.edge.answer(prack, 200, source)
        cells.edge.answer(invite, 200, source)
        await cells.wait_event(LegConfirmed, "out1")

        call_id = cells.edge.invite(cell, "in1", cells.secret, extra="Require: 100rel\r\n")
        await cells.wait_event(LegArrived, "in1")
        cells.pool.send("in1", AnswerLeg(leg_id="in1", status=180))
        ringing = await cells.edge.wait_status(180, call_id)
        assert "100rel" in header(ringing, "Require")
        rack = f"RAck: {header(ringing, 'RSeq')} 1 INVITE\r\n"
        request = cells.edge.request("PRACK", cell, call_id, to=header(ringing, "To"), cseq=2, extra=rack)
        cells.edge.send(request, source)
        assert status(await answer_of(cells, call_id, "PRACK")) == 200
        cells.pool.send("in1", AnswerLeg(leg_id="in1", status=200))
        await cells.edge.take_answer(cell, call_id)
        await cells.wait_event(LegConfirmed, "in1")


async def test_early_sound_and_its_answer_twice_confirm_one_leg(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cells.make("out1")
        invite, source = await cells.edge.be_called("out1")
        cells.edge.answer(invite, 183, source, sdp=True)
        cells.edge.answer(invite, 200, source, sdp=True)
        await cells.wait_event(LegConfirmed, "out1")
        assert cells.lost == []


async def test_a_leg_given_up_before_any_answer_is_cancelled_as_soon_as_there_is_one(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cells.make("out1")
        invite, source = await cells.edge.be_called("out1")
        cells.pool.send("out1", HangUpLeg(leg_id="out1"))
        ended = await cells.wait_event(LegEnded, "out1")
        assert (ended.status, ended.by_far_end) == (487, False)
        assert cells.pool.used_slots == 1
        cells.edge.answer(invite, 180, source)
        cancel, source = await cells.edge.wait_request("CANCEL", Call_ID=header(invite, "Call-ID"))
        cells.edge.answer(cancel, 200, source)
        cells.edge.answer(invite, 487, source)
        await cells.wait_until(lambda: cells.pool.used_slots == 0)


async def test_an_answer_that_crosses_the_cancel_is_taken_and_ended(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cells.make("out1")
        invite, source = await cells.edge.be_called("out1")
        cells.edge.answer(invite, 180, source)
        await cells.wait_event(LegProgressed, "out1")
        cells.pool.send("out1", HangUpLeg(leg_id="out1"))
        cancel, source = await cells.edge.wait_request("CANCEL", Call_ID=header(invite, "Call-ID"))
        cells.edge.answer(invite, 200, source, sdp=True)
        cells.edge.answer(cancel, 200, source)
        await cells.edge.wait_request("ACK", Call_ID=header(invite, "Call-ID"))
        bye, source = await cells.edge.wait_request("BYE", Call_ID=header(invite, "Call-ID"))
        cells.edge.answer(bye, 200, source)
        await cells.wait_until(lambda: cells.pool.used_slots == 0)
        assert [type(event) for _, event in cells.events] == [LegEnded]


async def test_a_repeated_invite_is_one_leg(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cell = cells.place("in1")
        for _ in range(3):
            call_id = cells.edge.invite(cell, "in1", cells.secret)
        await cells.wait_event(LegArrived, "in1")
        cells.pool.send("in1", AnswerLeg(leg_id="in1", status=200))
        await cells.edge.take_answer(cell, call_id)
        await cells.wait_event(LegConfirmed, "in1")
        assert cells.events == []
        assert cells.pool.used_slots == 1


async def test_a_second_dialog_for_a_living_leg_is_forbidden(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        await confirmed(cells, "in1")
        cell = cell_of(cells, "in1")
        twin = cells.edge.invite(cell, "in1", cells.secret, call_id="twin")
        await cells.edge.wait_status(403, twin)
        assert cells.events == []


async def test_the_cell_repeats_its_answer_until_it_is_acknowledged(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cell = cells.place("in1")
        call_id = await cells.edge.call(cell, "in1", cells.secret)
        await cells.wait_event(LegArrived, "in1")
        cells.pool.send("in1", AnswerLeg(leg_id="in1", status=200))
        await cells.edge.wait_status(200, call_id)
        to = header(await cells.edge.wait_status(200, call_id), "To")
        cells.edge.send(cells.edge.request("ACK", cell, call_id, to=to), (cell.address, cell.port))
        await cells.wait_event(LegConfirmed, "in1")


@pytest.mark.parametrize("size", [1400, 2500])
async def test_a_long_message_stays_on_udp(tmp_path: Path, size: int) -> None:
    async with running_cells(tmp_path) as cells:
        cells.make("out1", headers=(("X-Long", "x" * size),))
        invite, source = await cells.edge.be_called("out1")
        assert len(header(invite, "X-Long")) == size
        assert "SIP/2.0/UDP" in header(invite, "Via")
        assert start_line(invite).startswith("INVITE")
        cells.edge.answer(invite, 486, source)
        await cells.wait_event(LegEnded, "out1")


@pytest.mark.long
async def test_a_far_end_that_is_dead_holds_the_slot_for_half_a_minute_and_no_longer(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        await confirmed(cells, "in1")
        cells.pool.send("in1", HangUpLeg(leg_id="in1"))
        await cells.wait_event(LegEnded, "in1")
        await asyncio.sleep(1)
        assert cells.pool.used_slots == 1
        await cells.wait_until(lambda: cells.pool.used_slots == 0, 40.0)
