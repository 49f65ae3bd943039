"""Precedence over whatever else the machine does, for the processes that answer SIP.

Control and cells work for microseconds at a time, but an offer passes through them a dozen times: behind other
processes each turn costs a slice of the scheduler, and a free agent waits 10 ms instead of 3.  The media
plane goes before both (`softswitch.plane_loop`).
"""

import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

SIGNALLING_PRIORITY: Final = 5
"""Real-time priority (1 to 99); the media plane has more, since a tick cannot wait."""
WATCHING_PRIORITY: Final = 1
NICE: Final = -10
START_NICE: Final = -20
"""Of a process that starts under calls.  Not a real-time priority: a start computes for a second or two, and the kernel
would pause everything real-time on that processor, the media plane too (sched(7), `sched_rt_runtime_us`).
"""
LAST_NICE: Final = 19
RUNAWAY_S: Final = 2.0


def go_first(*, runaway_s: float = RUNAWAY_S) -> bool:
    """Ask for real-time priority for this thread and those that it starts; False when it is not permitted.

    Then a nice value is tried, and whatever is not permitted is done without.  A process that computes for
    `runaway_s` seconds without ever sleeping gets SIGXCPU, which ends it unless `yield_when_runaway` was called.
    """
    _, most = resource.getrlimit(resource.RLIMIT_RTTIME)
    microseconds = round(runaway_s * 1e6)
    if most == resource.RLIM_INFINITY or microseconds <= most:
        resource.setrlimit(resource.RLIMIT_RTTIME, (microseconds, most))
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(SIGNALLING_PRIORITY))
    except OSError:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, NICE)
        return False
    if os.getpriority(os.PRIO_PROCESS, 0) == START_NICE:
        _set_nice("self", 0)  # for the day on which it has to yield, and for what it starts
    return True


def hasten(pid: int) -> None:
    """Let a process that was just started, in a session of its own, go before all that is ordinary until it goes first."""
    _set_nice(str(pid), START_NICE)


def _set_nice(process: str, value: int) -> None:
    """The nice value of a process, and of its session: where the kernel shares processors out by sessions (sched(7),
    "The autogroup feature"), that of the process counts only within its own.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0 if process == "self" else int(process), value)
    with suppress(OSError):
        Path(f"/proc/{process}/autogroup").write_text(str(value))


def watch_first() -> None:
    """For who watches over others and does next to nothing: what it starts is ordinary all the same."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(WATCHING_PRIORITY))


def go_last() -> None:
    """Go behind everything else, whatever the process that started this one had; for long work that nobody waits for."""
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.setpriority(os.PRIO_PROCESS, 0, LAST_NICE)


def yield_when_runaway() -> None:
    """On SIGXCPU go on as an ordinary process: better slow than starving everybody else."""
    signal.signal(signal.SIGXCPU, _yield)


def _yield(_signal: int, _frame: object) -> None:
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    sys.stderr.write('{"event": "process.lost_precedence", "level": "warning"}\n')
