"""A whole softswitch on a configuration of its own: its processes, its addresses, its folders, for one test.

Stands may run side by side: each has its own loopback addresses (SIP, HTTP, media at 127.64.n.1; trunk at
127.64.n.2; phones at 127.64.n.3; the stranger at 127.64.n.9) and its own inner network for the cells.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.loopback import claimed
from bench.running_server import ApiClient, Json, RunningServer, running_server
from bench.scratch_config import HOTLINE, TOKEN, Terms, password_of, toml_of

__all__ = ["HOTLINE", "Stand", "Terms", "stand"]
NUMBERS = range(100, 200)
"""127.64.n belongs to the stand n."""


@dataclass(slots=True, eq=False)
class Stand:
    """One running softswitch and everything that a test needs to know of it."""

    number: int
    folder: Path
    terms: Terms
    server: RunningServer
    events: list[Json] = field(default_factory=list)
    _followed: bool = False
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
                        self._followed = True
                        self.events.append(event)
                        self._changed.notify_all()
            self._followed = False
            await asyncio.sleep(0.1)

    async def wait_ready(self, within_s: float = 30.0) -> Json:
        """The health of a control that began anew, once it is ready and its live stream is followed.

        What happens before the stream is followed is no event of it: a test that acts too soon waits for ever.
        """
        health = await self.server.wait_ready(within_s)
        async with asyncio.timeout(within_s), self._changed:
            while not self._followed:
                await self._changed.wait()
        return health

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

    async def wait_snapshot(self, *, since: int, within_s: float = 10.0) -> None:
        """Return once the live stream of a new control is followed: what happens before is not seen."""
        async with asyncio.timeout(within_s), self._changed:
            while not any(event.get("type") == "snapshot" for event in self.events[since:]):
                await self._changed.wait()

    def seen(self, kind: str) -> list[Json]:
        """The data of every live event of a kind so far."""
        wanted = _plain(kind)
        return [event["data"] for event in self.events if _plain(str(event.get("kind", ""))) == wanted]

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


def _plain(kind: str) -> str:
    return "".join(letter for letter in kind.lower() if letter.isalnum())


@asynccontextmanager
async def stand(
    folder: Path, terms: Terms | None = None, *, number: int | None = None, under: Sequence[str] = ()
) -> AsyncIterator[Stand]:
    """Start a softswitch, wait until it is ready, follow its events; everything ends with the block.

    `under` is a command that runs another one, in surroundings of its own.

    When the block fails, the end of the server's log is added to the failure.
    """
    terms = terms or Terms()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "stand.toml"
    async with AsyncExitStack() as whole:
        number = whole.enter_context(claimed("stand", range(number, number + 1) if number else NUMBERS))
        config.write_text(toml_of(number, folder, terms), encoding="utf-8")
        config.chmod(0o600)
        server = await whole.enter_async_context(
            running_server(config, token=TOKEN, log=folder / "server.log", under=under)
        )
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
