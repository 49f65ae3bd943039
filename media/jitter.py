"""Jitter buffers of all legs at once: rings of linear samples in one matrix, addressed by RTP timestamp.

The place of a sample is its timestamp modulo the ring, so packets of any size and order find their own place; a
sample that never came stays `EMPTY`.  Every tick plays 160 samples of each leg from its `play` timestamp, whether
they came or not.  *Slack* of a packet is its timestamp minus `play` when it arrives: below zero it is late.

Rules, for each leg:
* A late packet moves `play` back by as many whole frames as make it punctual, as long as the usual delay stays
  within the largest; so the delay follows the jitter within one packet.
* When for at least ten seconds every packet had one frame more slack than it needs, one frame is left out; a leg
  that had to grow soon after such a cut waits twice as long before its next one.  Thus a clock that runs 200 ppm
  fast or slow costs one frame in 100 s, and no more.
* Five ticks in a row with nothing but late packets, or a timestamp far away, start the buffer anew there.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from media.g711 import FRAME_SAMPLES, Linear

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Stamps = npt.NDArray[np.uint32]

SAMPLES_PER_MS: Final = 8
RING_SAMPLES: Final = 4096  # divides 2**32, so the place survives the wrap of the timestamp
SPILL_SAMPLES: Final = 640  # the head of the ring once more at its end: windows never wrap
ROW_SAMPLES: Final = RING_SAMPLES + SPILL_SAMPLES
EMPTY: Final = -32768  # no G.711 code expands to it
LARGEST_PACKET_SAMPLES: Final = 480  # 60 ms

AHEAD_LIMIT: Final = 2400  # slack beyond this is a jump, not jitter
BEHIND_LIMIT: Final = -8000
LATE_TICKS_TO_RESTART: Final = 5
REVIEW_TICKS: Final = 25  # how often a cut is considered
WINDOW_TICKS: Final = 500  # smallest slack is remembered for one to two windows
HOLD_TICKS: Final = 500  # no cut so soon after a start or growth
HOLD_TICKS_MOST: Final = 8000
SOON_TICKS: Final = 3000  # growth this soon after a cut doubles the hold
FADE: Final = (0.9, 0.6, 0.3)  # gain of each repeated frame on the one before; then silence
UNKNOWN_SLACK: Final = 1 << 30


class JitterBuffers:
    """One buffer for each leg slot.  `now` is counted in ticks."""

    def __init__(self, max_legs: int, *, min_delay_ms: int = 20, max_delay_ms: int = 120) -> None:
        self._least_slack = max(0, min_delay_ms * SAMPLES_PER_MS - FRAME_SAMPLES)
        self._most_slack = max(self._least_slack, max_delay_ms * SAMPLES_PER_MS - FRAME_SAMPLES)
        self._prefill = max(FRAME_SAMPLES, self._least_slack)
        self._ring: Linear = np.full(max_legs * ROW_SAMPLES, EMPTY, dtype=np.int16)
        self._rows: Linear = self._ring.reshape(max_legs, ROW_SAMPLES)
        self._windows: dict[int, Linear] = {}
        self.started: Flags = np.zeros(max_legs, dtype=np.bool_)
        self.play: Stamps = np.zeros(max_legs, dtype=np.uint32)
        self.usual_slack = np.zeros(max_legs, dtype=np.float64)
        self.late: Ints = np.zeros(max_legs, dtype=np.int64)
        self.concealed: Ints = np.zeros(max_legs, dtype=np.int64)
        self.cut: Ints = np.zeros(max_legs, dtype=np.int64)
        self.grown: Ints = np.zeros(max_legs, dtype=np.int64)
        self.missing_run: Ints = np.zeros(max_legs, dtype=np.int64)
        self._least_now: Ints = np.full(max_legs, UNKNOWN_SLACK, dtype=np.int64)
        self._least_before: Ints = np.full(max_legs, UNKNOWN_SLACK, dtype=np.int64)
        self._hold: Ints = np.full(max_legs, HOLD_TICKS, dtype=np.int64)
        self._hold_until: Ints = np.zeros(max_legs, dtype=np.int64)
        self._cut_at: Ints = np.full(max_legs, -SOON_TICKS, dtype=np.int64)
        self._late_ticks: Ints = np.zeros(max_legs, dtype=np.int64)
        self._late_seen: Flags = np.zeros(max_legs, dtype=np.bool_)
        self._punctual_seen: Flags = np.zeros(max_legs, dtype=np.bool_)

    def reset(self, slot: int) -> None:
        """Empty a slot for its next leg."""
        self._rows[slot] = EMPTY
        self.started[slot] = False
        for counts in (self.late, self.concealed, self.cut, self.grown, self._late_ticks):
            counts[slot] = 0
        self.usual_slack[slot] = 0
        self.missing_run[slot] = len(FADE)
        self._hold[slot] = HOLD_TICKS
        self._cut_at[slot] = -SOON_TICKS

    def restart_all(self) -> None:
        """Forget what is buffered: every leg begins anew with its next packet."""
        self._rows[self.started] = EMPTY
        self.started[:] = False

    def delay_ms(self, slot: int) -> float:
        """The usual time that a sample waits, in ms, counting the tick that collects it."""
        if not self.started[slot]:
            return 0.0
        return float(self.usual_slack[slot] + FRAME_SAMPLES) / SAMPLES_PER_MS

    def insert(self, slots: Ints, stamps: Stamps, samples: Linear, restart: Flags, now: int) -> None:
        """Put one packet of each of these legs (no leg twice) into its ring; all have the same size.

        `restart` marks packets after which nothing earlier counts: a first packet, a new SSRC, a jump.
        """
        size = samples.shape[1]
        slack = (stamps - self.play[slots]).view(np.int32).astype(np.int64)
        fresh = restart | ~self.started[slots] | (slack > AHEAD_LIMIT) | (slack < BEHIND_LIMIT)
        fresh |= (self._late_ticks[slots] >= LATE_TICKS_TO_RESTART) & (slack < 0)
        if fresh.any():
            self._start(slots[fresh], stamps[fresh], now)
            slack[fresh] = self._prefill
        late = slack < 0
        if late.any():
            self._grow(slots[late], slack, late, now)
            samples = self._without_the_past(samples, slack)
        usual = self.usual_slack[slots]
        self.usual_slack[slots] = usual + np.where(slack >= 0, (slack - usual) / 16, 0)
        self._least_now[slots] = np.minimum(self._least_now[slots], slack)
        self._note_punctuality(slots, slack, size)
        wanted = slack + size > 0
        if not wanted.all():
            self.late[slots[~wanted]] += 1
            slots, stamps, samples = slots[wanted], stamps[wanted], samples[wanted]
        self._write(slots, stamps, samples)

    def _start(self, slots: Ints, stamps: Stamps, now: int) -> None:
        """Begin anew at these timestamps, one prefill before the first sample is due."""
        self._rows[slots] = EMPTY
        self.play[slots] = stamps - np.uint32(self._prefill)
        self.started[slots] = True
        self.usual_slack[slots] = self._prefill
        self._least_now[slots] = UNKNOWN_SLACK
        self._least_before[slots] = UNKNOWN_SLACK
        self._hold_until[slots] = now + self._hold[slots]
        self._late_ticks[slots] = 0

    def _grow(self, slots: Ints, slack: Ints, late: Flags, now: int) -> None:
        """Play later by whole frames so that late packets become punctual; `slack` is brought up to date."""
        wanted = -(slack[late] // FRAME_SAMPLES)
        room = (self._most_slack - self.usual_slack[slots]) // FRAME_SAMPLES
        frames = np.clip(np.minimum(wanted, room.astype(np.int64)), 0, None)
        self._move(slots, -frames * FRAME_SAMPLES)
        slack[late] += frames * FRAME_SAMPLES
        self.grown[slots] += frames
        grew = slots[frames > 0]
        soon = now - self._cut_at[grew] < SOON_TICKS
        self._hold[grew] = np.where(soon, np.minimum(self._hold[grew] * 2, HOLD_TICKS_MOST), HOLD_TICKS)
        self._hold_until[grew] = now + self._hold[grew]

    def _move(self, slots: Ints, samples: Ints) -> None:
        """Shift `play` (positive: later timestamp, less delay) and what is remembered relative to it."""
        self.play[slots] += samples.astype(np.uint32)
        self.usual_slack[slots] -= samples
        for least in (self._least_now, self._least_before):
            known = least[slots] < UNKNOWN_SLACK
            least[slots] -= np.where(known, samples, 0)

    def _note_punctuality(self, slots: Ints, slack: Ints, size: int) -> None:
        """Remember for the end of the tick who had late packets and who had punctual ones."""
        too_late = slack + size <= 0
        self._late_seen[slots] |= too_late
        self._punctual_seen[slots] |= ~too_late

    @staticmethod
    def _without_the_past(samples: Linear, slack: Ints) -> Linear:
        """Blank the samples whose time has gone: what is written behind `play` would sound a ring later."""
        gone = np.arange(samples.shape[1]) < -slack[:, np.newaxis]
        return np.where(gone, np.int16(EMPTY), samples)

    def _window(self, size: int) -> Linear:
        """Every run of `size` samples of the ring as a row: writing a row writes the ring."""
        window = self._windows.get(size)
        if window is None:
            window = np.lib.stride_tricks.as_strided(
                self._ring, shape=(self._ring.size - size + 1, size), strides=(2, 2)
            )
            self._windows[size] = window
        return window

    def _write(self, slots: Ints, stamps: Stamps, samples: Linear | int, size: int = 0) -> None:
        """Write a run of samples (or one value) at each timestamp, keeping head and spill alike."""
        if not isinstance(samples, int):
            size = samples.shape[1]
        place = (stamps & np.uint32(RING_SAMPLES - 1)).astype(np.int64)
        self._window(size)[slots * ROW_SAMPLES + place] = samples
        beyond = slots[place + size > RING_SAMPLES]
        if beyond.size:
            self._rows[beyond, :SPILL_SAMPLES] = self._rows[beyond, RING_SAMPLES:]
        ahead = slots[place < SPILL_SAMPLES]
        if ahead.size:
            self._rows[ahead, RING_SAMPLES:] = self._rows[ahead, :SPILL_SAMPLES]

    def take(self, slots: Ints, quiet: Flags, sounds: Linear, base: int, now: int) -> None:
        """Play one frame of each of these legs into row `base + slot` of `sounds`.

        Missing samples repeat what the row held a tick ago, fading; legs that are `quiet` (they said that they
        send nothing now) get silence instead and are not counted as concealed.
        """
        play = self.play[slots]
        place = (play & np.uint32(RING_SAMPLES - 1)).astype(np.int64)
        frames = self._window(FRAME_SAMPLES)[slots * ROW_SAMPLES + place]
        whole = frames.min(axis=1) != EMPTY
        if whole.all():
            sounds[base + slots] = frames
            self.missing_run[slots] = 0
        else:
            complete = slots[whole]
            sounds[base + complete] = frames[whole]
            self.missing_run[complete] = 0
            self._conceal(slots[~whole], quiet[~whole], frames[~whole], sounds, base)
        came = slots[frames.max(axis=1) != EMPTY] if not whole.all() else slots
        if came.size:
            self._write(came, self.play[came], EMPTY, FRAME_SAMPLES)
        self.play[slots] = play + np.uint32(FRAME_SAMPLES)
        self._close_tick(slots, now)

    def _conceal(self, slots: Ints, quiet: Flags, frames: Linear, sounds: Linear, base: int) -> None:
        """Fill the empty samples of these legs' frames from their last frame, fading to silence."""
        run = self.missing_run[slots]
        open_legs = run <= len(FADE)  # after that the row is silent already
        partial = frames.max(axis=1) != EMPTY
        worked = open_legs | partial
        slots, quiet, frames, run, partial = (a[worked] for a in (slots, quiet, frames, run, partial))
        if not slots.size:
            return
        gains = np.array([*FADE, 0.0, 0.0])
        gain = np.where(quiet, 0.0, gains[np.minimum(run, len(FADE))])
        repeated = (sounds[base + slots] * gain[:, np.newaxis]).astype(np.int16)
        sounds[base + slots] = np.where(frames == EMPTY, repeated, frames)
        heard = self.started[slots] & ~quiet & (run < len(FADE))
        self.concealed[slots[heard]] += 1
        self.missing_run[slots] = np.where(partial, 0, run + 1)

    def _close_tick(self, slots: Ints, now: int) -> None:
        """Count ticks of lateness; now and then turn the window and cut what is not needed."""
        late = self._late_seen
        if late.any():
            all_late = late & ~self._punctual_seen
            self._late_ticks[all_late] += 1
            late[:] = False
        self._late_ticks[self._punctual_seen] = 0
        self._punctual_seen[:] = False
        if now % REVIEW_TICKS == 0:
            self._review(slots, now)
        if now % WINDOW_TICKS == 0:
            self._least_before[:] = self._least_now
            self._least_now[:] = UNKNOWN_SLACK

    def _review(self, slots: Ints, now: int) -> None:
        """Cut one frame where all packets had one to spare for long; cut the excess where delay is too large."""
        least = np.minimum(self._least_now[slots], self._least_before[slots])
        known = (least < UNKNOWN_SLACK) & self.started[slots]
        spare = known & (least >= self._least_slack + FRAME_SAMPLES) & (now >= self._hold_until[slots])
        excess = np.where(known & (least > self._most_slack), least - self._most_slack, 0)
        spare |= known & (self.usual_slack[slots] > self._most_slack + FRAME_SAMPLES)
        frames = np.maximum(spare.astype(np.int64), -(-excess // FRAME_SAMPLES))
        for slot, count in zip(slots[frames > 0], frames[frames > 0], strict=True):
            self._leave_out(np.array([slot]), int(count), now)

    def _leave_out(self, slot: Ints, frames: int, now: int) -> None:
        """Skip frames that are in the buffer."""
        for _ in range(frames):
            self._write(slot, self.play[slot], EMPTY, FRAME_SAMPLES)
            self._move(slot, np.array([FRAME_SAMPLES]))
        self.cut[slot] += frames
        self._cut_at[slot] = now
