"""The plane with real sockets: who hears whom, and who is never sent anything."""

from collections.abc import Iterator

import numpy as np
import pytest

from media.commands import (
    CloseLeg,
    Codec,
    PermitSending,
    ReportState,
    SetHearing,
    Source,
    SourceKind,
)
from media.events import LegClosed, LegHeld, LegRefused, MediaStarted, MediaStopped, StateReported
from tests.media.rtp_phone import AMPLITUDE, Desk, Phone, level_of, tone


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A plane with nobody on it."""
    made = Desk()
    yield made
    made.close()


def leg(name: str, gain: float = 1.0) -> Source:
    """The voice of a leg."""
    return Source(kind=SourceKind.LEG, name=name, gain=gain)


MUSIC = Source(kind=SourceKind.MUSIC, name="waiting")


def speak(phone: Phone, frequency_hz: float, ticks: int, ptime_ms: int = 20):  # type: ignore[no-untyped-def]
    """A `before` for `Desk.tick`: the phone speaks a tone in packets of its packet time."""
    sound = tone(frequency_hz, 160 * (ticks + 4))
    size = ptime_ms * 8
    sent = 0

    def say(index: int) -> None:
        nonlocal sent
        while sent + size <= (index + 1) * 160:
            phone.send(sound[sent : sent + size])
            sent += size

    return say


def both(*sayings):  # type: ignore[no-untyped-def]
    """Several phones at once."""

    def say(index: int) -> None:
        for each in sayings:
            each(index)

    return say


def talk(desk: Desk, first: Phone, second: Phone, ticks: int = 60) -> None:
    """Both speak: 700 Hz and 1300 Hz; the first ten ticks of what they hear are dropped."""
    desk.do(
        SetHearing(leg_id=first.leg_id, sources=(leg(second.leg_id),)),
        SetHearing(leg_id=second.leg_id, sources=(leg(first.leg_id),)),
    )
    say = both(
        speak(first, 700, ticks, first.ptime_ms),
        speak(second, 1300, ticks, second.ptime_ms),
    )
    desk.tick(ticks, say)


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 60])
@pytest.mark.parametrize("codecs", [(Codec.PCMA, Codec.PCMA), (Codec.PCMA, Codec.PCMU), (Codec.PCMU, Codec.PCMU)])
def test_two_legs_hear_each_other_and_not_themselves(
    desk: Desk, codecs: tuple[Codec, Codec], ptime_ms: int
) -> None:
    """Any pair of codecs and packet times: each phone hears the other's tone at its level, its own not at all."""
    caller = desk.open(Phone("caller", codec=codecs[0], ptime_ms=ptime_ms, payload_type=96))
    agent = desk.open(Phone("agent", codec=codecs[1]))
    talk(desk, caller, agent)
    for phone, other_hz, own_hz in ((caller, 1300, 700), (agent, 700, 1300)):
        heard = phone.heard_sound()[-3200:]
        assert level_of(heard, other_hz) == pytest.approx(AMPLITUDE, rel=0.05)
        assert level_of(heard, own_hz) < 30
    assert {len(packet) for packet in caller.heard} == {12 + ptime_ms * 8}
    assert np.diff([int.from_bytes(p[4:8], "big") for p in caller.heard[1:]]).tolist() == [ptime_ms * 8] * (
        len(caller.heard) - 2
    )
