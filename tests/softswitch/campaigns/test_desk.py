"""What is asked of call lists: made, filled, run, previewed; and who may see which."""

import asyncio
import copy
from typing import Any

import pytest

from api.call_list_port import CallListBody, CallListsQuery, ListRecordsQuery, NumbersBody
from api.faults import ApiFault, Conflict, NotFound, Refused
from api.problems import NotYours
from api.reach import EVERYTHING, Reach
from softswitch.campaigns.records import RecordState
from softswitch.store import entries
from tests.softswitch.calls.node import Node, done
from tests.softswitch.campaigns.campaign import NUMBERS, Campaign

S = RecordState
FIRST, SECOND, THIRD = NUMBERS


def preview(campaign: Campaign) -> str:
    campaign.node.login("1003", "8003")
    return campaign.make(mode="preview")


def test_an_agent_looks_at_a_record_and_dials_it_by_a_click(node: Node, campaign: Campaign) -> None:
    list_id = preview(campaign)
    shown = done(campaign.desk.next(list_id, "1003", EVERYTHING))
    assert (shown.number, shown.state, shown.agent) == (FIRST, "shown", "1003")
    assert done(campaign.desk.next(list_id, "1003", EVERYTHING)) == shown
    [told] = node.entries(entries.ListRecordShown)
    assert (told.agent, told.number) == ("1003", FIRST)
    calling = done(campaign.desk.dial(list_id, shown.record_id, "1003", EVERYTHING))
    node.settle()
    [own] = node.ringing()
    assert not own.number, "the agent's own phone first"
    node.sip.pick_up(own.leg_id)
    node.settle()
    target = campaign.leg_to(FIRST)
    node.sip.pick_up(target)
    node.settle()
    assert node.plane.hears(target) == {own.leg_id}
    record = campaign.record(list_id)
    assert (record.state, record.call_id) == (S.REACHED, calling.call_id)
    assert node.call(record.call_id).data["call_list"] == list_id


def test_an_agent_who_does_not_answer_the_own_phone_has_called_nobody(node: Node, campaign: Campaign) -> None:
    list_id = preview(campaign)
    shown = done(campaign.desk.next(list_id, "1003", EVERYTHING))
    done(campaign.desk.dial(list_id, shown.record_id, "1003", EVERYTHING))
    node.pass_time(31.0)
    record = campaign.record(list_id)
    assert (record.state, record.tries, campaign.called()) == (S.WAITING, 0, [])


def test_a_record_is_skipped_for_a_while_or_for_good_and_does_not_lie_about(
    node: Node, campaign: Campaign
) -> None:
    list_id = preview(campaign)
    first = done(campaign.desk.next(list_id, "1003", EVERYTHING))
    done(campaign.desk.skip(list_id, first.record_id, "1003", EVERYTHING, for_good=False))
    second = done(campaign.desk.next(list_id, "1003", EVERYTHING))
    done(campaign.desk.skip(list_id, second.record_id, "1003", EVERYTHING, for_good=True))
    third = done(campaign.desk.next(list_id, "1003", EVERYTHING))
    assert [first.number, second.number, third.number] == [FIRST, SECOND, THIRD]
    node.pass_time(301.0)
    states = [campaign.record(list_id, place).state for place in (1, 2, 3)]
    assert states == [S.WAITING, S.SKIPPED, S.WAITING]


def test_what_an_agent_may_not_do_now_is_refused_with_its_reason(node: Node, campaign: Campaign) -> None:
    def code_of(work: object) -> str:
        with pytest.raises(ApiFault) as caught:
            done(work)  # type: ignore[arg-type]
        return str(getattr(caught.value, "code", ""))

    desk = campaign.desk
    list_id = preview(campaign)
    shown = done(desk.next(list_id, "1003", EVERYTHING))
    assert code_of(desk.dial(list_id, shown.record_id, "1002", EVERYTHING)) == "not_shown"
    assert code_of(desk.dial(list_id, "000002", "1003", EVERYTHING)) == "not_shown"
    campaign.business.do_not_call.add(FIRST)
    assert code_of(desk.dial(list_id, shown.record_id, "1003", EVERYTHING)) == "do_not_call"
    assert campaign.record(list_id).state is S.BARRED
    campaign.turn(list_id, "paused")
    assert code_of(desk.next(list_id, "1003", EVERYTHING)) == "list_not_running"
    assert code_of(desk.next(campaign.make(start=False), "1003", EVERYTHING)) == "dials_by_itself"
    closed = campaign.make((FIRST,), mode="preview", window="01:00-02:00")
    assert code_of(desk.next(closed, "1003", EVERYTHING)) == "outside_hours"
    campaign.turn(list_id, "running")
    for _ in range(2):
        record = done(desk.next(list_id, "1003", EVERYTHING))
        done(desk.skip(list_id, record.record_id, "1003", EVERYTHING, for_good=True))
    assert code_of(desk.next(list_id, "1003", EVERYTHING)) == "nothing_due"
    assert not campaign.placed()


def test_numbers_are_taken_all_or_none_and_a_trial_takes_none(campaign: Campaign) -> None:
    list_id = campaign.make(NUMBERS[:1], start=False)
    campaign.business.do_not_call.add(SECOND)
    bad = NumbersBody(csv=f"number,name\n{SECOND},a\n{FIRST},b\nx,c\n")
    view = done(campaign.desk.add(list_id, bad, EVERYTHING, "boss"))
    assert (view.taken, view.good, view.barred) == (False, 1, 1)
    assert [line.line for line in view.bad_lines] == [3, 4]
    good = f"number,name\n{SECOND},a\n{THIRD},b\n"
    tried = done(campaign.desk.add(list_id, NumbersBody(csv=good, dry_run=True), EVERYTHING, "boss"))
    assert (tried.taken, tried.good) == (False, 2)
    taken = done(campaign.desk.add(list_id, NumbersBody(csv=good), EVERYTHING, "boss"))
    assert taken.taken
    page = done(campaign.desk.records(list_id, ListRecordsQuery(limit=2), EVERYTHING))
    assert [item.number for item in page.items] == [FIRST, SECOND]
    rest = done(
        campaign.desk.records(list_id, ListRecordsQuery(limit=2, cursor=page.next_cursor or ""), EVERYTHING)
    )
    assert ([item.data for item in rest.items], rest.next_cursor) == ([{"name": "b"}], None)


def test_figures_show_how_far_a_list_has_come_and_it_is_there_after_a_restart(
    node: Node, campaign: Campaign
) -> None:
    node.login()
    list_id = campaign.make()
    node.sip.refuse(campaign.leg_to(FIRST), 404)
    node.settle()
    campaign.look()
    view = done(campaign.desk.get(list_id, EVERYTHING))
    assert (view.total, view.under_way, view.results) == (3, 1, {"invalid_number": 1})
    assert (view.states["given_up"], view.states["calling"], view.states["waiting"]) == (1, 1, 1)
    again = Campaign(Node(keeper=node.keeper))
    [restored] = done(again.desk.list(CallListsQuery(), EVERYTHING)).items
    assert (restored.list_id, restored.state, restored.total) == (list_id, "running", 3)


def test_a_list_that_cannot_work_is_refused(campaign: Campaign) -> None:
    wrongs: tuple[dict[str, Any], ...] = (
        {"queue": "nowhere"},
        {"hours": "nowhere"},
        {"line": "999"},
        {"window": "20:00-09:00"},
        {"retry_minutes": {"answered": 5}},
        {"retry_minutes": {"busy": "soon"}},
    )
    for wrong in wrongs:
        with pytest.raises(Refused):
            done(
                campaign.desk.create(
                    CallListBody(**{"name": "x", "queue": "hotline", **wrong}), EVERYTHING, "boss"
                )
            )


def test_lists_come_in_pages_the_newest_first(node: Node, campaign: Campaign) -> None:
    """Page by page it is the same as at once, and a list that was made meanwhile puts nothing out of place."""
    made = []
    for _ in range(5):
        made.append(campaign.make(start=False))
        node.pass_time(1.0)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = done(campaign.desk.list(CallListsQuery(cursor=cursor, limit=2), EVERYTHING))
        found += [each.list_id for each in page.items]
        cursor = page.next_cursor
        campaign.make(start=False)
    assert found == made[::-1]


def test_a_list_is_seen_by_those_whose_queue_it_is(campaign: Campaign) -> None:
    list_id = campaign.make(start=False)
    mine = Reach(queues=frozenset({"hotline"}), sees_queued=True)
    other = Reach(queues=frozenset({"other"}), sees_queued=True)
    assert len(done(campaign.desk.list(CallListsQuery(), mine)).items) == 1
    assert not done(campaign.desk.list(CallListsQuery(), other)).items
    with pytest.raises(NotYours):
        done(campaign.desk.get(list_id, other))
    with pytest.raises(NotFound):
        done(campaign.desk.get("none", EVERYTHING))


async def test_a_list_is_forgotten_with_its_numbers_once_it_does_not_run(campaign: Campaign) -> None:
    list_id = campaign.make()
    with pytest.raises(Conflict):
        await campaign.desk.remove(list_id, EVERYTHING, "boss")
    campaign.turn(list_id, "stopped")
    await campaign.desk.remove(list_id, EVERYTHING, "boss")
    keeper = campaign.node.keeper
    assert (keeper.load("call_list"), keeper.load("call_list_record")) == ({}, {})
    with pytest.raises(NotFound):
        await campaign.desk.get(list_id, EVERYTHING)


async def test_a_long_file_is_taken_while_calls_go_on(campaign: Campaign) -> None:
    list_id = campaign.make(start=False)
    lines = "".join(f"138{place:08d},someone with a name\n" for place in range(3000))
    taken = await campaign.desk.add(
        list_id, NumbersBody(csv=f"number,name\n{lines}139-0000-0001,again\n"), EVERYTHING, "boss"
    )
    assert (taken.taken, [bad.line for bad in taken.bad_lines]) == (False, [3002])
    taken = await campaign.desk.add(list_id, NumbersBody(csv=f"number,name\n{lines}"), EVERYTHING, "boss")
    assert taken.taken
    assert (await campaign.desk.get(list_id, EVERYTHING)).total == 3003


async def test_of_a_file_that_a_crash_cut_short_nothing_is_there(campaign: Campaign) -> None:
    """At whichever part; the same file is taken as a whole afterwards, and what was answered stays."""
    list_id = campaign.make(start=False)
    lines = "".join(f"138{place:08d}\n" for place in range(2000))
    file = NumbersBody(csv=f"number\n{lines}")
    taking = asyncio.get_running_loop().create_task(campaign.desk.add(list_id, file, EVERYTHING, "boss"))
    keeper = campaign.node.keeper
    seen = set()
    while not taking.done():
        kept = keeper.load("call_list_record")
        again = Campaign(Node(keeper=copy.deepcopy(keeper)))
        seen.add((len(kept), (await again.desk.get(list_id, EVERYTHING)).total))
        await asyncio.sleep(0)
    assert (await taking).taken
    assert {total for _, total in seen} <= {3, 2003}
    assert {kept for kept, total in seen if total == 3} >= {503, 1003, 1503}
    cut = Campaign(Node(keeper=keeper))
    assert (await cut.desk.get(list_id, EVERYTHING)).total == 2003
    more = await cut.desk.add(list_id, NumbersBody(numbers=("13700000001",)), EVERYTHING, "boss")
    assert more.taken
    assert (await Campaign(Node(keeper=keeper)).desk.get(list_id, EVERYTHING)).total == 2004


async def test_a_list_that_is_removed_while_it_takes_a_file_leaves_nothing(campaign: Campaign) -> None:
    list_id = campaign.make(start=False)
    lines = "".join(f"138{place:08d}\n" for place in range(2000))
    file = NumbersBody(csv=f"number\n{lines}")
    taking = asyncio.get_running_loop().create_task(campaign.desk.add(list_id, file, EVERYTHING, "boss"))
    await asyncio.sleep(0)
    await campaign.desk.remove(list_id, EVERYTHING, "boss")
    with pytest.raises(NotFound):
        await taking
    keeper = campaign.node.keeper
    assert (keeper.load("call_list"), keeper.load("call_list_record")) == ({}, {})


def test_a_list_that_was_stopped_takes_no_numbers_and_never_runs_again(campaign: Campaign) -> None:
    list_id = campaign.make(start=False)
    campaign.turn(list_id, "stopped")
    with pytest.raises(Conflict):
        campaign.turn(list_id, "running")
    with pytest.raises(Conflict):
        done(campaign.desk.add(list_id, NumbersBody(numbers=("13900000009",)), EVERYTHING, "boss"))
