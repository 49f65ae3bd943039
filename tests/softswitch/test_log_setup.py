"""Every line of a process's log is one JSON object that names the process, whoever wrote it."""

import json
import subprocess
import sys

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
