"""What arrives on a leg: loss, order, silence suppression, new streams.  Heard through a whole plane."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from media.commands import CloseLeg, SetHearing, Source, SourceKind
from media.digits import DIGITS
from media.events import DigitReceived, LegClosed, LegStatistics
from media.g711 import encode
from tests.media.rtp_phone import AMPLITUDE, Desk, Phone, level_of, tone


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A caller whom an agent hears."""
    made = Desk()
    made.open(Phone("caller"))
    made.open(Phone("agent"))
    made.do(SetHearing(leg_id="agent", sources=(Source(kind=SourceKind.LEG, name="caller"),)))
    yield made
    made.close()


def sequence(desk: Desk, packets: int, frequency_hz: float = 700) -> list[bytes]:
    """A tone as finished packets of 20 ms, not yet sent."""
    caller, made = desk.phones[0], []
    sound = tone(frequency_hz, packets * 160)
    for index in range(packets):
        made.append(caller.packet(encode(sound[index * 160 : index * 160 + 160], 0).tobytes()))
        caller.advance(160)
    return made


def deliver(desk: Desk, arrivals: dict[int, list[bytes]], ticks: int) -> None:
    """Send given packets before given ticks."""

    def say(index: int) -> None:
        for packet in arrivals.get(index, []):
            desk.phones[0].send_raw(packet)

    desk.tick(ticks, say)


def statistics(desk: Desk) -> LegStatistics:
    """Close the caller's leg and take its figures."""
    desk.do(CloseLeg(leg_id="caller"))
    return desk.told(LegClosed)[-1].statistics


def heard(desk: Desk) -> np.ndarray:
    """What the agent heard."""
    return desk.phones[1].heard_sound()


def test_one_packet_in_twenty_lost_is_counted_and_concealed(desk: Desk) -> None:
    """Exact counts, and the tone is still there."""
    packets = sequence(desk, 200)
    kept = {index: [packet] for index, packet in enumerate(packets) if index % 20 != 7}
    deliver(desk, kept, 200)
    assert level_of(heard(desk)[4000:], 700) > AMPLITUDE * 0.85
    figures = statistics(desk)
    assert (figures.packets_received, figures.packets_lost, figures.packets_late) == (190, 10, 0)
    assert figures.frames_concealed >= 10


def test_one_packet_in_five_out_of_order_loses_nothing(desk: Desk) -> None:
    """Each fifth comes two ticks late: after the buffer has grown nothing is missing."""
    packets = sequence(desk, 200)
    arrivals: dict[int, list[bytes]] = {}
    for index, packet in enumerate(packets):
        arrivals.setdefault(index + (2 if index % 5 == 4 else 0), []).append(packet)
    deliver(desk, arrivals, 202)
    assert level_of(heard(desk)[4000:31000], 700) == pytest.approx(AMPLITUDE, rel=0.02)
    figures = statistics(desk)
    assert (figures.packets_received, figures.packets_lost) == (200, 0)
    assert figures.packets_late <= 1
    assert 40 <= figures.buffer_delay_ms <= 80


def test_duplicates_are_neither_heard_twice_nor_counted(desk: Desk) -> None:
    """Each packet three times, one of them much later."""
    packets = sequence(desk, 100)
    arrivals = {index: [packet, packet] for index, packet in enumerate(packets)}
    for index in range(95):
        arrivals[index + 5].append(packets[index])
    deliver(desk, arrivals, 100)
    assert level_of(heard(desk)[1600:], 700) == pytest.approx(AMPLITUDE, rel=0.02)
    figures = statistics(desk)
    assert (figures.packets_received, figures.packets_lost, figures.packets_late) == (100, 0, 0)


def test_silence_suppression_is_not_loss(desk: Desk) -> None:
    """Two seconds without packets, then a marker with timestamps that ran on."""
    first, caller = sequence(desk, 50), desk.phones[0]
    caller.advance(160 * 100, packets=0)
    second = sequence(desk, 50)
    arrivals = {i: [p] for i, p in enumerate(first)} | {150 + i: [p] for i, p in enumerate(second)}
    deliver(desk, arrivals, 200)
    assert np.all(np.abs(heard(desk)[160 * 60 : 160 * 148]) <= 8)
    assert level_of(heard(desk)[160 * 155 : 160 * 198], 700) == pytest.approx(AMPLITUDE, rel=0.02)
    figures = statistics(desk)
    assert figures.packets_lost == figures.packets_late == 0
    assert figures.frames_concealed <= 6


def test_comfort_noise_fills_the_pause(desk: Desk) -> None:
    """RFC 3389 at -40 dBov: noise of that level until the voice comes back, and nothing concealed."""
    first, caller = sequence(desk, 50), desk.phones[0]
    noise = caller.packet(bytes([40]), payload_type=13)
    caller.advance(160 * 100)
    second = sequence(desk, 50)
    arrivals = {i: [p] for i, p in enumerate(first)} | {150 + i: [p] for i, p in enumerate(second)}
    arrivals[50] = [noise]
    deliver(desk, arrivals, 200)
    pause = heard(desk)[160 * 60 : 160 * 148].astype(np.float64)
    assert np.sqrt(np.mean(pause**2)) == pytest.approx(32768 * 10 ** (-40 / 20), rel=0.15)
    assert level_of(heard(desk)[160 * 155 : 160 * 198], 700) == pytest.approx(AMPLITUDE, rel=0.02)
    assert statistics(desk).frames_concealed <= 2


@pytest.mark.parametrize("options", ["csrc", "extension", "padding", "all"])
def test_header_options_are_stepped_over(desk: Desk, options: str) -> None:
    """CSRCs, an extension, padding: the same tone."""

    def dressed(packet: bytes) -> bytes:
        first, rest, voice = packet[0], packet[1:12], packet[12:]
        extra = b""
        if options in ("csrc", "all"):
            first |= 3
            extra += bytes(12)
        if options in ("extension", "all"):
            first |= 0x10
            extra += b"\xbe\xde\x00\x02" + bytes(8)
        if options in ("padding", "all"):
            first |= 0x20
            voice += b"\x00\x00\x00\x04"
        return bytes([first]) + rest + extra + voice

    deliver(desk, {i: [dressed(p)] for i, p in enumerate(sequence(desk, 60))}, 60)
    assert level_of(heard(desk)[1600:], 700) == pytest.approx(AMPLITUDE, rel=0.02)
    assert statistics(desk).packets_refused == 0


def jump_ssrc(caller: Phone) -> None:
    """A new source with numbers of its own."""
    caller.ssrc, caller.sequence, caller.timestamp = 0x9999, 40000, 12345


def jump_sequence(caller: Phone) -> None:
    """The same timestamps, other sequence numbers."""
    caller.sequence += 20000


def jump_ahead(caller: Phone) -> None:
    """A timestamp an hour ahead."""
    caller.timestamp += 8000 * 3600


def jump_back(caller: Phone) -> None:
    """A timestamp an hour back."""
    caller.timestamp -= 8000 * 3600


def jump_little(caller: Phone) -> None:
    """A timestamp that is 37 samples further than it should be."""
    caller.timestamp += 37


@pytest.mark.parametrize("jump", [jump_ssrc, jump_sequence, jump_ahead, jump_back, jump_little])
def test_a_stream_that_jumps_is_heard_again_at_once(desk: Desk, jump: Callable[[Phone], None]) -> None:
    """Within 100 ms, and what jumped over is not loss."""
    first = sequence(desk, 50)
    jump(desk.phones[0])
    second = sequence(desk, 50, frequency_hz=900)
    deliver(desk, {i: [p] for i, p in enumerate(first + second)}, 100)
    assert level_of(heard(desk)[160 * 55 : 160 * 98], 900) == pytest.approx(AMPLITUDE, rel=0.05)
    figures = statistics(desk)
    assert (figures.packets_received, figures.packets_lost, figures.packets_late) == (100, 0, 0)
    assert figures.buffer_delay_ms < 100


def test_a_stall_of_the_network_is_survived_with_a_bounded_delay(desk: Desk) -> None:
    """400 ms nothing, then all at once."""
    packets = sequence(desk, 150)
    arrivals: dict[int, list[bytes]] = {}
    for index, packet in enumerate(packets):
        arrivals.setdefault(70 if 50 <= index < 70 else index, []).append(packet)
    deliver(desk, arrivals, 150)
    assert level_of(heard(desk)[160 * 85 : 160 * 148], 700) == pytest.approx(AMPLITUDE, rel=0.03)
    figures = statistics(desk)
    assert figures.packets_lost == 0
    assert figures.buffer_delay_ms <= 140


def test_digits_are_reported_once_and_the_voice_is_quiet_meanwhile(desk: Desk) -> None:
    """Two keys of three and four packets with three ends each; the caller hears no repeat of the last vowel."""
    caller = desk.phones[0]
    arrivals = {i: [p] for i, p in enumerate(sequence(desk, 20))}
    for first, digit in ((20, "7"), (30, "*")):
        for step in range(6):
            ended = step >= 3
            duration = min(step + 1, 4) * 160
            payload = bytes((DIGITS.index(digit), 0x80 * ended | 10, duration >> 8, duration & 255))
            arrivals[first + step] = [caller.packet(payload, payload_type=101, marker=step == 0)]
            caller.advance(0)
        caller.advance(1600, packets=0)
    deliver(desk, arrivals, 60)
    told = [(event.digit, event.duration_ms) for event in desk.told(DigitReceived)]
    assert told == [("7", 80), ("*", 80)]
    assert statistics(desk).packets_lost == 0
