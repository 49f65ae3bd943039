"""A whole softswitch on a configuration of its own: its processes, its addresses, its folders, for one test.

Stands may run side by side: each has its own loopback addresses (SIP, HTTP, media at 127.64.n.1; trunk at
127.64.n.2; phones at 127.64.n.3; the stranger at 127.64.n.9) and its own inner network for the cells.
"""

import asyncio
import hashlib
import itertools
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.running_server import ApiClient, Json, RunningServer, running_server

TOKEN = "stand-token"
HOTLINE = "12345"
# 127.64.100 and up belong to stands; two test runs on one machine do not meet unless they are 100 apart.
_NUMBERS = itertools.count(os.getpid() % 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a test wants of its softswitch.  Seconds."""

    seats: int = 2
    ring_time_s: float = 15.0
    wrap_up_s: float = 1.0
    decline_delay_s: float = 0.5
    position_every_s: float = 30.0
    queue_limit: int = 256
    channels: int = 30
    options_interval_s: float = 30.0
    options_timeout_s: float = 2.0
    announce_agent: bool = True
    greeting: str = "welcome"
    spare_legs: int = 8
    trunk_kind: str = "sip"
    media_via: tuple[str, ...] = ()  # further networks from which trunk and phones may send (relays)
    extra: str = ""  # TOML appended as it is


@dataclass(slots=True, eq=False)
class Stand:
    """One running softswitch and everything that a test needs to know of it."""

    number: int
    folder: Path
    terms: Terms
    server: RunningServer
    events: list[Json] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def api(self) -> ApiClient:
        """The HTTP interface, with a token of every scope."""
        return self.server.api

    @property
    def sip(self) -> tuple[str, int]:
        """Where trunks and phones send to."""
        return f"127.64.{self.number}.1", 5060

    @property
    def trunk_address(self) -> str:
        """The trunk is recognised by this address."""
        return f"127.64.{self.number}.2"

    @property
    def phone_address(self) -> str:
        """Desk phones live here."""
        return f"127.64.{self.number}.3"

    @property
    def stranger_address(self) -> str:
        """Nobody knows this address."""
        return f"127.64.{self.number}.9"

    @property
    def registrar(self) -> str:
        """The registrar as phones write it."""
        return f"{self.sip[0]}:{self.sip[1]}"

    @property
    def hotline(self) -> str:
        """The URI that callers dial."""
        return f"sip:{HOTLINE}@{self.registrar}"

    def account(self, seat: int) -> tuple[str, str]:
        """User and password of the seat's SIP account (seats count from 1)."""
        return f"80{seat:02d}", password_of(seat)

    def extension(self, seat: int) -> str:
        """The seat's extension."""
        return f"80{seat:02d}"

    def agent(self, number: int) -> str:
        """An agent's id (agents count from 1; there are as many as seats)."""
        return f"10{number:02d}"

    async def login(self, number: int, *, seat: int = 0, state: str = "ready") -> Json:
        """Seat agent `number` at `seat` (its own by default) once its phone is registered."""
        reason = "" if state == "ready" else "test"
        return await self.api.login(self.agent(number), self.extension(seat or number), state, reason)

    async def follow(self) -> None:
        """Keep every live event; connects again after control was killed."""
        while True:
            with suppress(OSError, aiohttp.ClientError, TimeoutError):
                async for event in self.api.events():
                    async with self._changed:
                        self.events.append(event)
                        self._changed.notify_all()
            await asyncio.sleep(0.1)

    async def wait_event(
        self, kind: str, *, since: int = 0, within_s: float = 10.0, **fields: object
    ) -> Json:
        """The data of the first live event of a kind (spelled as the journal spells it) with these values."""
        wanted = _plain(kind)

        def found() -> Json | None:
            for event in self.events[since:]:
                data = event.get("data") or {}
                if _plain(str(event.get("kind", ""))) == wanted and fields.items() <= data.items():
                    return {**data, "_at": event.get("at")}
            return None

        try:
            async with asyncio.timeout(within_s), self._changed:
                while (data := found()) is None:
                    await self._changed.wait()
                return data
        except TimeoutError as late:
            seen = [event.get("kind") or event.get("type") for event in self.events[since:]]
            raise AssertionError(f"no {kind} {fields or ''} within {within_s} s, but {seen}") from late

    async def wait_agent(self, number: int, *, within_s: float = 10.0, **fields: object) -> Json:
        """Poll one agent until its fields have these values."""
        return await self._poll(lambda: self.api.agent(self.agent(number)), fields, within_s)

    async def wait_call(self, call_id: str, *, within_s: float = 10.0) -> Json:
        """The call's detail once it has ended and its recordings are closed."""
        until = time.monotonic() + within_s
        detail: Json = {}
        while time.monotonic() < until:
            detail = await self.api.call(call_id)
            if detail["call"]["ended_at"] and detail["recordings"]:
                recording = await self.recording(detail["recordings"][0])
                if recording["state"] != "open":
                    return detail
            await asyncio.sleep(0.05)
        raise AssertionError(f"the record of {call_id} did not close within {within_s} s: {detail}")

    async def active_calls(self) -> list[Json]:
        """Calls without an end."""
        return list((await self.api.get("/v1/calls", active="true"))["items"])

    async def recording(self, recording_id: str) -> Json:
        """What is known of one recording."""
        return await self.api.get(f"/v1/recordings/{recording_id}/meta")

    def wav(self, recording_id: str) -> Path:
        """The recording's file, finished or still being written."""
        found = sorted(self.server.data_dir.rglob(f"{recording_id}.wav*"))
        assert found, f"no file of recording {recording_id}"
        return found[0]

    async def _poll(
        self, ask: Callable[[], Awaitable[Json]], fields: Mapping[str, object], within_s: float
    ) -> Json:
        until = time.monotonic() + within_s
        state: Json = {}
        while time.monotonic() < until:
            with suppress(OSError, aiohttp.ClientError, TimeoutError):
                state = await ask()
                if fields.items() <= state.items():
                    return state
            await asyncio.sleep(0.05)
        raise AssertionError(f"not {dict(fields)} within {within_s} s, but {state}")


def password_of(seat: int) -> str:
    """The SIP password of a seat."""
    return f"secret-{seat}"


def _plain(kind: str) -> str:
    return "".join(letter for letter in kind.lower() if letter.isalnum())


def _quoted(values: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def toml_of(number: int, folder: Path, terms: Terms) -> str:
    """The machine's TOML for one stand."""
    network = f"127.64.{number}"
    phones = [f"{network}.3/32", *terms.media_via]
    trunk = [f"{network}.2/32", *terms.media_via]
    spans = "spans = 1\n" if terms.trunk_kind == "e1_gateway" else ""
    accounts = "".join(
        f"""
[[accounts]]
username = "80{seat:02d}"
password = "{password_of(seat)}"
extension = "80{seat:02d}"
media_networks = {_quoted(phones)}
"""
        for seat in range(1, terms.seats + 1)
    )
    agents = "".join(
        f"""
[[agents]]
id = "10{agent:02d}"
name = "坐席{agent}"
queues = ["hotline"]
"""
        for agent in range(1, terms.seats + 1)
    )
    transports = "".join(
        f"""
[[sip.transports]]
protocol = "{protocol}"
address = "{network}.1"
port = 5060
"""
        for protocol in ("udp", "tcp")
    )
    return f"""
[node]
name = "stand-{number}"
run_dir = "{folder}/run"
data_dir = "{folder}/data"
log_level = "debug"

[sip]
realm = "hotline"
options_interval_s = {terms.options_interval_s}
options_timeout_s = {terms.options_timeout_s}
inner_address = "127.77.{number}.1"
{transports}
[[trunks]]
name = "city"
kind = "{terms.trunk_kind}"
addresses = ["{network}.2/32"]
media_networks = {_quoted(trunk)}
channels = {terms.channels}
{spans}options_ping = false
{accounts}
[[queues]]
name = "hotline"
limit = {terms.queue_limit}
ring_time_s = {terms.ring_time_s}
wrap_up_s = {terms.wrap_up_s}
decline_delay_s = {terms.decline_delay_s}
position_every_s = {terms.position_every_s}
announce_agent = {str(terms.announce_agent).lower()}

[[routes]]
number = "{HOTLINE}"
queue = "hotline"
greeting = "{terms.greeting}"
{agents}
[media]
port_min = 20000
port_max = 21999

[cells]
network = "127.78.{number}.0"
spare_legs = {terms.spare_legs}

[http]
address = "{network}.1"
port = 8080

[[http.tokens]]
name = "test"
sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
scopes = ["read", "agent", "supervisor", "admin"]
{terms.extra}
"""


@asynccontextmanager
async def stand(
    folder: Path, terms: Terms | None = None, *, number: int | None = None
) -> AsyncIterator[Stand]:
    """Start a softswitch, wait until it is ready, follow its events; everything ends with the block.

    When the block fails, the end of the server's log is added to the failure.
    """
    terms = terms or Terms()
    number = 100 + next(_NUMBERS) % 100 if number is None else number
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "stand.toml"
    config.write_text(toml_of(number, folder, terms), encoding="utf-8")
    config.chmod(0o600)
    async with running_server(config, token=TOKEN, log=folder / "server.log") as server:
        await server.wait_ready()
        here = Stand(number=number, folder=folder, terms=terms, server=server)
        following = asyncio.get_running_loop().create_task(here.follow())
        try:
            async with asyncio.timeout(5):
                while not here.events:
                    await asyncio.sleep(0.02)
            yield here
        except BaseException as failure:
            failure.add_note(f"server log ({server.log}):\n{server.log_tail(6000)}")
            raise
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
