"""Trunk calls from SIPp: speech from a pcap, delayed offers, holds, strangers, full trunks."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.running_server import ApiProblem
from tests import spectrum
from tests.peers import peers
from tests.sipp.runner import register, sipp, sipp_running
from tests.stand import Terms, stand

pytestmark = pytest.mark.e2e

PLAIN = Terms(seats=2, wrap_up_s=0.5, ring_time_s=5.0, greeting="", announce_agent=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="SIPp plays a pcap through raw sockets, which need root")
async def test_recorded_speech_of_a_sipp_caller_is_in_the_left_channel(tmp_path: Path) -> None:
    async with (
        stand(tmp_path / "stand", PLAIN) as here,
        peers(here, Manner(answer_s=0.1, tone_hz=1000)),
    ):
        await here.login(1)
        result = await sipp(
            "caller_speaks", here.sip, address=here.trunk_address, pause_ms=4000, timeout_s=20
        )
        assert result.code == 0, result.errors + result.messages
        call_id = (await here.wait_event("CallConnected"))["call_id"]
        detail = await here.wait_call(call_id)
        (left, right), _ = spectrum.read_channels(here.wav(detail["recordings"][0]))
        assert spectrum.level_dbfs(left) > -45
        assert spectrum.find_tone_spans(right, 1000)


@pytest.mark.parametrize("scenario", ["caller_without_offer", "caller_holds", "caller_updates"])
async def test_offer_and_answer_in_every_order(tmp_path: Path, scenario: str) -> None:
    """Delayed offer, hold by re-INVITE and by UPDATE: SIPp checks the direction that comes back."""
    async with stand(tmp_path / "stand", PLAIN) as here, peers(here, Manner(answer_s=0.1)):
        await here.login(1)
        result = await sipp(scenario, here.sip, address=here.trunk_address, pause_ms=700, timeout_s=15)
        assert result.code == 0, result.errors + result.messages
        assert "127.77." not in result.messages
        assert "127.78." not in result.messages, "an inner address was shown outside"
        call_id = (await here.wait_event("CallArrived"))["call_id"]
        assert (await here.wait_call(call_id))["call"]["ended_by"] == "caller"


async def test_a_transfer_that_a_far_end_asks_for_is_told_not_to_have_been_done(tmp_path: Path) -> None:
    """REFER is answered 202 and its NOTIFY says 501: nobody believes in a transfer, and the call goes on."""
    async with stand(tmp_path / "stand", PLAIN) as here, peers(here, Manner(answer_s=0.1)):
        await here.login(1)
        result = await sipp("caller_refers", here.sip, address=here.trunk_address, pause_ms=700, timeout_s=15)
        assert result.code == 0, result.errors + result.messages
        call_id = (await here.wait_event("CallArrived"))["call_id"]
        assert (await here.wait_call(call_id))["call"]["ended_by"] == "caller"


async def test_a_stranger_is_challenged_and_never_routed(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", PLAIN) as here:
        result = await sipp("caller_refused", here.sip, address=here.stranger_address, timeout_s=8)
        assert result.statuses()[-1] in {401, 407}, result.messages
        assert not here.seen("CallArrived")


async def test_a_number_that_leads_nowhere_is_refused_with_404(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", PLAIN) as here:
        result = await sipp(
            "caller_refused", here.sip, address=here.trunk_address, number="99999", timeout_s=8
        )
        assert result.statuses()[-1] == 404, result.messages


async def test_a_full_trunk_answers_503_with_retry_after(tmp_path: Path) -> None:
    async with (
        stand(tmp_path / "stand", Terms(seats=1, channels=1, greeting="")) as here,
        peers(here) as around,
    ):
        call, _ = await around.call()
        result = await sipp("caller_refused", here.sip, address=here.trunk_address, timeout_s=8)
        assert result.statuses()[-1] == 503, result.messages
        assert "Retry-After:" in result.messages
        await around.trunk.hang_up(call)


async def test_sipp_phones_register_with_digest_ring_answer_and_are_cancelled(tmp_path: Path) -> None:
    """A second implementation of a desk phone: MD5 digest, 180, 200, BYE; then a ringing one that is cancelled.

    The latter was asked to answer by the bar's button, and knows no such event.
    """
    terms = replace(PLAIN, algorithms=("MD5",), seat_extra='answers_by = "talk"')  # SIPp 3.6 knows MD5 alone
    async with stand(tmp_path / "stand", terms) as here, peers(here) as around:
        for seat, port in ((1, 5071), (2, 5072)):
            user, password = here.account(seat)
            result = await register(here.sip, user, password, address=here.phone_address, port=port)
            assert result.code == 0, result.errors + result.messages
        async with sipp_running(
            "phone_answers", here.sip, address=here.phone_address, port=5071, pause_ms=200, media_port=6100
        ) as answering:
            await here.login(1)
            call, call_id = await around.call()
            await here.wait_event("CallConnected", call_id=call_id)
            await around.trunk.hang_up(call)
            result = await answering.wait(5)
            assert result.code == 0, result.errors + result.messages
        await here.api.logout(here.agent(1))
        async with sipp_running(
            "phone_refuses_talk", here.sip, address=here.phone_address, port=5072, media_port=6200
        ) as ringing:
            await here.login(2)
            call, call_id = await around.call()
            await here.wait_agent(2, activity="ringing", call_id=call_id)
            await here.api.post(f"/v1/agents/{here.agent(2)}/answer")
            told = await here.wait_event("answer.refused", call_id=call_id, agent=here.agent(2))
            assert (told["cause"], told["sip_status"]) == ("refused", 489)
            with pytest.raises(ApiProblem, match="phone_answers_itself"):
                await here.api.post(f"/v1/agents/{here.agent(2)}/answer")
            await around.trunk.hang_up(call)
            result = await ringing.wait(5)
            assert result.code == 0, result.errors + result.messages
