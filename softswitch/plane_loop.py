"""The loop around one media plane: ticks on an absolute grid, commands at once in between.

Between ticks it waits on the link, so a command is carried out within a millisecond.  It never stops for control,
which may die and come back while people talk.
"""

import gc
import os
import resource
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import structlog

from media.events import Event, PlaneReported, PlaylistFinished, RecordingClosed, SpeechStopped
from media.plane import Plane
from media.tick_meter import TickMeter

log = structlog.get_logger(__name__)

REPORT_EVERY_S: Final = 1.0
COLLECT_EVERY_S: Final = 30.0
COLLECT_ROOM_S: Final = 0.008  # garbage is collected only with so much time before the next tick
SWITCH_INTERVAL_S: Final = 0.0005  # the writer thread may hold the interpreter no longer
REALTIME_PRIORITY: Final = 10
NICE: Final = -10
KEPT_EVENTS: Final = (RecordingClosed, PlaylistFinished, SpeechStopped)
"""What control cannot find out by asking again what the plane holds: kept while nobody listens."""
KEPT_MOST: Final = 2000
SUBJECTS: Final = ("leg_id", "recording_id", "call_id")


class CommandServer(Protocol):
    """The part of `links.Server` that the host needs."""

    @property
    def connected(self) -> bool:
        """True while a client is there."""

    @property
    def wants_to_write(self) -> bool:
        """True while messages wait for the client."""

    def filenos(self) -> tuple[int, ...]:
        """What to poll."""

    def service(self) -> list[object]:
        """Accept, write, and return what arrived."""

    def send(self, message: object) -> None:
        """Send or queue one event."""


class PlaneLoop:
    """The loop around one plane."""

    def __init__(
        self,
        plane: Plane,
        server: CommandServer,
        *,
        clock: Callable[[], float] = time.monotonic,
        meter: TickMeter | None = None,
    ) -> None:
        self._plane = plane
        self._server = server
        self._clock = clock
        self._meter = meter or TickMeter()
        self._poll = select.poll()
        self._polled: tuple[int, ...] = ()
        self._threads = 1
        self._report_at = 0.0
        self._collect_at = 0.0
        self._received_before = 0
        self._sent_before = 0
        self._failures_before = 0
        self._skipped_before = 0
        self._unheard: deque[Event] = deque(maxlen=KEPT_MOST)
        self.stopping = False

    def stop(self) -> None:
        """End `run` after the present turn."""
        self.stopping = True

    def run(self) -> None:
        """Tick and carry out commands until `stop`."""
        while not self.stopping:
            now = self._clock()
            due = self._plane.next_tick_at(now)
            if now >= due:
                self._tick(now, due)
            self._wait()

    def _tick(self, now: float, due: float) -> None:
        try:
            self._plane.tick(now)
        except Exception:  # one broken tick must not silence every call
            log.exception("plane.tick_failed")
        ended = self._clock()
        self._meter.note(now - due, ended - now)
        self._tell(self._plane.take_events())
        if ended >= self._report_at:
            self._report(ended)

    def _wait(self) -> None:
        """Wait for commands until the next tick: `poll` knows whole milliseconds, `sleep` does the rest."""
        filenos = self._server.filenos()
        if filenos != self._polled:
            self._watch(filenos)
        now = self._clock()
        room_s = self._plane.next_tick_at(now) - now
        if room_s > COLLECT_ROOM_S and now >= self._collect_at:
            self._collect_at = now + COLLECT_EVERY_S
            gc.collect(1)
            return
        whole_ms = max(0, int(room_s * 1000))
        if self._server.wants_to_write:
            whole_ms = min(whole_ms, 1)
        if self._poll.poll(whole_ms) or self._server.wants_to_write:
            self._serve()
        elif whole_ms == 0 and room_s > 0:
            time.sleep(room_s)

    def _watch(self, filenos: tuple[int, ...]) -> None:
        for fd in self._polled:
            with suppress(KeyError):
                self._poll.unregister(fd)
        for fd in filenos:
            self._poll.register(fd, select.POLLIN)
        self._polled = filenos

    def _serve(self) -> None:
        ordered = self._server.service()
        while self._unheard and self._server.connected:
            self._server.send(self._unheard.popleft())
        for command in ordered:
            try:
                self._plane.execute(command, self._clock())  # type: ignore[arg-type]
            except Exception:  # one broken command must not silence every call
                log.exception(
                    "plane.command_failed", command=type(command).__name__, **self._subject(command)
                )
        self._tell(self._plane.take_events())

    def _subject(self, command: object) -> dict[str, str]:
        """Which leg, recording and call a command is about, so that a log of one call has it."""
        named = {name: getattr(command, name) for name in SUBJECTS if hasattr(command, name)}
        if "leg_id" in named:
            named.setdefault("call_id", self._plane.call_of(named["leg_id"]))
        return named

    def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            if self._server.connected or not isinstance(event, KEPT_EVENTS):
                self._server.send(event)
            else:
                self._unheard.append(event)

    def _report(self, now: float) -> None:
        self._report_at = now + REPORT_EVERY_S
        if threading.active_count() != self._threads:
            self._threads = threading.active_count()
            lower_other_threads()
        figures = self._meter.take()
        plane = self._plane
        received, sent = plane.packets_received, plane.packets_sent
        failures, skipped = plane.send_failures, plane.ticks_skipped
        self._server.send(
            PlaneReported(
                legs=plane.legs,
                recordings=plane.recordings,
                ticks=figures.ticks,
                late_ticks=figures.late_ticks,
                ticks_skipped=skipped - self._skipped_before,
                latest_ms=figures.latest_ms,
                work_p50_ms=figures.work_p50_ms,
                work_max_ms=figures.work_max_ms,
                packets_received=received - self._received_before,
                packets_sent=sent - self._sent_before,
                send_failures=failures - self._failures_before,
            )
        )
        self._received_before, self._sent_before = received, sent
        self._failures_before, self._skipped_before = failures, skipped


def prepare_process() -> None:
    """Ask for what a punctual tick needs; whatever is not permitted is done without.

    Real-time priority for all threads (else a nice value), as many files as the hard limit allows, no cyclic
    garbage collection in the middle of a tick.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY))
    except OSError:
        with suppress(OSError):
            os.nice(NICE)
    sys.setswitchinterval(SWITCH_INTERVAL_S)


def lower_other_threads() -> None:
    """Let this thread go before all others of the process, and those still before other processes.

    So a hash in the recorder does not delay a tick, and a recorder that holds the interpreter is not kept waiting
    by a stranger.  Does nothing without real-time priority.
    """
    if os.sched_getscheduler(0) != os.SCHED_FIFO:
        return
    this = threading.get_native_id()
    for thread in threading.enumerate():
        if thread.native_id is not None and thread.native_id != this:
            with suppress(OSError):  # it has just ended
                os.sched_setscheduler(thread.native_id, os.SCHED_FIFO, os.sched_param(REALTIME_PRIORITY - 1))


def freeze_garbage() -> None:
    """Call when everything long-lived exists: the collector does not look at it again, nor run by itself."""
    gc.collect()
    gc.freeze()
    gc.disable()
