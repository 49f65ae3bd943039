"""RTCP between a plane and a far end, on real sockets and with the real time in its stamps."""

import socket
import time
from collections.abc import Iterator

import pytest

from media import rtcp
from media.commands import CloseLeg
from media.events import LegClosed
from media.plane import TICK_S
from tests.media.rtp_phone import PHONE_ADDRESS, Desk, Phone, speak


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A plane with the machine's clock."""
    made = Desk()
    yield made
    made.close()


def control_of(phone: Phone) -> socket.socket:
    """The phone's RTCP socket, on the port above its RTP."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind((phone.address, phone.port + 1))
    return made


def listen(control: socket.socket) -> list[bytes]:
    """Every packet that came."""
    packets = []
    while True:
        try:
            packets.append(control.recv(2048))
        except BlockingIOError:
            return packets


def test_a_sender_reports_every_five_seconds_what_it_sent_and_heard(desk: Desk) -> None:
    """SR with a block, between four and six seconds apart; loss of one packet in ten is told as such."""
    phone = desk.open(Phone("caller"))
    control = control_of(phone)
    speaking = speak(phone, 700, 1000)

    def say(index: int) -> None:
        if index % 10 == 5:
            phone.advance(160)
        speaking(index)

    desk.tick(1000, say)
    reports = [rtcp.parse(packet)[0] for packet in listen(control)]
    assert 3 <= len(reports) <= 6
    last = reports[-1]
    assert last.ntp is not None
    (block,) = last.blocks
    assert block.ssrc == phone.ssrc
    assert 20 <= block.fraction_lost <= 26
    assert block.lost > 20
    desk.do(CloseLeg(leg_id="caller"))
    (goodbye,) = listen(control)
    assert goodbye[-8:-4] == b"\x81\xcb\x00\x01"
    control.close()


@pytest.mark.parametrize("step_s", [0.0, 3.0, -3.0, 3600.0, -3600.0])
def test_the_round_trip_is_what_reports_tell_though_the_clock_is_set(step_s: float) -> None:
    """The machine's clock is set between our SR and its answer, which says that it was held for all but 40 ms."""
    behind_s = [step_s]
    desk = Desk(
        wall=lambda: time.time() - behind_s[0]
    )  # the kernel's stamps are right once nothing is behind
    phone = desk.open(Phone("caller"))
    control = control_of(phone)
    packets: list[bytes] = []
    while not packets:
        assert desk.now < 110.0, "no report"
        desk.tick()
        packets = listen(control)
    report, sent_at = rtcp.parse(packets[0])[0], desk.now - TICK_S
    assert report.ntp is not None
    behind_s[0] = 0.0
    desk.tick(100)
    block = rtcp.ReportBlock(
        ssrc=report.ssrc,
        fraction_lost=0,
        lost=0,
        highest_sequence=1,
        jitter_samples=0,
        last_report=rtcp.middle(report.ntp),
        delay=int((desk.now - sent_at - 0.040) * 65536),
    )
    answer = rtcp.receiver_report(ssrc=phone.ssrc, block=block, cname="phone")
    control.sendto(answer, (phone.plane_at[0], phone.plane_at[1] + 1))
    desk.tick(2)
    desk.do(CloseLeg(leg_id="caller"))
    assert desk.told(LegClosed)[-1].statistics.round_trip_ms == pytest.approx(40, abs=15)
    control.close()
    desk.close()


def test_reports_from_elsewhere_and_junk_are_refused_and_not_answered(desk: Desk) -> None:
    """RTCP never amplifies: nothing goes back to a stranger."""
    phone = desk.open(Phone("caller"))
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.setblocking(False)
    stranger.bind(("127.66.2.99", 0))
    at = (phone.plane_at[0], phone.plane_at[1] + 1)
    stranger.sendto(rtcp.receiver_report(ssrc=1, block=None, cname="x"), at)
    friend = control_of(phone)
    friend.sendto(b"junk", at)
    desk.tick(3)
    desk.do(CloseLeg(leg_id="caller"))
    assert desk.told(LegClosed)[-1].statistics.packets_refused == 2
    assert listen(stranger) == []
    stranger.close()
    friend.close()


def test_a_peer_at_the_last_port_gets_no_reports_and_costs_nobody_else_theirs(desk: Desk) -> None:
    """There is no port above 65535 for its RTCP: it comes from a stranger's SDP."""
    last, other = desk.open(Phone("last")), desk.open(Phone("other"))
    control = control_of(other)
    desk.do(last.remote(port=65535))
    desk.tick(1000)
    assert 3 <= len(listen(control)) <= 6
    desk.do(CloseLeg(leg_id="last"))
    assert [event.leg_id for event in desk.told(LegClosed)] == ["last"]
    control.close()


def test_nothing_is_reported_before_permission(desk: Desk) -> None:
    """Not even RTCP goes to an address that only an offer named."""
    phone = desk.open(Phone("caller"), connect=False)
    desk.do(phone.remote())
    control = control_of(phone)
    desk.tick(400)
    desk.do(CloseLeg(leg_id="caller"))
    assert listen(control) == []
    control.close()
    assert phone.address == PHONE_ADDRESS
