"""Calls that go out: a cell's INVITE leaves in our words, the outside's answers come back clean."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from softswitch.log_setup import CallNames
from softswitch.sip.edge import NotReachable, PhoneTarget, TrunkTarget
from softswitch.sip.events import DialogConfirmed, FarEndAnswered, FarEndLeft, RemoteMediaAgreed
from tests.softswitch.sip.edge_stand import (
    ACCOUNTS,
    ATTACKER,
    PHONE,
    PLANE,
    SECRET,
    TRUNK,
    TRUNKS,
    Stand,
    running_edge,
)
from tests.softswitch.sip.raw_peer import RawPeer, body, header, sdp, start_line, status, tag, uri, values
from tests.softswitch.sip.test_registrar import register

CELL_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.62.77.10\r\ns=pjmedia\r\nc=IN IP4 127.62.77.10\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=inactive\r\n"
)


class Ring:
    """An outbound call that a scripted cell makes."""

    def __init__(self, stand: Stand, far: RawPeer, cell: RawPeer, leg_id: str = "out1") -> None:
        self.stand, self.far, self.cell, self.leg_id = stand, far, cell, leg_id
        self.plan_uri = self.sent = self.at_far = self.at_cell = ""
        self.source = ("", 0)

    def prepare(self, target: PhoneTarget | TrunkTarget, **more: object) -> None:
        plan = self.stand.edge.prepare(
            self.leg_id,
            "c1",
            target,
            PLANE,
            from_user="13800000000",
            **more,  # type: ignore[arg-type]
        )
        self.plan_uri = plan.request_uri
        assert plan.from_uri == f"sip:13800000000@{self.stand.inner[0]}:{self.stand.inner[1]}"

    def make(self, *, cseq: int = 1, headers: str = "", secret: str = SECRET) -> None:
        self.sent = self.cell.request(
            "INVITE",
            self.plan_uri,
            call_id=f"cell-{self.leg_id}",
            cseq=cseq,
            from_=f"<sip:13800000000@inner>;tag=celltag-{self.leg_id}",
            headers=f"X-Leg: {self.leg_id}\r\nX-Secret: {secret}\r\nSupported: 100rel, timer, replaces\r\n{headers}",
            content=CELL_SDP,
        )
        self.cell.send(self.sent, self.stand.inner)

    async def ring(self) -> str:
        self.make()
        await self.cell.wait_status(100, "INVITE")
        self.at_far = await self.far.wait_request("INVITE")
        return self.at_far

    async def answer(self, content: str | None = None, **more: str) -> str:
        self.far.answer(
            self.at_far,
            200,
            self.stand.udp,
            tag_value="fartag",
            content=sdp(self.far.address) if content is None else content,
            **more,
        )
        self.at_cell = await self.cell.wait_status(200, "INVITE")
        return self.at_cell

    def in_dialog(self, method: str, cseq: int, **more: str) -> str:
        return self.cell.request(
            method,
            uri(header(self.at_cell, "Contact")),
            call_id=f"cell-{self.leg_id}",
            from_=header(self.sent, "From"),
            to=header(self.at_cell, "To"),
            cseq=cseq,
            **more,  # type: ignore[arg-type]
        )

    def cancel(self) -> str:
        lines = [
            f"CANCEL {self.plan_uri} SIP/2.0",
            *[f"{name}: {header(self.sent, name)}" for name in ("Via", "From", "To", "Call-ID")],
            "CSeq: 1 CANCEL",
            "Reason: Q.850;cause=16",
        ]
        return "\r\n".join(lines) + "\r\nContent-Length: 0\r\n\r\n"

    async def up(self) -> "Ring":
        await self.ring()
        await self.answer()
        self.cell.send(self.in_dialog("ACK", 1), self.stand.inner)
        await self.far.wait_request("ACK")
        await self.stand.wait_event(DialogConfirmed)
        return self


async def ring_of_phone(stand: Stand) -> Ring:
    phone = await stand.peer(PHONE)
    await register(stand, phone)
    ring = Ring(stand, phone, await stand.cell("c1"))
    ring.prepare(PhoneTarget(account="phone1001"), headers=(("Alert-Info", "<urn:alert:1>"),))
    return ring


def trunks_with_host(port: int, **more: object) -> tuple[object, ...]:
    return (replace(TRUNKS[0], host=TRUNK, port=port, **more), TRUNKS[1])  # type: ignore[arg-type]


async def test_phone_is_rung_at_its_contact_with_the_planes_address_and_no_word_of_a_cell() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        assert ring.plan_uri == f"sip:out1@{stand.inner[0]}:{stand.inner[1]}"
        got = await ring.ring()
        assert start_line(got) == f"INVITE sip:raw@{PHONE}:{ring.far.port} SIP/2.0"
        assert f"c=IN IP4 {PLANE[0]}" in body(got)
        assert f"m=audio {PLANE[1]} RTP/AVP 8 0 101" in body(got)
        assert uri(header(got, "Contact")) == f"sip:out1@{stand.udp[0]}:{stand.udp[1]}"
        assert uri(header(got, "From")) == f"sip:13800000000@{stand.udp[0]}:{stand.udp[1]}"
        assert tag(header(got, "From")) == "celltag-out1"
        assert header(got, "Alert-Info") == "<urn:alert:1>"
        assert header(got, "Supported") == "100rel, timer"
        assert len(values(got, "Via")) == 1
        assert "127.62.77" not in got
        assert "X-" not in got


async def test_answered_call_is_confirmed_and_ended_by_the_cell() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        await ring.ring()
        ring.far.answer(ring.at_far, 180, stand.udp, tag_value="fartag")
        ringing = await ring.cell.wait_status(180)
        assert body(ringing) == ""
        assert (await stand.wait_event(FarEndAnswered)).status == 180
        ok = await ring.answer()
        assert "a=inactive" in body(ok)
        assert PHONE not in ok.replace(header(ok, "Via"), "")
        assert header(ok, "From") == header(ring.sent, "From")
        agreed = await stand.wait_event(RemoteMediaAgreed)
        assert (agreed.media.address, agreed.media.port) == (PHONE, 30000)
        assert (await stand.wait_event(FarEndAnswered)).status == 200
        ring.cell.send(ring.in_dialog("ACK", 1), stand.inner)
        ack = await ring.far.wait_request("ACK")
        assert start_line(ack) == f"ACK sip:raw@{PHONE}:{ring.far.port} SIP/2.0"
        assert tag(header(ack, "To")) == "fartag"
        await stand.wait_event(DialogConfirmed)
        ring.cell.send(ring.in_dialog("BYE", 2), stand.inner)
        await ring.cell.wait_status(200, "BYE")
        bye = await ring.far.wait_request("BYE")
        assert header(bye, "CSeq") == "2 BYE"
        ring.far.answer(bye, 200, stand.udp)


async def test_callee_ends_the_call() -> None:
    async with running_edge() as stand:
        ring = await (await ring_of_phone(stand)).up()
        bye = ring.far.request(
            "BYE",
            uri(header(ring.at_far, "Contact")),
            call_id=header(ring.at_far, "Call-ID"),
            from_=f"{header(ring.at_far, 'To')};tag=fartag",
            to=header(ring.at_far, "From"),
        )
        ring.far.send(bye, stand.udp)
        await ring.far.wait_status(200, "BYE")
        at_cell = await ring.cell.wait_request("BYE")
        assert header(at_cell, "Call-ID") == "cell-out1"
        assert tag(header(at_cell, "To")) == "celltag-out1"
        assert (await stand.wait_event(FarEndLeft)).method == "BYE"


async def test_invite_is_repeated_until_the_phone_says_something() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        first = await ring.ring()
        assert await ring.far.wait_request("INVITE") == first
        ring.far.answer(first, 180, stand.udp)
        await ring.cell.wait_status(180)
        ring.far.arrived.clear()
        await asyncio.sleep(0.5)
        assert not ring.far.arrived


async def test_repeated_200_is_carried_again_and_its_ack_too() -> None:
    async with running_edge() as stand:
        ring = await (await ring_of_phone(stand)).up()
        ring.far.answer(ring.at_far, 200, stand.udp, tag_value="fartag", content=sdp(PHONE))
        assert await ring.cell.wait_status(200, "INVITE") == ring.at_cell
        ring.cell.send(ring.in_dialog("ACK", 1), stand.inner)
        await ring.far.wait_request("ACK")


async def test_busy_phone_is_acknowledged_by_the_edge_and_told_with_its_cause() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        got = await ring.ring()
        ring.far.answer(got, 486, stand.udp, headers="Reason: Q.850;cause=17\r\n")
        ack = await ring.far.wait_request("ACK")
        assert header(ack, "Via") == header(got, "Via")
        assert header(ack, "CSeq") == "1 ACK"
        told = await stand.wait_event(FarEndAnswered)
        assert (told.status, told.q850_cause) == (486, 17)
        busy = await ring.cell.wait_status(486)
        assert await ring.cell.wait_status(486) == busy
        end = stand.edge.leg("out1").end
        assert end is not None
        assert (end.status, end.q850_cause) == (486, 17)


async def test_redirection_passes_as_a_status_and_is_never_followed() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        got = await ring.ring()
        attacker = await stand.peer(ATTACKER)
        ring.far.answer(got, 302, stand.udp, contact=f"<sip:x@{ATTACKER}:{attacker.port}>")
        assert ATTACKER not in await ring.cell.wait_status(302)
        await asyncio.sleep(0.2)
        assert not attacker.arrived


async def test_cancel_waits_for_the_first_answer_and_the_cell_gets_its_487() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        got = await ring.ring()
        ring.cell.send(ring.cancel(), stand.inner)
        await ring.cell.wait_status(200, "CANCEL")
        await asyncio.sleep(0.05)
        assert not [text for text, _ in ring.far.arrived if start_line(text).startswith("CANCEL")]
        ring.far.answer(got, 180, stand.udp)
        cancel = await ring.far.wait_request("CANCEL")
        assert header(cancel, "Via") == header(got, "Via")
        assert header(cancel, "Reason") == "Q.850;cause=16"
        ring.far.answer(cancel, 200, stand.udp)
        ring.far.answer(got, 487, stand.udp)
        await ring.cell.wait_status(487, "INVITE")
        await ring.far.wait_request("ACK")


async def test_cell_gets_487_within_two_seconds_though_the_phone_is_dead() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        await ring.ring()
        ring.cell.send(ring.cancel(), stand.inner)
        await ring.cell.wait_status(200, "CANCEL")
        await ring.cell.wait_status(487, "INVITE")


async def test_phone_that_answers_while_it_is_cancelled_is_acknowledged_and_left() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        got = await ring.ring()
        ring.cell.send(ring.cancel(), stand.inner)
        await ring.cell.wait_status(200, "CANCEL")
        ring.far.answer(got, 200, stand.udp, tag_value="late", content=sdp(PHONE))
        ack = await ring.far.wait_request("ACK")
        bye = await ring.far.wait_request("BYE")
        assert tag(header(ack, "To")) == tag(header(bye, "To")) == "late"
        await ring.cell.wait_status(487, "INVITE")
        assert not [
            text for text in ring.cell.all if status(text) == 200 and "INVITE" in header(text, "CSeq")
        ]


async def test_answer_outside_the_phones_networks_is_left_and_the_cell_hears_488() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        got = await ring.ring()
        with capture_logs(processors=[CallNames({"out1": "call 7"}.__getitem__)]) as lines:
            ring.far.answer(got, 200, stand.udp, tag_value="fartag", content=sdp("127.63.0.1"))
            await ring.far.wait_request("ACK")
            await ring.far.wait_request("BYE")
            await ring.cell.wait_status(488, "INVITE")
        refused = [line["call_id"] for line in lines if line["event"] == "sip.answer_refused"]
        assert refused == ["call 7"], "a log of one call has what the edge said of it"
        assert not stand.has_event(RemoteMediaAgreed)


async def test_second_fork_that_answers_is_acknowledged_and_left() -> None:
    async with running_edge() as stand:
        ring = await (await ring_of_phone(stand)).up()
        ring.far.answer(ring.at_far, 200, stand.udp, tag_value="second", content=sdp(PHONE))
        bye = await ring.far.wait_request("BYE")
        assert tag(header(bye, "To")) == "second"
        ring.far.answer(bye, 200, stand.udp)
        assert stand.edge.leg("out1").confirmed


async def test_early_media_are_told_early_and_not_again() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        got = await ring.ring()
        ring.far.answer(got, 183, stand.udp, tag_value="fartag", content=sdp(PHONE))
        assert (await stand.wait_event(RemoteMediaAgreed)).early
        assert body(await ring.cell.wait_status(183)) == ""
        await ring.answer()
        assert not stand.has_event(RemoteMediaAgreed)


async def test_reliable_183_reaches_the_cell_with_a_body_and_its_prack_goes_out() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        got = await ring.ring()
        ring.far.answer(
            got,
            183,
            stand.udp,
            tag_value="fartag",
            content=sdp(PHONE),
            headers="Require: 100rel\r\nRSeq: 7\r\n",
        )
        ring.at_cell = await ring.cell.wait_status(183)
        assert header(ring.at_cell, "RSeq") == "7"
        assert "a=inactive" in body(ring.at_cell)
        ring.cell.send(ring.in_dialog("PRACK", 2, headers="RAck: 7 1 INVITE\r\n"), stand.inner)
        prack = await ring.far.wait_request("PRACK")
        assert header(prack, "RAck") == "7 1 INVITE"
        ring.far.answer(prack, 200, stand.udp)
        await ring.cell.wait_status(200, "PRACK")


async def test_invite_without_the_secret_or_for_another_leg_is_refused() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        ring.make(secret="guess")
        await ring.cell.wait_status(403)
        ring.leg_id = "unknown"
        ring.make()
        await ring.cell.wait_status(403)
        assert not [text for text in ring.far.all if start_line(text).startswith("INVITE")]


async def test_phone_behind_nat_is_rung_where_it_registered_from() -> None:
    async with running_edge() as stand:
        phone = await stand.peer(PHONE)
        await register(stand, phone, "phone1002", "secret-1002", contact="<sip:raw@192.168.1.7:5060>")
        ring = Ring(stand, phone, await stand.cell("c1"))
        ring.prepare(PhoneTarget(account="phone1002"))
        assert start_line(await ring.ring()) == "INVITE sip:raw@192.168.1.7:5060 SIP/2.0"
        assert stand.edge.leg("out1").nat_address == PHONE
        await ring.answer()
        ring.cell.send(ring.in_dialog("ACK", 1), stand.inner)
        await ring.far.wait_request("ACK")


async def test_record_routes_become_the_route_set_in_reverse() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        await ring.ring()
        here = f"{PHONE}:{ring.far.port}"
        await ring.answer(
            contact="<sip:raw@127.62.0.99:5060>",
            headers=f"Record-Route: <sip:127.62.0.98;lr>\r\nRecord-Route: <sip:{here};lr>\r\n",
        )
        assert "Record-Route" not in ring.at_cell
        ring.cell.send(ring.in_dialog("ACK", 1), stand.inner)
        ack = await ring.far.wait_request("ACK")
        assert start_line(ack) == "ACK sip:raw@127.62.0.99:5060 SIP/2.0"
        assert values(ack, "Route") == [f"<sip:{here};lr>", "<sip:127.62.0.98;lr>"]


async def test_strict_router_stands_in_the_request_uri_and_the_target_last() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        await ring.ring()
        here = f"{PHONE}:{ring.far.port}"
        await ring.answer(headers=f"Record-Route: <sip:{here}>\r\n")
        ring.cell.send(ring.in_dialog("ACK", 1), stand.inner)
        ack = await ring.far.wait_request("ACK")
        assert start_line(ack) == f"ACK sip:{here} SIP/2.0"
        assert values(ack, "Route") == [f"<sip:raw@{here}>"]


async def test_nobody_registered_is_not_reachable() -> None:
    async with running_edge() as stand:
        await stand.cell("c1")
        with pytest.raises(NotReachable):
            stand.edge.prepare("out1", "c1", PhoneTarget(account="phone1001"), PLANE, from_user="1")
        with pytest.raises(NotReachable):
            stand.edge.prepare("out1", "c1", TrunkTarget(trunk="city", user="138"), PLANE, from_user="1")


async def ring_of_trunk(stand: Stand, trunk: RawPeer) -> Ring:
    ring = Ring(stand, trunk, await stand.cell("c1"))
    ring.prepare(TrunkTarget(trunk="city", user="013900000000"))
    return ring


async def test_trunks_challenge_is_passed_on_rebuilt_and_its_credentials_go_out() -> None:
    trunk = await RawPeer.open(TRUNK)
    async with running_edge(trunks=trunks_with_host(trunk.port, realm="city.example")) as stand:
        stand.peers.append(trunk)
        ring = await ring_of_trunk(stand, trunk)
        assert ring.plan_uri == f"sip:013900000000@{TRUNK}:{trunk.port}"
        got = await ring.ring()
        challenge = 'Digest realm="city.example", nonce="n1", algorithm=MD5, qop="auth", x-evil="1"'
        trunk.answer(got, 407, stand.udp, headers=f"Proxy-Authenticate: {challenge}\r\n")
        await trunk.wait_request("ACK")
        asked = await ring.cell.wait_status(407)
        assert 'nonce="n1"' in header(asked, "Proxy-Authenticate")
        assert "evil" not in asked
        ring.make(cseq=2, headers='Proxy-Authorization: Digest username="u", realm="city.example"\r\n')
        again = await trunk.wait_request("INVITE")
        assert header(again, "CSeq") == "2 INVITE"
        assert header(again, "Proxy-Authorization") == 'Digest username="u", realm="city.example"'
        ring.at_far = again
        await ring.answer()


@pytest.mark.parametrize("realm", ["", "other.example"])
async def test_challenge_of_any_other_realm_is_a_403_to_the_cell(realm: str) -> None:
    trunk = await RawPeer.open(TRUNK)
    async with running_edge(trunks=trunks_with_host(trunk.port, realm=realm)) as stand:
        stand.peers.append(trunk)
        ring = await ring_of_trunk(stand, trunk)
        got = await ring.ring()
        challenge = 'Digest realm="city.example", nonce="n1"'
        trunk.answer(got, 401, stand.udp, headers=f"WWW-Authenticate: {challenge}\r\n")
        refused = await ring.cell.wait_status(403)
        assert "Authenticate" not in refused


async def test_phones_challenge_never_reaches_a_cell() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        got = await ring.ring()
        ring.far.answer(
            got, 407, stand.udp, headers='Proxy-Authenticate: Digest realm="hotline", nonce="n"\r\n'
        )
        await ring.cell.wait_status(403)


async def test_third_challenge_ends_the_call() -> None:
    trunk = await RawPeer.open(TRUNK)
    async with running_edge(trunks=trunks_with_host(trunk.port, realm="r")) as stand:
        stand.peers.append(trunk)
        ring = await ring_of_trunk(stand, trunk)
        for number in (1, 2, 3):
            ring.make(cseq=number)
            got = await trunk.wait_request("INVITE")
            headers = f'WWW-Authenticate: Digest realm="r", nonce="n{number}"\r\n'
            trunk.answer(got, 401, stand.udp, headers=headers)
            await ring.cell.wait_status(403 if number == 3 else 401)


async def test_session_refresh_of_the_cell_repeats_our_description_with_the_same_version() -> None:
    async with running_edge() as stand:
        ring = await (await ring_of_phone(stand)).up()
        ring.cell.send(ring.in_dialog("INVITE", 2, content=CELL_SDP), stand.inner)
        again = await ring.far.wait_request("INVITE")
        assert body(again) == body(ring.at_far)
        ring.far.answer(again, 200, stand.udp, content=sdp(PHONE))
        assert "a=inactive" in body(await ring.cell.wait_status(200, "INVITE"))
        ring.cell.send(ring.in_dialog("ACK", 2), stand.inner)
        await ring.far.wait_request("ACK")


async def test_update_of_the_cell_passes_without_a_body() -> None:
    async with running_edge() as stand:
        ring = await (await ring_of_phone(stand)).up()
        ring.cell.send(
            ring.in_dialog("UPDATE", 2, headers="Session-Expires: 1800;refresher=uac\r\n"), stand.inner
        )
        update = await ring.far.wait_request("UPDATE")
        assert header(update, "Session-Expires") == "1800;refresher=uac"
        assert body(update) == ""
        ring.far.answer(update, 200, stand.udp, headers="Session-Expires: 1800;refresher=uac\r\n")
        ok = await ring.cell.wait_status(200, "UPDATE")
        assert header(ok, "Session-Expires") == "1800;refresher=uac"


async def test_reinvite_of_the_far_end_during_ours_is_491() -> None:
    async with running_edge() as stand:
        ring = await (await ring_of_phone(stand)).up()
        ring.cell.send(ring.in_dialog("INVITE", 2, content=CELL_SDP), stand.inner)
        await ring.far.wait_request("INVITE")
        theirs = ring.far.request(
            "INVITE",
            uri(header(ring.at_far, "Contact")),
            call_id=header(ring.at_far, "Call-ID"),
            from_=f"{header(ring.at_far, 'To')};tag=fartag",
            to=header(ring.at_far, "From"),
            content=sdp(PHONE),
        )
        ring.far.send(theirs, stand.udp)
        await ring.far.wait_status(491, "INVITE")


async def test_dead_cell_of_a_ringing_phone_ends_in_cancel() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        got = await ring.ring()
        ring.far.answer(got, 180, stand.udp)
        await ring.cell.wait_status(180)
        stand.edge.cell_ended("c1")
        stand.edge.finish("out1", 503, 41)
        cancel = await ring.far.wait_request("CANCEL")
        assert header(cancel, "Reason") == "Q.850;cause=41"
        ring.far.answer(cancel, 200, stand.udp)
        ring.far.answer(got, 487, stand.udp)
        await ring.far.wait_request("ACK")


async def test_dead_cell_of_a_talking_phone_ends_in_bye() -> None:
    async with running_edge() as stand:
        ring = await (await ring_of_phone(stand)).up()
        stand.edge.cell_ended("c1")
        stand.edge.finish("out1")
        bye = await ring.far.wait_request("BYE")
        assert header(bye, "CSeq") == "2 BYE"
        assert tag(header(bye, "From")) == "celltag-out1"
        assert tag(header(bye, "To")) == "fartag"


async def test_ringing_phone_survives_a_restart_of_control() -> None:
    async with running_edge() as stand:
        ring = await ring_of_phone(stand)
        got = await ring.ring()
        ring.far.answer(got, 180, stand.udp, tag_value="fartag")
        await ring.cell.wait_status(180)
        await stand.restart()
        stand.edge.cell_started("c1", ring.cell.address, ring.cell.port)
        await ring.answer()
        ring.cell.send(ring.in_dialog("ACK", 1), stand.inner)
        await ring.far.wait_request("ACK")
        await stand.wait_event(DialogConfirmed)


async def test_bye_that_a_trunk_challenges_is_sent_again_with_credentials() -> None:
    trunk = await RawPeer.open(TRUNK)
    options = {"realm": "r", "username": "user", "password": "pass"}
    async with running_edge(trunks=trunks_with_host(trunk.port, **options)) as stand:
        stand.peers.append(trunk)
        ring = await (await ring_of_trunk(stand, trunk)).up()
        ring.cell.send(ring.in_dialog("BYE", 2), stand.inner)
        bye = await trunk.wait_request("BYE")
        trunk.answer(
            bye, 401, stand.udp, headers='WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n'
        )
        again = await trunk.wait(lambda m: start_line(m).startswith("BYE") and "Authorization" in m)
        assert header(again, "CSeq") == "3 BYE"
        assert 'username="user"' in header(again, "Authorization")
        assert ACCOUNTS


@pytest.mark.parametrize(
    "asked", ['Digest realm="other", nonce="n"', 'Digest realm="R", nonce="n"', 'Basic realm="r"', "Digest"]
)
async def test_bye_whose_challenge_is_not_the_trunks_own_gives_no_credentials_away(asked: str) -> None:
    """Who is in a call with us does not learn from a BYE how we prove ourselves to anybody (CVE-2021-41158)."""
    trunk = await RawPeer.open(TRUNK)
    options = {"realm": "r", "username": "user", "password": "pass"}
    async with running_edge(trunks=trunks_with_host(trunk.port, **options)) as stand:
        stand.peers.append(trunk)
        ring = await (await ring_of_trunk(stand, trunk)).up()
        await assert_nothing_proven(stand, ring, trunk, asked)


async def test_bye_that_a_phone_challenges_gives_no_credentials_away() -> None:
    """Not even in our own realm: those of trunks are for trunks."""
    async with running_edge() as stand:
        ring = await (await ring_of_phone(stand)).up()
        await assert_nothing_proven(stand, ring, ring.far, 'Digest realm="hotline", nonce="n"')


async def assert_nothing_proven(stand: Stand, ring: Ring, far: RawPeer, asked: str) -> None:
    """The cell hangs up, the far end challenges that, and hears nothing more."""
    ring.cell.send(ring.in_dialog("BYE", 2), stand.inner)
    bye = await far.wait_request("BYE")
    far.answer(bye, 401, stand.udp, headers=f"WWW-Authenticate: {asked}\r\n")
    await asyncio.sleep(0.2)
    assert [text for text in far.all if start_line(text).startswith("BYE")] == [bye]
