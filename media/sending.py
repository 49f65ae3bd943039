"""Outgoing RTP streams of all legs: sequence, timestamp, packet time, headers, by array assignment."""

from typing import Final

import numpy as np
import numpy.typing as npt

from media import rtp
from media.g711 import FRAME_SAMPLES, Coded
from media.packets import PacketExchange

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LONGEST_PACKET_SAMPLES: Final = 480
QUEUE_SAMPLES: Final = LONGEST_PACKET_SAMPLES + 2 * FRAME_SAMPLES


class Senders:
    """The sending half of each leg slot.

    Timestamps run with the ticks whether a leg sends or not, so that a pause is a pause in the far end's ears too.
    """

    def __init__(self, max_legs: int, exchange: PacketExchange, rng: np.random.Generator) -> None:
        self._exchange = exchange
        self._rng = rng
        self._words = exchange.outbox.view(">u4")
        self.sequence: Ints = np.zeros(max_legs, dtype=np.int64)
        self.timestamp: Ints = np.zeros(max_legs, dtype=np.int64)
        self.ssrc: Ints = np.zeros(max_legs, dtype=np.int64)
        self.packets: Ints = np.zeros(max_legs, dtype=np.int64)
        self.octets: Ints = np.zeros(max_legs, dtype=np.int64)
        self._payload_type: Ints = np.zeros(max_legs, dtype=np.int64)
        self._samples: Ints = np.full(max_legs, FRAME_SAMPLES, dtype=np.int64)
        self._marker: Flags = np.ones(max_legs, dtype=np.bool_)
        self._queue: Coded = np.zeros((max_legs, QUEUE_SAMPLES), dtype=np.uint8)
        self._queued: Ints = np.zeros(max_legs, dtype=np.int64)
        self._permitted: Flags = np.zeros(max_legs, dtype=np.bool_)
        self._interrupted: Flags = np.zeros(max_legs, dtype=np.bool_)
        self._open: Flags = np.zeros(max_legs, dtype=np.bool_)
        self._changed = False
        self._all: Ints = np.zeros(0, dtype=np.int64)
        self._even: Ints = self._all  # one frame a packet
        self._even_lengths: Ints = self._all
        self._uneven: Ints = self._all  # any other packet time

    def open(self, slot: int) -> None:
        """Begin a stream with random sequence, timestamp and SSRC (RFC 3550 section 5.1)."""
        self.sequence[slot] = self._rng.integers(0, 1 << 16)
        self.timestamp[slot] = self._rng.integers(0, 1 << 32)
        self.ssrc[slot] = self._rng.integers(0, 1 << 32)
        self.packets[slot] = self.octets[slot] = self._queued[slot] = 0
        self._permitted[slot] = self._interrupted[slot] = False
        self._open[slot] = self._marker[slot] = True
        self._changed = True

    def close(self, slot: int) -> None:
        """End a stream."""
        self._open[slot] = self._permitted[slot] = False
        self._changed = True

    def set_format(self, slot: int, payload_type: int, ptime_ms: int) -> None:
        """How the far end wants its packets; 10 to 60 ms each."""
        samples = min(max(ptime_ms, 10), 60) * 8
        self._payload_type[slot] = payload_type
        if samples != self._samples[slot]:
            self._samples[slot] = samples
            self._queued[slot] = 0
            self._changed = True

    def permit(self, slot: int, allowed: bool) -> None:
        """Let a leg send, or stop it."""
        if self._permitted[slot] != allowed:
            self._permitted[slot] = allowed
            self._marker[slot] = True
            self._queued[slot] = 0
            self._changed = True

    def may_send(self, slot: int) -> bool:
        """Whether this leg is sending."""
        return bool(self._permitted[slot])

    def interrupt(self, slot: int, interrupted: bool) -> None:
        """Keep a leg's sound back while telephone events go out in its place."""
        if self._interrupted[slot] != interrupted:
            self._interrupted[slot] = interrupted
            self._queued[slot] = 0
            self._changed = True

    def _plan(self) -> None:
        self._changed = False
        sending = self._open & self._permitted & ~self._interrupted
        self._all = np.flatnonzero(self._open)
        self._even = np.flatnonzero(sending & (self._samples == FRAME_SAMPLES))
        self._even_lengths = np.full(len(self._even), rtp.HEADER_BYTES + FRAME_SAMPLES, dtype=np.int64)
        self._uneven = np.flatnonzero(sending & (self._samples != FRAME_SAMPLES))

    def send(self, codes: Coded, code_row: Ints) -> int:
        """Send this tick's frame of every leg that may send; leg slot i hears `codes[code_row[i]]`.

        Returns the number of packets.
        """
        if self._changed:
            self._plan()
        even = self._even
        sent = len(even)
        if sent:
            self._exchange.outbox[even, rtp.HEADER_BYTES : rtp.HEADER_BYTES + FRAME_SAMPLES] = codes[
                code_row[even]
            ]
            self._write_headers(even, self.timestamp[even])
            self._exchange.send(even, self._even_lengths)
            self._count(even, FRAME_SAMPLES)
        if self._uneven.size:
            sent += self._send_uneven(codes, code_row)
        self.timestamp[self._all] = (self.timestamp[self._all] + FRAME_SAMPLES) & 0xFFFFFFFF
        return sent

    def _send_uneven(self, codes: Coded, code_row: Ints) -> int:
        """Queue a frame for legs of other packet times and send what is full; at most two packets a leg."""
        slots = self._uneven
        columns = self._queued[slots][:, np.newaxis] + np.arange(FRAME_SAMPLES)
        self._queue[slots[:, np.newaxis], columns] = codes[code_row[slots]]
        self._queued[slots] += FRAME_SAMPLES
        sent = 0
        while True:
            full = slots[self._queued[slots] >= self._samples[slots]]
            if not full.size:
                return sent
            for samples in np.unique(self._samples[full]).tolist():
                group = full[self._samples[full] == samples]
                self._exchange.outbox[group, rtp.HEADER_BYTES : rtp.HEADER_BYTES + samples] = self._queue[
                    group, :samples
                ]
                begun = self.timestamp[group] + FRAME_SAMPLES - self._queued[group]
                self._write_headers(group, begun & 0xFFFFFFFF)
                self._exchange.send_once(group, rtp.HEADER_BYTES + samples)
                self._count(group, samples)
                self._queue[group, : QUEUE_SAMPLES - samples] = self._queue[group, samples:].copy()
                self._queued[group] -= samples
                sent += len(group)

    def _write_headers(self, slots: Ints, timestamp: Ints) -> None:
        rtp.write(
            self._words,
            slots,
            marker=self._marker[slots],
            payload_type=self._payload_type[slots],
            sequence=self.sequence[slots],
            timestamp=timestamp,
            ssrc=self.ssrc[slots],
        )
        self._marker[slots] = False

    def _count(self, slots: Ints, octets: int) -> None:
        self.sequence[slots] = (self.sequence[slots] + 1) & 0xFFFF
        self.packets[slots] += 1
        self.octets[slots] += octets

    def send_event(
        self, slot: int, payload_type: int, payload: bytes, *, marker: bool, timestamp: int
    ) -> None:
        """Send one telephone-event packet of an interrupted leg."""
        first = 0x80000000 | int(marker) << 23 | payload_type << 16 | int(self.sequence[slot])
        header = b"".join(int(word).to_bytes(4, "big") for word in (first, timestamp, int(self.ssrc[slot])))
        self._exchange.send_one(slot, header + payload)
        self._count(np.array([slot]), len(payload))
        self._marker[slot] = True  # sound resumes after it

    def skip(self, ticks: int) -> None:
        """Let timestamps run on over ticks that were missed."""
        self.timestamp[self._all] = (self.timestamp[self._all] + ticks * FRAME_SAMPLES) & 0xFFFFFFFF
