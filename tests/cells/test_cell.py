"""Real cells with a real pjsua2 in them, spoken to as the edge and as control would."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from softswitch.cells.messages import (
    AnswerLeg,
    Credentials,
    HangUpLeg,
    LegArrived,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegProgressed,
    RequestAnswered,
    SendRequest,
)
from tests.cells.inner_edge import Cells, running_cells
from tests.softswitch.sip.raw_peer import header


async def confirmed_inbound(cells: Cells, leg_id: str) -> tuple[str, str]:
    """A confirmed inbound leg: its Call-ID and the To value."""
    cell = await cells.wait_place(leg_id)
    call_id = await cells.edge.call(cell, leg_id, cells.secret)
    await cells.wait_event(LegArrived, leg_id)
    cells.pool.send(leg_id, AnswerLeg(leg_id=leg_id, status=200))
    to = await cells.edge.take_answer(cell, call_id)
    await cells.wait_event(LegConfirmed, leg_id)
    return call_id, to


async def test_inbound_leg_is_answered_and_ended_by_the_far_end(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cell = cells.place("in1")
        call_id = await cells.edge.call(cell, "in1", cells.secret)
        await cells.wait_event(LegArrived, "in1")
        cells.pool.send("in1", AnswerLeg(leg_id="in1", status=180, headers=(("X-Note", "hello"),)))
        assert header(await cells.edge.wait_status(180, call_id), "X-Note") == "hello"
        cells.pool.send("in1", AnswerLeg(leg_id="in1", status=200))
        ok = await cells.edge.wait_status(200, call_id)
        assert "a=inactive" in ok
        assert header(ok, "X-Ordered") == "1"
        to = header(ok, "To")
        cells.edge.send(cells.edge.request("ACK", cell, call_id, to=to), (cell.address, cell.port))
        await cells.wait_event(LegConfirmed, "in1")
        bye = cells.edge.request("BYE", cell, call_id, to=to, cseq=2)
        cells.edge.send(bye, (cell.address, cell.port))
        assert await cells.wait_event(LegEnded, "in1") == LegEnded(
            leg_id="in1", status=200, reason="BYE", by_far_end=True
        )
        await cells.edge.wait_status(200, call_id)
        await cells.wait_until(lambda: cells.pool.used_slots == 0)


async def test_inbound_leg_is_ended_by_control_and_its_slot_counts_until_the_bye_is_answered(
    tmp_path: Path,
) -> None:
    async with running_cells(tmp_path) as cells:
        call_id, _ = await confirmed_inbound(cells, "in1")
        cells.pool.send("in1", HangUpLeg(leg_id="in1", headers=(("Reason", "Q.850;cause=16"),)))
        ended = await cells.wait_event(LegEnded, "in1")
        assert ended == LegEnded(leg_id="in1", status=200, reason="BYE", by_far_end=False)
        bye, source = await cells.edge.wait_request("BYE", Call_ID=call_id)
        assert header(bye, "Reason") == "Q.850;cause=16"
        assert cells.pool.used_slots == 1
        cells.edge.answer(bye, 200, source)
        await cells.wait_until(lambda: cells.pool.used_slots == 0)


async def test_caller_that_cancels_ends_the_leg(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cell = cells.place("in1")
        call_id = await cells.edge.call(cell, "in1", cells.secret)
        await cells.wait_event(LegArrived, "in1")
        cells.edge.send(cells.edge.request("CANCEL", cell, call_id), (cell.address, cell.port))
        ended = await cells.wait_event(LegEnded, "in1")
        assert (ended.status, ended.by_far_end) == (487, True)
        await cells.edge.wait_status(487, call_id)
        await cells.wait_until(lambda: cells.pool.used_slots == 0)


async def test_refusal_is_marked_as_ordered(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cell = cells.place("in1")
        call_id = await cells.edge.call(cell, "in1", cells.secret)
        await cells.wait_event(LegArrived, "in1")
        cells.pool.send("in1", HangUpLeg(leg_id="in1", status=486, headers=(("Retry-After", "5"),)))
        busy = await cells.edge.wait_status(486, call_id)
        assert header(busy, "X-Ordered") == "1"
        assert header(busy, "Retry-After") == "5"
        ended = await cells.wait_event(LegEnded, "in1")
        assert (ended.status, ended.by_far_end) == (486, False)


async def test_outgoing_leg_rings_answers_and_ends(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cells.make("out1", headers=(("Alert-Info", "<urn:alert>"),))
        invite, source = await cells.edge.be_called("out1")
        assert invite.startswith("INVITE sip:8001@10.9.9.9 SIP/2.0\r\n")
        assert header(invite, "From").startswith("<sip:12345@hotline>") or "sip:12345@hotline" in header(
            invite, "From"
        )
        assert header(invite, "X-Secret") == cells.secret
        assert header(invite, "Alert-Info") == "<urn:alert>"
        assert "a=inactive" in invite
        assert cells.edge.address[0] in header(invite, "Route")
        for status in (100, 180, 183):
            cells.edge.answer(invite, status, source)
        assert (await cells.wait_event(LegProgressed, "out1")).status == 180
        assert (await cells.wait_event(LegProgressed, "out1")).status == 183
        cells.edge.answer(invite, 200, source, sdp=True)
        await cells.wait_event(LegConfirmed, "out1")
        await cells.edge.wait_request("ACK", Call_ID=header(invite, "Call-ID"))
        cells.pool.send("out1", HangUpLeg(leg_id="out1"))
        bye, source = await cells.edge.wait_request("BYE", Call_ID=header(invite, "Call-ID"))
        cells.edge.answer(bye, 200, source)
        assert not (await cells.wait_event(LegEnded, "out1")).by_far_end
        await cells.wait_until(lambda: cells.pool.used_slots == 0)


@pytest.mark.parametrize("status", [302, 404, 486, 603])
async def test_refusal_of_the_far_end_keeps_its_own_status(tmp_path: Path, status: int) -> None:
    """The stack itself shows a redirection as 487."""
    async with running_cells(tmp_path) as cells:
        cells.make("out1")
        invite, source = await cells.edge.be_called("out1")
        cells.edge.answer(invite, status, source)
        ended = await cells.wait_event(LegEnded, "out1")
        assert (ended.status, ended.reason, ended.by_far_end) == (status, "Whatever", True)
        await cells.wait_until(lambda: cells.pool.used_slots == 0)


async def test_ringing_phone_is_cancelled(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cells.make("out1")
        invite, source = await cells.edge.be_called("out1")
        cells.edge.answer(invite, 180, source)
        await cells.wait_event(LegProgressed, "out1")
        cells.pool.send("out1", HangUpLeg(leg_id="out1"))
        cancel, source = await cells.edge.wait_request("CANCEL", Call_ID=header(invite, "Call-ID"))
        ended = await cells.wait_event(LegEnded, "out1")
        assert (ended.status, ended.by_far_end) == (487, False)
        assert cells.pool.used_slots == 1
        cells.edge.answer(cancel, 200, source)
        cells.edge.answer(invite, 487, source)
        await cells.wait_until(lambda: cells.pool.used_slots == 0)


async def test_challenge_is_answered_with_the_credentials_of_that_leg(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        for number, user in enumerate(("anna", "bert")):
            leg_id = f"out{number}"
            cells.make(leg_id, credentials=Credentials(realm=f"r{number}", username=user, password="pw"))
            invite, source = await cells.edge.be_called(leg_id)
            challenge = f'Digest realm="r{number}", nonce="n1", qop="auth", algorithm=MD5'
            cells.edge.answer(invite, 407, source, extra=f"Proxy-Authenticate: {challenge}\r\n")
            proven, source = await cells.edge.be_called(leg_id)
            assert f'username="{user}"' in header(proven, "Proxy-Authorization")
            cells.edge.answer(proven, 480, source)
            assert (await cells.wait_event(LegEnded, leg_id)).status == 480


async def test_request_in_the_dialog_is_sent_and_its_answer_reported(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        call_id, _ = await confirmed_inbound(cells, "in1")
        cells.pool.send(
            "in1",
            SendRequest(
                leg_id="in1",
                method="NOTIFY",
                headers=(("Event", "refer"), ("Subscription-State", "active")),
                content_type="message/sipfrag",
                body="SIP/2.0 180 Ringing\r\n",
            ),
        )
        notify, source = await cells.edge.wait_request("NOTIFY", Call_ID=call_id)
        assert notify.endswith("SIP/2.0 180 Ringing\r\n")
        assert header(notify, "Event") == "refer"
        cells.edge.answer(notify, 202, source)
        answered = await cells.wait_event(RequestAnswered, "in1")
        assert (answered.method, answered.status) == ("NOTIFY", 202)


async def test_what_cannot_be_done_is_reported_and_harms_nobody(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        await confirmed_inbound(cells, "in1")
        cells.pool.send("in1", AnswerLeg(leg_id="in1", status=200))
        assert (await cells.wait_event(LegFailed, "in1")).code == "stack_error"
        smuggled = (("Reason", "x\r\nX-Evil: 1"),)
        cells.pool.send("in1", SendRequest(leg_id="in1", method="NOTIFY", headers=smuggled))
        assert (await cells.wait_event(LegFailed, "in1")).code == "bad_header"
        cells.pool.send("in1", HangUpLeg(leg_id="nobody"))
        assert (await cells.wait_event(LegFailed, "nobody")).code == "unknown_leg"
        cells.make("bad1", headers=smuggled)
        assert (await cells.wait_event(LegFailed, "bad1")).code == "bad_header"
        await cells.wait_until(lambda: cells.pool.used_slots == 1)
        assert not [event for _, event in cells.events if isinstance(event, LegEnded)]


async def test_a_fifth_leg_finds_the_cell_full_and_its_capacity_is_learned(tmp_path: Path) -> None:
    """The nursery is told five slots a cell, the stack has four: the pool finds out, twice over."""
    async with running_cells(tmp_path, "--legs-per-cell", "5", "--max-cells", "1") as cells:
        for number in range(4):
            await confirmed_inbound(cells, f"in{number}")
        cell = cells.place("in4")
        call_id = cells.edge.invite(cell, "in4", cells.secret)
        busy = await cells.edge.wait_status(486, call_id)
        assert header(busy, "X-Ordered") == ""
        cells.edge.send(
            cells.edge.request("ACK", cell, call_id, to=header(busy, "To")), (cell.address, cell.port)
        )
        await cells.wait_until(lambda: cells.pool.used_slots == 4)
        assert cells.pool.free_slots == 0
        assert not [event for _, event in cells.events if getattr(event, "leg_id", "") == "in4"]


async def test_outgoing_leg_in_a_full_cell_is_refused_with_a_code(tmp_path: Path) -> None:
    async with running_cells(tmp_path, "--legs-per-cell", "5", "--max-cells", "1") as cells:
        for number in range(4):
            await confirmed_inbound(cells, f"in{number}")
        cells.make("out1")
        assert (await cells.wait_event(LegFailed, "out1")).code == "cell_full"
        await cells.wait_until(lambda: cells.pool.used_slots == 4)
        assert cells.pool.free_slots == 0


async def test_strangers_change_nothing(tmp_path: Path) -> None:
    """INVITE, BYE with the right tags, junk from another address or port: not even an answer."""
    async with running_cells(tmp_path) as cells:
        call_id, to = await confirmed_inbound(cells, "in1")
        cell = cells.pool.cell_of("in1")
        assert cell is not None
        target = (cell.address, cell.port)
        bye = cells.edge.request("BYE", cell, call_id, to=to, cseq=9).encode()
        invite = cells.edge.request(
            "INVITE", cell, "evil", sdp=True, extra=f"X-Leg: evil\r\nX-Secret: {cells.secret}\r\n"
        ).encode()
        for address in ("127.78.0.9", cells.edge.address[0]):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.bind((address, 0))
                stranger.setblocking(False)
                for junk in (bye, invite, b"\x00\xff" * 99, b"\r\n\r\n", b"INVITE\r\n\r\n", os.urandom(900)):
                    stranger.sendto(junk, target)
                await asyncio.sleep(0.3)
                with pytest.raises(BlockingIOError):
                    stranger.recv(4096)
        assert cells.lost == []
        assert not [event for _, event in cells.events if not isinstance(event, LegArrived)]
        cells.edge.send(bye.decode(), target)
        assert (await cells.wait_event(LegEnded, "in1")).by_far_end


async def test_invite_without_the_secret_is_forbidden_and_unseen(tmp_path: Path) -> None:
    """The second wall, behind the packet filter: even from the edge's own socket."""
    async with running_cells(tmp_path) as cells:
        cell = cells.place("in1")
        for number, secret in enumerate(("", "wrong", cells.secret + "x")):
            call_id = cells.edge.invite(cell, "in1", secret, call_id=f"forged{number}")
            forbidden = await cells.edge.wait_status(403, call_id)
            assert header(forbidden, "X-Ordered") == ""
        await confirmed_inbound(cells, "in2")
        assert cells.events == []


async def test_junk_from_the_edge_itself_does_not_end_a_leg(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        call_id, to = await confirmed_inbound(cells, "in1")
        cell = cells.pool.cell_of("in1")
        assert cell is not None
        for junk in ("\x00\x01", "SIP/2.0 200 OK\r\n\r\n", "BYE sip:x SIP/2.0\r\n\r\n", "x" * 3000):
            cells.edge.send(junk, (cell.address, cell.port))
        unknown = cells.edge.request("BYE", cell, "nobody", to="<sip:a@b>;tag=none", cseq=2)
        cells.edge.send(unknown, (cell.address, cell.port))
        await cells.edge.wait_status(481, "nobody")
        cells.edge.send(cells.edge.request("BYE", cell, call_id, to=to, cseq=2), (cell.address, cell.port))
        assert (await cells.wait_event(LegEnded, "in1")).by_far_end


async def test_a_slot_that_is_used_again_at_once_keeps_its_new_leg(tmp_path: Path) -> None:
    """The answer to a BYE and the next INVITE arrive together: destroying the old call must not end the new."""
    async with running_cells(tmp_path, "--max-cells", "1") as cells:
        for number in range(3):
            await confirmed_inbound(cells, f"stay{number}")
        call_id, _ = await confirmed_inbound(cells, "old0")
        for number in range(8):
            cell = cells.pool.cell_of(f"old{number}")
            assert cell is not None
            cells.pool.send(f"old{number}", HangUpLeg(leg_id=f"old{number}"))
            bye, source = await cells.edge.wait_request("BYE", Call_ID=call_id)
            new = f"old{number + 1}"
            os.kill(cells.pool.pids()[cell.cell_id], signal.SIGSTOP)
            cells.edge.answer(bye, 200, source)
            call_id = cells.edge.invite(cell, new, cells.secret)
            os.kill(cells.pool.pids()[cell.cell_id], signal.SIGCONT)
            await cells.wait_event(LegArrived, new)
            cells.pool.send(new, AnswerLeg(leg_id=new, status=200))
            await cells.edge.take_answer(cell, call_id)
            await cells.wait_event(LegConfirmed, new)
        assert cells.pool.used_slots == 4
        assert cells.lost == []


async def test_hundreds_of_legs_one_after_the_other_leave_nothing_behind(tmp_path: Path) -> None:
    async with running_cells(tmp_path, "--max-cells", "1") as cells:
        for number in range(150):
            leg_id = f"in{number}"
            call_id, to = await confirmed_inbound(cells, leg_id)
            cell = cells.pool.cell_of(leg_id)
            assert cell is not None
            if number % 2:
                bye = cells.edge.request("BYE", cell, call_id, to=to, cseq=2)
                cells.edge.send(bye, (cell.address, cell.port))
            else:
                cells.pool.send(leg_id, HangUpLeg(leg_id=leg_id))
                bye, source = await cells.edge.wait_request("BYE", Call_ID=call_id)
                cells.edge.answer(bye, 200, source)
            await cells.wait_event(LegEnded, leg_id)
            await cells.wait_until(lambda: cells.pool.used_slots == 0)
            cells.edge.arrived.clear()
        assert cells.lost == []
