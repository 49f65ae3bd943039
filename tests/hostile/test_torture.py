"""Every message of RFC 4475 and RFC 5118, by UDP and TCP, to the whole server."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.hostile.torture import DATA, Torture, messages
from tests.softswitch.sip.digest_client import authorization, challenge_of
from tests.softswitch.sip.raw_peer import RawPeer, header, start_line, status, values
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

PASSWORD = "of-the-torture-test"
ACCOUNTS = "".join(
    f"""
[[accounts]]
username = "{name}"
password = "{PASSWORD}"
extension = "{extension}"
media_networks = ["{{network}}.3/32"]
"""
    for name, extension in (("watson", "8091"), ("user", "8092"))
)
V6_PORT = 5080
SIXES = f"""
[[sip.transports]]
protocol = "udp"
address = "::1"
port = {V6_PORT}

[[trunks]]
name = "six"
addresses = ["::1/128"]
media_networks = ["2001:db8::/32"]
options_ping = false
"""
PORTS = (5060, 5050, 6050, 19823)
"""Where the top Vias of the messages want their answers."""


TERMS = Terms(seats=1, greeting="", announce_agent=False, extra=ACCOUNTS + SIXES)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """One server for all that comes by UDP."""
    async with stand(tmp_path_factory.mktemp("torture"), TERMS) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def there(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """One for all that comes by TCP: to the first, the same branches would be retransmissions."""
    async with stand(tmp_path_factory.mktemp("torture-tcp"), replace(TERMS, extra=ACCOUNTS)) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ears(here: Stand) -> AsyncIterator[list[RawPeer]]:
    """The trunk, on every port that an answer may go to; the first one sends."""
    peers = [await RawPeer.open(here.trunk_address, port) for port in PORTS]
    yield peers
    for peer in peers:
        peer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sixes() -> AsyncIterator[list[RawPeer]]:
    """The same on IPv6."""
    peers = [await RawPeer.open("::1", port) for port in PORTS]
    yield peers
    for peer in peers:
        peer.close()


def is_final(text: str) -> bool:
    """Whether a message is a final answer that is not our probe's."""
    return status(text) >= 200 and not header(text, "Call-ID").startswith("raw-")


def acknowledgement(answer: str) -> str:
    """The ACK of a refused INVITE, made of what the refusal repeats."""
    via = header(answer, "Via").split(",")[0]
    uri = re.sub(r"[<>]|;tag=.*", "", header(answer, "To").rpartition('"')[2].strip())
    lines = [
        f"ACK {uri} SIP/2.0",
        f"Via: {via}",
        "Max-Forwards: 70",
        *(f"{name}: {header(answer, name)}" for name in ("From", "To", "Call-ID")),
        f"CSeq: {header(answer, 'CSeq').split()[0]} ACK",
        "Content-Length: 0",
    ]
    return "\r\n".join(lines) + "\r\n\r\n"


@pytest.mark.parametrize("torture", messages(), ids=lambda torture: torture.name)
async def test_each_message_by_udp_has_its_answer_and_the_next_request_too(
    here: Stand, ears: list[RawPeer], torture: Torture
) -> None:
    """The answer that its section asks for, or none, and then 200 for an OPTIONS."""
    await _send_and_judge(ears, here.sip, torture)


@pytest.mark.parametrize(
    "torture",
    [each for each in messages() if each.name.startswith("rfc5118")],
    ids=lambda torture: torture.name,
)
async def test_each_message_of_rfc_5118_has_the_same_answer_by_ipv6_itself(
    here: Stand, sixes: list[RawPeer], torture: Torture
) -> None:
    """Sent from ::1 to ::1, with a branch of its own: to the first sender's, it would be a retransmission."""
    other = Torture(torture.name, torture.data.replace(b"z9hG4bK", b"z9hG4bKv6"), torture.outcome)
    await _send_and_judge(sixes, ("::1", V6_PORT), other)


async def _send_and_judge(ears: list[RawPeer], server: tuple[str, int], torture: Torture) -> None:
    sender = ears[0]
    for ear in ears:
        ear.arrived.clear()
    sender.send(torture.data, server)
    sender.send(sender.request("OPTIONS", f"sip:{HOTLINE}@hotline"), server)
    probe = await sender.wait(lambda text: status(text) == 200 and header(text, "Call-ID").startswith("raw-"))
    assert start_line(probe) == "SIP/2.0 200 OK"

    def finals() -> list[str]:
        return [text for ear in ears for text, _ in ear.arrived if is_final(text)]

    async with asyncio.timeout(5):
        while len(finals()) < len(torture.outcome.udp):
            await asyncio.sleep(0.005)
    for answer in finals():
        if header(answer, "CSeq").endswith("INVITE"):
            sender.send(acknowledgement(answer), server)
    assert tuple(status(answer) for answer in finals()) == torture.outcome.udp
    for answer in finals():
        assert status(answer) == 400 or "tag" in header(answer, "To"), "an answer without a tag of ours"
        if status(answer) == 420:
            assert set(values(answer, "Unsupported")) == {
                *("nothingSupportsThis", "nothingSupportsThisEither"),
                *("noProxiesSupportThis", "norDoAnyProxiesSupportThis"),
            }
        if status(answer) == 415:
            assert header(answer, "Accept") == "application/sdp"


@pytest.mark.parametrize("torture", messages(), ids=lambda torture: torture.name)
async def test_each_message_by_tcp_has_its_answer_and_leaves_the_server_whole(
    there: Stand, torture: Torture
) -> None:
    """As by UDP; where message boundaries are lost, the connection is closed behind the answer."""
    probes = await RawPeer.open(there.trunk_address)
    probe = probes.request("OPTIONS", there.hotline)
    reader, writer = await asyncio.open_connection(*there.sip, local_addr=(there.trunk_address, 0))
    writer.write(torture.data + probe.replace("SIP/2.0/UDP", "SIP/2.0/TCP").encode())
    finals: list[int] = []
    wanted = torture.outcome.tcp
    is_probe_answered, is_closed = torture.swallows, False
    received = b""
    async with asyncio.timeout(5):
        while not is_closed and not (is_probe_answered and len(finals) >= len(wanted)):
            block = await reader.read(4096)
            is_closed = not block
            received += block
            while b"\r\n\r\n" in received:
                text, _, received = received.partition(b"\r\n\r\n")
                answer = text.decode("utf-8", "surrogateescape")
                if is_final(answer):
                    finals.append(status(answer))
                is_probe_answered |= status(answer) == 200 and not is_final(answer)
    assert tuple(finals) == wanted
    assert torture.swallows or is_closed == torture.outcome.closes
    probes.send(probes.request("OPTIONS", there.hotline), there.sip)
    await probes.wait_status(200, "OPTIONS")
    writer.close()
    probes.close()


@pytest.mark.parametrize(
    ("name", "account", "wanted", "contact"),
    [
        ("cparam01", "watson", 200, "<sip:+19725552222@gw1.example.net>"),
        ("cparam02", "watson", 200, "<sip:+19725552222@gw1.example.net;unknownparam>"),
        ("regescrt", "user", 200, "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"),
        ("unksm2", "user", 400, ""),
        ("escnull", "user", 403, ""),  # a user of NULs is nobody's account
    ],
)
async def test_registrations_of_the_rfc_are_done_once_their_sender_has_proven_itself(
    here: Stand, name: str, account: str, wanted: int, contact: str
) -> None:
    """A parameter outside the brackets belongs to the header, one inside to the URI; escaped headers are kept."""
    peer = await RawPeer.open(here.phone_address)
    text = (DATA / "rfc4475" / f"{name}.dat").read_text("utf-8", "surrogateescape")
    text = re.sub(r"\r?\n", "\r\n", text).replace("branch=z9hG4bKkdjuw", f"branch=z9hG4bK{name};rport", 1)
    peer.send(text, here.sip)
    challenge = challenge_of(await peer.wait_status(401), "WWW-Authenticate", "SHA-256")
    target = text.split(" ")[1]
    proof = authorization(challenge, account, PASSWORD, "REGISTER", target)
    number = int(header(text, "CSeq").split()[0]) + 1
    again = text.replace(f"CSeq: {number - 1}", f"CSeq: {number}").replace(
        f"z9hG4bK{name}", f"z9hG4bK2{name}"
    )
    again = again.replace("\r\n", f"\r\nAuthorization: {proof}\r\n", 1)
    peer.send(again, here.sip)
    answer = await peer.wait(lambda message: status(message) >= 200)
    assert status(answer) == wanted
    if contact:
        assert contact in header(answer, "Contact")
    peer.close()


async def test_the_log_knows_of_no_exception(here: Stand, there: Stand) -> None:
    """Nothing of all this was a surprise, and no call of it is left: runs last."""
    for one in (here, there):
        assert not [line for line in one.server.log_lines() if line.get("level") in ("error", "critical")]
        assert "Traceback" not in one.server.log_tail(10_000_000)
        assert not await one.active_calls()
