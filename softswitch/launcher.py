"""The launcher: starts nursery, media plane and control side by side, and starts again what dies.

Small on purpose, since nothing watches it but the service manager.  The parts find each other by named sockets, so
one can be restarted under the others; only control's restart is invisible to callers.
"""

import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from softswitch.heartbeat import PATIENCE_S, HeartbeatEar
from softswitch.link_version import is_understood, note_version
from softswitch.links import private_folder
from softswitch.living_parts import forget_parts, living_part, note_parts, runs
from softswitch.settings.whole import Settings
from softswitch.vigil import Vigil

log = structlog.get_logger(__name__)

PLANE_ID = "plane-0"
CONFIG_EXIT = 2
DRAINED_EXIT = 4
"""What control ends with when it was told to drain and the last call is over."""
STOP_TIMEOUT_S = 8.0
POLL_S = 0.02
STEADY_S = 5.0
BACKOFF_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)


class Inherited:
    """A part that an earlier launcher started and that outlived it: watched through a handle of the kernel's."""

    def __init__(self, pid: int) -> None:
        """Take it over; `ProcessLookupError` when it is gone."""
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self._has_ended = False

    def poll(self) -> int | None:
        """None while it lives; its exit status is known to its parent alone, so 0 stands for any."""
        return 0 if self._ends_within(0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Return after its end; `subprocess.TimeoutExpired`."""
        if not self._ends_within(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return 0

    def send_signal(self, number: int) -> None:
        """Send a signal, if it lives."""
        if not self._ends_within(0):
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _ends_within(self, seconds: float | None) -> bool:
        if not self._has_ended:
            poll = select.poll()
            poll.register(self._handle, select.POLLIN)
            self._has_ended = bool(poll.poll(None if seconds is None else seconds * 1000))
            if self._has_ended:
                os.close(self._handle)
        return self._has_ended


class AlreadyLaunched(Exception):
    """Another launcher keeps the parts of this run directory; `is_draining` when it only waits for its last call."""

    def __init__(self, run_dir: Path, *, is_draining: bool) -> None:
        """Keep both."""
        why = "正在排空 / it is draining" if is_draining else "已在运行 / it runs already"
        super().__init__(f"{run_dir}: {why}")
        self.run_dir = run_dir
        self.is_draining = is_draining


def drain_mark(run_dir: Path) -> Path:
    """A file that is there while the node drains: control may be replaced meanwhile, and goes on draining."""
    return run_dir / "draining"


@dataclass(slots=True)
class Part:
    """One process that should live.  `stop_signal` tells it that the whole system stops."""

    name: str
    command: list[str]
    stop_signal: signal.Signals = signal.SIGTERM
    drains: bool = False  # it knows when the last call is over
    process: subprocess.Popen[bytes] | Inherited | None = None
    started_at: float = 0.0
    has_served: bool = False
    quick_deaths: int = 0
    start_at: float = 0.0
    vigil: Vigil | None = None  # from its first heartbeat on


def parts_of(settings: Settings, config: Path) -> tuple[Part, ...]:
    """Return the parts of a node: control comes last, since it uses the others."""
    run_dir = settings.node.run_dir.absolute()
    python = [sys.executable, "-m"]
    cells = settings.cells
    nursery = {
        "--run-dir": run_dir,
        "--edge": f"{settings.sip.inner_address}:{settings.sip.inner_port}",
        "--network": cells.network,
        "--legs-per-cell": cells.legs_per_cell,
        "--spare-legs": cells.spare_legs,
        "--max-cells": cells.max_cells,
        "--calls-before-retire": cells.calls_before_retire,
        "--memory-mb-before-retire": cells.memory_mb_before_retire,
        "--log-level": settings.node.log_level,
    }
    plane = {"--run-dir": run_dir, "--plane-id": PLANE_ID, "--config": config.absolute()}
    return (
        Part("nursery", [*python, "softswitch.cells.nursery", *_words(nursery)]),
        Part(PLANE_ID, [*python, "softswitch.plane_host", *_words(plane)]),
        # SIGTERM would only make it leave, so that calls go on for the control that comes next.
        Part(
            "control",
            [*python, "softswitch", "control", "--config", str(config.absolute())],
            stop_signal=signal.SIGINT,
            drains=True,
        ),
    )


class Launcher:
    """Keeps the parts alive until it is told to stop."""

    def __init__(self, run_dir: Path, parts: Sequence[Part]) -> None:
        """Start `parts` in this order, and end them in the other; nothing runs before `run`."""
        self._run_dir = run_dir.absolute()
        self._parts = parts
        self._stopping = False

    def run(self) -> int:
        """Start everything and stay until SIGTERM or SIGINT, or after the last call on SIGUSR1; returns the exit code.

        Raises `AlreadyLaunched`.
        """
        private_folder(self._run_dir)
        lock = self._lock()
        ear = HeartbeatEar(self._run_dir)
        try:
            return self._keep_alive(ear)
        finally:
            ear.close()
            drain_mark(self._run_dir).unlink(missing_ok=True)
            os.close(lock)

    def _lock(self) -> int:
        lock = os.open(self._run_dir / "launcher.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise AlreadyLaunched(self._run_dir, is_draining=drain_mark(self._run_dir).exists()) from error
        return lock

    def _keep_alive(self, ear: HeartbeatEar) -> int:
        drain_mark(self._run_dir).unlink(missing_ok=True)  # of a launcher that was killed
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGUSR1, self._drain)
        if not is_understood(self._run_dir):
            self._wait_out("launcher.parts_of_another_version")
        elif changed := self._changed():
            self._wait_out("launcher.parts_with_another_command", changed=changed)
        self._inherit()
        note_version(self._run_dir)
        code = 0
        while not self._stopping:
            now = time.monotonic()
            self._listen(ear, now)
            for part in self._parts:
                if part.process is not None and (ended := part.process.poll()) is not None:
                    # A typo made while people talk must not take the other parts down with the one that reads it.
                    if ended == CONFIG_EXIT and not part.has_served:
                        log.error("launcher.part_refused_its_configuration", part=part.name)
                        self._stopping, code = True, CONFIG_EXIT
                        break
                    if ended == DRAINED_EXIT:
                        log.info("launcher.drained")
                        self._stopping = True
                        break
                    self._note_death(part, ended, now)
                if part.process is None and now >= part.start_at:
                    self._start(part, now)
            time.sleep(POLL_S)
        self._end_all()
        return code

    def _listen(self, ear: HeartbeatEar, now: float) -> None:
        """End a part that spoke once and has fallen silent; what follows is a death like any other."""
        speakers = set(ear.heard())
        for part in self._parts:
            process = part.process
            if process is None:
                continue
            if process.pid in speakers:
                part.vigil = part.vigil or Vigil(PATIENCE_S, now)
                part.vigil.hear(now)
            elif part.vigil is not None and part.vigil.is_hung(now):
                log.error("launcher.part_hangs", part=part.name, pid=process.pid)
                part.vigil = None
                process.kill()

    def _changed(self) -> list[str]:
        """Parts that live and were started with other settings, or by another Python."""
        living = [(part, living_part(self._run_dir, part.name, part.command)) for part in self._parts]
        return [part.name for part, pid in living if pid is not None and not runs(pid, part.command)]

    def _wait_out(self, why: str, **details: object) -> None:
        """Parts live that ours could not work with: let them serve to their end, then begin; never start a second one."""
        for part in self._parts:
            pid = living_part(self._run_dir, part.name)
            if pid is not None:
                with suppress(ProcessLookupError):
                    part.process = Inherited(pid)
        living = [part.name for part in self._parts if part.process is not None]
        if not living:
            return
        self._write_pids()
        log.error(why, parts=living, what_helps="softswitch drain", **details)
        while not self._stopping and any(
            part.drains and part.process is not None and part.process.poll() is None for part in self._parts
        ):
            time.sleep(POLL_S)
        self._stopping |= drain_mark(self._run_dir).exists()  # nobody new is wanted after the last call
        self._end_all()
        for part in self._parts:
            part.process = None

    def _inherit(self) -> None:
        """Take over the parts that outlived a launcher that was killed: the calls never noticed."""
        for part in self._parts:
            pid = living_part(self._run_dir, part.name, part.command)
            if pid is None:
                continue
            try:
                part.process = Inherited(pid)
            except ProcessLookupError:
                continue
            part.has_served = True
            part.started_at = time.monotonic()
            log.warning("launcher.inherited", part=part.name, pid=pid)
        self._write_pids()

    def _start(self, part: Part, now: float) -> None:
        # A session of its own: Ctrl-C reaches the launcher alone, which ends the parts in order.
        part.process = subprocess.Popen(part.command, start_new_session=True)
        part.started_at = now
        log.info("launcher.started", part=part.name, pid=part.process.pid)
        self._write_pids()

    def _note_death(self, part: Part, status: int, now: float) -> None:
        lived_s = now - part.started_at
        part.quick_deaths = 0 if lived_s > STEADY_S else min(part.quick_deaths + 1, len(BACKOFF_S) - 1)
        part.has_served |= lived_s > STEADY_S
        part.start_at = now + BACKOFF_S[part.quick_deaths]
        part.process = part.vigil = None
        log.error("launcher.part_died", part=part.name, status=status, lived_s=round(lived_s, 1))
        self._write_pids()

    def _write_pids(self) -> None:
        """Leave the process ids for people and tools."""
        pids = {part.name: part.process.pid for part in self._parts if part.process is not None}
        note_parts(self._run_dir, {"launcher": os.getpid(), **pids})

    def _stop(self, number: int, _frame: object) -> None:
        log.info("launcher.stopping", signal=number)
        self._stopping = True

    def _drain(self, _number: int, _frame: object) -> None:
        """No new calls: control is told, and whoever comes after it finds the mark."""
        log.info("launcher.draining")
        drain_mark(self._run_dir).touch()
        for part in self._parts:
            if part.drains and part.process is not None:
                part.process.send_signal(signal.SIGUSR1)

    def _end_all(self) -> None:
        """End control first, so that it ends the calls and writes down what it knows, then what it used."""
        for part in reversed(self._parts):
            process = part.process
            if process is None or process.poll() is not None:
                continue
            process.send_signal(part.stop_signal)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                log.error("launcher.part_hangs", part=part.name)
                process.kill()
                process.wait()
        forget_parts(self._run_dir)


def _words(options: dict[str, object]) -> list[str]:
    return [word for option, value in options.items() for word in (option, str(value))]
