"""What a caller goes through who waits: the operator's own words, the place in the line, music, a busy phone."""

import asyncio
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.desk_phones import Manner
from bench.running_server import Json
from tests import spectrum
from tests.peers import CALLER, alaw_samples, peers
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = pytest.mark.e2e

GREETING_HZ, AGENT_HZ = 620, 1000


def announced(here: Stand, call_id: str) -> list[list[str]]:
    """The prompts that were played to a call, in order, as the log has them."""
    return [list(line["prompts"]) for line in here.server.log_lines("call.announcing", call_id=call_id)]


async def test_an_operator_replaces_a_prompt_by_a_file_of_the_same_name(tmp_path: Path) -> None:
    """A tone at another rate stands in a later folder as `welcome.wav`: callers hear it as their greeting."""
    own = tmp_path / "prompts"
    own.mkdir()
    turns = np.arange(2 * 16000) * 2 * np.pi * GREETING_HZ / 16000
    soundfile.write(str(own / "welcome.wav"), 0.3 * np.sin(turns), 16000, subtype="PCM_16")
    terms = Terms(seats=1, media_extra=f'prompt_dirs = ["config/prompts/zh", "{own}"]')
    async with stand(tmp_path / "stand", terms) as here, peers(here) as around:
        call = await around.trunk.call(HOTLINE, CALLER)
        assert await call.answered == 200
        await here.wait_event("CallQueued", within_s=10)
        await asyncio.sleep(0.3)
        spans = spectrum.find_tone_spans(alaw_samples(bytes(call.stream.heard)), GREETING_HZ)
        assert sum(end - start for start, end in spans) == pytest.approx(2.0, abs=0.2)


@pytest.mark.long
async def test_callers_hear_their_place_again_and_again_and_music_between(tmp_path: Path) -> None:
    terms = Terms(seats=1, greeting="", position_every_s=4.0)
    async with stand(tmp_path / "stand", terms) as here, peers(here) as around:
        first, first_id = await around.call("13800000001")
        second, second_id = await around.call("13800000002")
        await asyncio.sleep(9.5)
        assert announced(here, first_id) == [["position_next"]] * 3
        ahead_of_second = ["position_before", "n_1", "position_after"]
        assert announced(here, second_id)[0] == ["queue_wait", *ahead_of_second]
        assert set(map(tuple, announced(here, second_id)[1:])) == {tuple(ahead_of_second)}
        await around.trunk.hang_up(first)
        await here.wait_event("CallEnded", call_id=first_id)
        before = len(announced(here, second_id))
        async with asyncio.timeout(6):
            while len(announced(here, second_id)) == before:
                await asyncio.sleep(0.1)
        assert announced(here, second_id)[-1] == ["position_next"], "who was second is next now"
        heard = alaw_samples(bytes(second.stream.heard))
        quiet = [spectrum.level_dbfs(heard[at : at + 8000]) < -45 for at in range(0, len(heard) - 8000, 8000)]
        assert not any(quiet), "nobody ever waits in silence"


async def test_the_only_agent_is_offered_the_caller_again_after_a_short_delay_when_the_phone_declined(
    tmp_path: Path,
) -> None:
    terms = Terms(seats=1, greeting="", announce_agent=False, decline_delay_s=1.0)
    async with stand(tmp_path / "stand", terms) as here, peers(here, Manner(refuse_with=603)) as around:
        await here.login(1)
        _, call_id = await around.call()
        ended = await here.wait_event("OfferEnded", call_id=call_id)
        assert ended["cause"] == "declined"
        agent = await here.wait_agent(1, presence="ready", activity="idle")
        assert agent["reason"] == ""
        async with asyncio.timeout(4):
            while len(around.phones[0].invited_at) < 2:
                await asyncio.sleep(0.02)
        first, second = around.phones[0].invited_at[:2]
        assert 0.9 < second - first < 1.8


async def test_a_phone_that_holds_leaves_the_caller_with_music_and_takes_the_talk_back(
    tmp_path: Path,
) -> None:
    terms = Terms(seats=1, greeting="", announce_agent=False)
    async with stand(tmp_path / "stand", terms) as here, peers(here, Manner(tone_hz=AGENT_HZ)) as around:
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        await asyncio.sleep(1.2)
        phone = around.phones[0]

        def newest(seconds: float) -> spectrum.Samples:
            return alaw_samples(bytes(call.stream.heard))[-round(seconds * 8000) :]

        assert spectrum.dominant_tone(newest(0.8)) == pytest.approx(AGENT_HZ, abs=5)
        assert await phone.agent.re_invite(phone.calls[0], "sendonly") == 200
        await asyncio.sleep(1.2)
        assert not spectrum.find_tone_spans(newest(0.8), AGENT_HZ), "the agent is heard though on hold"
        assert spectrum.level_dbfs(newest(0.8)) > -45, "a caller on hold hears music"
        assert await phone.agent.re_invite(phone.calls[0], "sendrecv") == 200
        await asyncio.sleep(1.2)
        assert spectrum.dominant_tone(newest(0.8)) == pytest.approx(AGENT_HZ, abs=5)
        await around.trunk.hang_up(call)
        record = (await here.wait_call(call_id))["call"]
        assert record["talk_s"] > 3.0


async def test_a_caller_beyond_the_queue_limit_is_told_so_and_not_kept(tmp_path: Path) -> None:
    terms = Terms(seats=1, greeting="", queue_limit=1)
    async with stand(tmp_path / "stand", terms) as here, peers(here) as around:
        await around.call("13800000001")
        call = await around.trunk.call(HOTLINE, "13800000002")
        assert await call.answered == 200
        ended = await here.wait_event("CallEnded", within_s=15)
        assert announced(here, ended["call_id"]) == [["busy_later"]]
        record = await _closed(here, ended["call_id"])
        assert (record["end_reason"], record["ended_by"]) == ("queue_full", "system")
        async with asyncio.timeout(3):
            assert await call.ended == "far end hung up"


async def test_numbers_come_in_their_normal_form_whatever_the_trunk_writes(tmp_path: Path) -> None:
    """E.164 with P-Asserted-Identity, a forward kept with the call, and a caller who wants not to be shown."""
    terms = Terms(seats=1, greeting="")
    async with stand(tmp_path / "stand", terms) as here, peers(here) as around:
        agent, sip = around.trunk.agent, here.sip
        cases: list[tuple[str, str, tuple[tuple[str, str], ...], Json]] = [
            (
                "+8651012345",
                "+8613812345678",
                (),
                {"caller": "13812345678", "called": "12345", "presented": "13812345678"},
            ),
            (
                "12345",
                "85551234",
                (("Diversion", f"<sip:051085550000@{sip[0]}>;reason=unconditional"),),
                {"caller": "051085551234", "called": "12345"},
            ),
            (
                "12345",
                "anonymous",
                (("P-Asserted-Identity", "<tel:+86-510-8555-1234>"), ("Privacy", "id")),
                {"caller": "051085551234", "presented": ""},
            ),
        ]
        for dialled, caller, headers, wanted in cases:
            call = await agent.call(f"sip:{dialled}@{sip[0]}:{sip[1]}", caller, peer=sip, headers=headers)
            assert await call.answered == 200
            arrived = await here.wait_event("CallArrived", sip_call_id=call.call_id)
            assert wanted.items() <= arrived.items()
            assert bool(arrived["diversion"]) == any(name == "Diversion" for name, _ in headers)
            await around.trunk.hang_up(call)
            record = await _closed(here, arrived["call_id"])
            assert wanted.items() <= record.items()
        page = await here.api.get("/v1/calls", number="051085551234")
        assert len(page["items"]) == 2
        assert re.search("051085550000", str(page["items"])), "whence the call was forwarded stays with it"


async def _closed(here: Stand, call_id: str) -> Json:
    """A call's record once it has its end."""
    async with asyncio.timeout(5):
        while not (record := (await here.api.call(call_id))["call"])["ended_at"]:
            await asyncio.sleep(0.05)
    return dict(record)
