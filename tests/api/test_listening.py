"""Listening to a call in the browser: who may, how a page says who it is, and what ends it."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from api.live import LiveLimits
from tests.api.city import PASSWORD, WORDS, City, running_city
from tests.api.test_live import closed_with, next_of

PLACE = "/v1/calls/c2/listen"


async def told(city: City, first: dict[str, Any], path: str = PLACE) -> tuple[int | None, str]:
    """A page's first message, and what came of it: 101 for the sound, else code and reason of the close."""
    async with city.client.ws_connect(path) as socket:
        await socket.send_json({"type": "authenticate", **first})
        answer = await socket.receive(timeout=5)
        if answer.type is aiohttp.WSMsgType.TEXT:
            assert (await socket.receive(timeout=5)).data == b"\xd5" * 160
            return 101, ""
        assert answer.type is aiohttp.WSMsgType.CLOSE
        return answer.data, str(answer.extra)


@pytest.mark.parametrize("who", sorted(WORDS))
async def test_a_program_s_token_is_shown_in_the_header_or_in_the_first_message(city: City, who: str) -> None:
    """Both are asked for the same scope, before the upgrade and after it."""
    is_allowed = who in ("supervisor", "admin")
    first = {"token": WORDS[who], "reason": "质检"}
    assert await told(city, first) == ((101, "") if is_allowed else (4403, "forbidden"))
    if is_allowed:
        async with city.client.ws_connect(f"{PLACE}?reason=header", headers=city.auth(who)) as socket:
            assert (await next_of(socket))["type"] == "listening"
        assert city.ears.asked == [("c2", who, "质检"), ("c2", who, "header")]
        assert [(one.who, one.action, one.reason) for one in city.ledger.actions] == [
            (who, "listen", "质检"),
            (who, "listen", "header"),
        ]
    else:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await city.client.ws_connect(f"{PLACE}?reason=header", headers=city.auth(who))
        assert refused.value.status == 403
        assert (city.ears.asked, city.ledger.actions) == ([], [])


@pytest.mark.parametrize("by_cookie", [False, True])
@pytest.mark.parametrize(
    ("agent_id", "call_id", "outcome"),
    [
        ("1001", "c2", (4403, "forbidden")),
        ("2001", "c2", (101, "")),
        ("2001", "c7", (4403, "not_yours")),
        ("9001", "c2", (101, "")),
    ],
)
async def test_a_person_hears_the_calls_within_reach(
    city: City, agent_id: str, call_id: str, outcome: tuple[int, str], *, by_cookie: bool
) -> None:
    """By the cookie of a page of ours, or by the session's secret of one in another site's frame."""
    city.events.publish("call.connected", {"call_id": "c2", "agent": "1001", "queue": "general"})
    city.events.publish("call.connected", {"call_id": "c7", "agent": "1003", "queue": "law"})
    first = {"reason": "质检"}
    if by_cookie:
        body = {"agent_id": agent_id, "password": PASSWORD}
        async with city.client.post("/v1/session", json=body) as answer:
            assert answer.status == 201
    else:
        first["token"] = (await city.bearer_of(agent_id))["Authorization"].removeprefix("Bearer ")
    assert await told(city, first, f"/v1/calls/{call_id}/listen") == outcome
    assert len(city.ears.asked) == (outcome[0] == 101)


@pytest.mark.parametrize(
    ("first", "path", "outcome"),
    [
        ({}, PLACE, (4401, "unauthenticated")),
        ({"token": "wrong", "reason": "x"}, PLACE, (4401, "unauthenticated")),
        ({"token": WORDS["admin"], "why": "x"}, PLACE, (4401, "unauthenticated")),
        ({"token": WORDS["admin"]}, PLACE, (4422, "reason_needed")),
        ({"token": WORDS["admin"], "reason": " "}, PLACE, (4422, "reason_needed")),
        ({"token": WORDS["admin"], "reason": "x"}, "/v1/calls/c99/listen", (4404, "call_not_found")),
        ({"token": WORDS["admin"], "reason": "x"}, "/v1/calls/c1/listen", (4409, "call_ended")),
    ],
)
async def test_a_page_learns_from_the_close_why_it_hears_nothing(
    city: City, first: dict[str, str], path: str, outcome: tuple[int, str]
) -> None:
    """4000 and the status that HTTP would have answered, and the problem's code."""
    assert await told(city, first, path) == outcome
    assert (city.ears.sounds, city.ledger.actions) == ([], [])


async def test_a_server_without_ears_says_so(tmp_path: Path) -> None:
    async with running_city(tmp_path, has_operations=False) as city:
        assert await told(city, {"token": WORDS["admin"], "reason": "x"}) == (4501, "not_built")


async def test_whoever_says_nothing_is_let_go_and_strangers_do_not_pile_up(tmp_path: Path) -> None:
    """They count among the readers of the live connection until they are known."""
    limits = LiveLimits(authenticate_within_s=0.2, readers=1)
    async with running_city(tmp_path, limits) as city:
        async with city.client.ws_connect(PLACE) as silent:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await city.client.ws_connect(PLACE)
            assert refused.value.status == 503
            assert await closed_with(silent) == 4401
        async with asyncio.timeout(5):
            while city.live.sockets:
                await asyncio.sleep(0.01)


async def test_it_ends_with_the_call(city: City) -> None:
    async with city.client.ws_connect(PLACE) as socket:
        await socket.send_json({"type": "authenticate", "token": WORDS["supervisor"], "reason": "x"})
        assert (await next_of(socket))["call_id"] == "c2"
        city.ears.is_over.set()
        assert await closed_with(socket) == 1000
    [sound] = city.ears.sounds
    await asyncio.wait_for(sound.closed.wait(), 5)


async def test_it_ends_when_the_supervisor_signs_out(tmp_path: Path) -> None:
    """At once: the page that listens is one of the session's."""
    async with running_city(tmp_path) as city:
        city.events.publish("call.connected", {"call_id": "c2", "agent": "1001", "queue": "general"})
        headers = await city.bearer_of("2001")
        first = {"token": headers["Authorization"].removeprefix("Bearer "), "reason": "x"}
        async with city.client.ws_connect(PLACE) as socket:
            await socket.send_json({"type": "authenticate", **first})
            await next_of(socket)
            async with city.client.delete("/v1/session", headers=headers) as answer:
                assert answer.status == 200
            assert await closed_with(socket) == 4401
        [sound] = city.ears.sounds
        await asyncio.wait_for(sound.closed.wait(), 5)


async def test_it_ends_at_the_next_beat_after_the_session_has_run_out(tmp_path: Path) -> None:
    """Listening alone is no reason to stay signed in for longer than a shift."""
    async with running_city(tmp_path, LiveLimits(heartbeat_s=0.05)) as city:
        token = (await city.bearer_of("2001"))["Authorization"].removeprefix("Bearer ")
        async with city.client.ws_connect(PLACE) as socket:
            await socket.send_json({"type": "authenticate", "token": token, "reason": "x"})
            await next_of(socket)
            city.wall.now += 13 * 3600
            assert await closed_with(socket) == 4401
