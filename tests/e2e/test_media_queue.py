"""One queue for all media over HTTP: calls, chats and emails in one line, as far as the agent's capacities go."""

from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.running_server import ApiProblem, Json
from tests.e2e.test_flows import ask
from tests.peers import peers
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

DESK = {
    "id": "desk",
    "media": [
        {"medium": "voice", "beside": ["email"]},
        {"medium": "chat", "most": 2},
        {"medium": "email"},
    ],
}


async def give(here: Stand, number: int, **more: object) -> None:
    """An agent has the capacities of a desk, and whatever else."""
    path = f"/v1/business/documents/agents/{here.agent(number)}"
    document = await ask(here, "GET", path)
    data = document["data"] | {"capacities": "desk"} | more
    await ask(here, "PUT", path, f'"{document["version"]}"', json={"data": data})


async def write(here: Stand, medium: str, **more: object) -> str:
    """Somebody writes; the id of the contact."""
    body = {"medium": medium, "queue": "hotline", **more}
    return str((await here.api.post("/v1/contacts", body))["contact_id"])


async def contact(here: Stand, contact_id: str, part: str = "", **query: str) -> Json:
    """A contact, or a part of it."""
    return await here.api.get(f"/v1/contacts/{contact_id}{part}", **query)


async def do(here: Stand, number: int, verb: str, contact_id: str) -> str:
    """What an agent does with a contact; its state afterwards."""
    path = f"/v1/agents/{here.agent(number)}/contacts/{verb}"
    return str((await here.api.post(path, {"contact_id": contact_id}))["state"])


async def why(here: Stand, contact_id: str) -> dict[str, str]:
    """Why each agent does not have a contact that waits."""
    told = await contact(here, contact_id, "/explain")
    return {each["agent"]: each["reason"] for each in told["why_waiting"]["agents"]}


async def test_chats_emails_and_calls_come_as_far_as_the_capacities_go_and_outlive_control(
    tmp_path: Path,
) -> None:
    """Two chats and no third; no call beside a chat, one beside an email, no email during a call."""
    terms = Terms(seats=2, greeting="", announce_agent=False, wrap_up_s=0.5)
    async with (
        stand(tmp_path / "stand", terms) as here,
        peers(here, Manner(answer_s=0.2, talk_s=3.0), Manner(answer_s=0.2, talk_s=3.0)) as around,
    ):
        await ask(here, "PUT", "/v1/business/documents/capacities/desk", json={"data": DESK})
        await give(here, 1, skills=[{"name": "tax", "level": 2}])
        await give(here, 2)
        await here.login(1)
        chats = [await write(here, "chat", address=f"web-{serial}") for serial in range(3)]
        states = [(await contact(here, each))["state"] for each in chats]
        assert states == ["offered", "offered", "waiting"]
        for chat in chats[:2]:
            assert await do(here, 1, "accept", chat) == "accepted"
        assert await why(here, chats[2]) == {here.agent(1): "occupied"}
        _, call_id = await around.call("13800000001")
        assert (await here.api.get(f"/v1/calls/{call_id}/explain"))["why_waiting"]["position"] == 2

        assert await do(here, 1, "complete", chats[0]) == "completed"
        assert await do(here, 1, "accept", chats[2]) == "accepted"
        for chat in chats[1:]:
            await do(here, 1, "complete", chat)
        await here.wait_event("OfferAccepted", call_id=call_id, within_s=10)
        mail = await write(here, "email", queue="", route="12345")
        assert await why(here, mail) == {here.agent(1): "talking"}
        since = len(here.events)
        await here.wait_event("CallEnded", call_id=call_id, within_s=15)
        await here.wait_event("ContactOffered", contact_id=mail, since=since, within_s=10)
        assert await do(here, 1, "accept", mail) == "accepted"

        await here.login(2)
        hard = await write(here, "chat", skills={"tax": 2})
        assert await why(here, hard) == {here.agent(1): "medium", here.agent(2): "skill"}
        for code, more in (("unknown_skill", {"skills": {"law": 1}}), ("unknown_agent", {"agent": "none"})):
            with pytest.raises(ApiProblem) as refusal:
                await write(here, "chat", **more)
            assert (refusal.value.status, refusal.value.code) == (422, code)
        await here.api.not_ready(here.agent(2))

        here.server.kill("control")
        await here.wait_ready()
        found = await contact(here, mail)
        assert (found["state"], found["agent"], found["route"]) == ("accepted", here.agent(1), "12345")
        found = await contact(here, hard)
        assert (found["state"], found["skills"]) == ("waiting", {"tax": 2})
        _, second = await around.call("13800000002")
        await here.wait_event("OfferAccepted", call_id=second, agent=here.agent(1), within_s=10)
        await here.wait_event("CallEnded", call_id=second, within_s=15)
        assert (await contact(here, hard))["state"] == "waiting", "the email is in hand"
        await do(here, 1, "complete", mail)
        await here.wait_event("ContactOffered", contact_id=hard, agent=here.agent(1), within_s=10)

        told = await contact(here, chats[0], "/explain", whole="true")
        assert told["is_whole"]
        (decision,) = told["decisions"]
        assert [(each["values"]["agent"], each["verdict"]) for each in decision["whole"]["agents"]] == [
            (here.agent(1), "chosen")
        ]
