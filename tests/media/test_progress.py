"""Tones of the network: each at every fair level, pitch and rhythm, through noise; none in speech, music or noise."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from media.commands import HearProgress
from media.events import LegRefused, ProgressHeard
from media.g711 import LAW_A, decode, encode
from media.progress import Progress, ProgressReceiver
from tests.media.rtp_phone import Desk, Phone

Sound = npt.NDArray[np.float64]
SOUNDS = Path(__file__).parents[2] / "config"
P = Progress


def tone(hz: float, seconds: float, dbm0: float = -10.0) -> Sound:
    """A sine; one of full scale has +3.14 dBm0 in A-law."""
    time = np.arange(round(seconds * 8000)) / 8000
    return 32768 * 10 ** ((dbm0 - 3.14) / 20) * np.sin(2 * np.pi * hz * time)


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * 8000))


def rhythm(hz: float, *lengths: tuple[float, float], dbm0: float = -10.0) -> Sound:
    """Bursts of a tone, each so long, and the pause after it."""
    return np.concatenate([part for on, off in lengths for part in (tone(hz, on, dbm0), silence(off))])


def information(dbm0: float = -10.0) -> Sound:
    return np.concatenate([tone(hz, 0.33, dbm0) for hz in (950, 1400, 1800)] + [silence(0.5)])


def recorded(path: Path) -> Sound:
    sound, rate = soundfile.read(path)
    return np.asarray(sound[:: rate // 8000] * 32767, dtype=np.float64)


def heard(sound: Sound, shift: int = 0) -> list[Progress]:
    """What one leg is told, A-law on the way, frames beginning anywhere."""
    whole = np.concatenate([np.zeros(shift), sound, np.zeros(-(len(sound) + shift) % 160)])
    coded = encode(np.clip(whole, -32767, 32767).astype(np.int16), LAW_A)
    receiver = ProgressReceiver(4)
    receiver.ask(2)
    frames = decode(coded, LAW_A).reshape(-1, 160)
    return [told for frame in frames for _, told in receiver.hear(frame[np.newaxis])]


def tones(dbm0: float) -> dict[Progress, Sound]:
    return {
        P.BUSY: rhythm(450, *[(0.35, 0.35)] * 3, dbm0=dbm0),
        P.CONGESTION: rhythm(450, *[(0.7, 0.7)] * 3, dbm0=dbm0),
        P.RINGBACK: rhythm(450, (1, 4), dbm0=dbm0),
        P.SPECIAL_INFORMATION: information(dbm0),
        P.FAX: np.concatenate([silence(0.2), tone(2100, 2.6, dbm0)]),
    }


@pytest.mark.parametrize("dbm0", [-5.0, -20.0, -35.0])
@pytest.mark.parametrize("shift", [0, 53, 107])
def test_every_tone_is_told_once_and_nothing_else(dbm0: float, shift: int) -> None:
    for expected, sound in tones(dbm0).items():
        assert heard(sound, shift) == [expected]
    assert heard(rhythm(1100, (0.5, 3.0), (0.5, 3.0), dbm0=dbm0), shift) == [P.FAX]


@settings(max_examples=40, deadline=None)
@given(
    dbm0=st.floats(-35, -5),
    hz=st.floats(435, 465),
    jitter=st.lists(st.floats(0.9, 1.1), min_size=6, max_size=6),
    kind=st.sampled_from([(P.BUSY, 0.35), (P.CONGESTION, 0.7)]),
    noise_db=st.floats(-60, -18),
    seed=st.integers(0, 99),
)
def test_a_rhythm_may_be_a_tenth_wrong_and_the_line_noisy(
    dbm0: float, hz: float, jitter: list[float], kind: tuple[Progress, float], noise_db: float, seed: int
) -> None:
    """15 Hz of pitch, 10 % of every burst and pause, noise from 18 dB under the tone."""
    expected, length = kind
    lengths = [(length * on, length * off) for on, off in zip(jitter[::2], jitter[1::2], strict=True)]
    sound = rhythm(hz, *lengths, dbm0=dbm0)
    level = 32768 * 10 ** ((dbm0 - 6.14 + noise_db) / 20)
    assert heard(sound + np.random.default_rng(seed).normal(0, level, len(sound))) == [expected]


@settings(max_examples=15, deadline=None)
@given(on=st.floats(0.9, 1.1), dbm0=st.floats(-35, -5), hz=st.floats(435, 465))
def test_ringback_may_be_a_tenth_wrong(on: float, dbm0: float, hz: float) -> None:
    assert heard(rhythm(hz, (on, 2.5), dbm0=dbm0)) == [P.RINGBACK]


def test_a_lost_packet_does_not_break_a_rhythm() -> None:
    sound = rhythm(450, *[(0.35, 0.35)] * 3)
    sound[1120:1280] = 0
    assert heard(sound) == [P.BUSY]


def test_tones_of_another_rhythm_or_pitch_are_none_of_them() -> None:
    """A dial tone, a tone of one second that comes again too soon, bursts of half a second, another pitch."""
    assert heard(tone(450, 6)) == []
    assert heard(rhythm(450, *[(1.0, 1.0)] * 3)) == []
    assert heard(rhythm(450, *[(0.5, 0.5)] * 4)) == []
    assert heard(rhythm(600, *[(0.35, 0.35)] * 4)) == []
    assert heard(np.concatenate([tone(hz, 0.33) for hz in (1800, 1400, 950)] + [silence(1)])) == []


@pytest.mark.parametrize("path", sorted(SOUNDS.rglob("*.wav")), ids=lambda path: path.stem)
def test_speech_and_music_are_no_tones(path: Path) -> None:
    """Each sound alone, and its first two seconds cut off hard."""
    expected = {P.RINGBACK} if path.stem == "ringback" else {P.ANNOUNCEMENT}
    sound = recorded(path)
    assert set(heard(np.concatenate([sound, silence(2)]))) <= expected
    assert set(heard(np.concatenate([sound[:16000], silence(2)]))) <= expected


def test_speech_is_an_announcement_and_noise_is_not() -> None:
    assert heard(recorded(SOUNDS / "prompts/zh/leave_message.wav")) == [P.ANNOUNCEMENT]
    assert heard(np.random.default_rng(1).normal(0, 1000, 80_000)) == []


@pytest.mark.parametrize(("hz", "seconds"), [(425, 0.5), (800, 0.2), (1000, 0.4), (1400, 1.0), (2000, 0.3)])
def test_a_beep_after_speech_is_a_mailbox(hz: float, seconds: float) -> None:
    greeting = recorded(SOUNDS / "prompts/zh/leave_message.wav")
    sound = np.concatenate([greeting, silence(0.3), tone(hz, seconds), silence(1)])
    assert heard(sound) == [P.ANNOUNCEMENT, P.BEEP]
    two = [tone(hz, 0.2), silence(0.2), tone(hz * 1.1, 0.2), silence(1)]
    assert P.BEEP not in heard(np.concatenate([greeting, silence(0.3), *two]))


def test_an_announcement_after_special_information_is_told_as_well() -> None:
    sound = np.concatenate([information(), recorded(SOUNDS / "prompts/zh/wrong_number.wav")])
    assert heard(sound) == [P.SPECIAL_INFORMATION, P.ANNOUNCEMENT]


def test_legs_are_told_apart_and_only_who_is_asked_for_is_heard() -> None:
    busy, full = rhythm(450, *[(0.35, 0.35)] * 6), rhythm(450, *[(0.7, 0.7)] * 3)
    receiver = ProgressReceiver(4)
    for slot in (0, 1, 3):
        receiver.ask(slot)
    receiver.forget(1)
    told = []
    for at in range(0, len(busy) - 160, 160):
        pair = np.stack([busy[at : at + 160], full[at : at + 160]]).astype(np.int16)
        told += receiver.hear(pair)
    assert told == [(0, P.BUSY), (3, P.CONGESTION)]
    receiver.ask(0)  # another leg in the same slot
    assert not [one for at in range(5) for one in receiver.hear(np.zeros((2, 160), dtype=np.int16))]


def test_the_plane_tells_what_the_legs_hear_that_it_was_asked_about() -> None:
    """Two phones send the busy tone; the plane was asked of one, and of one that is not there."""
    desk = Desk()
    try:
        asked, other = desk.open(Phone("asked")), desk.open(Phone("other"))
        desk.do(HearProgress(leg_id="asked"), HearProgress(leg_id="nobody"))
        assert [refused.leg_id for refused in desk.told(LegRefused)] == ["nobody"]
        busy = rhythm(450, *[(0.35, 0.35)] * 4).astype(np.int16).reshape(-1, 160)

        def say(index: int) -> None:
            for phone in (asked, other):
                phone.send(busy[index % len(busy)])

        desk.tick(75, say)
        assert [(event.leg_id, event.progress) for event in desk.told(ProgressHeard)] == [("asked", P.BUSY)]
        desk.do(HearProgress(leg_id="asked"), HearProgress(leg_id="asked", listens=False))
        desk.tick(75, say)
        assert len(desk.told(ProgressHeard)) == 1
    finally:
        desk.close()
