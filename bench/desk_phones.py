"""Simulated desk phones: they register with digest, ring, answer, talk, and hang up or wait.

    python -m bench.desk_phones --server 127.0.0.1:5060 --address 127.0.0.3 --account 8001:secret …

Each phone has its own SIP and RTP sockets.  What happens is told through `on_event`, and counted.
"""

import argparse
import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from bench.peers.call import Call
from bench.peers.rtp_stream import Pacer, alaw_tone
from bench.peers.user_agent import UserAgent


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a phone behaves.  Seconds; `talk_s` None waits for the far end's BYE, `answer_s` None rings for ever."""

    answer_s: float | None = 0.0
    talk_s: float | None = None
    refuse_with: int = 0
    tone_hz: float = 700.0
    keep_s: float = 0.0
    expires_s: int = 300
    algorithm: str = "SHA-256"


@dataclass(slots=True, eq=False)
class DeskPhone:
    """One registered phone.  `invited_at` holds `loop.time()` of each INVITE as it was read from the socket."""

    username: str
    password: str
    manner: Manner
    agent: UserAgent
    registrar: tuple[str, int]
    on_event: Callable[[str, "DeskPhone", Call], None]
    invited_at: list[float] = field(default_factory=list)
    ended_at: list[float] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    _work: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    async def start(
        cls,
        username: str,
        password: str,
        *,
        address: str,
        registrar: tuple[str, int],
        pacer: Pacer | None,
        manner: Manner | None = None,
        on_event: Callable[[str, "DeskPhone", Call], None] = lambda kind, phone, call: None,
    ) -> Self:
        """Bind the sockets; `register` comes after."""
        manner = manner or Manner()
        agent = await UserAgent.open(pacer, alaw_tone(manner.tone_hz), address, keep_s=manner.keep_s)
        phone = cls(username, password, manner, agent, registrar, on_event)
        agent.on_invite = phone._arrived
        return phone

    async def register(self, *, expires_s: int | None = None) -> int:
        """Register (0 = unregister) and give the final status; a registration is kept fresh from then on."""
        expires = self.manner.expires_s if expires_s is None else expires_s
        status = await self.agent.register(
            self.registrar, self.username, self.password, expires_s=expires, algorithm=self.manner.algorithm
        )
        if status == 200 and expires:
            asyncio.get_running_loop().call_later(expires * 0.8, self._refresh)
        return status

    def _refresh(self) -> None:
        self._run(self._register_again())

    async def _register_again(self) -> None:
        await self.register()

    def _arrived(self, call: Call) -> None:
        self.invited_at.append(call.invited_at)
        self.calls.append(call)
        if self.manner.refuse_with:
            self.agent.answer(call, self.manner.refuse_with)
            return
        self.on_event("ringing", self, call)
        self.agent.ring(call)
        self._run(self._serve(call))

    async def _serve(self, call: Call) -> None:
        """Ring, answer, talk: until either side ends it."""
        manner = self.manner
        if manner.answer_s is not None:
            if manner.answer_s:
                await asyncio.wait([call.ended], timeout=manner.answer_s)
            if not call.ended.done():
                self.agent.answer(call)
                self.on_event("answered", self, call)
                await asyncio.wait([call.ended], timeout=manner.talk_s)
                if not call.ended.done():
                    self.on_event("hanging_up", self, call)
                    self.ended_at.append(asyncio.get_running_loop().time())
                    await self.agent.hang_up(call)
        await asyncio.wait([call.ended])
        if len(self.ended_at) < len(self.calls):
            self.ended_at.append(call.ended_at or 0.0)
        self.on_event("ended", self, call)

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def close(self) -> None:
        """Unregister politely, then free the sockets."""
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self.agent.register(
                    self.registrar,
                    self.username,
                    self.password,
                    expires_s=0,
                    algorithm=self.manner.algorithm,
                )
        for task in list(self._work):
            task.cancel()
        await self.agent.close()


async def start_phones(
    accounts: Sequence[tuple[str, str]],
    *,
    address: str,
    registrar: tuple[str, int],
    pacer: Pacer | None,
    manner: Manner,
    on_event: Callable[[str, DeskPhone, Call], None] = lambda kind, phone, call: None,
) -> list[DeskPhone]:
    """Start and register a phone an account; RuntimeError names those that the registrar refused."""
    phones = [
        await DeskPhone.start(
            username,
            password,
            address=address,
            registrar=registrar,
            pacer=pacer,
            manner=manner,
            on_event=on_event,
        )
        for username, password in accounts
    ]
    statuses = [await phone.register() for phone in phones]
    refused = [f"{p.username}: {status}" for p, status in zip(phones, statuses, strict=True) if status != 200]
    if refused:
        for phone in phones:
            await phone.agent.close()
        raise RuntimeError("registration refused: " + ", ".join(refused))
    return phones


def endpoint(text: str) -> tuple[str, int]:
    """`address:port` of a command line."""
    host, _, port = text.partition(":")
    return host, int(port or 5060)


async def _main(arguments: argparse.Namespace) -> None:
    manner = Manner(answer_s=arguments.answer_s, talk_s=arguments.talk_s, refuse_with=arguments.refuse_with)
    phones = await start_phones(
        [tuple(account.split(":", 1)) for account in arguments.account],
        address=arguments.address,
        registrar=arguments.server,
        pacer=Pacer(),
        manner=manner,
        on_event=lambda kind, phone, call: print(f"{phone.username} {kind}", flush=True),
    )
    print(f"{len(phones)} phones registered", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        for phone in phones:
            await phone.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="simulated desk phones")
    parser.add_argument("--server", type=endpoint, default=("127.0.0.1", 5060))
    parser.add_argument("--address", default="127.0.0.3")
    parser.add_argument("--account", action="append", required=True, metavar="USER:PASSWORD")
    parser.add_argument("--answer-s", type=float, default=1.0)
    parser.add_argument("--talk-s", type=float, default=None)
    parser.add_argument("--refuse-with", type=int, default=0)
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args()))
