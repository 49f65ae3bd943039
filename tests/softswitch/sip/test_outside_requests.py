"""Calls that come in: the outside's requests reach a cell rebuilt, the cell's answers reach the outside rewritten."""

import asyncio
import re

import pytest

from softswitch.sip.errors import NotAcceptable
from softswitch.sip.events import (
    CallerWithdrew,
    CellRefused,
    DialogConfirmed,
    FarEndLeft,
    InDialogRequestReceived,
    InviteReceived,
    PeerKind,
    RemoteMediaAgreed,
)
from tests.softswitch.sip.edge_stand import ATTACKER, PLANE, SECRET, TRUNK, Stand, running_edge
from tests.softswitch.sip.raw_peer import RawPeer, body, header, sdp, start_line, status, tag, uri, values


class Call:
    """An inbound call that a scripted cell carries."""

    def __init__(self, stand: Stand, trunk: RawPeer, cell: RawPeer) -> None:
        self.stand, self.trunk, self.cell = stand, trunk, cell
        self.invite = self.at_cell = self.ok = self.leg_id = ""

    async def arrive(self, *, content: str | None = None, headers: str = "") -> InviteReceived:
        stand, trunk = self.stand, self.trunk
        offer = sdp(trunk.address) if content is None else content
        self.invite = trunk.request("INVITE", stand.uri(), content=offer, headers=headers)
        trunk.send(self.invite, stand.udp)
        event = await stand.wait_event(InviteReceived)
        self.leg_id = event.leg_id
        return event

    async def admit(self, cell_id: str = "c1") -> str:
        self.stand.edge.admit(self.leg_id, cell_id, PLANE)
        self.at_cell = await self.cell.wait_request("INVITE")
        return self.at_cell

    async def answer(self) -> str:
        cell_sdp = body(self.at_cell).replace("IN IP4", "IN IP4")
        self.cell.answer(self.at_cell, 200, self.stand.inner, tag_value="celltag", content=cell_sdp)
        self.ok = await self.trunk.wait_status(200, "INVITE")
        return self.ok

    def in_dialog(self, method: str, cseq: int, **more: str) -> str:
        return self.trunk.request(
            method,
            uri(header(self.ok, "Contact")),
            call_id=header(self.invite, "Call-ID"),
            from_=header(self.invite, "From"),
            to=header(self.ok, "To"),
            cseq=cseq,
            **more,  # type: ignore[arg-type]
        )

    async def confirm(self, content: str = "") -> None:
        self.trunk.send(self.in_dialog("ACK", 1, content=content), self.stand.udp)
        await self.stand.wait_event(DialogConfirmed)

    async def up(self) -> "Call":
        await self.arrive()
        await self.admit()
        await self.answer()
        await self.confirm()
        await self.cell.wait_request("ACK")
        return self


async def call_on(stand: Stand) -> Call:
    return Call(stand, await stand.peer(TRUNK), await stand.cell("c1"))


async def test_invite_of_a_trunk_is_answered_100_and_told_with_what_it_says() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        event = await call.arrive(headers="P-Asserted-Identity: <sip:13800000000@x>\r\nPrivacy: id\r\n")
        trying = await call.trunk.wait_status(100)
        assert not tag(header(trying, "To"))
        assert event.peer.kind is PeerKind.TRUNK
        assert event.peer.name == "city"
        assert (event.source_address, event.source_port) == (TRUNK, call.trunk.port)
        assert event.request_user == "12345"
        assert event.has_offer
        assert ("P-Asserted-Identity", "<sip:13800000000@x>") in event.headers
        assert ("Privacy", "id") in event.headers


async def test_a_cell_gets_a_new_message_with_nothing_the_outside_wrote() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive(
            headers=(
                "User-Agent: evil\r\nX-Leg: forged\r\nX-Secret: forged\r\nSupported: 100rel, timer, replaces\r\n"
                'Session-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\nSubject: "hello"\r\n'
            )
        )
        got = await call.admit()
        names = [line.partition(":")[0] for line in got.split("\r\n\r\n")[0].split("\r\n")[1:]]
        assert set(names) <= {
            "Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "X-Leg", "X-Secret",
            "Supported", "Session-Expires", "Min-SE", "Content-Type", "Content-Length",
        }  # fmt: skip
        assert header(got, "X-Leg") == call.leg_id
        assert header(got, "X-Secret") == SECRET
        assert header(got, "Supported") == "100rel, timer"
        assert header(got, "Session-Expires") == "1800;refresher=uac"
        assert len(values(got, "Via")) == 1
        assert TRUNK not in got
        assert "a=inactive" in body(got)
        assert "m=audio 9 RTP/AVP 8" in body(got)


async def test_call_is_answered_with_the_planes_address_confirmed_and_ended_by_the_caller() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        await call.admit()
        ok = await call.answer()
        assert f"c=IN IP4 {PLANE[0]}" in body(ok)
        assert f"m=audio {PLANE[1]} RTP/AVP 8" in body(ok)
        assert uri(header(ok, "Contact")) == f"sip:{call.leg_id}@{stand.udp[0]}:{stand.udp[1]}"
        assert "127.62.77" not in ok
        assert "X-" not in ok
        assert header(ok, "From") == header(call.invite, "From")
        agreed = await stand.wait_event(RemoteMediaAgreed)
        assert (agreed.media.address, agreed.media.port, agreed.media.codec) == (TRUNK, 30000, "PCMA")
        assert not agreed.early
        await call.confirm()
        assert "a=" not in await call.cell.wait_request("ACK")
        assert stand.edge.leg(call.leg_id).confirmed
        call.trunk.send(call.in_dialog("BYE", 2, headers="Reason: Q.850;cause=16\r\n"), stand.udp)
        await call.trunk.wait_status(200, "BYE")
        left = await stand.wait_event(FarEndLeft)
        assert (left.method, left.q850_cause) == ("BYE", 16)
        bye = await call.cell.wait_request("BYE")
        assert tag(header(bye, "To")) == "celltag"
        end = stand.edge.leg(call.leg_id).end
        assert end is not None
        assert (end.status, end.q850_cause, end.method) == (200, 16, "BYE")


async def test_bye_of_a_cell_is_answered_at_once_and_repeated_outside_until_it_is_heard() -> None:
    async with running_edge() as stand:
        call = await (await call_on(stand)).up()
        cell_contact = uri(header(call.at_cell, "Contact"))
        bye = call.cell.request(
            "BYE",
            cell_contact,
            call_id=header(call.at_cell, "Call-ID"),
            from_=f"{header(call.at_cell, 'To')};tag=celltag",
            to=header(call.at_cell, "From"),
            headers="Reason: Q.850;cause=31\r\nX-Ordered: 1\r\n",
        )
        call.cell.send(bye, stand.inner)
        await call.cell.wait_status(200, "BYE")
        first = await call.trunk.wait_request("BYE")
        again = await call.trunk.wait_request("BYE")
        assert first == again
        assert header(first, "Reason") == "Q.850;cause=31"
        assert header(first, "From") == header(call.ok, "To")
        assert header(first, "To") == header(call.invite, "From")
        assert start_line(first) == f"BYE sip:raw@{TRUNK}:{call.trunk.port} SIP/2.0"
        assert "X-" not in first
        assert "127.62.77" not in first
        call.trunk.answer(first, 200, stand.udp)
        await asyncio.sleep(0.3)
        assert not [text for text, _ in call.trunk.arrived if start_line(text).startswith("BYE")]


async def test_retransmitted_invite_is_carried_once() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        call.trunk.send(call.invite, stand.udp)
        await call.admit()
        call.trunk.send(call.invite, stand.udp)
        await call.answer()
        call.trunk.send(call.invite, stand.udp)
        assert body(await call.trunk.wait_status(200, "INVITE")) == body(call.ok)
        assert not stand.has_event(InviteReceived)
        assert [start_line(text)[:6] for text in call.cell.all].count("INVITE") == 1


async def test_lost_200_is_repeated_by_the_cell_and_carried_again() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        await call.admit()
        await call.answer()
        call.cell.answer(call.at_cell, 200, stand.inner, tag_value="celltag", content=body(call.at_cell))
        assert await call.trunk.wait_status(200, "INVITE") == call.ok


async def test_refusal_of_control_is_repeated_until_its_ack() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        stand.edge.reject(call.leg_id, 503, "All channels busy", (("Retry-After", "10"),))
        busy = await call.trunk.wait_status(503)
        assert header(busy, "Retry-After") == "10"
        assert tag(header(busy, "To"))
        assert await call.trunk.wait_status(503) == busy
        branch = re.search(r"branch=([^;]+)", header(call.invite, "Via"))
        assert branch is not None
        ack = call.trunk.request(
            "ACK",
            stand.uri(),
            call_id=header(call.invite, "Call-ID"),
            from_=header(call.invite, "From"),
            to=header(busy, "To"),
            branch=branch[1],
        )
        call.trunk.send(ack, stand.udp)
        await asyncio.sleep(0.05)
        call.trunk.arrived.clear()
        await asyncio.sleep(0.5)
        assert not call.trunk.arrived
        assert stand.edge.legs() == ()


async def test_refusal_by_a_cell_is_acknowledged_at_once_and_repeated_outside() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        await call.admit()
        call.cell.answer(call.at_cell, 480, stand.inner, headers="X-Ordered: 1\r\nReason: Q.850;cause=19\r\n")
        ack = await call.cell.wait_request("ACK")
        assert header(ack, "Via") == header(call.at_cell, "Via")
        refusal = await call.trunk.wait_status(480)
        assert header(refusal, "Reason") == "Q.850;cause=19"
        assert "X-Ordered" not in refusal
        await call.trunk.wait_status(480)
        end = stand.edge.leg(call.leg_id).end
        assert end is not None
        assert (end.status, end.q850_cause) == (480, 19)


async def test_busy_that_nobody_ordered_means_another_cell_and_the_caller_hears_nothing() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        second = await stand.cell("c2", "127.62.77.11")
        await call.arrive()
        await call.admit()
        call.cell.answer(call.at_cell, 486, stand.inner)
        await call.cell.wait_request("ACK")
        refused = await stand.wait_event(CellRefused)
        assert (refused.leg_id, refused.cell_id) == (call.leg_id, "c1")
        assert not [text for text, _ in call.trunk.arrived if status(text) > 100]
        stand.edge.admit(call.leg_id, "c2", PLANE)
        call.at_cell = await second.wait_request("INVITE")
        call.cell = second
        await call.answer()
        await call.confirm()


async def test_caller_that_cancels_before_admission_gets_487() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        cancel = call.invite.split("\r\n\r\n")[0].replace("INVITE", "CANCEL")
        cancel = re.sub(r"\r\nContent-(Type|Length): [^\r]*", "", cancel) + "\r\nContent-Length: 0\r\n\r\n"
        call.trunk.send(cancel, stand.udp)
        await call.trunk.wait_status(200, "CANCEL")
        await call.trunk.wait_status(487, "INVITE")
        await stand.wait_event(CallerWithdrew)
        assert stand.edge.legs() == ()


async def test_caller_that_cancels_a_carried_call_cancels_it_in_the_cell() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        leg_id = (await call.arrive()).leg_id
        await call.admit()
        cancel = call.invite.split("\r\n\r\n")[0].replace("INVITE", "CANCEL")
        cancel = re.sub(r"\r\nContent-(Type|Length): [^\r]*", "", cancel) + "\r\nContent-Length: 0\r\n"
        cancel += "Reason: Q.850;cause=38\r\n\r\n"
        call.trunk.send(cancel, stand.udp)
        await call.trunk.wait_status(200, "CANCEL")
        at_cell = await call.cell.wait_request("CANCEL")
        assert header(at_cell, "Via") == header(call.at_cell, "Via")
        assert (await stand.wait_event(FarEndLeft)).method == "CANCEL"
        call.cell.answer(at_cell, 200, stand.inner)
        call.cell.answer(call.at_cell, 487, stand.inner, headers="X-Ordered: 1\r\n")
        await call.trunk.wait_status(487, "INVITE")
        end = stand.edge.leg(leg_id).end
        assert end is not None
        assert (end.status, end.q850_cause, end.method) == (487, 38, "CANCEL"), (
            "the caller's own cause is kept"
        )


async def test_cancel_bye_and_reinvite_from_another_address_change_nothing() -> None:
    async with running_edge() as stand:
        call = await (await call_on(stand)).up()
        attacker = await stand.peer(ATTACKER)
        for method in ("BYE", "INVITE", "UPDATE"):
            attacker.send(call.in_dialog(method, 9, content=sdp(ATTACKER)), stand.udp)
            await attacker.wait_status(481, method)
        attacker.send(call.invite.replace("INVITE", "CANCEL"), stand.udp)
        await attacker.wait_status(481, "CANCEL")
        assert not call.cell.arrived
        assert stand.edge.leg(call.leg_id).confirmed


async def test_request_with_a_wrong_tag_is_481() -> None:
    async with running_edge() as stand:
        call = await (await call_on(stand)).up()
        call.trunk.send(call.in_dialog("BYE", 2).replace("celltag", "othertag"), stand.udp)
        await call.trunk.wait_status(481, "BYE")
        assert stand.edge.leg(call.leg_id).confirmed


async def test_offer_outside_the_trunks_networks_is_refused_with_a_warning() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive(content=sdp("127.63.9.9"))
        with pytest.raises(NotAcceptable) as refusal:
            stand.edge.admit(call.leg_id, "c1", PLANE)
        stand.edge.reject(call.leg_id, refusal.value.status, headers=(("Warning", refusal.value.warning),))
        answer = await call.trunk.wait_status(488)
        assert "networks" in header(answer, "Warning")


async def test_invite_without_sdp_gets_our_offer_and_its_ack_answers_it() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        event = await call.arrive(content="")
        assert not event.has_offer
        at_cell = await call.admit()
        assert "a=inactive" in body(at_cell)
        ok = await call.answer()
        assert f"m=audio {PLANE[1]} RTP/AVP 8 0 101" in body(ok)
        await call.confirm(content=sdp(TRUNK, 31000, codecs="0 101"))
        agreed = await stand.wait_event(RemoteMediaAgreed)
        assert (agreed.media.port, agreed.media.codec) == (31000, "PCMU")
        assert body(await call.cell.wait_request("ACK")) == ""


async def test_reinvite_that_holds_reaches_the_cell_clean_and_tells_the_hold() -> None:
    async with running_edge() as stand:
        call = await (await call_on(stand)).up()
        await stand.wait_event(RemoteMediaAgreed)
        hold = call.in_dialog("INVITE", 2, content=sdp(TRUNK, direction="sendonly"))
        call.trunk.send(hold, stand.udp)
        at_cell = await call.cell.wait_request("INVITE")
        assert "a=inactive" in body(at_cell)
        assert start_line(at_cell).startswith(f"INVITE sip:raw@{call.cell.address}")
        call.cell.answer(at_cell, 200, stand.inner, content=body(at_cell))
        ok = await call.trunk.wait_status(200, "INVITE")
        assert "a=recvonly" in body(ok)
        agreed = await stand.wait_event(RemoteMediaAgreed)
        assert agreed.media.held
        call.trunk.send(call.in_dialog("ACK", 2), stand.udp)
        await call.cell.wait_request("ACK")


async def test_options_info_message_and_refer_in_a_dialog_never_reach_the_cell() -> None:
    async with running_edge() as stand:
        call = await (await call_on(stand)).up()
        call.trunk.send(call.in_dialog("OPTIONS", 2), stand.udp)
        await call.trunk.wait_status(200, "OPTIONS")
        call.trunk.send(
            call.in_dialog(
                "INFO", 3, content="Signal=5\r\nDuration=160\r\n", content_type="application/dtmf-relay"
            ),
            stand.udp,
        )
        await call.trunk.wait_status(200, "INFO")
        assert (await stand.wait_event(InDialogRequestReceived)).digit == "5"
        call.trunk.send(call.in_dialog("REFER", 4, headers="Refer-To: <sip:1002@hotline>\r\n"), stand.udp)
        await call.trunk.wait_status(202, "REFER")
        assert (await stand.wait_event(InDialogRequestReceived)).refer_to == "<sip:1002@hotline>"
        call.trunk.send(call.in_dialog("MESSAGE", 5, content="hi", content_type="text/plain"), stand.udp)
        await call.trunk.wait_status(200, "MESSAGE")
        call.trunk.send(call.in_dialog("WONDER", 6), stand.udp)
        await call.trunk.wait_status(501, "WONDER")
        assert not call.cell.arrived


async def test_dead_cell_of_a_talking_leg_ends_in_a_bye_to_the_outside() -> None:
    async with running_edge() as stand:
        call = await (await call_on(stand)).up()
        call.cell.close()
        stand.edge.cell_ended("c1")
        stand.edge.finish(call.leg_id, 503, 41)
        bye = await call.trunk.wait_request("BYE")
        assert header(bye, "Reason") == "Q.850;cause=41"
        assert header(bye, "From") == header(call.ok, "To")
        call.trunk.answer(bye, 200, stand.udp)
        assert stand.edge.legs() == ()
        stand.edge.forget(call.leg_id)
        assert stand.keeper.tables["dialog"] == {}


async def test_dead_cell_of_a_ringing_leg_ends_in_a_503_to_the_outside() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        await call.admit()
        call.cell.answer(call.at_cell, 180, stand.inner, tag_value="celltag")
        ringing = await call.trunk.wait_status(180)
        stand.edge.cell_ended("c1")
        stand.edge.finish(call.leg_id)
        final = await call.trunk.wait_status(503)
        assert tag(header(final, "To")) == tag(header(ringing, "To")) == "celltag"


async def test_dead_cell_whose_200_was_not_acknowledged_is_stood_in_for_until_the_ack_then_bye() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        await call.admit()
        await call.answer()
        stand.edge.cell_ended("c1")
        stand.edge.finish(call.leg_id)
        assert await call.trunk.wait_status(200, "INVITE") == call.ok
        call.trunk.send(call.in_dialog("ACK", 1), stand.udp)
        await call.trunk.wait_request("BYE")


async def test_leg_that_is_forgotten_before_its_cell_refused_it_still_ends_as_the_cell_says() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        await call.admit()
        stand.edge.forget(call.leg_id)
        call.cell.answer(call.at_cell, 486, stand.inner, headers="X-Ordered: 1\r\nReason: Q.850;cause=17\r\n")
        assert header(await call.trunk.wait_status(486), "Reason") == "Q.850;cause=17"
        await asyncio.sleep(0.6)
        assert stand.keeper.tables["dialog"] == {}


async def test_leg_that_is_forgotten_and_never_ended_by_its_cell_is_ended_by_the_edge() -> None:
    async with running_edge() as stand:
        call = await (await call_on(stand)).up()
        stand.edge.forget(call.leg_id)
        await call.trunk.wait_request("BYE")
        assert stand.edge.legs() == ()
        assert stand.keeper.tables["dialog"] == {}


async def test_talking_leg_survives_a_restart_of_control_and_ends_by_bye_from_either_side() -> None:
    async with running_edge() as stand:
        call = await (await call_on(stand)).up()
        other = await Call(stand, call.trunk, call.cell).up()
        await stand.restart()
        stand.edge.cell_started("c1", call.cell.address, call.cell.port)
        assert set(stand.edge.legs()) == {call.leg_id, other.leg_id}
        assert stand.edge.leg(call.leg_id).confirmed
        call.trunk.send(call.in_dialog("BYE", 2), stand.udp)
        await call.trunk.wait_status(200, "BYE")
        await call.cell.wait_request("BYE")
        bye = other.cell.request(
            "BYE",
            uri(header(other.at_cell, "Contact")),
            call_id=header(other.at_cell, "Call-ID"),
            from_=f"{header(other.at_cell, 'To')};tag=celltag",
            to=header(other.at_cell, "From"),
        )
        other.cell.send(bye, stand.inner)
        await other.cell.wait_status(200, "BYE")
        outside = await other.trunk.wait_request("BYE")
        assert header(outside, "Call-ID") == header(other.invite, "Call-ID")


async def test_bye_that_comes_before_a_new_control_knows_the_cell_is_told_to_it_later() -> None:
    async with running_edge() as stand:
        call = await (await call_on(stand)).up()
        await stand.restart()
        call.trunk.send(call.in_dialog("BYE", 2), stand.udp)
        await call.trunk.wait_status(200, "BYE")
        assert not call.cell.arrived
        await stand.restart()
        stand.edge.cell_started("c1", call.cell.address, call.cell.port)
        await call.cell.wait_request("BYE")


async def test_ringing_leg_survives_a_restart_of_control() -> None:
    async with running_edge() as stand:
        call = await call_on(stand)
        await call.arrive()
        await call.admit()
        call.cell.answer(call.at_cell, 180, stand.inner, tag_value="celltag")
        await call.trunk.wait_status(180)
        await stand.restart()
        stand.edge.cell_started("c1", call.cell.address, call.cell.port)
        await call.answer()
        await call.confirm()
        await call.cell.wait_request("ACK")


async def test_stranger_at_the_inner_socket_changes_nothing() -> None:
    async with running_edge() as stand:
        call = await (await call_on(stand)).up()
        stranger = await stand.peer("127.62.77.66")
        bye = stranger.request(
            "BYE",
            uri(header(call.at_cell, "Contact")),
            call_id=header(call.at_cell, "Call-ID"),
            from_=f"{header(call.at_cell, 'To')};tag=celltag",
            to=header(call.at_cell, "From"),
        )
        stranger.send(bye, stand.inner)
        await asyncio.sleep(0.1)
        assert not stranger.arrived
        assert stand.edge.leg(call.leg_id).confirmed
        assert stand.edge.statistics()["strangers_at_inner_socket"] == 1
