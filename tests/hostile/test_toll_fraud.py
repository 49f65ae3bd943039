"""Nobody telephones at the hotline's expense: who comes by a trunk reaches the hotline's numbers and nothing else.

The seats may call mobiles by this very trunk, so that every way out that is refused here does exist for them.  The
gateway listens at port 5060 of the trunk's address; whoever commits the fraud sends from another port of it.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from bench.desk_phones import Manner
from bench.running_server import Json
from tests.conversation import outbound_terms
from tests.hostile.raw_caller import Ear, RawCaller
from tests.peers import peers
from tests.softswitch.sip.digest_client import authorization, challenge_of
from tests.softswitch.sip.raw_peer import RawPeer, body, header, sdp, start_line, status, tag
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]

MOBILE = "13900000002"
TERMS = outbound_terms(Terms(seats=2, wrap_up_s=0.0, greeting="", announce_agent=False))


@dataclass(slots=True, eq=False)
class Fraud:
    """A gateway that counts what it is asked to carry, and who tries to have it carry something."""

    here: Stand
    gateway: RawPeer
    caller: RawPeer

    async def outcome(self, text: str, *, cseq: int = 1) -> int:
        """The final status of an INVITE, which is acknowledged."""
        self.caller.send(text, self.here.sip)
        answer = await self.caller.wait(
            lambda message: status(message) >= 200 and header(message, "Call-ID") == header(text, "Call-ID")
        )
        ack = self.caller.request(
            "ACK",
            start_line(text).split()[1],
            call_id=header(text, "Call-ID"),
            from_=header(text, "From"),
            to=header(answer, "To"),
            branch=header(text, "Via").partition("branch=")[2].partition(";")[0],
            cseq=cseq,
        )
        self.caller.send(ack, self.here.sip)
        return status(answer)

    def carried(self) -> list[str]:
        """The requests for calls that reached the gateway."""
        return [start_line(text) for text in self.gateway.all if start_line(text).startswith("INVITE ")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """One hotline whose seats may call out."""
    async with stand(tmp_path_factory.mktemp("toll"), TERMS) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def fraud(here: Stand) -> AsyncIterator[Fraud]:
    """Both ends of it."""
    found = Fraud(here, await RawPeer.open(here.trunk_address, 5060), await RawPeer.open(here.trunk_address))
    yield found
    found.gateway.close()
    found.caller.close()


@pytest.mark.parametrize(
    "asked",
    [
        f"sip:{MOBILE}@{{hotline}}",
        f"sip:+86{MOBILE}@{{hotline}}:5060;user=phone",
        f"sip:{MOBILE}@{{gateway}}:5060",
        "sip:8001@{hotline}",
        "sip:1001@{hotline}",
    ],
    ids=["mobile", "mobile abroad", "at the gateway", "extension", "agent"],
)
async def test_a_trunk_reaches_no_number_outside_and_no_seat_whoever_it_says_it_is(
    here: Stand, fraud: Fraud, asked: str
) -> None:
    """A seat's or the hotline's own name in From, an asserted identity, a route to somewhere else: nothing helps."""
    target = asked.format(hotline=here.sip[0], gateway=here.trunk_address)
    elsewhere = Ear(here.stranger_address, 5060)
    since = len(here.events)
    for name in ("13800000009", here.extension(1), "12345"):
        claimed = f"<sip:{name}@{here.sip[0]}>"
        invite = fraud.caller.request(
            "INVITE",
            target,
            from_=f"{claimed};tag=fraud",
            headers=(
                f"P-Asserted-Identity: {claimed}\r\nReferred-By: {claimed}\r\nDiversion: {claimed}\r\n"
                f"Route: <sip:{here.stranger_address}:5060;lr>\r\n"
            ),
            content=sdp(here.trunk_address),
        )
        assert await fraud.outcome(invite) == 404
        ended = await here.wait_event("CallEnded", since=since)
        assert ended["end_reason"] == "no_route"
        since = len(here.events)
    assert fraud.carried() == []
    assert elsewhere.packets() == []
    elsewhere.close()


async def test_a_caller_who_asks_to_be_transferred_is_carried_nowhere(here: Stand, fraud: Fraud) -> None:
    """REFER in a call is taken and told not to be done, with Replaces too; without a call it is refused."""
    since = len(here.events)
    caller = await RawCaller.dial(here)
    await here.wait_event("CallQueued", since=since)
    for cseq, refer_to in enumerate(
        (
            f"<sip:{MOBILE}@{here.trunk_address}:5060>",
            f"<sip:{MOBILE}@{here.sip[0]}?Replaces={header(caller.invite, 'Call-ID')}%3Bto-tag%3Da%3Bfrom-tag%3Db>",
        ),
        2,
    ):
        refer = caller.request("REFER", cseq).replace(
            "Content-Length: 0", f"Refer-To: {refer_to}\r\nContent-Length: 0"
        )
        caller.peer.send(refer, here.sip)
        await caller.peer.wait_status(202, "REFER")
        notify = await caller.peer.wait_request("NOTIFY")
        caller.peer.answer(notify, 200, here.sip)
        assert body(notify).startswith("SIP/2.0 501")
        assert header(notify, "Subscription-State").startswith("terminated")
    stray = fraud.caller.request("REFER", here.hotline, headers=f"Refer-To: <sip:{MOBILE}@{here.sip[0]}>\r\n")
    fraud.caller.send(stray, here.sip)
    refused = await fraud.caller.wait(lambda text: header(text, "CSeq").endswith("REFER"))
    assert status(refused) in {405, 501}
    caller.cseq = 3
    await caller.hang_up()
    caller.close()
    assert fraud.carried() == []


async def test_a_transfer_asked_for_before_the_ack_is_here_is_told_of_once_it_is(
    here: Stand, fraud: Fraud
) -> None:
    """The network brings the REFER first: it was taken with 202, and whoever asked waits for the outcome."""
    caller = await RawCaller.dial(here, is_acknowledged=False)
    refer = caller.request("REFER", 2).replace(
        "Content-Length: 0", f"Refer-To: <sip:{MOBILE}@{here.sip[0]}>\r\nContent-Length: 0"
    )
    caller.peer.send(refer, here.sip)
    await caller.peer.wait_status(202, "REFER")
    caller.acknowledge()
    notify = await caller.peer.wait_request("NOTIFY")
    caller.peer.answer(notify, 200, here.sip)
    assert body(notify).startswith("SIP/2.0 501")
    caller.cseq = 2
    await caller.hang_up()
    caller.close()
    assert fraud.carried() == []


async def test_who_claims_to_replace_a_call_is_a_caller_like_any_other(here: Stand, fraud: Fraud) -> None:
    """Replaces (RFC 3891) takes no call away from anybody: the one that it names goes on."""
    first = await RawCaller.dial(here)
    since = len(here.events)
    names = (
        f"{header(first.invite, 'Call-ID')};to-tag={tag(header(first.answer, 'To'))}"
        f";from-tag={tag(header(first.invite, 'From'))}"
    )
    invite = fraud.caller.request(
        "INVITE",
        here.hotline,
        headers=f"Replaces: {names}\r\nRequire: replaces\r\n",
        content=sdp(here.trunk_address),
    )
    assert await fraud.outcome(invite) == 420, "what we would not do is not taken either"
    second = await RawCaller.dial(here, headers=f"Replaces: {names}\r\n")
    arrived = await here.wait_event("CallArrived", since=since)
    await here.wait_event("CallQueued", since=since, call_id=arrived["call_id"])
    assert len(await here.active_calls()) == 2
    assert not [text for text in first.peer.all if start_line(text).startswith("BYE ")]
    for caller in (second, first):
        await caller.hang_up()
        caller.close()


async def test_a_trunk_that_diverts_a_call_of_ours_is_not_followed(here: Stand, fraud: Fraud) -> None:
    """302 to a number abroad (RFC 3261 section 21.3.3): the call ends, and nobody is called whom it names."""
    async with peers(here, Manner(answer_s=0.0)):
        await here.login(1, state="not_ready")
        await here.api.post(f"/v1/agents/{here.agent(1)}/dial", {"number": MOBILE})
        invite, source = await fraud.gateway.wait_from(lambda text: start_line(text).startswith("INVITE "))
        fraud.gateway.answer(
            invite, 302, source, contact=f"<sip:0012125550100@{here.trunk_address}:5060>;expires=60"
        )
        await fraud.gateway.wait_request("ACK")
        dialled: Json = await here.wait_event("CallDialled", called=MOBILE)
        await here.wait_event("CallEnded", call_id=dialled["call_id"])
        await asyncio.sleep(0.3)
        assert {line.split("@")[0] for line in fraud.carried()} == {f"INVITE sip:{MOBILE}"}
        await here.api.logout(here.agent(1))


async def test_a_phone_calls_in_its_own_name_alone(here: Stand, fraud: Fraud) -> None:
    """Good credentials of one seat and the From of another: the rules of neither are asked."""
    user, password = here.account(1)
    phone = await RawPeer.open(here.phone_address)
    target = f"sip:{MOBILE}@{here.sip[0]}"

    def invite(line: str = "") -> str:
        return phone.request(
            "INVITE",
            target,
            from_=f"<sip:{here.extension(2)}@{here.sip[0]}>;tag=own",
            headers=line,
            content=sdp(here.phone_address),
        )

    phone.send(invite(), here.sip)
    found = challenge_of(await phone.wait_status(407, "INVITE"), "Proxy-Authenticate", "SHA-256")
    proof = authorization(found, user, password, "INVITE", target)
    phone.send(invite(f"Proxy-Authorization: {proof}\r\n"), here.sip)
    await phone.wait_status(403, "INVITE")
    phone.close()
    assert fraud.carried() == []
