"""Agents, seats and accounts, with the real engine behind them; state is kept as the store keeps it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from acd.events import ContactEnded
from acd.names import AgentId, ContactId
from api.faults import Conflict, NotFound, Refused
from api.ports import ForcedState
from softswitch.calls.operations import Operations
from softswitch.calls.seats import TABLE
from softswitch.settings.agents import AgentSettings
from softswitch.settings.distribution import QueuePrioritySettings, SkillSettings
from softswitch.settings.queues import QueueSettings
from softswitch.store import entries
from softswitch.store.writer import Store
from tests.softswitch.calls.node import ACCOUNTS, EPOCH, QUEUE, Node, done


def conflict(node: Node, verb: str, agent: str = "1001") -> tuple[str, str | None, tuple[str, ...]]:
    """Code, state and what is allowed of a refused wish."""
    with pytest.raises(Conflict) as refused:
        done(
            node.seats.not_ready(agent, "break") if verb == "not_ready" else getattr(node.seats, verb)(agent)
        )
    return refused.value.code, refused.value.state, refused.value.allowed


# ---- sitting down --------------------------------------------------------------------------------


def test_any_agent_sits_at_any_seat(node: Node) -> None:
    view = done(node.seats.login("1003", "8001", "ready", ""))
    assert (view.agent_id, view.extension, view.presence, view.activity) == ("1003", "8001", "ready", "idle")
    assert node.seats.seat_of("1003") == ("8001", "phone8001")
    assert node.seats.agent_at("phone8001") == "1003"


def test_an_agent_may_sit_down_not_ready_with_a_reason(node: Node) -> None:
    view = done(node.seats.login("1001", "8001", "not_ready", "training"))
    assert (view.presence, view.reason) == ("not_ready", "training")


def test_a_seat_has_one_agent(node: Node) -> None:
    node.login("1001", "8001")
    with pytest.raises(Conflict) as refused:
        done(node.seats.login("1002", "8001", "ready", ""))
    assert refused.value.code == "seat_taken"
    assert node.agent("1002")[0] == "logged_out"
    assert node.seats.agent_at("phone8001") == "1001"


def test_an_agent_has_one_seat(node: Node) -> None:
    node.login("1001", "8001")
    with pytest.raises(Conflict) as refused:
        done(node.seats.login("1001", "8002", "ready", ""))
    assert refused.value.code == "already_logged_in"
    assert node.seats.seat_of("1001")[0] == "8001"


def test_unknown_agents_and_seats_are_told_apart(node: Node) -> None:
    with pytest.raises(NotFound):
        done(node.seats.login("9999", "8001", "ready", ""))
    with pytest.raises(Refused) as refused:
        done(node.seats.login("1001", "9999", "ready", ""))
    assert refused.value.code == "unknown_extension"
    with pytest.raises(NotFound):
        done(node.seats.get("9999"))


@pytest.mark.parametrize("state", ["wrap_up", "logged_out", "on the moon"])
def test_a_state_in_which_nobody_can_sit_down_leaves_the_seat_free(node: Node, state: str) -> None:
    with pytest.raises(Conflict):
        done(node.seats.login("1001", "8001", state, ""))
    node.login("1002", "8001")
    node.login("1001", "8002")


def test_at_a_seat_without_a_phone_the_agent_is_not_ready(node: Node) -> None:
    node.sip.reachable.discard("phone8001")
    node.login("1001", "8001")
    assert node.agent("1001") == ("not_ready", "idle", "phone_lost")


def test_who_leaves_gives_the_seat_back(node: Node) -> None:
    node.login("1001", "8001")
    view = done(node.seats.logout("1001"))
    assert (view.presence, view.extension) == ("logged_out", None)
    with pytest.raises(KeyError):
        node.seats.seat_of("1001")
    assert node.seats.agent_at("phone8001") is None
    assert node.keeper.load(TABLE) == {}
    node.login("1002", "8001")


# ---- what may be asked when ------------------------------------------------------------------------


def test_ready_and_not_ready_follow_each_other(node: Node) -> None:
    node.login("1001", "8001")
    assert done(node.seats.not_ready("1001", "lunch")).reason == "lunch"
    assert done(node.seats.not_ready("1001", "meeting")).reason == "meeting"
    assert done(node.seats.ready("1001")).presence == "ready"


@pytest.mark.parametrize("verb", ["logout", "ready", "not_ready", "end_wrap_up"])
def test_who_is_not_signed_in_can_only_sign_in(node: Node, verb: str) -> None:
    assert conflict(node, verb) == ("logged_out", "logged_out", ("login",))


def test_ready_without_a_phone_is_refused_with_the_reason(node: Node) -> None:
    node.login("1001", "8001")
    node.seats.account_changed("phone8001", reachable=False)
    assert conflict(node, "ready") == ("phone_lost", "not_ready", ("logout", "ready", "not-ready"))
    node.seats.account_changed("phone8001", reachable=True)
    assert done(node.seats.ready("1001")).presence == "ready"


def test_nobody_leaves_the_seat_in_the_middle_of_a_call(node: Node) -> None:
    node.login("1001", "8001")
    node.talk()
    assert conflict(node, "logout") == ("not_allowed", "ready", ("ready", "not-ready"))


def test_a_break_asked_for_in_a_call_comes_after_its_wrap_up(node: Node) -> None:
    node.login("1001", "8001")
    agent_leg = node.talk()
    view = done(node.seats.not_ready("1001", "lunch"))
    assert (view.presence, view.pending_presence) == ("ready", "not_ready")
    node.sip.leave(agent_leg)
    node.settle()
    assert node.agent("1001")[0] == "wrap_up"
    node.pass_time(10.0)
    assert node.agent("1001") == ("not_ready", "idle", "lunch")


def force_out(node: Node, agent: str = "1001") -> None:
    """A supervisor signs an agent out."""
    done(Operations(node.board, node.seats).force_state(agent, ForcedState.LOGGED_OUT, "night"))


def test_who_is_signed_out_by_force_during_a_talk_leaves_after_its_wrap_up(node: Node) -> None:
    node.login("1001", "8001")
    agent_leg = node.talk()
    force_out(node)
    view = done(node.seats.get("1001"))
    assert (view.presence, view.activity, view.pending_presence) == ("ready", "talking", "logged_out")
    node.sip.leave(agent_leg)
    node.settle()
    assert done(node.seats.get("1001")).pending_presence == "logged_out"
    assert node.agent("1001")[0] == "wrap_up"
    node.pass_time(10.1)
    assert node.agent("1001")[0] == "logged_out"
    node.login("1002", "8001")
    node.login("1001", "8002")
    assert done(node.seats.get("1001")).pending_presence is None


@pytest.mark.parametrize("taken_back", ["ready", "not_ready"])
def test_signing_out_by_force_is_taken_back_by_the_next_wish(node: Node, taken_back: str) -> None:
    node.login("1001", "8001")
    agent_leg = node.talk()
    force_out(node)
    bar = Operations(node.board, node.seats)
    done(bar.force_state("1001", ForcedState(taken_back), "stays"))
    assert done(node.seats.get("1001")).pending_presence == (None if taken_back == "ready" else "not_ready")
    node.sip.leave(agent_leg)
    node.settle()
    node.pass_time(10.1)
    assert node.agent("1001")[0] == taken_back


def test_who_is_signed_out_by_force_without_a_wrap_up_leaves_with_the_call() -> None:
    node = Node(queue=replace(QUEUE, wrap_up_s=0.0))
    node.login("1001", "8001")
    agent_leg = node.talk()
    force_out(node)
    node.sip.leave(agent_leg)
    node.settle()
    node.pass_time(0.1)
    assert node.agent("1001")[0] == "logged_out"


def test_who_wraps_up_or_is_idle_is_signed_out_by_force_at_once(node: Node) -> None:
    node.login("1001", "8001")
    node.sip.leave(node.talk())
    node.settle()
    force_out(node)
    assert node.agent("1001")[0] == "logged_out"
    node.login("1001", "8001")
    force_out(node)
    assert node.agent("1001")[0] == "logged_out"
    with pytest.raises(Conflict):
        force_out(node)


def test_signing_out_by_force_outlives_a_restart(node: Node) -> None:
    node.login("1001", "8001")
    node.talk()
    force_out(node)
    after = successor(node)
    after.seats.restore({"1001": ("c1", "hotline", 3.0)})
    assert done(after.seats.get("1001")).pending_presence == "logged_out"
    after.dispatcher.tell(ContactEnded(contact=ContactId("c1")))
    after.pass_time(10.1)
    assert after.agent("1001")[0] == "logged_out"


def test_whose_call_did_not_outlive_the_restart_is_signed_out_then(node: Node) -> None:
    node.login("1001", "8001")
    node.talk()
    force_out(node)
    after = successor(node)
    after.seats.restore({})
    after.pass_time(0.1)
    assert after.agent("1001")[0] == "logged_out"


def test_wrap_up_ends_early_when_the_agent_says_so(node: Node) -> None:
    node.login("1001", "8001")
    node.sip.leave(node.talk())
    node.settle()
    assert done(node.seats.end_wrap_up("1001")).presence == "ready"
    assert conflict(node, "end_wrap_up")[0] == "not_allowed"


def test_a_wrap_up_by_hand_ends_when_the_agent_says_so_also_after_a_restart() -> None:
    node = Node(queue=replace(QUEUE, wrap_up_manual=True))
    node.login("1001", "8001")
    node.sip.leave(node.talk())
    node.settle()
    node.pass_time(3600.0)
    assert node.agent("1001")[0] == "wrap_up"
    after = successor(node, queue=replace(QUEUE, wrap_up_manual=True))
    after.seats.restore({})
    after.pass_time(3600.0)
    assert after.agent("1001")[0] == "wrap_up"
    assert done(after.seats.end_wrap_up("1001")).presence == "ready"


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("manual", [False, True])
def test_an_agent_has_a_wrap_up_of_their_own(manual: bool, restarts: bool) -> None:
    """In place of that of the queue; one who is put back in a talk after a restart has it as well."""
    queue = replace(QUEUE, wrap_up_manual=manual)
    node = Node(queue=queue)
    slow = AgentSettings(id="1001", queues=("hotline",), wrap_up_s=40.0)
    node.seats.take([slow])
    node.login("1001", "8001")
    leg = node.talk()
    if restarts:
        node = successor(node, queue=queue)
        node.seats.take([slow])
        node.seats.restore({"1001": ("c1", "hotline", 3.0)})
        node.dispatcher.tell(ContactEnded(contact=ContactId("c1")))
    else:
        node.sip.leave(leg)
    node.settle()
    node.pass_time(39.9)
    assert node.agent("1001")[0] == "wrap_up"
    node.pass_time(0.2)
    assert node.agent("1001")[0] == "ready"


def test_a_new_wrap_up_of_an_agent_counts_from_the_next_one_on(node: Node) -> None:
    """The one that runs goes on, and an agent who had none of their own has that of the queue again."""
    node.login("1001", "8001")
    node.sip.leave(node.talk())
    node.settle()
    node.seats.take([AgentSettings(id="1001", queues=("hotline",), wrap_up_s=0.0)])
    node.pass_time(9.9)
    assert node.agent("1001")[0] == "wrap_up"
    node.pass_time(0.2)
    node.sip.leave(node.talk("in2"))
    node.settle()
    assert node.agent("1001")[0] == "ready"
    node.seats.take([AgentSettings(id="1001", queues=("hotline",))])
    node.sip.leave(node.talk("in3"))
    node.settle()
    assert node.agent("1001")[0] == "wrap_up"


def test_a_wrap_up_that_is_extended_ends_so_much_later(node: Node) -> None:
    node.login("1001", "8001")
    node.sip.leave(node.talk())
    node.settle()
    node.pass_time(4.0)
    done(Operations(node.board, node.seats).extend_wrap_up("1001", 30))
    assert [(told.agent, told.seconds) for told in node.entries(entries.WrapUpExtended)] == [("1001", 30)]
    node.pass_time(35.9)
    assert node.agent("1001")[0] == "wrap_up"
    node.pass_time(0.2)
    assert node.agent("1001")[0] == "ready"


def test_the_call_stands_in_the_view_while_it_rings_and_talks(node: Node) -> None:
    node.login("1001", "8001")
    call_id = node.call_in()
    assert done(node.seats.get("1001")).call_id == call_id
    node.answer(node.leg_of_agent(call_id))
    assert done(node.seats.get("1001")).call_id == call_id
    node.sip.leave("in1")
    node.settle()
    assert done(node.seats.get("1001")).call_id is None


def test_each_change_is_written_down_with_its_seat(node: Node) -> None:
    node.login("1001", "8001")
    done(node.seats.not_ready("1001", "lunch"))
    done(node.seats.logout("1001"))
    told = [
        (entry.extension, entry.presence, entry.reason) for entry in node.entries(entries.AgentStateChanged)
    ]
    assert told == [("8001", "ready", ""), ("8001", "not_ready", "lunch"), ("8001", "logged_out", "")]


def test_a_phone_that_nobody_uses_comes_and_goes_without_a_word(node: Node) -> None:
    node.seats.account_changed("phone8001", reachable=False)
    node.seats.account_changed("unknown", reachable=False)
    assert not node.entries(entries.AgentStateChanged)


# ---- restart -------------------------------------------------------------------------------------------


def successor(before: Node, queue: QueueSettings = QUEUE) -> Node:
    """The control after this one, on the same state, half a minute later on another clock."""
    after = Node(keeper=before.keeper, queue=queue)
    after.sip.reachable = set(before.sip.reachable)
    after.loop.hands = before.loop.hands + 30.0
    return after


def test_everybody_sits_again_where_they_sat_and_the_longest_idle_is_still_first(node: Node) -> None:
    node.login("1002", "8002")
    node.pass_time(5.0)
    node.login("1001", "8001")
    node.login("1003", "8003", "not_ready")
    after = successor(node)
    after.seats.restore({})
    assert [after.agent(agent)[0] for agent in ("1001", "1002", "1003")] == ["ready", "ready", "not_ready"]
    assert after.seats.seat_of("1002") == ("8002", "phone8002")
    after.call_in()
    (phone,) = after.ringing()
    assert phone.peer.name == "phone8002"


def test_who_talks_goes_on_talking_and_then_wraps_up(node: Node) -> None:
    node.login("1001", "8001")
    node.talk()
    after = successor(node)
    after.seats.restore({"1001": ("c1", "hotline", 3.0)})
    assert after.agent("1001")[:2] == ("ready", "talking")
    assert done(after.seats.get("1001")).call_id == "c1"


def test_wrap_up_ends_when_it_would_have_ended(node: Node) -> None:
    node.login("1001", "8001")
    node.sip.leave(node.talk())
    node.settle()
    node.pass_time(4.0)
    after = Node(keeper=node.keeper)
    after.sip.reachable = set(node.sip.reachable)
    after.loop.hands = node.loop.hands + 1.0
    after.seats.restore({})
    assert after.agent("1001")[0] == "wrap_up"
    after.pass_time(4.9)
    assert after.agent("1001")[0] == "wrap_up"
    after.pass_time(0.2)
    assert after.agent("1001")[0] == "ready"


def test_a_wish_made_during_a_call_outlives_a_restart(node: Node) -> None:
    node.login("1001", "8001")
    node.talk()
    done(node.seats.not_ready("1001", "lunch"))
    after = successor(node)
    after.seats.restore({"1001": ("c1", "hotline", 3.0)})
    assert done(after.seats.get("1001")).pending_presence == "not_ready"


def test_a_phone_lost_during_the_restart_makes_its_agent_not_ready(node: Node) -> None:
    node.login("1001", "8001")
    after = successor(node)
    after.sip.reachable.discard("phone8001")
    after.seats.restore({})
    assert after.agent("1001") == ("not_ready", "idle", "phone_lost")


def test_agents_and_seats_that_are_not_configured_any_more_are_forgotten(node: Node) -> None:
    node.login("1001", "8001")
    record = node.keeper.load(TABLE)["1001"]
    node.keeper.put(TABLE, "9999", record)
    node.keeper.put(TABLE, "1002", {**record, "extension": "9999"})
    after = successor(node)
    after.seats.restore({})
    assert after.keeper.load(TABLE).keys() == {"1001"}


@pytest.mark.parametrize(
    "damage", [{"presence": "asleep"}, {"idle_since": None}, {"pending": 7}, {"extension": ["8001"]}]
)
def test_a_record_that_nobody_can_read_costs_its_agent_the_seat_and_no_other(
    node: Node, damage: dict[str, object]
) -> None:
    node.login("1001", "8001")
    node.login("1002", "8002")
    record = node.keeper.load(TABLE)["1001"]
    node.keeper.put(TABLE, "1001", {**record, **damage})
    node.keeper.put(TABLE, "1003", {})
    after = successor(node)
    after.seats.restore({})
    assert after.keeper.load(TABLE).keys() == {"1002"}
    assert (after.agent("1001")[0], after.agent("1002")[0]) == ("logged_out", "ready")
    after.login("1001", "8001")


def test_an_agent_whom_the_engine_cannot_take_back_may_sign_in_again(node: Node) -> None:
    """The queue of the talk is gone: better signed out than signed in for ever."""
    node.login("1001", "8001")
    node.talk()
    after = successor(node)
    after.seats.restore({"1001": ("c1", "queue-that-was-removed", 3.0)})
    assert after.agent("1001")[0] == "logged_out"
    after.login("1001", "8001")


# ---- on a real disk ---------------------------------------------------------------------------------


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "h.sqlite", key_path=tmp_path / "key", wall=lambda: EPOCH)
    yield store
    await store.close()


async def test_what_is_kept_in_the_store_seats_everybody_again(store: Store) -> None:
    before = Node(keeper=store)
    before.login("1001", "8001")
    before.login("1002", "8002", "not_ready")
    await store.committed()
    after = successor(before)
    after.seats.restore({})
    assert (after.agent("1001")[0], after.agent("1002")[0]) == ("ready", "not_ready")


# ---- the business changes ------------------------------------------------------------------------


def serving(agent: str, *queues: str, name: str = "") -> AgentSettings:
    return AgentSettings(id=agent, name=name, queues=queues)


def test_a_new_agent_can_sit_down_and_a_removed_one_cannot(node: Node) -> None:
    node.seats.take([serving("1001", "hotline"), serving("1077", "hotline", name="新人")])
    node.login("1077", "8001")
    assert done(node.seats.get("1077")).name == "新人"
    with pytest.raises(NotFound):
        done(node.seats.login("1002", "8002", "ready", ""))


def test_an_agent_who_is_removed_while_signed_in_stays_until_signing_out(node: Node) -> None:
    node.login("1001", "8001")
    node.seats.take([serving("1002", "hotline")])
    assert node.agent("1001")[0] == "ready"
    assert done(node.seats.logout("1001")).presence == "logged_out"
    with pytest.raises(NotFound):
        done(node.seats.get("1001"))


def test_skills_and_priorities_are_told_at_the_sign_in_and_as_they_change(node: Node) -> None:
    """Who learns while signed in is asked at once as one who knows."""
    learner = replace(serving("1001", "hotline"), rank=3)
    node.seats.take([learner])
    node.login("1001", "8001")
    seated = node.engine.agent(AgentId("1001"))
    assert seated is not None
    assert (seated.skills, seated.priorities, seated.rank) == ((), (), 3)
    tax = SkillSettings(name="tax", level=2)
    own = QueuePrioritySettings(queue="hotline", priority=4)
    node.seats.take([replace(learner, skills=(tax,), priorities=(own,))])
    skilled = node.engine.agent(AgentId("1001"))
    assert skilled is not None
    assert (skilled.skills, skilled.priorities) == ((("tax", 2),), (("hotline", 4),))


def test_a_call_goes_on_while_its_agent_is_given_other_queues(node: Node) -> None:
    node.login("1001", "8001")
    leg = node.talk()
    node.seats.take([serving("1001"), serving("1002", "hotline")])
    assert node.agent("1001")[1] == "talking"
    node.sip.leave(leg)
    node.settle()
    node.pass_time(10.0)
    call_id = node.call_in("in2")
    assert node.waits(call_id) == 1
    assert node.agent("1001")[:2] == ("ready", "idle")
    node.seats.take([serving("1001", "hotline")])
    node.settle()
    assert node.leg_of_agent(call_id)


# ---- seats that come and go ----------------------------------------------------------------------


def test_a_seat_that_is_gone_is_there_until_its_agent_signs_out(node: Node) -> None:
    """Nobody is thrown out of a chair; somebody else finds no chair there."""
    left: list[str] = []
    node.seats.seat_left = lambda: left.append("left")
    node.login("1001", "8001")
    kept = [seat for seat in ACCOUNTS if seat.extension not in ("8001", "8002")]
    assert {seat.extension for seat in node.seats.take_accounts(kept)} == {s.extension for s in kept} | {
        "8001"
    }
    assert node.seats.seat_of("1001") == ("8001", "phone8001")
    assert node.seats.account_of("8002") is None
    done(node.seats.logout("1001"))
    assert left == ["left"]
    assert node.seats.take_accounts(kept) == tuple(kept)
    with pytest.raises(Refused) as refused:
        done(node.seats.login("1001", "8001", "ready", ""))
    assert refused.value.code == "unknown_extension"
