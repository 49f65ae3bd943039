"""A recording follows the caller from answer to end, whoever talks: one file, and a table of who was heard when."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests import spectrum
from tests.conversation import MUSIC, TONES_HZ, conversation
from tests.peers import seconds

pytestmark = [pytest.mark.e2e, pytest.mark.long]

Json = dict[str, Any]
EDGE_S = 0.6
"""Around a change: the journal's moment, the tick of the plane, and what a jitter buffer still holds."""


async def test_hold_consult_conference_transfer_intercept_and_a_pause_are_one_file(tmp_path: Path) -> None:
    """Each stretch of the right channel has just the voices that the table names, the left one the caller's."""
    async with conversation(tmp_path / "stand", agents=3) as talk:
        here = talk.here
        agents = {here.agent(number): name for number, name in enumerate(("one", "two", "three"), 1)}
        await talk.begin()
        for agent in (2, 3):
            await here.login(agent, state="not_ready")
        await talk.wait_heard(caller={"one"})
        await talk.operate(1, "hold")
        await talk.wait_heard(caller={MUSIC})
        await talk.operate(1, "retrieve")
        await talk.operate(1, "consult", {"kind": "agent", "to": here.agent(2)})
        await here.wait_event("ConsultAnswered", to=here.agent(2))
        await talk.wait_heard(caller={MUSIC}, one={"two"}, two={"one"})
        await talk.operate(1, "conference")
        await talk.wait_heard(caller={"one", "two"})
        await talk.command("recording/pause", {"reason": "a password is said"})
        await asyncio.sleep(1.5)
        await talk.command("recording/resume", {"reason": "it was said"})
        await talk.wait_heard(caller={"one", "two"})
        await talk.operate(1, "hang-up")
        left_at = seconds((await here.wait_event("CallTransferred", to=here.agent(2)))["_at"])
        await talk.wait_heard(caller={"two"})
        await talk.command("intercept", {"supervisor": here.agent(3), "reason": "complaint"})
        await here.wait_event("CallIntercepted", supervisor=here.agent(3))
        await talk.wait_heard(caller={"three"}, three={"caller"})
        await talk.phones["caller"].hang_up()
        detail = await here.wait_call(talk.call_id)

        (recording_id,) = detail["recordings"]
        (left, right), rate = spectrum.read_channels(here.wav(recording_id))
        answered, ended = (seconds(detail["call"][name]) for name in ("answered_at", "ended_at"))
        assert len(left) / rate == pytest.approx(ended - answered, abs=0.3)
        stretches = _stretches(detail["events"], answered, ended)
        assert {heard for _, _, _, heard in stretches} >= {
            (),
            (here.agent(1),),
            (here.agent(1), here.agent(2)),
            (here.agent(2),),
            (here.agent(3),),
        }
        for begins, ends, caller, heard in stretches:
            if ends - begins < 2 * EDGE_S + 0.5:
                continue
            span = slice(round((begins + EDGE_S) * rate), round((ends - EDGE_S) * rate))
            assert _voices(right[span]) == {agents[agent] for agent in heard}, (begins, ends, heard)
            assert _voices(left[span]) == ({"caller"} if caller else set()), (begins, ends)
        segments = {row["agent"]: row for row in detail["segments"]}
        assert list(segments) == list(agents)
        assert seconds(segments[here.agent(1)]["ended_at"]) == pytest.approx(left_at, abs=0.1), (
            "talk ends there"
        )
        assert [
            row["data"]["reason"] for row in detail["events"] if row["kind"].startswith("RecordingPaused")
        ] == ["a password is said"]


def _stretches(
    events: list[Json], answered: float, ended: float
) -> list[tuple[float, float, str, tuple[str, ...]]]:
    """From, to (seconds in the file), the caller's label and the agents' of each line of the table."""
    rows = [
        (seconds(row["at"]) - answered, row["data"]["left"], tuple(row["data"]["right"].split()))
        for row in events
        if row["kind"] == "RecordingSegmentStarted"
    ]
    ends = [*[row[0] for row in rows[1:]], ended - answered]
    return [(at, end, left, right) for (at, left, right), end in zip(rows, ends, strict=True)]


def _voices(sound: spectrum.Samples) -> set[str]:
    return {name for name, hz in TONES_HZ.items() if spectrum.tone_level_dbfs(sound, hz) > -35}
