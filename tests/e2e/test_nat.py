"""Behind NAT: Via, Contact and SDP show the outside address, each trunk its own; sound arrives at our own address."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from bench.running_server import ROOT
from bench.scratch_config import toml_of
from tests.softswitch.sip.raw_peer import RawPeer, body, header, sdp, uri
from tests.stand import Terms, stand

pytestmark = pytest.mark.e2e

# Nobody holds 127.64.n.20 and up: what is shown there is translated by a router that this test does without.
TERMS = Terms(
    seats=1,
    greeting="",
    transport_extra='advertised_address = "{network}.20"',
    trunk_extra='options_ping = false\nmedia_address = "{network}.21"',
)


async def test_the_outside_address_is_shown_and_our_own_is_listened_at(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", TERMS) as here:
        network = f"127.64.{here.number}"
        trunk, sound = await RawPeer.open(here.trunk_address), await RawPeer.open(here.trunk_address)
        phone = await RawPeer.open(here.phone_address)
        try:
            invite = trunk.request("INVITE", here.hotline, content=sdp(trunk.address, sound.port))
            trunk.send(invite, here.sip)
            ok = await trunk.wait_status(200, "INVITE")
            assert re.match(rf"sip:[^@]+@{network}\.20:5060", uri(header(ok, "Contact")))
            shown = re.search(r"^c=IN IP4 (\S+)\r?\n(?:.*\n)*?m=audio (\d+) ", body(ok), re.MULTILINE)
            assert shown is not None
            assert shown[1] == f"{network}.21", "this trunk knows our sound by an address of its own"
            ack = trunk.request(
                "ACK",
                uri(header(ok, "Contact")),
                call_id=header(invite, "Call-ID"),
                from_=header(invite, "From"),
                to=header(ok, "To"),
            )
            trunk.send(ack, here.sip)
            async with asyncio.timeout(5):
                while not sound.arrived:
                    await asyncio.sleep(0.02)
            assert sound.arrived[0][1] == (f"{network}.1", int(shown[2])), "music comes from our own address"

            options = phone.request(
                "OPTIONS", f"sip:{network}.1", from_=f"<sip:x@{network}.3>;tag=1", to=f"<sip:{network}.1>"
            )
            phone.send(options, here.sip)
            assert f"{network}.21" not in await phone.wait_status(407), "another trunk's address is not told"
        finally:
            for peer in (trunk, sound, phone):
                peer.close()


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Terms(transport_extra='media_address = "203.0.113.9"'), "media_bind_address"),
        (Terms(trunk_extra='advertised_address = "0.0.0.0"'), "trunks.city.advertised_address"),
    ],
)
async def test_addresses_that_cannot_be_are_named_and_nothing_starts(
    tmp_path: Path, terms: Terms, words: str
) -> None:
    config = tmp_path / "machine.toml"
    config.write_text(toml_of(251, tmp_path, terms), encoding="utf-8")
    config.chmod(0o600)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "softswitch",
        "run",
        "--config",
        str(config),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert words in said.decode()
    assert not (tmp_path / "run").exists(), "not even its folder is made"
