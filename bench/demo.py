"""`make demo`: the softswitch on `config/demo.toml`, simulated phones and a trunk, and what happens, as it happens.

With `--once` it ends after the first recorded call: the WAV's path, its two levels and the call record.
"""

import argparse
import asyncio
import json
import math
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bench.desk_phones import DeskPhone, Manner, start_phones
from bench.peers.rtp_stream import Pacer
from bench.running_server import ROOT, ApiProblem, Json, RunningServer, ServerFault, running_server
from bench.trunk_caller import TrunkCaller

CONFIG = ROOT / "config" / "demo.toml"
TOKEN = "demo-token-for-loopback-only"
TRUNK_ADDRESS = "127.0.0.2"
PHONE_ADDRESS = "127.0.0.3"
HOTLINE = "12345"
WAIT_BEFORE_READY_S = 4.0
OWN_REASONS = ("demo", "no_answer", "phone_busy", "phone_lost")
"""Why an agent of the demo is not ready without anybody having said so."""
ONCE_LIMIT_S = 90.0

LINES = {
    "callarrived": "来电 {caller} 拨打 {called} / call from {caller} to {called} by {trunk}",
    "callanswered": "已应答,播放欢迎词,开始录音 / answered, greeting, recording runs",
    "callqueued": "排队 {queue},第 {position} 位,播放音乐 / waits in {queue} at {position}, hears music",
    "calloffered": "分配给坐席 {agent},话机 {extension} 振铃 / offered to agent {agent}, phone {extension} rings",
    "offerended": "坐席 {agent} 未接:{cause} / agent {agent} did not take it: {cause}",
    "offeraccepted": "坐席 {agent} 接听,播报工号 / agent {agent} answered, number announced",
    "callconnected": "坐席 {agent} 与来电者通话 / agent {agent} and caller talk",
    "callrequeued": "重新排队:{cause} / waits again: {cause}",
    "callended": "结束:{end_reason},挂机方 {ended_by} / ended: {end_reason}, by {ended_by}",
    "recordingclosed": "录音完成 {duration_s:.1f} 秒 / recorded {duration_s:.1f} s",
    "agentstatechanged": "坐席 {agent}: {presence} {activity} {reason}",
    "alarmraised": "告警 / alarm {alarm}: {detail}",
    "processlost": "进程丢失,自动恢复 / process lost, being replaced: {process}",
}


class _Absent(dict[str, Any]):
    """Names that an event does not carry print as a dash."""

    def __missing__(self, name: str) -> str:
        return "-"


def line_for(kind: str, data: Json) -> str | None:
    """One line for people about a live event, None for events that say nothing to a viewer."""
    text = LINES.get("".join(letter for letter in kind.lower() if letter.isalnum()))
    if text is None:
        return None
    values = _Absent(data)
    if "{duration_s" in text:
        values["duration_s"] = float(data.get("duration_s") or 0.0)
    body = text.format_map(values)
    call = str(data.get("call_id") or "")
    return f"[{call[-8:]}] {body}" if call else body


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def private_copy(config: Path, folder: Path) -> Path:
    """The settings where only this user reads them: the file holds passwords, and git does not keep a mode of 0600."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / config.name
    copy.unlink(missing_ok=True)
    copy.touch(0o600)
    copy.write_bytes(config.read_bytes())
    return copy


def levels_of(path: Path) -> list[float]:
    """RMS of each channel in dBFS, −120 for digital silence."""
    data, _ = soundfile.read(str(path), dtype="float64", always_2d=True)
    powers = np.mean(data**2, axis=0)
    return [round(10 * math.log10(power), 1) if power > 0 else -120.0 for power in powers.tolist()]


class Demo:
    """The peers around one running server."""

    def __init__(self, server: RunningServer, *, once: bool) -> None:
        self.server = server
        self.once = once
        self.recorded: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.waiting = asyncio.Event()
        self.phones: list[DeskPhone] = []
        self.trunk: TrunkCaller | None = None
        udp = next(t for t in server.settings["sip"]["transports"] if t["protocol"] == "udp")
        self.sip = (str(udp["address"]), int(udp.get("port", 5060)))

    async def follow(self, connected: asyncio.Event) -> None:
        """Print the live events; connect again when the server comes back."""
        while True:
            with suppress(OSError, ConnectionError, asyncio.TimeoutError):
                async for event in self.server.api.events(connected):
                    self._seen(str(event.get("kind", "")), event.get("data") or {})
            await asyncio.sleep(0.5)

    def _seen(self, kind: str, data: Json) -> None:
        line = line_for(kind, data)
        if line is not None:
            say(line)
        name = kind.lower().replace("_", "").replace(".", "")
        if name == "callqueued":
            self.waiting.set()
        if name == "recordingclosed" and not self.recorded.done():
            self.recorded.set_result(str(data.get("call_id", "")))

    async def start(self) -> None:
        """Phones register, agents sit down (not ready yet), the trunk stands by."""
        pacer = Pacer()
        settings = self.server.settings
        accounts = [(str(a["username"]), str(a["password"])) for a in settings["accounts"]]
        self.phones = await start_phones(
            accounts,
            address=PHONE_ADDRESS,
            registrar=self.sip,
            pacer=pacer,
            manner=Manner(answer_s=2.0, talk_s=6.0),
        )
        say(f"{len(self.phones)} 部话机已注册 / desk phones registered at {PHONE_ADDRESS}")
        extensions = [str(account["extension"]) for account in settings["accounts"]]
        agents = [str(agent["id"]) for agent in settings["agents"]]
        self.seats = list(zip(agents, extensions, strict=False))
        for agent, extension in self.seats:
            try:
                await self.server.api.login(agent, extension, "not_ready", "demo")
            except ApiProblem as problem:
                if problem.status != 409:  # a run that was cut off may have left the agent at this seat
                    raise
        self.trunk = await TrunkCaller.start(address=TRUNK_ADDRESS, server=self.sip, pacer=pacer)

    async def all_ready(self) -> None:
        """Every agent takes calls, but those whom somebody else has taken out of the line (docs/integration.md)."""
        for agent, _ in self.seats:
            with suppress(ApiProblem):
                if (await self.server.api.agent(agent))["reason"] in OWN_REASONS:
                    await self.server.api.ready(agent)

    async def first_call(self) -> None:
        """A caller waits with music for a while, then the agents come."""
        assert self.trunk is not None
        call = await self.trunk.call(HOTLINE, "13800000001")
        async with asyncio.timeout(15):
            status = await call.answered
            if status != 200:
                raise ServerFault(f"the call to {HOTLINE} was answered {status}")
            await self.waiting.wait()
        await asyncio.sleep(WAIT_BEFORE_READY_S)
        await self.all_ready()

    async def more_calls(self) -> None:
        """A caller every few seconds for ever, a little more than the agents can take at once."""
        assert self.trunk is not None
        number = 1
        while True:
            number += 1
            if len(self.trunk.agent.calls) < 2 * len(self.phones):
                await self.trunk.call(HOTLINE, f"1380000{number % 10000:04d}")
            await asyncio.sleep(4.0)
            await self.all_ready()

    async def report(self, call_id: str) -> None:
        """The path of the WAV, its levels, the call record."""
        detail = await self._finished(call_id)
        recording_id = str((detail.get("recordings") or [""])[0])
        path = next(iter(sorted(self.server.data_dir.rglob(f"{recording_id}.wav"))), None)
        if path is None:
            raise ServerFault(f"no file of recording {recording_id} below {self.server.data_dir}")
        left, right = levels_of(path)
        say(f"录音文件 / recording: {path}")
        say(f"左声道 主叫 / left, caller: {left} dBFS   右声道 坐席 / right, agent: {right} dBFS")
        say(json.dumps(detail.get("call", detail), ensure_ascii=False, indent=2))

    async def _finished(self, call_id: str) -> Json:
        """The call once its record is closed: the end may follow its recording by a moment."""
        detail: Json = {}
        for _ in range(50):
            detail = await self.server.api.call(call_id)
            if (detail.get("call") or detail).get("ended_at") and detail.get("recordings"):
                break
            await asyncio.sleep(0.1)
        return detail

    async def stop(self) -> None:
        """Hang up and unregister."""
        if self.trunk is not None:
            await self.trunk.close()
        await asyncio.gather(*(phone.close() for phone in self.phones), return_exceptions=True)


async def run(*, once: bool) -> int:
    """The whole demo; the exit code."""
    if not CONFIG.exists():
        say(f"缺少配置文件 / missing: {CONFIG}")
        return 2
    folder = ROOT / "var" / "demo"
    config, log = private_copy(CONFIG, folder), folder / "server.log"
    say(
        f"启动 / starting: softswitch --config {config.relative_to(ROOT)}  (日志 / log: {log.relative_to(ROOT)})"
    )
    async with running_server(config, token=TOKEN, log=log) as server:
        await server.wait_ready()
        say(f"就绪 / ready: SIP {server.settings['sip']['transports'][0]['address']}, HTTP {server.api.base}")
        demo = Demo(server, once=once)
        connected = asyncio.Event()
        following = asyncio.get_running_loop().create_task(demo.follow(connected))
        calling: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(10):
                await connected.wait()
            await demo.start()
            async with asyncio.timeout(ONCE_LIMIT_S):
                await demo.first_call()
                if not once:
                    calling = asyncio.get_running_loop().create_task(demo.more_calls())
                call_id = await demo.recorded
            await demo.report(call_id)
            if calling is not None:
                say("继续运行,按 Ctrl-C 结束 / goes on; Ctrl-C ends it")
                await calling
        finally:
            for task in (following, calling):
                if task is not None:
                    task.cancel()
            await demo.stop()
    return 0


async def _until_interrupted(*, once: bool) -> int:
    loop = asyncio.get_running_loop()
    work = loop.create_task(run(once=once))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        say("结束 / stopped")
        return 130 if once else 0
    except (ServerFault, ApiProblem, RuntimeError, TimeoutError) as fault:
        say(f"演示失败 / the demo failed: {str(fault) or type(fault).__name__}")
        return 1


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="the softswitch with simulated phones and a simulated trunk")
    parser.add_argument("--once", action="store_true", help="end after the first recorded call")
    sys.exit(asyncio.run(_until_interrupted(once=parser.parse_args().once)))


if __name__ == "__main__":
    main()
