"""The test's end of a pjsua2 phone process: orders in, events out, and what the phone heard as arrays."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from bench.leash import LEASH
from tests import spectrum

Event = dict[str, Any]
PATIENCE_S = 10.0


class HandsetFault(Exception):
    """The phone could not do what it was told, or died."""


class Handset:
    """One phone.  Use `async with handset(...)`; every wait is bounded and says what did happen instead."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.folder = folder
        self.pid = process.pid
        self.events: list[Event] = []
        self.address = ""
        self._process = process
        self._changed = asyncio.Condition()
        self._next_id = 0
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            event = json.loads(line)
            async with self._changed:
                self.events.append(event)
                self._changed.notify_all()
        async with self._changed:
            self.events.append({"event": "died"})
            self._changed.notify_all()

    async def wait_for(
        self, name: str, *, since: int = 0, within_s: float = PATIENCE_S, **fields: Any
    ) -> Event:
        """The first event of this name (and these field values) at or after index `since`."""

        def found() -> Event | None:
            for event in self.events[since:]:
                if event["event"] == "died" and name != "died":
                    raise HandsetFault(f"the phone died; log: {self.log_tail()}")
                if event["event"] == name and all(event.get(key) == value for key, value in fields.items()):
                    return event
            return None

        try:
            async with asyncio.timeout(within_s), self._changed:
                while (event := found()) is None:
                    await self._changed.wait()
                return event
        except TimeoutError as late:
            seen = [event["event"] for event in self.events[since:] if event["event"] != "reply"]
            raise HandsetFault(f"no {name} {fields or ''} within {within_s} s, but {seen}") from late

    async def order(self, do: str, **fields: Any) -> Event:
        """Send one order and give its reply."""
        self._next_id += 1
        number = self._next_id
        assert self._process.stdin is not None
        self._process.stdin.write((json.dumps({"do": do, "id": number, **fields}) + "\n").encode())
        await self._process.stdin.drain()
        reply = await self.wait_for("reply", id=number)
        if "fault" in reply:
            raise HandsetFault(f"{do}: {reply['fault']}")
        return reply

    async def register(self) -> int:
        """Register; gives the final status."""
        return await self._registration("register")

    async def unregister(self) -> int:
        """End the registration; gives the final status."""
        return await self._registration("unregister")

    async def _registration(self, do: str) -> int:
        since = len(self.events)
        await self.order(do)
        return int((await self.wait_for("registered", since=since))["status"])

    async def auto_answer(self, after_s: float = 0.0) -> None:
        """Ring, then answer each call after so long."""
        await self.order("manner", mode="answer", after_s=after_s)

    async def ring_only(self) -> None:
        """Ring and never answer."""
        await self.order("manner", mode="ring")

    async def ring_until_asked(self) -> None:
        """Ring, and answer when the server asks for it (NOTIFY with Event: talk)."""
        await self.order("manner", mode="ring", talk=True)

    async def ring_until_told(self) -> None:
        """Ring, and answer by itself what comes with the word to (Call-Info with answer-after=0)."""
        await self.order("manner", mode="ring", by_headers=True)

    async def speak_before_answering(self) -> None:
        """Answer 183 with sound, and no more: as a network that announces something."""
        await self.order("manner", mode="ring", first=183)

    async def ignore(self) -> None:
        """Say nothing after 100."""
        await self.order("manner", mode="silent")

    async def decline(self, status: int = 486, contact: str = "") -> None:
        """Refuse each call, with a place where it should go instead if `contact` names one."""
        await self.order("manner", mode="decline", status=status, contact=contact)

    async def answer(self) -> None:
        """Answer the ringing call now."""
        await self.order("answer")

    async def call(self, uri: str, headers: dict[str, str] | None = None) -> str:
        """Call; gives the Call-ID.  Follow with `wait_for("confirmed")`."""
        return str((await self.order("call", uri=uri, headers=headers or {}))["call"])

    async def hang_up(self, status: int = 0) -> None:
        """End the call: CANCEL, BYE or a refusal."""
        await self.order("hang_up", status=status)

    async def hold(self) -> None:
        """Hold by re-INVITE (sendonly)."""
        await self.order("hold")

    async def unhold(self) -> None:
        """Take back."""
        await self.order("unhold")

    async def refer(self, uri: str) -> None:
        """Blind transfer: REFER to `uri`; `transfer` events tell what came of it."""
        await self.order("refer", uri=uri)

    async def refer_first_to_last(self) -> None:
        """Attended transfer: REFER in the first call with Replaces of the last one."""
        await self.order("refer_first_to_last")

    async def send_dtmf(self, digits: str, *, by: str = "rfc4733") -> None:
        """Press keys, as RFC 4733 events or `by` SIP `info`."""
        await self.order("digits", digits=digits, by=by)

    async def play_tone(
        self, hz: float, level: int = 8000, *, second_hz: float = 0.0, on_ms: int = 10000, off_ms: int = 0
    ) -> None:
        """Say another tone (0 Hz = silence), or two at once, with this peak, of 32767, in this rhythm."""
        await self.order("tone", hz=hz, second_hz=second_hz, volume=level, on_ms=on_ms, off_ms=off_ms)

    async def recording(self) -> spectrum.Samples:
        """What the phone heard in its last call up to now, 8 kHz; files of an ended call are whole."""
        parts: list[str] | None = None
        with suppress(HandsetFault):
            parts = list((await self.order("cut"))["parts"])
        if parts is None:
            ended = [event for event in self.events if event["event"] == "disconnected"]
            parts = list(ended[-1]["parts"]) if ended else []
        heard = [await self._finished(Path(part)) for part in parts]
        return np.concatenate(heard) if heard else np.zeros(0)

    @staticmethod
    async def _finished(part: Path) -> spectrum.Samples:
        """A file whose header is written: pjmedia closes it in a later tick of its own clock."""
        for _ in range(50):
            header = part.read_bytes()[:44]
            if len(header) == 44 and int.from_bytes(header[40:44], "little") > 0:
                break
            await asyncio.sleep(0.02)
        return spectrum.read_channels(part)[0][0]

    def seen(self, name: str) -> list[Event]:
        """Every event of a name so far."""
        return [event for event in self.events if event["event"] == name]

    def log_tail(self) -> str:
        """The end of pjsip's own log."""
        log = self.folder / "phone.log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""

    def kill(self) -> None:
        """The phone loses power."""
        self._process.kill()

    async def close(self) -> None:
        """Hang up and end the process."""
        assert self._process.stdin is not None
        if self._process.returncode is None:
            self._process.stdin.close()
            try:
                async with asyncio.timeout(5):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        await self._process.wait()
        await self._reading


@asynccontextmanager
async def handset(
    address: str = "127.0.0.3",
    *,
    account: str = "caller",
    password: str = "",
    registrar: str = "",
    port: int = 0,
    rtp_port: int = 30000,
    algorithm: str = "SHA-256",
    transport: str = "udp",
    srtp: bool = False,
    codec: str = "PCMA",
    events: bool = True,
    tone_hz: float = 700.0,
    expires_s: int = 300,
    folder: Path | None = None,
    under: tuple[str, ...] = (),
) -> AsyncIterator[Handset]:
    """A running phone; `registrar` is `address:port`, empty for a phone that only calls (a trunk's caller).

    `events`: whether it knows telephone events (RFC 4733).
    """
    with tempfile.TemporaryDirectory(prefix="phone-") as scratch:
        place = folder or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        options: dict[str, object] = {
            "folder": place,
            "address": address,
            "port": port,
            "rtp-port": rtp_port,
            "account": account,
            "password": password,
            "registrar": registrar,
            "algorithm": algorithm,
            "transport": transport,
            "srtp": int(srtp),
            "codec": codec,
            "events": int(events),
            "tone-hz": tone_hz,
            "expires-s": expires_s,
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        with (place / "stderr.log").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *LEASH,
                *under,
                sys.executable,
                "-m",
                "tests.phones.phone",
                *words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                limit=1 << 20,
                cwd=Path(__file__).resolve().parents[2],
            )
        phone = Handset(process, place)
        try:
            phone.address = (await phone.wait_for("started"))["address"]
            yield phone
        finally:
            await phone.close()
