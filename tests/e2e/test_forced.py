"""What supervisors force upon those who wait and upon agents, on real phones: what each hears after it, the event, the ledger."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.running_server import Json
from tests.conversation import MUSIC, TERMS, Conversation, conversation
from tests.peers import seconds

pytestmark = [pytest.mark.e2e, pytest.mark.long]

LAWYER = "1101"
LAW = f"""
[[queues]]
name = "law"
announce_agent = false
position_every_s = 600.0

[[agents]]
id = "{LAWYER}"
name = "法律"
queues = ["law"]
"""
WRAP_UP_S, LONGER_S = 4.0, 3
CLOCKS_S = 0.05
"""Events are stamped by the wall clock and rounded, deadlines kept by the monotonic one."""


async def stands_in_line(talk: Conversation, name: str) -> str:
    """A phone calls the hotline; the id of its call, once it stands in the line."""
    since = len(talk.here.events)
    await talk.phones[name].call(talk.here.hotline)
    return str((await talk.here.wait_event("CallQueued", since=since))["call_id"])


async def assert_written_down(talk: Conversation, *rows: Json) -> None:
    """The ledger has these rows and no other, oldest first, and each was told by an event when it was done."""
    found = (await talk.here.api.get("/v1/ledger"))["items"][::-1]
    names = ("action", "agent", "call_id", "reason", "detail")
    assert [{name: row[name] for name in names} for row in found] == [
        {"agent": None, "call_id": None, "detail": {}} | row for row in rows
    ]
    assert {row["who"] for row in found} == {"test"}
    for row in rows:
        told = await talk.here.wait_event("forced", action=row["action"], reason=row["reason"])
        assert (told["who"], told["agent"], told["call_id"]) == ("test", row.get("agent"), row.get("call_id"))


async def test_who_waits_is_raised_and_moved(tmp_path: Path) -> None:
    """Two wait: the later one is raised past the other, who is moved to the agent of another line."""
    async with conversation(tmp_path / "stand", replace(TERMS, extra=LAW), outside=True) as talk:
        here = talk.here
        first, second = await stands_in_line(talk, "caller"), await stands_in_line(talk, "outside")
        arrived = (await here.api.call(first))["call"]["queued_at"]
        await here.api.post(f"/v1/calls/{second}/level", {"level": 9, "reason": "人命关天"})
        await talk.wait_heard(caller={MUSIC}, outside={MUSIC})
        await here.login(1)
        await here.wait_event("CallConnected", call_id=second, agent=here.agent(1))
        await talk.wait_heard(caller={MUSIC}, outside={"one"}, one={"outside"})

        await here.api.login(LAWYER, here.extension(2))
        since = len(here.events)
        await here.api.post(f"/v1/calls/{first}/move", {"queue": "law", "reason": "问法律"})
        queued = await here.wait_event("CallQueued", since=since, call_id=first)
        assert (queued["queue"], queued["position"]) == ("law", 1)
        await here.wait_event("CallConnected", call_id=first, agent=LAWYER)
        await talk.wait_heard(caller={"two"}, two={"caller"}, outside={"one"}, one={"outside"})
        assert (await here.api.call(first))["call"]["queued_at"] == arrived, "the wait began when it began"
        await assert_written_down(
            talk,
            {"action": "set_level", "call_id": second, "reason": "人命关天", "detail": {"level": 9}},
            {"action": "move", "call_id": first, "reason": "问法律", "detail": {"queue": "law"}},
        )


async def test_an_agent_is_forced_and_a_wrap_up_is_longer(tmp_path: Path) -> None:
    """No force cuts a talk short; a caller gets an agent who was forced ready, and nobody one who was forced off."""
    async with conversation(tmp_path / "stand", replace(TERMS, wrap_up_s=WRAP_UP_S), agents=1) as talk:
        here, caller = talk.here, talk.phones["caller"]

        async def force(state: str, reason: str) -> None:
            await here.api.post(f"/v1/agents/{here.agent(1)}/force", {"state": state, "reason": reason})

        await talk.begin()
        since = len(here.events)
        await caller.hang_up()
        rests = await here.wait_event(
            "AgentStateChanged", since=since, agent=here.agent(1), presence="wrap_up", activity="idle"
        )
        await talk.operate(1, "wrap-up/extend", {"seconds": LONGER_S})
        longer = await here.wait_event("WrapUpExtended", since=since, agent=here.agent(1))
        assert longer["seconds"] == LONGER_S
        talk.call_id = await stands_in_line(talk, "caller")
        offered = await here.wait_event("CallOffered", since=since, agent=here.agent(1), within_s=20.0)
        assert seconds(offered["_at"]) - seconds(rests["_at"]) >= WRAP_UP_S + LONGER_S - CLOCKS_S

        await here.wait_event("CallConnected", call_id=talk.call_id)
        await force("not_ready", "开会")
        await here.wait_agent(1, activity="talking", pending_presence="not_ready")
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await caller.hang_up()
        await here.wait_agent(1, within_s=20.0, presence="not_ready", reason="开会")

        talk.call_id = await stands_in_line(talk, "caller")
        await talk.wait_heard(caller={MUSIC})
        assert here.seen("CallOffered")[-1]["call_id"] != talk.call_id
        await force("ready", "会议结束")
        await here.wait_event("CallConnected", call_id=talk.call_id, agent=here.agent(1))
        await force("logged_out", "下班")
        await here.wait_agent(1, activity="talking", pending_presence="logged_out")
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await caller.hang_up()
        await here.wait_agent(1, within_s=20.0, presence="logged_out", extension=None)
        await here.wait_event("AgentStateChanged", since=since, agent=here.agent(1), presence="logged_out")
        await assert_written_down(
            talk,
            *(
                {
                    "action": "force_state",
                    "agent": here.agent(1),
                    "reason": reason,
                    "detail": {"state": state},
                }
                for state, reason in (("not_ready", "开会"), ("ready", "会议结束"), ("logged_out", "下班"))
            ),
        )
