"""A caller and agents with real phones, each with a tone of its own, and the question who hears whom."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from bench.running_server import Json
from tests import spectrum
from tests.phones.handset import Handset, handset
from tests.stand import Stand, Terms, stand

TONES_HZ = {"caller": 440, "one": 1000, "two": 1400, "three": 1900, "outside": 2400}
MUSIC, RINGBACK, SILENCE = "music", "ringback", "silence"
RINGBACK_HZ, RINGBACK_ROUND_S = 450, 5.0
HEARD_DBFS = -35.0
SETTLED_S = 0.9
TERMS = Terms(
    seats=3,
    greeting="",
    announce_agent=False,
    wrap_up_s=30.0,
    position_every_s=600.0,
    spare_legs=16,  # four cells from the start: no two legs of one call share a cell
)


@dataclass(slots=True, eq=False)
class Conversation:
    """Phones by name: `caller`, the agents `one`, `two`, `three` at seats 1 to 3, and `outside`."""

    here: Stand
    phones: dict[str, Handset] = field(default_factory=dict)
    call_id: str = ""

    async def operate(self, agent: int, operation: str, body: Json | None = None) -> Json:
        """An operation of an agent's bar."""
        return await self.here.api.post(f"/v1/agents/{self.here.agent(agent)}/{operation}", body)

    async def command(self, operation: str, body: Json) -> Json:
        """An operation on the call."""
        return await self.here.api.post(f"/v1/calls/{self.call_id}/{operation}", body)

    async def begin(self, agent: int = 1) -> None:
        """The caller calls and talks with the agent, who alone is signed in."""
        await self.here.login(agent)
        since = len(self.here.events)
        await self.phones["caller"].call(self.here.hotline)
        connected = await self.here.wait_event("CallConnected", since=since, agent=self.here.agent(agent))
        self.call_id = str(connected["call_id"])

    async def heard(self, window_s: float = 1.0) -> dict[str, set[str]]:
        """What every phone that talks hears now, in one word a source."""
        await asyncio.sleep(SETTLED_S + window_s)
        sounds = {name: (await phone.recording()) for name, phone in self.phones.items()}
        size = round(8000 * window_s)
        return {name: _sources(sound[-size:], name) for name, sound in sounds.items() if len(sound)}

    async def wait_heard(self, within_s: float = 15.0, **wanted: set[str]) -> None:
        """Until the named phones hear just these: names of others, `music`, `ringback` or nothing."""
        until = time.monotonic() + within_s
        heard: dict[str, set[str]] = {}
        window_s = RINGBACK_ROUND_S if {RINGBACK} in wanted.values() else 1.0
        while time.monotonic() < until:
            heard = await self.heard(window_s)
            if all(heard.get(name) == sources for name, sources in wanted.items()):
                return
        raise AssertionError(f"wanted {wanted}, heard {heard}")

    async def parties(self) -> list[Json]:
        """The parties of the call as the interface shows them."""
        return list((await self.here.api.call(self.call_id))["call"]["parties"])


def _sources(sound: spectrum.Samples, own: str) -> set[str]:
    tones = {
        name
        for name, hz in TONES_HZ.items()
        if name != own and spectrum.tone_level_dbfs(sound, hz) > HEARD_DBFS
    }
    if tones:
        return tones
    if spectrum.level_dbfs(sound) < -50:
        return set()
    pauses = np.mean(np.abs(sound) < 0.001)
    rings = spectrum.find_tone_spans(sound, RINGBACK_HZ)
    return {RINGBACK if pauses > 0.5 and rings else MUSIC}


@asynccontextmanager
async def conversation(
    folder: Path, terms: Terms = TERMS, *, agents: int = 2, outside: bool = False
) -> AsyncIterator[Conversation]:
    """A running softswitch with a caller's phone and a registered phone for each agent."""
    async with AsyncExitStack() as whole:
        here = await whole.enter_async_context(stand(folder, terms))
        talk = Conversation(here)
        talk.phones["caller"] = await whole.enter_async_context(
            handset(here.trunk_address, tone_hz=TONES_HZ["caller"], account="13800000001")
        )
        for seat, name in zip(range(1, agents + 1), ("one", "two", "three"), strict=False):
            account, password = here.account(seat)
            phone = await whole.enter_async_context(
                handset(
                    here.phone_address,
                    account=account,
                    password=password,
                    registrar=here.registrar,
                    tone_hz=TONES_HZ[name],
                    rtp_port=31000 + 400 * seat,
                )
            )
            assert await phone.register() == 200
            await phone.auto_answer(0.1)
            talk.phones[name] = phone
        if outside:
            talk.phones["outside"] = await whole.enter_async_context(
                handset(
                    here.trunk_address,
                    port=5060,
                    tone_hz=TONES_HZ["outside"],
                    account="13900000002",
                    rtp_port=33000,
                )
            )
            await talk.phones["outside"].auto_answer(0.1)
        yield talk


def outbound_terms(terms: Terms = TERMS) -> Terms:
    """A hotline whose seats may call mobiles by the trunk, which stands at port 5060 of its address."""
    return replace(
        terms,
        trunk_extra='options_ping = false\nhost = "{network}.2"',
        extra='[[outbound]]\nname = "mobile"\npattern = "1[3-9]\\\\d{9}"\ntrunk = "city"\n',
        seat_extra='outbound = ["mobile"]',
    )
