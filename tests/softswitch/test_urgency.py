"""Precedence for signalling, and how a runaway loses it."""

import os
import signal
import subprocess
import sys

import pytest

from softswitch.urgency import SIGNALLING_PRIORITY, START_NICE

SPIN = "import time\nuntil = time.monotonic() + 5\nwhile time.monotonic() < until and still(): pass\n"
BEGIN = "import os\nfrom softswitch.urgency import go_first, yield_when_runaway\n"


def _run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=False
    )


def _may_go_first() -> bool:
    return _run(BEGIN + "raise SystemExit(0 if go_first() else 1)").returncode == 0


permitted = pytest.mark.skipif(not _may_go_first(), reason="real-time priority is not permitted here")


@permitted
def test_a_process_that_may_goes_first_with_all_threads_that_it_starts() -> None:
    """SCHED_RR at the signalling priority, in the main thread and in a later one."""
    show = "print(os.sched_getscheduler(0), os.sched_getparam(0).sched_priority, flush=True)\n"
    thread = f"import threading\nt = threading.Thread(target=lambda: {show.strip()})\nt.start()\nt.join()\n"
    seen = _run(BEGIN + "go_first()\n" + show + thread).stdout.split("\n")
    assert seen[:2] == [f"{os.SCHED_RR} {SIGNALLING_PRIORITY}"] * 2


@permitted
def test_a_runaway_ends_by_signal() -> None:
    """Nobody is starved for longer than the limit by a cell that spins."""
    ended = _run(BEGIN + "go_first(runaway_s=0.2)\nstill = lambda: True\n" + SPIN)
    assert ended.returncode == -signal.SIGXCPU


@permitted
def test_a_runaway_that_may_yield_lives_on_as_an_ordinary_process() -> None:
    """Control must not die of a busy moment."""
    ended = _run(
        BEGIN
        + "yield_when_runaway()\ngo_first(runaway_s=0.2)\n"
        + "still = lambda: os.sched_getscheduler(0) == os.SCHED_RR\n"
        + SPIN
        + "raise SystemExit(os.sched_getscheduler(0))"
    )
    assert ended.returncode == os.SCHED_OTHER
    assert "process.lost_precedence" in ended.stderr


@permitted
def test_who_watches_goes_first_and_what_it_starts_is_ordinary_unless_it_is_hastened() -> None:
    """The launcher's own turn must come on a busy machine; of its parts only those are hurried that callers wait for."""
    seen = _run(
        "import os, subprocess\n"
        "from softswitch.urgency import hasten, watch_first\n"
        "watch_first()\n"
        "ordinary, hurried = (subprocess.Popen(['sleep', '10'], start_new_session=True) for _ in range(2))\n"
        "hasten(hurried.pid)\n"
        "for pid in (0, ordinary.pid, hurried.pid):\n"
        "    policy = os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK\n"
        "    print(policy, os.getpriority(os.PRIO_PROCESS, pid))\n"
        "for child in (ordinary, hurried):\n"
        "    child.kill()\n"
        "    child.wait()\n"
        "hasten(hurried.pid)  # it is gone\n"
    )
    own = os.getpriority(os.PRIO_PROCESS, 0)  # tests may run under nice; what is reset on fork begins at 0
    assert seen.stdout.split("\n")[:3] == [
        f"{os.SCHED_RR} {own}",
        f"{os.SCHED_OTHER} 0",
        f"{os.SCHED_OTHER} {START_NICE}",
    ]
    assert seen.returncode == 0


@permitted
def test_a_process_that_was_hastened_is_no_more_than_ordinary_when_it_yields() -> None:
    ended = _run(
        BEGIN
        + "from softswitch.urgency import hasten\nhasten(os.getpid())\nyield_when_runaway()\n"
        + "go_first(runaway_s=0.2)\nstill = lambda: os.sched_getscheduler(0) == os.SCHED_RR\n"
        + SPIN
        + "print(os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0))"
    )
    assert ended.stdout.split("\n")[0] == f"{os.SCHED_OTHER} 0"


def test_without_permission_nothing_fails() -> None:
    """An ordinary user's server runs without precedence."""
    script = (
        BEGIN
        + "import resource\nresource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))\n"
        + "resource.setrlimit(resource.RLIMIT_NICE, (0, 0))\n"
        + ("os.setuid(65534)\n" if os.getuid() == 0 else "")
        + "print(go_first(), os.sched_getscheduler(0))"
    )
    assert _run(script).stdout.split() == ["False", str(os.SCHED_OTHER)]
