"""A phone that stays off the hook (nailed-up line), on real phones: what its agent hears as calls come and go."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests import spectrum
from tests.conversation import TERMS, Conversation, conversation
from tests.e2e.test_upkeep import command

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TONE_HZ = 880


async def _connected(talk: Conversation, since: int) -> str:
    event = await talk.here.wait_event("CallConnected", since=since, agent=talk.here.agent(1))
    return str(event["call_id"])


async def test_calls_are_joined_to_the_line_with_a_tone_and_leave_it_standing(tmp_path: Path) -> None:
    """One INVITE for the whole shift, over a control that is killed; the agent puts the phone down in the end."""
    terms = replace(TERMS, seat_extra='answers_by = "line"', wrap_up_s=0.0)
    async with conversation(tmp_path / "stand", terms, agents=1) as talk:
        here, one, caller = talk.here, talk.phones["one"], talk.phones["caller"]
        await here.login(1)
        await one.wait_for("confirmed")
        await here.wait_agent(1, presence="ready", reachable=True)
        await one.recording()

        await caller.call(here.hotline)
        ringing = await here.wait_agent(1, activity="ringing")
        assert "answer" in ringing["allowed"]
        await talk.heard()  # for a while
        tones = spectrum.find_tone_spans(await one.recording(), TONE_HZ, window_s=0.05)
        assert tones, "the agent hears that somebody calls"
        since = len(here.events)
        await talk.operate(1, "answer")
        talk.call_id = await _connected(talk, since)
        await talk.wait_heard(caller={"one"}, one={"caller"})

        since = len(here.events)
        here.server.kill("control")
        await here.wait_snapshot(since=since)
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await talk.operate(1, "hang-up")
        await caller.wait_for("disconnected")
        await here.wait_call(talk.call_id)
        await here.wait_agent(1, presence="ready", activity="idle")
        await talk.wait_heard(one=set())

        events = len(caller.events)
        await caller.call(here.hotline)
        await here.wait_agent(1, activity="ringing")
        since = len(here.events)
        await talk.operate(1, "answer")
        talk.call_id = await _connected(talk, since)
        await talk.wait_heard(caller={"one"}, one={"caller"})
        assert (len(one.seen("incoming")), len(one.seen("disconnected"))) == (1, 0)

        await one.hang_up()
        await caller.wait_for("disconnected", since=events)
        away = await here.wait_agent(1, presence="not_ready", activity="idle")
        assert (away["reason"], away["reachable"]) == ("line_down", False)
        await here.api.ready(here.agent(1))
        await here.wait_agent(1, presence="ready", activity="idle")
        assert len(one.seen("incoming")) == 2


async def test_a_line_may_join_its_calls_by_itself_after_the_tone(tmp_path: Path) -> None:
    """And a system that is drained hangs it up in the end."""
    terms = replace(TERMS, seat_extra='answers_by = "line_auto"')
    async with conversation(tmp_path / "stand", terms, agents=1) as talk:
        here, one = talk.here, talk.phones["one"]
        await here.login(1)
        await here.wait_agent(1, presence="ready")
        await one.recording()
        since = len(here.events)
        await talk.phones["caller"].call(here.hotline)
        talk.call_id = await _connected(talk, since)
        await talk.wait_heard(caller={"one"}, one={"caller"})
        heard = await one.recording()
        (tone,) = spectrum.find_tone_spans(heard, TONE_HZ, window_s=0.05)
        voice = spectrum.find_tone_spans(heard, 440)
        assert tone[1] < voice[0][0] + 0.1, "the tone, then the caller"
        await talk.phones["caller"].hang_up()
        await here.wait_call(talk.call_id)
        await here.wait_agent(1, presence="wrap_up")
        code, text = await command(here.server, "drain", "--most-s", "30")
        assert code == 0, text
        await one.wait_for("disconnected")
        assert await here.server.process.wait() == 0, "a line that stands keeps no system from its rest"
