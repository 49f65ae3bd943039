"""Callers of a route with a table stand in several lines at once, and may wait for one agent first."""

from dataclasses import replace

import pytest

from acd.names import QueueName
from softswitch.business.whole import whole_of
from softswitch.calls import callers
from softswitch.settings.agents import AgentSettings
from softswitch.settings.distribution import SkillSettings
from softswitch.settings.routes import RouteRowSettings, RouteSettings
from tests.softswitch.calls.node import CALLER, QUEUE, Keeper, Node
from tests.softswitch.calls.test_callers import MACHINE

TAX = replace(QUEUE, name="tax")
STAFF = (
    AgentSettings(id="1001", queues=("hotline",), skills=(SkillSettings(name="law", level=2),)),
    AgentSettings(id="1002", queues=("tax",)),
    AgentSettings(id="1003", queues=("hotline",)),
)


def with_table(*rows: RouteRowSettings, level: int = 0, keeper: Keeper | None = None) -> Node:
    """The hotline and the queue `tax`; 1001 and 1003 serve the one, 1002 the other."""
    route = RouteSettings(number="12345", queue="hotline", level=level, table=rows)
    node = Node(route=route, more_queues=(TAX,), keeper=keeper)
    node.seats.take(STAFF)
    return node


def offered_to(node: Node, call_id: str) -> list[str]:
    """Whose phones ring for a call."""
    return [party.agent for party in node.call(call_id).offered]


def line(node: Node, queue: str) -> list[str]:
    """Who stands in a line."""
    return [str(each.contact) for each in node.engine.waiting(QueueName(queue))]


def test_a_caller_stands_in_all_lines_and_leaves_them_together() -> None:
    """Whoever of either comes free first has the call."""
    node = with_table(RouteRowSettings(), RouteRowSettings(queue="tax"))
    call = node.call_in()
    assert line(node, "hotline") == line(node, "tax") == [call]
    node.login("1002", "8002")
    assert offered_to(node, call) == ["1002"]
    assert line(node, "hotline") == line(node, "tax") == []
    node.answer(node.leg_of_agent(call))
    node.sip.leave("in1")
    node.assert_nothing_is_left()


def test_free_agents_are_looked_for_row_by_row() -> None:
    """Both are free: the first row has the call, though its agent came last."""
    node = with_table(RouteRowSettings(), RouteRowSettings(queue="tax"))
    node.login("1002", "8002")
    node.pass_time(5.0)
    node.login("1001", "8001")
    assert offered_to(node, node.call_in()) == ["1001"]


def test_a_row_opens_with_the_wait() -> None:
    """Only then do the agents of the other queue have the caller."""
    node = with_table(RouteRowSettings(), RouteRowSettings(queue="tax", after_s=20.0))
    node.login("1002", "8002")
    call = node.call_in()
    node.pass_time(19.0)
    assert (offered_to(node, call), line(node, "tax")) == ([], [])
    node.pass_time(2.0)
    assert offered_to(node, call) == ["1002"]


def test_a_row_is_for_its_level_and_its_skills() -> None:
    """The second line is for important callers; the first for who knows the law."""
    rows = (
        RouteRowSettings(skills=(SkillSettings(name="law", level=2),)),
        RouteRowSettings(queue="tax", least_level=3),
    )
    for level, lines in ((0, 0), (3, 1)):
        node = with_table(*rows, level=level)
        node.login("1003", "8003")
        call = node.call_in()
        assert (offered_to(node, call), len(line(node, "tax"))) == ([], lines)
        node.login("1001", "8001")
        assert offered_to(node, call) == ["1001"]


def test_a_row_of_a_group_is_for_its_callers_alone() -> None:
    """By the beginning of the number, by a list, and by both; who hides the number is of no group."""
    rows = (
        RouteRowSettings(queue="tax", prefix="139", listed="vip"),
        RouteRowSettings(),
        RouteRowSettings(agent="1003", prefix="0510"),
    )
    node = with_table(*rows)
    numbers = [{"number": number} for number in ("13900002222", "13800002222")]
    node.board.take_callers(whole_of({("lists", "vip"): {"id": "vip", "numbers": numbers}}, MACHINE))
    known, local = node.call_in("known", caller="13900002222"), node.call_in("local", caller="051088880000")
    assert (line(node, "tax"), line(node, "hotline")) == ([known], [known, local])
    node.login("1003", "8003")
    assert offered_to(node, local) == ["1003"]  # one's own callers go first
    others = [node.call_in(f"in{caller}", caller=caller) for caller in ("13800002222", "13900003333", "")]
    assert (line(node, "tax"), line(node, "hotline")) == ([known], [known, *others])
    node.login("1002", "8002")
    assert offered_to(node, known) == ["1002"]
    assert line(node, "hotline") == others


def test_a_number_of_one_agent_waits_for_that_agent_before_a_queue_does() -> None:
    """A direct number: 1002 is asked for first, and has it before others who wait; then the queue."""
    node = with_table(RouteRowSettings(agent="1002", until_s=30.0), RouteRowSettings(after_s=30.0))
    node.login("1001", "8001")
    node.login("1002", "8002", "not_ready")
    call = node.call_in()
    node.pass_time(29.0)
    assert offered_to(node, call) == []
    node.pass_time(2.0)
    assert offered_to(node, call) == ["1001"]


def test_the_last_agent_is_asked_for_first_within_the_time() -> None:
    """Afterwards, and for whom nobody served, the queue alone."""
    rows = (RouteRowSettings(last_agent_s=600.0, until_s=20.0), RouteRowSettings(after_s=20.0))
    node = with_table(*rows)
    node.login("1001", "8001")
    node.talk("in1")
    node.sip.leave("in1")
    node.settle()
    node.login("1003", "8003")
    node.pass_time(60.0)
    again = node.call_in("in2")
    assert offered_to(node, again) == ["1001"]  # 1003 has been idle longer
    node.sip.leave("in2")
    stranger = node.call_in("in3", caller="13900002222")
    assert offered_to(node, stranger) == ["1003"]
    node.sip.leave("in3")
    node.pass_time(600.0)
    late = node.call_in("in4")
    assert offered_to(node, late) == ["1003"]


def test_the_last_agent_outlives_the_control() -> None:
    """What cannot be read of it is nobody."""
    rows = (RouteRowSettings(last_agent_s=600.0, until_s=20.0), RouteRowSettings(after_s=20.0))
    node = with_table(*rows)
    node.login("1003", "8003")
    node.talk("in1")
    node.sip.leave("in1")
    node.settle()
    assert node.keeper.load(callers.TABLE)[CALLER]["agent"] == "1003"
    node.keeper.put(callers.TABLE, "13900002222", {"agent": 7})
    assert isinstance(node.keeper, Keeper)
    after = with_table(*rows, keeper=node.keeper)
    after.login("1001", "8001")
    after.login("1003", "8003", "not_ready")
    known, unknown = after.call_in("in1"), after.call_in("in2", caller="13900002222")
    assert (offered_to(after, known), offered_to(after, unknown)) == ([], ["1001"])


def test_the_caller_who_was_served_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """When there are more than can be remembered."""
    monkeypatch.setattr(callers, "REMEMBERED", 1)
    node = with_table(RouteRowSettings(last_agent_s=600.0), RouteRowSettings())
    node.login("1001", "8001")
    for leg_id, caller in (("in1", CALLER), ("in2", "13900002222")):
        call = node.call_in(leg_id, caller=caller)
        node.answer(node.leg_of_agent(call))
        node.sip.leave(leg_id)
        node.pass_time(30.0)
    assert [*node.keeper.load(callers.TABLE)] == ["13900002222"]


def test_who_served_whom_is_not_kept_where_no_route_asks() -> None:
    """What nobody asks for is not written down."""
    node = with_table(RouteRowSettings())
    node.login("1001", "8001")
    node.talk("in1")
    assert node.keeper.load(callers.TABLE) == {}


def test_a_caller_who_is_moved_away_and_back_stands_in_the_lines_of_the_table_again() -> None:
    """The table is that of the queue of the route."""
    node = with_table(RouteRowSettings(), RouteRowSettings(queue="tax"))
    call = node.call_in()
    assert not node.board.queue_desk.move(node.call(call), "tax")
    assert (line(node, "hotline"), line(node, "tax")) == ([], [call])
    assert not node.board.queue_desk.move(node.call(call), "hotline")
    assert line(node, "hotline") == line(node, "tax") == [call]


def test_rows_that_cannot_be_meant_are_faults() -> None:
    """Closed before it opens, for two agents; and a table needs a row for every caller, the last of which stays open."""
    wrong = RouteRowSettings(
        after_s=5.0,
        until_s=5.0,
        agent="1001",
        last_agent_s=1.0,
        skills=(SkillSettings(name="law"), SkillSettings(name="law")),
    )
    assert [field for field, _ in wrong.faults()] == ["until_s", "last_agent_s", "skills"]
    for last in (RouteRowSettings(until_s=5.0), RouteRowSettings(last_agent_s=5.0)):
        route = RouteSettings(number="1", queue="hotline", table=(RouteRowSettings(queue="tax"), last))
        assert [field for field, _ in route.faults()] == ["table"]
        group = replace(last, listed="vip")
        route = RouteSettings(number="1", queue="hotline", table=(RouteRowSettings(queue="tax"), group))
        assert not list(route.faults())
    for table in (
        (RouteRowSettings(prefix="0510"), RouteRowSettings(listed="vip")),
        (RouteRowSettings(until_s=5.0), RouteRowSettings(listed="vip")),
    ):
        assert [field for field, _ in RouteSettings(number="1", queue="hotline", table=table).faults()] == [
            "table"
        ]
    fine = RouteSettings(
        number="1", queue="hotline", table=(RouteRowSettings(until_s=5.0), RouteRowSettings(after_s=5.0))
    )
    assert not list(fine.faults())
