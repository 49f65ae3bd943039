"""RFC 4733 digits, one leg at a time."""

import itertools

import pytest

from media.digits import DIGITS, DigitReceiver, DigitSender, Pressed, are_digits


def event(digit: str, duration: int, *, ended: bool = False) -> bytes:
    """A telephone-event payload."""
    return bytes((DIGITS.index(digit), 0x80 * ended | 10, duration >> 8, duration & 255))


def test_a_digit_is_reported_once_however_often_its_end_is_sent() -> None:
    """Three end packets, and late copies of earlier ones."""
    receiver = DigitReceiver()
    told = []
    for tick, payload in enumerate(
        [event("5", 160), event("5", 320), *[event("5", 480, ended=True)] * 3, event("5", 320)]
    ):
        told += receiver.receive(payload, 1000, tick)
    assert told == [Pressed(digit="5", duration_ms=60)]


def test_a_digit_whose_end_is_lost_is_reported_by_time_or_by_the_next() -> None:
    """After 200 ms without packets, or when the next key begins."""
    receiver = DigitReceiver()
    assert receiver.receive(event("1", 320), 1000, 0) == []
    assert receiver.expire(9) == []
    assert receiver.expire(10) == [Pressed(digit="1", duration_ms=40)]
    assert receiver.receive(event("2", 160), 5000, 30) == []
    assert receiver.receive(event("3", 160), 9000, 32) == [Pressed(digit="2", duration_ms=20)]
    assert receiver.receive(event("3", 320, ended=True), 9000, 33) == [Pressed(digit="3", duration_ms=40)]


def test_only_the_end_may_arrive() -> None:
    """All other packets lost."""
    assert DigitReceiver().receive(event("#", 800, ended=True), 7, 0) == [Pressed(digit="#", duration_ms=100)]


def test_a_digit_is_heard_if_any_packet_of_it_arrives_and_never_twice() -> None:
    """All that can be lost of a key of 80 ms, whose end is sent three times: of 30 % loss all six go in 7 of 10,000 keys."""
    sender = DigitSender()
    sender.add("7", 80)
    packets = [packet for tick in range(20) if (packet := sender.next_packet(160 * tick)) is not None]
    assert len(packets) == 6
    for fate in itertools.product((False, True), repeat=len(packets)):
        receiver = DigitReceiver()
        told = []
        for tick, (packet, arrives) in enumerate(zip(packets, fate, strict=True)):
            if arrives:
                told += receiver.receive(packet.payload, packet.timestamp, tick)
                told += receiver.receive(packet.payload, packet.timestamp, tick)  # it comes twice, too
        told += receiver.expire(len(packets) + 10)
        assert [pressed.digit for pressed in told] == ["7"] * any(fate), fate


def test_a_late_packet_of_an_earlier_digit_is_no_new_digit() -> None:
    """Reordered behind the next key."""
    receiver = DigitReceiver()
    receiver.receive(event("1", 800, ended=True), 1000, 0)
    receiver.receive(event("2", 160), 3000, 5)
    assert receiver.receive(event("1", 800, ended=True), 1000, 6) == []
    assert receiver.receive(event("2", 480, ended=True), 3000, 7) == [Pressed(digit="2", duration_ms=60)]


def test_a_long_press_in_segments_is_one_digit() -> None:
    """RFC 4733 section 2.5.1.3: a new timestamp every 65535 samples."""
    receiver = DigitReceiver()
    assert receiver.receive(event("9", 0xFFFF), 1000, 0) == []
    assert receiver.receive(event("9", 160), 1000 + 0xFFFF, 1) == []
    assert receiver.receive(event("9", 1600, ended=True), 1000 + 0xFFFF, 2) == [
        Pressed(digit="9", duration_ms=(0xFFFF + 1600) // 8)
    ]


@pytest.mark.parametrize("payload", [b"", b"\x01\x8a\x01", bytes((16, 0x8A, 1, 0)), bytes((255, 0x8A, 1, 0))])
def test_payloads_that_are_no_dtmf_say_nothing(payload: bytes) -> None:
    """Cut off, or flash hook and tones beyond D."""
    assert DigitReceiver().receive(payload, 5, 0) == []


def test_what_is_sent_is_received() -> None:
    """Two digits of 100 ms: marker once each, one timestamp each, growing duration, three ends, a pause."""
    sender, receiver = DigitSender(), DigitReceiver()
    sender.add("4#", 100)
    told: list[Pressed] = []
    markers, ends, pauses = 0, 0, 0
    for tick in range(40):
        packet = sender.next_packet(5000 + tick * 160)
        if packet is None:
            pauses += not sender.is_idle
            continue
        markers += packet.marker
        ends += bool(packet.payload[1] & 0x80)
        told += receiver.receive(packet.payload, packet.timestamp, tick)
    assert told == [Pressed(digit="4", duration_ms=100), Pressed(digit="#", duration_ms=100)]
    assert (markers, ends) == (2, 6)
    assert pauses >= 4
    assert sender.is_idle


def test_digits_are_the_sixteen_keys() -> None:
    """And not nothing."""
    assert are_digits("0123456789*#ABCD")
    assert not are_digits("")
    assert not are_digits("12a")
