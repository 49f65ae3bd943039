"""The launcher: starts nursery, media plane and control side by side, and starts again what dies.

Small on purpose, since nothing watches it but the service manager.  The parts find each other by named sockets, so
one can be restarted under the others; only control's restart is invisible to callers.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from softswitch.links import private_folder
from softswitch.settings import Settings

log = structlog.get_logger(__name__)

PLANE_ID = "plane-0"
CONFIG_EXIT = 2
STOP_TIMEOUT_S = 8.0
POLL_S = 0.02
STEADY_S = 5.0
BACKOFF_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(slots=True)
class Part:
    """One process that should live.  `stop_signal` tells it that the whole system stops."""

    name: str
    command: list[str]
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    has_served: bool = False
    quick_deaths: int = 0
    start_at: float = 0.0


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
        """Start everything and stay until SIGTERM or SIGINT; returns the exit code."""
        private_folder(self._run_dir)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        code = 0
        while not self._stopping:
            now = time.monotonic()
            for part in self._parts:
                if part.process is not None and (ended := part.process.poll()) is not None:
                    # A typo made while people talk must not take the other parts down with the one that reads it.
                    if ended == CONFIG_EXIT and not part.has_served:
                        log.error("launcher.part_refused_its_configuration", part=part.name)
                        self._stopping, code = True, CONFIG_EXIT
                        break
                    self._note_death(part, ended, now)
                if part.process is None and now >= part.start_at:
                    self._start(part, now)
            time.sleep(POLL_S)
        self._end_all()
        return code

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
        part.process = None
        log.error("launcher.part_died", part=part.name, status=status, lived_s=round(lived_s, 1))
        self._write_pids()

    def _write_pids(self) -> None:
        """Leave the process ids for people and tools."""
        pids = {part.name: part.process.pid for part in self._parts if part.process is not None}
        draft = self._run_dir / "pids.json.draft"
        draft.write_text(json.dumps({"launcher": os.getpid(), **pids}))
        draft.rename(self._run_dir / "pids.json")

    def _stop(self, number: int, _frame: object) -> None:
        log.info("launcher.stopping", signal=number)
        self._stopping = True

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
        (self._run_dir / "pids.json").unlink(missing_ok=True)


def _words(options: dict[str, object]) -> list[str]:
    return [word for option, value in options.items() for word in (option, str(value))]
