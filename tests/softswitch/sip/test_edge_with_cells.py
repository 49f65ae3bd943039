"""The edge between raw peers outside and real cells with a real stack inside."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bench.loopback import claimed
from softswitch.cells.boot_secret import boot_secret
from softswitch.cells.messages import (
    AnswerLeg,
    CellEvent,
    Credentials,
    HangUpLeg,
    LegArrived,
    LegConfirmed,
    LegEnded,
    LegProgressed,
    MakeLeg,
    SendRequest,
)
from softswitch.cells.pool import CellPool, NoCellFree
from softswitch.sip.edge import PhoneTarget, TrunkTarget
from softswitch.sip.events import (
    CellRefused,
    DialogConfirmed,
    FarEndAnswered,
    InviteReceived,
    RemoteMediaAgreed,
)
from tests.cells.inner_edge import end_nursery, start_nursery
from tests.softswitch.sip.digest_client import challenge_of
from tests.softswitch.sip.edge_stand import PHONE, PLANE, SETTINGS, TRUNK, TRUNKS, Stand, running_edge
from tests.softswitch.sip.raw_peer import RawPeer, body, header, sdp, start_line, status, uri
from tests.softswitch.sip.test_registrar import register

pytestmark = pytest.mark.e2e

HOUSES = range(100)
"""127.62.(100 + n).1 and 127.80.n.0 belong to the edge and the cells of house n."""
INSIDE = re.compile(r"127\.(62\.1\d\d|80)\.")


@dataclass
class House:
    """An edge, a nursery of its own, and the pool between them."""

    stand: Stand
    pool: CellPool
    said: list[CellEvent] = field(default_factory=list)
    lost: list[tuple[str, ...]] = field(default_factory=list)
    also: Callable[[CellEvent], None] | None = None

    def hear(self, event: CellEvent) -> None:
        self.said.append(event)
        if self.also is not None:
            self.also(event)

    async def wait_said(self, kind: type[CellEvent], leg_id: str) -> CellEvent:
        async with asyncio.timeout(10):
            while True:
                for index, event in enumerate(self.said):
                    if isinstance(event, kind) and getattr(event, "leg_id", "") == leg_id:
                        return self.said.pop(index)
                await asyncio.sleep(0.005)

    def place(self, leg_id: str) -> str:
        return self.pool.place(leg_id, asyncio.get_running_loop().time()).cell_id

    async def admit(self, leg_id: str) -> None:
        """Admit a leg as soon as a cell is free."""
        async with asyncio.timeout(10):
            while True:
                try:
                    cell_id = self.place(leg_id)
                except NoCellFree:
                    await asyncio.sleep(0.02)
                    continue
                self.stand.edge.admit(leg_id, cell_id, PLANE)
                return

    def call_phone(self, from_display: str = "") -> None:
        """Order the leg `out1` to the phone of account phone1001."""
        plan = self.stand.edge.prepare(
            "out1",
            self.place("out1"),
            PhoneTarget(account="phone1001"),
            PLANE,
            from_user="138",
            from_display=from_display,
        )
        self.pool.send("out1", MakeLeg(leg_id="out1", request_uri=plan.request_uri, from_uri=plan.from_uri))

    async def inbound(self, trunk: RawPeer, **more: str) -> tuple[str, str, str]:
        """An inbound call, confirmed: leg, its INVITE, its 200."""
        stand = self.stand
        invite = trunk.request("INVITE", stand.uri(), content=more.pop("content", sdp(TRUNK)), **more)  # type: ignore[arg-type]
        trunk.send(invite, stand.udp)
        leg_id = (await stand.wait_event(InviteReceived)).leg_id
        await self.admit(leg_id)
        await self.wait_said(LegArrived, leg_id)
        self.pool.send(leg_id, AnswerLeg(leg_id=leg_id, status=200))
        ok = await trunk.wait_status(200, "INVITE")
        trunk.send(in_dialog(trunk, invite, ok, "ACK", 1), stand.udp)
        await self.wait_said(LegConfirmed, leg_id)
        await stand.wait_event(DialogConfirmed)
        return leg_id, invite, ok


def in_dialog(peer: RawPeer, invite: str, ok: str, method: str, cseq: int, **more: str) -> str:
    return peer.request(
        method,
        uri(header(ok, "Contact")),
        call_id=header(invite, "Call-ID"),
        from_=header(invite, "From"),
        to=header(ok, "To"),
        cseq=cseq,
        **more,  # type: ignore[arg-type]
    )


@asynccontextmanager
async def house(run_dir: Path, **options: object) -> AsyncIterator[House]:
    with claimed("house", HOUSES) as number:
        async with _house(run_dir, number, options) as home:
            yield home


@asynccontextmanager
async def _house(run_dir: Path, number: int, options: dict[str, object]) -> AsyncIterator[House]:
    settings = replace(SETTINGS, inner_address=f"127.62.{100 + number}.1", t1_s=0.2)
    async with running_edge(settings=settings, secret=boot_secret(run_dir), **options) as stand:
        nursery = await start_nursery(run_dir, stand.inner, f"127.80.{number}.0", "--spare-legs", "8")
        pool = CellPool(
            run_dir,
            wake=lambda address, to: stand.edge.wake(address, to),  # noqa: PLW0108  the edge may be another by then
            on_event=lambda _, event: home.hear(event),
            on_lost=lambda _, legs: home.lost.append(legs),
            on_started=lambda cell: stand.edge.cell_started(cell.cell_id, cell.address, cell.port),
            on_ended=lambda cell_id: stand.edge.cell_ended(cell_id),  # noqa: PLW0108
            spare_legs=8,
        )
        home = House(stand, pool)
        try:
            await pool.start()
            async with asyncio.timeout(10):
                while pool.free_slots < 8:
                    await asyncio.sleep(0.02)
            yield home
        finally:
            await pool.stop()
            await end_nursery(nursery)


async def test_trunk_call_is_answered_held_refreshed_and_ended_by_the_caller(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stand, trunk = home.stand, await home.stand.peer(TRUNK)
        leg_id, invite, ok = await home.inbound(
            trunk, headers="Supported: timer, 100rel\r\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"
        )
        assert f"m=audio {PLANE[1]}" in body(ok)
        assert not INSIDE.search(ok)
        trunk.send(
            in_dialog(trunk, invite, ok, "INVITE", 2, content=sdp(TRUNK, direction="sendonly")), stand.udp
        )
        held = await trunk.wait_status(200, "INVITE")
        assert "a=recvonly" in body(held)
        trunk.send(in_dialog(trunk, invite, ok, "ACK", 2), stand.udp)
        trunk.send(in_dialog(trunk, invite, ok, "UPDATE", 3), stand.udp)
        assert body(await trunk.wait_status(200, "UPDATE")) == ""
        trunk.send(in_dialog(trunk, invite, ok, "INVITE", 4), stand.udp)
        offered = await trunk.wait_status(200, "INVITE")
        assert f"m=audio {PLANE[1]}" in body(offered)
        trunk.send(in_dialog(trunk, invite, ok, "ACK", 4, content=sdp(TRUNK, 30002)), stand.udp)
        await stand.wait_event(RemoteMediaAgreed, lambda event: event.media.port == 30002)
        trunk.send(in_dialog(trunk, invite, ok, "BYE", 5), stand.udp)
        await trunk.wait_status(200, "BYE")
        ended = await home.wait_said(LegEnded, leg_id)
        assert isinstance(ended, LegEnded)
        assert ended.by_far_end


async def test_delayed_offer_is_answered_in_the_ack(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stand, trunk = home.stand, await home.stand.peer(TRUNK)
        trunk.send(invite := trunk.request("INVITE", stand.uri()), stand.udp)
        leg_id = (await stand.wait_event(InviteReceived)).leg_id
        stand.edge.admit(leg_id, home.place(leg_id), PLANE)
        await home.wait_said(LegArrived, leg_id)
        home.pool.send(leg_id, AnswerLeg(leg_id=leg_id, status=200))
        ok = await trunk.wait_status(200, "INVITE")
        assert f"m=audio {PLANE[1]} RTP/AVP 8 0 101" in body(ok)
        trunk.send(in_dialog(trunk, invite, ok, "ACK", 1, content=sdp(TRUNK, 30004)), stand.udp)
        await stand.wait_event(RemoteMediaAgreed, lambda event: event.media.port == 30004)
        await home.wait_said(LegConfirmed, leg_id)


async def test_cell_hangs_up_and_its_slot_is_free_though_the_outside_is_dead(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        trunk = await home.stand.peer(TRUNK)
        leg_id, _, _ = await home.inbound(trunk)
        home.pool.send(leg_id, HangUpLeg(leg_id=leg_id, headers=(("Reason", "Q.850;cause=16"),)))
        bye = await trunk.wait_request("BYE")
        assert header(bye, "Reason") == "Q.850;cause=16"
        async with asyncio.timeout(2):
            while home.pool.used_slots:
                await asyncio.sleep(0.01)
        assert await trunk.wait_request("BYE") == bye


async def test_ordered_refusal_reaches_the_caller(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stand, trunk = home.stand, await home.stand.peer(TRUNK)
        trunk.send(trunk.request("INVITE", stand.uri(), content=sdp(TRUNK)), stand.udp)
        leg_id = (await stand.wait_event(InviteReceived)).leg_id
        stand.edge.admit(leg_id, home.place(leg_id), PLANE)
        await home.wait_said(LegArrived, leg_id)
        home.pool.send(leg_id, AnswerLeg(leg_id=leg_id, status=180))
        await trunk.wait_status(180)
        home.pool.send(leg_id, HangUpLeg(leg_id=leg_id, status=486))
        assert "X-" not in await trunk.wait_status(486)
        await home.wait_said(LegEnded, leg_id)


async def test_legs_that_are_forgotten_as_soon_as_a_cell_says_they_ended_end_as_ordered(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as home:
        stand, trunk = home.stand, await home.stand.peer(TRUNK)

        def also(event: CellEvent) -> None:
            if isinstance(event, LegEnded):
                stand.edge.forget(event.leg_id)
                home.pool.release(event.leg_id)

        home.also = also
        for _ in range(12):
            trunk.send(trunk.request("INVITE", stand.uri(), content=sdp(TRUNK)), stand.udp)
            leg_id = (await stand.wait_event(InviteReceived)).leg_id
            await home.admit(leg_id)
            await home.wait_said(LegArrived, leg_id)
            home.pool.send(
                leg_id, HangUpLeg(leg_id=leg_id, status=486, headers=(("Reason", "Q.850;cause=17"),))
            )
            final = await trunk.wait(lambda m: status(m) > 200)
            assert (status(final), header(final, "Reason")) == (486, "Q.850;cause=17")
            trunk.arrived.clear()
        for _ in range(12):
            leg_id, _, _ = await home.inbound(trunk)
            home.pool.send(leg_id, HangUpLeg(leg_id=leg_id, headers=(("Reason", "Q.850;cause=16"),)))
            assert header(await trunk.wait_request("BYE"), "Reason") == "Q.850;cause=16"
            trunk.arrived.clear()


async def test_reliable_ringing_and_an_update_before_the_answer(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stand, trunk = home.stand, await home.stand.peer(TRUNK)
        invite = trunk.request(
            "INVITE",
            stand.uri(),
            content=sdp(TRUNK),
            headers="Require: 100rel\r\nSupported: 100rel, timer\r\n",
        )
        trunk.send(invite, stand.udp)
        leg_id = (await stand.wait_event(InviteReceived)).leg_id
        await home.admit(leg_id)
        await home.wait_said(LegArrived, leg_id)
        home.pool.send(leg_id, AnswerLeg(leg_id=leg_id, status=183))
        early = await trunk.wait_status(183)
        assert header(early, "Require") == "100rel"
        assert f"m=audio {PLANE[1]}" in body(early)
        assert (await stand.wait_event(RemoteMediaAgreed)).early
        rack = f"RAck: {header(early, 'RSeq')} 1 INVITE\r\n"
        trunk.send(in_dialog(trunk, invite, early, "PRACK", 2, headers=rack), stand.udp)
        await trunk.wait_status(200, "PRACK")
        update = in_dialog(trunk, invite, early, "UPDATE", 3, content=sdp(TRUNK, 30008))
        trunk.send(update, stand.udp)
        assert f"m=audio {PLANE[1]}" in body(await trunk.wait_status(200, "UPDATE"))
        await stand.wait_event(RemoteMediaAgreed, lambda event: event.media.port == 30008)
        home.pool.send(leg_id, AnswerLeg(leg_id=leg_id, status=200))
        ok = await trunk.wait_status(200, "INVITE")
        trunk.send(in_dialog(trunk, invite, ok, "ACK", 1), stand.udp)
        await home.wait_said(LegConfirmed, leg_id)


async def test_fifth_leg_of_a_cell_goes_back_to_control(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stand, trunk = home.stand, await home.stand.peer(TRUNK)
        cell_id = ""
        for number in range(5):
            trunk.send(trunk.request("INVITE", stand.uri(), content=sdp(TRUNK)), stand.udp)
            leg_id = (await stand.wait_event(InviteReceived)).leg_id
            cell_id = cell_id or home.place(leg_id)
            stand.edge.admit(leg_id, cell_id, PLANE)
            if number < 4:
                await home.wait_said(LegArrived, leg_id)
        refused = await stand.wait_event(CellRefused)
        assert refused.leg_id == leg_id
        assert not [text for text in trunk.all if status(text) > 100]
        other = home.place(leg_id)
        assert other != cell_id
        stand.edge.admit(leg_id, other, PLANE)
        await home.wait_said(LegArrived, leg_id)


async def test_phone_is_rung_answers_and_hangs_up(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stand, phone = home.stand, await home.stand.peer(PHONE)
        await register(stand, phone)
        home.call_phone(from_display="来电")
        invite = await phone.wait_request("INVITE")
        assert start_line(invite) == f"INVITE sip:raw@{PHONE}:{phone.port} SIP/2.0"
        assert header(invite, "From").startswith('"来电" <sip:138@127.62.0.1')
        assert not INSIDE.search(invite)
        phone.answer(invite, 180, stand.udp, tag_value="far")
        await home.wait_said(LegProgressed, "out1")
        phone.answer(invite, 200, stand.udp, tag_value="far", content=sdp(PHONE))
        await phone.wait_request("ACK")
        await home.wait_said(LegConfirmed, "out1")
        assert (await stand.wait_event(FarEndAnswered, lambda event: event.status == 200)).leg_id == "out1"
        bye = phone.request(
            "BYE",
            uri(header(invite, "Contact")),
            call_id=header(invite, "Call-ID"),
            from_=f"{header(invite, 'To')};tag=far",
            to=header(invite, "From"),
        )
        phone.send(bye, stand.udp)
        await phone.wait_status(200, "BYE")
        await home.wait_said(LegEnded, "out1")


async def test_phone_that_rings_reliably_then_holds_and_takes_back(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stand, phone = home.stand, await home.stand.peer(PHONE)
        await register(stand, phone)
        home.call_phone()
        invite = await phone.wait_request("INVITE")
        reliable = "Require: 100rel\r\nRSeq: 41\r\n"
        phone.answer(invite, 183, stand.udp, tag_value="far", content=sdp(PHONE), headers=reliable)
        prack = await phone.wait_request("PRACK")
        assert header(prack, "RAck").split()[0] == "41"
        phone.answer(prack, 200, stand.udp)
        assert (await stand.wait_event(RemoteMediaAgreed)).early
        phone.answer(invite, 200, stand.udp, tag_value="far")
        await phone.wait_request("ACK")
        await home.wait_said(LegConfirmed, "out1")
        for cseq, (theirs, ours) in enumerate((("sendonly", "recvonly"), ("sendrecv", "sendrecv")), start=1):
            again = phone.request(
                "INVITE",
                uri(header(invite, "Contact")),
                call_id=header(invite, "Call-ID"),
                from_=f"{header(invite, 'To')};tag=far",
                to=header(invite, "From"),
                cseq=cseq,
                content=sdp(PHONE, direction=theirs),
            )
            phone.send(again, stand.udp)
            ok = await phone.wait_status(200, "INVITE")
            assert f"a={ours}" in body(ok)
            told = await stand.wait_event(RemoteMediaAgreed)
            assert told.media.held is (theirs == "sendonly")
            phone.send(again.replace("INVITE", "ACK").replace("branch=z9", "branch=z9hG4bKack"), stand.udp)


@pytest.mark.parametrize("code", [302, 404, 486, 603])
async def test_refusal_of_a_phone_ends_the_leg_with_its_true_status(tmp_path: Path, code: int) -> None:
    async with house(tmp_path) as home:
        stand, phone = home.stand, await home.stand.peer(PHONE)
        await register(stand, phone)
        home.call_phone()
        phone.answer(await phone.wait_request("INVITE"), code, stand.udp)
        ended = await home.wait_said(LegEnded, "out1")
        assert isinstance(ended, LegEnded)
        assert ended.status == code


async def test_ringing_phone_that_never_answered_is_cancelled_and_the_slot_is_free(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stand, phone = home.stand, await home.stand.peer(PHONE)
        await register(stand, phone)
        home.call_phone()
        invite = await phone.wait_request("INVITE")
        phone.answer(invite, 180, stand.udp)
        await home.wait_said(LegProgressed, "out1")
        home.pool.send("out1", HangUpLeg(leg_id="out1"))
        await phone.wait_request("CANCEL")
        await home.wait_said(LegEnded, "out1")
        async with asyncio.timeout(4):
            while home.pool.used_slots:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_trunk_challenge_is_answered_by_the_cell(tmp_path: Path, algorithm: str) -> None:
    trunk = await RawPeer.open(TRUNK)
    trunks = (replace(TRUNKS[0], host=TRUNK, port=trunk.port, realm="city", username="u", password="p"),)
    async with house(tmp_path, trunks=trunks) as home:
        stand = home.stand
        stand.peers.append(trunk)
        target = TrunkTarget(trunk="city", user="013900000000")
        plan = stand.edge.prepare("out1", home.place("out1"), target, PLANE, from_user="12345")
        credentials = Credentials(realm="city", username="u", password="p")
        home.pool.send(
            "out1",
            MakeLeg(
                leg_id="out1", request_uri=plan.request_uri, from_uri=plan.from_uri, credentials=credentials
            ),
        )
        invite = await trunk.wait_request("INVITE")
        line = f'Digest realm="city", nonce="abc", algorithm={algorithm}, qop="auth"'
        trunk.answer(invite, 407, stand.udp, headers=f"Proxy-Authenticate: {line}\r\n")
        again = await trunk.wait(lambda m: start_line(m).startswith("INVITE") and "Proxy-Authorization" in m)
        sent = challenge_of(again, "Proxy-Authorization", algorithm)
        assert sent["uri"] == plan.request_uri == start_line(again).split(" ")[1]
        trunk.answer(again, 200, stand.udp, content=sdp(TRUNK))
        await home.wait_said(LegConfirmed, "out1")


async def test_killed_cell_is_seen_and_its_caller_gets_bye(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        trunk = await home.stand.peer(TRUNK)
        leg_id, _, _ = await home.inbound(trunk)
        cell = home.pool.cell_of(leg_id)
        assert cell is not None
        os.kill(home.pool.pids()[cell.cell_id], signal.SIGKILL)
        async with asyncio.timeout(3):
            while not home.lost:
                await asyncio.sleep(0.005)
        home.stand.edge.finish(leg_id, 503, 41)
        trunk.answer(await trunk.wait_request("BYE"), 200, home.stand.udp)


async def test_talking_leg_survives_a_restart_of_the_edge_and_ends_from_the_cell(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        stand, trunk = home.stand, await home.stand.peer(TRUNK)
        leg_id, _, _ = await home.inbound(trunk)
        cell = home.pool.cell_of(leg_id)
        assert cell is not None
        await stand.restart()
        stand.edge.cell_started(cell.cell_id, cell.address, cell.port)
        home.pool.send(leg_id, HangUpLeg(leg_id=leg_id))
        trunk.answer(await trunk.wait_request("BYE"), 200, stand.udp)
        await home.wait_said(LegEnded, leg_id)


async def test_notify_of_a_cell_goes_out(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        trunk = await home.stand.peer(TRUNK)
        leg_id, _, _ = await home.inbound(trunk)
        order = SendRequest(
            leg_id=leg_id,
            method="NOTIFY",
            headers=(("Event", "refer"), ("Subscription-State", "active")),
            content_type="message/sipfrag",
            body="SIP/2.0 100 Trying",
        )
        home.pool.send(leg_id, order)
        notify = await trunk.wait_request("NOTIFY")
        assert header(notify, "Event") == "refer"
        assert header(notify, "Content-Type") == "message/sipfrag"
        assert body(notify) == "SIP/2.0 100 Trying"
        trunk.answer(notify, 200, home.stand.udp)
