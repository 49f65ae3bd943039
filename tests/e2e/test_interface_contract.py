"""The running server and its own description: schemathesis asks every endpoint for what the document promises."""

import asyncio
import sys
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.scratch_config import TOKEN
from tests.peers import peers
from tests.stand import Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
ENDLESS = ("/v1/events", "/v1/events/stream")
"""A WebSocket, and a stream that does not end."""

SETTINGS = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 501, 503]
"""
"""What the server says it has not, or has not now, is no fault of it: both are in the document."""
NOT_ON_A_CALL = (
    r"/(hang-up|logout|force|transfer|intercept|drop)$|^/v1/(admin|business|calendars|customers|prompts)"
)
"""What would take the call from the agent before the other operations are asked for, and what a call is nothing to."""
TERMS = Terms(seats=2, greeting="", announce_agent=False, wrap_up_s=1.0)


@pytest.mark.parametrize("has_call", [False, True], ids=["idle", "on a call"])
async def test_the_server_keeps_what_its_document_promises(tmp_path: Path, has_call: bool) -> None:
    """No 500, no status and no answer that the schema does not name, whatever is sent; and nothing in the log.

    With a call, all that asks for an agent or a call is asked for those who talk, so that operations are carried out in
    whatever order chance has.
    """
    settings = tmp_path / "schemathesis.toml"
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner(), Manner()) as around:
        known = ""
        if has_call:
            for number in (1, 2):
                await here.login(number)
            _, call_id = await around.call()
            await here.wait_event("CallConnected", call_id=call_id)
            agent = (await here.api.call(call_id))["call"]["agent"]
            known = f'[parameters]\n"path.agent_id" = "{agent}"\n"path.call_id" = "{call_id}"\n'
        settings.write_text(known + SETTINGS, encoding="utf-8")
        words = [
            *("--config-file", str(settings), "run", f"{here.api.base}/openapi.json"),
            *("--header", f"Authorization: Bearer {TOKEN}", "--checks", ",".join(CHECKS)),
            *(word for path in ENDLESS for word in ("--exclude-path", path)),
            *(("--exclude-path-regex", NOT_ON_A_CALL) if has_call else ()),
            # Of the media types of a sound it can make up one alone, and calls that too few.
            *("--suppress-health-check", "filter_too_much"),
            *("--max-examples", "15", "--seed", "1", "--request-timeout", "10", "--no-color"),
        ]
        asking = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
        )
        async with asyncio.timeout(600):
            told, _ = await asking.communicate()
        assert asking.returncode == 0, told.decode(errors="replace")[-8000:]
        assert here.server.log_lines("http.failed") == []
        assert bool(here.seen("CallHeld") and here.seen("CallDataChanged")) == has_call
        assert (await here.wait_ready())["live"]
