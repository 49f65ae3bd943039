"""Differences between the parts of a node: found, and real only when they are there often enough."""

from dataclasses import replace

from softswitch.operations.reconciliation import Confirmations, Held, Picture, What, differences

TALK = Picture(
    calls=frozenset({"c1", "c2"}),
    waiting_calls=frozenset({"c2"}),
    placed_calls=frozenset({"c2"}),
    legs=frozenset({"in1", "in2", "out1"}),
    placed_legs=frozenset({"in1", "in2", "out1"}),
    cell_legs=frozenset({"in1", "in2", "out1"}),
    edge_legs=frozenset({"in1", "in2", "out1"}),
    contacts={"c1": "c1", "c2": "c2", "c1+1": "c1"},
    agent_calls={"1001": "c1"},
    talks={"c1": "1001"},
    offers={"o2": "c2"},
    party_agents=frozenset({"", "1001", "1002"}),
    party_offers=frozenset({"", "o1", "o2"}),
    joined={"out1": "1001"},
    idle_agents=frozenset({"1003"}),
    channels=frozenset({"c1", "c2", "out1"}),
    recordings=frozenset({"r1", "r2"}),
    plane=Held(
        legs=frozenset({"in1", "in2", "out1"}),
        recordings={"r1": "c1", "r2": "c2"},
        finishing=frozenset({"r0"}),
        asked_legs=frozenset({"in1", "in2", "out1"}),
        asked_recordings=frozenset({"r1", "r2"}),
    ),
)


def test_parts_that_agree_differ_in_nothing() -> None:
    assert list(differences(TALK)) == []
    assert list(differences(Picture(calls=frozenset()))) == []


def test_every_difference_is_found_where_it_is_and_is_the_only_one() -> None:
    assert TALK.plane is not None
    plane = TALK.plane
    for changed, expected in (
        ({"cell_legs": TALK.cell_legs | {"x"}}, (What.STRAY_IN_CELL, "x")),
        ({"cell_legs": TALK.cell_legs - {"out1"}}, (What.LEG_WITHOUT_CELL, "out1")),
        ({"edge_legs": TALK.edge_legs | {"x"}}, (What.STRAY_OUTSIDE, "x")),
        ({"contacts": {**TALK.contacts, "c9+2": "c9"}}, (What.STRAY_CONTACT, "c9+2")),
        ({"placed_calls": frozenset()}, (What.CALL_WITHOUT_PLACE, "c2")),
        ({"agent_calls": {"1001": "c1", "1002": ""}}, (What.AGENT_IN_NO_CALL, "1002")),
        ({"party_agents": frozenset({"1002"})}, (What.AGENT_NOT_IN_CALL, "c1")),
        ({"offers": {"o2": "c2", "o3": "c2"}}, (What.OFFER_WITHOUT_LEG, "o3")),
        ({"idle_agents": frozenset({"1001"})}, (What.AGENT_IDLE_IN_CALL, "out1")),
        ({"channels": TALK.channels | {"c9"}}, (What.STRAY_CHANNEL, "c9")),
        ({"plane": replace(plane, legs=plane.legs | {"x"})}, (What.STRAY_IN_PLANE, "x")),
        ({"plane": replace(plane, legs=plane.legs - {"in1"})}, (What.LEG_WITHOUT_SOUND, "in1")),
        (
            {"plane": replace(plane, recordings={**plane.recordings, "r9": "c9"})},
            (What.STRAY_RECORDING, "r9"),
        ),
        ({"plane": replace(plane, recordings={"r1": "c1"})}, (What.LOST_RECORDING, "r2")),
    ):
        assert list(differences(replace(TALK, **changed))) == [expected]


def test_a_contact_without_a_call_is_found_once_whatever_its_agent_does() -> None:
    gone = replace(
        TALK,
        contacts={**TALK.contacts, "c9": "c9"},
        talks={**TALK.talks, "c9": "1009"},
        offers={**TALK.offers, "o9": "c9"},
    )
    assert list(differences(gone)) == [(What.STRAY_CONTACT, "c9")]


def test_what_changed_between_question_and_answer_is_no_difference() -> None:
    """A leg that opened after the plane was asked is not in its report, and one that ended is."""
    assert TALK.plane is not None
    opened = replace(TALK, legs=TALK.legs | {"new"})
    assert list(differences(opened)) == []
    ended = replace(
        TALK,
        legs=TALK.legs - {"out1"},
        placed_legs=TALK.placed_legs - {"out1"},
        cell_legs=TALK.cell_legs - {"out1"},
        edge_legs=TALK.edge_legs - {"out1"},
        channels=TALK.channels - {"out1"},
    )
    assert list(differences(ended)) == []


def test_a_recording_whose_file_is_being_finished_is_neither_lost_nor_astray() -> None:
    """A slow disk may take longer than rounds do; its end is still to be told."""
    assert TALK.plane is not None
    stopped = replace(
        TALK.plane, recordings={"r1": "c1"}, finishing=frozenset({"r2", "of a call that is over"})
    )
    assert list(differences(replace(TALK, plane=stopped))) == []


def test_it_is_real_in_the_second_round_and_told_once() -> None:
    confirmations = Confirmations()
    one = (What.STRAY_IN_CELL, "x")
    assert confirmations.confirm(iter([one])) == ()
    assert confirmations.confirm(iter([])) == ()
    assert confirmations.confirm(iter([one])) == ()
    assert confirmations.confirm(iter([one, one])) == (one,)
    assert confirmations.confirm(iter([one])) == (), "it was told, and begins anew"


def test_a_dialog_outside_may_take_its_time_to_end() -> None:
    confirmations = Confirmations()
    rounds = [confirmations.confirm(iter([(What.STRAY_OUTSIDE, "x")])) for _ in range(8)]
    assert rounds == [()] * 7 + [((What.STRAY_OUTSIDE, "x"),)]
