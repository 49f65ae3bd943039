"""A test run that leaves a process behind fails, and a killed one leaves none."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.leftovers import MARK, end_leftovers, marked

ROOT = Path(__file__).resolve().parents[1]
ORPHAN = "import subprocess; subprocess.Popen(['sleep', '60'], start_new_session=True)"
KILLED = """
import os, signal, subprocess, sys
from bench.leash import LEASH
subprocess.Popen([*LEASH, "sleep", "60"], start_new_session=True)
print("started", flush=True)
signal.pause()
"""


def environment(mark: str) -> dict[str, str]:
    return {**os.environ, MARK: mark}


@pytest.fixture
def mark(request: pytest.FixtureRequest) -> str:
    return f"test-{os.getpid()}-{request.node.name}"


def wait_marked(mark: str, command: str) -> list[int]:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if found := [pid for pid, words in marked(mark).items() if words == command]:
            return found
        time.sleep(0.01)
    raise AssertionError(f"no {command} with the mark {mark}: {marked(mark)}")


def test_an_orphan_in_a_session_of_its_own_is_found_and_ended(mark: str) -> None:
    subprocess.run([sys.executable, "-c", ORPHAN], env=environment(mark), check=True)
    (orphan,) = wait_marked(mark, "sleep 60")
    assert end_leftovers(mark, patience_s=0.0) == {orphan: "sleep 60"}
    assert end_leftovers(mark) == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_is_on_the_leash_ends_with_a_killed_run(mark: str, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], env=environment(mark), cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "started\n"
        wait_marked(mark, "sleep 60")
        run.send_signal(number)
    until = time.monotonic() + 5
    while marked(mark) and time.monotonic() < until:
        time.sleep(0.01)
    assert end_leftovers(mark, patience_s=0.0) == {}
