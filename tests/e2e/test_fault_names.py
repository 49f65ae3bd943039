"""The name service is gone: trunks keep their last good addresses, over a restart of control too."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.loopback import claimed
from bench.peers.call import Call
from bench.peers.rtp_stream import Pacer, alaw_tone
from bench.peers.user_agent import UserAgent
from tests.aftermath import judge_aftermath
from tests.name_server import NameServer, asking
from tests.peers import Peers, peers
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

HOST = "gateway.city.example"
NUMBERS = range(200, 220)
TERMS = Terms(
    seats=2,
    wrap_up_s=0.0,
    greeting="",
    announce_agent=False,
    options_interval_s=0.5,
    sip_extra="names_again_s = 0.5",
    trunk_extra=f'options_ping = true\nhost = "{HOST}"\nport = 5080',
    extra='[[outbound]]\nname = "mobile"\npattern = "1[3-9]\\\\d{9}"\ntrunk = "city"\n',
    seat_extra='outbound = ["mobile"]',
)


async def dial_out(here: Stand, around: Peers, trunk: UserAgent) -> None:
    """The second agent reaches a number behind the trunk, and hangs up."""
    arrived: asyncio.Future[Call] = asyncio.get_running_loop().create_future()

    def answer(call: Call) -> None:
        trunk.answer(call)
        arrived.set_result(call)

    trunk.on_invite = answer
    await here.api.post(f"/v1/agents/{here.agent(2)}/dial", {"number": "13900000002"})
    target = await asyncio.wait_for(arrived, 5)
    await asyncio.wait_for(target.answered, 5)
    phone = around.phones[1]
    await phone.agent.hang_up(phone.calls[-1])
    await here.wait_agent(2, activity="idle")


async def test_calls_go_on_without_a_name_service_and_a_trunk_that_moved_is_found_again(
    tmp_path: Path,
) -> None:
    """A real resolver of the C library asks a real name service, which swallows questions and comes back."""
    with claimed("names", NUMBERS) as number:
        network = f"127.64.{number}"
        terms = replace(TERMS, media_via=(f"{network}.5/32",))
        names = await NameServer.open(f"{network}.8", {HOST: f"{network}.2"})
        under = asking(f"{network}.8", tmp_path)
        pacer = Pacer()
        trunk = await UserAgent.open(pacer, alaw_tone(440), f"{network}.2", 5080)
        moved: UserAgent | None = None
        try:
            async with (
                stand(tmp_path / "stand", terms, number=number, under=under) as here,
                peers(here, Manner(answer_s=0.0), Manner(answer_s=0.0)) as around,
            ):
                await here.login(2, state="not_ready")
                await dial_out(here, around, trunk)
                names.is_silent = True
                names.asked.clear()
                await here.login(1)
                call, call_id = await around.call()
                await here.wait_event("CallConnected", call_id=call_id)
                async with asyncio.timeout(10):
                    while len(names.asked) < 2:
                        await asyncio.sleep(0.05)
                await dial_out(here, around, trunk)
                assert await around.phones[0].register() == 200

                old = here.server.kill("control")
                async with asyncio.timeout(10):
                    while here.server.pids().get("control") in (old, None):
                        await asyncio.sleep(0.02)
                await here.wait_ready(within_s=15)
                await dial_out(here, around, trunk)
                assert not call.ended.done()

                await trunk.close()
                moved = await UserAgent.open(pacer, alaw_tone(440), f"{network}.5", 5080)
                names.records[HOST] = f"{network}.5"
                names.is_silent = False
                async with asyncio.timeout(15):
                    while not here.server.log_lines("sip.host_resolved", address=f"{network}.5"):
                        await asyncio.sleep(0.1)
                async with asyncio.timeout(5):  # it may have been called down while it moved
                    while (told := here.seen("TrunkStateChanged")) and not told[-1]["up"]:
                        await asyncio.sleep(0.05)
                await dial_out(here, around, moved)
                await around.trunk.hang_up(call)
                assert (await here.wait_call(call_id))["call"]["end_reason"] == "completed"
                await judge_aftermath(here)
        finally:
            names.close()
            await trunk.close()
            if moved is not None:
                await moved.close()
