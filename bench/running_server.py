"""A softswitch started for a bench, a demo or a test: its processes, its HTTP interface, its live events."""

import asyncio
import json
import os
import signal
import ssl
import sys
import time
import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from bench.leash import LEASH

ROOT = Path(__file__).resolve().parents[1]
Json = dict[str, Any]


class ServerFault(Exception):
    """The server did not start, or ended by itself; the text holds the end of its log."""


class ApiProblem(Exception):
    """An answer that was not 2xx: its status and its problem document."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status} {problem.get('code', '')}: {problem.get('detail', problem)}")
        self.status = status
        self.code = str(problem.get("code", ""))
        self.problem = problem


def _tag(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}


class ApiClient:
    """The HTTP interface as an integrator sees it."""

    def __init__(self, base: str, token: str, *, trusted: str = "") -> None:
        """`trusted`: the file of the one certificate that is believed over HTTPS."""
        self.base = base
        self._token = token
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}"},
            timeout=aiohttp.ClientTimeout(total=15),
            connector=aiohttp.TCPConnector(
                ssl=ssl.create_default_context(cafile=trusted) if trusted else True
            ),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def get(self, path: str, **query: str | int) -> Json:
        """GET, JSON out; `ApiProblem` for anything but 2xx."""
        async with self._session.get(self.base + path, params=query) as response:
            return await self._json(response)

    async def post(self, path: str, body: Json | None = None, *, version: int | None = None) -> Json:
        """POST JSON, JSON out; `version` goes as `If-Match`."""
        async with self._session.post(self.base + path, json=body or {}, headers=_tag(version)) as response:
            return await self._json(response)

    async def put(self, path: str, body: Json, *, version: int | None = None) -> Json:
        """PUT a body, JSON out; `version` goes as `If-Match`.  `ApiProblem` on 4xx and 5xx."""
        async with self._session.put(self.base + path, json=body, headers=_tag(version)) as response:
            return await self._json(response)

    async def download(self, path: str, byte_range: str = "") -> tuple[int, bytes]:
        """Status and bytes of a file, with an optional Range value."""
        headers = {"Range": byte_range} if byte_range else {}
        async with self._session.get(self.base + path, headers=headers) as response:
            return response.status, await response.read()

    @staticmethod
    async def _json(response: aiohttp.ClientResponse) -> Json:
        text = await response.text()
        try:
            document = json.loads(text) if text else {}
        except json.JSONDecodeError:
            document = {"detail": text[:200]}
        if response.status >= 300:
            raise ApiProblem(response.status, document)
        return document if isinstance(document, dict) else {"items": document}

    async def events(self, connected: asyncio.Event | None = None) -> AsyncIterator[Json]:
        """The live stream: the snapshot first, then events; ends when the server closes it."""
        url = self.base.replace("http", "ws", 1) + "/v1/events"
        async with self._session.ws_connect(url, heartbeat=20) as socket:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    yield json.loads(message.data)
                    if connected is not None:
                        connected.set()

    async def login(self, agent: str, extension: str, state: str = "ready", reason: str = "") -> Json:
        """Seat an agent."""
        body = {"extension": extension, "initial_state": state}
        return await self.post(f"/v1/agents/{agent}/login", body | ({"reason": reason} if reason else {}))

    async def ready(self, agent: str) -> Json:
        """Let an agent take calls."""
        return await self.post(f"/v1/agents/{agent}/ready")

    async def not_ready(self, agent: str, reason: str = "break") -> Json:
        """Let an agent take none."""
        return await self.post(f"/v1/agents/{agent}/not-ready", {"reason": reason})

    async def logout(self, agent: str) -> Json:
        """Free the seat."""
        return await self.post(f"/v1/agents/{agent}/logout")

    async def agent(self, agent: str) -> Json:
        """One agent now."""
        return await self.get(f"/v1/agents/{agent}")

    async def call(self, call_id: str) -> Json:
        """One call with its segments, recordings and journal."""
        return await self.get(f"/v1/calls/{call_id}")

    async def health(self) -> Json | None:
        """The health document; None while nobody answers."""
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with self._session.get(self.base + "/health") as response:
                return {"status": response.status, **await response.json(content_type=None)}
        return None


class RunningServer:
    """The launcher's process and what it started.  Made by `running_server`."""

    def __init__(self, config: Path, log: Path, process: asyncio.subprocess.Process, api: ApiClient) -> None:
        self.config = config
        self.log = log
        self.process = process
        self.api = api
        self.settings = tomllib.loads(config.read_text(encoding="utf-8"))
        node = self.settings.get("node", {})
        self.run_dir = _absolute(node.get("run_dir", "var/run"))
        self.data_dir = _absolute(node.get("data_dir", "var/data"))

    def pids(self) -> dict[str, int]:
        """Process ids by part name (`control`, `nursery`, `plane-1`…), as the launcher keeps them."""
        with suppress(FileNotFoundError, json.JSONDecodeError):
            return {
                name: int(pid) for name, pid in json.loads((self.run_dir / "pids.json").read_text()).items()
            }
        return {}

    def tree(self) -> list[int]:
        """Process ids of the launcher and everything below it, cells included."""
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    stat = (entry / "stat").read_text()
                    children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += children.get(pid, [])
        return found

    def kill(self, part: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Kill one part by the process id that the launcher names; gives that id."""
        pid = self.pids()[part]
        os.kill(pid, number)
        return pid

    def log_lines(self, event: str = "", **fields: object) -> list[Json]:
        """The lines of the log (of one event, with these values) as objects; what is no JSON is no line of it."""
        lines = []
        for text in self.log.read_text(errors="replace").splitlines():
            with suppress(json.JSONDecodeError):
                line = json.loads(text)
                if (not event or line["event"] == event) and fields.items() <= line.items():
                    lines.append(line)
        return lines

    def log_tail(self, size: int = 4000) -> str:
        """The end of what all parts wrote."""
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    async def wait_ready(self, within_s: float = 30.0) -> Json:
        """Wait until /health answers 200; the document."""
        until = time.monotonic() + within_s
        health: Json | None = None
        while time.monotonic() < until:
            if self.process.returncode is not None:
                raise ServerFault(
                    f"the server ended with {self.process.returncode}; {self.log}:\n{self.log_tail()}"
                )
            health = await self.api.health()
            if health is not None and health["status"] == 200:
                return health
            await asyncio.sleep(0.1)
        raise ServerFault(f"not ready after {within_s} s: {health}; {self.log}:\n{self.log_tail()}")

    async def stop(self, within_s: float = 15.0) -> int:
        """SIGTERM to the launcher and wait for its end; whatever is left then is killed by its id."""
        tree = self.tree()
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.terminate()
            try:
                async with asyncio.timeout(within_s):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        for pid in tree:
            with suppress(ProcessLookupError, PermissionError):
                if pid != self.process.pid and _is_ours(pid):
                    os.kill(pid, signal.SIGKILL)
        return self.process.returncode or 0


def _absolute(path: str) -> Path:
    return Path(path) if Path(path).is_absolute() else ROOT / path


def _is_ours(pid: int) -> bool:
    """A process id may have been given to a stranger since: only Python processes of ours are ended."""
    with suppress(OSError):
        return b"softswitch" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


@asynccontextmanager
async def running_server(
    config: Path, *, token: str, log: Path, under: Sequence[str] = ()
) -> AsyncIterator[RunningServer]:
    """`python -m softswitch run --config …` in a session of its own, so that Ctrl-C reaches only us.

    `under` is a command that runs another one, and becomes it.
    """
    settings = tomllib.loads(config.read_text(encoding="utf-8"))
    http = settings.get("http", {})
    certificate = http.get("certificate", "")
    scheme = "https" if certificate else "http"
    base = f"{scheme}://{http.get('address', '127.0.0.1')}:{http.get('port', 8080)}"
    api = ApiClient(base, token, trusted=certificate)
    if await api.health() is not None:
        await api.close()
        raise ServerFault(f"{base} is served already: another run uses these addresses")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *LEASH,
            *under,
            sys.executable,
            "-m",
            "softswitch",
            "run",
            "--config",
            str(config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
            cwd=ROOT,
        )
    server = RunningServer(config, log, process, api)
    try:
        yield server
    finally:
        await server.stop()
        await api.close()
