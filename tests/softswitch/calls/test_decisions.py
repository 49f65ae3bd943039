"""The room that keeps decisions: what each call shows of them, what is forgotten and that it is said."""

import math
from dataclasses import replace

import pytest

from acd.decision import RecordDecision, RecordJoin
from acd.names import AgentId, ContactId, OfferId, QueueName
from api.decision_views import Explained, ExplainQuery, ExplanationView
from api.faults import NotBuilt
from softswitch.calls.decisions import Decisions
from softswitch.decisions.archive import DecisionArchive
from softswitch.decisions.search import Derivation
from softswitch.settings.distribution import DistributionSettings
from softswitch.settings.routes import RouteRowSettings, RouteSettings
from tests.softswitch.calls.node import EPOCH, QUEUE, Node, done


def explained(
    node: Node, call_id: str, *, arrived_at: float | None = None, offers: int = 0
) -> ExplanationView:
    """The explanation of a call, by default one that came just now."""
    came = node.clock.wall() if arrived_at is None else arrived_at
    asked = Explained(id=call_id, arrived_at=came, ended_at=None, was_offered=bool(offers))
    return done(node.board.decisions.explain(asked, ExplainQuery()))


def test_a_call_tells_who_was_chosen_and_who_was_not() -> None:
    node = Node()
    node.login("1001", "8001")
    node.pass_time(5.0)
    node.login("1002", "8002")
    node.login("1003", "8003", "not_ready")
    node.pass_time(2.0)
    call_id = node.call_in()
    found = explained(node, call_id)
    assert (found.is_whole, found.chinese, found.english) == (True, "分配决定 1 个。", "Decisions: 1.")
    assert found.why_waiting is None, "its phone rings"
    (decision,) = found.decisions
    assert (decision.contact, decision.agent, decision.queue) == (call_id, "1001", "hotline")
    assert decision.at == node.clock.wall()
    assert decision.chinese.startswith(f"来话 {call_id} 送给坐席 1001(队列 hotline)。")
    assert decision.english.startswith(f"Contact {call_id} was offered to agent 1001 (queue hotline).")
    assert decision.agent_criteria == ("skill", "idle")
    assert [(one.agent, one.is_chosen, one.idle_s) for one in decision.agents] == [
        ("1001", True, 7.0),
        ("1002", False, 2.0),
    ]
    assert [(one.reason, one.chinese, one.number) for one in decision.agents_excluded] == [
        ("not_ready", "示忙", 1)
    ]
    assert [(one.contact, one.is_chosen, one.arrival_s) for one in decision.contacts] == [
        (call_id, True, 0.0)
    ]
    assert decision.contact_criteria[-1] == "arrival"


def test_an_agent_who_comes_free_leaves_the_one_behind_waiting() -> None:
    node = Node()
    first, second = node.call_in("in1"), node.call_in("in2")
    node.pass_time(3.0)
    node.login("1001", "8001")
    (decision,) = explained(node, first).decisions
    assert [(one.contact, one.arrival_s) for one in decision.contacts] == [(first, 3.0)]
    assert [(one.reason, one.chinese, one.number) for one in decision.contacts_excluded] == [
        ("behind", "同类在后", 1)
    ]
    waiting = explained(node, second)
    assert (waiting.decisions, waiting.chinese, waiting.english) == ((), "没有分配决定。", "No decision.")
    assert waiting.is_whole
    why = waiting.why_waiting
    assert why is not None
    assert (why.queue, why.position) == ("hotline", 1)
    assert [(one.agent, one.reason, one.chinese) for one in why.agents] == [("1001", "ringing", "振铃中")]


def test_who_waits_is_told_why_each_agent_does_not_come() -> None:
    """Grouped by reason in words; and where nobody is there, that."""
    node = Node()
    call_id = node.call_in()
    why = explained(node, call_id).why_waiting
    assert why is not None
    assert why.chinese == "在队列 hotline 中排第 1 位。没有服务于此的坐席签入。"
    assert why.english == "Number 1 in queue hotline. No agent who serves it is logged in."
    for agent, seat in (("1001", "8001"), ("1002", "8002")):
        node.login(agent, seat, "not_ready")
    why = explained(node, call_id).why_waiting
    assert why is not None
    assert why.chinese == "在队列 hotline 中排第 1 位。示忙:1001, 1002。"
    assert why.english == "Number 1 in queue hotline. not_ready: 1001, 1002."


def after_three_calls(*rows: RouteRowSettings) -> Node:
    """Agent 1001 has served three callers of a route with this table, and talks with the next one."""
    route = RouteSettings(number="12345", queue="hotline", table=rows)
    node = Node(queue=replace(QUEUE, wrap_up_s=0.0), route=route)
    node.login()
    for serial in range(3):
        leg = node.talk(f"old{serial}")
        node.pass_time(60.0)
        node.sip.leave(leg)
        node.settle()
    node.talk("in1")
    return node


def test_of_a_line_for_one_agent_no_wait_is_foretold() -> None:
    node = after_three_calls(RouteRowSettings(agent="1001"), RouteRowSettings(after_s=600.0))
    why = explained(node, node.call_in("in2")).why_waiting
    assert why is not None
    assert (why.position, why.expected_wait_s) == (1, ())


def test_who_waits_is_told_how_much_longer_as_a_band() -> None:
    """Once two calls have been served; until then nothing is said of it."""
    node = after_three_calls()
    call_id = node.call_in("in2")
    why = explained(node, call_id).why_waiting
    assert why is not None
    low_s, high_s = why.expected_wait_s
    assert 0 < low_s < 60 < high_s
    assert (low_s, high_s) == pytest.approx(
        node.dispatcher.engine.expected_band(QueueName("hotline"), 1), abs=0.06
    )
    assert f"预计还需 {int(low_s // 60)} 至 {math.ceil(high_s / 60)} 分钟。" in why.chinese
    assert f"Expected: {int(low_s // 60)} to {math.ceil(high_s / 60)} min more." in why.english


def test_a_call_of_before_this_control_says_that_earlier_records_may_be_gone() -> None:
    """Unless nothing was ever offered: then there were none."""
    node = Node()
    found = explained(node, "c1", arrived_at=EPOCH - 60.0, offers=1)
    assert not found.is_whole
    assert found.chinese.startswith("没有分配决定;更早的决定如有,记录已不再保留")
    assert found.english.startswith("No decision; records of earlier ones, if there were any, are not kept")
    assert explained(node, "c1", arrived_at=EPOCH - 60.0).is_whole
    node.login()
    call_id = node.call_in()
    assert not explained(node, call_id, arrived_at=EPOCH - 60.0, offers=2).is_whole


def record_of(node: Node, call_id: str) -> RecordDecision:
    """A record that the engine gave."""
    return node.board.decisions._folders[call_id].records[0].order


def of_call(record: RecordDecision, contact: str) -> RecordDecision:
    """The same for another call."""
    return RecordDecision(offer=OfferId("o"), notes=record.notes._replace(contact=ContactId(contact)))


def test_what_is_over_is_forgotten_first_and_what_is_up_never() -> None:
    node = Node()
    node.board.decisions = Decisions(node.board.table, most_calls=3)
    node.login()
    up = node.call_in()
    record = record_of(node, up)
    for number in range(5):
        node.pass_time(1.0)
        node.board.decisions.keep(of_call(record, f"c{number}"))
    assert len(explained(node, up).decisions) == 1
    kept = [number for number in range(5) if explained(node, f"c{number}").decisions]
    assert kept == [3, 4]
    assert not explained(node, "c2", arrived_at=EPOCH + 3.0, offers=1).is_whole
    assert explained(node, "c4", arrived_at=EPOCH + 5.0, offers=1).is_whole
    assert explained(node, "c9", arrived_at=node.clock.wall(), offers=1).is_whole, (
        "came after all that is gone"
    )


def test_a_call_that_is_offered_again_and_again_keeps_the_last() -> None:
    """A consulted queue's contact belongs to its call."""
    node = Node()
    node.board.decisions = Decisions(node.board.table, most_decisions=2)
    node.login()
    call_id = node.call_in()
    again = of_call(record_of(node, call_id), f"{call_id}+1")
    node.board.decisions.keep(again)
    assert explained(node, call_id).is_whole
    node.board.decisions.keep(again)
    found = explained(node, call_id)
    assert [one.contact for one in found.decisions] == [f"{call_id}+1"] * 2
    assert not found.is_whole
    assert found.chinese.startswith("分配决定 2 个;更早的决定")
    assert repr(node.board.decisions) == "<Decisions calls=1>"


def test_phones_that_ring_along_are_told_with_the_decision_they_ring_by() -> None:
    """All of the queue ring; who comes free meanwhile joins."""
    node = Node(queue=replace(QUEUE, distribution=DistributionSettings(strategy="ring_all")))
    for agent, seat in (("1001", "8001"), ("1002", "8002")):
        node.login(agent, seat)
    call_id = node.call_in()
    (found,) = explained(node, call_id).decisions
    assert (found.agent, found.joined) == ("1001", ("1002",))
    assert "同时振铃:1002" in found.chinese
    assert "rang along: 1002" in found.english
    node.login("1003", "8003")
    (found,) = explained(node, call_id).decisions
    assert found.joined == ("1002", "1003")
    node.board.decisions.join(
        RecordJoin(
            offer=OfferId("o"), contact=ContactId("none"), agent=AgentId("1003"), queue=QueueName("hotline")
        )
    )
    assert explained(node, "none", offers=0).decisions == ()


def test_an_open_contact_of_another_medium_is_not_forgotten() -> None:
    """As a call that is up is not."""
    node = Node()
    node.board.decisions = Decisions(node.board.table, most_calls=1)
    node.board.decisions.has_contact = lambda contact_id: contact_id == "ct-1"
    node.login()
    record = of_call(record_of(node, node.call_in()), "ct-1")
    node.board.decisions.keep(record)
    for number in range(3):
        node.board.decisions.keep(of_call(record, f"c{number}"))
    assert len(explained(node, "ct-1").decisions) == 1


def test_everybody_is_not_told_where_no_journal_is_kept() -> None:
    """The archive is where the journal is."""
    node = Node()
    asked = Explained(id="c1", arrived_at=EPOCH, ended_at=None, was_offered=True)
    with pytest.raises(NotBuilt):
        done(node.board.decisions.explain(asked, ExplainQuery(whole=True)))


class Archive(DecisionArchive):
    """One that has found."""

    def __init__(self, found: Derivation) -> None:
        """Say this of every call."""
        self.found = found

    async def derive(self, asked: Explained, offer: str) -> Derivation:
        """Always the same."""
        return self.found


def test_what_the_journal_says_is_told_as_such() -> None:
    """In words, also where it is not all; a contact is named as one."""
    node = Node()
    node.login()
    (decision,) = explained(node, node.call_in()).decisions
    asked = Explained(id="ct-1", arrived_at=EPOCH, ended_at=None, was_offered=True, is_call=False)
    node.board.decisions.archive = Archive(Derivation(decisions=(decision,), is_whole=True))
    found = done(node.board.decisions.explain(asked, ExplainQuery(whole=True)))
    assert (found.call_id, found.contact_id, found.decisions) == ("", "ct-1", (decision,))
    assert found.chinese == "分配决定 1 个,由日志重演得出。"
    assert found.english == "Decisions: 1, derived from the journal."
    node.board.decisions.archive = Archive(Derivation(decisions=(), is_whole=False))
    found = done(node.board.decisions.explain(asked, ExplainQuery(whole=True)))
    assert found.chinese.startswith("没有分配决定,由日志重演得出;日志不全")
    assert found.english.startswith("No decision, derived from the journal; the journal does not hold all")
