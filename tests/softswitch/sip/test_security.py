"""TLS: calls and registrations over it, a certificate that changes meanwhile, and trunks that must prove themselves."""

import asyncio
import re
import ssl
import subprocess
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from api.certificate import LOOK_EVERY_S
from config.faults import ConfigFaults
from softswitch.settings.sip import TransportProtocol, TransportSettings
from softswitch.sip.events import InviteReceived, TrunkStateChanged
from softswitch.sip.security import check_security
from tests.softswitch.sip.digest_client import authorization, challenge_of
from tests.softswitch.sip.edge_stand import EDGE, PHONE, PLANE, SETTINGS, TRUNK, TRUNKS, Stand, running_edge
from tests.softswitch.sip.raw_peer import header, sdp, start_line, status


def make_certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """A self-signed pair for these names."""
    folder.mkdir(exist_ok=True)
    chain, key = folder / "chain.pem", folder / "key.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={','.join(names)}"),
            *("-keyout", str(key), "-out", str(chain)),
        ],
        check=True,
        capture_output=True,
    )
    return chain, key


def secure_settings(chain: Path, key: Path) -> TransportSettings:
    """A TLS listener on a port of the kernel's choice."""
    return TransportSettings(
        protocol=TransportProtocol.TLS,
        address=EDGE,
        port=0,
        media_address=PLANE[0],
        certificate=str(chain),
        private_key=str(key),
    )


@asynccontextmanager
async def secure_edge(folder: Path, **options: object) -> AsyncIterator[tuple[Stand, ssl.SSLContext]]:
    """An edge with a TLS listener behind the two others, and a client context that believes it."""
    chain, key = make_certificate(folder / "edge", f"IP:{EDGE}")
    settings = replace(SETTINGS, transports=(*SETTINGS.transports, secure_settings(chain, key)))
    async with running_edge(settings=settings, **options) as stand:
        yield stand, ssl.create_default_context(cafile=str(chain))


class SecurePeer:
    """One TLS connection that speaks raw SIP text."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, stand: Stand, context: ssl.SSLContext, address: str) -> "SecurePeer":
        """Connect and shake hands."""
        place = (EDGE, stand.edge.ports[2])
        return cls(
            *await asyncio.open_connection(*place, ssl=context, server_hostname=EDGE, local_addr=(address, 0))
        )

    async def ask(self, text: str) -> str:
        """Send a request, read one answer."""
        self.writer.write(text.replace("SIP/2.0/UDP", "SIP/2.0/TLS").encode())
        return await self.read()

    async def read(self) -> str:
        """One message."""
        async with asyncio.timeout(5):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"Content-Length: (\d+)", head)
            return head + (await self.reader.readexactly(int(length[1]) if length else 0)).decode()

    @property
    def certificate(self) -> bytes:
        """What the server showed."""
        shown = self.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        assert isinstance(shown, bytes)
        return shown


async def test_a_phone_registers_and_a_trunk_calls_over_tls(tmp_path: Path) -> None:
    async with secure_edge(tmp_path) as (stand, context):
        words = await stand.peer(PHONE)
        phone = await SecurePeer.open(stand, context, PHONE)
        target = f"sip:{EDGE}"
        to = f"<sip:phone1001@{EDGE}>"
        challenge = challenge_of(
            await phone.ask(words.request("REGISTER", target, to=to)), "WWW-Authenticate", "SHA-256"
        )
        proof = authorization(challenge, "phone1001", "secret-1001", "REGISTER", target)
        done = await phone.ask(
            words.request("REGISTER", target, to=to, headers=f"Authorization: {proof}\r\n", cseq=2)
        )
        assert start_line(done) == "SIP/2.0 200 OK"
        assert stand.edge.contacts("phone1001")[0].flow.protocol == "tls"
        trunk = await SecurePeer.open(stand, context, TRUNK)
        invite = words.request("INVITE", stand.uri(), content=sdp(TRUNK))
        assert status(await trunk.ask(invite)) == 100
        event = await stand.wait_event(InviteReceived)
        assert event.transport == "tls"
        stand.edge.reject(event.leg_id, 404)
        refused = await trunk.read()
        assert status(refused) == 404
        assert header(refused, "Via").startswith("SIP/2.0/TLS ")


async def test_a_new_certificate_is_shown_to_the_next_and_cuts_off_nobody(tmp_path: Path) -> None:
    async with secure_edge(tmp_path) as (stand, context):
        words = await stand.peer(TRUNK)
        first = await SecurePeer.open(stand, context, TRUNK)
        await asyncio.sleep(LOOK_EVERY_S)
        (tmp_path / "edge" / "chain.pem").write_text("half of a fi")
        still = await SecurePeer.open(stand, context, TRUNK)
        assert still.certificate == first.certificate
        await asyncio.sleep(LOOK_EVERY_S)
        chain, _ = make_certificate(tmp_path / "edge", f"IP:{EDGE}")
        second = await SecurePeer.open(stand, ssl.create_default_context(cafile=str(chain)), TRUNK)
        assert second.certificate != first.certificate
        for peer in (first, still, second):
            assert status(await peer.ask(words.request("OPTIONS", stand.uri()))) == 200


@pytest.mark.parametrize("spoken", ["old", "plain"])
async def test_what_is_not_tls_1_2_at_least_gets_no_connection(tmp_path: Path, spoken: str) -> None:
    async with secure_edge(tmp_path) as (stand, context):
        if spoken == "old":
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await SecurePeer.open(stand, context, PHONE)
        else:
            reader, writer = await asyncio.open_connection(EDGE, stand.edge.ports[2], local_addr=(PHONE, 0))
            writer.write(b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n")
            async with asyncio.timeout(5):
                assert b"SIP/2.0" not in await reader.read()
            writer.close()
        assert not stand.edge.statistics()["connections"]


Answering = Callable[[str], str]


@asynccontextmanager
async def far_trunk(chain: Path, key: Path) -> AsyncIterator[tuple[int, list[str]]]:
    """A trunk that listens by TLS and answers every request 200; its port, and what it was asked."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, key)
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not reader.at_eof():
            try:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
            except asyncio.IncompleteReadError:
                break
            asked.append(text)
            lines = [line for line in text.split("\r\n")[1:] if re.match("(Via|From|To|Call-ID|CSeq):", line)]
            writer.write(("\r\n".join(["SIP/2.0 200 OK", *lines, "Content-Length: 0"]) + "\r\n\r\n").encode())
        writer.close()

    server = await asyncio.start_server(serve, TRUNK, 0, ssl=context)
    yield server.sockets[0].getsockname()[1], asked
    server.close()


@pytest.mark.parametrize(
    ("names", "is_vouched_for", "is_up"),
    [((f"IP:{TRUNK}",), True, True), (("IP:127.62.0.77",), True, False), ((f"IP:{TRUNK}",), False, False)],
    ids=["itself", "another's name", "nobody vouches"],
)
async def test_a_trunk_is_up_only_if_it_proves_to_be_itself(
    tmp_path: Path, names: tuple[str, ...], is_vouched_for: bool, is_up: bool
) -> None:
    """Its certificate has to name the host of the settings and to come from the authority of the settings."""
    chain, key = make_certificate(tmp_path / "trunk", *names)
    authority = chain if is_vouched_for else make_certificate(tmp_path / "other", f"IP:{TRUNK}")[0]
    async with far_trunk(chain, key) as (port, asked):
        trunk = replace(
            TRUNKS[0],
            host=TRUNK,
            port=port,
            protocol=TransportProtocol.TLS,
            options_ping=True,
            certificate_authority=str(authority),
        )
        edge_chain, edge_key = make_certificate(tmp_path / "edge", f"IP:{EDGE}")
        settings = replace(
            SETTINGS,
            transports=(*SETTINGS.transports, secure_settings(edge_chain, edge_key)),
            options_interval_s=1.0,
            options_timeout_s=1.0,
        )
        async with running_edge(settings=settings, trunks=(trunk,)) as stand:
            told = await stand.wait_event(TrunkStateChanged)
            assert told.up is is_up
            assert bool(asked) is is_up
            for text in asked:
                assert header(text, "Via").startswith("SIP/2.0/TLS ")


def test_files_that_cannot_be_used_are_named_before_the_start(tmp_path: Path) -> None:
    chain, key = make_certificate(tmp_path, f"IP:{EDGE}")
    good, bad = secure_settings(chain, key), secure_settings(chain, tmp_path / "none.pem")
    trunk = replace(TRUNKS[0], host=TRUNK, protocol=TransportProtocol.TLS, certificate_authority=str(key))
    settings = replace(SETTINGS, transports=(good, bad))
    with pytest.raises(ConfigFaults) as caught:
        check_security(settings, (trunk,), Path("machine.toml"))
    assert [fault.path for fault in caught.value.faults] == [
        "sip.transports[1].certificate",
        "trunks.city.certificate_authority",
    ]
    assert "none.pem" in str(caught.value)
    check_security(SETTINGS, TRUNKS, Path("machine.toml"))
