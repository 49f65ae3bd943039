"""What integrators are told to type first (docs/integration.md, "From nothing") works as it stands there."""

import asyncio
import base64
import hashlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.scratch_config import TOKEN
from tests.peers import peers
from tests.stand import Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TEXT = (Path(__file__).parents[2] / "docs" / "integration.md").read_text(encoding="utf-8")
HEADING = "## 从零开始 / From nothing\n"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TERMS = Terms(seats=4, greeting="", announce_agent=False, wrap_up_s=0.0)
PATIENCE_S = 60.0
END = "the walk is over"


def blocks() -> dict[str, list[str]]:
    """The section's blocks of code by their language, in order."""
    _, _, rest = TEXT.partition(HEADING)
    found: dict[str, list[str]] = {}
    for language, code in BLOCK.findall(rest.partition("\n## ")[0]):
        found.setdefault(language, []).append(code)
    return found


@asynccontextmanager
async def program(code: str, folder: Path, *words: str) -> AsyncIterator[asyncio.StreamReader]:
    """What a program says, until it ends or the block does."""
    process = await asyncio.create_subprocess_exec(
        *words,
        code,
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def lines_of(said: asyncio.StreamReader, last: str) -> list[str]:
    """The lines up to one that begins so, within a time; all that came in its stead are told."""
    lines: list[str] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while not (lines and lines[-1].startswith(last)) and (line := await said.readline()):
                lines.append(line.decode().rstrip())
    assert lines, f"nothing was said before {last!r}"
    assert lines[-1].startswith(last), lines
    return lines


async def test_every_example_of_the_first_walk_runs_as_it_stands(tmp_path: Path) -> None:
    """Only addresses and the token are those of the test; the demo's agents and seats have the same numbers here."""
    code = blocks()
    assert {language: len(some) for language, some in code.items()} == {"sh": 7, "python": 2, "toml": 1}
    [settings] = code["toml"]
    settings = settings.replace("127.0.0.1:9000", "{network}.2:9000")
    async with (
        stand(tmp_path / "stand", replace(TERMS, extra=settings)) as here,
        peers(here, *[Manner(answer_s=0.2, talk_s=2.0)] * 4),
    ):

        def placed(text: str) -> str:
            return (
                text.replace("http://127.0.0.1:8080", here.api.base)
                .replace('("127.0.0.1", 9000)', f'("{here.trunk_address}", 9000)')
                .replace("demo-token-for-loopback-only", TOKEN)
            )

        for number in range(1, 5):
            await here.login(number)
        watch, receive = [placed(text) for text in code["python"]]
        walk = placed("set -euo pipefail\n" + "".join(code["sh"])) + f"\necho\necho {END}\n"
        async with (
            program(watch, tmp_path, sys.executable, "-c") as watching,
            program(receive, tmp_path, sys.executable, "-c") as receiving,
        ):
            await lines_of(watching, "snapshot")
            async with program(walk, tmp_path, "bash", "-c") as walking:
                told = await lines_of(walking, END)
            seen = await lines_of(watching, "event call.ended")
            received = await lines_of(receiving, "call.ended")
        call_id = told[2]
        assert told[:5] == ["0", "ready", call_id, call_id, "4711"]
        assert [line for line in received if line.startswith("call")] == [f"call.ended {call_id}"]
        assert "event call.dialled" in seen
        sound = (tmp_path / "call.wav").read_bytes()
        digest = base64.b64encode(hashlib.sha256(sound).digest()).decode()
        assert f"repr-digest: sha-256=:{digest}:" in [line[:12].lower() + line[12:] for line in told]
        assert (tmp_path / "header.wav").read_bytes() == sound[:44]
        assert [line for line in told if line in ("False", "True")] == ["False", "True"], "tried, then taken"
        assert told[-1 - told[::-1].index("running") :][:2] == ["running", "张三"]
