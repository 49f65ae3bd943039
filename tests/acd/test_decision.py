"""A record of a decision speaks for itself."""

from dataclasses import replace
from typing import Any

import pytest

from acd.agent_state import AgentCondition
from acd.criteria import STRATEGIES, Routing, Selection
from acd.decision import (
    AgentCandidate,
    ContactCandidate,
    Decision,
    Excluded,
    Exclusion,
    faults,
    in_words,
)
from acd.names import AgentId, ContactId
from tests.acd.hotline import MAIN

S, R = Selection, Routing


def contact(name: str, **more: Any) -> ContactCandidate:
    """A candidate."""
    plain = ContactCandidate(
        contact=ContactId(name),
        queue=MAIN,
        own=False,
        priority=0,
        level=0,
        region="",
        skill=0,
        arrived_at=1.0,
        serial=int(name[1:]),
    )
    return plain._replace(**more)


def agent(name: str, **more: Any) -> AgentCandidate:
    """A candidate."""
    plain = AgentCandidate(
        agent=AgentId(name), skill=0, idle_since=1.0, turn=0, calls=0, talk_s=0.0, occupancy=0.0, rank=0
    )
    return plain._replace(**more)


RIGHT = Decision(
    contact=ContactId("c1"),
    agent=AgentId("ana"),
    queue=MAIN,
    row=0,
    selection=tuple(Selection),
    routing=STRATEGIES["longest_idle"],
    contacts=(contact("c1"), contact("c2")),
    agents=(agent("ana"), agent("ben")),
)


def test_a_right_record_has_no_faults() -> None:
    """In whatever order its candidates stand."""
    assert faults(RIGHT) == ()
    assert faults(replace(RIGHT, contacts=RIGHT.contacts[::-1], agents=RIGHT.agents[::-1])) == ()


@pytest.mark.parametrize(
    "better",
    [{"own": True}, {"priority": 1}, {"level": 1}, {"skill": 1}, {"arrived_at": 0.5}],
)
def test_a_contact_that_comes_before_the_chosen_one_is_named(better: dict[str, Any]) -> None:
    """By any criterion of the selection; one that is not looked at does not count."""
    record = replace(RIGHT, contacts=(contact("c1"), contact("c2", **better)))
    assert faults(record) == ("contact c2 comes before c1 for ana",)
    if "arrived_at" not in better:
        assert faults(replace(record, selection=(S.ARRIVAL,))) == ()


@pytest.mark.parametrize(
    ("criterion", "better"),
    [
        (R.SKILL, {"skill": 1}),
        (R.IDLE, {"idle_since": 0.0}),
        (R.TURN, {"turn": -1}),
        (R.CALLS, {"calls": -1}),
        (R.TALK, {"talk_s": -1.0}),
        (R.OCCUPANCY, {"occupancy": -0.5}),
        (R.RANK, {"rank": -1}),
    ],
)
def test_an_agent_who_comes_before_the_chosen_one_is_named(
    criterion: Routing, better: dict[str, Any]
) -> None:
    """By any criterion of the routing, unless wishes went round in a circle."""
    record = replace(RIGHT, routing=(criterion,), agents=(agent("ana"), agent("ben", **better)))
    assert faults(record) == ("agent ben comes before ana for c1",)
    assert faults(replace(record, is_circle=True)) == ()


def test_the_turn_of_a_region_is_looked_at_where_it_stands() -> None:
    """After level, before arrival."""
    contacts = (contact("c1", region="west", arrived_at=9.0), contact("c2", region="north"))
    record = replace(RIGHT, contacts=contacts, turn="west")
    assert faults(record) == ()
    assert faults(replace(record, turn="north")) == ("contact c2 comes before c1 for ana",)
    assert faults(replace(record, contacts=(contacts[0], contact("c2", level=1, region="west")))) != ()


def test_a_record_without_candidates_or_with_counts_of_nothing_is_wrong() -> None:
    """It could not have led to an offer."""
    assert len(faults(replace(RIGHT, contacts=(), agents=()))) == 2
    nothing = (Excluded(reason=Exclusion.SKILL, number=0),)
    assert faults(replace(RIGHT, agents_excluded=nothing)) == ("fewer than one excluded",)


def test_it_says_what_was_decided_in_two_languages() -> None:
    """With the others, and how many were none."""
    record = replace(
        RIGHT,
        selection=(S.LEVEL, S.REGION),
        contacts_excluded=(Excluded(reason=Exclusion.BEHIND, number=3),),
        agents_excluded=(
            Excluded(reason=Exclusion.SKILL, number=1),
            Excluded(reason=AgentCondition.NOT_READY, number=2),
        ),
        turn="west",
    )
    chinese, english = in_words(record)
    assert chinese == (
        "来话 c1 送给坐席 ana(队列 main)。坐席先看:级别 > 地区份额;其他来话:c2 (同类在后 3)。"
        "来话先看:技能 > 空闲时长;其他空闲坐席:ben (技能不足 1, 示忙 2)。轮到地区 west。"
    )
    assert english == (
        "Contact c1 was offered to agent ana (queue main). The agent looks at level > region; other contacts: "
        "c2 (behind 3). The contact looks at skill > idle; other free agents: ben (skill 1, not_ready 2). "
        "It was the turn of region west."
    )
    assert "其他来话:-" in in_words(replace(RIGHT, contacts=RIGHT.contacts[:1]))[0]
