"""The interface over the real business, customers and call lists, asked anything: no fault of ours, and what is refused changes nothing.

A request is its first line, its media type, and the body after them; a command is a line of the live connection.
"""

import asyncio
import contextlib
import json
import logging
import tempfile
from collections.abc import Iterator, MutableMapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import structlog

from api.app import make_app
from api.live import LiveLimits
from api.request_pace import RequestLimits
from api.server import serve
from softswitch.business.seed import from_file
from softswitch.calendars.desk import CalendarDesk
from softswitch.campaigns.book import LISTS, RECORDS
from softswitch.customers.desk import CustomerDesk
from softswitch.store.customers import StoredCustomers
from tests.api.call_control import CallControl
from tests.api.city import TOKENS, WORDS, Agents, Keeper, Ledger, People
from tests.softswitch.business.conftest import NOW, city_file, make_desk, ports_with
from tests.softswitch.calls.node import Node
from tests.softswitch.campaigns.campaign import Campaign
from tests.softswitch.store.samples import open_store

ADDRESS = "127.63.0.9"
PATIENCE_S = 10.0
COMMANDS_MOST = 30
"""Of one input: a connection that says more at once is cut off."""


class House:
    """An interface that runs on a loop of its own, anew after so many changes."""

    CHANGES_MOST = 200

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.faults: list[str] = []
        self.loop.set_exception_handler(lambda _, context: self.faults.append(str(context)))
        self._stack = AsyncExitStack()
        self._is_open = False

    async def _open(self) -> None:
        await self._stack.aclose()
        self._stack = stack = AsyncExitStack()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fuzz-")))
        store = await open_store(folder)
        stack.push_async_callback(store.close)
        self.desk, reader = await make_desk(store, folder)
        stack.push_async_callback(reader.close)
        await self.desk.open(from_file(city_file()))
        self.customers = self.desk.customers = CustomerDesk(
            store,
            StoredCustomers(reader),
            lambda: self.desk.business.fields,
            area_code="0510",
            wall=lambda: NOW,
        )
        await self.customers.open()
        self.agents, self.control, self.ledger = Agents(), CallControl(), Ledger()
        self.node = Node()
        self.node.login("1003", "8003")
        self.campaign = Campaign(self.node)
        for mode in ("preview", "progressive"):
            self.campaign.make(mode=mode)
        ports = ports_with(
            folder,
            operations=self.control,
            ledger=self.ledger,
            people=People(),
            keeper=Keeper(),
            business=self.desk,
            customers=self.customers,
            calendars=CalendarDesk(self.desk, lambda: NOW),
            call_lists=self.campaign.desk,
        )
        app = make_app(
            replace(ports, agents=self.agents),
            TOKENS,
            limits=LiveLimits(),
            request_limits=RequestLimits(per_s=1e6, at_once=10**6),
        )
        server = await serve(app, ADDRESS, 0)
        stack.push_async_callback(server.close)
        self.port = server.port
        headers = {"Authorization": f"Bearer {WORDS['admin']}"}
        self.client = await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
        self._is_open = True

    def close(self) -> None:
        """End all that runs for it: the threads of an open store keep a process from ending."""
        self.loop.run_until_complete(self._stack.aclose())
        self.loop.close()

    def state(self) -> tuple[Any, ...]:
        """Everything that a request could change."""
        return (
            *(self.desk.version, self.customers.version),
            *(len(self.control.asked), len(self.ledger.actions)),
            *(json.dumps(self.control.data), repr(self.agents.rows)),
            *(json.dumps(self.node.keeper.load(table)) for table in (LISTS, RECORDS)),
        )

    def go_on(self) -> None:
        """Let happen what call lists are due to do: phones are rung and answer."""
        self.campaign.look()
        for leg in self.node.ringing():
            self.node.sip.pick_up(leg.leg_id)
        self.node.settle()

    async def _ready(self) -> None:
        if not self._is_open or self._changes() > self.CHANGES_MOST:
            await self._open()

    def _changes(self) -> int:
        return self.desk.version + self.customers.version + len(self.node.keeper.load(RECORDS))

    async def ask(self, line: bytes, media_type: bytes, body: bytes) -> int:
        """The status of an answer to one request."""
        await self._ready()
        reader, writer = await asyncio.open_connection(ADDRESS, self.port)
        head = [
            line + b" HTTP/1.1",
            f"Host: {ADDRESS}:{self.port}".encode(),
            f"Authorization: Bearer {WORDS['admin']}".encode(),
            b"Content-Type: " + media_type,
            b"Connection: close",
            b"Content-Length: %d" % len(body),
        ]
        try:
            async with asyncio.timeout(PATIENCE_S):
                writer.write(b"\r\n".join([*head, b"", body]))
                answer = await reader.readuntil(b"\r\n")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return int(answer.split(b" ")[1])

    async def command(self, lines: list[bytes]) -> None:
        """What comes of commands, each before the next."""
        await self._ready()
        url = f"http://{ADDRESS}:{self.port}/v1/events"
        async with asyncio.timeout(PATIENCE_S), self.client.ws_connect(url) as socket:
            await socket.receive()  # the state to begin with
            for line in lines:
                before = self.state()
                await socket.send_frame(line, aiohttp.WSMsgType.TEXT)
                answer = await self._answer(socket)
                if answer is None:
                    assert self.state() == before
                    return
                assert answer["status"] in range(200, 500) or answer["status"] == NOT_BUILT, answer
                if answer["status"] >= 400:
                    assert self.state() == before, answer

    async def _answer(self, socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any] | None:
        """None when the connection was closed instead."""
        while True:
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                return None
            told: dict[str, Any] = json.loads(message.data)
            if told["type"] == "answer":
                return told
            if told["type"] == "pong":
                return {"status": 200}


NOT_BUILT = 501
_house = cache(House)


def close() -> None:
    """Close the house, if anything was asked of it."""
    if _house.cache_info().currsize:
        _house().close()
        _house.cache_clear()


class _Ear(logging.Handler):
    """Hears what libraries say of faults."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._faults = faults

    def emit(self, record: logging.LogRecord) -> None:
        self._faults.append(self.format(record))


@contextmanager
def _nothing_in_the_log(faults: list[str]) -> Iterator[None]:
    """No fault is logged meanwhile, by us or by a library, and no task ends in one."""
    faults.clear()
    before, ear = structlog.get_config(), _Ear(faults)

    def hear(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Any:
        faults.append(repr(event))
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.processors.format_exc_info, hear],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
    )
    logging.getLogger().addHandler(ear)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(ear)
        structlog.configure(**before)
    assert not faults, faults


def request(data: bytes) -> None:
    """One request of an administrator: answered, and without a trace when it is refused."""
    line, _, rest = data.partition(b"\n")
    media_type, _, body = rest.partition(b"\n")
    if b"\r" in line + media_type or b"\0" in line + media_type:
        return  # that would be other headers, and another body
    house = _house()

    async def story() -> None:
        await house._ready()
        before = house.state()
        status = await house.ask(line, media_type, body)
        assert status in range(200, 500) or status == NOT_BUILT, status
        if status >= 400:
            assert house.state() == before, status
        house.go_on()

    with _nothing_in_the_log(house.faults):
        house.loop.run_until_complete(story())


def commands(data: bytes) -> None:
    """Messages on a live connection, one a line."""
    house = _house()
    with _nothing_in_the_log(house.faults):
        house.loop.run_until_complete(house.command(data.split(b"\n")[:COMMANDS_MOST]))
