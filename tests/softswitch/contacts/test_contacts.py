"""Chats and emails beside calls: one queue, one engine, and nothing lost over a restart."""

from dataclasses import replace

import pytest

from acd.events import CapacitiesDefined
from acd.medium import Medium, MediumCapacity
from acd.names import ContactId
from api.faults import Conflict, NotFound, Refused
from api.ports import ForcedState
from softswitch.calls.operations import Operations
from softswitch.contacts.contact import MediaContact, WorkState
from softswitch.contacts.contacts import Contacts
from softswitch.settings.distribution import DistributionSettings, LevelRuleSettings, SkillSettings
from softswitch.settings.routes import CallerLevelSettings, RouteRowSettings, RouteSettings
from softswitch.store import entries
from tests.softswitch.calls.node import QUEUE, Node, done

DESK = CapacitiesDefined(
    name="",
    capacities=(
        MediumCapacity(medium=Medium.VOICE),
        MediumCapacity(medium=Medium.CHAT, most=2),
        MediumCapacity(medium=Medium.EMAIL),
    ),
)


@pytest.fixture
def node() -> Node:
    """Agents have one call, or two chats, or an email."""
    found = Node()
    found.board.table.dispatcher.tell(DESK)
    return found


def write(contacts: Contacts, medium: str = "chat", queue: str = "hotline", level: int = 0) -> MediaContact:
    """Somebody writes."""
    return contacts.queue(medium, queue, level=level, address="citizen@web", data={"case": 7}, by="web")


def test_a_chat_is_shown_taken_and_completed(node: Node) -> None:
    """And the agent, who was busy with it, is called only afterwards."""
    contacts = node.board.contacts
    node.login()
    chat = write(contacts)
    assert (chat.state, [*chat.offers]) == (WorkState.OFFERED, ["1001"])
    contacts.accept("1001", chat.contact_id)
    assert (chat.state, chat.agent) == (WorkState.ACCEPTED, "1001")
    call_id = node.call_in()
    assert node.waits(call_id) == 1
    contacts.complete("1001", chat.contact_id)
    assert chat.state is WorkState.COMPLETED
    node.pass_time(10.5)  # the wrap-up
    assert node.leg_of_agent(call_id)
    kinds = (entries.ContactQueued, entries.ContactOffered, entries.ContactAccepted, entries.ContactClosed)
    assert [len(node.entries(kind)) for kind in kinds] == [1, 1, 1, 1]


def test_who_is_signed_out_by_force_completes_what_is_in_hand_and_gets_nothing_more(node: Node) -> None:
    contacts, bar = node.board.contacts, Operations(node.board, node.seats)
    node.login()
    chat = write(contacts)
    contacts.accept("1001", chat.contact_id)
    done(bar.force_state("1001", ForcedState.LOGGED_OUT, "night"))
    assert done(node.seats.get("1001")).pending_presence == "logged_out"
    assert write(contacts).state is WorkState.WAITING
    contacts.complete("1001", chat.contact_id)
    node.pass_time(0.1)
    assert node.agent("1001")[0] == "logged_out"
    node.login("1002", "8002")
    offered = write(contacts)
    assert offered.state is not WorkState.ACCEPTED
    done(bar.force_state("1002", ForcedState.LOGGED_OUT, "night"))
    node.pass_time(0.1)
    assert node.agent("1002")[0] == "logged_out", "what was only offered keeps nobody"


def test_calls_and_messages_are_ranked_by_the_same_rules(node: Node) -> None:
    """The higher level first, then whoever came first."""
    contacts = node.board.contacts
    mail = write(contacts, "email")
    call_id = node.call_in()
    chat = write(contacts, level=3)
    assert [contacts.position(each) for each in (chat, mail)] == [1, 2]
    assert node.waits(call_id) == 3
    node.login()
    assert [each.state for each in (chat, mail)] == [WorkState.OFFERED, WorkState.WAITING]


def test_a_declined_one_goes_on_and_one_that_nobody_takes_comes_back_to_the_line(node: Node) -> None:
    """With the place that it had."""
    contacts = node.board.contacts
    node.login("1001", "8001")
    node.login("1002", "8002")
    chat = write(contacts)
    contacts.decline("1001", chat.contact_id)
    assert [*chat.offers] == ["1002"]
    node.pass_time(15.5)
    assert node.agent("1002")[0] == "not_ready"
    assert node.entries(entries.ContactWithdrawn)[-1].agent == "1002"
    assert [*chat.offers] == ["1001"]
    contacts.accept("1001", chat.contact_id)
    assert chat.agent == "1001"


def test_only_who_is_shown_it_takes_it_and_only_who_has_it_ends_it(node: Node) -> None:
    """Anybody else is told the state."""
    contacts = node.board.contacts
    node.login()
    chat = write(contacts)
    for wrong in (contacts.accept, contacts.decline, contacts.complete):
        with pytest.raises(Conflict):
            wrong("1002", chat.contact_id)
    contacts.accept("1001", chat.contact_id)
    with pytest.raises(Conflict):
        contacts.accept("1001", chat.contact_id)
    contacts.cancel(chat.contact_id, "web")
    with pytest.raises(Conflict):
        contacts.cancel(chat.contact_id, "web")
    with pytest.raises(NotFound):
        contacts.get("ct-none")
    with pytest.raises(Refused, match="nowhere"):
        write(contacts, queue="nowhere")


def test_a_queue_that_is_full_takes_no_message_either(node: Node) -> None:
    """It is told so at once, and the refusal is kept."""
    contacts = node.board.contacts
    for _ in range(4):
        write(contacts)
    with pytest.raises(Conflict, match="takes nobody"):
        write(contacts)
    assert contacts.all()[-1].state is WorkState.REFUSED


def test_what_was_accepted_is_in_the_same_hands_after_a_restart_and_who_waited_waits(node: Node) -> None:
    """Of an agent who is not back it waits again; what was only shown is shown anew."""
    contacts = node.board.contacts
    node.login("1001", "8001")
    node.login("1002", "8002")
    first = write(contacts)
    node.pass_time(1.0)
    contacts.accept("1001", first.contact_id)
    second = write(contacts)
    contacts.accept("1002", second.contact_id)
    third = write(contacts)
    assert (first.agent, second.agent, third.state) == ("1001", "1002", WorkState.OFFERED)
    node.keeper.put("contact", "wrong", {"state": "lost"})
    new = Node(before=node, keeper=node.keeper, journal=node.journal)
    new.board.table.dispatcher.tell(DESK)
    again = new.board.contacts
    again.restore()
    assert again.position(again.get(third.contact_id)) == 1
    new.keeper.remove("agent_state", "1002")  # who is not back
    new.seats.restore({}, again.in_hand)
    again.hand_back()
    kept, lost, waited = (again.get(each.contact_id) for each in (first, second, third))
    assert (kept.state, kept.agent, kept.arrived_at) == (WorkState.ACCEPTED, "1001", first.arrived_at)
    assert (lost.state, lost.agent) == (WorkState.WAITING, "")
    assert waited.state is WorkState.OFFERED
    again.complete("1001", kept.contact_id)
    assert kept.state is WorkState.COMPLETED


def test_skills_of_its_own_are_asked_for_in_place_of_the_queues(node: Node) -> None:
    """Who has them not is stepped over; a restart forgets none of them."""
    contacts = node.board.contacts
    node.login()
    chat = contacts.queue("chat", "hotline", level=0, address="", data={}, by="web", skills={"tax": 2})
    assert chat.state is WorkState.WAITING
    assert node.engine.why_waiting(ContactId(chat.contact_id)) == (("1001", "skill"),)
    assert write(contacts).state is WorkState.OFFERED
    new = Node(before=node, keeper=node.keeper, journal=node.journal)
    new.board.table.dispatcher.tell(DESK)
    new.board.contacts.restore()
    new.login()
    assert new.board.contacts.get(chat.contact_id).skills == {"tax": 2}
    assert new.engine.why_waiting(ContactId(chat.contact_id)) == (("1001", "skill"),)


def test_by_a_route_point_it_comes_as_a_call_would() -> None:
    """To its queue, with its level and its caller's, in the lines of its table, each asking for its own skills."""
    table = (
        RouteRowSettings(agent="1002", until_s=30.0),
        RouteRowSettings(skills=(SkillSettings(name="tax"),), after_s=30.0),
    )
    senders = (CallerLevelSettings(add=2, prefix="0510"),)
    route = RouteSettings(
        number="12345", queue="hotline", level=1, callers=senders, table=table, region="north", strategy=4
    )
    node = Node(route=route)
    node.board.table.dispatcher.tell(DESK)
    contacts = node.board.contacts
    node.login("1001", "8001")
    node.login("1002", "8002", "not_ready")
    chat = contacts.queue("chat", "", level=0, address="05101234567", data={}, by="web", route="12345")
    assert (chat.queue, chat.level, chat.state) == ("hotline", 3, WorkState.WAITING)
    assert node.engine.why_waiting(ContactId(chat.contact_id)) == (("1002", "not_ready"),)
    node.pass_time(31.0)
    assert node.engine.why_waiting(ContactId(chat.contact_id)) == (
        ("1001", "skill"),
        ("1002", "skill"),
    )


def test_a_level_by_rules_is_not_added_again_after_a_restart() -> None:
    """What it came with is kept beside what it has."""
    rules = (LevelRuleSettings(add=2),)
    queue = replace(QUEUE, distribution=DistributionSettings(level_rules=rules))
    node = Node(queue=queue)
    chat = write(node.board.contacts, level=1)
    assert chat.level == 3
    new = Node(queue=queue, before=node, keeper=node.keeper, journal=node.journal)
    new.board.contacts.restore()
    assert new.board.contacts.get(chat.contact_id).level == 3


@pytest.mark.parametrize("by_s", [3_600.0, -3_600.0])
def test_who_wrote_first_is_first_also_after_the_clock_was_set_and_control_died(
    node: Node, by_s: float
) -> None:
    node.clock.on_set.append(node.board.contacts.clock_set)
    node.login()
    taken = write(node.board.contacts)
    node.board.contacts.accept("1001", taken.contact_id)
    done(node.seats.not_ready("1001", "break"))
    first = write(node.board.contacts)
    node.pass_time(10.0)
    accepted_at = taken.accepted_at
    node.clock.ahead_s = by_s
    node.clock.wall()
    assert accepted_at is not None
    assert taken.accepted_at == accepted_at + by_s
    node.pass_time(10.0)
    second = write(node.board.contacts)
    after = Node(keeper=node.keeper)
    after.clock.ahead_s, after.loop.hands = by_s, node.loop.hands + 1.0
    after.board.contacts.restore()
    places = [after.engine.contact(ContactId(each.contact_id)) for each in (first, second)]
    arrivals = [None if place is None else place.arrived_at for place in places]
    assert arrivals == pytest.approx([0.0, 20.0])
