"""A trunk and a desk phone that both speak SIP over TCP: the same call, by another road."""

import asyncio
from pathlib import Path

import pytest

from tests import spectrum
from tests.phones.handset import handset
from tests.stand import Terms, stand

pytestmark = pytest.mark.e2e

CALLER_HZ, AGENT_HZ = 440, 1000


async def test_a_call_over_tcp_on_both_sides_talks_and_is_recorded(tmp_path: Path) -> None:
    terms = Terms(seats=1, greeting="", announce_agent=False)
    async with (
        stand(tmp_path / "stand", terms) as here,
        handset(here.trunk_address, tone_hz=CALLER_HZ, transport="tcp") as caller,
        handset(
            here.phone_address,
            account=here.account(1)[0],
            password=here.account(1)[1],
            registrar=here.registrar,
            tone_hz=AGENT_HZ,
            transport="tcp",
        ) as phone,
    ):
        assert await phone.register() == 200
        await phone.auto_answer(0.1)
        await here.login(1)
        await caller.call(f"{here.hotline};transport=tcp")
        call_id = (await here.wait_event("CallConnected"))["call_id"]
        (invited,) = here.server.log_lines("leg.invited", call_id=call_id)
        assert invited["source"].startswith(f"tcp {here.trunk_address}:")
        await asyncio.sleep(2.0)
        for end, hz in ((caller, AGENT_HZ), (phone, CALLER_HZ)):
            assert spectrum.dominant_tone((await end.recording())[-6000:]) == pytest.approx(hz, abs=5)
        await phone.hang_up()
        assert (await caller.wait_for("disconnected", within_s=3))["status"] == 200
        record = (await here.wait_call(call_id))["call"]
        assert (record["ended_by"], record["end_reason"]) == ("agent", "completed")
