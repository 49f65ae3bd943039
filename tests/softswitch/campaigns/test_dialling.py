"""Lists that dial by themselves: as many calls as free agents, results, races, restarts."""

from media.progress import Progress
from softswitch.calls.call import CallState
from softswitch.calls.dial_results import DialResult
from softswitch.campaigns.records import RecordState
from softswitch.store import entries
from softswitch.store.entries import EndReason
from tests.softswitch.calls.node import Journal, Node, done
from tests.softswitch.campaigns.campaign import NUMBERS, Campaign

S, R = RecordState, DialResult
FIRST, SECOND, THIRD = NUMBERS


def test_nobody_is_called_without_a_free_agent_and_one_for_each(node: Node, campaign: Campaign) -> None:
    list_id = campaign.make()
    assert campaign.placed() == []
    node.login("1001", "8001")
    campaign.look()
    assert campaign.called() == [FIRST]
    node.login("1002", "8002")
    campaign.look()
    assert campaign.called() == [FIRST, SECOND]
    assert campaign.record(list_id, 3).state is S.WAITING


def test_who_answers_is_offered_to_an_agent_like_any_contact(node: Node, campaign: Campaign) -> None:
    node.login()
    list_id = campaign.make(NUMBERS[:1])
    target = campaign.leg_to(FIRST)
    assert node.outside(target).from_user == "12345"
    node.sip.ring(target)
    node.sip.pick_up(target)
    node.settle()
    [call] = node.board.calls()
    assert (call.caller, call.data["record"], call.queued_at is not None) == (FIRST, "000001", True)
    agent_leg = node.leg_of_agent(call.call_id)
    node.answer(agent_leg)
    assert node.plane.hears(agent_leg) == {target}
    [recording] = node.plane.recordings.values()
    assert (recording.left, recording.right) == ((target,), (agent_leg,))
    record = campaign.record(list_id)
    assert (record.state, record.result, record.tries) == (S.REACHED, R.ANSWERED, 1)
    node.sip.leave(target)
    node.settle()
    assert node.agent()[:2] == ("wrap_up", "idle")
    campaign.turn(list_id, "stopped")
    node.assert_nothing_is_left()


def test_the_next_number_is_called_once_the_agent_is_free_again(node: Node, campaign: Campaign) -> None:
    node.login()
    list_id = campaign.make()
    node.sip.refuse(campaign.leg_to(FIRST), 486)
    node.settle()
    campaign.look()
    assert campaign.record(list_id).result is R.BUSY
    assert campaign.called() == [SECOND]
    node.sip.pick_up(campaign.leg_to(SECOND))
    node.settle()
    node.answer(node.leg_of_agent(node.board.calls()[0].call_id))
    campaign.look()
    assert campaign.called() == []
    assert node.agent()[1] == "talking"
    node.sip.leave(node.leg_of_agent(node.board.calls()[0].call_id))
    node.pass_time(15.0)  # wrap-up
    assert campaign.called() == [THIRD]


def test_a_number_is_tried_again_after_its_time_and_no_more_often(node: Node, campaign: Campaign) -> None:
    node.login()
    list_id = campaign.make(NUMBERS[:1], tries_most=2, retry_minutes={"no_answer": 5})
    node.sip.ring(campaign.leg_to(FIRST))
    node.pass_time(31.0)
    assert campaign.record(list_id).result is R.NO_ANSWER
    node.pass_time(298.0)
    assert campaign.called() == []
    node.pass_time(3.0)
    assert campaign.called() == [FIRST]
    node.pass_time(31.0 + 3600.0)
    assert (campaign.record(list_id).state, campaign.placed()) == (S.GIVEN_UP, [FIRST, FIRST])


def test_an_agent_goes_not_ready_while_the_call_rings(node: Node, campaign: Campaign) -> None:
    """Who answers is told so and stands first in line, before somebody who has waited for longer."""
    node.login()
    campaign.make()
    done(node.seats.not_ready("1001", "break"))
    node.settle()
    waiting = node.call_in("in1")
    target = campaign.leg_to(FIRST)
    node.sip.pick_up(target)
    node.settle()
    campaign.look()
    call = next(call for call in node.board.calls() if call.caller == FIRST)
    assert (call.state, node.waits(call.call_id), node.waits(waiting)) == (CallState.WAITING, 1, 2)
    assert node.plane.prompts_of(target)
    assert campaign.called() == [], "nobody else is called meanwhile"
    done(node.seats.ready("1001"))
    node.settle()
    assert node.call(call.call_id).offered


def test_an_answer_that_nobody_takes_counts_as_a_call_under_way(node: Node, campaign: Campaign) -> None:
    node.login()
    list_id = campaign.make()
    node.sip.pick_up(campaign.leg_to(FIRST))
    node.settle()
    [phone] = [leg for leg in node.ringing() if not leg.number]
    node.sip.refuse(phone.leg_id, 486)
    node.settle()
    campaign.look()
    assert campaign.called() == []
    assert campaign.dialling.under_way(campaign.book.lists[list_id]) == 1
    call = node.board.calls()[0]
    node.sip.leave(call.parties[0].leg_id)
    node.settle()
    [ended] = node.entries(entries.CallEnded)
    assert ended.end_reason is EndReason.ABANDONED


def test_a_list_that_is_stopped_hangs_up_what_rings_and_leaves_who_talks(
    node: Node, campaign: Campaign
) -> None:
    node.login("1001", "8001")
    node.login("1002", "8002")
    list_id = campaign.make()
    talking = campaign.leg_to(FIRST)
    node.sip.pick_up(talking)
    node.settle()
    node.answer(node.leg_of_agent(node.board.calls()[0].call_id))
    ringing = campaign.leg_to(SECOND)
    campaign.turn(list_id, "stopped")
    node.settle()
    assert node.outside(ringing).told[-1][0] == "CANCEL"
    assert not node.outside(talking).is_over
    record = campaign.record(list_id, 2)
    assert (record.state, record.tries) == (S.WAITING, 0)
    node.pass_time(4000.0)
    assert campaign.placed() == [FIRST, SECOND]


def test_a_list_that_is_paused_lets_ring_what_rings_and_goes_on_later(node: Node, campaign: Campaign) -> None:
    node.login()
    list_id = campaign.make()
    campaign.turn(list_id, "paused")
    node.sip.refuse(campaign.leg_to(FIRST), 404)
    node.pass_time(60.0)
    assert (campaign.record(list_id).state, campaign.placed()) == (S.GIVEN_UP, [FIRST])
    campaign.turn(list_id, "running")
    assert campaign.called() == [SECOND]


def test_a_number_that_asked_not_to_be_called_meanwhile_is_not(node: Node, campaign: Campaign) -> None:
    """Before its turn, and even between the order and the disk."""
    list_id = campaign.make()
    campaign.business.do_not_call.add(FIRST)
    campaign.is_disk_slow = True
    node.login()
    campaign.look()
    assert campaign.record(list_id, 1).state is S.BARRED
    assert campaign.record(list_id, 2).state is S.CALLING
    campaign.business.do_not_call.add(SECOND)
    campaign.write()
    node.settle()
    assert (campaign.record(list_id, 2).state, campaign.called()) == (S.BARRED, [])
    campaign.is_disk_slow = False
    campaign.look()
    assert campaign.called() == [THIRD]


def test_nobody_is_called_before_it_is_written_down_and_stopping_meanwhile_calls_nobody(
    node: Node, campaign: Campaign
) -> None:
    campaign.is_disk_slow = True
    list_id = campaign.make()
    node.login()
    campaign.look()
    assert (campaign.record(list_id).state, campaign.called()) == (S.CALLING, [])
    kept = node.keeper.load("call_list_record")[f"{list_id}/000001"]
    assert (kept["state"], kept["tries"]) == ("calling", 1)
    campaign.turn(list_id, "stopped")
    campaign.write()
    node.settle()
    assert campaign.placed() == []
    assert (campaign.record(list_id).state, campaign.record(list_id).tries) == (S.WAITING, 0)


def test_a_node_that_drains_calls_nobody_more_and_knows_what_came_of_the_last_call(
    node: Node, campaign: Campaign
) -> None:
    node.login()
    list_id = campaign.make()
    campaign.dialling.close()
    node.sip.refuse(campaign.leg_to(FIRST), 404)
    node.pass_time(60.0)
    assert (campaign.record(list_id).result, campaign.placed()) == (R.INVALID_NUMBER, [FIRST])


def test_a_restart_calls_nobody_twice_at_once(node: Node, campaign: Campaign) -> None:
    """The call that was under way is a try; the number comes again only after the time of a failure."""
    node.login()
    list_id = campaign.make(NUMBERS[:1])
    assert campaign.called() == [FIRST]
    after = Node(before=node, keeper=node.keeper, journal=Journal())
    again = Campaign(after)
    after.login()
    again.look()
    assert again.called() == [FIRST], "only the leg of before"
    record = again.record(list_id)
    assert (record.state, record.tries, record.result) == (S.WAITING, 1, R.NETWORK_FAILURE)
    after.pass_time(590.0)
    assert again.placed() == []
    after.pass_time(20.0)
    assert again.placed() == [FIRST]


def test_nobody_is_called_outside_the_hours_and_the_window_opens_by_itself(
    node: Node, campaign: Campaign
) -> None:
    """The node's clock begins at 06:13 in China."""
    node.login()
    campaign.make(NUMBERS[:1], window="06:30-07:00")
    assert campaign.called() == []
    node.pass_time(16 * 60.0)
    assert campaign.called() == []
    node.pass_time(60.0)
    assert campaign.called() == [FIRST]


def test_a_busy_tone_is_the_end_of_a_call_and_a_fax_reaches_no_agent(node: Node, campaign: Campaign) -> None:
    node.login()
    list_id = campaign.make()
    first = campaign.leg_to(FIRST)
    node.sip.announce(first)
    node.settle()
    node.plane.hear(first, Progress.BUSY)
    node.settle()
    campaign.look()
    assert campaign.record(list_id, 1).result is R.BUSY
    done(node.seats.not_ready("1001", "break"))
    second = campaign.leg_to(SECOND)
    node.sip.pick_up(second)
    node.settle()
    node.plane.hear(second, Progress.FAX)
    node.settle()
    record = campaign.record(list_id, 2)
    assert (record.state, record.result) == (S.GIVEN_UP, R.FAX)
    assert node.outside(second).told[-1][0] == "BYE"


def test_a_number_that_no_rule_takes_is_barred_and_a_full_trunk_is_no_try(
    node: Node, campaign: Campaign
) -> None:
    node.login()
    list_id = campaign.make(("051266668888", FIRST))
    assert campaign.record(list_id, 1).state is S.BARRED
    assert campaign.called() == [FIRST]
    node.trunks.set_up("city", up=False)
    other = campaign.make((SECOND,))
    node.sip.refuse(campaign.leg_to(FIRST), 404)
    node.settle()
    campaign.look()
    record = campaign.record(other)
    assert (record.state, record.tries) == (S.WAITING, 0)
    node.trunks.set_up("city", up=True)
    node.pass_time(31.0)
    assert campaign.called() == [SECOND]
