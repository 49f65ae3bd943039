"""A simulated SIP trunk that calls the hotline with sound.

python -m bench.trunk_caller --server 127.0.0.1:5060 --address 127.0.0.2 --number 12345 --calls 5 --every-s 2
"""

import argparse
import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from bench.desk_phones import endpoint
from bench.peers.call import Call, Detour
from bench.peers.rtp_stream import Pacer, alaw_tone
from bench.peers.user_agent import UserAgent


@dataclass(slots=True, eq=False)
class TrunkCaller:
    """One trunk socket that carries many calls.  RTP answers go to one socket a call."""

    agent: UserAgent
    server: tuple[str, int]

    @classmethod
    async def start(
        cls,
        *,
        address: str,
        server: tuple[str, int],
        pacer: Pacer | None,
        port: int = 0,
        tone_hz: float = 440.0,
        keep_s: float = 0.0,
    ) -> Self:
        """Bind the trunk's SIP socket."""
        agent = await UserAgent.open(pacer, alaw_tone(tone_hz), address, port, keep_s=keep_s)
        return cls(agent, server)

    async def call(self, number: str, caller: str, *, detour: Detour | None = None) -> Call:
        """Call a number; the INVITE is on its way when this returns.  `detour` is a line for the sound."""
        host, port = self.server
        return await self.agent.call(f"sip:{number}@{host}:{port}", caller, peer=self.server, detour=detour)

    async def hang_up(self, call: Call) -> None:
        """The caller hangs up."""
        await self.agent.hang_up(call)

    async def close(self) -> None:
        """Hang up what is left and free the sockets."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                for call in list(self.agent.calls.values()):
                    await self.agent.hang_up(call)
        await self.agent.close()


async def _main(arguments: argparse.Namespace) -> None:
    trunk = await TrunkCaller.start(address=arguments.address, server=arguments.server, pacer=Pacer())
    calls = []
    try:
        for number in range(arguments.calls):
            calls.append(await trunk.call(arguments.number, f"138{number:08d}"))
            await asyncio.sleep(arguments.every_s)
        for call in calls:
            if arguments.hang_up_s is not None:
                await asyncio.wait([call.ended], timeout=arguments.hang_up_s)
                await trunk.hang_up(call)
            how = await call.ended
            print(
                f"{call.call_id} {how}, packets in {call.stream.received} lost {call.stream.lost}", flush=True
            )
    finally:
        await trunk.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="a simulated SIP trunk that calls the hotline")
    parser.add_argument("--server", type=endpoint, default=("127.0.0.1", 5060))
    parser.add_argument("--address", default="127.0.0.2")
    parser.add_argument("--number", default="12345")
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--every-s", type=float, default=1.0)
    parser.add_argument("--hang-up-s", type=float, default=None)
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args()))
