"""phonebar.js over a bad line: cut, without a message, over a restart, and dead silent; what it shows in the end is true."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Page, WebSocketRoute

from bench.desk_phones import Manner
from bench.running_server import Json
from bench.scratch_config import TOKEN
from tests.peers import peers
from tests.stand import Stand, Terms, stand
from tests.web.browser import window

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=2, greeting="", announce_agent=False, wrap_up_s=60.0)
BEGIN = """async ({ agentId, token }) => {
  const { PhoneBar } = await import('/web/phonebar.js');
  const bar = window.bar = new PhoneBar({ agentId, token });
  Object.assign(window, { lines: [], numbers: [], snapshots: 0 });
  bar.on('line', ({ line }) => lines.push(line));
  bar.on('snapshot', () => { window.snapshots += 1; });
  bar.on('event', ({ number }) => numbers.push(number));
  await bar.connect();
}"""


@dataclass(eq=False)  # Playwright keeps its wrappers of our methods on the object
class Wire:
    """What stands between a page and the server: `firsts` holds what the page said first on each connection."""

    firsts: list[Json] = field(default_factory=list)
    is_down: bool = False
    swallows: str = ""
    _ends: list[WebSocketRoute] = field(default_factory=list)

    async def join(self, line: WebSocketRoute) -> None:
        """The page connects."""
        if self.is_down:
            await line.close(code=1012)
            return
        server = line.connect_to_server()
        self._ends = [server, line]
        is_first = True

        def to_server(message: str | bytes) -> None:
            nonlocal is_first
            if is_first:
                self.firsts.append(json.loads(message))
            is_first = False
            server.send(message)

        def to_page(message: str | bytes) -> None:
            if not self.swallows or f'"{self.swallows}"' not in str(message):
                line.send(message)

        line.on_message(to_server)
        server.on_message(to_page)

    async def cut(self) -> None:
        """The line breaks, and no other is had until `is_down` is false again."""
        self.is_down = True
        for end in self._ends:
            await end.close(code=1012)


async def mended(page: Page, wire: Wire, is_so: str) -> None:
    """There is a line again, and the browser says so to its pages; soon the bar shows this."""
    wire.is_down = False
    await page.evaluate("dispatchEvent(new Event('online'))")
    await page.wait_for_function(f"() => bar.isLive && {is_so}")


async def test_after_a_bad_line_the_bar_goes_on_where_it_was_or_begins_with_the_truth(tmp_path: Path) -> None:
    """What was missed is told after a cut; after a lost message, and after a restart, everything is told anew."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner(answer_s=0.2)) as around,
        window(here.api.base) as browser,
    ):
        page, wire = await browser.open("/phonebar-example"), Wire()
        await page.route_web_socket("**/v1/events", wire.join)
        await page.evaluate(BEGIN, {"token": TOKEN, "agentId": here.agent(1)})
        await here.login(1)
        await page.wait_for_function("() => bar.state === 'ready'")

        await wire.cut()
        await page.wait_for_function("() => lines.at(-1) === 'broken'")
        last = await page.evaluate("numbers.at(-1)")
        assert await page.evaluate("bar.hold().catch((problem) => problem.code)") == "not_connected"
        _, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        assert await page.evaluate("[bar.state, numbers.at(-1)]") == ["ready", last]
        await mended(page, wire, "bar.state === 'talking'")
        stream = wire.firsts[-1]["stream"]
        assert wire.firsts[-1]["after"] == last
        numbers = await page.evaluate("numbers")
        assert numbers == list(range(numbers[0], numbers[-1] + 1)), "an event came twice or not at all"
        assert await page.evaluate("[bar.call.call_id, snapshots]") == [call_id, 1]

        wire.swallows = "call.held"
        await here.api.post(f"/v1/agents/{here.agent(1)}/hold")
        await here.api.post(f"/v1/agents/{here.agent(1)}/mute")
        await page.wait_for_function("() => snapshots === 2 && bar.isLive && bar.state === 'held'")
        assert "stream" not in wire.firsts[-1], "it asked to go on behind the gap"
        assert await page.evaluate("bar.agent.muted") is True

        await wire.cut()
        here.server.kill("control", signal.SIGKILL)
        await here.wait_ready()
        await here.api.post(f"/v1/agents/{here.agent(1)}/retrieve")
        await mended(page, wire, "snapshots === 3 && bar.state === 'talking'")
        assert wire.firsts[-1]["stream"] == stream
        assert await page.evaluate("[bar.call.call_id, bar.call.held]") == [call_id, False]


@dataclass(slots=True, eq=False)
class Passage:
    """One connection through the relay.  A dead one passes nothing on, not even that an end has left."""

    is_live: bool = False
    is_dead: bool = False

    async def carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Pass on what comes from one end."""
        while data := await source.read(65536):
            self.is_live = self.is_live or b"Upgrade: websocket" in data
            if not self.is_dead:
                sink.write(data)
                await sink.drain()
        if not self.is_dead:
            sink.close()


@asynccontextmanager
async def relay(here: Stand) -> AsyncIterator[tuple[str, list[Passage]]]:
    """An address that leads to the server, and the connections through it."""
    passages: list[Passage] = []
    tasks: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]  # it is this one
        there, onward = await asyncio.open_connection(here.sip[0], 8080)
        passages.append(passage := Passage())
        try:
            ends = passage.carry(reader, onward), passage.carry(there, writer)
            await asyncio.gather(*ends, return_exceptions=True)
        finally:
            onward.close()
            writer.close()

    server = await asyncio.start_server(take, here.stranger_address, 8080)
    try:
        yield f"http://{here.stranger_address}:8080", passages
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_line_that_falls_silent_is_left_at_once_and_what_was_missed_is_told(tmp_path: Path) -> None:
    """Nobody closes a dead line: no heartbeat for 25 s is enough, and nothing waits for the other end's good-bye."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        relay(here) as (base, passages),
        window(base) as browser,
    ):
        page = await browser.open("/phonebar-example")
        await page.clock.install()
        await page.evaluate(BEGIN, {"token": TOKEN, "agentId": here.agent(1)})
        for passage in passages:
            passage.is_dead = passage.is_live
        await here.login(2, state="not_ready")
        await page.clock.run_for(20_000)
        assert await page.evaluate("[lines.at(-1), bar.floor.agents.get('1002').presence]") == [
            "live",
            "logged_out",
        ]
        await page.clock.run_for(10_500)
        await page.wait_for_function(
            "() => bar.isLive && bar.floor.agents.get('1002').presence === 'not_ready'"
        )
        assert await page.evaluate("[lines, snapshots]") == [["connecting", "live", "broken", "live"], 1]
