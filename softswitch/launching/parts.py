"""The processes of a node: what each is started with, and one that another launcher started."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from softswitch.settings.whole import Settings
from softswitch.vigil import Vigil

PLANE_ID = "plane-0"
AT_NEXT_START: Final = frozenset(
    {"--log-level", "--spare-legs", "--calls-before-retire", "--memory-mb-before-retire"}
)
"""Options that only say how a part goes about its work: one that runs with other values of them serves as well."""


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


@dataclass(slots=True)
class Part:
    """One process that should live.  `stop_signal` tells it that the whole system stops."""

    name: str
    command: list[str]
    stop_signal: signal.Signals = signal.SIGTERM
    drains: bool = False  # it knows when the last call is over
    is_awaited: bool = (
        False  # while it is away callers notice: its start goes before whatever else the machine does
    )
    process: subprocess.Popen[bytes] | Inherited | None = None
    started_at: float = 0.0
    has_served: bool = False
    quick_deaths: int = 0
    start_at: float = 0.0
    vigil: Vigil | None = None  # from its first heartbeat on

    def is_one(self, command: Sequence[str]) -> bool:
        """Whether a process with this command line does the work of this part, in the same place and to the same end."""
        return _split(command)[0] == _split(self.command)[0]

    def differs_in(self, command: Sequence[str]) -> dict[str, str]:
        """The options `AT_NEXT_START` that such a process was not started with, and what they shall be."""
        running = _split(command)[1]
        return {
            option: value
            for option, value in _split(self.command)[1].items()
            if running.get(option, value) != value
        }


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
        Part(PLANE_ID, [*python, "softswitch.plane_host", *_words(plane)], is_awaited=True),
        # SIGTERM would only make it leave, so that calls go on for the control that comes next.
        Part(
            "control",
            [*python, "softswitch", "control", "--config", str(config.absolute())],
            stop_signal=signal.SIGINT,
            drains=True,
            is_awaited=True,
        ),
    )


def _split(command: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """A command line without the options `AT_NEXT_START`, and these."""
    rest, later = list(command), {}
    for option in AT_NEXT_START.intersection(command):
        at = rest.index(option)
        later[option] = rest[at + 1] if at + 1 < len(rest) else ""
        del rest[at : at + 2]
    return rest, later


def _words(options: dict[str, object]) -> list[str]:
    return [word for option, value in options.items() for word in (option, str(value))]
