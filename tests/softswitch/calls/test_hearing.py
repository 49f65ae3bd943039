"""Who hears whom: the rules of the design as properties, and an example for each of its rows."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from media.commands import Source, SourceKind
from softswitch.calls.hearing import (
    MUSIC_UNDER_PROMPT,
    Party,
    Role,
    Row,
    Supervising,
    changed_rows,
    hearing_of,
)

MUSIC = "waiting"
music = Source(kind=SourceKind.MUSIC, name=MUSIC)
soft_music = Source(kind=SourceKind.MUSIC, name=MUSIC, gain=MUSIC_UNDER_PROMPT)
prompt = Source(kind=SourceKind.PROMPT)


def voice(leg_id: str) -> Source:
    """What arrives on another leg."""
    return Source(kind=SourceKind.LEG, name=leg_id)


def voices(row: Row) -> set[str]:
    """The legs that are heard in a row."""
    return {source.name for source in row if source.kind is SourceKind.LEG}


customer = Party(leg_id="customer", role=Role.CUSTOMER)
agent = Party(leg_id="agent", role=Role.AGENT)
consultee = Party(leg_id="consultee", role=Role.CONSULTEE)


def supervisor(mode: Supervising | None) -> Party:
    """A supervisor who takes part in this way."""
    return Party(leg_id="supervisor", role=Role.SUPERVISOR, supervising=mode)


@st.composite
def calls(draw: st.DrawFn) -> tuple[Party, ...]:
    """Any call: up to six legs of any role with any flags."""
    flags = st.booleans()
    roles = draw(st.lists(st.sampled_from(Role), min_size=1, max_size=6))
    return tuple(
        Party(
            leg_id=f"leg{number}",
            role=role,
            held=draw(flags),
            holding=draw(flags),
            muted=draw(flags),
            prompted=draw(flags),
            supervising=draw(st.sampled_from([None, *Supervising])) if role is Role.SUPERVISOR else None,
        )
        for number, role in enumerate(roles)
    )


# ---- properties --------------------------------------------------------------------------------


@given(calls())
def test_every_leg_hears_something(parties: tuple[Party, ...]) -> None:
    rows = hearing_of(parties, MUSIC)
    assert rows.keys() == {party.leg_id for party in parties}
    assert all(rows.values())


@given(calls())
def test_nobody_hears_himself_and_nobody_is_heard_twice(parties: tuple[Party, ...]) -> None:
    for leg_id, row in hearing_of(parties, MUSIC).items():
        heard = [source.name for source in row if source.kind is SourceKind.LEG]
        assert leg_id not in heard
        assert len(heard) == len(set(heard))


@given(calls())
def test_a_monitoring_supervisor_is_never_heard(parties: tuple[Party, ...]) -> None:
    rows = hearing_of(parties, MUSIC)
    for party in parties:
        if party.role is Role.SUPERVISOR and party.supervising in (None, Supervising.MONITOR):
            assert all(party.leg_id not in voices(row) for row in rows.values())


@given(calls())
def test_whisper_reaches_agents_alone(parties: tuple[Party, ...]) -> None:
    rows = hearing_of(parties, MUSIC)
    whisperers = {party.leg_id for party in parties if party.supervising is Supervising.WHISPER}
    for party in parties:
        if party.role is not Role.AGENT:
            assert not voices(rows[party.leg_id]) & whisperers


@given(calls())
def test_who_is_held_hears_only_music_or_the_own_announcement(parties: tuple[Party, ...]) -> None:
    rows = hearing_of(parties, MUSIC)
    for party in parties:
        if party.held:
            assert not voices(rows[party.leg_id])


@given(calls())
def test_who_is_muted_held_holding_or_spoken_to_reaches_nobody(parties: tuple[Party, ...]) -> None:
    rows = hearing_of(parties, MUSIC)
    silent = {p.leg_id for p in parties if p.muted or p.held or p.holding or p.prompted}
    assert not any(voices(row) & silent for row in rows.values())


@given(calls())
def test_an_announcement_is_heard_by_its_own_leg_and_covers_every_voice(parties: tuple[Party, ...]) -> None:
    rows = hearing_of(parties, MUSIC)
    for party in parties:
        assert (prompt in rows[party.leg_id]) == party.prompted
        if party.prompted:
            assert not voices(rows[party.leg_id])


@given(calls())
def test_music_never_lies_under_a_voice(parties: tuple[Party, ...]) -> None:
    for row in hearing_of(parties, MUSIC).values():
        assert not (voices(row) and any(source.kind is SourceKind.MUSIC for source in row))


@given(calls(), st.randoms())
def test_the_order_of_the_legs_changes_nobodys_voices(parties: tuple[Party, ...], random: object) -> None:
    shuffled = list(parties)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    rows, again = hearing_of(parties, MUSIC), hearing_of(shuffled, MUSIC)
    assert {leg: set(row) for leg, row in rows.items()} == {leg: set(row) for leg, row in again.items()}


@given(calls(), calls())
def test_telling_the_changed_rows_brings_the_plane_to_the_new_table(
    before: tuple[Party, ...], after: tuple[Party, ...]
) -> None:
    old, new = hearing_of(before, MUSIC), hearing_of(after, MUSIC)
    told = changed_rows(old, new)
    assert {**old, **told}.items() >= new.items()
    assert all(old.get(leg_id) != row for leg_id, row in told.items())


# ---- an example for each row of the design -------------------------------------------------------


def test_a_waiting_caller_hears_music() -> None:
    assert hearing_of([customer], MUSIC) == {"customer": (music,)}


def test_an_announcement_plays_over_soft_music_while_the_caller_waits() -> None:
    assert hearing_of([replace(customer, prompted=True)], MUSIC) == {"customer": (prompt, soft_music)}


def test_caller_and_agent_hear_each_other() -> None:
    assert hearing_of([customer, agent], MUSIC) == {
        "customer": (voice("agent"),),
        "agent": (voice("customer"),),
    }


def test_while_the_agents_number_is_announced_neither_hears_the_other() -> None:
    rows = hearing_of([replace(customer, prompted=True), replace(agent, prompted=True)], MUSIC)
    assert rows == {"customer": (prompt, soft_music), "agent": (prompt,)}


def test_a_held_customer_hears_music_and_is_not_heard() -> None:
    rows = hearing_of([replace(customer, held=True), agent, consultee], MUSIC)
    assert rows == {
        "customer": (music,),
        "agent": (voice("consultee"),),
        "consultee": (voice("agent"),),
    }


def test_a_phone_that_holds_sends_music_instead_of_its_silence() -> None:
    rows = hearing_of([customer, replace(agent, holding=True)], MUSIC)
    assert rows["customer"] == (music,)


def test_a_muted_agent_hears_and_is_replaced_by_music() -> None:
    rows = hearing_of([customer, replace(agent, muted=True)], MUSIC)
    assert rows == {"customer": (music,), "agent": (voice("customer"),)}


def test_three_talk_and_each_hears_the_two_others() -> None:
    rows = hearing_of([customer, agent, consultee], MUSIC)
    assert {leg: voices(row) for leg, row in rows.items()} == {
        "customer": {"agent", "consultee"},
        "agent": {"customer", "consultee"},
        "consultee": {"customer", "agent"},
    }


def test_monitor_hears_both_and_changes_nothing_for_them() -> None:
    alone = hearing_of([customer, agent], MUSIC)
    watched = hearing_of([customer, agent, supervisor(Supervising.MONITOR)], MUSIC)
    assert {**alone, "supervisor": (voice("customer"), voice("agent"))} == watched


def test_whisper_is_heard_by_the_agent_and_not_by_the_customer() -> None:
    rows = hearing_of([customer, agent, supervisor(Supervising.WHISPER)], MUSIC)
    assert voices(rows["agent"]) == {"customer", "supervisor"}
    assert voices(rows["customer"]) == {"agent"}


def test_barge_is_one_of_the_conversation() -> None:
    rows = hearing_of([customer, agent, supervisor(Supervising.BARGE)], MUSIC)
    assert voices(rows["customer"]) == {"agent", "supervisor"}
    assert voices(rows["supervisor"]) == {"customer", "agent"}
