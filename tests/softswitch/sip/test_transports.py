"""TCP: whole messages, calls over one connection, caps and keep-alives; and what never ends a socket."""

import asyncio
import re
from dataclasses import replace

import pytest

from softswitch.settings.sip import TransportProtocol, TransportSettings
from softswitch.sip.edge import PhoneTarget
from softswitch.sip.events import DialogConfirmed, InviteReceived
from softswitch.sip.streams import KEEP_ALIVES_PER_WINDOW, MOST_PER_ADDRESS
from tests.softswitch.sip.digest_client import authorization, challenge_of
from tests.softswitch.sip.edge_stand import (
    ATTACKER,
    EDGE,
    PHONE,
    PLANE,
    SECRET,
    SETTINGS,
    TRUNK,
    TRUNKS,
    Stand,
    running_edge,
)
from tests.softswitch.sip.raw_peer import RawPeer, body, header, sdp, start_line, uri


class TcpPeer:
    """One TCP connection that speaks raw SIP text."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.address, self.port = writer.get_extra_info("sockname")

    @classmethod
    async def open(cls, stand: Stand, address: str) -> "TcpPeer":
        return cls(*await asyncio.open_connection(*stand.tcp, local_addr=(address, 0)))

    def send(self, text: str) -> None:
        self.writer.write(text.replace("SIP/2.0/UDP", "SIP/2.0/TCP").encode())

    async def read(self) -> str:
        async with asyncio.timeout(5):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"Content-Length: (\d+)", head)
            return head + (await self.reader.readexactly(int(length[1]) if length else 0)).decode()

    async def is_closed(self) -> bool:
        try:
            async with asyncio.timeout(5):
                return await self.reader.read() == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self.writer.close()


async def test_call_over_tcp_is_answered_on_its_connection() -> None:
    async with running_edge() as stand:
        cell, words = await stand.cell("c1"), await stand.peer(TRUNK)
        trunk = await TcpPeer.open(stand, TRUNK)
        invite = words.request("INVITE", stand.uri(), content=sdp(TRUNK))
        half = len(invite) // 2
        trunk.send(invite[:half])
        await asyncio.sleep(0.02)
        trunk.send(invite[half:])
        assert start_line(await trunk.read()) == "SIP/2.0 100 Trying"
        event = await stand.wait_event(InviteReceived)
        assert event.transport == "tcp"
        stand.edge.admit(event.leg_id, "c1", PLANE)
        at_cell = await cell.wait_request("INVITE")
        cell.answer(at_cell, 200, stand.inner, tag_value="celltag", content=body(at_cell))
        cell.answer(at_cell, 200, stand.inner, tag_value="celltag", content=body(at_cell))
        ok = await trunk.read()
        assert start_line(ok).startswith("SIP/2.0 200")
        assert uri(header(ok, "Contact")).endswith(f"{EDGE}:{stand.tcp[1]};transport=tcp")
        trunk.send(
            words.request(
                "ACK",
                uri(header(ok, "Contact")),
                call_id=header(invite, "Call-ID"),
                from_=header(invite, "From"),
                to=header(ok, "To"),
            )
        )
        await stand.wait_event(DialogConfirmed)
        bye = cell.request(
            "BYE",
            uri(header(at_cell, "Contact")),
            call_id=header(at_cell, "Call-ID"),
            from_=f"{header(at_cell, 'To')};tag=celltag",
            to=header(at_cell, "From"),
        )
        cell.send(bye, stand.inner)
        at_trunk = await trunk.read()  # not the second 200: that was swallowed on a reliable way
        assert start_line(at_trunk).startswith("BYE ")
        assert "SIP/2.0/TCP" in header(at_trunk, "Via")
        trunk.close()


async def test_phone_that_registered_over_tcp_is_rung_on_its_connection() -> None:
    """And is told to register again soon: its connection does not outlive this process."""
    async with running_edge() as stand:
        cell, words = await stand.cell("c1"), await stand.peer(PHONE)
        phone = await TcpPeer.open(stand, PHONE)
        target = f"sip:{EDGE}:{stand.tcp[1]}"
        to = "<sip:phone1001@x>"
        phone.send(words.request("REGISTER", target, to=to))
        challenge = challenge_of(await phone.read(), "WWW-Authenticate", "SHA-256")
        proof = authorization(challenge, "phone1001", "secret-1001", "REGISTER", target)
        contact = f"<sip:phone@{PHONE}:5099;transport=tcp>"
        message = words.request("REGISTER", target, to=to, cseq=2, headers=f"Authorization: {proof}\r\n")
        phone.send(re.sub(r"Contact: [^\r]*", f"Contact: {contact}", message))
        ok = await phone.read()
        assert start_line(ok) == "SIP/2.0 200 OK"
        assert header(ok, "Contact") == f"{contact};expires=120"
        plan = stand.edge.prepare("out1", "c1", PhoneTarget(account="phone1001"), PLANE, from_user="138")
        cell.send(
            cell.request(
                "INVITE",
                plan.request_uri,
                content=sdp("127.62.77.10"),
                headers=f"X-Leg: out1\r\nX-Secret: {SECRET}\r\n",
            ),
            stand.inner,
        )
        invite = await phone.read()
        assert start_line(invite) == f"INVITE sip:phone@{PHONE}:5099;transport=tcp SIP/2.0"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await phone.reader.readexactly(1)  # nothing is repeated on a reliable way
        phone.close()


async def test_double_crlf_is_answered_and_too_many_close_the_connection() -> None:
    async with running_edge() as stand:
        phone = await TcpPeer.open(stand, PHONE)
        phone.writer.write(b"\r\n\r\n")
        assert await phone.reader.readexactly(2) == b"\r\n"
        phone.writer.write(b"\r\n\r\n" * (KEEP_ALIVES_PER_WINDOW + 1))
        assert (await phone.reader.read()).count(b"\r\n") < KEEP_ALIVES_PER_WINDOW
        phone.close()


async def test_giant_content_length_is_refused_before_its_body_and_the_connection_closes() -> None:
    async with running_edge() as stand:
        words = await stand.peer(ATTACKER)
        attacker = await TcpPeer.open(stand, ATTACKER)
        message = words.request("INVITE", stand.uri()).replace(
            "Content-Length: 0", "Content-Length: 999999999"
        )
        attacker.send(message)
        assert start_line(await attacker.read()).startswith("SIP/2.0 513")
        assert await attacker.is_closed()
        attacker.close()


async def test_connections_of_one_address_are_capped_and_given_back() -> None:
    async with running_edge() as stand:
        held = [await TcpPeer.open(stand, ATTACKER) for _ in range(MOST_PER_ADDRESS)]
        await asyncio.sleep(0.05)
        assert stand.edge.statistics()["connections"] == MOST_PER_ADDRESS
        one_more = await TcpPeer.open(stand, ATTACKER)
        assert await one_more.is_closed()
        other = await TcpPeer.open(stand, PHONE)
        other.writer.write(b"\r\n\r\n")
        assert await other.reader.readexactly(2) == b"\r\n"
        for peer in (*held, other, one_more):
            peer.close()
        async with asyncio.timeout(2):
            while stand.edge.statistics()["connections"]:
                await asyncio.sleep(0.01)


async def test_address_that_cannot_be_bound_is_named() -> None:
    taken = await RawPeer.open(EDGE)
    transport = TransportSettings(protocol=TransportProtocol.UDP, address=EDGE, port=taken.port)
    stand = Stand(settings=replace(SETTINGS, transports=(transport,)))
    with pytest.raises(OSError, match=f"udp {EDGE}:{taken.port}"):
        await stand.edge.start()
    taken.close()


async def test_advertised_and_media_addresses_are_shown_instead_of_our_own() -> None:
    transport = TransportSettings(
        protocol=TransportProtocol.UDP,
        address=EDGE,
        port=0,
        advertised_address="203.0.113.7",
        media_address="203.0.113.8",
        media_bind_address=EDGE,
    )
    async with running_edge(settings=replace(SETTINGS, transports=(transport,))) as stand:
        cell, trunk = await stand.cell("c1"), await stand.peer(TRUNK)
        trunk.send(trunk.request("INVITE", stand.uri(), content=sdp(TRUNK)), stand.udp)
        leg_id = (await stand.wait_event(InviteReceived)).leg_id
        assert stand.edge.local_address_for(leg_id) == EDGE
        stand.edge.admit(leg_id, "c1", (EDGE, 20000))
        at_cell = await cell.wait_request("INVITE")
        cell.answer(at_cell, 200, stand.inner, content=body(at_cell))
        ok = await trunk.wait_status(200)
        assert uri(header(ok, "Contact")) == f"sip:{leg_id}@203.0.113.7:{stand.udp[1]}"
        assert "c=IN IP4 203.0.113.8" in body(ok)


async def test_a_trunk_that_knows_us_by_other_addresses_sees_those() -> None:
    """Via, Contact and SDP for one trunk; phones on the same transport see the transport's own."""
    trunks = tuple(
        replace(trunk, advertised_address="203.0.113.20", media_address="203.0.113.21")
        if TRUNK in trunk.addresses
        else trunk
        for trunk in TRUNKS
    )
    async with running_edge(trunks=trunks) as stand:
        cell, trunk = await stand.cell("c1"), await stand.peer(TRUNK)
        trunk.send(trunk.request("INVITE", stand.uri(), content=sdp(TRUNK)), stand.udp)
        leg_id = (await stand.wait_event(InviteReceived)).leg_id
        assert stand.edge.local_address_for(leg_id) == PLANE[0]
        stand.edge.admit(leg_id, "c1", PLANE)
        at_cell = await cell.wait_request("INVITE")
        cell.answer(at_cell, 200, stand.inner, content=body(at_cell))
        ok = await trunk.wait_status(200)
        assert uri(header(ok, "Contact")) == f"sip:{leg_id}@203.0.113.20:{stand.udp[1]}"
        assert "c=IN IP4 203.0.113.21" in body(ok)
