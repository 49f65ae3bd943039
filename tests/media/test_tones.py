"""Keys as tones: every key at every fair level and length, and none in speech, music, noise or single tones."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from media.digits import Pressed
from media.events import DigitReceived
from media.tones import HIGH_HZ, KEYS, LOW_HZ, ToneReceiver
from tests.media.rtp_phone import Desk, Phone

Sound = npt.NDArray[np.int16]
SOUNDS = Path(__file__).parents[2] / "config"


def tone(
    key: str, ms: float, dbfs: float = -12.0, twist_db: float = 0.0, off: float = 1.0
) -> npt.NDArray[np.float64]:
    """One key; `dbfs` is the level of the lower tone, `off` the factor by which the frequencies are wrong."""
    index = KEYS.index(key)
    time = np.arange(round(ms * 8)) / 8000
    low = np.sin(2 * np.pi * LOW_HZ[index // 4] * off * time)
    high = np.sin(2 * np.pi * HIGH_HZ[index % 4] * off * time)
    return 32768 * 10 ** (dbfs / 20) * (low + high * 10 ** (twist_db / 20))


def silence(ms: float) -> npt.NDArray[np.float64]:
    return np.zeros(round(ms * 8))


def heard(sound: npt.NDArray[np.float64]) -> list[Pressed]:
    """What one leg pressed."""
    whole = np.concatenate([sound, silence(100 - len(sound) % 160 / 8)])
    frames = np.clip(whole[: len(whole) // 160 * 160], -32767, 32767).astype(np.int16).reshape(-1, 160)
    receiver, slots = ToneReceiver(4), np.array([2])
    return [key for frame in frames for _, key in receiver.hear(slots, frame[np.newaxis])]


def keys(sound: npt.NDArray[np.float64]) -> str:
    return "".join(key.digit for key in heard(sound))


@pytest.mark.parametrize("dbfs", [-7.0, -20.0, -36.0])
@pytest.mark.parametrize("shift", [0, 37, 80, 133])
def test_every_key_is_heard_wherever_frames_begin(dbfs: float, shift: int) -> None:
    """80 ms long, 80 ms apart."""
    parts = [np.zeros(shift)]
    for key in KEYS:
        parts += [tone(key, 80, dbfs), silence(80)]
    assert keys(np.concatenate(parts)) == KEYS


@pytest.mark.parametrize(("twist_db", "off"), [(-6.0, 1.0), (6.0, 1.0), (0.0, 0.985), (0.0, 1.015)])
def test_a_key_may_be_a_little_wrong(twist_db: float, off: float) -> None:
    """6 dB of twist, or 1.5 % in frequency (Q.24)."""
    for key in KEYS:
        assert keys(tone(key, 100, -15, twist_db, off)) == key


def test_a_key_is_told_once_with_its_length_when_it_ends() -> None:
    [pressed] = heard(np.concatenate([silence(100), tone("5", 400), silence(200)]))
    assert (pressed.digit, abs(pressed.duration_ms - 400) <= 40) == ("5", True)


def test_the_same_key_twice_is_two_keys_and_a_lost_frame_is_none() -> None:
    assert keys(np.concatenate([tone("7", 100), silence(60), tone("7", 100)])) == "77"
    assert keys(np.concatenate([tone("7", 100), silence(20), tone("7", 100)])) == "7"


def test_a_click_is_no_key() -> None:
    assert keys(tone("1", 20)) == ""


def test_a_key_is_heard_through_noise() -> None:
    noise = np.random.default_rng(3).normal(0, 200, 8000)
    noise[2400:3200] += tone("9", 100, -20)
    assert keys(noise) == "9"


def test_single_tones_and_noise_are_no_keys() -> None:
    time = np.arange(8000) / 8000
    for hz in (*LOW_HZ, *HIGH_HZ, 440, 1000, 425):
        assert keys(8000 * np.sin(2 * np.pi * hz * time)) == ""
    assert keys(np.random.default_rng(4).normal(0, 3000, 80_000)) == ""


@pytest.mark.parametrize("path", sorted(SOUNDS.rglob("*.wav")), ids=lambda path: path.stem)
def test_speech_and_music_press_no_keys(path: Path) -> None:
    sound, rate = soundfile.read(path)
    assert keys(sound * 32767 if rate == 8000 else sound[:: rate // 8000] * 32767) == ""


def test_legs_are_told_apart_and_a_new_leg_begins_anew() -> None:
    receiver, slots = ToneReceiver(4), np.array([0, 3])
    pair = np.stack([tone("1", 100), tone("#", 100)]).astype(np.int16)
    for start in range(0, 640, 160):
        assert receiver.hear(slots, pair[:, start : start + 160]) == []
    receiver.reset(3)
    quiet = np.zeros((2, 160), dtype=np.int16)
    ended = [*receiver.hear(slots, quiet), *receiver.hear(slots, quiet)]
    assert [(slot, key.digit) for slot, key in ended] == [(0, "1")]


def test_the_plane_hears_keys_by_sound_only_of_who_sends_no_events() -> None:
    """Two phones press the same key by sound; one of them had offered telephone events."""
    desk = Desk()
    try:
        plain, modern = desk.open(Phone("plain")), desk.open(Phone("modern"))
        desk.do(plain.remote(dtmf_payload_type=None), modern.remote())
        pressed = np.concatenate([tone("8", 120), silence(160)]).astype(np.int16).reshape(-1, 160)

        def say(index: int) -> None:
            for phone in (plain, modern):
                phone.send(pressed[index] if index < len(pressed) else np.zeros(160, dtype=np.int16))

        desk.tick(30, say)
        assert [(event.leg_id, event.digit) for event in desk.told(DigitReceived)] == [(plain.leg_id, "8")]
    finally:
        desk.close()
