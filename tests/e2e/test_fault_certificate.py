"""A certificate that broke before a restart of control: everything but TLS goes on, and TLS too once it is mended."""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from tests.peers import peers
from tests.softswitch.sip.test_security import make_certificate
from tests.stand import Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TLS_PORT = 5061
TERMS = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False)


async def test_control_starts_without_its_certificate_and_takes_it_up_when_it_is_there(
    tmp_path: Path,
) -> None:
    """The talk goes on, new calls are served, an alarm stands until the files are whole again."""
    chain, key = make_certificate(tmp_path / "tls", "IP:127.0.0.1")
    whole = chain.read_bytes()
    listener = f'[[sip.transports]]\nprotocol = "tls"\naddress = "{{network}}.1"\nport = {TLS_PORT}\n'
    extra = f'{listener}certificate = "{chain}"\nprivate_key = "{key}"\n'
    client = ssl.create_default_context(cafile=str(chain))
    client.check_hostname = False
    async with (
        stand(tmp_path / "stand", replace(TERMS, extra=extra)) as here,
        peers(here, Manner(answer_s=0.0)) as around,
    ):

        async def shake_hands() -> None:
            _, writer = await asyncio.open_connection(here.sip[0], TLS_PORT, ssl=client)
            writer.close()

        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        await shake_hands()
        chain.write_bytes(whole[:100])
        since = len(here.events)
        here.server.kill("control")
        await here.wait_event("AlarmRaised", since=since, alarm="certificate_refused", within_s=15)
        with pytest.raises((OSError, ssl.SSLError)):
            await shake_hands()
        assert not call.ended.done()
        await around.trunk.hang_up(call)
        await here.wait_call(call_id)
        again, again_id = await around.call()
        await here.wait_event("CallConnected", since=since, call_id=again_id)
        chain.write_bytes(whole)
        await here.wait_event("AlarmCleared", since=since, alarm="certificate_refused", within_s=15)
        await shake_hands()
        await around.trunk.hang_up(again)
