"""An agent in two places, a seat with two accounts: refused by every way in, at the place, in Chinese and English."""

from typing import Any

import pytest

from api.faults import Conflict
from api.schemas import InvalidRequest
from softswitch.business.desk import BusinessDesk
from tests.softswitch.business.conftest import city_file
from tests.softswitch.calls.node import Node, done

WHO: dict[str, Any] = {"by": "2001", "reason": "test"}
SKILL: dict[str, Any] = {"name": "law", "level": 2}
PRIORITY: dict[str, Any] = {"queue": "consult", "priority": 1}


async def refused(desk: BusinessDesk, kind: str, data: dict[str, Any]) -> tuple[str, str]:
    """Place and words of the one fault that a document is refused with."""
    key = str(data.get("id") or data["username"])
    expected = desk.documents().get((kind, key))
    with pytest.raises(InvalidRequest) as found:
        await desk.put(kind, key, data, expected=1 if expected else None, **WHO)
    [fault] = found.value.faults
    return fault.field, fault.detail


@pytest.mark.parametrize(
    ("place", "twice", "named"),
    [
        ("queues", ["consult", "consult"], "'consult'"),
        ("groups", ["g1", "g2", "g1"], "'g1'"),
        ("skills", [SKILL, SKILL | {"level": 3}], "'law'"),
        ("priorities", [PRIORITY, PRIORITY], "'consult'"),
    ],
)
async def test_an_agent_stands_once_in_a_queue_a_group_a_skill(
    desk: BusinessDesk, place: str, twice: list[Any], named: str
) -> None:
    agent = dict(desk.documents()["agents", "1002"]) | {place: twice}
    assert await refused(desk, "agents", agent) == (
        f"agents.1002.{place}",
        f"{named} 重复 / stands here twice",
    )


async def test_an_agent_may_be_of_two_groups(desk: BusinessDesk) -> None:
    """Supervisors of both see them: that is one place in each."""
    agent = dict(desk.documents()["agents", "1002"]) | {"groups": ["g1", "g2"]}
    await desk.put("agents", "1002", agent, expected=1, **WHO)
    assert {one.id: one.groups for one in desk.business.agents}["1002"] == ("g1", "g2")


async def test_an_agent_stands_once_in_a_file(desk: BusinessDesk) -> None:
    file = city_file()
    file["documents"]["agents"].append(dict(file["documents"]["agents"][3]))
    with pytest.raises(InvalidRequest) as found:
        await desk.load(file, dry_run=True, expected=None, **WHO)
    [fault] = found.value.faults
    assert (fault.field, fault.detail) == ("documents.agents.1004", "重复 / stands here twice")


async def test_a_seat_has_one_account(desk: BusinessDesk) -> None:
    """Two phones of one extension would be one agent at two desks."""
    account = {"username": "a", "password": "x", "extension": "8901", "media_networks": ["192.0.2.0/24"]}
    await desk.put("accounts", "a", account, expected=None, **WHO)
    place, words = await refused(desk, "accounts", account | {"username": "b"})
    assert place == "accounts.b.extension"
    assert words == "8901 分机已属账号 a / the extension belongs to account a already"


def test_who_sits_at_a_seat_sits_at_no_other_and_nobody_else_there() -> None:
    node = Node()
    node.login("1001", "8001")
    for agent, extension, code, words in (
        ("1001", "8002", "already_logged_in", "已在分机 8001 签入 / already signed in at 8001"),
        ("1002", "8001", "seat_taken", "分机 8001 由 1001 使用 / seat 8001 is taken by 1001"),
    ):
        with pytest.raises(Conflict) as found:
            done(node.seats.login(agent, extension, "ready", ""))
        assert (found.value.code, found.value.detail) == (code, words)
