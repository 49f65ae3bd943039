"""Runs SIPp with one of our scenarios and says how its calls went.

SIPp binds its media with raw sockets to play a pcap: scenarios that speak need root (or CAP_NET_RAW).
"""

import asyncio
import csv
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.leash import LEASH

FOLDER = Path(__file__).resolve().parent
SPEECH_S = 8.0
"""Length of the A-law speech that Debian's sip-tester ships."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SippResult:
    """How a SIPp run ended: calls by outcome, every message as text, what it complained of."""

    code: int
    successful: int
    failed: int
    messages: str
    errors: str

    def statuses(self) -> list[int]:
        """Status of each response in the order of the message log."""
        lines = self.messages.splitlines()
        return [int(line.split()[1]) for line in lines if line.startswith("SIP/2.0 ")]


class SippRun:
    """One SIPp process.  Made by `sipp_running`; `wait` gives its result."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.pid = process.pid
        self._process = process
        self._folder = folder

    async def wait(self, within_s: float = 60.0) -> SippResult:
        """Wait for the end of the run; one that takes longer is killed and counts as failed."""
        try:
            async with asyncio.timeout(within_s):
                code = await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            code = -9
        return self._result(code)

    def messages(self) -> str:
        """Everything sent and received so far."""
        return self._read("messages.log")

    def _result(self, code: int) -> SippResult:
        counts = self._counts()
        return SippResult(
            code=code,
            successful=counts.get("SuccessfulCall(C)", 0),
            failed=counts.get("FailedCall(C)", 0),
            messages=self._read("messages.log"),
            errors=self._read("errors.log") + self._read("stderr.log"),
        )

    def _read(self, name: str) -> str:
        path = self._folder / name
        return path.read_text(errors="replace") if path.exists() else ""

    def _counts(self) -> dict[str, int]:
        path = self._folder / "stat.csv"
        if not path.exists():
            return {}
        rows = list(csv.DictReader(path.read_text(errors="replace").splitlines(), delimiter=";"))
        last = rows[-1] if rows else {}
        return {name: int(value) for name, value in last.items() if name and value and value.isdigit()}

    async def stop(self) -> None:
        """End the process if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def sipp_running(
    scenario: str,
    target: tuple[str, int],
    *,
    address: str,
    port: int = 0,
    media_port: int = 6000,
    calls: int = 1,
    rate: float = 10.0,
    pause_ms: int = 1000,
    number: str = "12345",
    caller: str = "13800000001",
    password: str = "",
    transport: str = "u1",
    timeout_s: float = 60.0,
    keys: dict[str, str] | None = None,
    files: dict[str, bytes] | None = None,
    echoes: bool = False,
) -> AsyncIterator[SippRun]:
    """SIPp at `address` against `target`; `pause_ms` is each pause of the scenario, `number` the user dialled.

    `files` are what the scenario plays, by the names that it has for them.  `echoes`: all RTP that comes to
    `media_port` is sent back.
    """
    with tempfile.TemporaryDirectory(prefix="sipp-") as scratch:
        folder = Path(scratch)
        for name, content in (files or {}).items():
            (folder / name).write_bytes(content)
        words = [
            f"{target[0]}:{target[1]}", "-sf", str(FOLDER / f"{scenario}.xml"),
            "-i", address, "-bind_local", "-mi", address, "-mp", str(media_port),
            "-m", str(calls), "-l", str(max(calls, 1)), "-d", str(pause_ms), "-s", number, "-t", transport,
            "-key", "caller", caller, "-au", number, "-ap", password, "-nostdin",
            "-timeout", f"{timeout_s:.0f}s", "-timeout_error",
            "-trace_msg", "-message_file", str(folder / "messages.log"),
            "-trace_err", "-error_file", str(folder / "errors.log"),
            "-trace_stat", "-stf", str(folder / "stat.csv"), "-fd", "1",
        ]  # fmt: skip
        # SIPp takes whole calls per period: 0.5/s is one in two seconds.
        words += ["-r", "1", "-rp", f"{1000 / rate:.0f}"] if rate < 100 else ["-r", f"{rate:.0f}"]
        if port:
            words += ["-p", str(port)]
        if echoes:
            words += ["-rtp_echo"]
        for name, value in (keys or {}).items():
            words += ["-key", name, value]
        with (folder / "screen.log").open("wb") as screen, (folder / "stderr.log").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *LEASH,
                "sipp",
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=screen,
                stderr=errors,
                cwd=folder,
            )
        run = SippRun(process, folder)
        try:
            yield run
        finally:
            await run.stop()


async def sipp(scenario: str, target: tuple[str, int], *, address: str, **options: object) -> SippResult:
    """Run a scenario to its end; options as for `sipp_running`."""
    within_s = float(str(options.get("timeout_s", 60.0))) + 5.0
    async with sipp_running(scenario, target, address=address, **options) as run:  # type: ignore[arg-type]
        return await run.wait(within_s)


async def register(
    registrar: tuple[str, int], user: str, password: str, *, address: str, port: int, expires_s: int = 300
) -> SippResult:
    """Register the SIPp phone that will listen at `address:port` (MD5 digest)."""
    return await sipp(
        "register",
        registrar,
        address=address,
        port=port,
        number=user,
        password=password,
        timeout_s=10.0,
        keys={"expires": str(expires_s)},
    )
