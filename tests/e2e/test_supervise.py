"""Supervisors in a call, on real phones: heard by nobody, by the agent alone, by all, and in the agent's place."""

from pathlib import Path

import pytest

from tests.conversation import MUSIC, conversation

pytestmark = pytest.mark.e2e


async def test_a_supervisor_monitors_whispers_barges_in_and_takes_the_caller(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand") as talk:
        here, supervisor = talk.here, talk.here.agent(2)
        await talk.begin()
        await here.login(2, state="not_ready")

        async def supervise(mode: str) -> None:
            await talk.command("supervise", {"supervisor": supervisor, "mode": mode, "reason": "training"})

        await supervise("monitor")
        await here.wait_event("SupervisionStarted", supervisor=supervisor, mode="monitor")
        await talk.wait_heard(caller={"one"}, one={"caller"}, two={"caller", "one"})
        await supervise("whisper")
        await here.wait_event("SupervisionChanged", mode="whisper")
        await talk.wait_heard(caller={"one"}, one={"caller", "two"}, two={"caller", "one"})
        await supervise("barge")
        await talk.wait_heard(caller={"one", "two"}, one={"caller", "two"}, two={"caller", "one"})
        await talk.operate(2, "stop-supervising")
        await talk.phones["two"].wait_for("disconnected")
        await talk.wait_heard(caller={"one"}, one={"caller"})

        await talk.command("intercept", {"supervisor": supervisor, "reason": "complaint"})
        await here.wait_event("CallIntercepted", supervisor=supervisor, agent=here.agent(1))
        await talk.phones["one"].wait_for("disconnected")
        await here.wait_agent(1, presence="wrap_up", activity="idle")
        await talk.wait_heard(caller={"two"}, two={"caller"})
        await talk.phones["caller"].hang_up()
        record = await here.wait_call(talk.call_id)
        assert [segment["agent"] for segment in record["segments"]] == [here.agent(1), supervisor]


@pytest.mark.long
async def test_the_agent_alone_is_hung_up_by_force_and_the_caller_waits_again(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand") as talk:
        here = talk.here
        await talk.begin()
        await talk.command("hang-up", {"target": "agent_leg", "reason": "asleep"})
        await talk.phones["one"].wait_for("disconnected")
        await talk.wait_heard(caller={MUSIC})
        await here.login(2, state="not_ready")
        await talk.command("pick-up", {"agent": here.agent(2), "reason": "waits too long"})
        await here.wait_event("CallConnected", call_id=talk.call_id, agent=here.agent(2))
        await talk.wait_heard(caller={"two"}, two={"caller"})
        await talk.command("hang-up", {"target": "customer_leg", "reason": "abuse"})
        await talk.phones["caller"].wait_for("disconnected")
        record = await here.wait_call(talk.call_id)
        assert record["call"]["end_reason"] == "forced"
        rows = (await here.api.get("/v1/ledger", call_id=talk.call_id))["items"][::-1]
        assert [(row["action"], row["agent"], row["reason"]) for row in rows] == [
            ("force_hang_up", here.agent(1), "asleep"),
            ("pick_up", here.agent(2), "waits too long"),
            ("force_hang_up", here.agent(2), "abuse"),
        ]
        for row in rows:
            await here.wait_event(
                "forced", call_id=talk.call_id, **{name: row[name] for name in ("action", "reason")}
            )


@pytest.mark.long
async def test_a_consult_and_a_listening_supervisor_survive_the_death_of_control(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand", agents=3) as talk:
        here = talk.here
        await talk.begin()
        await here.login(2, state="not_ready")
        await here.login(3, state="not_ready")
        await talk.operate(1, "consult", {"kind": "agent", "to": here.agent(2)})
        await here.wait_event("ConsultAnswered", to=here.agent(2))
        await talk.command(
            "supervise", {"supervisor": here.agent(3), "mode": "monitor", "reason": "training"}
        )
        await here.wait_event("SupervisionStarted", supervisor=here.agent(3))
        await talk.wait_heard(caller={MUSIC}, one={"two"}, two={"one"}, three={"one", "two"})

        here.server.kill("control")
        await talk.wait_heard(caller={MUSIC}, one={"two"}, two={"one"}, three={"one", "two"})
        await here.wait_agent(1, within_s=20.0, activity="talking", call_id=talk.call_id)
        await here.wait_agent(2, activity="engaged", call_id=talk.call_id)
        await here.wait_agent(3, activity="engaged", call_id=talk.call_id)
        await talk.operate(1, "reconnect")
        await talk.phones["two"].wait_for("disconnected")
        await talk.wait_heard(caller={"one"}, one={"caller"}, three={"caller", "one"})
        await talk.operate(3, "stop-supervising")
        await talk.operate(1, "hang-up")
        await here.wait_call(talk.call_id)
