"""Whose turn it is, how often a number is tried, and what the figures say: by examples and by any history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.calls.dial_results import DialResult
from softswitch.campaigns.call_list import NOT_MADE_S, CallList, IllegalListState, ListState
from softswitch.campaigns.records import RECORD_TRANSITIONS, IllegalRecordState, Record, RecordState
from softswitch.campaigns.rules import ListRules

S, R = RecordState, DialResult


def a_list(numbers: int = 2, **rules: object) -> CallList:
    made = CallList("l1", ListRules(name="回访", queue="hotline", **rules), 0.0)  # type: ignore[arg-type]
    named = ((f"139000000{place:02d}", {"name": f"n{place}"}) for place in range(numbers))
    for record in made.following(named, 0.0):
        made.put(record)
    return made


def next_of(call_list: CallList, now: float) -> Record:
    record = call_list.due(now)
    assert record is not None
    return record


def test_numbers_come_in_order_and_a_retry_after_its_time() -> None:
    call_list = a_list()
    first = next_of(call_list, 10.0)
    assert first.record_id == "000001"
    busy = call_list.settle(call_list.begin(first, "c1", 10.0), R.BUSY, 20.0)
    assert (busy.state, busy.tries, busy.not_before) == (S.WAITING, 1, 620.0)
    second = next_of(call_list, 20.0)
    reached = call_list.settle(call_list.begin(second, "c2", 20.0), R.ANSWERED, 30.0)
    assert (reached.state, call_list.due(30.0), call_list.next_due_at()) == (S.REACHED, None, 620.0)
    assert next_of(call_list, 620.0).record_id == "000001"
    assert (call_list.states[S.WAITING], call_list.results) == (1, {R.BUSY: 1, R.ANSWERED: 1})


def test_a_number_is_given_up_after_so_many_tries_or_when_there_is_no_use() -> None:
    call_list = a_list(2, tries_most=2)
    record = next_of(call_list, 0.0)
    record = call_list.settle(call_list.begin(record, "c1", 0.0), R.NO_ANSWER, 0.0)
    record = call_list.settle(call_list.begin(record, "c2", 4000.0), R.NO_ANSWER, 4000.0)
    assert (record.state, record.tries) == (S.GIVEN_UP, 2)
    other = next_of(call_list, 4000.0)
    assert call_list.settle(call_list.begin(other, "c3", 0.0), R.INVALID_NUMBER, 0.0).state is S.GIVEN_UP
    assert call_list.is_done


def test_a_call_that_was_never_made_counts_for_nothing() -> None:
    call_list = a_list(1)
    calling = call_list.begin(next_of(call_list, 0.0), "c1", 0.0)
    back = call_list.settle(calling, R.CANCELLED, 5.0)
    assert (back.state, back.tries, back.result, back.not_before) == (S.WAITING, 0, None, 5.0 + NOT_MADE_S)


def test_a_machine_that_answered_is_tried_again() -> None:
    call_list = a_list(1)
    reached = call_list.settle(call_list.begin(next_of(call_list, 0.0), "c1", 0.0), R.ANSWERED, 1.0)
    again = call_list.of_call("c1")
    assert again == reached
    after = call_list.settle(reached, R.VOICEMAIL, 9.0)
    assert (after.state, after.not_before, call_list.results) == (S.WAITING, 7209.0, {R.VOICEMAIL: 1})
    assert call_list.of_call("c1") is None


def test_an_agent_looks_at_one_record_and_nobody_else_does() -> None:
    call_list = a_list()
    shown = call_list.show(next_of(call_list, 0.0), "1001", 0.0)
    assert (call_list.shown_to("1001"), call_list.shown_to("1002")) == (shown, None)
    assert next_of(call_list, 0.0).record_id == "000002"
    call_list.put_back(shown, 1.0)
    assert call_list.shown_to("1001") is None
    assert next_of(call_list, 1.0 + NOT_MADE_S).record_id == "000002"


@pytest.mark.parametrize("before", list(S))
def test_no_step_but_those_of_the_table(before: RecordState) -> None:
    for after in S:
        record = Record(record_id="1", number="1", state=before)
        if after in RECORD_TRANSITIONS[before]:
            assert record.become(after, 1.0).state is after
        else:
            with pytest.raises(IllegalRecordState):
                record.become(after, 1.0)


def test_a_list_that_was_stopped_stays_so() -> None:
    call_list = a_list()
    call_list.become(ListState.RUNNING)
    call_list.become(ListState.PAUSED)
    call_list.become(ListState.RUNNING)
    call_list.become(ListState.STOPPED)
    with pytest.raises(IllegalListState):
        call_list.become(ListState.RUNNING)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from([*DialResult, "skip", "put_back", "bar"]), st.floats(0, 9000)), max_size=60
    ),
    tries_most=st.integers(1, 4),
)
def test_no_number_is_called_more_often_than_its_rules_say_and_figures_add_up(
    steps: list[tuple[DialResult | str, float]], tries_most: int
) -> None:
    """Any history; what was kept on the way gives the same list again."""
    call_list, now, calls = a_list(3, tries_most=tries_most), 0.0, 0
    made: dict[str, int] = {}
    kept: dict[str, dict[str, object]] = {}
    for step, pause in steps:
        now += pause
        record = call_list.due(now)
        if record is None:
            continue
        assert record.not_before <= now
        match step:
            case "skip":
                record = call_list.skip(call_list.show(record, "1001", now), now)
            case "put_back":
                record = call_list.put_back(call_list.show(record, "1001", now), now)
            case "bar":
                record = call_list.bar(record, now)
            case _:
                calls += 1
                result = DialResult(step)
                made[record.number] = made.get(record.number, 0) + (result is not R.CANCELLED)
                record = call_list.settle(call_list.begin(record, f"c{calls}", now), result, now)
        kept[record.record_id] = record.to_record()
    assert all(tries <= tries_most for tries in made.values())
    assert sum(call_list.states.values()) == len(call_list) == 3
    again = a_list(3, tries_most=tries_most)
    for record_id, row in kept.items():
        again.put(Record.restored(record_id, row))
    assert list(again.records()) != [] and again.states == call_list.states
    assert again.next_due_at() == call_list.next_due_at()
