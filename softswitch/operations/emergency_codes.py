"""The emergency switch by a code that is dialled: from a listed phone, confirmed by an announcement once it is on the disk.

A phone that hears no confirmation has switched nothing for certain.  These calls are in no record of the hotline; the version of
the business says who dialled.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from api.faults import ApiFault
from api.schemas import InvalidRequest
from media.commands import Source, SourceKind
from softswitch.business.desk import BusinessDesk
from softswitch.calls.directory import Directory
from softswitch.calls.hangup import NORMAL_CLEARING, LegEnd
from softswitch.calls.hearing import Role
from softswitch.calls.leg import Leg
from softswitch.calls.leg_audience import LegAudience
from softswitch.calls.leg_desk import LegDesk, UnknownLeg
from softswitch.clock import Alarm, Clock
from softswitch.sip.events import InviteReceived
from softswitch.store.errors import StoreError

log = structlog.get_logger(__name__)

IS_ON: Final = "emergency_is_on"
IS_OFF: Final = "emergency_is_off"
LONGEST_S: Final = 15.0
"""A confirmation is over after so long, whatever plays."""
DISK_PATIENCE_S: Final = 5.0
TRIES: Final = 3
"""Somebody else may change the switch at the same moment."""

_KEY: Final = ("emergency", "switch")


@dataclass(slots=True)
class _Asked:
    """A phone that dialled a code."""

    leg: Leg
    is_on: bool
    by: str
    reason: str
    deadline: Alarm | None = None


class EmergencyCodes:
    """Phones that switch.  Implements `LegOwner`."""

    def __init__(
        self,
        desk: BusinessDesk,
        *,
        directory: Directory,
        legs: LegDesk,
        audience: LegAudience,
        clock: Clock,
        token: Callable[[int], str],
    ) -> None:
        self._desk = desk
        self._directory = directory
        self._legs = legs
        self._audience = audience
        self._clock = clock
        self._token = token
        self._asked: dict[str, _Asked] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def dialled(self, invite: InviteReceived) -> bool:
        """Whether what a desk phone dialled is such a code; then it is dealt with here."""
        switch = next(iter(self._desk.business.emergencies), None)
        code = invite.request_user
        if switch is None or not switch.phones or code not in (switch.code_on, switch.code_off):
            return False
        seat, agent = self._directory.seat_of_account(invite.peer.name)
        if seat not in switch.phones:
            log.warning("emergency_code.not_listed", extension=seat, agent=agent)
            self._legs.refuse(invite.leg_id, 403, "Not a listed phone")
            return True
        self._audience.claim(invite.leg_id, self, self._arrived)
        try:
            leg = self._legs.open_inbound(invite, f"code-{self._token(4)}", Role.SUPERVISOR)
        except UnknownLeg:  # the phone gave up while control was not ready to hear of it
            self._audience.disclaim(invite.leg_id)
            return True
        self._asked[leg.leg_id] = _Asked(
            leg=leg, is_on=code == switch.code_on, by=agent or f"phone {seat}", reason=f"{code} @ {seat}"
        )
        return True

    async def close(self) -> None:
        """Wait for what is being switched."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _arrived(self, leg: Leg) -> None:
        asked = self._asked.get(leg.leg_id)
        if asked is None:
            self._legs.hang_up(leg, status=480)
            return
        task = asyncio.get_running_loop().create_task(self._switch(asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _switch(self, asked: _Asked) -> None:
        """Answer once it is on the disk and taken."""
        try:
            async with asyncio.timeout(DISK_PATIENCE_S):
                await self._put(asked)
        except (ApiFault, InvalidRequest, StoreError, TimeoutError) as fault:
            log.exception("emergency_code.refused", by=asked.by, is_on=asked.is_on, fault=str(fault))
            self._legs.hang_up(asked.leg, status=503)
            return
        log.warning("emergency_code.switched", by=asked.by, is_on=asked.is_on)
        if asked.leg.leg_id in self._asked:
            self._legs.answer(asked.leg)

    async def _put(self, asked: _Asked) -> None:
        for attempt in range(1, TRIES + 1):
            switch = await self._desk.get(*_KEY)
            data = {**switch.data, "is_on": asked.is_on}
            try:
                await self._desk.put(*_KEY, data, expected=switch.version, by=asked.by, reason=asked.reason)
            except ApiFault:
                if attempt == TRIES:
                    raise
            else:
                return

    # ---- LegOwner ----------------------------------------------------------------------------------

    def leg_answered(self, leg: Leg) -> None:
        """Say what holds now."""
        asked = self._asked.get(leg.leg_id)
        if asked is None:
            self._legs.hang_up(leg, cause=NORMAL_CLEARING)
            return
        asked.deadline = self._clock.after(LONGEST_S, lambda: self.all_said(leg.leg_id))
        self._legs.set_hearing({leg.leg_id: (Source(kind=SourceKind.PROMPT),)})
        self._legs.play(leg, f"{leg.leg_id}:code", (IS_ON if asked.is_on else IS_OFF,))

    def all_said(self, leg_id: str) -> None:
        """The confirmation was said."""
        asked = self._asked.get(leg_id)
        if asked is not None:
            self._legs.hang_up(asked.leg, cause=NORMAL_CLEARING)

    def key_pressed(self, leg_id: str, digit: str) -> None:
        """Keys mean nothing here."""

    def leg_over(self, leg: Leg, end: LegEnd) -> None:
        """The phone was hung up, by whomever; what it switched stays."""
        asked = self._asked.pop(leg.leg_id, None)
        if asked is not None and asked.deadline is not None:
            asked.deadline.cancel()
