"""Hearing rows as index arrays, against sums made one listener at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.commands import Source, SourceKind
from media.g711 import LAW_A, LAW_MU, decode, encode
from media.mixing import Mixer, UnknownMusic

LEGS = 4
MUSIC = np.arange(320, dtype=np.int16) * 20


def leg(index: int, gain: float = 1.0) -> Source:
    """A leg's voice."""
    return Source(kind=SourceKind.LEG, name=f"leg-{index}", gain=gain)


sources = st.one_of(
    st.builds(leg, st.integers(0, LEGS), st.sampled_from([0.0, 0.5, 1.0, 2.0])),
    st.just(Source(kind=SourceKind.MUSIC, name="waiting")),
    st.just(Source(kind=SourceKind.PROMPT)),
)
changes = st.lists(
    st.one_of(
        st.tuples(st.just("hear"), st.integers(0, LEGS - 1), st.lists(sources, max_size=4).map(tuple)),
        st.tuples(st.just("remove"), st.integers(0, LEGS - 1), st.just(())),
        st.tuples(st.just("add"), st.integers(0, LEGS - 1), st.just(())),
    ),
    max_size=20,
)


@settings(deadline=None)
@given(changes, st.integers(0, 2**32 - 1))
def test_any_rows_sound_as_the_sum_of_their_sources(
    steps: list[tuple[str, int, tuple[Source, ...]]], seed: int
) -> None:
    """Through any order of changes, in both laws, with saturation; who is gone is heard by nobody."""
    rng = np.random.default_rng(seed)
    mixer = Mixer(LEGS, 2, {"waiting": MUSIC})
    rows: dict[int, tuple[Source, ...]] = {}
    open_legs: set[int] = set()
    for kind, index, row in steps:
        if kind == "hear":
            mixer.set_hearing(index, index % 2, row, prompt_slot=index)
            rows[index] = row
        elif kind == "add" and index not in open_legs:
            mixer.add_voice(f"leg-{index}", index)
            open_legs.add(index)
        elif kind == "remove" and index in open_legs:
            mixer.remove_voice(f"leg-{index}")
            open_legs.discard(index)
    voices = rng.integers(-32000, 32000, (LEGS, 160)).astype(np.int16)
    prompts = rng.integers(-32000, 32000, (LEGS, 160)).astype(np.int16)
    mixer.sounds[mixer.voice_base : mixer.voice_base + LEGS] = voices
    mixer.sounds[mixer.prompt_base : mixer.prompt_base + LEGS] = prompts
    for law in (LAW_A, LAW_MU):
        first = law * mixer.rows + mixer.prompt_base
        mixer.codes[first : first + LEGS] = encode(prompts, law)
    mixer.mix()
    for index, row in rows.items():
        wanted = np.zeros(160, dtype=np.float64)
        for source in row:
            if source.kind is SourceKind.MUSIC:
                wanted += MUSIC[:160] * source.gain
            elif source.kind is SourceKind.PROMPT:
                wanted += prompts[index] * source.gain
            elif int(source.name[4:]) in open_legs:
                wanted += voices[int(source.name[4:])] * source.gain
        exact = np.clip(np.rint(wanted), -32767, 32767).astype(np.int16)
        heard = mixer.codes[mixer.code_row[index]]
        assert np.array_equal(decode(heard, index % 2), decode(encode(exact, index % 2), index % 2))


def test_music_loops_without_a_seam() -> None:
    """The frame after the last is the first."""
    mixer = Mixer(LEGS, 0, {"waiting": MUSIC})
    mixer.set_hearing(0, LAW_A, (Source(kind=SourceKind.MUSIC, name="waiting"),))
    heard = []
    for _ in range(4):
        mixer.mix()
        heard.append(mixer.codes[mixer.code_row[0]].copy())
    assert np.array_equal(np.concatenate(heard), encode(np.tile(MUSIC, 2), LAW_A))


@pytest.mark.parametrize("tick", [0, 1, 24, 25, 26, 100, 249, 250, 613])
def test_whoever_is_given_the_ringing_tone_hears_it_begin_within_half_a_second(tick: int) -> None:
    """One second of tone, four of silence, at whatever tick; what else is set later does not begin it anew."""
    tone = np.concatenate([np.arange(1, 8001), np.zeros(32000)]).astype(np.int16)
    mixer = Mixer(LEGS, 0, {"waiting": np.ones(160 * 501, dtype=np.int16), "ringback": tone})
    for _ in range(tick):
        mixer.mix()
    ringback = Source(kind=SourceKind.MUSIC, name="ringback")
    mixer.set_hearing(1, LAW_A, (ringback,))
    codes = []
    for frame in range(2 * 250):
        if frame == 120:
            mixer.set_hearing(1, LAW_A, (ringback, leg(3)))
        mixer.mix()
        codes.append(mixer.codes[mixer.code_row[1]].copy())
    heard = np.concatenate(codes)
    wait = int(np.flatnonzero(heard == encode(tone[:1000], LAW_A)[999])[0]) // 160 - 6
    assert 0 <= wait < 25
    begun = heard[160 * wait :]
    assert np.array_equal(begun, encode(np.tile(tone, 2), LAW_A)[: len(begun)])


def test_long_music_is_one_for_all() -> None:
    """Who is put on hold again hears it go on, as on the radio."""
    track = np.arange(160 * 501, dtype=np.int64).astype(np.int16)
    mixer = Mixer(LEGS, 0, {"waiting": track})
    waiting = Source(kind=SourceKind.MUSIC, name="waiting")
    for _ in range(300):
        mixer.mix()
    mixer.set_hearing(0, LAW_A, (waiting,))
    mixer.mix()
    assert np.array_equal(mixer.codes[mixer.code_row[0]], encode(track[48000:48160], LAW_A))


def test_unknown_music_is_refused_and_changes_nothing() -> None:
    """The row stays."""
    mixer = Mixer(LEGS, 0, {"waiting": MUSIC})
    mixer.set_hearing(0, LAW_A, (Source(kind=SourceKind.MUSIC, name="waiting"),))
    before = int(mixer.code_row[0])
    with pytest.raises(UnknownMusic, match="none"):
        mixer.set_hearing(0, LAW_A, (Source(kind=SourceKind.MUSIC, name="none"),))
    assert mixer.code_row[0] == before


def test_a_leg_named_before_it_opens_is_heard_from_then_on() -> None:
    """Silence until then."""
    mixer = Mixer(LEGS, 0, {})
    mixer.set_hearing(0, LAW_A, (leg(2),))
    assert mixer.code_row[0] == 0
    mixer.add_voice("leg-2", 2)
    assert mixer.code_row[0] == mixer.voice_base + 2
