"""The running server and its own description: schemathesis asks every endpoint for what the document promises."""

import asyncio
import sys
from pathlib import Path

import pytest

from bench.scratch_config import TOKEN
from tests.stand import stand

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


async def test_the_server_keeps_what_its_document_promises(tmp_path: Path) -> None:
    """No 500, no status and no answer that the schema does not name, whatever is sent; and nothing in the log."""
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    async with stand(tmp_path / "stand") as here:
        words = [
            *("--config-file", str(settings), "run", f"{here.api.base}/openapi.json"),
            *("--header", f"Authorization: Bearer {TOKEN}", "--checks", ",".join(CHECKS)),
            *(word for path in ENDLESS for word in ("--exclude-path", path)),
            *("--max-examples", "25", "--seed", "1", "--request-timeout", "10", "--no-color"),
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
        assert (await here.server.wait_ready())["live"]
