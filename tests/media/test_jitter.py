"""The jitter buffers against a slow plain model, and under clocks that run wrong."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import jitter
from media.jitter import JitterBuffers

LEGS = 3
FRAME = 160
BASE = 1  # the first row of `sounds` that belongs to a leg


@dataclass
class PlainBuffer:
    """One leg, one sample at a time: the rules of `media/jitter.py` in the plainest words."""

    least: int = 0
    most: int = 800
    prefill: int = 160
    samples: dict[int, int] = field(default_factory=dict)
    play: int | None = None
    usual: float = 0.0
    late: int = 0
    concealed: int = 0
    late_ticks: int = 0
    saw_late: bool = False
    saw_punctual: bool = False
    now_least: int | None = None
    before_least: int | None = None
    hold: int = jitter.HOLD_TICKS
    hold_until: int = 0
    cut_at: int = -jitter.SOON_TICKS
    run: int = len(jitter.FADE)
    last: list[int] = field(default_factory=lambda: [0] * FRAME)

    def insert(self, stamp: int, sound: list[int], restart: bool, now: int) -> None:
        """Take one packet."""
        slack = 0 if self.play is None else stamp - self.play
        if (
            restart
            or self.play is None
            or slack > jitter.AHEAD_LIMIT
            or slack < jitter.BEHIND_LIMIT
            or (slack < 0 and self.late_ticks >= jitter.LATE_TICKS_TO_RESTART)
        ):
            self.samples.clear()
            self.play, slack, self.usual = stamp - self.prefill, self.prefill, self.prefill
            self.now_least = self.before_least = None
            self.hold_until = now + self.hold
            self.late_ticks = 0
        if slack < 0:
            slack += self._grow(slack, now)
        self.usual += (slack - self.usual) / 16 if slack >= 0 else 0
        self.now_least = slack if self.now_least is None else min(self.now_least, slack)
        if slack + len(sound) <= 0:
            self.late += 1
            self.saw_late = True
            return
        self.saw_punctual = True
        for offset, value in enumerate(sound):
            if stamp + offset >= self.play:
                self.samples[stamp + offset] = value

    def _grow(self, slack: int, now: int) -> int:
        frames = max(0, min(-(slack // FRAME), int((self.most - self.usual) // FRAME)))
        self._move(-frames * FRAME)
        if frames:
            soon = now - self.cut_at < jitter.SOON_TICKS
            self.hold = min(self.hold * 2, jitter.HOLD_TICKS_MOST) if soon else jitter.HOLD_TICKS
            self.hold_until = now + self.hold
        return frames * FRAME

    def _move(self, samples: int) -> None:
        assert self.play is not None
        self.play += samples
        self.usual -= samples
        self.now_least = None if self.now_least is None else self.now_least - samples
        self.before_least = None if self.before_least is None else self.before_least - samples

    def take(self, now: int) -> list[int]:
        """Play one frame."""
        start = self.play
        frame = [None if start is None else self.samples.pop(start + i, None) for i in range(FRAME)]
        came = [value for value in frame if value is not None]
        if len(came) == FRAME:
            self.run = 0
            heard = [value for value in frame if value is not None]
        else:
            gain = [*jitter.FADE, 0.0, 0.0][min(self.run, len(jitter.FADE))]
            heard = [
                int(last * gain) if value is None else value
                for value, last in zip(frame, self.last, strict=True)
            ]
            self.concealed += start is not None and self.run < len(jitter.FADE)
            if self.run <= len(jitter.FADE) or came:
                self.run = 0 if came else self.run + 1
        self.last = heard
        if self.play is not None:
            self.play += FRAME
        self._close(now)
        return heard

    def _close(self, now: int) -> None:
        if self.saw_punctual:
            self.late_ticks = 0
        elif self.saw_late:
            self.late_ticks += 1
        self.saw_late = self.saw_punctual = False
        if now % jitter.REVIEW_TICKS == 0 and self.play is not None:
            known = [least for least in (self.now_least, self.before_least) if least is not None]
            if known:
                self._review(min(known), now)
        if now % jitter.WINDOW_TICKS == 0:
            self.before_least, self.now_least = self.now_least, None

    def _review(self, least: int, now: int) -> None:
        spare = least >= self.least + FRAME and now >= self.hold_until
        spare = spare or self.usual > self.most + FRAME
        excess = -(-(least - self.most) // FRAME) if least > self.most else 0
        for _ in range(max(int(spare), excess)):
            assert self.play is not None
            for offset in range(FRAME):
                self.samples.pop(self.play + offset, None)
            self._move(FRAME)
            self.cut_at = now


@dataclass(frozen=True)
class Step:
    """What happens to one leg in one tick: packets as (frames from the sender's clock, 10 ms pieces, restart)."""

    packets: tuple[tuple[int, int, bool], ...]


steps = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, LEGS - 1),
            st.one_of(st.integers(-2, 3), st.integers(-60, 60)),
            st.integers(1, 6),
            st.sampled_from([False] * 19 + [True]),
            st.integers(0, 79),
        ),
        max_size=8,
    ),
    min_size=1,
    max_size=90,
)


@settings(deadline=None, max_examples=120)
@given(steps, st.integers(0, 2**32 - 1), st.integers(0, jitter.WINDOW_TICKS * 2))
def test_any_arrival_order_plays_like_the_plain_model(
    ticks: list[list[tuple[int, int, int, bool, int]]], origin: int, first_tick: int
) -> None:
    """Every frame, every count, for packets of any size, order, repetition, lateness and offset, over a wrap."""
    buffers = JitterBuffers(LEGS)
    for slot in range(LEGS):
        buffers.reset(slot)
    models = [PlainBuffer() for _ in range(LEGS)]
    sounds = np.zeros((LEGS + BASE, FRAME), dtype=np.int16)
    slots = np.arange(LEGS)
    quiet = np.zeros(LEGS, dtype=np.bool_)
    value = 0
    for index, arrivals in enumerate(ticks):
        now = first_tick + index
        for slot, frames, pieces, restart, offset in arrivals:
            stamp = origin + (index + frames) * FRAME + (offset if frames == 3 else 0)
            sound = [(value + i * 7) % 30000 + 1 for i in range(pieces * 80)]
            value += 131
            models[slot].insert(stamp, sound, restart, now)
            buffers.insert(
                np.array([slot]),
                np.array([stamp & 0xFFFFFFFF], dtype=np.uint32),
                np.array([sound], dtype=np.int16),
                np.array([restart]),
                now,
            )
        buffers.take(slots, quiet, sounds, BASE, now)
        for slot, model in enumerate(models):
            assert sounds[BASE + slot].tolist() == model.take(now)
            assert buffers.late[slot] == model.late
            assert buffers.concealed[slot] == model.concealed
    for slot, model in enumerate(models):
        if model.play is not None:
            assert buffers.play[slot] == model.play & 0xFFFFFFFF


@dataclass
class Outcome:
    """What a simulated hour did."""

    cut: int
    grown: int
    late: int
    longest_delay_ms: float
    delay_at_end_ms: float


def simulate(*, ppm: float, jitter_ms: float, seconds: float, seed: int = 3) -> Outcome:
    """A sender of 20 ms packets whose clock is off, over a network that delays each packet at random.

    Arrival times of the whole run are computed as one array; packets reach the buffer in the first tick after them.
    """
    rng = np.random.default_rng(seed)
    packets = int(seconds * 50)
    sent_s = np.arange(packets) * 0.02 * (1 - ppm * 1e-6) + 0.0071
    arrived_s = sent_s + rng.uniform(0, jitter_ms / 1000, packets)
    arrival_tick = np.ceil(arrived_s / 0.02).astype(np.int64)
    order = np.argsort(arrival_tick, kind="stable")
    bounds = np.searchsorted(arrival_tick[order], np.arange(packets + 2))
    buffers = JitterBuffers(1)
    buffers.reset(0)
    sounds = np.zeros((1 + BASE, FRAME), dtype=np.int16)
    slot, quiet, never = np.array([0]), np.array([False]), np.array([False])
    sound = np.full((1, FRAME), 99, dtype=np.int16)
    longest = 0.0
    for tick in range(packets):
        for packet in order[bounds[tick] : bounds[tick + 1]]:
            buffers.insert(slot, np.array([packet * FRAME], dtype=np.uint32), sound, never, tick)
        buffers.take(slot, quiet, sounds, BASE, tick)
        longest = max(longest, buffers.delay_ms(0))
    return Outcome(
        cut=int(buffers.cut[0]),
        grown=int(buffers.grown[0]),
        late=int(buffers.late[0]),
        longest_delay_ms=longest,
        delay_at_end_ms=buffers.delay_ms(0),
    )


@pytest.mark.parametrize("ppm", [-200, 200])
@pytest.mark.parametrize("jitter_ms", [0, 8])
def test_a_clock_200_ppm_off_costs_one_frame_in_100_s(ppm: float, jitter_ms: float) -> None:
    """Ten minutes: at most 6 frames more or less (and the two of the start), no packet lost, no growing delay."""
    outcome = simulate(ppm=ppm, jitter_ms=jitter_ms, seconds=600)
    assert outcome.cut + outcome.grown <= 600 / 100 + 2
    assert outcome.late == 0
    assert outcome.longest_delay_ms <= 65
    assert outcome.delay_at_end_ms <= 65


@pytest.mark.long
@pytest.mark.parametrize("ppm", [-200, 200])
@pytest.mark.parametrize("jitter_ms", [0, 5, 15, 30])
def test_an_hour_of_a_wrong_clock(ppm: float, jitter_ms: float) -> None:
    """36 frames in an hour, give or take the start."""
    outcome = simulate(ppm=ppm, jitter_ms=jitter_ms, seconds=3600)
    assert outcome.cut + outcome.grown <= 3600 / 100 + 3
    assert outcome.late == 0
    assert outcome.delay_at_end_ms <= 20 + jitter_ms + 40


def test_delay_follows_the_jitter_up_and_down() -> None:
    """60 ms of jitter is absorbed up to a few late packets; 250 ms is more than the largest delay allows."""
    rough = simulate(ppm=0, jitter_ms=60, seconds=60)
    assert rough.late <= 3
    assert rough.longest_delay_ms < 100
    hopeless = simulate(ppm=0, jitter_ms=250, seconds=60)
    assert hopeless.longest_delay_ms <= 120 + 45
    assert hopeless.late > 50
    assert hopeless.delay_at_end_ms <= 140


def test_delay_returns_after_a_burst_of_jitter() -> None:
    """One packet 80 ms late, then none: within two minutes the delay is what it was."""
    buffers = JitterBuffers(1)
    buffers.reset(0)
    sounds = np.zeros((1 + BASE, FRAME), dtype=np.int16)
    slot, no = np.array([0]), np.array([False])
    sound = np.full((1, FRAME), 99, dtype=np.int16)
    delays = []
    for tick in range(6000):
        due = [] if 500 <= tick < 504 else [tick]
        for packet in [*range(500, 504), *due] if tick == 504 else due:
            buffers.insert(slot, np.array([packet * FRAME], dtype=np.uint32), sound, no, tick)
        buffers.take(slot, no, sounds, BASE, tick)
        delays.append(buffers.delay_ms(0))
    assert max(delays) > 80
    assert delays[-1] <= 41


def test_timestamps_that_stood_still_during_a_pause_are_caught_up() -> None:
    """A sender whose timestamp did not run on during 300 ms of silence is heard again within 200 ms."""
    buffers = JitterBuffers(1)
    buffers.reset(0)
    sounds = np.zeros((1 + BASE, FRAME), dtype=np.int16)
    slot, no = np.array([0]), np.array([False])
    sound = np.full((1, FRAME), 99, dtype=np.int16)
    heard = []
    for tick in range(150):
        packet = tick if tick < 50 else tick - 15
        if not 50 <= tick < 65:
            buffers.insert(slot, np.array([packet * FRAME], dtype=np.uint32), sound, no, tick)
        buffers.take(slot, no, sounds, BASE, tick)
        heard.append(bool(sounds[BASE, 0] == 99))
    assert all(heard[2:50])
    assert all(heard[75:])
