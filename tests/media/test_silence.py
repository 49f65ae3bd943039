"""A leg that nothing comes from is an alarm first and dead later; hold, comfort noise and RTCP make it later."""

from collections.abc import Iterator

import pytest

from media.commands import PermitSending
from media.events import MediaStopped, MediaTimedOut
from media.rtcp import receiver_report
from tests.media.rtp_phone import Desk, Phone, speak

SECOND = 50  # ticks


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A plane that calls a leg dead after 4 s, on hold after 10 s."""
    made = Desk(silence_alarm_s=2.0, rtp_timeout_s=4.0, hold_timeout_s=10.0)
    yield made
    made.close()


def dead(desk: Desk, leg_id: str = "caller") -> list[tuple[int, bool]]:
    """Seconds of silence and whether it was paused, of each time that a leg was called dead."""
    return [
        (round(event.silent_s), event.is_paused)
        for event in desk.told(MediaTimedOut)
        if event.leg_id == leg_id
    ]


def test_a_leg_whose_sound_stops_is_an_alarm_and_then_dead_again_and_again(desk: Desk) -> None:
    caller = desk.open(Phone("caller"))
    desk.tick(SECOND, speak(caller, 700, SECOND))
    desk.tick(3 * SECOND)
    assert [round(event.silent_s) for event in desk.told(MediaStopped)] == [2]
    assert not dead(desk)
    desk.tick(12 * SECOND)
    assert dead(desk) == [(4, False), (14, False)]
    desk.tick(SECOND, speak(caller, 700, SECOND))
    desk.tick(3 * SECOND)
    assert len(dead(desk)) == 2


def test_a_leg_that_never_sent_anything_counts_from_its_confirmation(desk: Desk) -> None:
    """A phone may ring for as long as it likes."""
    phone = desk.open(Phone("caller"), connect=False)
    desk.do(phone.remote())
    desk.tick(20 * SECOND)
    assert not dead(desk)
    desk.do(PermitSending(leg_id="caller"))
    desk.tick(3 * SECOND)
    assert not dead(desk)
    desk.tick(2 * SECOND)
    assert dead(desk) == [(4, False)]


@pytest.mark.parametrize(
    "changes", [{"may_send": False}, {"may_receive": False}, {"address": "0.0.0.0"}], ids=lambda c: str(*c)
)
def test_a_held_leg_has_longer_and_from_the_hold_on(desk: Desk, changes: dict[str, object]) -> None:
    """`sendonly`, `inactive` and the hold of RFC 2543."""
    caller = desk.open(Phone("caller"))
    desk.tick(3 * SECOND)
    desk.do(caller.remote(**changes))
    desk.tick(9 * SECOND)
    assert not dead(desk)
    desk.tick(2 * SECOND)
    assert dead(desk) == [(10, True)]


def test_who_announced_silence_has_longer(desk: Desk) -> None:
    caller = desk.open(Phone("caller"))
    caller.send_raw(caller.packet(b"\x40", payload_type=13))
    desk.tick(9 * SECOND)
    assert not dead(desk)
    desk.tick(3 * SECOND)
    assert dead(desk) == [(11, True)]  # looked at once a second


def test_a_report_of_its_peer_is_a_sign_of_life_and_anybody_elses_is_not(desk: Desk) -> None:
    caller = desk.open(Phone("caller"))
    stranger = Phone("stranger", address="127.66.2.9")
    report = receiver_report(ssrc=1, block=None, cname="x")
    host, port = caller.plane_at
    for _ in range(4):
        desk.tick(3 * SECOND)
        caller.socket.sendto(report, (host, port + 1))
    desk.tick(2 * SECOND)
    assert not dead(desk)
    for _ in range(4):
        stranger.socket.sendto(report, (host, port + 1))
        desk.tick(SECOND)
    assert dead(desk) == [(5, False)]
    stranger.close()


def test_timeouts_can_be_switched_off() -> None:
    desk = Desk(silence_alarm_s=2.0)
    desk.open(Phone("caller"))
    desk.tick(100 * SECOND)
    assert not dead(desk)
    desk.close()
