"""Trunks that answer or do not, and registrations held at them."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from softswitch.sip.events import TrunkStateChanged
from tests.softswitch.sip.edge_stand import SETTINGS, TRUNK, TRUNKS, running_edge
from tests.softswitch.sip.raw_peer import RawPeer, header, start_line

QUICK = replace(SETTINGS, options_interval_s=0.3, options_timeout_s=0.2)


async def test_trunk_that_stops_answering_options_is_down_and_up_again_when_it_answers() -> None:
    trunk = await RawPeer.open(TRUNK)
    trunks = (replace(TRUNKS[0], host=TRUNK, port=trunk.port, options_ping=True),)
    async with running_edge(settings=QUICK, trunks=trunks) as stand:
        stand.peers.append(trunk)
        assert stand.edge.trunk_is_up("city")
        options = await trunk.wait_request("OPTIONS")
        assert start_line(options) == f"OPTIONS sip:{TRUNK}:{trunk.port} SIP/2.0"
        trunk.answer(options, 404, stand.udp)
        assert (await stand.wait_event(TrunkStateChanged)).up
        down = await stand.wait_event(TrunkStateChanged)
        assert (down.trunk, down.up, down.cause) == ("city", False, "options_timeout")
        assert not stand.edge.trunk_is_up("city")
        trunk.arrived.clear()
        trunk.answer(await trunk.wait_request("OPTIONS"), 200, stand.udp)
        assert (await stand.wait_event(TrunkStateChanged)).up
        assert stand.edge.trunk_is_up("city")


async def test_a_ping_that_was_lost_says_nothing_once_a_later_one_was_answered() -> None:
    """The trunk is back before the time of the lost ping is over: it stays up."""
    slow = replace(SETTINGS, options_interval_s=0.2, options_timeout_s=0.5)
    trunk = await RawPeer.open(TRUNK)
    trunks = (replace(TRUNKS[0], host=TRUNK, port=trunk.port, options_ping=True),)
    async with running_edge(settings=slow, trunks=trunks) as stand:
        stand.peers.append(trunk)
        lost = await trunk.wait_request("OPTIONS")
        up: list[bool] = []
        for _ in range(5):
            again = await trunk.wait_request("OPTIONS")
            while header(again, "Call-ID") == header(lost, "Call-ID"):  # sent again, as RFC 3261 wants
                again = await trunk.wait_request("OPTIONS")
            trunk.answer(again, 200, stand.udp)
            await asyncio.sleep(0.05)
            up.append(stand.edge.trunk_is_up("city"))
        assert up == [True] * 5
        assert [event.up for event in stand.events if isinstance(event, TrunkStateChanged)] == [True]


async def test_trunk_is_registered_with_digest_and_is_down_before() -> None:
    trunk = await RawPeer.open(TRUNK)
    trunks = (
        replace(
            TRUNKS[0], host=TRUNK, port=trunk.port, register=True, username="city01", password="pw", realm="r"
        ),
    )
    async with running_edge(trunks=trunks) as stand:
        stand.peers.append(trunk)
        assert not stand.edge.trunk_is_up("city")
        first = await trunk.wait_request("REGISTER")
        assert header(first, "Contact") == f"<sip:city01@{stand.udp[0]}:{stand.udp[1]}>"
        trunk.answer(
            first, 401, stand.udp, headers='WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n'
        )
        second = await trunk.wait(lambda m: start_line(m).startswith("REGISTER") and "Authorization" in m)
        assert header(second, "CSeq") == "2 REGISTER"
        assert header(second, "Call-ID") == header(first, "Call-ID")
        assert 'username="city01"' in header(second, "Authorization")
        assert "pw" not in second
        trunk.answer(second, 200, stand.udp, headers="Expires: 600\r\n")
        event = await stand.wait_event(TrunkStateChanged)
        assert (event.up, event.cause) == (True, "registered")


async def test_registration_that_is_refused_keeps_the_trunk_down() -> None:
    trunk = await RawPeer.open(TRUNK)
    trunks = (replace(TRUNKS[0], host=TRUNK, port=trunk.port, register=True, username="u", password="p"),)
    async with running_edge(trunks=trunks) as stand:
        stand.peers.append(trunk)
        trunk.answer(await trunk.wait_request("REGISTER"), 403, stand.udp)
        event = await stand.wait_event(TrunkStateChanged)
        assert (event.up, event.cause) == (False, "registration_403")
        assert not stand.edge.trunk_is_up("city")


async def test_challenge_of_another_realm_is_not_answered() -> None:
    trunk = await RawPeer.open(TRUNK)
    trunks = (
        replace(TRUNKS[0], host=TRUNK, port=trunk.port, register=True, username="u", password="p", realm="r"),
    )
    async with running_edge(trunks=trunks) as stand:
        stand.peers.append(trunk)
        first = await trunk.wait_request("REGISTER")
        trunk.answer(first, 401, stand.udp, headers='WWW-Authenticate: Digest realm="evil", nonce="n"\r\n')
        assert not (await stand.wait_event(TrunkStateChanged)).up
        assert not [text for text in trunk.all if re.search("^Authorization", text, re.MULTILINE)]


async def test_trunk_without_host_is_up_and_takes_no_calls() -> None:
    async with running_edge() as stand:
        assert stand.edge.trunk_is_up("city")
        assert not stand.edge.trunk_is_up("unknown")


async def test_a_host_that_nobody_knows_at_the_start_is_found_as_soon_as_somebody_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name service comes up after us: the real resolver is asked again, only more often than in a rack."""
    often = replace(QUICK, names_again_s=0.1)
    trunk = await RawPeer.open("127.0.0.1")
    loop = asyncio.get_running_loop()
    known = loop.getaddrinfo
    asked: list[str] = []

    async def late(host: str, *rest: Any, **more: Any) -> Any:
        asked.append(host)
        if len(asked) < 3:
            raise OSError(-3, "Temporary failure in name resolution")
        return await known("127.0.0.1", *rest, **more)

    monkeypatch.setattr(loop, "getaddrinfo", late)
    trunks = (replace(TRUNKS[0], host="gateway.city", port=trunk.port, options_ping=True),)
    async with running_edge(settings=often, trunks=trunks) as stand:
        stand.peers.append(trunk)
        down = await stand.wait_event(TrunkStateChanged)
        assert (down.up, down.cause) == (False, "no route to the trunk")
        options = await trunk.wait_request("OPTIONS")
        trunk.answer(options, 200, stand.udp)
        assert (await stand.wait_event(TrunkStateChanged)).up
        assert asked == ["gateway.city"] * 3
