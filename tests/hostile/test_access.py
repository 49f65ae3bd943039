"""Who tries to get in: scanners find nobody, guessers are shut out, and the real phone registers all the while."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bench.leash import LEASH
from tests.hostile.guesses import challenge, outcome, proof
from tests.softswitch.sip.raw_peer import RawPeer, header, tag
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

TERMS = Terms(seats=3, greeting="", announce_agent=False)
TOOLS = Path(__file__).parents[2] / ".venv" / "bin"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """One server that everybody tries to enter."""
    async with stand(tmp_path_factory.mktemp("access"), TERMS) as started:
        yield started


async def scan(tool: str, *words: str) -> str:
    """What a tool of sipvicious prints; it is stopped after a time that is enough to find what can be found.

    Only svmap binds as told; the others speak from 127.0.0.1, which is nobody here either.
    """
    process = await asyncio.create_subprocess_exec(
        *LEASH, "timeout", "--signal=INT", "--kill-after=5", "8", str(TOOLS / f"sipvicious_{tool}"), *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate()
    return printed.decode(errors="replace")


def found_users(printed: str) -> dict[str, str]:
    """User and remark of each line of svwar's table."""
    rows = [
        [cell.strip() for cell in line.split("|")[1:]] for line in printed.splitlines() if line[:1] == "|"
    ]
    return {row[0]: row[1] for row in rows if row[0].isdigit()}


@pytest_asyncio.fixture(loop_scope="module")
async def leaky(here: Stand) -> AsyncIterator[RawPeer]:
    """A registrar as it must not be: it knows 8001, and says of everybody else that there is no such user."""
    peer = await RawPeer.open(f"127.64.{here.number}.8", 5060)

    def answer(data: bytes, source: tuple[str, int]) -> None:
        text = data.decode()
        is_known = "8001@" in header(text, "To")
        line = 'WWW-Authenticate: Digest realm="x", nonce="1"\r\n' if is_known else ""
        peer.answer(text, 401 if is_known else 404, source, tag_value=tag(header(text, "From")), headers=line)

    peer.relay = answer
    yield peer
    peer.close()


async def test_svmap_learns_neither_product_nor_version(here: Stand) -> None:
    """It hears that a SIP server is there, which a challenge cannot hide, and nothing else."""
    printed = await scan("svmap", "-b", here.stranger_address, "-P", "5070", "-p", "5060", here.sip[0])
    (row,) = [line for line in printed.splitlines() if here.sip[0] in line]
    assert row.split("|")[2].strip() == "unknown", printed


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS"])
async def test_svwar_tells_no_seat_from_a_number_that_does_not_exist(
    here: Stand, leaky: RawPeer, method: str
) -> None:
    """8001 to 8003 exist, the rest does not.  Where one can be told, the tool tells it."""
    words = ("-m", method, "--force", "-e", "7998-8006")
    assert found_users(await scan("svwar", *words, leaky.address)) == {"8001": "reqauth"}
    printed = await scan("svwar", "-v", *words, here.sip[0])
    assert not found_users(printed), printed
    assert "SIP/2.0 40" in printed, "it never asked"


@pytest.mark.parametrize(
    "reuse", [(), pytest.param(("--reusenonce",), marks=pytest.mark.long)], ids=["a nonce each", "one nonce"]
)
async def test_svcrack_does_not_find_a_password_that_is_in_its_list(
    tmp_path: Path, reuse: tuple[str, ...]
) -> None:
    """At place 3 it is looked at (and its Contact refused, which is our own address); at place 40 nothing is.

    MD5: the tool knows nothing better.
    """
    terms = Terms(seats=3, greeting="", announce_agent=False, algorithms=("MD5",))
    async with stand(tmp_path, terms) as here:
        user, password = here.account(3)
        words = tmp_path / "words"
        for wrong in (2, 39):
            words.write_text("".join([f"guess-{number}\n" for number in range(wrong)]) + f"{password}\n")
            said = await scan(
                "svcrack", "-v", "-v", "--maximumtime=2", "-u", user, "-d", str(words), *reuse, here.sip[0]
            )
            assert "trying guess-0" in said, said
            assert ("SIP/2.0 403" in said) == (wrong == 2), said
            assert "SIP/2.0 200" not in said
            assert "The password for" not in said
        assert here.server.log_lines("sip.source_banned", source="127.0.0.1")
        phone = await RawPeer.open(here.phone_address)
        found = await challenge(phone, here, user, "MD5")
        assert await outcome(phone, here, proof(phone, here, user, password, found)) == 200
        phone.close()


async def test_a_guesser_is_shut_out_by_udp_and_tcp_and_everybody_else_is_not(here: Stand) -> None:
    user, password = here.account(1)
    guesser = await RawPeer.open(f"127.64.{here.number}.31")
    found = await challenge(guesser, here, user)
    said = [await outcome(guesser, here, proof(guesser, here, user, f"no-{n}", found)) for n in range(7)]
    assert said == [401] * 6 + [0]
    assert await outcome(guesser, here, proof(guesser, here, user, password, found)) == 0
    reader, writer = await asyncio.open_connection(*here.sip, local_addr=(guesser.address, 0))
    async with asyncio.timeout(5):
        assert await reader.read() == b"", "a banned source keeps a connection"
    writer.close()
    (line,) = here.server.log_lines("sip.source_banned", source=guesser.address)
    assert line["seconds"] == 300.0
    phone = await RawPeer.open(here.phone_address)
    found = await challenge(phone, here, user)
    assert await outcome(phone, here, proof(phone, here, user, password, found)) == 200
    for peer in (guesser, phone):
        peer.close()


async def test_nobody_is_shut_out_by_what_others_send_in_its_name(here: Stand) -> None:
    """Guesses from a phone's address with nonces that it never got: a forger's, who hears no answer."""
    user, password = here.account(2)
    elsewhere = await RawPeer.open(f"127.64.{here.number}.32")
    foreign = await challenge(elsewhere, here, user)
    phone = await RawPeer.open(f"127.64.{here.number}.33")
    for number in range(12):
        assert await outcome(phone, here, proof(phone, here, user, f"no-{number}", foreign)) == 401
        await asyncio.sleep(0.1)
    assert not here.server.log_lines("sip.source_banned", source=phone.address)
    found = await challenge(phone, here, user)
    assert await outcome(phone, here, proof(phone, here, user, password, found)) == 200
    for peer in (elsewhere, phone):
        peer.close()


async def test_a_nonce_count_rises_and_only_the_same_request_is_answered_again(here: Stand) -> None:
    """A recorded REGISTER, played again with another branch, is worth nothing."""
    user, password = here.account(2)
    phone = await RawPeer.open(f"127.64.{here.number}.34")
    found = await challenge(phone, here, user)
    first = proof(phone, here, user, password, found)
    assert await outcome(phone, here, first) == 200
    assert await outcome(phone, here, first) == 200, "a retransmission is answered"
    assert await outcome(phone, here, proof(phone, here, user, password, found, count=1)) == 401
    assert await outcome(phone, here, proof(phone, here, user, password, found, count=2)) == 200
    assert await outcome(phone, here, proof(phone, here, user, password, found, count=2)) == 401
    sha = await challenge(phone, here, user)
    as_md5 = dict(sha, algorithm="MD5")
    assert await outcome(phone, here, proof(phone, here, user, password, as_md5)) == 401, "a nonce of SHA-256"
    phone.close()
