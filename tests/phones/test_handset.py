"""Two pjsua2 phones talk to each other directly: the instruments of the sound tests are sound."""

import asyncio

import pytest

from tests import spectrum
from tests.phones.handset import HandsetFault, handset

pytestmark = pytest.mark.e2e


async def test_two_phones_hear_each_others_tone_and_a_hold_ends_and_comes_back() -> None:
    async with (
        handset("127.64.2.2", tone_hz=440) as caller,
        handset("127.64.2.3", tone_hz=700, codec="PCMU") as refusing,
        handset("127.64.2.4", tone_hz=1000) as phone,
    ):
        await phone.auto_answer(0.3)
        await caller.call(f"sip:8001@{phone.address}")
        await caller.wait_for("early", status=180)
        await caller.wait_for("confirmed")
        incoming = await phone.wait_for("incoming")
        assert "INVITE sip:8001@" in incoming["invite"]
        await asyncio.sleep(1.0)
        await phone.play_tone(1500)
        await asyncio.sleep(1.0)
        heard = await caller.recording()
        assert spectrum.find_tone_spans(heard, 1000)
        assert spectrum.find_tone_spans(heard, 1500)
        assert spectrum.dominant_tone(await phone.recording()) == pytest.approx(440, abs=1)
        since = len(phone.events)
        await caller.hold()
        await phone.wait_for("media", since=since, state="remote_hold")
        await caller.unhold()
        await phone.wait_for("media", since=since, state="active")
        await caller.send_dtmf("5")
        assert (await phone.wait_for("digit"))["digit"] == "5"
        await phone.hang_up()
        ended = await caller.wait_for("disconnected")
        assert ended["status"] == 200
        whole = await caller.recording()
        assert spectrum.find_tone_spans(whole, 1000)

        # Nothing in common: A-law against µ-law.
        since = len(caller.events)
        await caller.call(f"sip:8001@{refusing.address}")
        await caller.wait_for("disconnected", status=488, since=since)


async def test_a_refusal_a_fault_and_a_death_are_told_apart() -> None:
    async with handset("127.64.2.5") as phone, handset("127.64.2.6") as caller:
        with pytest.raises(HandsetFault, match="no call is up"):
            await phone.hang_up()
        await phone.decline(603)
        await caller.call(f"sip:1@{phone.address}")
        await caller.wait_for("disconnected", status=603)
        phone.kill()
        await phone.wait_for("died")
