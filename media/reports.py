"""RTCP of every leg: when a report is due, what it says, what the far end's reports say of us."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from media import rtcp
from media.arrivals import Arrivals
from media.sending import Senders

INTERVAL_TICKS: Final = 250  # 5 s, RFC 3550 section 6.2
LONGEST_ROUND_TRIP_S: Final = 10.0
NEVER: Final = 1 << 62


@dataclass(slots=True)
class _Session:
    """What one leg remembers between reports."""

    cname: str
    report_ntp: int = 0  # middle bits of the last sender report that came
    report_at_s: float = 0.0
    expected_before: int = 0
    received_before: int = 0
    sent_before: int = 0
    round_trip_ms: float | None = None


class ControlReports:
    """Sender and receiver reports, each leg's every 5 s on the average (0.8 to 1.2 times that, at random)."""

    def __init__(self, max_legs: int, senders: Senders, arrivals: Arrivals, rng: np.random.Generator) -> None:
        self._senders = senders
        self._arrivals = arrivals
        self._rng = rng
        self._due: npt.NDArray[np.int64] = np.full(max_legs, NEVER, dtype=np.int64)
        self._sessions: dict[int, _Session] = {}

    def open(self, slot: int, now: int) -> None:
        """Begin reporting for a leg; `now` in ticks.  Its CNAME is random (RFC 7022)."""
        self._sessions[slot] = _Session(cname=self._rng.bytes(12).hex())
        self._due[slot] = now + int(self._rng.integers(50, INTERVAL_TICKS))

    def close(self, slot: int) -> bytes:
        """End a leg; returns the goodbye for its far end."""
        session = self._sessions.pop(slot)
        self._due[slot] = NEVER
        return rtcp.goodbye(int(self._senders.ssrc[slot]), session.cname)

    def due(self, now: int) -> list[int]:
        """The slots whose report is due in this tick; each is put off to its next time."""
        slots = np.flatnonzero(self._due <= now)
        if slots.size:
            spread = self._rng.uniform(0.8, 1.2, len(slots)) * INTERVAL_TICKS
            self._due[slots] = now + spread.astype(np.int64)
        return [int(slot) for slot in slots]

    def compose(self, slot: int, even_s: float) -> bytes:
        """The report of a leg at this time (`SteadyTime`, seconds): SR if it sent since the last, else RR."""
        session = self._sessions[slot]
        senders = self._senders
        block = self._block(slot, session, even_s)
        ssrc, sent = int(senders.ssrc[slot]), int(senders.packets[slot])
        has_sent = sent != session.sent_before
        session.sent_before = sent
        if not has_sent:
            return rtcp.receiver_report(ssrc=ssrc, block=block, cname=session.cname)
        return rtcp.sender_report(
            ssrc=ssrc,
            ntp=rtcp.ntp_time(even_s),
            timestamp=int(senders.timestamp[slot]),
            packets=sent,
            octets=int(senders.octets[slot]),
            block=block,
            cname=session.cname,
        )

    def _block(self, slot: int, session: _Session, even_s: float) -> rtcp.ReportBlock | None:
        arrivals = self._arrivals
        if not arrivals.seen[slot]:
            return None
        expected, received = arrivals.expected(slot), arrivals.received_here(slot)
        wanted = expected - session.expected_before
        missed = wanted - (received - session.received_before)
        session.expected_before, session.received_before = expected, received
        return rtcp.ReportBlock(
            ssrc=int(arrivals.ssrc[slot]),
            fraction_lost=min(255, missed * 256 // wanted) if wanted > 0 and missed > 0 else 0,
            lost=expected - received,
            highest_sequence=int(arrivals.highest[slot]),
            jitter_samples=int(arrivals.jitter_samples[slot]),
            last_report=session.report_ntp,
            delay=int(max(0.0, even_s - session.report_at_s) * 65536) if session.report_ntp else 0,
        )

    def receive(self, slot: int, data: bytes, even_s: float) -> None:
        """Take a compound packet that arrived at this time; raises `rtcp.MalformedReport`."""
        session = self._sessions[slot]
        for report in rtcp.parse(data):
            if report.ntp is not None:
                session.report_ntp, session.report_at_s = rtcp.middle(report.ntp), even_s
            for block in report.blocks:
                if block.ssrc == int(self._senders.ssrc[slot]) and block.last_report:
                    units = rtcp.middle(rtcp.ntp_time(even_s)) - block.last_report - block.delay
                    seconds = (units & 0xFFFFFFFF) / 65536
                    if seconds <= LONGEST_ROUND_TRIP_S:
                        session.round_trip_ms = seconds * 1000

    def round_trip_ms(self, slot: int) -> float | None:
        """The last round trip that a report told, in ms."""
        return self._sessions[slot].round_trip_ms
