"""A recording that wants to know hears when nobody speaks any more, once a silence; noise of the line is silence."""

from collections.abc import Iterator

import pytest

from media.commands import SetRecordingSources, StartRecording, StopRecording
from media.events import SpeechStopped
from tests.media.rtp_phone import Desk, Phone, speak

SECOND = 50  # ticks


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A plane with a caller who leaves a message, and somebody whose recording does not want to know."""
    made = Desk()
    made.open(Phone("caller"))
    made.open(Phone("other"))
    for name, leg, silence_s in (("message", "caller", 2.0), ("talk", "other", 0.0)):
        made.do(
            StartRecording(
                recording_id=name,
                call_id=f"call-{name}",
                path=f"/nowhere/{name}.wav",
                left=(leg,),
                right=(),
                silence_s=silence_s,
            )
        )
    yield made
    made.close()


def quiet(desk: Desk) -> list[SpeechStopped]:
    return list(desk.told(SpeechStopped))


def test_silence_is_told_once_for_the_recording_that_asked_and_again_after_a_sound(desk: Desk) -> None:
    caller = desk.phones[0]
    desk.tick(3 * SECOND, speak(caller, 700, 3 * SECOND))
    assert not quiet(desk)
    desk.tick(5 * SECOND)
    [told] = quiet(desk)
    assert (told.recording_id, told.call_id, told.silent_s) == ("message", "call-message", 2.0)
    desk.tick(SECOND, speak(caller, 700, SECOND))
    desk.tick(3 * SECOND)
    assert len(quiet(desk)) == 2


def test_a_pause_for_breath_does_not_count_and_neither_does_who_speaks_on_the_other_channel(
    desk: Desk,
) -> None:
    caller, other = desk.phones
    for _ in range(3):
        desk.tick(SECOND, speak(caller, 700, SECOND))
        desk.tick(round(1.5 * SECOND))
    assert not quiet(desk)
    desk.do(SetRecordingSources(recording_id="message", left=("caller",), right=("other",)))
    desk.tick(3 * SECOND, speak(other, 700, 3 * SECOND))
    assert len(quiet(desk)) == 1


def test_a_recording_that_is_over_says_nothing_any_more(desk: Desk) -> None:
    desk.do(StopRecording(recording_id="message"))
    desk.tick(5 * SECOND)
    assert not quiet(desk)
