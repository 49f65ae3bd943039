"""Who connects for TLS and says nothing is counted and cut off, and keeps nobody else from shaking hands."""

import asyncio
import os
import resource
import socket
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest
import uvloop
from structlog.testing import capture_logs

from api.certificate import Certificate
from api.tls_door import TlsDoor
from tests.softswitch.sip.test_security import make_certificate

MOST = 3

Run = Callable[[Coroutine[Any, Any, None]], None]
both_loops = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


class Greeter(asyncio.Protocol):
    """A connection that says hello and goes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(b"hello\n")
        transport.close()


class House:
    """A door on a port of the kernel's choice that has room for a few who shake hands."""

    def __init__(self, folder: Path, handshake_s: float) -> None:
        chain, key = make_certificate(folder, "IP:127.0.0.1")
        self.trusting = ssl.create_default_context(cafile=str(chain))
        self.at_door: Counter[str] = Counter()
        self.writers: list[asyncio.StreamWriter] = []
        self.door = TlsDoor(
            "127.0.0.1",
            0,
            Certificate(chain, key, time.monotonic),
            Greeter,
            enter=self.enter,
            leave=self.leave,
            handshake_s=handshake_s,
        )

    def enter(self, address: str) -> bool:
        has_room = self.at_door[address] < MOST
        self.at_door[address] += has_room
        return has_room

    def leave(self, address: str) -> None:
        self.at_door[address] -= 1

    async def wait_at_door(self, count: int) -> None:
        """So many have connected and not shaken hands."""
        while self.at_door["127.0.0.1"] != count:
            await asyncio.sleep(0.01)

    async def silent(self) -> asyncio.StreamReader:
        """Somebody who connects, and no more."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.door.port)
        self.writers.append(writer)
        return reader

    async def greeting(self) -> bytes:
        """What somebody hears who shakes hands."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.door.port, ssl=self.trusting)
        self.writers.append(writer)
        return await reader.readline()


@asynccontextmanager
async def house(folder: Path, handshake_s: float = 60.0) -> AsyncIterator[House]:
    """Open, and at the end closed."""
    made = House(folder, handshake_s)
    async with asyncio.timeout(20):
        yield made
        await made.door.close()
        for writer in made.writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@both_loops
def test_one_too_many_is_closed_at_once_until_somebody_has_gone(tmp_path: Path, run: Run) -> None:
    async def story() -> None:
        async with house(tmp_path) as here:
            for _ in range(MOST - 1):
                await here.silent()
            assert await here.greeting() == b"hello\n", "there is room for one more"
            await here.wait_at_door(MOST - 1)
            await here.silent()
            assert await (await here.silent()).read() == b""
            assert here.at_door == {"127.0.0.1": MOST}
            here.writers[0].close()
            await here.wait_at_door(MOST - 1)
            assert await here.greeting() == b"hello\n"

    run(story())


@both_loops
def test_whoever_says_nothing_is_cut_off_in_time(tmp_path: Path, run: Run) -> None:
    async def story() -> None:
        async with house(tmp_path, handshake_s=0.2) as here:
            assert await (await here.silent()).read() == b""
            await here.wait_at_door(0)

    run(story())


@both_loops
def test_a_closed_door_cuts_off_who_shakes_hands_and_leaves_no_task(tmp_path: Path, run: Run) -> None:
    async def story() -> None:
        async with house(tmp_path) as here:
            reader = await here.silent()
            await here.wait_at_door(1)
            await here.door.close()
            assert await reader.read() == b""
            assert here.at_door == {"127.0.0.1": 0}
            with pytest.raises(ConnectionRefusedError):
                await here.silent()

    run(story())


def test_without_descriptors_it_waits_until_there_are_some(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as here:
            waiting = socket.create_connection(("127.0.0.1", here.door.port))
            before = resource.getrlimit(resource.RLIMIT_NOFILE)
            probe = os.dup(waiting.fileno())
            os.close(probe)
            with capture_logs() as logs:
                resource.setrlimit(resource.RLIMIT_NOFILE, (probe, before[1]))
                try:
                    while not [entry for entry in logs if entry["event"] == "tls.cannot_accept"]:
                        await asyncio.sleep(0.01)
                finally:
                    resource.setrlimit(resource.RLIMIT_NOFILE, before)
            await here.wait_at_door(1)
            waiting.close()

    uvloop.run(story())
