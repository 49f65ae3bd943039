"""A new control takes over from one that died: people go on talking, callers keep their place, nothing is left over."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acd.names import QueueName
from media.commands import CloseLeg, StopRecording
from media.events import LegHeld, LegStatistics, RecordingHeld
from softswitch.calls.call import CallState
from softswitch.plane_link import Held
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.distribution import DistributionSettings
from softswitch.settings.overflow import OverflowSettings, OverflowTo
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import CallerLevelSettings, RouteSettings
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason, Entry
from softswitch.store.reader import Reader
from softswitch.store.writer import Store
from softswitch.succession import Succession
from tests.softswitch.calls.node import ACCOUNTS, EPOCH, QUEUE, Journal, Node
from tests.softswitch.calls.scripted_plane import PlaneLeg, PlaneRecording, ScriptedPlane


class OnDisk(Journal):
    """Writes into a real store, and remembers it."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def record(self, entry: Entry) -> None:
        super().record(entry)
        self._store.record(entry)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "h.sqlite", key_path=tmp_path / "key", wall=lambda: EPOCH)
    yield store
    await store.close()


@pytest.fixture
def node(store: Store) -> Node:
    """The control that will die."""
    return Node(keeper=store, journal=OnDisk(store))


def held_by(plane: ScriptedPlane) -> Held:
    """What a plane says that it holds."""
    return Held(
        legs={
            leg_id: LegHeld(
                leg_id=leg_id,
                call_id="",
                address="127.65.0.5",
                port=20000,
                hearing=leg.hearing,
                statistics=LegStatistics(),
            )
            for leg_id, leg in plane.legs.items()
        },
        recordings={
            recording_id: RecordingHeld(recording_id=recording_id, call_id="", path=recording.path, frames=10)
            for recording_id, recording in plane.recordings.items()
        },
    )


async def succeed(
    store: Store,
    before: Node,
    accounts: tuple[AccountSettings, ...] = ACCOUNTS,
    database: Path | None = None,
    queue: QueueSettings = QUEUE,
    more_queues: tuple[QueueSettings, ...] = (),
) -> Node:
    """Control dies and another one takes over, which reads the store's database unless told of another."""
    after = Node(
        keeper=store,
        journal=OnDisk(store),
        before=before,
        accounts=accounts,
        queue=queue,
        more_queues=more_queues,
    )
    await take_over(store, after, database)
    after.settle()
    return after


async def take_over(store: Store, after: Node, database: Path | None = None) -> None:
    """Let a control that has just begun take over from the one before."""
    reader = await Reader.open(database or store._path, store.committed)
    succession = Succession(
        edge=after.sip,
        pool=after.sip,
        tell_plane=after.plane.tell,
        legs=after.legs,
        board=after.board,
        seats=after.seats,
        recordings=after.recordings,
        dispatcher=after.dispatcher,
        store=store,
        reader=reader,
        clock=after.clock,
    )
    try:
        await succession.take_over(after.sip.legs_up(), held_by(after.plane))
    finally:
        await reader.close()
    await after.recordings.wait_repaired()


def end_of(node: Node, call_id: str) -> tuple[EndedBy, EndReason]:
    (end,) = [entry for entry in node.entries(entries.CallEnded) if entry.call_id == call_id]
    return end.ended_by, end.end_reason


async def test_a_talk_goes_on_untouched_and_ends_as_if_nothing_had_been(store: Store, node: Node) -> None:
    node.login()
    agent_leg = node.talk("in1")
    (call_id,) = [call.call_id for call in node.board.calls()]
    orders = len(node.plane.orders)
    after = await succeed(store, node)
    assert after.call(call_id).state is CallState.TALKING
    assert after.plane.orders[orders:] == []  # the plane is not disturbed
    assert after.agent()[:2] == ("ready", "talking")
    assert [trunk.in_use for trunk in after.trunks.statistics()] == [1]
    after.sip.leave(agent_leg)
    after.settle()
    assert end_of(after, call_id) == (EndedBy.AGENT, EndReason.COMPLETED)
    assert after.outside("in1").told[-1][0] == "BYE"
    assert after.agent()[0] == "wrap_up"
    assert [entry.state.value for entry in after.entries(entries.RecordingClosed)] == ["done"]
    after.assert_nothing_is_left()


@pytest.mark.parametrize("talks", [True, False], ids=["in a call", "idle"])
async def test_a_standing_line_goes_on_with_or_without_its_call(store: Store, talks: bool) -> None:
    accounts = tuple(replace(account, answers_by="line_auto") for account in ACCOUNTS)
    before = Node(keeper=store, journal=OnDisk(store), accounts=accounts, greeting="")
    before.login()
    (line,) = [leg.leg_id for leg in before.legs.all()]
    before.sip.pick_up(line)
    before.settle()
    if talks:
        before.call_in("in1")
        before.pass_time(1.0)
        before.plane.play_to_the_end("in1")
        before.settle()
        assert before.plane.hears("in1") == {line}
    after = await succeed(store, before, accounts)
    if talks:
        assert (after.plane.hears(line), after.plane.hears("in1")) == ({"in1"}, {line})
        after.sip.leave("in1")
        after.settle()
        await after.seats.end_wrap_up("1001")
    assert after.agent()[:2] == ("ready", "idle")
    assert after.plane.hears(line) == set()
    after.call_in("in2")
    after.pass_time(1.0)
    assert after.agent()[1] == "talking"
    assert [word for word, _, _ in after.outside(line).told] == ["INVITE"]


async def test_an_announcement_that_was_cut_short_is_not_repeated_and_both_talk(
    store: Store, node: Node
) -> None:
    node.login()
    call_id = node.call_in("in1")
    agent_leg = node.leg_of_agent(call_id)
    node.sip.pick_up(agent_leg)
    node.settle()
    assert node.call(call_id).state is CallState.INTRODUCED
    after = await succeed(store, node)
    assert after.call(call_id).state is CallState.TALKING
    assert after.plane.hears("in1") == {agent_leg}
    assert len(after.entries(entries.CallConnected)) == 1


async def test_callers_keep_their_places_and_the_next_agent_gets_the_first(store: Store, node: Node) -> None:
    first = node.call_in("in1")
    node.pass_time(3.0)
    second = node.call_in("in2")
    after = await succeed(store, node)
    assert (after.waits(first), after.waits(second)) == (1, 2)
    assert not after.entries(entries.CallQueued)  # they were queued before
    after.login()
    assert after.leg_of_agent(first)
    for leg_id in ("in1", "in2"):
        after.sip.leave(leg_id)
    after.settle()
    assert end_of(after, second) == (EndedBy.CALLER, EndReason.ABANDONED)
    after.assert_nothing_is_left()


async def test_who_waits_in_a_queue_that_was_removed_waits_where_the_number_leads(store: Store) -> None:
    """Behind who came before, at the old place; nobody is turned away."""
    node = Node(keeper=store, journal=OnDisk(store), more_queues=(replace(QUEUE, name="gone"),))
    first = node.call_in("in1")
    node.pass_time(3.0)
    assert node.board.queue_desk.move(node.call(first), "gone") == ""
    second = node.call_in("in2")
    after = await succeed(store, node)
    assert (after.waits(first), after.waits(second)) == (1, 2)
    assert after.call(first).route.queue == "hotline"
    after.login()
    assert after.leg_of_agent(first)


async def test_the_time_in_a_queue_goes_on_over_the_take_over(store: Store) -> None:
    """From one control to the next and the one after; and nobody goes back to a queue where they were before."""
    away = OverflowSettings(to=OverflowTo.BUSY, waited_s=60.0)
    back, on = (
        OverflowSettings(to=OverflowTo.QUEUE, name=name, waited_s=10.0) for name in ("hotline", "there")
    )
    queue, there = replace(QUEUE, overflow=(on,)), replace(QUEUE, name="there", overflow=(back, away))
    node = Node(keeper=store, journal=OnDisk(store), greeting="", queue=queue, more_queues=(there,))
    call_id = node.call_in("in1")
    for seconds in (50.0, 10.0):
        node.pass_time(seconds)
        node = await succeed(store, node, queue=queue, more_queues=(there,))
    node.pass_time(9.0)
    assert (node.call(call_id).route.queue, node.waits(call_id)) == ("there", 1)
    node.pass_time(1.0)
    assert node.call(call_id).state is CallState.TURNED_AWAY


@pytest.mark.parametrize(
    "rules",
    [
        {"overflow": (OverflowSettings(to=OverflowTo.BUSY, when_nobody=True),)},
        {"distribution": DistributionSettings(refuses_when=("nobody",), dismisses_when=("nobody",))},
    ],
    ids=["overflow", "refused and dismissed"],
)
async def test_nobody_is_sent_away_because_the_agents_come_back_after_the_callers(
    store: Store, rules: dict[str, Any]
) -> None:
    """They were there all the time; but when nobody is left the rule holds."""
    queue = replace(QUEUE, **rules)
    node = Node(keeper=store, journal=OnDisk(store), greeting="", queue=queue)
    node.login()
    node.talk("in1")
    call_id = node.call_in("in2")
    after = await succeed(store, node, queue=queue)
    assert after.call(call_id).state is CallState.WAITING
    after.sip.leave("in1")
    after.settle()
    await after.seats.end_wrap_up("1001")
    assert after.leg_of_agent(call_id)


async def test_callers_keep_their_levels(store: Store) -> None:
    """Whoever waits, and whoever was still greeted when control died."""
    important = RouteSettings(
        number="12345", queue="hotline", callers=(CallerLevelSettings(add=5, prefix="139"),)
    )
    node = Node(keeper=store, journal=OnDisk(store), route=important)
    first = node.call_in("in1")
    node.pass_time(3.0)
    second = node.call_in("in2", caller="13900002222")
    node.pass_time(3.0)
    third = node.dial("in3", caller="13900003333")
    node.sip.acknowledge("in3")
    node.settle()
    after = await succeed(store, node)
    assert [after.waits(call) for call in (first, second, third)] == [3, 1, 2]


async def test_a_greeting_that_was_cut_short_ends_in_the_queue(store: Store, node: Node) -> None:
    call_id = node.dial("in1")
    node.sip.acknowledge("in1")
    node.settle()
    after = await succeed(store, node)
    assert after.waits(call_id) == 1
    assert len(after.entries(entries.CallQueued)) == 1


async def test_a_phone_that_rang_is_let_go_and_rung_again_for_the_same_caller(
    store: Store, node: Node
) -> None:
    node.login()
    call_id = node.call_in("in1")
    rang = node.leg_of_agent(call_id)
    node.sip.ring(rang)
    node.settle()
    after = await succeed(store, node)
    assert after.outside(rang).told[-1][0] == "CANCEL"
    (phone,) = after.ringing()
    assert phone.leg_id != rang
    after.answer(phone.leg_id)
    assert after.call(call_id).state is CallState.TALKING
    after.sip.leave("in1")
    after.assert_nothing_is_left()


async def test_an_agents_leg_lost_meanwhile_puts_the_caller_at_the_head_of_the_line_once(
    store: Store, node: Node
) -> None:
    node.login()
    agent_leg = node.talk("in1")
    (call_id,) = [call.call_id for call in node.board.calls()]
    node.pass_time(3.0)
    node.call_in("in2")
    cell = node.sip.cell_of(agent_leg)
    assert cell is not None
    node.sip.kill_cell(cell.cell_id)
    after = await succeed(store, node)
    assert after.waits(call_id) == 1
    assert after.plane.hears("in1") == {"prompt", "music"}
    assert after.agent()[0] == "wrap_up"
    assert after.outside(agent_leg).is_over
    assert [entry.call_id for entry in after.entries(entries.CallRequeued)] == [call_id]
    again = await succeed(store, after)
    assert again.waits(call_id) == 1
    assert not again.entries(entries.CallRequeued)
    for leg_id in ("in1", "in2"):
        again.sip.leave(leg_id)
    again.assert_nothing_is_left()


async def test_a_callers_leg_lost_meanwhile_ends_the_call_and_the_agent_wraps_up(
    store: Store, node: Node
) -> None:
    node.login()
    agent_leg = node.talk("in1")
    (call_id,) = [call.call_id for call in node.board.calls()]
    cell = node.sip.cell_of("in1")
    assert cell is not None
    node.sip.kill_cell(cell.cell_id)
    after = await succeed(store, node)
    assert not after.board.calls()
    assert after.outside("in1").told[-1][0] == "BYE"
    assert after.outside(agent_leg).told[-1][0] == "BYE"
    assert after.agent()[0] == "wrap_up"
    orphans = await store.close_orphans(EPOCH, ())
    assert call_id not in orphans.calls  # the take-over closed it
    after.assert_nothing_is_left()


async def test_a_plane_that_died_with_control_ends_every_call(store: Store, node: Node) -> None:
    node.login()
    node.talk("in1")
    node.call_in("in2")
    node.plane.die()
    node.plane.come_back()
    after = await succeed(store, node)
    assert not after.board.calls()
    assert after.outside("in1").told[-1][0] == "BYE"
    assert after.outside("in2").told[-1][0] == "BYE"
    assert {entry.state.value for entry in after.entries(entries.RecordingClosed)} == {"crash"}
    after.assert_nothing_is_left()


async def test_what_belongs_to_no_call_is_ended_everywhere(store: Store, node: Node) -> None:
    """A leg and a recording of which nothing was written down any more."""
    node.plane.legs["stray"] = PlaneLeg()
    node.plane.recordings["r9"] = PlaneRecording("/recordings/r9.wav", (), ())
    node.sip.invite("unheard")
    after = await succeed(store, node)
    assert CloseLeg(leg_id="stray") in after.plane.orders
    assert StopRecording(recording_id="r9") in after.plane.orders
    assert after.outside("unheard").told == [("answer", 503, ())]
    assert [entry.recording_id for entry in after.entries(entries.RecordingClosed)] == ["r9"]
    after.assert_nothing_is_left()


async def test_places_are_announced_again_after_the_take_over(store: Store, node: Node) -> None:
    node.call_in("in1")
    node.plane.play_to_the_end("in1")
    node.settle()
    after = await succeed(store, node)
    assert after.plane.prompts_of("in1") == ("position_next",)
    after.plane.play_to_the_end("in1")
    after.settle()
    after.pass_time(30.0)
    assert after.plane.prompts_of("in1") == ("position_next",)


async def test_a_record_that_nobody_can_read_costs_its_own_call_alone(store: Store, node: Node) -> None:
    """Its caller gets BYE and its record an end; everybody else is taken over."""
    spoilt = node.call_in("in1")
    kept = node.call_in("in2")
    store.put("live_call", spoilt, {"call_id": spoilt, "state": "nonsense"})
    store.put("live_call", "junk", {})
    after = await succeed(store, node)
    assert [call.call_id for call in after.board.calls()] == [kept]
    assert after.outside("in1").told[-1][0] == "BYE"
    assert spoilt not in (await store.close_orphans(EPOCH, {kept})).calls  # the take-over closed it
    assert store.load("live_call").keys() == {kept}
    after.sip.leave("in2")
    after.settle()
    after.assert_nothing_is_left()


async def test_a_caller_whose_ack_is_still_to_come_is_greeted_when_it_comes(store: Store, node: Node) -> None:
    """Control died between 200 and ACK: the cell repeats the 200 until the caller has heard it."""
    call_id = node.dial("in1")
    assert node.call(call_id).answered_at is not None
    after = await succeed(store, node)
    assert after.call(call_id).state is CallState.ARRIVED
    assert not after.entries(entries.CallQueued)
    after.sip.acknowledge("in1")
    after.settle()
    assert after.call(call_id).state is CallState.GREETED
    assert after.plane.prompts_of("in1") == ("welcome",)
    after.plane.play_to_the_end("in1")
    after.settle()
    assert after.waits(call_id) == 1
    again = await succeed(store, after)
    assert again.waits(call_id) == 1
    again.sip.leave("in1")
    again.settle()
    assert end_of(again, call_id) == (EndedBy.CALLER, EndReason.ABANDONED)
    again.assert_nothing_is_left()


async def test_an_invite_that_was_not_answered_yet_is_refused_after_the_take_over(
    store: Store, node: Node
) -> None:
    """Nobody had accepted it: the caller may try again."""
    node.sip.invite("in1")
    node.deliver_edge()
    after = await succeed(store, node)
    assert not after.board.calls()
    assert after.outside("in1").is_over
    after.assert_nothing_is_left()


async def test_what_callers_are_told_of_their_wait_is_what_they_were_told_before(
    store: Store, node: Node
) -> None:
    """The pace of a queue is read back from the calls and the agents' states; a call that is not wrapped up counts later."""
    node.login()
    for number in range(4):
        agent_leg = node.talk(f"in{number}")
        node.pass_time(20.0 + number)
        node.sip.leave(agent_leg)
        node.settle()
        if number < 3:
            node.pass_time(10.5)
            await store.committed()
    before = node.dispatcher.engine.expected_wait_s(QueueName(QUEUE.name))
    assert before is not None
    after = await succeed(store, node)
    assert after.dispatcher.engine.expected_wait_s(QueueName(QUEUE.name)) == pytest.approx(before, abs=0.01)


async def test_a_database_that_cannot_tell_the_pace_hinders_no_take_over(
    store: Store, node: Node, tmp_path: Path
) -> None:
    """A file without what is looked for there."""
    (tmp_path / "empty.sqlite").touch()
    node.login()
    node.talk("in1")
    after = await succeed(store, node, database=tmp_path / "empty.sqlite")
    assert after.agent()[:2] == ("ready", "talking")
