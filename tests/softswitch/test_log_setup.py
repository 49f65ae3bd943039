"""Every line of a process's log is one JSON object that names the process, whoever wrote it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SPEAKS = """
import logging, threading, warnings
import structlog
from softswitch.log_setup import name_calls, set_up_logs
set_up_logs("cell-1", "info")
log = structlog.get_logger("x")
log.info("call.arrived", call_id="c1", caller="市民")
log.debug("not.shown")
thread = threading.Thread(target=lambda: log.warning("from.a.thread"))
thread.start()
thread.join()
logging.getLogger("aiohttp.server").error("a library %s", "complains")
logging.getLogger("aiohttp.access").info("not shown either")
warnings.warn("an old habit")
name_calls({"leg-1": "c1"}.get)
log.info("sip.answer_refused", leg_id="leg-1")
log.info("sip.answer_refused", leg_id="leg-1", call_id="c2")
log.info("sip.answer_refused", leg_id="nobody")
def check(password):
    1 / 0
try:
    check("swordfish")
except ZeroDivisionError:
    log.exception("handled")
raise RuntimeError("the end")
"""


def test_a_process_speaks_json_to_its_last_word() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPEAKS], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["process"] for line in lines} == {"cell-1"}
    assert all(line["timestamp"] and line["level"] for line in lines)
    events = [line["event"].partition("\n")[0] for line in lines]
    assert [event for event in events if "habit" not in event] == [
        "call.arrived",
        "from.a.thread",
        "a library complains",
        *["sip.answer_refused"] * 3,
        "handled",
        "process.failed",
    ]
    assert any("an old habit" in event for event in events)
    assert list(lines[0]) == ["timestamp", "process", "level", "event", "call_id", "caller"]
    edge = [line.get("call_id") for line in lines if line["event"] == "sip.answer_refused"]
    assert edge == ["c1", "c2", None], "who knows the leg alone names its call as well"
    assert "市民" in done.stderr, "people read it as it is"
    assert "swordfish" not in done.stderr, "values of variables may be secrets"
    assert lines[-1]["exception"][0]["exc_value"] == "the end"


GOES_ON = """
import logging, os, sys
import structlog
from softswitch.log_setup import set_up_logs
set_up_logs("control", "info")
log = structlog.get_logger("x")
log.info("nobody.hears")
logging.getLogger("aiohttp.server").error("nor this")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("nor.this")
os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600), 2)
log.info("heard.again", caller="市民")
log.info("and.again")
print("served to the end")
"""


def left_pipe() -> int:
    """A pipe whose reader is gone: the terminal was closed, the collector of logs died."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("broken", [lambda: os.open("/dev/full", os.O_WRONLY), left_pipe])
def test_a_log_that_takes_no_line_costs_lines_and_nothing_else(
    broken: Callable[[], int], tmp_path: Path
) -> None:
    """Its disk is full, its reader is gone: how many lines are missing is said as soon as it takes them again."""
    stderr, room = broken(), tmp_path / "room.log"
    done = subprocess.run(
        [sys.executable, "-c", GOES_ON, str(room)],
        stdout=subprocess.PIPE,
        stderr=stderr,
        check=False,
        timeout=20,
    )
    os.close(stderr)
    assert (done.returncode, done.stdout.decode().strip()) == (0, "served to the end")
    lines = [json.loads(line) for line in room.read_text(encoding="utf-8").splitlines() if line]
    assert [line["event"] for line in lines] == ["log.lines_lost", "heard.again", "and.again"]
    assert lines[0]["lines"] == 3
    assert {line["process"] for line in lines} == {"control"}
    assert all(line["timestamp"] and line["level"] for line in lines)


def test_a_line_that_was_cut_by_a_full_disk_spoils_no_other(tmp_path: Path) -> None:
    """The rest of the file is still one object a line."""
    log = tmp_path / "a.log"
    script = """
import resource, structlog
from softswitch.log_setup import set_up_logs
set_up_logs("control", "info")
log = structlog.get_logger("x")
log.info("before")
resource.setrlimit(resource.RLIMIT_FSIZE, (150, resource.RLIM_INFINITY))
log.info("cut", filler="x" * 100)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.info("after")
"""
    with log.open("wb") as file:
        subprocess.run([sys.executable, "-c", script], stderr=file, check=True, timeout=20)
    before, cut, lost, after = log.read_text().splitlines()
    assert json.loads(before)["event"] == "before"
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut)
    assert (json.loads(lost)["event"], json.loads(after)["event"]) == ("log.lines_lost", "after")
