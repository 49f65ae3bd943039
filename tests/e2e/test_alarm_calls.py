"""An alarm rings whoever is on duty, on real phones that hear it spoken and acknowledge it by a key."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bench.running_server import Json
from tests.conversation import Conversation, conversation, outbound_terms
from tests.e2e.test_business import ask
from tests.phones.handset import Handset
from tests.spoken import says
from tests.stand import Stand, Terms

pytestmark = [pytest.mark.e2e, pytest.mark.long]

QUICK = "\n[alarm_calls]\nring_s = 5\nnext_after_s = 1\nagain_after_s = 60\ntimes = 3\n"


def quick(terms: Terms | None = None) -> Terms:
    """Terms under which the next one is rung a second after the one before."""
    base = terms or Terms(seats=3, greeting="", announce_agent=False)
    return replace(base, extra=base.extra + QUICK)


async def put_on_duty(here: Stand, **numbers: str) -> None:
    """Put people on the roster in this order."""
    for position, (name, number) in enumerate(numbers.items(), 1):
        data = {"id": name, "name": f"值班{name}", "number": number, "position": position}
        status, answer, _ = await ask(here, "PUT", f"/v1/business/documents/duty/{name}", json={"data": data})
        assert status == 201, answer


async def press_until_noted(talk: Conversation, phone: Handset, since: int) -> Json:
    """Key 1 is pressed once the sentence has begun; the end of the call that this makes."""
    await phone.wait_for("confirmed", since=0)
    await asyncio.sleep(5.4)  # the sentence has been said once
    await phone.send_dtmf("1")
    return await talk.here.wait_event("alarm_call_ended", since=since, outcome="acknowledged", within_s=20)


async def test_who_refuses_is_followed_by_the_next_who_hears_it_and_presses_one(
    tmp_path: Path,
) -> None:
    async with conversation(tmp_path / "stand", quick()) as talk:
        here, one, two = talk.here, talk.phones["one"], talk.phones["two"]
        await one.decline(486)
        await put_on_duty(here, first=here.extension(1), second=here.extension(2))
        since = len(here.events)
        await here.api.post("/v1/alarms/test", {"detail": "演习"})
        await one.wait_for("incoming")
        assert not two.seen("incoming")
        await here.wait_event("alarm_call_ended", since=since, person="first", outcome="busy")
        ended = await press_until_noted(talk, two, since)
        assert (ended["person"], ended["alarms"]) == ("second", "test")
        noted = await here.wait_event("AlarmAcknowledged", since=since, alarm="test")
        assert noted["by"] == "值班second"
        await two.wait_for("disconnected")
        heard = await two.recording()
        for prompt in ("alarm_intro", "alarm_test", "alarm_press_one", "alarm_noted"):
            assert says(heard, prompt) > 0.95, prompt
        assert says(heard, "alarm_disk_low") < 0.7
        assert (await here.api.get("/v1/calls"))["items"] == []
        assert len(one.seen("incoming")) == 1


async def test_a_number_outside_is_rung_by_a_trunk_that_keeps_a_channel_for_callers(tmp_path: Path) -> None:
    """Who hears it and presses nothing is followed by the first again; acknowledging on the page ends the ringing."""
    terms = quick(replace(outbound_terms(), channels=2))
    terms = replace(terms, extra=terms.extra.replace("again_after_s = 60", "again_after_s = 10"))
    async with conversation(tmp_path / "stand", terms, agents=1, outside=True) as talk:
        here, outside, caller = talk.here, talk.phones["outside"], talk.phones["caller"]
        await put_on_duty(here, mobile="13900000002")
        await caller.call(here.hotline)
        await caller.wait_for("confirmed")
        since = len(here.events)
        await here.api.post("/v1/alarms/test", {})
        await here.wait_event("alarm_call_ended", since=since, outcome="no_way")
        assert not outside.seen("incoming")
        await caller.hang_up()
        await outside.wait_for("confirmed", within_s=15)
        await outside.hang_up()
        await here.wait_event("alarm_call_ended", since=since, outcome="not_acknowledged")
        await outside.order("manner", mode="ring")
        rang = len(outside.events)
        await outside.wait_for("incoming", since=rang, within_s=15)
        await here.api.post("/v1/alarms/test/acknowledge", {"by": "王芳"})
        await outside.wait_for("disconnected", since=rang)
        await here.wait_event("alarm_call_ended", since=since, outcome="cleared")


async def test_a_control_that_is_killed_rings_on(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand", quick(), agents=1) as talk:
        here, one = talk.here, talk.phones["one"]
        await one.ring_only()
        await put_on_duty(here, first=here.extension(1))
        await here.api.post("/v1/alarms/test", {})
        await one.wait_for("incoming")
        await asyncio.sleep(0.5)  # the group commit
        await one.auto_answer(0.1)  # the next call
        rang = len(one.events)
        here.server.kill("control")
        await asyncio.sleep(0.5)
        await here.wait_ready()
        since = len(here.events)
        await one.wait_for("incoming", since=rang, within_s=20)
        await one.wait_for("confirmed", since=rang)
        assert (await press_until_noted(talk, one, since))["person"] == "first"
