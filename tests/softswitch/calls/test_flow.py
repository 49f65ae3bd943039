"""Call flows on call control as a whole: what callers hear, where they land, what is written down, and every race."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.events import QueueHoursChanged, QueueRemoved
from acd.names import QueueName
from media import commands as plane_words
from media import events as plane_news
from softswitch.business.whole import Business, Machine, whole_of
from softswitch.calls.call import Call, CallState
from softswitch.calls.flow import FlowDesk
from softswitch.calls.lookups import Answered
from softswitch.calls.queue_definition import definition_of
from softswitch.settings.overflow import OverflowSettings, OverflowTo
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import RouteSettings
from softswitch.store import entries
from softswitch.store.entries import EndReason
from tests.softswitch.calls.node import QUEUE, Node

MACHINE = Machine(
    trunks=frozenset({"city"}),
    prompts=frozenset({"welcome", "menu", "wrong", "ask", "leave", "kept", "rate", "thanks"}),
    music=frozenset({"waiting"}),
)
FLOW: dict[str, Any] = {
    "id": "main",
    "start": "menu",
    "nodes": {
        "menu": {
            "type": "menu",
            "say": ["menu"],
            "invalid": ["wrong"],
            "keys": {"1": "people", "2": "message", "3": "pin", "4": "vip"},
            "repeats": 1,
            "otherwise": "people",
        },
        "people": {"type": "queue", "queue": "hotline", "on_full": "message", "after": "rate"},
        "vip": {"type": "set", "level": 5, "data": {"kind": "vip"}, "next": "people"},
        "message": {"type": "voicemail", "say": ["leave"], "box": "night", "longest_s": 30, "next": "kept"},
        "kept": {"type": "hang_up", "say": ["kept"]},
        "pin": {
            "type": "collect",
            "say": ["ask"],
            "into": "pin",
            "masked": True,
            "next": "look",
            "otherwise": "people",
        },
        "look": {
            "type": "look_up",
            "url": "http://a.test/{pin}",
            "take": {"name": "name"},
            "next": "people",
            "on_error": "message",
        },
        "rate": {"type": "survey", "say": ["rate"], "keys": {"1": "good"}, "next": "bye"},
        "bye": {"type": "hang_up", "say": ["thanks"]},
    },
}


@dataclass
class Standing:
    """A business that the test changes."""

    business: Business
    version: int = 1


@dataclass
class Service:
    """A web service that answers when the test says so."""

    asked: list[str] = field(default_factory=list)
    answer: Answered | None = None

    def ask(self, url: str, timeout_s: float, answered: Answered) -> None:
        self.asked.append(url)
        self.answer = answered


def business_of(**flows: dict[str, Any]) -> Business:
    """The hotline's queue, two others and these flows, whose numbers are those of the node and not of the business."""
    documents: dict[tuple[str, str], Any] = {
        ("queues", "hotline"): {"name": "hotline", "limit": 4},
        ("queues", "other"): {"name": "other"},
        ("queues", "third"): {"name": "third"},
    }
    for name, flow in flows.items():
        documents["emergency" if name == "switch" else "flows", name] = flow
    return whole_of(documents, MACHINE, stored=True)


class FlowNode(Node):
    """The node with a flow at its number."""

    standing: Standing

    def __init__(
        self, *, queue: QueueSettings = QUEUE, before: "FlowNode | None" = None, **more: Any
    ) -> None:
        super().__init__(queue=queue, before=before, **more)
        self.standing = Standing(business_of(main=FLOW)) if before is None else before.standing
        self.service = Service()
        self.board._arrivals._routes.take([RouteSettings(number="12345", queue="hotline", flow="main")])
        self.board.flows = FlowDesk(
            self.board.table,
            self.board.queue_desk,
            self.standing,
            self.service,
            self.recordings,
            Path("/voicemail"),
            self._token,
        )

    def enter(self, leg_id: str = "in1") -> str:
        """Somebody calls and is answered: the flow begins."""
        call_id = self.dial(leg_id)
        self.sip.acknowledge(leg_id)
        self.settle()
        return call_id

    def press(self, digits: str, leg_id: str = "in1") -> None:
        for digit in digits:
            self.plane.news.append(plane_news.DigitReceived(leg_id=leg_id, digit=digit, duration_ms=100))
            self.settle()

    def recorded_voices(self, call_id: str) -> tuple[str, ...]:
        """Whose voices are on the caller's channel of the call's recording."""
        return self.plane.recordings[self.call(call_id).recording_id].left

    def listen(self, leg_id: str = "in1") -> None:
        """What is said is said to its end."""
        self.plane.play_to_the_end(leg_id)
        self.settle()


@pytest.fixture
def node() -> FlowNode:
    return FlowNode()


def test_a_key_leads_into_the_queue_and_to_an_agent(node: FlowNode) -> None:
    node.login()
    call_id = node.enter()
    assert node.plane.prompts_of("in1") == ("menu",)
    assert node.plane.hears("in1") == {"prompt"}
    node.press("1")
    assert node.call(call_id).state is CallState.WAITING
    node.answer(node.leg_of_agent(call_id))
    assert node.call(call_id).state is CallState.TALKING
    assert [(one.flow, one.version) for one in node.entries(entries.FlowStarted)] == [("main", 1)]


def test_a_caller_who_presses_nothing_lands_with_people(node: FlowNode) -> None:
    call_id = node.enter()
    node.listen()
    node.pass_time(5.0)
    assert node.plane.prompts_of("in1") == ("menu",)
    node.listen()
    node.pass_time(5.0)
    assert node.call(call_id).state is CallState.WAITING


def test_digits_of_an_agent_are_not_the_callers(node: FlowNode) -> None:
    node.login()
    call_id = node.enter()
    node.press("1")
    node.answer(node.leg_of_agent(call_id))
    node.press("9", node.leg_of_agent(call_id))
    node.press("9")
    assert node.call(call_id).state is CallState.TALKING


def test_a_key_that_leads_to_a_removed_queue_leads_where_the_number_does(node: FlowNode) -> None:
    """The flow began before the queue was taken away."""
    call_id = node.enter()
    other = replace(QUEUE, name="other")
    node.dispatcher.tell(definition_of(other))
    node.dispatcher.tell(QueueRemoved(queue=QueueName("hotline")))
    node.board.take_queues([other])
    node.board._arrivals._routes.take([RouteSettings(number="12345", queue="other", flow="main")])
    node.press("1")
    call = node.call(call_id)
    assert (call.state, call.route.queue, node.waits(call_id)) == (CallState.WAITING, "other", 1)
    assert [one.queue for one in node.entries(entries.CallQueued)] == ["other"]


def test_a_level_and_data_of_the_flow_go_with_the_call(node: FlowNode) -> None:
    plain = node.enter("in1")
    node.press("1", "in1")
    vip = node.enter("in2")
    node.press("4", "in2")
    assert (node.waits(vip), node.waits(plain)) == (1, 2)
    assert node.call(vip).data == {"kind": "vip"}
    [kept] = node.entries(entries.CallDataChanged)  # it stands with the call when that has ended
    assert (kept.call_id, json.loads(kept.data)) == (vip, {"kind": "vip"})


def test_masked_digits_are_in_no_recording_record_or_entry_but_are_looked_up(node: FlowNode) -> None:
    call_id = node.enter()
    assert node.recorded_voices(call_id) == ("in1",)
    node.press("3")
    assert node.recorded_voices(call_id) == ()
    node.press("4711#")
    assert node.service.asked == ["http://a.test/4711"]
    assert node.recorded_voices(call_id) == ("in1",)
    assert "4711" not in repr((node.journal.entries, node.call(call_id).to_record(), node.plane.orders))
    assert node.service.answer is not None
    node.service.answer({"name": "李"})
    assert node.call(call_id).state is CallState.WAITING
    assert node.call(call_id).data == {"name": "李"}
    assert [json.loads(one.data) for one in node.entries(entries.CallDataChanged)] == [{"name": "李"}]


def test_a_look_up_that_fails_or_comes_after_the_hang_up(node: FlowNode) -> None:
    node.enter()
    node.press("31#")
    failed = node.service.answer
    assert failed is not None
    failed(None)
    assert node.plane.prompts_of("in1") == ("leave",)
    node.enter("in2")
    node.press("31#", "in2")
    late = node.service.answer
    node.sip.leave("in2")
    node.settle()
    assert late is not None
    late({"name": "x"})


def test_a_full_queue_takes_a_message_which_is_a_recording_of_its_own(node: FlowNode) -> None:
    narrow = FlowNode(queue=QueueSettings(name="hotline", limit=1))
    narrow.enter("in1")
    narrow.press("1", "in1")
    call_id = narrow.enter("in2")
    narrow.press("1", "in2")
    assert narrow.plane.prompts_of("in2") == ("leave",)
    narrow.listen("in2")
    [started] = narrow.entries(entries.VoicemailStarted)
    assert (started.call_id, started.box) == (call_id, "night")
    assert (started.reason, started.flow, started.node) == ("flow", "main", "message")
    assert started.conditions == ""
    message = narrow.plane.recordings[started.voicemail_id]
    assert (message.left, message.right) == (("in2",), ())
    assert narrow.plane.prompts_of("in2") == ("tone_connect",)
    narrow.press("#", "in2")
    assert started.voicemail_id not in narrow.plane.recordings
    assert narrow.plane.prompts_of("in2") == ("kept",)
    narrow.listen("in2")
    [ended] = narrow.entries(entries.CallEnded)
    assert ended.end_reason is EndReason.SERVED


def test_a_caller_finishes_the_version_that_the_call_began_also_after_a_restart(node: FlowNode) -> None:
    """The menu is gone from the flow meanwhile: who began with it goes on in it; without the old flow the new one begins."""
    old = node.standing.business.flows["main"]
    call = node.call(node.enter())
    assert call.flow is not None
    record = call.flow.to_record()
    people = {"id": "main", "start": "people", "nodes": {"people": {"type": "queue", "queue": "hotline"}}}
    node.standing.business, node.standing.version = business_of(main=people), 2
    assert node.board.flows is not None
    node.board.flows.past = {("main", 1): old}
    call.flow, call.flow_record = None, record
    assert node.board.resume_flow(call)
    assert call.to_record()["flow"]["version"] == 1
    node.press("2")
    assert node.plane.prompts_of("in1") == ("leave",)
    node.board.flows.past = {}
    call.flow, call.flow_record = None, record
    assert node.board.resume_flow(call)
    assert call.state is CallState.WAITING


def test_a_message_ends_when_nobody_speaks_and_only_by_its_own_recording(node: FlowNode) -> None:
    call_id = node.enter()
    node.press("2")
    node.listen()
    [started] = node.entries(entries.VoicemailStarted)
    assert node.plane.recordings[started.voicemail_id].silence_s == 5.0
    for name in (node.call(call_id).recording_id, started.voicemail_id):
        assert started.voicemail_id in node.plane.recordings
        node.plane.news.append(plane_news.SpeechStopped(recording_id=name, call_id=call_id, silent_s=5.0))
        node.settle()
    assert started.voicemail_id not in node.plane.recordings
    assert node.plane.prompts_of("in1") == ("kept",)


def test_a_message_ends_with_its_longest_time_or_with_the_caller(node: FlowNode) -> None:
    node.enter()
    node.press("2")
    node.listen()
    node.pass_time(20.0)
    node.press("7")  # means nothing, and stops no clock
    node.pass_time(10.0)
    assert node.plane.prompts_of("in1") == ("kept",)
    node.enter("in2")
    node.press("2", "in2")
    node.listen("in2")
    node.sip.leave("in2")
    node.settle()
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.SERVED
    closed = {one.recording_id for one in node.entries(entries.RecordingClosed)}
    assert {one.voicemail_id for one in node.entries(entries.VoicemailStarted)} <= closed


def test_after_the_agent_hung_up_the_caller_rates_the_talk(node: FlowNode) -> None:
    node.login()
    call_id = node.enter()
    node.press("1")
    leg = node.leg_of_agent(call_id)
    node.answer(leg)
    node.sip.leave(leg)
    node.settle()
    assert node.agent()[0] == "wrap_up"
    assert node.plane.prompts_of("in1") == ("rate",)
    node.press("1")
    [answer] = node.entries(entries.SurveyAnswered)
    assert (answer.name, answer.answer) == ("satisfaction", "good")
    node.listen()
    [ended] = node.entries(entries.CallEnded)
    assert ended.end_reason is EndReason.COMPLETED
    node.assert_nothing_is_left()


def test_a_caller_who_hangs_up_after_the_talk_rates_nothing(node: FlowNode) -> None:
    node.login()
    call_id = node.enter()
    node.press("1")
    node.answer(node.leg_of_agent(call_id))
    node.sip.leave("in1")
    node.settle()
    assert node.agent()[0] == "wrap_up"
    assert not node.entries(entries.SurveyAnswered)
    node.assert_nothing_is_left()


@pytest.mark.parametrize("keys", ["", "1", "2", "3", "347", "5", "55"])
def test_a_hang_up_at_any_point_leaves_nothing(node: FlowNode, keys: str) -> None:
    node.enter()
    node.press(keys)
    node.sip.leave("in1")
    node.settle()
    node.pass_time(60.0)
    node.assert_nothing_is_left()


def test_a_call_finishes_in_the_version_that_it_began(node: FlowNode) -> None:
    """A new version is taken while somebody listens to the menu of the old one."""
    call_id = node.enter()
    changed = {**FLOW, "start": "kept", "nodes": {"kept": {"type": "hang_up", "say": ["kept"]}}}
    node.standing.business, node.standing.version = business_of(main=changed), 2
    node.press("1")
    assert node.call(call_id).state is CallState.WAITING
    node.enter("in2")
    assert node.plane.prompts_of("in2") == ("kept",)
    assert [one.version for one in node.entries(entries.FlowStarted)] == [1, 2]


def test_a_flow_that_is_gone_lets_callers_through_to_the_queue(node: FlowNode) -> None:
    node.standing.business = business_of()
    call_id = node.enter()
    node.listen()
    assert node.call(call_id).state is CallState.WAITING


def test_stopping_what_is_said_is_no_end_of_it(node: FlowNode) -> None:
    """The playlist that a key cut short says so, and means nothing."""
    node.enter()
    node.press("3")
    assert any(isinstance(order, plane_words.StopPrompts) for order in node.plane.orders)
    assert node.plane.prompts_of("in1") == ("ask",)


# ---- overflow ------------------------------------------------------------------------------------------


def overflowing(to: str, name: str = "", **when: Any) -> FlowNode:
    """The queue has one overflow rule; whoever waits for it pressed 1."""
    node = FlowNode()
    rule = OverflowSettings(to=OverflowTo(to), name=name, **when)
    node.dispatcher.tell(definition_of(replace(QUEUE, overflow=(rule,))))
    return node


def test_who_has_waited_too_long_goes_to_the_voicemail_of_the_queue() -> None:
    node = overflowing("voicemail", waited_s=20.0)
    call_id = node.enter()
    node.press("1")
    node.pass_time(19.0)
    assert node.call(call_id).state is CallState.WAITING
    node.pass_time(1.5)
    assert node.plane.prompts_of("in1") == ("leave_message",)
    assert node.waits(call_id) is None
    node.listen()
    [started] = node.entries(entries.VoicemailStarted)
    assert (started.box, started.reason, started.flow) == ("hotline", "overflow", "")
    assert started.conditions == "waited_s:20"
    node.press("#")
    assert node.plane.prompts_of("in1") == ("review_message",)
    node.press("#")
    assert node.plane.prompts_of("in1") == ("message_kept",)
    node.listen()
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.SERVED
    node.assert_nothing_is_left()


def test_an_overflow_flow_takes_over_from_the_flow_that_the_caller_was_in() -> None:
    node = overflowing("flow", "main", waited_s=5.0)
    call_id = node.enter()
    node.press("1")
    node.pass_time(6.0)
    assert node.call(call_id).state is CallState.IN_FLOW
    assert node.plane.prompts_of("in1") == ("menu",)
    node.press("2")
    assert node.plane.prompts_of("in1") == ("leave",)
    node.listen()
    [started] = node.entries(entries.VoicemailStarted)
    assert (started.reason, started.flow, started.node) == ("flow", "main", "message")
    assert started.conditions == "waited_s:5"


def leading_to(queue: str) -> dict[str, Any]:
    """A flow that says nothing and leads straight into a queue."""
    return {"id": f"to_{queue}", "start": "line", "nodes": {"line": {"type": "queue", "queue": queue}}}


def rule_to(flow: str) -> OverflowSettings:
    """Into a flow while nobody is signed in."""
    return OverflowSettings(to=OverflowTo.FLOW, name=flow, when_nobody=True)


def lined_up(node: FlowNode, call_id: str, queue: str = "hotline") -> bool:
    """Whether the caller stands in this line, and nobody else does."""
    waiting = [each.contact for each in node.dispatcher.engine.waiting(QueueName(queue))]
    return node.call(call_id).state is CallState.WAITING and waiting == [call_id]


def test_who_is_led_straight_back_to_the_queue_waits_there() -> None:
    """Such a rule would turn for ever, and nobody else would be served meanwhile."""
    node = overflowing("flow", "to_hotline", when_nobody=True)
    node.standing.business = business_of(main=FLOW, to_hotline=leading_to("hotline"))
    call_id = node.enter()
    node.press("1")
    assert lined_up(node, call_id)
    node.pass_time(60.0)
    assert lined_up(node, call_id)
    node.sip.leave("in1")
    node.assert_nothing_is_left()


def test_two_queues_that_lead_to_each_other_by_flows_turn_a_caller_round_once() -> None:
    other = replace(QUEUE, name="other", overflow=(rule_to("to_hotline"),))
    node = FlowNode(queue=replace(QUEUE, overflow=(rule_to("to_other"),)), more_queues=(other,))
    node.standing.business = business_of(
        main=FLOW, to_hotline=leading_to("hotline"), to_other=leading_to("other")
    )
    call_id = node.enter()
    node.press("1")
    assert lined_up(node, call_id)
    assert node.dispatcher.engine.waiting(QueueName("other")) == ()


def rounds() -> FlowNode:
    """Two queues; after two seconds each sends on to the other by way of a flow."""
    onwards = replace(rule_to("to_other"), when_nobody=False, waited_s=2.0)
    other = replace(QUEUE, name="other", overflow=(replace(onwards, name="to_hotline"),))
    node = FlowNode(queue=replace(QUEUE, overflow=(onwards,)), more_queues=(other,))
    node.standing.business = business_of(
        main=FLOW, to_hotline=leading_to("hotline"), to_other=leading_to("other")
    )
    return node


def test_a_round_by_flows_ends_however_long_each_queue_waits() -> None:
    node = rounds()
    call_id = node.enter()
    node.press("1")
    node.pass_time(60.0)
    assert [entry.queue for entry in node.entries(entries.CallQueued)] == ["hotline", "other", "hotline"]
    assert lined_up(node, call_id)


def test_what_a_caller_overflowed_to_is_known_after_a_restart() -> None:
    node = rounds()
    call_id = node.enter()
    node.press("1")
    node.pass_time(60.0)
    call = node.call(call_id)
    record = json.loads(json.dumps(call.to_record()))
    assert Call.restored(record, ()).overflowed == {("hotline", "to_other"), ("other", "to_hotline")}
    del record["overflowed"]
    assert Call.restored(record, ()).overflowed == set()


def test_a_key_leads_back_as_often_as_the_caller_presses_it() -> None:
    """The flow asks; nobody is taken there twice who pressed nothing."""
    node = overflowing("flow", "main", waited_s=5.0)
    call_id = node.enter()
    for _ in range(3):
        assert node.call(call_id).state is CallState.IN_FLOW
        node.press("1")
        assert lined_up(node, call_id)
        node.pass_time(6.0)


LINES = ("hotline", "other", "third")


@given(
    rules=st.lists(
        st.lists(
            st.tuples(st.sampled_from(list(OverflowTo)[:2]), st.sampled_from(LINES), st.sampled_from([0, 2])),
            max_size=3,
        ),
        min_size=3,
        max_size=3,
    )
)
@settings(max_examples=60, deadline=None)
def test_every_chain_of_queues_and_flows_ends(rules: list[list[tuple[OverflowTo, str, int]]]) -> None:
    """Each queue sends a caller once into each flow, and between two flows once to each queue."""
    queues = tuple(
        replace(QUEUE, name=name, overflow=tuple(chained(*rule) for rule in of))
        for name, of in zip(LINES, rules, strict=True)
    )
    node = FlowNode(queue=queues[0], more_queues=queues[1:])
    node.standing.business = business_of(main=FLOW, **{f"to_{name}": leading_to(name) for name in LINES})
    call_id = node.enter()
    node.press("1")
    most = len(LINES) * (1 + len(LINES) ** 2)
    node.pass_time(2.0 * most + 1)
    stood = len(node.entries(entries.CallQueued))
    assert stood <= most
    node.pass_time(60.0)
    assert len(node.entries(entries.CallQueued)) == stood
    assert node.call(call_id).state is CallState.WAITING


def chained(to: OverflowTo, name: str, waited_s: int) -> OverflowSettings:
    """To a queue, or to the flow that leads there; at once while nobody is signed in, or after a wait."""
    target = f"to_{name}" if to is OverflowTo.FLOW else name
    return OverflowSettings(to=to, name=target, waited_s=float(waited_s), when_nobody=not waited_s)


def test_a_rule_that_leads_straight_back_can_be_taken_while_somebody_waits() -> None:
    node = FlowNode()
    node.standing.business = business_of(main=FLOW, to_hotline=leading_to("hotline"))
    call_id = node.enter()
    node.press("1")
    node.dispatcher.tell(definition_of(replace(QUEUE, overflow=(rule_to("to_hotline"),))))
    assert lined_up(node, call_id)


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ({"when_nobody": True}, "when_nobody"),
        ({"when_agents": ("nobody", "not_ready")}, "when_agents"),
        ({"waiting": 0, "when_nobody": True}, "waiting:0 when_nobody"),
        ({"longest_wait_s": 30.0}, "longest_wait_s:30"),
    ],
    ids=str,
)
def test_a_message_says_what_held_of_the_queue(when: dict[str, Any], told: str) -> None:
    """The second caller, where somebody has to wait before one goes elsewhere."""
    node = overflowing("voicemail", **when)
    for leg in ("in1", "in2"):
        node.enter(leg)
        node.press("1", leg)
        node.pass_time(31.0)
        node.listen(leg)
    assert node.entries(entries.VoicemailStarted)[-1].conditions == told


def test_with_nobody_signed_in_callers_are_told_that_all_are_busy() -> None:
    node = overflowing("busy", when_nobody=True)
    node.enter()
    node.press("1")
    assert node.plane.prompts_of("in1") == ("busy_later",)
    node.listen()
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.QUEUE_FULL
    node.assert_nothing_is_left()


def test_another_queue_takes_the_caller_over_with_its_place_kept() -> None:
    node = overflowing("queue", "night", waited_s=5.0)
    night = replace(QUEUE, name="night")
    node.dispatcher.tell(definition_of(night))
    node.board.take_queues((QUEUE, night))
    call_id = node.enter()
    node.press("1")
    node.pass_time(6.0)
    assert node.call(call_id).route.queue == "night"
    assert [entry.queue for entry in node.entries(entries.CallQueued)] == ["hotline", "night"]


def test_an_overflow_flow_that_is_gone_is_refused_and_the_caller_waits_on() -> None:
    node = overflowing("flow", "gone", waited_s=5.0)
    call_id = node.enter()
    node.press("1")
    node.pass_time(6.0)
    assert node.call(call_id).state is CallState.WAITING
    assert node.waits(call_id) == 1


def test_outside_its_hours_a_queue_sends_callers_elsewhere() -> None:
    node = overflowing("voicemail", when_closed=True)
    first = node.enter()
    node.press("1")
    assert node.call(first).state is CallState.WAITING
    node.dispatcher.tell(QueueHoursChanged(queue=QueueName("hotline"), is_open=False))
    assert node.call(first).state is CallState.IN_FLOW
    assert node.plane.prompts_of("in1") == ("leave_message",)


# ---- the emergency switch ------------------------------------------------------------------------------


def switched_on(flow: str = "", **flows: dict[str, Any]) -> FlowNode:
    """The switch is on, with a notice."""
    node = FlowNode()
    node.standing.business = business_of(
        switch={"id": "switch", "is_on": True, "notice": ["welcome"], "flow": flow}, **flows
    )
    return node


@pytest.mark.parametrize("flow", ["", "main"])
def test_in_an_emergency_every_caller_hears_the_notice_first(flow: str) -> None:
    node = switched_on(flow, main=FLOW)
    node.enter()
    assert node.plane.prompts_of("in1") == ("welcome",)
    node.listen()
    assert node.plane.prompts_of("in1") == ("menu",)


def test_a_number_without_a_flow_has_the_notice_too_and_then_its_queue() -> None:
    node = switched_on()
    node.board._arrivals._routes.take([RouteSettings(number="12345", queue="hotline")])
    call_id = node.enter()
    assert node.plane.prompts_of("in1") == ("welcome",)
    node.listen()
    assert node.call(call_id).state is CallState.WAITING


def test_once_it_is_off_calls_are_as_before() -> None:
    node = switched_on(main=FLOW)
    node.standing.business = business_of(main=FLOW)
    node.enter()
    assert node.plane.prompts_of("in1") == ("menu",)
