"""Callbacks: the place is kept, the agent comes first, then the customer is rung with the hotline's number."""

from dataclasses import replace
from typing import Any

import pytest

from api.faults import Conflict, Denied, NotFound, Refused
from softswitch.business.whole import Business, Machine, whole_of
from softswitch.calendars.hours import WEEKDAYS
from softswitch.calls.call import CallState
from softswitch.calls.callback import (
    CALLBACK_TRANSITIONS,
    OPEN,
    Callback,
    CallbackState,
    IllegalCallbackState,
)
from softswitch.calls.callbacks import Wish
from softswitch.settings.callbacks import CallbackSettings
from softswitch.settings.distribution import DistributionSettings
from softswitch.settings.overflow import OverflowSettings, OverflowTo
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason
from tests.softswitch.calls.node import EPOCH, QUEUE, Node

MOBILE = "13900000002"
CALLED = replace(QUEUE, callback=CallbackSettings(tries=2, gap_s=60.0, ring_s=20.0))


def wish(node: Node, number: str = MOBILE, *, waited_s: float = 0.0, queue: str = "hotline") -> Callback:
    """Somebody wants to be called back, and has waited so long."""
    asked = Wish(number=number, queue=queue, arrived_at=node.clock.wall() - waited_s, by="test")
    return node.board.callbacks.ask(asked)


def rung(node: Node) -> str:
    """The one leg whose phone rings."""
    node.settle()
    (leg,) = node.ringing()
    return leg.leg_id


def agent_takes(node: Node) -> tuple[str, str]:
    """The agent's phone is answered: its leg, and that of the customer, who rings."""
    agent = rung(node)
    node.sip.pick_up(agent)
    return agent, rung(node)


def causes(node: Node) -> list[str]:
    """Why each try came to nothing, empty for one that did not."""
    return [entry.cause for entry in node.entries(entries.CallbackTried)]


def test_the_agent_comes_first_then_the_customer_and_both_are_recorded() -> None:
    node = Node(queue=CALLED)
    callback = wish(node)
    assert (callback.state, node.ringing()) == (CallbackState.WAITING, [])
    node.login()
    agent, customer = agent_takes(node)
    assert [source.name for source in node.plane.legs[agent].hearing] == ["ringback"]
    outside = node.outside(customer)
    assert (outside.number, outside.from_user) == (MOBILE, "12345")
    assert callback.state is CallbackState.CALLING
    node.sip.pick_up(customer)
    node.settle()
    assert (node.plane.hears(agent), node.plane.hears(customer)) == ({customer}, {agent})
    (recording,) = node.plane.recordings.values()
    assert (recording.left, recording.right) == ((customer,), (agent,))
    call = node.call(callback.call_id)
    assert (call.caller, call.called, call.data["callback_id"]) == (MOBILE, "12345", callback.callback_id)
    node.sip.leave(customer)
    node.settle()
    assert node.agent()[0] == "wrap_up"
    assert (callback.state, causes(node)) == (CallbackState.DONE, [""])
    assert [entry.state for entry in node.entries(entries.CallbackClosed)] == ["done"]
    node.assert_nothing_is_left()


def test_the_place_is_kept_among_those_who_wait() -> None:
    """Who asked a minute ago goes before who has waited since."""
    node = Node(queue=CALLED)
    first = node.call_in("in1")
    callback = wish(node, waited_s=60.0)
    assert (node.waits(callback.call_id), node.waits(first)) == (1, 2)


@pytest.mark.parametrize(
    ("status", "cause"),
    [(486, "busy"), (404, "invalid"), (0, "no_answer")],
    ids=["busy", "wrong", "no answer"],
)
def test_who_does_not_answer_is_called_again_after_the_gap_and_then_given_up(status: int, cause: str) -> None:
    node = Node(queue=replace(CALLED, wrap_up_s=0.0))
    callback = wish(node, waited_s=30.0)
    node.login()
    for tries in (1, 2):
        _, customer = agent_takes(node)
        if status:
            node.sip.refuse(customer, status)
            node.settle()
        else:
            node.pass_time(20.0)
        assert (callback.tries, len(node.ringing())) == (tries, 0)
        node.pass_time(59.0)
        assert not node.ringing()
        node.pass_time(2.0)
    assert (callback.state, callback.cause, causes(node)) == (CallbackState.FAILED, cause, [cause, cause])
    assert callback.arrived_at == EPOCH - 30.0
    assert not node.ringing()
    node.assert_nothing_is_left()


def test_an_agent_who_declines_costs_no_try_and_the_next_one_has_it() -> None:
    node = Node(queue=CALLED)
    callback = wish(node)
    node.login()
    node.login("1002", "8002")
    node.sip.refuse(rung(node), 603)
    node.settle()
    agent, customer = agent_takes(node)
    assert (callback.agent, callback.tries) == ("1002", 0)
    node.sip.leave(agent)
    node.settle()
    assert node.outside(customer).is_over
    assert (callback.state, causes(node)) == (CallbackState.PAUSED, ["agent_left"])


def test_a_customer_who_was_reached_and_lost_the_agent_is_a_caller_who_waits() -> None:
    """First in line, and the next agent talks at once."""
    node = Node(queue=CALLED)
    callback = wish(node)
    node.login()
    agent, customer = agent_takes(node)
    node.sip.pick_up(customer)
    node.settle()
    cell = node.sip.cell_of(agent)
    assert cell is not None
    node.lose_cell(cell.cell_id)
    assert node.call(callback.call_id).state is CallState.WAITING
    node.login("1002", "8002")
    phone = node.leg_of_agent(callback.call_id)
    node.answer(phone)
    assert node.plane.hears(customer) == {phone}
    node.sip.leave(customer)
    node.settle()
    assert (callback.state, len(node.entries(entries.CallbackTried))) == (CallbackState.DONE, 1)


def test_no_more_callbacks_are_under_way_than_the_queue_allows() -> None:
    """Two agents are free and two customers wait: one after the other."""
    node = Node(queue=replace(CALLED, callback=replace(CALLED.callback, most=1)))
    wish(node)
    wish(node, "13900000003")
    node.login()
    node.login("1002", "8002")
    agent, _ = agent_takes(node)
    assert len(node.ringing()) == 1
    node.sip.leave(agent)
    node.settle()
    assert [leg.number for leg in node.ringing()] != []


def test_the_same_number_is_called_back_once() -> None:
    node = Node(queue=CALLED)
    first, second = wish(node, waited_s=10.0), wish(node)
    assert first is second
    assert wish(node, "13900000003") is not first
    assert len(node.entries(entries.CallbackRequested)) == 2


def test_a_callback_that_is_cancelled_leaves_the_line() -> None:
    node = Node(queue=CALLED)
    callback = wish(node)
    node.login()
    phone = rung(node)
    node.board.callbacks.cancel(callback.callback_id, "1001")
    node.settle()
    assert callback.state is CallbackState.CANCELLED
    assert node.outside(phone).is_over
    assert node.agent()[:2] == ("ready", "idle")
    with pytest.raises(Conflict):
        node.board.callbacks.cancel(callback.callback_id, "1001")
    with pytest.raises(NotFound):
        node.board.callbacks.cancel("never", "1001")
    node.assert_nothing_is_left()


def test_a_call_that_an_agent_has_cannot_be_cancelled() -> None:
    node = Node(queue=CALLED)
    callback = wish(node)
    node.login()
    agent_takes(node)
    with pytest.raises(Conflict):
        node.board.callbacks.cancel(callback.callback_id, "1001")


def test_what_cannot_be_called_is_refused_and_leaves_nothing() -> None:
    """A number of no rule, a queue that is unknown, one that takes nobody."""
    node = Node(queue=replace(CALLED, distribution=DistributionSettings(refuses_when=("nobody",))))
    with pytest.raises(Denied):
        wish(node, "110")
    with pytest.raises(Refused):
        wish(node, queue="nowhere")
    with pytest.raises(Conflict):
        wish(node)
    assert node.board.callbacks.all() == ()
    node.assert_nothing_is_left()


def test_overflow_rules_take_no_callback_elsewhere() -> None:
    """Nobody is there who could be told that all are busy; another queue's agents may call, though."""
    busy = OverflowSettings(to=OverflowTo.BUSY, waited_s=5.0)
    onwards = OverflowSettings(to=OverflowTo.QUEUE, name="night", waited_s=10.0)
    node = Node(queue=replace(CALLED, overflow=(busy, onwards)), more_queues=(replace(CALLED, name="night"),))
    callback = wish(node)
    node.pass_time(15.0)
    assert node.waits(callback.call_id) == 1
    assert node.call(callback.call_id).route.queue == "night"


def test_where_nobody_is_there_a_callback_waits_on() -> None:
    """Callers would be sent away; who has hung up already is none."""
    node = Node(queue=replace(CALLED, distribution=DistributionSettings(dismisses_when=("not_ready",))))
    callback = wish(node)
    node.login(state="not_ready")
    assert node.waits(callback.call_id) == 1


def test_a_queue_that_takes_nobody_when_the_gap_is_over_is_asked_again() -> None:
    """It was no try."""
    node = Node(queue=replace(CALLED, limit=1))
    callback = wish(node)
    node.board.table.end(node.call(callback.call_id), EndedBy.SYSTEM, EndReason.FORCED)
    node.call_in("in1")
    assert callback.state is CallbackState.PAUSED
    node.pass_time(61.0)
    assert (callback.state, callback.cause, callback.tries) == (CallbackState.PAUSED, "queue_full", 0)
    node.sip.leave("in1")
    node.settle()
    node.pass_time(61.0)
    assert node.waits(callback.call_id) == 1


class Standing:
    """The business as it stands."""

    def __init__(self, business: Business) -> None:
        self.business = business


def by_day(hours: str = "day") -> Node:
    """Customers are called from 07:00 to 20:00.  The node's epoch is 06:13 in Shanghai."""
    week = {day: ["07:00-20:00"] for day in WEEKDAYS}
    documents: dict[tuple[str, str], dict[str, Any]] = {
        ("hours", "day"): {"id": "day", "name": "day", **week, "observes_holidays": False},
        ("queues", "hotline"): {"name": "hotline", "hours": hours},
        ("services", "help"): {"id": "help", "queue": "hotline", "hours": "day"},
    }
    nothing = frozenset[str]()
    machine = Machine(trunks=nothing, prompts=nothing, music=frozenset({"waiting"}))
    node = Node(queue=replace(CALLED, hours=hours))
    node.board.callbacks.business = Standing(whole_of(documents, machine))
    node.login()
    return node


@pytest.mark.parametrize("hours", ["day", ""], ids=["of the queue", "of its service"])
def test_nobody_is_called_outside_the_hours_of_the_queue(hours: str) -> None:
    """It waits until they begin, at its old place."""
    node = by_day(hours)
    callback = wish(node, waited_s=10.0)
    node.settle()
    assert (callback.state, callback.cause, node.ringing()) == (CallbackState.PAUSED, "closed", [])
    node.pass_time(callback.due_at - node.clock.wall() + 1.0)
    _, customer = agent_takes(node)
    assert node.outside(customer).number == MOBILE
    assert callback.arrived_at == EPOCH - 10.0


def set_clock(node: Node, by_s: float) -> None:
    """The machine's clock is set, and somebody reads it."""
    if node.board.callbacks.clock_set not in node.clock.on_set:
        node.clock.on_set.append(node.board.callbacks.clock_set)
    node.clock.ahead_s += by_s
    node.clock.wall()


def test_a_clock_that_is_set_to_the_hours_of_the_queue_lets_customers_be_called_at_once() -> None:
    node = by_day()
    callback = wish(node)
    node.settle()
    set_clock(node, 3_600.0)
    node.pass_time(1.0)
    assert callback.state is CallbackState.WAITING
    _, customer = agent_takes(node)
    assert node.outside(customer).number == MOBILE


@pytest.mark.parametrize("by_s", [3_600.0, -3_600.0])
def test_a_clock_that_is_set_keeps_places_and_pauses_as_long_as_they_were(by_s: float) -> None:
    """Also for the next control, which reads them from what was written down."""
    node = Node(queue=CALLED)
    waiting, paused = wish(node, waited_s=30.0), wish(node, "13900000003", waited_s=20.0)
    node.board.table.drop(node.call(paused.call_id))
    node.board.callbacks._pause(paused, node.clock.wall() + 100.0, "busy")
    set_clock(node, by_s)
    kept = node.keeper.load("callback")
    assert [kept[each.callback_id]["arrived_at"] for each in (waiting, paused)] == [
        EPOCH + by_s - 30.0,
        EPOCH + by_s - 20.0,
    ]
    assert kept[paused.callback_id]["due_at"] == EPOCH + by_s + 100.0
    states: list[CallbackState] = []
    for passed in (99.0, 1.5):
        node.pass_time(passed)
        states.append(paused.state)
    assert states == [CallbackState.PAUSED, CallbackState.WAITING]


def test_every_pair_of_states_is_allowed_or_refused() -> None:
    """What is refused changes nothing; open ones are those that something follows."""
    assert {state for state in CallbackState if CALLBACK_TRANSITIONS[state]} == set(OPEN)
    for before in CallbackState:
        for after in set(CallbackState) - CALLBACK_TRANSITIONS[before]:
            callback = Callback(
                callback_id="cb",
                number=MOBILE,
                queue="q",
                line="1",
                arrived_at=0.0,
                requested_at=0.0,
                state=before,
            )
            with pytest.raises(IllegalCallbackState):
                callback.become(after)
            assert callback.state is before


def test_callbacks_outlive_control() -> None:
    """One waits, one is paused, one was being rung, and one record is none."""
    old = Node(queue=CALLED)
    waiting, paused = wish(old, waited_s=30.0), wish(old, "13900000003", waited_s=20.0)
    old.board.table.drop(old.call(paused.call_id))
    old.board.callbacks._pause(paused, old.clock.wall() + 100.0, "busy")
    old.login()
    _, customer = agent_takes(old)
    assert waiting.state is CallbackState.CALLING
    assert customer
    old.keeper.put("callback", "wrong", {"state": "lost"})
    new = Node(queue=CALLED, before=old, keeper=old.keeper, journal=old.journal)
    new.board.callbacks.restore()
    first, second = new.board.callbacks.all()
    assert (first.state, first.tries, first.cause) == (CallbackState.PAUSED, 1, "restart")
    assert (second.state, second.due_at, second.arrived_at) == (
        CallbackState.PAUSED,
        paused.due_at,
        paused.arrived_at,
    )
    new.pass_time(101.0)
    assert [new.waits(each.call_id) for each in (first, second)] == [1, 2]
