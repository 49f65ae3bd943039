"""How soon a screen knows: from a change of state in control to the frame at 77 bars and 5 wallboards.

    python -m bench.bench_live [--calls-per-hour 1300] [--seconds 120] [--json]

Real server, 77 agents at simulated phones without sound, each with a bar signed in as that agent; the wallboards see
everything.  Callers come at the rate of a busy hour; phones answer at once and talk for 10 s.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import aiohttp

from api.passwords import hash_password
from bench._measure import MachineTime, print_table, processor_model, processors
from bench.bench_dispatch import percentile
from bench.desk_phones import Manner, start_phones
from bench.loopback import claimed
from bench.running_server import Json, RunningServer, running_server
from bench.scratch_config import HOTLINE, NUMBERS, TOKEN, Terms, password_of, toml_of
from bench.trunk_caller import TrunkCaller

BARS = 77
WALLBOARDS = 5
TALK_S = 10.0
QUIET_S = 10.0
SETTLE_S = 1.0
PASSWORD = "bench password"
EVENTS_OF_CALL = 7
"""Arrived, answered, queued, offered, accepted, connected, ended: what every call that is served is told by."""
CLOCK_STEP_MS = 2.0
"""The time of an event is told to the millisecond."""


@dataclass(slots=True, eq=False)
class Screen:
    """One page's connection.  `delays_ms`: from each event's time to its arrival; `talkers`: who was connected."""

    base: str
    agent: str = ""
    token: str = ""
    delays_ms: list[float] = field(default_factory=list)
    talkers: list[str] = field(default_factory=list)
    snapshots: int = 0
    closed: int = 0
    asked: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _call_id: str | None = None

    async def follow(self, http: aiohttp.ClientSession) -> None:
        """Read frames as they come; the time of a frame is taken before it is looked at."""
        async with http.ws_connect(self.base.replace("http", "ws", 1) + "/v1/events") as socket:
            await socket.send_json({"type": "authenticate"} | ({"token": self.token} if self.token else {}))
            async for frame in socket:
                arrived = time.time()
                message = json.loads(frame.data)
                if message["type"] == "event":
                    changed = datetime.fromisoformat(message["at"]).timestamp()
                    self.delays_ms.append(1000 * (arrived - changed))
                    if message["kind"] == "agent.state_changed":
                        self._call_id = message["data"]["call_id"]
                    elif message["kind"] == "call.connected":
                        self.talkers.append(message["data"]["agent"])
                    self._changed.set()
                elif message["type"] == "snapshot":
                    self.snapshots += 1
        self.closed += 1

    async def ask(self, http: aiohttp.ClientSession) -> None:
        """As a bar does: after a change ask for the agent and the call in full, once for all that came meanwhile."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            paths = [f"/v1/agents/{self.agent}"] + ([f"/v1/calls/{self._call_id}"] if self._call_id else [])
            await asyncio.gather(*(self._get(http, path) for path in paths))

    async def _get(self, http: aiohttp.ClientSession, path: str) -> None:
        async with http.get(self.base + path) as answer:
            await answer.read()
            self.asked += 1


class HollowFigures(Exception):
    """The screens did not see what they were measured by."""


def check_screens(screens: Sequence[Screen], calls: int) -> None:
    """Raise `HollowFigures` unless every screen saw all that is its own of so many calls, and asked for it.

    A percentile over the frames that came says nothing of those that did not.
    """
    bars = [screen for screen in screens if screen.agent]
    boards = [screen for screen in screens if not screen.agent]
    seen = {len(board.delays_ms) for board in boards}
    talkers = set(boards[0].talkers)
    faults = {
        "a screen lost its line": any(screen.closed for screen in screens),
        "nobody called": calls == 0,
        "the wallboards saw different numbers of events": len(seen) != 1,
        f"a call is at least {EVENTS_OF_CALL} events": min(seen) < calls * EVENTS_OF_CALL,
        "not every call was connected": any(len(board.talkers) != calls for board in boards),
        "a bar saw nothing of its own call": any(
            bar.agent in talkers and not (bar.delays_ms and bar.asked) for bar in bars
        ),
        "a frame came before its event": any(
            delay < -CLOCK_STEP_MS for screen in screens for delay in screen.delays_ms
        ),
    }
    if found := [fault for fault, is_so in faults.items() if is_so]:
        raise HollowFigures("; ".join(found))


def cpu_s(pid: int) -> float:
    """User and system time of a process, seconds."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


async def _open_screens(server: RunningServer, whole: AsyncExitStack) -> list[Screen]:
    """A bar for each agent, by a session of their own, and the wallboards by token."""
    base = server.api.base
    screens = []
    for number in range(1, BARS + WALLBOARDS + 1):
        http = await whole.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        )
        is_bar = number <= BARS
        if is_bar:
            body = {"agent_id": f"10{number:02d}", "password": PASSWORD}
            async with http.post(base + "/v1/session", json=body) as answer:
                if answer.status != 201:
                    raise RuntimeError(f"agent {number} could not sign in: {await answer.text()}")
        screen = Screen(base, f"10{number:02d}" if is_bar else "", "" if is_bar else TOKEN)
        loop = asyncio.get_running_loop()
        whole.callback(loop.create_task(screen.follow(http)).cancel)
        if is_bar:
            whole.callback(loop.create_task(screen.ask(http)).cancel)
        screens.append(screen)
    await _until(lambda: all(screen.snapshots for screen in screens), 20)
    return screens


async def _until(is_so: Callable[[], bool], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not is_so():
            await asyncio.sleep(0.05)


async def _talk(trunk: TrunkCaller, count: int) -> None:
    """One call: the phone ends it."""
    call = await trunk.call(HOTLINE, f"138{count:08d}")
    if await call.answered != 200:
        raise RuntimeError(f"call {count} was answered {call.answered.result()}")
    await call.ended


async def measure(calls_per_hour: int, seconds: float, number: int, folder: Path) -> Json:
    """A part of a busy hour, and a quiet time before it."""
    people = (f'role = "agent"\npassword_scrypt = "{hash_password(PASSWORD)}"',) * BARS
    terms = Terms(
        seats=BARS,
        wrap_up_s=2.0,
        greeting="",
        announce_agent=False,
        position_every_s=0.0,
        channels=60,
        media_extra="rtp_timeout_s = 0",  # callers and phones are mute
        agent_extra=people,
    )
    config = folder / "bench.toml"
    config.write_text(toml_of(number, folder, terms), encoding="utf-8")
    config.chmod(0o600)
    address = f"127.64.{number}"
    sip = (f"{address}.1", 5060)
    async with AsyncExitStack() as whole:
        server = await whole.enter_async_context(
            running_server(config, token=TOKEN, log=folder / "server.log")
        )
        await server.wait_ready()
        trunk = await TrunkCaller.start(address=f"{address}.2", server=sip, pacer=None)
        whole.push_async_callback(trunk.close)
        phones = await start_phones(
            [(f"80{seat:02d}", password_of(seat)) for seat in range(1, BARS + 1)],
            address=f"{address}.3",
            registrar=sip,
            pacer=None,
            manner=Manner(answer_s=0.5, talk_s=TALK_S),
        )
        for phone in phones:
            whole.push_async_callback(phone.close)
        screens = await _open_screens(server, whole)
        for seat in range(1, BARS + 1):
            await server.api.login(f"10{seat:02d}", f"80{seat:02d}", "ready")
        control = server.pids()["control"]
        quiet_before = cpu_s(control)
        await asyncio.sleep(QUIET_S)
        quiet_percent = 100 * (cpu_s(control) - quiet_before) / QUIET_S
        for screen in screens:
            screen.delays_ms.clear()
            screen.talkers.clear()
            screen.asked = 0
        began, busy_before = time.monotonic(), cpu_s(control)
        talks: list[asyncio.Task[None]] = []
        while time.monotonic() - began < seconds:
            talks.append(asyncio.create_task(_talk(trunk, len(talks))))
            await asyncio.sleep(max(0.0, began + len(talks) * 3600 / calls_per_hour - time.monotonic()))
        busy_s = time.monotonic() - began
        busy_percent = 100 * (cpu_s(control) - busy_before) / busy_s
        await asyncio.gather(*talks)
        await asyncio.sleep(SETTLE_S)  # the last frames are on their way
        check_screens(screens, len(talks))
        events = len(screens[-1].delays_ms)
        frames = sorted(delay for screen in screens for delay in screen.delays_ms)
        return {
            "bars": BARS,
            "wallboards": WALLBOARDS,
            "calls": len(talks),
            "events": events,
            "frames": len(frames),
            "requests": sum(screen.asked for screen in screens),
            "page_p50_ms": round(percentile(frames, 50), 1),
            "page_p99_ms": round(percentile(frames, 99), 1),
            "page_max_ms": round(frames[-1], 1),
            "control_cpu_percent": round(busy_percent, 2),
            "control_quiet_cpu_percent": round(quiet_percent, 2),
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls-per-hour", type=int, default=1300)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON in the last line")
    arguments = parser.parse_args()
    before = MachineTime.read()
    with claimed("bench", NUMBERS) as number, tempfile.TemporaryDirectory(prefix="bench-live-") as folder:
        figures = asyncio.run(measure(arguments.calls_per_hour, arguments.seconds, number, Path(folder)))
    figures["processors"] = processors()
    figures["steal_percent"] = MachineTime.read().steal_percent_since(before)
    print_table(f"live: change of state to frame at the screen ({processor_model()})", list(figures.items()))
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
