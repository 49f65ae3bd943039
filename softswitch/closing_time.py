"""How the hotline closes: after its last call, or at once with a BYE to everybody.  Nobody is let in any more."""

import asyncio
from dataclasses import dataclass, field

import structlog

from softswitch.calls.leg_desk import LegDesk
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.calls.switchboard import Switchboard
from softswitch.campaigns.dialling import Dialling
from softswitch.clock import Clock
from softswitch.news import News
from softswitch.operations.upkeep import Upkeep
from softswitch.sip.edge import Edge

log = structlog.get_logger(__name__)

LOOK_AGAIN_S = 0.02
DRAIN_LOOK_S = 0.2
CLOSING_MOST_S = 3.0


@dataclass(slots=True, kw_only=True)
class ClosingTime:
    """The two ways to close."""

    news: News
    board: Switchboard
    legs: LegDesk
    recordings: RecordingDesk
    edge: Edge
    dialling: Dialling
    upkeep: Upkeep
    clock: Clock
    is_draining: bool = field(default=False, init=False)
    """Whether the last call is waited for."""

    async def drain(self) -> None:
        """Let nobody in any more, and return after the last call."""
        self.is_draining = True
        self.news.lets_in = self.board.outgoing.is_open = False
        self.dialling.close()
        log.info("control.draining", calls=len(self.board.calls()))
        # A callback that waits has nobody in it, and is written down: the next control has it.
        while (
            any(call.parties for call in self.board.calls())
            or any(not self.board.lines.is_idle(leg) for leg in self.legs.all())
            or self.recordings.open_ids
        ):
            await self.clock.wait(DRAIN_LOOK_S)
        self.board.lines.close()
        while self.legs.all():
            await self.clock.wait(DRAIN_LOOK_S)

    async def close_calls(self) -> None:
        """The whole system stops: say BYE to everybody, finish the recordings, and let nobody in any more."""
        self.news.lets_in = False
        self.dialling.close()
        self.upkeep.stop_calling()
        self.board.close()
        try:
            async with asyncio.timeout(CLOSING_MOST_S):
                # Three parts are watched, once in a life: no event of its own is worth its keep.
                while self.legs.all() or self.recordings.open_ids or self.edge.asks:
                    await self.clock.wait(LOOK_AGAIN_S)
        except TimeoutError:
            log.warning("control.calls_left", legs=len(self.legs.all()), unanswered=self.edge.asks)
