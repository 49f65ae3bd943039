"""Legs that nothing comes from: first an alarm, after a longer time the word that nobody is there any more.

A leg that is held, or whose far end said by comfort noise that it sends nothing now (RFC 3389), has the longer time:
many phones send no RTP then.  RTCP is a sign of life as good as RTP.  Legs whose dialog is not confirmed are not
waited for.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from media import events as news
from media.arrivals import Arrivals
from media.g711 import FRAME_SAMPLES, SAMPLE_RATE_HZ
from media.legs import Leg

TICK_S: Final = FRAME_SAMPLES / SAMPLE_RATE_HZ
TOLD_AGAIN_TICKS: Final = 500
"""A dead leg is told again so often: whoever should end it may have been away."""


class SilenceWatch:
    """Looks at all legs now and then.  Times in seconds, 0 switches a timeout off."""

    def __init__(
        self, arrivals: Arrivals, *, alarm_s: float, rtp_timeout_s: float, hold_timeout_s: float
    ) -> None:
        self._arrivals = arrivals
        self._alarm_ticks = max(1, round(alarm_s / TICK_S))
        self._timeout_ticks = round(rtp_timeout_s / TICK_S)
        self._hold_ticks = round(hold_timeout_s / TICK_S)

    def check(self, legs: Iterable[Leg], tick: int) -> Iterator[news.MediaStopped | news.MediaTimedOut]:
        """What has to be said of these legs at a tick."""
        for leg in legs:
            heard = max(int(self._arrivals.heard_at[leg.slot]), leg.waiting_since)
            yield from self._alarm(leg, tick - heard)
            yield from self._time_out(leg, tick, tick - max(heard, leg.reported_at))

    def _alarm(self, leg: Leg, silent: int) -> Iterator[news.MediaStopped]:
        if silent < self._alarm_ticks or not leg.may_receive:
            leg.silence_told = leg.silence_told and silent >= self._alarm_ticks
        elif not leg.silence_told:
            leg.silence_told = True
            yield news.MediaStopped(leg_id=leg.leg_id, silent_s=silent * TICK_S)

    def _time_out(self, leg: Leg, tick: int, silent: int) -> Iterator[news.MediaTimedOut]:
        is_paused = not (leg.may_send and leg.may_receive) or bool(self._arrivals.quiet[leg.slot])
        limit = self._hold_ticks if is_paused else self._timeout_ticks
        if not leg.permitted or not limit or silent < limit or tick < leg.given_up_at + TOLD_AGAIN_TICKS:
            return
        leg.given_up_at = tick
        yield news.MediaTimedOut(leg_id=leg.leg_id, silent_s=silent * TICK_S, is_paused=is_paused)
