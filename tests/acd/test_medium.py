"""One queue for all media: what an agent may have in hand at once, and the same policies for all of it."""

import pytest

from acd.agent_state import Activity, AgentCondition, Presence
from acd.commands import OfferContact, WithdrawCause
from acd.contact_state import ContactState
from acd.errors import AcdError, InvalidEvent, InvalidValue, JournalFault, UnknownStrategy
from acd.events import (
    AgentDisengaged,
    AgentEngaged,
    AgentReassigned,
    AgentRestored,
    CapacitiesDefined,
    ContactQueued,
    ContactRestored,
    QueueDefined,
    WrapUpEnded,
)
from acd.journal import decode_event
from acd.medium import Medium, MediumCapacity
from acd.names import AgentId, ContactId, QueueName
from acd.overflow import Overflow, Target, TargetKind
from tests.acd.hotline import MAIN, Hotline, skilled

DESK = CapacitiesDefined(  # one call, or up to three chats, or an email, which a call may interrupt
    name="desk",
    capacities=(
        MediumCapacity(medium=Medium.VOICE, beside=(Medium.EMAIL,)),
        MediumCapacity(medium=Medium.CHAT, most=3),
        MediumCapacity(medium=Medium.EMAIL),
    ),
)
BOTH = CapacitiesDefined(  # chats go on in a call
    name="both",
    capacities=(
        MediumCapacity(medium=Medium.VOICE, beside=(Medium.CHAT,)),
        MediumCapacity(medium=Medium.CHAT, most=2, beside=(Medium.VOICE,)),
    ),
    most_in_all=2,
)


def hotline(*agents: str, rules: CapacitiesDefined = DESK) -> Hotline:
    """The queue `main`, agents who have what the rules say, at 0.0."""
    line = Hotline()
    line.tell(rules)
    for agent in agents:
        line.login(agent, capacities=rules.name)
    return line


def write(line: Hotline, contact: str, at: float | None = None, medium: Medium = Medium.CHAT) -> None:
    """Somebody writes."""
    line.call(contact, at, medium=medium)


def take(line: Hotline, contact: str, medium: Medium = Medium.CHAT) -> None:
    """Somebody writes and an agent takes it at once."""
    write(line, contact, medium=medium)
    line.accept(contact)


def test_an_agent_has_as_many_chats_as_the_capacity_allows() -> None:
    """The next one waits, and is offered as one of them ends."""
    line = hotline("ana")
    for name in ("c1", "c2", "c3"):
        take(line, name)
    write(line, "c4", 5.0)
    assert line.line() == ["c4"]
    assert [task.contact for task in line.agent("ana").tasks] == ["c1", "c2", "c3"]
    assert line.engine.why_waiting(ContactId("c4")) == (("ana", AgentCondition.OCCUPIED),)
    line.end("c2", 6.0)
    assert line.offered() == [("c4", "ana")]
    assert line.orders(OfferContact)[0].medium is Medium.CHAT


WORK = [medium for medium in Medium if medium is not Medium.VOICE]


@pytest.mark.parametrize("medium", WORK)
def test_what_comes_by_any_medium_is_offered_taken_and_ended_as_the_capacity_allows(medium: Medium) -> None:
    """One beside a call, the next one waits, and every other medium has no room."""
    rule = CapacitiesDefined(
        name="one",
        capacities=(MediumCapacity(medium=Medium.VOICE, beside=(medium,)), MediumCapacity(medium=medium)),
    )
    line = hotline("ana", rules=rule)
    take(line, "w1", medium)
    write(line, "w2", 1.0, medium)
    other = next(each for each in WORK if each is not medium)
    write(line, "other", 2.0, other)
    assert line.line() == ["w2", "other"]
    for waits in ("w2", "other"):
        assert line.engine.why_waiting(ContactId(waits)) == (("ana", "medium"),)
    line.call("voice", 3.0)
    assert line.offered() == [("voice", "ana")]
    line.accept("voice")
    line.end("voice", 4.0)
    line.end("w1", 5.0)
    line.wait(15.0)
    assert line.offered() == [("w2", "ana")]
    assert line.agent("ana").tasks[0].medium is medium


@pytest.mark.parametrize("medium", WORK)
def test_what_was_in_hand_by_any_medium_comes_back_with_its_agent(medium: Medium) -> None:
    """As it was before the restart; and the journal has its word."""
    line = hotline("ana")
    found = ContactRestored(
        contact=ContactId("w"), queue=MAIN, agent=AgentId("ana"), medium=medium, arrived_at=-60.0
    )
    line.tell(found, 1.0)
    assert [(task.contact, task.medium) for task in line.agent("ana").tasks] == [("w", medium)]
    told = b'{"at":1,"event":"ContactQueued","contact":"c","queue":"main","medium":"%s"}' % medium.encode()
    event, _ = decode_event(told)
    assert isinstance(event, ContactQueued)
    assert event.medium is medium


def test_chats_are_offered_side_by_side() -> None:
    """Each offer has its own life; a call waits until all is done."""
    line = hotline("ana")
    write(line, "c1")
    assert line.offered() == [("c1", "ana")]
    write(line, "c2")
    assert line.offered() == [("c2", "ana")]
    line.call("voice", 1.0)
    assert line.line() == ["voice"]
    assert line.engine.why_waiting(ContactId("voice")) == (("ana", "medium"),)
    line.hang_up("c1", 2.0)
    assert line.withdrawn() == [("ana", WithdrawCause.CONTACT_LEFT)]
    line.accept("c2")
    line.end("c2", 9.0)
    assert line.state("ana")[0] is Presence.WRAP_UP
    line.tell(WrapUpEnded(agent=AgentId("ana")))
    assert line.offered() == [("voice", "ana")]


def test_an_email_comes_only_when_there_is_no_call_and_a_call_may_interrupt_it() -> None:
    """What may come beside what goes one way."""
    line = hotline("ana")
    take(line, "mail", Medium.EMAIL)
    line.call("voice", 1.0)
    assert line.offered() == [("voice", "ana")]
    line.accept("voice")
    line.end("mail", 2.0)
    assert line.state("ana") == (Presence.READY, Activity.TALKING, "")
    write(line, "next", 3.0, Medium.EMAIL)
    assert line.line() == ["next"]
    line.end("voice", 4.0)
    line.wait(14.0)
    assert line.offered() == [("next", "ana")]


def test_the_same_policies_rank_all_media() -> None:
    """Higher level first, then first come, whatever it comes by."""
    line = hotline()
    write(line, "mail", 1.0, Medium.EMAIL)
    line.call("voice", 2.0)
    line.call("chat", 3.0, level=2, medium=Medium.CHAT)
    assert line.line() == ["chat", "mail", "voice"]
    line.login("ana", 4.0, capacities="desk")
    assert line.offered() == [("chat", "ana")]
    line.login("ben", 5.0, capacities="desk")
    assert line.offered() == [("mail", "ben"), ("voice", "ben")]


def test_a_chat_goes_to_whom_had_none_for_longest() -> None:
    """Taking one begins the idle time anew, though there is room for more."""
    line = hotline("ana", "ben")
    write(line, "c1")
    assert line.offered() == [("c1", "ana")]
    line.accept("c1", 1.0)
    write(line, "c2", 2.0)
    assert line.offered() == [("c2", "ben")]
    line.accept("c2", 3.0)
    write(line, "c3", 4.0)
    assert line.offered() == [("c3", "ana")]


def test_skills_count_for_every_medium() -> None:
    """The best one first, whatever else they do."""
    line = hotline()
    line.login("ana", capacities="desk", skills=skilled(tax=1))
    line.login("ben", capacities="desk", skills=skilled(tax=3))
    for name, agent in (("c1", "ben"), ("c2", "ben"), ("c3", "ben"), ("c4", "ana")):
        line.call(name, medium=Medium.CHAT, skills=skilled(tax=1))
        assert line.offered() == [(name, agent)]
    line.call("c5", medium=Medium.CHAT, skills=skilled(tax=1, law=1))
    assert line.engine.why_waiting(ContactId("c5")) == (("ana", "skill"), ("ben", "skill"))


def test_who_has_no_room_for_a_medium_is_no_candidate_and_that_is_told() -> None:
    """An agent of calls alone is never shown a chat."""
    line = Hotline()
    line.login("ana")
    write(line, "c1")
    assert line.line() == ["c1"]
    assert line.engine.why_waiting(ContactId("c1")) == (("ana", "medium"),)


def test_whoever_lets_a_chat_wait_too_long_is_not_ready_and_offered_nothing_more() -> None:
    """What else they are offered is taken back; what they have in hand stays."""
    line = hotline("ana")
    take(line, "c1")
    write(line, "c2", 1.0)
    write(line, "c3", 2.0)
    line.wait(21.0)
    assert line.state("ana") == (Presence.NOT_READY, Activity.IDLE, "no_answer")
    assert line.withdrawn() == [("ana", WithdrawCause.RING_TIMEOUT), ("ana", WithdrawCause.AGENT_GONE)]
    assert line.line() == ["c2", "c3"]
    assert [task.contact for task in line.agent("ana").tasks] == ["c1"]
    line.end("c1", 22.0)
    assert line.contact_state("c1") is None


def test_a_chat_that_rings_out_takes_back_the_call_that_rings_beside_it() -> None:
    """Not ready is not ready for anything."""
    line = hotline("ana", rules=BOTH)
    write(line, "c1")
    line.call("voice", 5.0)
    line.ring("c1")
    line.wait(20.0)
    assert line.withdrawn() == [("ana", WithdrawCause.RING_TIMEOUT), ("ana", WithdrawCause.AGENT_GONE)]
    assert line.line() == ["c1", "voice"]


def test_a_declined_chat_goes_to_somebody_else() -> None:
    """As a declined call does."""
    line = hotline("ana", "ben")
    write(line, "c1")
    line.decline("c1", 1.0)
    assert line.offered() == [("c1", "ben")]
    assert line.agent("ana").tasks == ()


def test_who_asks_for_a_rest_during_a_call_is_offered_nothing_beside_it() -> None:
    """What was offered is taken back; what they have in hand stays theirs."""
    line = hotline("ana", rules=BOTH)
    line.talk("voice", 1.0)
    write(line, "c1", 2.0)
    assert line.offered() == [("c1", "ana")]
    line.not_ready("ana", at=3.0)
    assert line.withdrawn() == [("ana", WithdrawCause.AGENT_GONE)]
    assert line.line() == ["c1"]
    line.ready("ana", 4.0)
    assert line.offered() == [("c1", "ana")]
    write(line, "c2", 5.0)
    assert line.line() == ["c2"]  # most_in_all


def test_the_end_of_a_call_takes_back_what_is_offered_until_the_wrap_up_is_over() -> None:
    """Somebody who writes notes is shown nothing new."""
    line = hotline("ana", rules=BOTH)
    line.talk("voice", 1.0)
    write(line, "c1", 2.0)
    line.end("voice", 3.0)
    assert line.withdrawn() == [("ana", WithdrawCause.AGENT_GONE)]
    line.wait(13.0)
    assert line.offered() == [("c1", "ana")]
    line.accept("c1")
    assert line.state("ana") == (Presence.READY, Activity.IDLE, "")


def test_an_outgoing_call_takes_back_every_offer() -> None:
    """Whoever dials is busy; afterwards it goes on."""
    line = hotline("ana")
    write(line, "c1")
    line.tell(AgentEngaged(agent=AgentId("ana")), 1.0)
    assert line.withdrawn() == [("ana", WithdrawCause.AGENT_GONE)]
    line.tell(AgentDisengaged(agent=AgentId("ana")), 2.0)
    assert line.offered() == [("c1", "ana")]


def test_who_has_a_chat_in_hand_cannot_leave_and_who_is_offered_one_can() -> None:
    """A citizen who was taken on is not dropped."""
    line = hotline("ana")
    write(line, "c1")
    line.logout("ana", 1.0)
    assert line.line() == ["c1"]
    line.login("ana", 2.0, capacities="desk")
    line.accept("c1")
    with pytest.raises(InvalidEvent, match="tasks in hand"):
        line.logout("ana", 3.0)
    line.not_ready("ana", at=4.0)
    line.end("c1", 5.0)
    line.logout("ana", 6.0)


def test_all_who_have_room_are_shown_a_chat_where_all_ring_together() -> None:
    """The first has it, the others see it go."""
    line = Hotline(QueueDefined(queue=MAIN, strategy="ring_all"))
    line.tell(DESK)
    for agent in ("ana", "ben", "cid"):
        line.login(agent, capacities="desk" if agent != "cid" else "")
    write(line, "c1")
    assert line.offered() == [("c1", "ana"), ("c1", "ben")]
    line.accept("c1", 1.0)
    assert line.withdrawn() == [("ben", WithdrawCause.ANSWERED_ELSEWHERE)]
    assert line.agent("ben").tasks == ()
    write(line, "c2", 2.0)
    line.login("dan", 3.0, capacities="desk")
    assert line.offered() == [("c2", "dan")]


def test_rules_change_for_all_who_have_them_and_nobody_loses_what_they_have() -> None:
    """Less room: the next one waits; more: it is offered."""
    line = hotline("ana")
    take(line, "c1")
    take(line, "c2")
    line.tell(CapacitiesDefined(name="desk", capacities=(MediumCapacity(medium=Medium.CHAT),)))
    write(line, "c3", 1.0)
    line.call("voice", 1.0)
    assert line.line() == ["voice", "c3"] or line.line() == ["c3", "voice"]
    line.tell(DESK, 2.0)
    assert line.offered() == [("c3", "ana")]
    line.tell(AgentReassigned(agent=AgentId("ana"), queues=(MAIN,)), 3.0)
    assert line.agent("ana").open_media == ()
    for name in ("c1", "c2"):
        line.end(name, 4.0)
    line.accept("c3")
    line.end("c3", 5.0)
    line.wait(15.0)
    assert line.offered() == [("voice", "ana")]


def test_the_default_is_a_rule_like_any_other() -> None:
    """An empty name is for all who were given none."""
    line = Hotline()
    line.login("ana")
    write(line, "c1")
    line.tell(CapacitiesDefined(name="", capacities=DESK.capacities), 1.0)
    assert line.offered() == [("c1", "ana")]
    with pytest.raises(UnknownStrategy, match="none"):
        line.login("ben", capacities="none")


def test_what_was_in_hand_before_a_restart_is_in_hand_after_it() -> None:
    """Told after the agent; it counts as ever."""
    line = hotline("ana")
    mail = ContactRestored(
        contact=ContactId("mail"), queue=MAIN, agent=AgentId("ana"), medium=Medium.EMAIL, arrived_at=-60.0
    )
    line.tell(mail, 1.0)
    assert line.contact_state("mail") is ContactState.CONNECTED
    write(line, "next", 2.0, Medium.EMAIL)
    assert line.line() == ["next"]
    with pytest.raises(InvalidEvent, match="connected"):
        line.tell(mail)
    line.end("mail", 3.0)
    line.wait(13.0)
    assert line.offered() == [("next", "ana")]


def restored(*tasks: ContactRestored) -> AgentRestored:
    """An agent of before with the capacities of a desk, and with these in hand."""
    return AgentRestored(
        agent=AgentId("ana"),
        queues=(MAIN,),
        presence=Presence.READY,
        idle_since=0.0,
        capacities="desk",
        tasks=tasks,
    )


def held(contact: str, **more: object) -> ContactRestored:
    """A chat that the agent had in hand."""
    values = {"queue": MAIN, "agent": AgentId("ana"), "medium": Medium.CHAT, "arrived_at": -60.0, **more}
    return ContactRestored(contact=ContactId(contact), **values)  # type: ignore[arg-type]


def test_who_comes_back_with_a_chat_in_hand_is_not_offered_the_call_that_waits() -> None:
    """As without the restart: it comes back in the same step; nobody who cannot be comes back at all."""
    line = hotline()
    line.call("c1", 1.0)
    line.call("c2", 1.5)
    for wrong, refusal in ((held("c2"), "waiting"), (held("c9", queue=QueueName("none")), "none")):
        with pytest.raises(AcdError, match=refusal):
            line.tell(restored(wrong))
        assert line.engine.agent(AgentId("ana")) is None
    line.tell(restored(held("c3"), held("c4")), 2.0)
    assert line.offered() == []
    assert [each.contact for each in line.agent("ana").tasks] == ["c3", "c4"]
    line.end("c3", 3.0)
    line.end("c4", 4.0)
    line.wait(14.0)
    assert line.offered() == [("c1", "ana")]


def test_a_contact_keeps_its_medium() -> None:
    """A chat that is moved is a chat."""
    line = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=QueueName("tax")))
    write(line, "c1", 1.0)
    with pytest.raises(InvalidEvent, match="of medium chat"):
        line.call("c1", 2.0)
    line.call("c1", 3.0, "tax", medium=Medium.CHAT)
    assert line.line("tax") == ["c1"]
    found = line.engine.contact(ContactId("c1"))
    assert found is not None
    assert found.medium is Medium.CHAT


def test_a_chat_overflows_to_queues_alone() -> None:
    """A flow, a voicemail box, a busy tone are nothing for somebody who writes."""
    mailbox = Overflow(target=Target(kind=TargetKind.VOICEMAIL), waited_s=1.0)
    other = Overflow(target=Target(kind=TargetKind.QUEUE, name="tax"), waited_s=2.0)
    line = Hotline(QueueDefined(queue=MAIN, overflow=(mailbox, other)), QueueDefined(queue=QueueName("tax")))
    write(line, "c1", 0.0)
    line.wait(1.0)
    assert line.line() == ["c1"]
    line.wait(2.0)
    assert line.line("tax") == ["c1"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"capacities": ()}, "capacities"),
        ({"capacities": (MediumCapacity(medium=Medium.CHAT),) * 2}, "capacities"),
        (
            {"capacities": (MediumCapacity(medium=Medium.CHAT, beside=(Medium.FAX,)),)},
            r"capacities\[0\].beside",
        ),
        (
            {"capacities": (MediumCapacity(medium=Medium.CHAT, most=3),), "most_in_all": 2},
            r"capacities\[0\].most",
        ),
        ({"capacities": (MediumCapacity(medium=Medium.CHAT),), "most_in_all": 0}, "most_in_all"),
    ],
)
def test_contradictions_are_refused_with_their_path(wrong: dict[str, object], told: str) -> None:
    """Whole: there is no such rule then."""
    with pytest.raises(InvalidValue, match=told):
        CapacitiesDefined(name="desk", **wrong)  # type: ignore[arg-type]


def test_a_capacity_of_nothing_of_two_calls_or_beside_itself_is_refused() -> None:
    """A phone has one call; how many of its own, `most` says."""
    with pytest.raises(InvalidValue, match="most is 0"):
        MediumCapacity(medium=Medium.CHAT, most=0)
    with pytest.raises(InvalidValue, match="a phone has one call"):
        MediumCapacity(medium=Medium.VOICE, most=2)
    with pytest.raises(InvalidValue, match="`most` says"):
        MediumCapacity(medium=Medium.CHAT, beside=(Medium.CHAT,))
    with pytest.raises(InvalidValue, match="calls come with their agent"):
        ContactRestored(
            contact=ContactId("c"), queue=MAIN, agent=AgentId("a"), medium=Medium.VOICE, arrived_at=0.0
        )
    with pytest.raises(InvalidValue, match="only a caller"):
        ContactQueued(contact=ContactId("c"), queue=MAIN, medium=Medium.CHAT, is_callback=True)


def test_an_unknown_medium_in_a_journal_is_refused() -> None:
    """With the word that was read."""
    with pytest.raises(JournalFault, match="pigeon"):
        decode_event(b'{"at":1,"event":"ContactQueued","contact":"c","queue":"main","medium":"pigeon"}')
