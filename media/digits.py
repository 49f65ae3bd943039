"""DTMF as RFC 4733 telephone events, received and sent."""

from dataclasses import dataclass
from typing import Final

from media.g711 import FRAME_SAMPLES, SAMPLE_RATE_HZ

DIGITS: Final = "0123456789*#ABCD"  # event codes 0 to 15, RFC 4733 section 3.2
VOLUME_DBM0: Final = 10  # power level sent: -10 dBm0
END_PACKETS: Final = 3  # RFC 4733 section 2.5.1.4
PAUSE_TICKS: Final = 4  # 80 ms between two digits
LOST_END_TICKS: Final = 10  # an event whose end never came is over after 200 ms
LONGEST_DURATION: Final = 0xFFFF
SAMPLES_PER_MS: Final = SAMPLE_RATE_HZ // 1000


def are_digits(digits: str) -> bool:
    """Whether every character is a DTMF key."""
    return bool(digits) and all(digit in DIGITS for digit in digits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """One key that was pressed and let go."""

    digit: str
    duration_ms: int


class DigitReceiver:
    """Events of one leg: each is reported once, by its timestamp, however many packets carry it."""

    def __init__(self) -> None:
        self._timestamp: int | None = None
        self._digit = ""
        self._duration = 0  # samples of this segment
        self._before = 0  # samples of earlier segments of a long event
        self._reported = True
        self._heard_at = 0

    def receive(self, payload: bytes, timestamp: int, now: int) -> list[Pressed]:
        """Take one telephone-event payload; `now` in ticks.  Malformed or non-DTMF payloads say nothing."""
        if len(payload) < 4 or payload[0] >= len(DIGITS):
            return []
        digit, ended = DIGITS[payload[0]], bool(payload[1] & 0x80)
        duration = payload[2] << 8 | payload[3]
        pressed: list[Pressed] = []
        if timestamp != self._timestamp:
            if self._timestamp is not None and (timestamp - self._timestamp) & 0xFFFFFFFF > 0x80000000:
                return []  # a packet of an earlier event, late
            if self._continues(digit, timestamp):
                self._before += self._duration
            else:
                pressed = self._report()
                self._digit, self._before, self._reported = digit, 0, False
            self._timestamp, self._duration = timestamp, 0
        self._duration = max(self._duration, duration)
        self._heard_at = now
        if ended:
            pressed += self._report()
        return pressed

    def _continues(self, digit: str, timestamp: int) -> bool:
        """Whether this timestamp is the next segment of a long event (RFC 4733 section 2.5.1.3)."""
        return (
            not self._reported
            and digit == self._digit
            and self._timestamp is not None
            and self._duration == LONGEST_DURATION
            and timestamp == (self._timestamp + LONGEST_DURATION) & 0xFFFFFFFF
        )

    def expire(self, now: int) -> list[Pressed]:
        """Report an event that stopped without an end packet."""
        return self._report() if now - self._heard_at >= LOST_END_TICKS else []

    @property
    def is_open(self) -> bool:
        """Whether a key is down."""
        return not self._reported

    def _report(self) -> list[Pressed]:
        if self._reported:
            return []
        self._reported = True
        samples = self._before + self._duration
        return [Pressed(digit=self._digit, duration_ms=samples // SAMPLES_PER_MS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPacket:
    """What to send in this tick instead of sound."""

    payload: bytes
    marker: bool
    timestamp: int


class DigitSender:
    """Digits that one leg has still to send, one packet a tick."""

    def __init__(self) -> None:
        self._queue: list[tuple[str, int]] = []
        self._started_at: int | None = None
        self._ends_left = END_PACKETS
        self._sent = 0
        self._pause = 0

    def add(self, digits: str, duration_ms: int) -> None:
        """Queue digits, each so long (at least 40 ms, at most 8 s)."""
        samples = min(max(duration_ms, 40), 8000) * SAMPLES_PER_MS
        self._queue += [(digit, samples) for digit in digits]

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to send."""
        return not self._queue and self._pause == 0

    def next_packet(self, timestamp: int) -> EventPacket | None:
        """The packet of this tick, whose sound would have this timestamp; None in a pause or at the end."""
        if self._pause:
            self._pause -= 1
            return None
        if not self._queue:
            return None
        digit, length = self._queue[0]
        marker = self._started_at is None
        if self._started_at is None:
            self._started_at, self._sent, self._ends_left = timestamp, 0, END_PACKETS
        self._sent = min(self._sent + FRAME_SAMPLES, length)
        ended = self._sent >= length
        payload = bytes(
            (DIGITS.index(digit), (0x80 if ended else 0) | VOLUME_DBM0, self._sent >> 8, self._sent & 0xFF)
        )
        packet = EventPacket(payload=payload, marker=marker, timestamp=self._started_at)
        if ended:
            self._ends_left -= 1
            if self._ends_left == 0:
                self._queue.pop(0)
                self._started_at = None
                self._pause = PAUSE_TICKS
        return packet
