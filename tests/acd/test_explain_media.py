"""What a decision on a message, or beside messages and callbacks, tells of those who were no candidates."""

from acd.agent_state import AgentCondition
from acd.commands import OfferContact
from acd.decision import Decision, Excluded, Exclusion, RecordDecision, RecordJoin, faults, in_words
from acd.engine import Engine
from acd.events import CapacitiesDefined, QueueDefined
from acd.medium import Medium, MediumCapacity
from tests.acd.hotline import MAIN, Hotline, skilled

CHATS = CapacitiesDefined(
    name="chats",
    capacities=(
        MediumCapacity(medium=Medium.VOICE),
        MediumCapacity(medium=Medium.CHAT, most=2, beside=(Medium.VOICE,)),
    ),
)


def hotline() -> Hotline:
    """The queue `main` with one callback at a time, and an engine that explains itself."""
    line = Hotline()
    line.engine = Engine(explains=True)
    line.tell(QueueDefined(queue=MAIN, callbacks_most=1))
    line.tell(CHATS)
    return line


def decision(line: Hotline) -> Decision:
    """The one that was made last."""
    found = line.orders(RecordDecision)[-1].decision
    assert faults(found) == ()
    return found


def test_contacts_of_another_medium_and_callbacks_over_the_number_are_counted_apart() -> None:
    """The agent has calls alone."""
    line = hotline()
    line.login("ana", 0.0)
    line.call("b1", 1.0, is_callback=True)
    line.call("b2", 2.0, is_callback=True)
    line.call("chat", 2.0, medium=Medium.CHAT)
    line.call("c1", 3.0)
    line.login("ben", 4.0)
    found = decision(line)
    assert (found.contact, found.agent) == ("c1", "ben")
    assert found.contacts_excluded == (Excluded(Exclusion.MEDIUM, 1), Excluded(Exclusion.QUOTA, 1))
    assert "回呼名额已满 1" in in_words(found)[0]


def test_an_agent_in_a_call_who_has_room_for_a_chat_is_no_exclusion() -> None:
    """Those who are free and have none are, and so is who lacks the skill."""
    line = hotline()
    line.login("ana", 0.0, capacities="chats", skills=skilled(tax=1))
    line.login("ben", 0.0)
    line.login("cid", 0.0, capacities="chats")
    line.call("c1", 1.0, skills=skilled(tax=1))
    line.accept("c1")
    line.call("chat", 2.0, medium=Medium.CHAT, skills=skilled(tax=1))
    found = decision(line)
    assert (found.contact, found.agent) == ("chat", "ana")
    assert found.agents_excluded == (Excluded(Exclusion.MEDIUM, 1), Excluded(Exclusion.SKILL, 1))


def test_who_is_occupied_with_messages_is_told_as_that() -> None:
    """A call goes to somebody who is free."""
    line = hotline()
    line.login("ana", 0.0, capacities="chats")
    line.call("chat", 1.0, medium=Medium.CHAT)
    line.accept("chat")
    line.login("ben", 2.0)
    line.call("c1", 3.0)
    assert decision(line).agents_excluded == (Excluded(Exclusion.MEDIUM, 1),)
    line.call("more", 4.0, medium=Medium.CHAT)
    line.accept("more")
    line.call("c2", 5.0)
    assert line.engine.why_waiting(line.engine.waiting(MAIN)[0].contact) == (
        ("ana", AgentCondition.OCCUPIED),
        ("ben", AgentCondition.RINGING),
    )


def test_rules_of_a_name_concern_those_who_have_it() -> None:
    """Nobody else is filed anew."""
    line = hotline()
    line.login("ana", 0.0)
    line.login("ben", 0.0, capacities="chats")
    line.tell(CapacitiesDefined(name="chats", capacities=CHATS.capacities[:1]))
    assert [line.agent(name).open_media for name in ("ana", "ben")] == [("voice",), ("voice",)]


def test_each_phone_that_rings_along_has_a_record_before_its_offer() -> None:
    """Those who are free at once, and who comes free while it rings."""
    line = hotline()
    line.tell(QueueDefined(queue=MAIN, strategy="ring_all"))
    for agent in ("ana", "ben"):
        line.login(agent, 0.0)
    line.call("c1", 1.0)
    decided, joined = line.orders(RecordDecision), line.orders(RecordJoin)
    assert [each.decision.agent for each in decided] == ["ana"]
    assert [(each.contact, each.agent) for each in joined] == [("c1", "ben")]
    line.login("cid", 2.0)
    (late,) = line.orders(RecordJoin)
    (offer,) = line.orders(OfferContact)
    assert (late.agent, late.offer) == ("cid", offer.offer)
    assert line.answer.index(late) + 1 == line.answer.index(offer)
