"""Parts of a running node that no longer agree are brought together: by hand each difference is made, by itself each ends."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.peers.call import Call
from softswitch.operations.reconciliation import What
from tests import spectrum
from tests.bad_weather import left_over
from tests.peers import Peers, peers
from tests.readings import scrape, value
from tests.stand import Stand, Terms, stand
from tests.wounds import Order, prepare, wound

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=4, wrap_up_s=0.0, ring_time_s=60.0, greeting="", announce_agent=False, spare_legs=64)
TALKS, RINGS = Manner(answer_s=0.0), Manner(answer_s=None)
WAITING = ("forgotten", "left_outside", "without_cell", "without_sound", "without_place")


async def cells_for_all(here: Stand) -> None:
    """Each leg has to be alone in its cell, for some of them die."""
    async with asyncio.timeout(20):
        while value(await scrape(here), "cells") < 14:
            await asyncio.sleep(0.2)


async def callers(here: Stand, around: Peers) -> dict[str, tuple[Call, str]]:
    """Everybody whom a wound is for: two talks, a phone that rings, and five who wait."""
    found: dict[str, tuple[Call, str]] = {}
    for agent, name in enumerate(("unrecorded", "deserted"), 1):
        await here.login(agent)
        found[name] = await around.call()
        await here.wait_event("CallConnected", call_id=found[name][1])
        await here.api.not_ready(here.agent(agent))
    await here.login(3)
    found["unrung"] = await around.call()
    await here.wait_agent(3, activity="ringing")
    await here.login(4, state="not_ready")
    for name in WAITING:
        found[name] = await around.call()
    return found


def expected(here: Stand, order: Order) -> set[tuple[str, str]]:
    """What has to be healed, and the subject of each."""
    legs = {line["call_id"]: line["leg_id"] for line in here.server.log_lines("leg.placed", role="customer")}
    (agent_leg,) = here.server.log_lines("leg.placed", call_id=order.unrecorded, role="agent")
    recordings = {event["call_id"]: event["recording_id"] for event in here.seen("RecordingStarted")}
    (offered,) = [event for event in here.seen("CallOffered") if event["call_id"] == order.unrung]
    found = {
        (What.STRAY_IN_CELL, legs[order.forgotten]),
        (What.STRAY_OUTSIDE, legs[order.left_outside]),
        (What.LEG_WITHOUT_CELL, legs[order.without_cell]),
        (What.LEG_WITHOUT_SOUND, legs[order.without_sound]),
        (What.CALL_WITHOUT_PLACE, order.without_place),
        (What.LOST_RECORDING, recordings[order.unrecorded]),
        (What.AGENT_IDLE_IN_CALL, agent_leg["leg_id"]),
        (What.AGENT_NOT_IN_CALL, order.deserted),
        (What.OFFER_WITHOUT_LEG, offered["offer"]),
        (What.AGENT_IN_NO_CALL, order.engaged),
    }
    for call_id in (order.forgotten, order.left_outside):
        found |= {
            (What.STRAY_CONTACT, call_id),
            (What.STRAY_CHANNEL, call_id),
            (What.STRAY_IN_PLANE, legs[call_id]),
            (What.STRAY_RECORDING, recordings[call_id]),
        }
    assert {what for what, _ in found} == set(What), "a new kind has to come about here too"
    return {(what.value, subject) for what, subject in found}


async def test_whatever_the_parts_disagree_about_is_healed_counted_and_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaked ports and channels, orphaned recordings, dead cells that nobody heard of, callers and agents who were lost.

    Callers of whom nothing is left hear a BYE, the others are served, and afterwards nothing is left of anybody.
    """
    monkeypatch.setenv("PYTHONPATH", str(prepare(tmp_path)))
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, TALKS, TALKS, RINGS, TALKS) as around,
    ):
        monkeypatch.delenv("PYTHONPATH")
        await cells_for_all(here)
        found = await callers(here, around)
        order = Order(engaged=here.agent(4), **{name: call_id for name, (_, call_id) in found.items()})
        wanted = expected(here, order)
        since = len(here.events)
        wound(here.server.pids()["control"], tmp_path, order)

        async with asyncio.timeout(60):
            while len(here.seen("DifferenceHealed")) < len(wanted):
                await asyncio.sleep(0.1)
        healed = [(event["what"], event["subject"]) for event in here.seen("DifferenceHealed")]
        assert sorted(healed) == sorted(wanted)

        async with asyncio.timeout(5):
            for name in ("forgotten", "left_outside", "without_cell", "without_sound"):
                assert await found[name][0].ended == "far end hung up", name
        for name in ("unrecorded", "deserted", "unrung", "without_place"):
            assert not found[name][0].ended.done(), name
        await here.wait_agent(1, activity="engaged")
        await here.wait_agent(2, activity="idle")
        await here.wait_event("CallOffered", since=since, call_id=order.unrung)
        await here.api.ready(here.agent(4))
        await here.wait_event("CallConnected", since=since, call_id=order.without_place, agent=here.agent(4))

        await assert_counted_and_written_down(here, wanted)
        for name in ("unrecorded", "deserted", "unrung", "without_place"):
            await around.trunk.hang_up(found[name][0])
        await here.wait_agent(1, activity="idle")
        left = {"not looked yet": 1.0}
        async with asyncio.timeout(10):
            while left:
                await asyncio.sleep(0.2)
                left = await left_over(here)
        for started in here.seen("RecordingStarted"):
            recording_id, call_id = started["recording_id"], started["call_id"]
            state = (await here.recording(recording_id))["state"]
            assert state == ("crash" if call_id == order.unrecorded else "done"), call_id
            assert spectrum.read_channels(here.wav(recording_id))[0][0].size


async def assert_counted_and_written_down(here: Stand, wanted: set[tuple[str, str]]) -> None:
    """On `/health`, as metrics, as an alarm of each kind, and in the journal."""
    counts = Counter(what for what, _ in wanted)
    health = await here.api.health()
    assert health is not None
    assert {part["name"]: part["detail"] for part in health["parts"]}["reconciliation"] == (
        f"healed={len(wanted)}"
    )
    samples = await scrape(here)
    assert {what: value(samples, "differences_healed_total", what=what) for what in counts} == counts
    for what in counts:
        await here.wait_event("AlarmRaised", alarm="state_healed", subject=what)
    async with asyncio.timeout(5):
        while sorted(written(here)) != sorted(wanted):
            await asyncio.sleep(0.1)


def written(here: Stand) -> list[tuple[str, str]]:
    """What the journal says was healed."""
    with closing(sqlite3.connect(here.server.data_dir / "hotline.sqlite")) as database:
        return database.execute(
            "SELECT data ->> 'what', data ->> 'subject' FROM journal WHERE kind = 'DifferenceHealed'"
        ).fetchall()
