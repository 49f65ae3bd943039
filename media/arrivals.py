"""What arrives: batches of RTP packets are checked, counted and put into the jitter buffers, as arrays.

Per-leg Python runs only for what is rare: a first packet, a telephone event, comfort noise.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from media import rtp
from media.g711 import EXPAND, FRAME_SAMPLES
from media.jitter import LARGEST_PACKET_SAMPLES, JitterBuffers
from media.packets import Batch

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NO_PAYLOAD_TYPE: Final = 255
COMFORT_NOISE_TYPE: Final = 13  # static payload type, RFC 3389
MAX_DROPOUT: Final = 3000  # sequence numbers, RFC 3550 appendix A.1
MAX_MISORDER: Final = 100
HISTORY_BITS: Final = 64
MAX_TRANSIT_STEP: Final = 40_000  # samples; a larger change is a jump, not jitter


@dataclass(frozen=True, slots=True, kw_only=True)
class EventArrived:
    """One telephone-event packet of a leg."""

    slot: int
    timestamp: int
    payload: bytes


class Arrivals:
    """The receiving half of each leg slot: formats, sequence numbers, counts (RFC 3550 sections 6.4 and A.1)."""

    def __init__(self, max_legs: int, jitter: JitterBuffers) -> None:
        self._jitter = jitter
        self.law: Ints = np.zeros(max_legs, dtype=np.int64)
        self.audio_type: Ints = np.full(max_legs, NO_PAYLOAD_TYPE, dtype=np.int64)
        self.event_type: Ints = np.full(max_legs, NO_PAYLOAD_TYPE, dtype=np.int64)
        self.noise_type: Ints = np.full(max_legs, NO_PAYLOAD_TYPE, dtype=np.int64)
        self.seen: Flags = np.zeros(max_legs, dtype=np.bool_)
        self.ssrc: Ints = np.zeros(max_legs, dtype=np.int64)
        self.highest: Ints = np.zeros(max_legs, dtype=np.int64)  # extended sequence number
        self.received: Ints = np.zeros(max_legs, dtype=np.int64)
        self.refused: Ints = np.zeros(max_legs, dtype=np.int64)
        self.heard_at: Ints = np.zeros(max_legs, dtype=np.int64)  # tick
        self.jitter_samples = np.zeros(max_legs, dtype=np.float64)
        self.noise_dbov: Ints = np.full(max_legs, -1, dtype=np.int64)  # -1: the far end sends sound
        self.quiet: Flags = np.zeros(max_legs, dtype=np.bool_)  # it said that it sends none now
        self._base: Ints = np.zeros(max_legs, dtype=np.int64)
        self._received_before: Ints = np.zeros(max_legs, dtype=np.int64)
        self._lost_before: Ints = np.zeros(max_legs, dtype=np.int64)
        self._history = np.zeros(max_legs, dtype=np.uint64)
        self._transit: Ints = np.zeros(max_legs, dtype=np.int64)
        self._anew: Flags = np.zeros(max_legs, dtype=np.bool_)  # the next sound begins a stream
        self.first_heard: list[int] = []
        self.events: list[EventArrived] = []

    def reset(self, slot: int) -> None:
        """Empty a slot for its next leg."""
        for counts in (self.received, self.refused, self._received_before, self._lost_before, self.heard_at):
            counts[slot] = 0
        for types in (self.audio_type, self.event_type, self.noise_type):
            types[slot] = NO_PAYLOAD_TYPE
        self.seen[slot] = self.quiet[slot] = False
        self.jitter_samples[slot] = self.highest[slot] = self._base[slot] = 0
        self.noise_dbov[slot] = -1
        self.first_heard = [each for each in self.first_heard if each != slot]
        self.events = [event for event in self.events if event.slot != slot]
        self._jitter.reset(slot)

    def lost(self, slot: int) -> int:
        """Packets expected and never received, since the leg opened."""
        if not self.seen[slot]:
            return int(self._lost_before[slot])
        return int(self._lost_before[slot] + max(0, self.expected(slot) - self.received_here(slot)))

    def expected(self, slot: int) -> int:
        """Packets that the present SSRC has sent as far as we know."""
        return int(self.highest[slot] - self._base[slot] + 1)

    def received_here(self, slot: int) -> int:
        """Packets of the present SSRC that came, duplicates not counted."""
        return int(self.received[slot] - self._received_before[slot])

    def restart(self, slot: int) -> None:
        """Expect a new stream: the remote has changed."""
        self._lost_before[slot] = self.lost(slot)
        self._received_before[slot] = self.received[slot]
        self.seen[slot] = False

    def is_valid(self, batch: Batch) -> bool:
        """Whether a batch of one packet is RTP that this leg takes."""
        headers, slot = rtp.parse(batch.packets, batch.lengths), batch.slots[0]
        kinds = (self.audio_type[slot], self.event_type[slot], self.noise_type[slot])
        return bool(headers.valid[0]) and headers.payload_type[0] in kinds

    def take(self, batch: Batch, now: int) -> None:
        """Take one round of packets; `now` in ticks."""
        headers = rtp.parse(batch.packets, batch.lengths)
        slots, types = batch.slots, headers.payload_type
        is_audio = types == self.audio_type[slots]
        is_audio &= (headers.size > 0) & (headers.size <= LARGEST_PACKET_SAMPLES)
        is_event = types == self.event_type[slots]
        is_noise = types == self.noise_type[slots]
        good = headers.valid & (is_audio | is_event | is_noise)
        if not good.all():
            self.refused[slots[~good]] += 1
        good_slots = slots[good]
        if not good_slots.size:
            return
        fresh = self._account(good_slots, headers, good, now)
        plain = is_audio[good]
        everything_plain = bool(plain.all()) and bool(fresh.all())
        rows = np.flatnonzero(good)
        if not everything_plain:
            special = np.flatnonzero(fresh & ~plain)
            for row in rows[special].tolist():
                self._take_special(batch, headers, row, bool(is_event[row]))
            rows = rows[plain & fresh]
        self._take_audio(batch, headers, rows, now)

    def _account(self, slots: Ints, headers: rtp.Headers, good: Flags, now: int) -> Flags:
        """Follow sequence numbers and note who begins anew; returns who is no duplicate."""
        sequence, ssrc = headers.sequence[good], headers.ssrc[good].astype(np.int64)
        highest = self.highest[slots]
        step = ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000
        known = self.seen[slots]
        restart = ~known | (ssrc != self.ssrc[slots]) | (step > MAX_DROPOUT) | (step < -MAX_MISORDER)
        fresh = self._remember(slots, np.where(restart, HISTORY_BITS, step))
        if restart.any():
            self._begin(slots[restart], sequence[restart], ssrc[restart], known[restart])
        ahead = ~restart & (step > 0)
        self.highest[slots] += np.where(ahead, step, 0)
        self.received[slots] += fresh
        self.heard_at[slots] = now
        self._follow_jitter(slots, headers.timestamp[good], restart, ahead, now)
        return fresh

    def _remember(self, slots: Ints, step: Ints) -> Flags:
        """Mark a sequence number in the last 64 of each leg; False where it was marked already or is too old."""
        history = self._history[slots]
        distance = np.clip(np.abs(step), 0, HISTORY_BITS - 1).astype(np.uint64)
        one = np.uint64(1)
        forward = step > 0
        shifted = np.where(step >= HISTORY_BITS, np.uint64(0), history << distance) | one
        bit = one << distance
        fresh = forward | ((history & bit == 0) & (step > -HISTORY_BITS))
        self._history[slots] = np.where(forward, shifted, history | bit)
        return np.asarray(fresh, dtype=np.bool_)

    def _begin(self, slots: Ints, sequence: Ints, ssrc: Ints, known: Flags) -> None:
        """Start counting a stream; what was lost of the one before stays counted."""
        for slot in slots[known].tolist():
            self.restart(slot)
        self.first_heard += slots[~known].tolist()
        self.seen[slots] = self._anew[slots] = True
        self.ssrc[slots] = ssrc
        self.highest[slots] = sequence
        self._base[slots] = sequence
        self.jitter_samples[slots] = 0

    def _follow_jitter(
        self, slots: Ints, stamps: npt.NDArray[np.uint32], restart: Flags, ahead: Flags, now: int
    ) -> None:
        """Interarrival jitter (RFC 3550 section 6.4.1), with arrival known to the tick."""
        transit = (now * FRAME_SAMPLES - stamps.astype(np.int64)) & 0xFFFFFFFF
        change = np.abs(((transit - self._transit[slots] + 0x80000000) & 0xFFFFFFFF) - 0x80000000)
        counted = ahead & (change < MAX_TRANSIT_STEP)
        self.jitter_samples[slots] += np.where(counted, (change - self.jitter_samples[slots]) / 16, 0)
        moved = ahead | restart
        self._transit[slots[moved]] = transit[moved]

    def _take_special(self, batch: Batch, headers: rtp.Headers, row: int, is_event: bool) -> None:
        """A telephone event or comfort noise: from here until the next sound the leg is quiet, not lost."""
        slot, start, size = int(batch.slots[row]), int(headers.start[row]), int(headers.size[row])
        payload = batch.packets[row, start : start + size].tobytes()
        self.quiet[slot] = True
        if is_event:
            self.noise_dbov[slot] = -1
            self.events.append(
                EventArrived(slot=slot, timestamp=int(headers.timestamp[row]), payload=payload)
            )
        else:
            self.noise_dbov[slot] = payload[0] & 0x7F if payload else 127

    def _take_audio(self, batch: Batch, headers: rtp.Headers, rows: Ints, now: int) -> None:
        """Expand voice payloads and put them into the jitter buffers, grouped by size, law and place."""
        if not rows.size:
            return
        slots = batch.slots[rows]
        self.quiet[slots] = False
        restart = self._anew[slots]
        self._anew[slots] = False
        law = self.law[slots]
        start, size = headers.start[rows], headers.size[rows]
        kinds = (start * 1024 + size) * 2 + law
        if (kinds == kinds[0]).all():
            groups: list[tuple[int, Flags | None]] = [(int(kinds[0]), None)]
        else:
            groups = [(int(kind), kinds == kind) for kind in np.unique(kinds)]
        for kind, members in groups:
            place, law_of_group = divmod(kind, 2)
            first, count = divmod(place, 1024)
            chosen = rows if members is None else rows[members]
            payload = batch.packets[:, first : first + count]
            if len(chosen) != len(batch.packets):
                payload = payload[chosen]
            samples = EXPAND[law_of_group].take(payload)
            self._jitter.insert(
                slots if members is None else slots[members],
                headers.timestamp[chosen],
                samples,
                restart if members is None else restart[members],
                now,
            )
