"""Callers and agents of a whole hotline for benches: who talks how long is drawn from one seeded source of chance."""

import asyncio
import random
import re
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Self

from bench.desk_phones import DeskPhone, Manner, start_phones
from bench.peers.call import Call
from bench.peers.rtp_stream import Pacer
from bench.scratch_config import HOTLINE, password_of
from bench.trunk_caller import TrunkCaller

ANSWER_WITHIN_S = 2.0
LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How one caller's wait ended, in seconds; `answered` False when the patience ran out."""

    seconds: float
    answered: bool


@dataclass(slots=True, eq=False)
class Crowd:
    """Phones and callers, and what they saw.  Times are `loop.time()` seconds, dispatches milliseconds.

    `late` counts callers without a final answer in two seconds, `refused` answers other than 200, `dropped` callers who
    were hung up while they waited, `cut_off` talks that neither side ended, `deaf` talks in which one side heard nothing.
    """

    phones: list[DeskPhone]
    trunk: TrunkCaller
    chance: random.Random
    talk_s: float
    placed: int = 0
    late: int = 0
    refused: int = 0
    dropped: int = 0
    cut_off: int = 0
    deaf: int = 0
    talks: int = 0
    dispatch_ms: list[float] = field(default_factory=list)
    talk_lengths_s: list[float] = field(default_factory=list)
    _callers: dict[str, Call] = field(default_factory=dict)  # who are up, by number
    _served_at: dict[str, float] = field(default_factory=dict)  # by number
    _freed_at: dict[str, float] = field(default_factory=dict)  # by phone
    _gave_up: set[str] = field(default_factory=set)  # numbers
    _work: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    async def start(
        cls, seats: int, network: str, pacer: Pacer | None, *, talk_s: float, seed: int, keep_s: float = 0.0
    ) -> Self:
        """Bind trunk and phones at 127.64.n.2 and .3, and register the phones."""
        server = (f"{network}.1", 5060)
        trunk = await TrunkCaller.start(address=f"{network}.2", server=server, pacer=pacer, keep_s=keep_s)
        phones = await start_phones(
            [(f"80{seat:02d}", password_of(seat)) for seat in range(1, seats + 1)],
            address=f"{network}.3",
            registrar=server,
            pacer=pacer,
            manner=Manner(answer_s=0.0),
        )
        crowd = cls(phones, trunk, random.Random(seed), talk_s)
        for phone in phones:
            phone.on_event = crowd._hear
        return crowd

    @property
    def waiting(self) -> int:
        """Callers who are up and whom no agent has answered."""
        return len(self._callers) - len(self._served_at)

    @property
    def failed(self) -> int:
        """Calls that did not go as their two ends wanted; what was heard is another matter (`deaf`)."""
        return self.late + self.refused + self.dropped + self.cut_off

    async def place(self) -> str | None:
        """One caller more; the number, None when the call was not answered with 200 in time."""
        number = f"138{self.placed:08d}"
        self.placed += 1
        call = await self.trunk.call(HOTLINE, number)
        self._callers[number] = call
        call.ended.add_done_callback(lambda _: self._gone(number, call))
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                status = await asyncio.shield(call.answered)
        except TimeoutError:
            self.late += 1
            return None
        if status != 200:
            self.refused += 1
            return None
        return number

    async def keep_waiting(self, count: int, until: float, per_s: float) -> None:
        """Replace whoever is served, at most so many callers a second, until `until`."""
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            if self.waiting < count:
                self._run(self._place())
            await asyncio.sleep(1 / per_s)

    async def come_by_chance(self, until: float, per_s: float, patience_s: float, waits: list[Wait]) -> None:
        """Callers in a Poisson stream, each with an exponential patience of its own."""
        loop = asyncio.get_running_loop()
        next_at = loop.time()
        while (next_at := next_at + self.chance.expovariate(per_s)) < until:
            await asyncio.sleep(max(0.0, next_at - loop.time()))
            self._run(self._wait(self.chance.expovariate(1 / patience_s), waits))

    async def close(self) -> None:
        """End everything; nothing of ours is left."""
        for task in tuple(self._work):
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self.trunk.close()
        for phone in self.phones:
            await phone.agent.close()

    async def _place(self) -> None:
        await self.place()

    async def _wait(self, patience_s: float, waits: list[Wait]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        number = await self.place()
        if number is None:
            return
        call = self._callers.get(number)
        while loop.time() < began + patience_s:
            if number in self._served_at:
                waits.append(Wait(seconds=self._served_at[number] - began, answered=True))
                return
            if call is None or call.ended.done():
                return
            await asyncio.sleep(LOOK_EVERY_S)
        if call is not None and number not in self._served_at and not call.ended.done():
            waits.append(Wait(seconds=patience_s, answered=False))
            self._gave_up.add(number)
            await self.trunk.hang_up(call)

    def _hear(self, kind: str, phone: DeskPhone, call: Call) -> None:
        """What a phone does: an agent talks for a time given by chance, and is free then."""
        if kind == "ringing":
            freed_at = self._freed_at.pop(phone.username, None)
            if freed_at is not None and self.waiting > 1:
                self.dispatch_ms.append(1000 * (call.invited_at - freed_at))
        elif kind == "answered":
            self._run(self._talk(phone, call, self.chance.expovariate(1 / self.talk_s)))

    async def _talk(self, phone: DeskPhone, call: Call, length_s: float) -> None:
        loop = asyncio.get_running_loop()
        found = re.search(r"sip:(\d+)@", call.remote)
        number = found[1] if found else ""
        self._served_at[number] = loop.time()
        caller = self._callers.get(number)
        await asyncio.wait([call.ended], timeout=length_s)
        is_ours = not call.ended.done()
        self._freed_at[phone.username] = loop.time()
        if is_ours:
            await phone.agent.hang_up(call)
        elif number not in self._gave_up:  # who gives up as a phone answers ends that talk
            self.cut_off += 1
        self.talks += 1
        self.talk_lengths_s.append(length_s)
        # A talk of some packets is one that could be heard at all.
        heard = caller is not None and min(caller.stream.received, call.stream.received) > 0
        if length_s > 0.2 and not heard:
            self.deaf += 1

    def _gone(self, number: str, call: Call) -> None:
        if self._callers.get(number) is call:
            del self._callers[number]
        was_answered = (
            call.answered.done() and not call.answered.cancelled() and call.answered.result() == 200
        )
        if was_answered and number not in self._served_at and number not in self._gave_up:
            self.dropped += 1
        self._served_at.pop(number, None)

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
