"""The journal: lines that read back to the same events, and play to the same commands."""

import dataclasses
import json
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agent_state import Presence
from acd.engine import Engine
from acd.errors import JournalFault
from acd.events import (
    AgentLoggedIn,
    AgentMadeNotReady,
    AgentRestored,
    ContactEnded,
    ContactQueued,
    DeclineCause,
    Event,
    OfferDeclined,
    QueueDefined,
    TimePassed,
)
from acd.journal import decode_event, encode_command, encode_event, replay
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.queue_priority import QueuePriority
from acd.skills import SkillLevel, Widening
from tests.acd.hotline import MAIN, Hotline

LEVELS = st.builds(SkillLevel, skill=st.text(min_size=1), level=st.integers(1))
SKILLS = st.lists(LEVELS, unique_by=lambda each: each.skill).map(tuple)
MOMENTS = st.floats(allow_nan=False, allow_infinity=False)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        QueueDefined,
        queue=st.text(min_size=1),
        limit=st.integers(0),
        ring_time_s=st.floats(0.1, 1e6),
        wrap_up_s=st.one_of(st.none(), st.floats(0, 1e6)),
        decline_delay_s=st.floats(0, 1e6),
        strategy=st.text(),
        ageing_s=st.one_of(st.none(), st.floats(1, 1e6)),
        widening=st.lists(st.builds(Widening, after_s=st.floats(0, 1e6), lower_by=st.integers(1, 9))).map(
            tuple
        ),
    ),
    st.builds(
        AgentLoggedIn,
        agent=st.text(min_size=1),
        queues=st.lists(st.text()).map(tuple),
        presence=st.sampled_from([Presence.READY, Presence.NOT_READY]),
        reason=st.text(),
        wrap_up_s=st.one_of(st.none(), st.floats(0, 1e6)),
        reachable=st.booleans(),
        skills=SKILLS,
        priorities=st.lists(
            st.builds(QueuePriority, queue=st.text(), priority=st.integers()),
            unique_by=lambda each: each.queue,
        ).map(tuple),
    ),
    st.builds(
        AgentRestored,
        agent=st.text(min_size=1),
        queues=st.lists(st.text()).map(tuple),
        presence=st.sampled_from([Presence.READY, Presence.NOT_READY]),
        idle_since=MOMENTS,
        wrap_up_until=st.one_of(st.none(), MOMENTS),
        pending=st.sampled_from([None, Presence.READY, Presence.NOT_READY]),
        contact=st.text(),
        contact_queue=st.text(),
        contact_level=st.integers(),
        contact_arrived_at=st.one_of(st.none(), MOMENTS),
    ),
    st.builds(AgentMadeNotReady, agent=st.text(), reason=st.text()),
    st.builds(OfferDeclined, offer=st.text(), cause=st.sampled_from(DeclineCause)),
    st.builds(
        ContactQueued,
        contact=st.text(min_size=1),
        queue=st.text(min_size=1),
        level=st.integers(),
        arrived_at=st.one_of(st.none(), MOMENTS),
        skills=SKILLS,
    ),
    st.just(TimePassed()),
)


@given(EVENTS.filter(lambda event: "\ud800" not in repr(event)), MOMENTS)
def test_every_event_reads_back_as_it_was(event: Event, now: float) -> None:
    """To the last bit of every float, on one line."""
    line = encode_event(event, now)
    assert b"\n" not in line
    assert decode_event(line) == (event, now)


def test_a_line_is_plain_to_read() -> None:
    """Time, name, and what is not the default; Chinese as it is written."""
    line = encode_event(ContactQueued(contact=ContactId("c1"), queue=QueueName("社保"), level=2), 12.5)
    assert line.decode() == '{"at":12.5,"event":"ContactQueued","contact":"c1","queue":"社保","level":2}'


def test_every_event_class_can_be_read_back() -> None:
    """None was forgotten, and each needs its fields."""
    for cls in typing.get_args(Event):
        line = json.dumps({"at": 0.0, "event": cls.__name__}).encode()
        if any(field.default is dataclasses.MISSING for field in dataclasses.fields(cls)):
            with pytest.raises(JournalFault, match=cls.__name__):
                decode_event(line)
        else:
            assert isinstance(decode_event(line)[0], cls)


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "not an object"),
        (b"{}", "None is no event"),
        (b'{"at":1,"event":["x"]}', "is no event"),
        (b'{"at":1,"event":"CatMeowed"}', "'CatMeowed' is no event"),
        (b'{"event":"TimePassed"}', "TimePassed cannot be read: None is not a number"),
        (b'{"at":true,"event":"TimePassed"}', "True is not a number"),
        (b'{"at":1,"event":"TimePassed","colour":"red"}', "TimePassed has no field 'colour'"),
        (b'{"at":1,"event":"ContactLeft","contact":7}', "7 is not of type str"),
        (b'{"at":1,"event":"AgentLoggedIn","agent":"a","queues":"main"}', "'main' is not a list"),
        (
            b'{"at":1,"event":"OfferDeclined","offer":"o1","cause":"tired"}',
            "'tired' is not a valid DeclineCause",
        ),
        (
            b'{"at":1,"event":"ContactQueued","contact":"c","queue":"q","skills":[{"skil":"x"}]}',
            "is no SkillLevel",
        ),
        (
            b'{"at":1,"event":"ContactQueued","contact":"c","queue":"q","skills":[{"level":1}]}',
            "ContactQueued cannot be read",
        ),
        (
            b'{"at":1,"event":"ContactQueued","contact":"c","queue":"q","skills":[{"skill":"x","level":0}]}',
            "SkillLevel.level is 0",
        ),
        (b'{"at":1,"event":"QueueDefined","queue":"q","limit":-1}', "QueueDefined.limit is -1"),
    ],
)
def test_a_line_that_is_none_of_ours_is_a_fault(line: bytes, detail: str) -> None:
    """Which says why, and keeps the line."""
    with pytest.raises(JournalFault) as caught:
        decode_event(line)
    assert detail in caught.value.detail
    assert caught.value.line == line


def test_a_journal_plays_to_the_same_commands() -> None:
    """And says where an event was refused."""
    hotline = Hotline()
    hotline.login("ana")
    hotline.call("c1")
    lines = [
        encode_event(QueueDefined(queue=MAIN), 0.0),
        encode_event(AgentLoggedIn(agent=AgentId("ana"), queues=(MAIN,)), 0.0),
        encode_event(ContactEnded(contact=ContactId("c9")), 0.0),
        encode_event(ContactQueued(contact=ContactId("c1"), queue=MAIN), 0.0),
    ]
    played = list(replay(lines, Engine()))
    assert json.loads(played[1]) == {
        "refused": "ContactEnded",
        "error": "UnknownContact",
        "detail": "contact 'c9' is not known",
    }
    assert played[2:] == [encode_command(command) for command in hotline.answer]
    assert list(replay(lines, Engine())) == played


def test_a_command_is_plain_to_read() -> None:
    """Its name, and what is not the default."""
    hotline = Hotline()
    hotline.login("ana")
    hotline.call("c1", 1.0)
    assert hotline.offer_of("c1") == OfferId("o1")
    assert encode_command(hotline.answer[0]).decode() == (
        '{"command":"OfferContact","offer":"o1","contact":"c1","agent":"ana","queue":"main","ring_until":21.0}'
    )


def test_a_record_of_a_decision_is_plain_to_read() -> None:
    """Its candidates have their names."""
    engine = Engine(explains=True)
    engine.handle(QueueDefined(queue=MAIN), 0.0)
    engine.handle(AgentLoggedIn(agent=AgentId("ana"), queues=(MAIN,)), 1.0)
    answer = engine.handle(ContactQueued(contact=ContactId("c1"), queue=MAIN), 2.0)
    record = json.loads(encode_command(answer[0]))
    assert record["command"] == "RecordDecision"
    assert record["decision"]["agents"][0]["agent"] == "ana"
    assert record["decision"]["contacts"][0]["arrived_at"] == 2.0
