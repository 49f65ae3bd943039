"""What a far end gets: packet times, telephone events, prompts."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from media.commands import CloseLeg, PlayPrompts, SendDigits, SetHearing, Source, SourceKind, StopPrompts
from media.digits import DigitReceiver, Pressed
from media.events import LegRefused, PlaylistFinished
from media.plane import TICK_S
from tests.media.rtp_phone import AMPLITUDE, Desk, Phone, level_of

PROMPT = Source(kind=SourceKind.PROMPT)
MUSIC = Source(kind=SourceKind.MUSIC, name="waiting")


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A plane with nobody on it."""
    made = Desk()
    yield made
    made.close()


def numbers(packets: list[bytes]) -> tuple[list[int], list[int]]:
    """Steps of sequence and timestamp from packet to packet."""
    sequence = [int.from_bytes(p[2:4], "big") for p in packets]
    stamps = [int.from_bytes(p[4:8], "big") for p in packets]
    return (
        [(b - a) & 0xFFFF for a, b in pairwise(sequence)],
        [(b - a) & 0xFFFFFFFF for a, b in pairwise(stamps)],
    )


def test_digits_go_out_as_events_in_place_of_the_sound(desk: Desk) -> None:
    """The far end reports both; sequence has no gap; the sound comes back with a marker and its own clock."""
    phone = desk.open(Phone("trunk"))
    desk.do(SetHearing(leg_id="trunk", sources=(MUSIC,)))
    desk.tick(5)
    desk.do(SendDigits(leg_id="trunk", digits="1#", duration_ms=100))
    desk.tick(40)
    events = [packet for packet in phone.heard if packet[1] & 0x7F == 101]
    voice = [packet for packet in phone.heard if packet[1] & 0x7F == 8]
    assert len(events) == 2 * (5 + 2)
    assert len(events) + len(voice) == 45
    receiver, told = DigitReceiver(), []
    for tick, packet in enumerate(events):
        told += receiver.receive(packet[12:], int.from_bytes(packet[4:8], "big"), tick)
    assert told == [Pressed(digit="1", duration_ms=100), Pressed(digit="#", duration_ms=100)]
    assert [bool(packet[1] & 0x80) for packet in events].count(True) == 2
    assert set(numbers(phone.heard)[0]) == {1}
    stamp = int.from_bytes(voice[0][4:8], "big")
    begun = int.from_bytes(events[0][4:8], "big")
    assert begun == (stamp + 5 * 160) & 0xFFFFFFFF
    assert (int.from_bytes(phone.heard[-1][4:8], "big") - stamp) & 0xFFFFFFFF == 44 * 160


def test_digits_that_cannot_be_sent_are_refused(desk: Desk) -> None:
    """No telephone-event negotiated; not a key."""
    desk.open(Phone("plain", event_type=None))
    desk.open(Phone("trunk"))
    desk.do(SendDigits(leg_id="plain", digits="1"), SendDigits(leg_id="trunk", digits="1x"))
    assert [event.code for event in desk.told(LegRefused)] == ["no_telephone_event", "invalid_digits"]


def test_a_playlist_is_heard_in_order_and_its_end_is_told(desk: Desk) -> None:
    """Ten frames of welcome, two of the beep, then silence."""
    phone = desk.open(Phone("caller", payload_type=8))
    desk.do(
        SetHearing(leg_id="caller", sources=(PROMPT,)),
        PlayPrompts(leg_id="caller", playlist_id="greeting", prompts=("welcome", "beep")),
    )
    desk.tick(12)
    assert desk.told(PlaylistFinished) == []
    desk.tick(3)
    assert desk.told(PlaylistFinished) == [
        PlaylistFinished(leg_id="caller", playlist_id="greeting", completed=True)
    ]
    sound = phone.heard_sound()
    assert level_of(sound[:1600], 900) == pytest.approx(AMPLITUDE, rel=0.05)
    assert level_of(sound[1600:1920], 1200) == pytest.approx(AMPLITUDE, rel=0.1)
    assert abs(sound[1920:]).max() <= 8


def test_a_prompt_over_music_is_mixed(desk: Desk) -> None:
    """Music at half its level under the prompt."""
    phone = desk.open(Phone("caller"))
    music = Source(kind=SourceKind.MUSIC, name="waiting", gain=0.5)
    desk.do(
        SetHearing(leg_id="caller", sources=(PROMPT, music)),
        PlayPrompts(leg_id="caller", playlist_id="x", prompts=("welcome",)),
    )
    desk.tick(10)
    assert level_of(phone.heard_sound(), 900) == pytest.approx(AMPLITUDE, rel=0.05)
    assert level_of(phone.heard_sound(), 600) == pytest.approx(AMPLITUDE / 2, rel=0.05)


def test_every_playlist_ends_with_an_event(desk: Desk) -> None:
    """Replaced, stopped, of an unknown prompt, or its leg closed."""
    desk.open(Phone("caller"))

    def play(name: str, prompt: str = "welcome") -> PlayPrompts:
        return PlayPrompts(leg_id="caller", playlist_id=name, prompts=(prompt,))

    desk.do(play("a"), play("b"), StopPrompts(leg_id="caller"), play("c", "none"), play("d"))
    desk.tick(2)
    desk.do(CloseLeg(leg_id="caller"))
    finished = [(event.playlist_id, event.completed) for event in desk.told(PlaylistFinished)]
    assert finished == [("a", False), ("b", False), ("c", False), ("d", False)]
    assert [event.code for event in desk.told(LegRefused)] == ["unknown_prompt"]


def test_a_late_tick_is_caught_up_and_a_very_late_one_is_skipped(desk: Desk) -> None:
    """100 ms late: five packets at once; 10 s late: one, and the timestamp shows the time."""
    phone = desk.open(Phone("caller"))
    desk.tick(5)
    desk.now += 4 * TICK_S
    desk.tick()
    assert len(phone.heard) == 10
    desk.now += 10.0
    desk.tick()
    assert len(phone.heard) == 11
    assert numbers(phone.heard)[1][-1] == 501 * 160
    assert desk.plane.ticks_skipped == 500
