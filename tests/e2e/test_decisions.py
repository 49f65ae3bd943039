"""Real calls are written down as the distributor was told of them, and can be replayed on the command line."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.running_server import ApiProblem
from tests.peers import peers
from tests.stand import Terms, stand

pytestmark = pytest.mark.e2e


async def replayed(*words: str) -> dict[str, dict[str, float]]:
    """What `softswitch replay` says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "softswitch", "replay", *words, "--json", stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, dict[str, float]] = json.loads(said)
    return found


@pytest.mark.long
async def test_a_call_is_replayed_from_the_journal_of_a_running_system(tmp_path: Path) -> None:
    """One who was answered and one who gave up; with a second agent the second would have been answered too."""
    terms = Terms(seats=1, greeting="", wrap_up_s=0.0)
    manner = Manner(answer_s=0.2, talk_s=8.0)
    async with stand(tmp_path / "stand", terms) as here, peers(here, manner) as around:
        await here.login(1)
        _, answered = await around.call("13800000001")
        await here.wait_event("OfferAccepted", call_id=answered, within_s=10)
        call, given_up = await around.call("13800000002")
        await asyncio.sleep(3.0)
        await around.trunk.hang_up(call)
        await here.wait_event("CallEnded", call_id=given_up, within_s=10)
        await here.wait_event("CallEnded", call_id=answered, within_s=20)
        (journal,) = (here.server.data_dir / "decisions").glob("*.jsonl")
        queue = json.loads(journal.read_text(encoding="utf-8").splitlines()[1])["queue"]
        other = tmp_path / "other.toml"
        other.write_text(f'[[agents]]\nagent = "extra"\nqueues = ["{queue}"]\n', encoding="utf-8")
        found = await replayed(str(journal), "--policy", str(other), "--runs", "1")
    assert (found["recorded"]["answered"], found["recorded"]["abandoned"]) == (1, 1)
    assert (found["same"]["answered"], found["same"]["abandoned"]) == (1, 1)
    assert (found["other"]["answered"], found["other"]["abandoned"]) == (2, 0)


async def test_a_running_system_says_why_a_call_came_to_its_agent_and_why_another_waits(
    tmp_path: Path,
) -> None:
    """One agent for two callers; a control that starts anew has no records of before, and derives them from the journal."""
    terms = Terms(seats=1, greeting="", wrap_up_s=0.0)
    async with (
        stand(tmp_path / "stand", terms) as here,
        peers(here, Manner(answer_s=0.2, talk_s=60.0)) as around,
    ):
        await here.login(1)
        _, answered = await around.call("13800000001")
        await here.wait_event("OfferAccepted", call_id=answered, within_s=10)
        told = await here.api.get(f"/v1/calls/{answered}/explain")
        (decision,) = told["decisions"]
        assert (told["is_whole"], told["why_waiting"]) == (True, None)
        assert (decision["contact"], decision["agent"]) == (answered, here.agent(1))
        assert decision["chinese"].startswith(f"来话 {answered} 送给坐席 {here.agent(1)}(队列 ")
        assert decision["english"].startswith(f"Contact {answered} was offered to agent {here.agent(1)} ")
        assert [one["agent"] for one in decision["agents"] if one["is_chosen"]] == [here.agent(1)]
        _, waits = await around.call("13800000002")
        told = await here.api.get(f"/v1/calls/{waits}/explain")
        assert (told["decisions"], told["is_whole"], told["chinese"]) == ([], True, "没有分配决定。")
        why = told["why_waiting"]
        assert why["position"] == 1
        assert [(one["agent"], one["reason"]) for one in why["agents"]] == [(here.agent(1), "talking")]
        assert why["chinese"].endswith(f"通话中:{here.agent(1)}。")
        with pytest.raises(ApiProblem) as problem:
            await here.api.get("/v1/calls/never/explain")
        assert problem.value.status == 404

        here.server.kill("control")
        await here.wait_ready()
        told = await here.api.get(f"/v1/calls/{answered}/explain")
        assert (told["decisions"], told["is_whole"]) == ([], False)
        assert "记录已不再保留" in told["chinese"]
        told = await here.api.get(f"/v1/calls/{answered}/explain?whole=true")
        assert told["is_whole"]
        (again,) = told["decisions"]
        assert all(
            again[name] == decision[name] for name in ("offer", "chinese", "english", "agent_criteria")
        )
        whole = again["whole"]
        assert [(one["values"]["agent"], one["verdict"]) for one in whole["agents"]] == [
            (here.agent(1), "chosen")
        ]
        assert [(one["values"]["contact"], one["chinese"]) for one in whole["contacts"]] == [
            (answered, "选中")
        ]
        assert (await here.api.get(f"/v1/calls/{waits}/explain"))["why_waiting"]["position"] == 1
