"""One call told by the log alone: every step, in order, under one id; and nothing that nobody may read."""

import json
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.scratch_config import TOKEN
from tests.peers import peers
from tests.stand import Terms, stand

pytestmark = pytest.mark.e2e

STEPS = [
    "call.arrived",
    "leg.invited",
    "leg.placed",
    "call.answered",
    "recording.started",
    "leg.media_agreed",
    "leg.confirmed",
    "call.announcing",
    "call.queued",
    "call.offered",
    "leg.placed",
    "leg.ringing",
    "offer.accepted",
    "call.announcing",
    "call.connected",
    "call.ended",
    "leg.ending",
    "leg.ended",
    "recording.closed",
]


@pytest.mark.long
async def test_every_step_of_a_call_is_in_the_log_under_its_one_id(tmp_path: Path) -> None:
    async with (
        stand(tmp_path / "stand", Terms(seats=1)) as here,
        peers(here, Manner(answer_s=0.3, talk_s=4.0)) as around,
    ):
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        await call.ended
        await here.wait_call(call_id)
        told = [line["event"] for line in here.server.log_lines(call_id=call_id)]
        rest = iter(told)
        assert all(step in rest for step in STEPS), f"a step is missing or out of order: {told}"
        roles = [line["role"] for line in here.server.log_lines("leg.ended", call_id=call_id)]
        assert sorted(roles) == ["agent", "customer"]
        placed = here.server.log_lines("leg.placed", call_id=call_id)
        assert len({line["cell_id"] for line in placed}) == 2, "the legs of one call never share a cell"
        states = [
            (line["presence"], line["activity"])
            for line in here.server.log_lines("agent.state_changed", call_id=call_id)
        ]
        assert states == [("ready", "reserved"), ("ready", "ringing"), ("ready", "talking")]
        detail = await here.api.call(call_id)
        assert "OfferAccepted" in [entry["kind"] for entry in detail["events"]]
    whole = (tmp_path / "stand" / "server.log").read_text(encoding="utf-8")
    lines = [json.loads(text) for text in whole.splitlines()]
    assert {line["process"] for line in lines} == {"launcher", "nursery", "plane-0", "control"}
    assert all(line["timestamp"] and line["level"] and line["event"] for line in lines)
    assert [line for line in lines if line["level"] in ("error", "critical")] == []
    assert all(line.get("call_id") for line in lines if "leg_id" in line), (
        "whoever names a leg names its call"
    )
    for secret in (TOKEN, here.account(1)[1]):
        assert secret not in whole
