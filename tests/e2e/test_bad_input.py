"""What nobody should send, sent to the whole server: a clear answer where one is possible, and nothing is lost."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from bench.scratch_config import TOKEN
from tests.peers import peers
from tests.softswitch.sip.digest_client import authorization, challenge_of
from tests.softswitch.sip.raw_peer import RawPeer, body, header, sdp, status, tag, uri, values
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

DATA = Path(__file__).parents[1] / "data"
TERMS = Terms(seats=2, wrap_up_s=0.5, greeting="", announce_agent=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """One server that all of this file's input has to leave alive."""
    async with stand(tmp_path_factory.mktemp("bad-input"), TERMS) as started:
        yield started


@dataclass(frozen=True, slots=True)
class Ear:
    """A UDP socket that only counts what arrives."""

    socket: socket.socket

    @classmethod
    def at(cls, address: str) -> "Ear":
        """Bind to a port of the kernel's choice."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listening.bind((address, 0))
        listening.setblocking(False)
        return cls(listening)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def packets(self) -> int:
        """How many datagrams came since the last question."""
        count = 0
        while True:
            try:
                self.socket.recv(2048)
            except BlockingIOError:
                return count
            count += 1


@pytest_asyncio.fixture(loop_scope="module")
async def trunk(here: Stand) -> AsyncIterator[RawPeer]:
    """Raw text from the trunk's address."""
    peer = await RawPeer.open(here.trunk_address)
    yield peer
    peer.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stranger(here: Stand) -> AsyncIterator[RawPeer]:
    """Raw text from an address that nobody knows."""
    peer = await RawPeer.open(here.stranger_address)
    yield peer
    peer.close()


def acknowledge(peer: RawPeer, invite: str, answer: str, to: tuple[str, int]) -> None:
    """ACK the final answer to an INVITE: in its transaction for a refusal, in its dialog for a 200."""
    is_dialog = status(answer) == 200
    target = uri(header(answer, "Contact")) if is_dialog else invite.split(" ")[1]
    branch = "" if is_dialog else (re.search(r"branch=([^;\s]+)", header(invite, "Via")) or ["", ""])[1]
    peer.send(
        peer.request(
            "ACK",
            target,
            call_id=header(invite, "Call-ID"),
            from_=header(invite, "From"),
            to=header(answer, "To"),
            branch=branch,
        ),
        to,
    )


async def hang_up(peer: RawPeer, invite: str, answer: str, here: Stand, cseq: int = 9) -> None:
    """BYE in the dialog of an answered INVITE."""
    bye = peer.request(
        "BYE",
        uri(header(answer, "Contact")),
        call_id=header(invite, "Call-ID"),
        from_=header(invite, "From"),
        to=header(answer, "To"),
        cseq=cseq,
    )
    peer.send(bye, here.sip)
    await peer.wait_status(200, "BYE")


async def refusal_of(peer: RawPeer, invite: str, here: Stand) -> str:
    """The final answer to an INVITE that must not be answered 200, acknowledged."""
    peer.send(invite, here.sip)
    answer = await peer.wait(lambda text: status(text) >= 200)
    acknowledge(peer, invite, answer, here.sip)
    return answer


async def is_whole(here: Stand) -> bool:
    """A caller is answered and queued, and nothing of earlier input is left."""
    async with peers(here) as around:
        call, call_id = await around.call()
        await around.trunk.hang_up(call)
        await here.wait_call(call_id)
    return not await here.active_calls()


# ---- malformed SIP ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "becomes", "named"),
    [
        ("CSeq: 1 INVITE", "CSeq: one INVITE", "CSeq"),
        ("CSeq: 1 INVITE", "CSeq: 1 BYE", "CSeq"),
        ("Max-Forwards: 70", "Max-Forwards: many", "Max-Forwards"),
        ("Content-Length: ", "Content-Length: 99", "Content-Length"),
        ("To: <sip", "To: <<sip", "To"),
        ("Call-ID: ", "Call-Ident: ", "Call-ID"),
    ],
)
async def test_a_malformed_invite_is_400_with_its_reason(
    here: Stand, trunk: RawPeer, was: str, becomes: str, named: str
) -> None:
    """Whoever reads the answer learns which header it was; no call comes of it."""
    since = len(here.events)
    text = trunk.request("INVITE", here.hotline, content=sdp(here.trunk_address))
    assert was in text
    trunk.send(text.replace(was, becomes, 1), here.sip)
    answer = await trunk.wait(lambda message: status(message) >= 300)
    assert status(answer) == 400
    assert named.lower() in header(answer, "Warning").lower()
    assert not [event for event in here.events[since:] if event.get("kind") == "CallArrived"]


async def test_what_has_no_return_address_is_met_with_silence(here: Stand, trunk: RawPeer) -> None:
    for junk in (
        b"\0" * 500,
        b"\xff" * 60_000,
        b"INVITE sip:12345@x SIP/2.0\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
    ):
        trunk.send(junk, here.sip)
    trunk.send(trunk.request("OPTIONS", here.hotline), here.sip)
    await trunk.wait_status(200, "OPTIONS")
    assert not trunk.arrived


async def test_torture_from_everywhere_costs_no_socket_no_process_and_no_call(
    here: Stand, trunk: RawPeer, stranger: RawPeer
) -> None:
    """RFC 4475, RFC 5118 and cut-off messages by UDP and TCP while a call waits: it goes on as if nothing were."""
    files = sorted(DATA.glob("rfc*/*.dat"))
    assert len(files) > 50
    before = here.server.pids()
    async with peers(here) as around:
        call, call_id = await around.call()
        received = call.stream.received
        sockets = sip_sockets_of(before["control"])
        for peer in (trunk, stranger):
            for file in files:
                data = file.read_bytes()
                peer.send(data, here.sip)
                peer.send(data[: len(data) // 2], here.sip)
        for address in (here.trunk_address, here.stranger_address):
            await asyncio.gather(*(over_tcp(here, address, file.read_bytes()) for file in files[::5]))
        await asyncio.sleep(1.0)
        assert call.stream.received > received + 40, "the waiting caller's music stopped"
        assert not call.ended.done()
        await around.trunk.hang_up(call)
        await here.wait_call(call_id)
    assert here.server.pids() == before, "a process died"
    assert "control.news_failed" not in here.server.log_tail(2_000_000)
    async with asyncio.timeout(10):
        while sip_sockets_of(before["control"]) > sockets:
            await asyncio.sleep(0.2)
    assert await is_whole(here)


def sip_sockets_of(pid: int) -> int:
    """How many UDP and TCP sockets with the SIP port a process has open."""
    mine = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            mine.add(str(entry.readlink()))
    lines = [line for name in ("udp", "tcp") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    rows = [line.split() for line in lines if line.split()[1].endswith(f":{5060:04X}")]
    return sum(f"socket:[{row[9]}]" in mine for row in rows)


async def over_tcp(here: Stand, address: str, data: bytes) -> None:
    """One connection with these bytes on it, closed by us."""
    _, writer = await asyncio.open_connection(*here.sip, local_addr=(address, 0))
    writer.write(data)
    await asyncio.sleep(0.05)
    writer.close()


# ---- who may come in -------------------------------------------------------------------------------------------


def without_its_own_words(answer: str, request: str) -> str:
    """An answer with everything blotted out that the request said itself, and with its nonces."""
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        for value in values(answer, name):
            assert value.startswith(header(request, name).split(";rport")[0]), f"{name} was changed"
            answer = answer.replace(value, "")
    return re.sub(r'nonce="[^"]+"', "nonce", answer)


@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
async def test_unknown_user_wrong_password_and_stale_nonce_get_the_same_challenge_to_the_byte(
    here: Stand, method: str
) -> None:
    """Nobody learns from an answer which accounts exist.  An address of its own: six wrong passwords are a ban."""
    peer = await RawPeer.open(f"127.64.{here.number}.{40 + len(method)}")
    asked = here.hotline if method == "INVITE" else f"sip:{here.sip[0]}"
    name, proof = ("Proxy-Authenticate", "Proxy-Authorization") if method == "INVITE" else ("", "")
    name, proof = name or "WWW-Authenticate", proof or "Authorization"
    known, password = here.account(1)

    async def challenged(user: str, headers: str = "") -> tuple[str, str]:
        if method == "INVITE":
            await asyncio.sleep(0.25)  # INVITE and ACK: two of the 16 messages in 2 s that a stranger has
        here_uri = f"<sip:{user}@{here.sip[0]}>"
        text = peer.request(
            method,
            asked,
            from_=f"{here_uri};tag=abcdefgh",
            to=here_uri if method == "REGISTER" else f"<{asked}>",
            headers=headers,
            content=sdp(here.phone_address) if method == "INVITE" else "",
        )
        peer.send(text, here.sip)
        answer = await peer.wait(lambda message: status(message) >= 200)
        if method == "INVITE":
            acknowledge(peer, text, answer, here.sip)
        return answer, without_its_own_words(answer, text)

    first, expected = await challenged(known)
    challenge = challenge_of(first, name, "SHA-256")
    forged = dict(challenge, nonce="A" * len(challenge["nonce"]))
    for user, secret, asked_with in (
        (known, "wrong", challenge),
        ("8999", "wrong", challenge),
        ("8999", password, challenge),
        (known, "wrong", forged),
        ("8999", "wrong", forged),
    ):
        line = f"{proof}: {authorization(asked_with, user, secret, method, asked)}\r\n"
        _, words = await challenged(user, line)
        assert words == expected, (user, secret)
    for broken in ("Digest", "Digest username=", "Basic ODAwMTpwdw==", 'Digest username="8001"'):
        _, words = await challenged(known, f"{proof}: {broken}\r\n")
        assert words == expected, broken
    peer.close()


async def test_an_invite_from_an_unknown_address_is_challenged_and_never_routed(
    here: Stand, stranger: RawPeer
) -> None:
    """Whatever it calls itself: no call, no leg, no packet."""
    since, ear = len(here.events), Ear.at(here.stranger_address)
    for caller in (f"<sip:13800000001@{here.trunk_address}>", f"<sip:8001@{here.sip[0]}>", "<sip:a@b>"):
        invite = stranger.request(
            "INVITE",
            here.hotline,
            from_=f"{caller};tag=x",
            headers=f"P-Asserted-Identity: {caller}\r\nX-Forwarded-For: {here.trunk_address}\r\n",
            content=sdp(here.stranger_address, ear.port),
        )
        assert status(await refusal_of(stranger, invite, here)) in (401, 407)
    await asyncio.sleep(0.3)
    assert ear.packets() == 0
    assert not [event for event in here.events[since:] if event.get("type") != "snapshot"]
    ear.socket.close()


# ---- bad session descriptions and where sound may go --------------------------------------------------------------


@pytest.mark.parametrize(
    "offer",
    [
        "nonsense",
        "v=0\r\n",
        "v=0\r\no=- 1 1 IN IP4 {a}\r\ns=-\r\nc=IN IP4 {a}\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\n",
        "v=0\r\no=- 1 1 IN IP4 {a}\r\ns=-\r\nc=IN IP4 {a}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n",
        "v=0\r\no=- 1 1 IN IP4 {a}\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
        "v=0\r\no=- 1 1 IN IP4 {a}\r\ns=-\r\nc=IN IP4 224.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
        "v=0\r\no=- 1 1 IN IP4 {a}\r\ns=-\r\nc=IN IP4 {a}\r\nt=0 0\r\nm=audio 99999 RTP/AVP 8\r\n",
        "v=0\r\no=- 1 1 IN IP4 {a}\r\ns=-\r\nc=IN IP4 {a}\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 8\r\n",
    ],
    ids=["no sdp", "ends early", "video", "other codec", "other family", "multicast", "no port", "encrypted"],
)
async def test_an_offer_that_cannot_be_met_is_488_with_a_warning(
    here: Stand, trunk: RawPeer, offer: str
) -> None:
    invite = trunk.request("INVITE", here.hotline, content=offer.format(a=here.trunk_address))
    answer = await refusal_of(trunk, invite, here)
    assert status(answer) == 488
    assert re.match(r'3\d\d \S+ ".+"', header(answer, "Warning"))
    assert not body(answer)
    arrived = await here.wait_event("CallArrived", sip_call_id=header(invite, "Call-ID"))
    ended = await here.wait_event("CallEnded", call_id=arrived["call_id"])
    assert ended["end_reason"] == "failed"
    async with asyncio.timeout(2):  # the store gathers its commits
        while await here.active_calls():
            await asyncio.sleep(0.02)


async def test_sound_is_never_sent_outside_the_trunks_networks(here: Stand, trunk: RawPeer) -> None:
    """488 for an INVITE and for a re-INVITE that wants it; the call that stands keeps its sound where it was."""
    victim, own = Ear.at(here.stranger_address), Ear.at(here.trunk_address)
    invite = trunk.request("INVITE", here.hotline, content=sdp(here.stranger_address, victim.port))
    answer = await refusal_of(trunk, invite, here)
    assert status(answer) == 488
    assert header(answer, "Warning")

    invite = trunk.request("INVITE", here.hotline, content=sdp(here.trunk_address, own.port))
    trunk.send(invite, here.sip)
    accepted = await trunk.wait_status(200, "INVITE")
    acknowledge(trunk, invite, accepted, here.sip)
    moved = trunk.request(
        "INVITE",
        uri(header(accepted, "Contact")),
        call_id=header(invite, "Call-ID"),
        from_=header(invite, "From"),
        to=header(accepted, "To"),
        cseq=2,
        content=sdp(here.stranger_address, victim.port),
    )
    answer = await refusal_of(trunk, moved, here)
    assert status(answer) == 488
    assert header(answer, "Warning")
    own.packets()
    await asyncio.sleep(0.5)
    assert own.packets() > 15, "the refused move took the sound away"
    await hang_up(trunk, invite, accepted, here)
    assert victim.packets() == 0
    victim.socket.close()
    own.socket.close()


async def test_no_sound_is_sent_before_the_callers_ack(here: Stand, trunk: RawPeer) -> None:
    """A forged INVITE has no ACK: whoever stands in its SDP gets not one packet."""
    ear = Ear.at(here.trunk_address)
    invite = trunk.request("INVITE", here.hotline, content=sdp(here.trunk_address, ear.port))
    trunk.send(invite, here.sip)
    accepted = await trunk.wait_status(200, "INVITE")
    await asyncio.sleep(1.5)
    assert ear.packets() == 0
    acknowledge(trunk, invite, accepted, here.sip)
    await asyncio.sleep(0.3)
    assert ear.packets() > 8
    await hang_up(trunk, invite, accepted, here)
    ear.socket.close()


@pytest.mark.long
async def test_a_caller_who_never_acknowledges_is_given_up_after_32_s_without_a_packet(
    here: Stand, trunk: RawPeer
) -> None:
    """200 is repeated, then BYE (RFC 3261 section 13.3.1.4); the call has an end and its channel is free."""
    ear = Ear.at(here.trunk_address)
    invite = trunk.request("INVITE", here.hotline, content=sdp(here.trunk_address, ear.port))
    trunk.send(invite, here.sip)
    await trunk.wait_status(200, "INVITE")
    arrived = await here.wait_event("CallArrived", sip_call_id=header(invite, "Call-ID"))
    bye = await trunk.wait(lambda text: text.startswith("BYE "), patience_s=40)
    trunk.answer(bye, 200, here.sip)
    assert len([text for text in trunk.all if status(text) == 200]) >= 7
    ended = await here.wait_event("CallEnded", call_id=arrived["call_id"])
    assert (ended["ended_by"], ended["end_reason"]) == ("system", "failed")
    assert ear.packets() == 0
    ear.socket.close()
    async with asyncio.timeout(5):
        while await here.active_calls():
            await asyncio.sleep(0.1)


async def test_requests_in_a_dialog_must_fit_its_tags_and_its_source(
    here: Stand, trunk: RawPeer, stranger: RawPeer
) -> None:
    """A BYE or re-INVITE with a wrong tag, or the right words from elsewhere, is 481 or a challenge; the call stands."""
    ear = Ear.at(here.trunk_address)
    invite = trunk.request("INVITE", here.hotline, content=sdp(here.trunk_address, ear.port))
    trunk.send(invite, here.sip)
    accepted = await trunk.wait_status(200, "INVITE")
    acknowledge(trunk, invite, accepted, here.sip)
    target, call_id = uri(header(accepted, "Contact")), header(invite, "Call-ID")
    from_, to = header(invite, "From"), header(accepted, "To")
    for method in ("BYE", "INVITE"):
        content = sdp(here.trunk_address, ear.port) if method == "INVITE" else ""
        for peer, says_from, says_to in (
            (trunk, from_, to.replace(tag(to), "guessed")),
            (trunk, from_.replace(tag(from_), "guessed"), to),
            (stranger, from_, to),
        ):
            text = peer.request(
                method, target, call_id=call_id, cseq=5, content=content, from_=says_from, to=says_to
            )
            answer = (
                await refusal_of(peer, text, here) if method == "INVITE" else await told(peer, text, here)
            )
            assert status(answer) in (401, 407, 481)
    ear.packets()
    await asyncio.sleep(0.3)
    assert ear.packets() > 8
    await hang_up(trunk, invite, accepted, here)
    ear.socket.close()
    assert await is_whole(here)


async def told(peer: RawPeer, text: str, here: Stand) -> str:
    """Send a request and take its final answer."""
    peer.send(text, here.sip)
    return await peer.wait(lambda message: status(message) >= 200)


# ---- HTTP --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "sent", "wanted", "code"),
    [
        ("POST", "/v1/agents/1001/login", b"{not json", 400, "malformed_json"),
        ("POST", "/v1/agents/1001/login", b"\xff\xfe", 400, "malformed_json"),
        ("POST", "/v1/agents/1001/login", b"[]", 422, "invalid_request"),
        ("POST", "/v1/agents/1001/login", b"{}", 422, "invalid_request"),
        ("POST", "/v1/agents/1001/login", b'{"extension": 8001}', 422, "invalid_request"),
        ("POST", "/v1/agents/1001/login", b'{"extension": "8001", "extra": 1}', 422, "invalid_request"),
        ("POST", "/v1/agents/1001/login", b'{"extension": "1", "initial_state": "ready"}', 422, None),
        (
            "POST",
            "/v1/agents/1001/login",
            b'{"extension": "8001", "initial_state": "x"}',
            422,
            "invalid_request",
        ),
        ("POST", "/v1/agents/1001/not-ready", b"{}", 422, "invalid_request"),
        ("POST", "/v1/agents/9999/ready", b"{}", 404, "agent_not_found"),
        ("POST", "/v1/agents/1001/ready", b"{}", 409, None),
        ("POST", "/v1/agents/1001/logout", b"{}", 409, None),
        ("GET", "/v1/agents/9999", b"", 404, "agent_not_found"),
        ("GET", "/v1/calls/none", b"", 404, "call_not_found"),
        ("GET", "/v1/calls?limit=-1", b"", 422, "invalid_request"),
        ("GET", "/v1/calls?limit=many", b"", 422, "invalid_request"),
        ("GET", "/v1/calls?from=yesterday", b"", 422, "invalid_request"),
        ("GET", "/v1/recordings/..%2F..%2Fhotline.sqlite", b"", 404, None),
        ("GET", "/v1/recordings/none", b"", 404, "recording_not_found"),
        ("POST", "/v1/calls/none/hang-up", b'{"reason": "test"}', 404, "call_not_found"),
        ("GET", "/v2/agents", b"", 404, "no_such_path"),
        ("DELETE", "/v1/agents", b"", 405, "method_not_allowed"),
    ],
)
async def test_each_http_mistake_is_a_problem_document_with_a_stable_code(
    here: Stand, method: str, path: str, sent: bytes, wanted: int, code: str | None
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, here.api.base + path, data=sent or None) as answer,
    ):
        problem = await answer.json(content_type=None)
        assert answer.status == wanted, problem
        assert answer.content_type == "application/problem+json"
        assert problem["status"] == wanted
        assert problem["code"]
        assert code is None or problem["code"] == code


@pytest.mark.parametrize("token", [None, "Bearer wrong", f"Basic {TOKEN}", f"bearer  {TOKEN}x"])
async def test_without_a_good_token_every_question_is_401_and_says_nothing_else(
    here: Stand, token: str | None
) -> None:
    headers = {"Authorization": token} if token else {}
    seen = set()
    async with aiohttp.ClientSession(headers=headers) as session:
        for path in ("/v1/agents", "/v1/agents/9999", "/v1/calls/none", "/v1/recordings/none"):
            async with session.get(here.api.base + path) as answer:
                assert answer.status == 401
                seen.add(await answer.text())
        async with session.get(f"{here.api.base}/v1/agents?token={TOKEN}") as answer:
            assert answer.status == 401, "a token in the URL was taken"
    assert len(seen) == 1


async def test_the_token_stands_in_no_log(here: Stand) -> None:
    assert TOKEN not in here.server.log_tail(5_000_000)
    for seat in (1, 2):
        assert here.account(seat)[1] not in here.server.log_tail(5_000_000)
