"""Asks for decisions that are not in memory, or for everybody who had to do with one: the journal is played again.

That is work for another process: control answers SIP meanwhile.
"""

import asyncio
import json
import math
import sys
from pathlib import Path
from typing import Final

import structlog

from acd.journal import reader_of
from api.decision_views import Explained
from api.faults import Unavailable
from softswitch.decisions.search import Derivation

log = structlog.get_logger(__name__)

PATIENCE_S: Final = 60.0
"""A longer search is given up: the call lies too far into a long journal."""
MOST_WAITING: Final = 4
"""Searches that may wait for the one that runs."""

_read = reader_of(Derivation)


class DecisionArchive:
    """One search at a time, and a few in line."""

    def __init__(self, folder: Path, *, patience_s: float = PATIENCE_S) -> None:
        """Look in a folder of journals."""
        self._folder = folder
        self._patience_s = patience_s
        self._turn = asyncio.Lock()
        self._asked = 0

    async def derive(self, asked: Explained, offer: str) -> Derivation:
        """Every decision on a call or contact; `Unavailable` when too many ask, or it takes too long."""
        if self._asked > MOST_WAITING:
            raise Unavailable("explanations_busy", "正在重演其他呼叫 / others are being derived", 5)
        self._asked += 1
        try:
            async with self._turn:
                return await self._searched(asked, offer)
        finally:
            self._asked -= 1

    async def _searched(self, asked: Explained, offer: str) -> Derivation:
        until = math.inf if asked.ended_at is None else asked.ended_at
        words = [f"--since={asked.arrived_at!r}", f"--until={until!r}", f"--offer={offer}"]
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "softswitch.decisions.worker", *words, "--", str(self._folder), asked.id),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(self._patience_s):
                told, _ = await worker.communicate()
        except TimeoutError:
            raise Unavailable(
                "journal_too_long", "日志过长,重演超时 / the journal is too long to be played again now", 60
            ) from None
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
        try:
            found: Derivation = _read(json.loads(told))
        except (TypeError, ValueError) as error:
            log.warning("decisions.not_derived", call_id=asked.id, exit=worker.returncode, error=str(error))
            raise Unavailable("not_derived", "重演失败 / the journal could not be played again") from error
        return found
