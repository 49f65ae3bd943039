"""Uploaded announcements on the disk: each re-encoded, and named by its content, so that older versions find theirs.

They also travel inside a business file, as base64 by their SHA-256: a file made on one machine is whole on another.
"""

import asyncio
import base64
import binascii
import hashlib
import os
import re
import secrets
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog

from api.faults import Refused, Unavailable
from config.faults import Fault

log = structlog.get_logger(__name__)

PATIENCE_S: Final = 60.0
ENCLOSED: Final = "sounds"
"""Where they stand in a business file."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class SoundFolder:
    """The folder of uploaded announcements."""

    def __init__(self, folder: Path) -> None:
        """It is made with the first of them."""
        self._folder = folder

    def path_of(self, sha256: str) -> Path:
        """Where a sound lies, or would lie."""
        return self._folder / f"{sha256}.wav"

    async def keep(self, sound: bytes) -> tuple[str, float]:
        """Re-encode a sound of whatever kind; its SHA-256 then, and its length in seconds.

        Raises `Refused("not_audio")` for what is no sound, `Unavailable` when the disk is.
        """
        given = self._folder / f".{secrets.token_hex(8)}.in"
        made = given.with_suffix(".out")
        try:
            await asyncio.to_thread(_write, given, sound)
            duration_s = await _reencoded(given, made)
            return await asyncio.to_thread(self._shelve, made), duration_s
        except OSError as error:
            log.exception("prompt.not_kept")
            raise Unavailable("disk_unavailable", "磁盘不可写 / the disk cannot be written") from error
        finally:
            for path in (given, made):
                with suppress(OSError):
                    await asyncio.to_thread(path.unlink, missing_ok=True)

    # ---- inside a business file ------------------------------------------------------------------

    async def packed(self, wanted: Iterable[str]) -> dict[str, str]:
        """These sounds for a file, as far as they are here."""
        return await asyncio.to_thread(self._packed, sorted(set(wanted)))

    def _packed(self, wanted: Iterable[str]) -> dict[str, str]:
        paths = ((sha256, self.path_of(sha256)) for sha256 in wanted)
        return {
            sha256: base64.b64encode(path.read_bytes()).decode() for sha256, path in paths if path.is_file()
        }

    async def unpack(self, enclosed: Any, wanted: Iterable[str]) -> tuple[Fault, ...]:
        """Keep those sounds of a file that are wanted and not here yet: checked and re-encoded like any other."""
        if not isinstance(enclosed, dict):
            return (Fault(path=ENCLOSED, expected="应为对象 / an object"),)
        faults = []
        for sha256 in sorted(set(wanted) & enclosed.keys()):
            if _SHA256.fullmatch(sha256) and not await asyncio.to_thread(self.path_of(sha256).is_file):
                fault = await self._unpacked(sha256, enclosed[sha256])
                if fault:
                    faults.append(Fault(path=f"{ENCLOSED}.{sha256[:8]}", expected=fault))
        return tuple(faults)

    async def _unpacked(self, sha256: str, text: Any) -> str:
        """What is wrong with a sound of a file, empty when it is kept."""
        try:
            kept, _ = await self.keep(base64.b64decode(text, validate=True))
        except (binascii.Error, TypeError, ValueError):
            return "应为 base64 / must be base64"
        except Refused as refused:
            return refused.detail
        return "" if kept == sha256 else "内容与其 SHA-256 不符 / its content is not what its SHA-256 says"

    def _shelve(self, made: Path) -> str:
        sha256 = hashlib.sha256(made.read_bytes()).hexdigest()
        made.replace(self.path_of(sha256))
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return sha256


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


async def _reencoded(given: Path, made: Path) -> float:
    """The length of the sound in seconds; `Refused` when it is none."""
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "media.reencode", str(given), str(made)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            told, _ = await worker.communicate()
    except TimeoutError:
        told = "耗时过长 / takes too long to read".encode()
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
    text = told.decode(errors="replace").strip()
    if worker.returncode == 0:
        return float(text)
    chinese, _, english = (text or "无法读取 / cannot be read").partition(" / ")
    detail = f"不是可用的声音:{chinese} / is no usable sound: {english or chinese}"
    raise Refused("not_audio", detail, field="sound")
