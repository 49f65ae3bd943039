"""The test call: the system calls itself by the line of test calls, waits in a queue, is recorded, and is measured.

It goes through everything that a caller's call goes through: a cell and the edge out, the edge and another cell in, the
media plane with two legs, the queue of the distributor, the recording and its record.  It ends by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import soundfile
import structlog

from acd.events import QueueRemoved
from acd.names import QueueName
from api.event_stream import EventStream
from api.views import StreamEvent
from media.commands import Source, SourceKind
from softswitch.calls.hangup import NORMAL_CLEARING, LegEnd
from softswitch.calls.hearing import Role
from softswitch.calls.leg import Leg, TrunkWay
from softswitch.calls.leg_audience import LegAudience
from softswitch.calls.leg_desk import LegDesk, NotReachable
from softswitch.calls.numbers import called_number
from softswitch.calls.queue_definition import definition_of
from softswitch.calls.routes import Route, Routes
from softswitch.calls.switchboard import Switchboard
from softswitch.calls.trunks import AllChannelsBusy, Trunks
from softswitch.clock import Clock
from softswitch.operations.self_check_report import Step
from softswitch.operations.test_line import TEST_QUEUE
from softswitch.operations.tone import tone_in
from softswitch.sip.events import InviteReceived
from softswitch.store.half_hours import TEST_LINE

log = structlog.get_logger(__name__)

TONE_PROMPT: Final = "self_check_tone"
STEP_MOST_S: Final = 10.0
"""A step that takes longer has failed."""
BUFFER_EVENTS: Final = 10_000

_PROMPT: Final = (Source(kind=SourceKind.PROMPT),)


class TestCallFailed(Exception):
    """A step failed; the ones before it were well."""

    def __init__(self, step: str, detail: str) -> None:
        """Keep which, and why."""
        super().__init__(f"{step}: {detail}")
        self.step = step
        self.detail = detail


class TestCall:
    """Makes one test call at a time.  Implements `LegOwner`."""

    def __init__(
        self,
        *,
        legs: LegDesk,
        audience: LegAudience,
        trunks: Trunks,
        routes: Routes,
        board: Switchboard,
        stream: EventStream,
        clock: Clock,
        area_code: str,
        token: Callable[[int], str],
    ) -> None:
        """`token` gives so many random bytes as hexadecimal text."""
        self._legs = legs
        self._audience = audience
        self._trunks = trunks
        self._routes = routes
        self._board = board
        self._stream = stream
        self._clock = clock
        self._area_code = area_code
        self._token = token
        self._expected = ""
        self._leg: Leg | None = None
        self._answered = asyncio.Event()
        self._said = asyncio.Event()
        self._over = asyncio.Event()

    # ---- the way in --------------------------------------------------------------------------------

    def takes(self, invite: InviteReceived) -> bool:
        """Whether an INVITE by the test line is the one that is expected; any other is somebody's who is not us."""
        if not self._expected or invite.request_user != self._expected:
            return False
        self._expected = ""
        return True

    # ---- LegOwner ----------------------------------------------------------------------------------

    def leg_answered(self, leg: Leg) -> None:
        """The call came in and was answered."""
        self._answered.set()

    def leg_over(self, leg: Leg, end: LegEnd) -> None:
        """It is over."""
        self._trunks.free(TEST_LINE, leg.leg_id)
        self._leg = None
        self._over.set()

    def key_pressed(self, leg_id: str, digit: str) -> None:
        """Nobody presses keys here."""

    def all_said(self, leg_id: str) -> None:
        """The tone was played."""
        self._said.set()

    # ---- the call ----------------------------------------------------------------------------------

    async def make(self) -> tuple[Step, ...]:
        """Make the call; every step until the first that failed."""
        steps: list[Step] = []
        began = self._clock.now()

        def done(name: str, detail: str = "") -> None:
            nonlocal began
            now = self._clock.now()
            steps.append(Step(name=name, is_well=True, took_ms=round((now - began) * 1000), detail=detail))
            began = now

        try:
            async with self._way() as number:
                await self._walk(number, done)
        except TestCallFailed as fault:
            took_ms = round((self._clock.now() - began) * 1000)
            steps.append(Step(name=fault.step, is_well=False, took_ms=took_ms, detail=fault.detail))
        return tuple(steps)

    @asynccontextmanager
    async def _way(self) -> AsyncIterator[str]:
        """A number that nobody can guess leads to the queue of test calls; afterwards nowhere."""
        number = f"9{int(self._token(8), 16):020d}"
        rules = self._trunks.numbers_of(TEST_LINE)
        called = called_number(number, rules, self._area_code)
        self._board.take_queues((TEST_QUEUE,))
        self._board.table.dispatcher.tell_late(definition_of(TEST_QUEUE))
        self._routes.lead(called, TEST_LINE, Route(queue=TEST_QUEUE.name, greeting=""))
        self._expected = number
        for event in (self._answered, self._said, self._over):
            event.clear()
        try:
            yield number
        finally:
            self._expected = ""
            self._routes.lead_nowhere(called, TEST_LINE)
            if self._leg is not None:
                self._legs.hang_up(self._leg, status=487, cause=NORMAL_CLEARING)
            self._board.table.dispatcher.tell_late(QueueRemoved(queue=QueueName(TEST_QUEUE.name)))

    async def _walk(self, number: str, done: Callable[..., None]) -> None:
        subscription = self._stream.subscribe(BUFFER_EVENTS)
        try:
            leg = self._dial(number)
            arrived = await self._event("trunk", subscription, "call.arrived", trunk=TEST_LINE)
            call_id = str(arrived["call_id"])
            done("trunk", f"call {call_id}")
            await self._event("queue", subscription, "call.queued", call_id=call_id)
            done("queue")
            await _in_time("answer", self._answered)
            done("answer")
            call = self._board.table.find(call_id)
            path = Path() if call is None else Path(call.recording_path)
            self._legs.set_hearing({leg.leg_id: _PROMPT})
            self._legs.play(leg, f"{leg.leg_id}:tone", (TONE_PROMPT,))
            await _in_time("sound", self._said)
            done("sound")
            self._legs.hang_up(leg, cause=NORMAL_CLEARING)
            ended = await self._event("end", subscription, "call.ended", call_id=call_id)
            await _in_time("end", self._over)
            done("end", str(ended["end_reason"]))
            closed = await self._event("recording", subscription, "recording.closed", call_id=call_id)
            if closed["state"] != "done":
                raise TestCallFailed("recording", str(closed["state"]))
            done("recording", f"{closed['duration_s']} s")
            done("tone", await _measured(path))
        finally:
            subscription.close()

    def _dial(self, number: str) -> Leg:
        leg_id = f"{TEST_LINE}-{self._token(4)}"
        self._audience.claim(leg_id, self)
        try:
            self._trunks.seize(TEST_LINE, leg_id)
            way = TrunkWay(trunk=TEST_LINE, number=number, from_user=TEST_LINE)
            self._leg = self._legs.open_to_trunk(leg_id, leg_id, Role.CUSTOMER, way)
        except (AllChannelsBusy, NotReachable) as fault:
            self._trunks.free(TEST_LINE, leg_id)
            self._audience.disclaim(leg_id)
            raise TestCallFailed("trunk", str(fault)) from fault
        return self._leg

    async def _event(
        self, step: str, subscription: AsyncIterator[StreamEvent], kind: str, **fields: str
    ) -> dict[str, Any]:
        """The data of the next event of this kind."""
        try:
            async with asyncio.timeout(STEP_MOST_S):
                async for event in subscription:
                    if event.kind == kind and fields.items() <= event.data.items():
                        return event.data
        except TimeoutError as late:
            raise TestCallFailed(step, f"no {kind} within {STEP_MOST_S:.0f} s") from late
        raise TestCallFailed(step, "too many events")


async def _in_time(step: str, event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(STEP_MOST_S):
            await event.wait()
    except TimeoutError as late:
        raise TestCallFailed(step, f"nothing within {STEP_MOST_S:.0f} s") from late


async def _measured(path: Path) -> str:
    """What the recording has of the tone."""
    try:
        tone = await asyncio.to_thread(tone_in, path)
    except (OSError, soundfile.LibsndfileError) as fault:
        raise TestCallFailed("tone", str(fault)) from fault
    if not tone.is_well:
        raise TestCallFailed("tone", str(tone))
    return str(tone)
