"""The launcher: starts nursery, media plane and control side by side, and starts again what dies.

Small on purpose, since nothing watches it but the service manager.  The parts find each other by named sockets, so
one can be restarted under the others; only control's restart is invisible to callers.
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from softswitch.exit_codes import CONFIG_EXIT, DRAINED_EXIT
from softswitch.heartbeat import PATIENCE_S, HeartbeatEar
from softswitch.launching.living_parts import command_of, forget_parts, living_part, note_parts
from softswitch.launching.parts import Inherited, Part
from softswitch.link_version import is_understood, note_version
from softswitch.links import LinkRefused, private_folder
from softswitch.urgency import hasten, watch_first
from softswitch.vigil import Vigil

log = structlog.get_logger(__name__)

STOP_TIMEOUT_S = 8.0
POLL_S = 0.02
STEADY_S = 5.0
BACKOFF_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
CANNOT_START_S = 1.0


class AlreadyLaunched(Exception):
    """Another launcher keeps the parts of this run directory; `is_draining` when it only waits for its last call."""

    def __init__(self, run_dir: Path, *, is_draining: bool) -> None:
        """Keep both."""
        why = "正在排空 / it is draining" if is_draining else "已在运行 / it runs already"
        super().__init__(f"{run_dir}: {why}")
        self.run_dir = run_dir
        self.is_draining = is_draining


class CannotLaunch(Exception):
    """The run directory cannot be used; `detail` says why."""

    def __init__(self, run_dir: Path, detail: str) -> None:
        """Keep both."""
        super().__init__(f"{run_dir}: 不可用 / cannot be used: {detail}")
        self.run_dir = run_dir
        self.detail = detail


def drain_mark(run_dir: Path) -> Path:
    """A file that is there while the node drains: control may be replaced meanwhile, and goes on draining."""
    return run_dir / "draining"


class Launcher:
    """Keeps the parts alive until it is told to stop."""

    def __init__(self, run_dir: Path, parts: Sequence[Part]) -> None:
        """Start `parts` in this order, and end them in the other; nothing runs before `run`."""
        self._run_dir = run_dir.absolute()
        self._parts = parts
        self._stopping = False

    def run(self) -> int:
        """Start everything and stay until SIGTERM or SIGINT, or after the last call on SIGUSR1; returns the exit code.

        Raises `AlreadyLaunched`, `CannotLaunch`.
        """
        try:
            private_folder(self._run_dir)
            lock = self._lock()
            ear = HeartbeatEar(self._run_dir)
        except (LinkRefused, OSError) as fault:
            raise CannotLaunch(self._run_dir, str(fault)) from fault
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
        # A terminal that is closed, a habit of reloading by HUP: nobody in a call pays for it.  The parts inherit this.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        watch_first()
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
        """Parts that live and were started with settings that ours could not work with, or by another Python."""
        living = [(part, living_part(self._run_dir, part.name, part.command)) for part in self._parts]
        return [part.name for part, pid in living if pid is not None and not part.is_one(command_of(pid))]

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
            later = part.differs_in(command_of(pid))
            log.warning("launcher.inherited", part=part.name, pid=pid, at_next_start=later)
        self._write_pids()

    def _start(self, part: Part, now: float) -> None:
        # A session of its own: Ctrl-C reaches the launcher alone, which ends the parts in order.
        try:
            part.process = subprocess.Popen(part.command, start_new_session=True)
        except OSError as fault:  # no descriptor, no memory: the parts that live must not pay for it
            log.error("launcher.cannot_start", part=part.name, reason=str(fault))
            part.start_at = now + CANNOT_START_S
            return
        if part.is_awaited:
            hasten(part.process.pid)
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
        try:
            note_parts(self._run_dir, {"launcher": os.getpid(), **pids})
        except OSError as fault:  # a full disk costs the note, no call
            log.error("launcher.pids_not_written", reason=str(fault))

    def _stop(self, number: int, _frame: object) -> None:
        log.info("launcher.stopping", signal=number)
        self._stopping = True

    def _drain(self, _number: int, _frame: object) -> None:
        """No new calls: control is told, and whoever comes after it finds the mark."""
        log.info("launcher.draining")
        try:
            drain_mark(self._run_dir).touch()
        except OSError as fault:
            # A full disk: only a control that is replaced meanwhile would not know of it.
            log.error("launcher.drain_not_noted", reason=str(fault))
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
