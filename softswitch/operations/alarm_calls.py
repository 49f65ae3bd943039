"""Alarms by phone: whoever is on duty is rung, hears what stands, and acknowledges it by key 1.

One phone at a time, and never on the last free channel of a trunk: that is a citizen's.  The calls are in no record of the
hotline; what came of each is in the journal.  Whom to ring when is `softswitch.operations.escalation`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from api.faults import ApiFault
from media.commands import Source, SourceKind
from softswitch.business.duty import OnDuty
from softswitch.calendars.opening import Opening
from softswitch.calls.directory import Directory
from softswitch.calls.hangup import NORMAL_CLEARING, LegEnd, failure_cause
from softswitch.calls.hearing import Role
from softswitch.calls.leg import Leg
from softswitch.calls.leg_audience import LegAudience
from softswitch.calls.leg_desk import LegDesk, NotReachable
from softswitch.calls.trunks import Trunks
from softswitch.clock import Alarm as Deadline
from softswitch.clock import Clock
from softswitch.operations.alarm_speech import THANKS, rings, sentence
from softswitch.operations.alarms import Alarm, AlarmBoard, NoSuchAlarm
from softswitch.operations.escalation import Escalation, Pace
from softswitch.settings.alarm_calls import AlarmCallSettings
from softswitch.store import entries
from softswitch.store.entries import Entry
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

TABLE: Final = "alarm_call"
KEY: Final = "1"
BETWEEN_S: Final = 1.0
"""From one round of the sentence to the next."""
LONGEST_S: Final = 120.0
"""A call about alarms is over after so long, whatever plays."""
CHANNELS_LEFT: Final = 1
"""Channels of a trunk that such a call leaves free."""
SHOWN: Final = "alarm"
"""What the phone of a seat shows as the caller."""

_PROMPT: Final = (Source(kind=SourceKind.PROMPT),)


class DutyRoster(Protocol):
    """Who is on duty, as the business has it (`softswitch.business.whole.Business`)."""

    @property
    def duty(self) -> tuple[OnDuty, ...]:
        """Everybody on the roster, in order."""
        ...

    openings: Mapping[str, Opening]


@dataclass(slots=True)
class _AlarmCall:
    """The call that is up."""

    person: OnDuty
    leg: Leg
    trunk: str
    alarms: tuple[Alarm, ...]
    said: int = 0
    answered: bool = False
    outcome: str = ""
    deadlines: list[Deadline] = field(default_factory=list)


class AlarmCalls:
    """Rings whoever is on duty.  Implements `LegOwner`."""

    def __init__(
        self,
        settings: AlarmCallSettings,
        *,
        alarms: AlarmBoard,
        roster: Callable[[], DutyRoster],
        account_of: Callable[[str], str | None],
        directory: Directory,
        legs: LegDesk,
        audience: LegAudience,
        trunks: Trunks,
        record: Callable[[Entry], None],
        keeper: StateKeeper,
        clock: Clock,
        prompts: Iterable[str],
        token: Callable[[int], str],
    ) -> None:
        """`account_of` finds the SIP account of an extension; `prompts` are those that can be played."""
        self._settings = settings
        self._alarms = alarms
        self._roster = roster
        self._account_of = account_of
        self._directory = directory
        self._legs = legs
        self._audience = audience
        self._trunks = trunks
        self._record = record
        self._keeper = keeper
        self._clock = clock
        self._prompts = frozenset(prompts)
        self._token = token
        self._call: _AlarmCall | None = None
        self._next: Deadline | None = None
        self._is_open = False
        pace = Pace(next_after_s=settings.next_after_s, again_after_s=settings.again_after_s)
        try:
            self._escalation = Escalation(pace, keeper.load(TABLE).get("round"))
        except (KeyError, TypeError, ValueError):
            log.exception("alarm_calls.unreadable")
            self._escalation = Escalation(pace)

    # ---- life --------------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin to ring; what stood before a restart is told on where it was."""
        self._is_open = True
        self._alarms.changed = self.look
        self.look()

    def close(self) -> None:
        """Ring nobody any more; who hears an alarm now is left, and rung again by the next control."""
        self._is_open = False
        self._alarms.changed = lambda: None
        if self._next is not None:
            self._next.cancel()
        if self._call is not None:
            self._legs.hang_up(self._call.leg, cause=NORMAL_CLEARING)

    def clock_set(self, by_s: float) -> None:
        """The wall clock was set: nobody is rung an hour later for it."""
        self._escalation.clock_set(by_s)
        self.look()

    def look(self) -> None:
        """Alarms, or the time, have changed: ring whom there is to ring, and let go of whom nothing is left to tell."""
        if not self._is_open:
            return
        now = self._clock.wall()
        on_duty = self._on_duty(now)
        open_alarms = self._alarms_for(on_duty)
        self._escalation.settle(max((alarm.raised_at for alarm in open_alarms), default=None), now)
        call = self._call
        if call is not None and not call.answered and not self._alarms_for((call.person,)):
            self._finish(call, "cleared")
        if call is None:
            named = {person.id: person for person in on_duty}
            chosen = self._escalation.next_of(tuple(named), now)
            if chosen is not None:
                self._ring(named[chosen], on_duty)
        self._keep()
        self._wake()

    def _keep(self) -> None:
        if self._escalation.due_at is None and not self._escalation.calling:
            self._keeper.remove(TABLE, "round")
        else:
            self._keeper.put(TABLE, "round", self._escalation.to_record())

    def _wake(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
        due_at = self._escalation.due_at
        if due_at is not None:
            self._next = self._clock.at(self._clock.moment_of(due_at), self.look, is_kept=True)

    def _on_duty(self, now: float) -> tuple[OnDuty, ...]:
        """Who is on duty and has something to be told, in order."""
        roster = self._roster()
        return tuple(
            person
            for person in roster.duty
            if (not person.hours or _is_open(roster.openings.get(person.hours), now))
            and self._alarms_for((person,))
        )

    def _alarms_for(self, people: Iterable[OnDuty]) -> tuple[Alarm, ...]:
        people = tuple(people)
        return tuple(
            alarm for alarm in self._alarms.standing() if any(rings(alarm, each.least) for each in people)
        )

    # ---- ringing -----------------------------------------------------------------------------------

    def _ring(self, person: OnDuty, on_duty: tuple[OnDuty, ...]) -> None:
        self._escalation.begin(person.id)
        alarms = self._alarms_for((person,))
        leg_id = f"alarm-{self._token(4)}"
        self._audience.claim(leg_id, self)
        try:
            leg, trunk = self._dial(person.number, leg_id)
        except (ApiFault, NotReachable) as fault:
            self._audience.disclaim(leg_id)
            log.warning("alarm_call.no_way", person=person.id, fault=str(fault))
            self._note(person, alarms, "no_way")
            self._escalation.end([each.id for each in on_duty], self._clock.wall(), was_rung=False)
            return
        call = self._call = _AlarmCall(person=person, leg=leg, trunk=trunk, alarms=alarms)
        log.info("alarm_call.rung", call_id=leg_id, leg_id=leg_id, person=person.id)
        call.deadlines.append(self._clock.after(self._settings.ring_s, lambda: self._rang_out(call)))

    def _dial(self, number: str, leg_id: str) -> tuple[Leg, str]:
        """Ring a seat, or a number behind a trunk that has room; the leg and the trunk.

        Raises an `ApiFault` or `NotReachable`; then there is no leg.
        """
        account = self._account_of(number)
        if account is not None:
            return self._legs.open_outbound(leg_id, leg_id, Role.SUPERVISOR, account, from_user=SHOWN), ""
        to = self._directory.outside(number)
        room = {each.name: each.limit - each.in_use for each in self._trunks.statistics()}
        trunk = next((name for name in (to.trunk, *to.detours) if room[name] > CHANNELS_LEFT), None)
        if trunk is None:
            raise NotReachable(to.trunk, "its last channel is for callers")
        self._trunks.seize(trunk, leg_id)
        try:
            way = self._directory.way(trunk, to.number)
            return self._legs.open_to_trunk(leg_id, leg_id, Role.SUPERVISOR, way), trunk
        except NotReachable:
            self._trunks.free(trunk, leg_id)
            raise

    def _rang_out(self, call: _AlarmCall) -> None:
        if self._call is call and not call.answered:
            self._finish(call, "no_answer")

    def _finish(self, call: _AlarmCall, outcome: str) -> None:
        """Hang up; the rest follows when the leg is over."""
        call.outcome = call.outcome or outcome
        self._legs.hang_up(call.leg, status=487, cause=NORMAL_CLEARING)

    # ---- LegOwner ----------------------------------------------------------------------------------

    def leg_answered(self, leg: Leg) -> None:
        """Somebody answered: say it."""
        call = self._call
        if call is None or call.leg is not leg:
            self._legs.hang_up(leg, cause=NORMAL_CLEARING)
            return
        call.answered = True
        call.deadlines.append(self._clock.after(LONGEST_S, lambda: self._finish(call, "not_acknowledged")))
        self._legs.set_hearing({leg.leg_id: _PROMPT})
        self._say(call)

    def _say(self, call: _AlarmCall) -> None:
        """One round, of what stands now."""
        alarms = self._alarms_for((call.person,))
        said = sentence(alarms, self._prompts)
        if not alarms or not said or call.said >= self._settings.times:
            self._finish(call, "not_acknowledged" if alarms else "cleared")
            return
        call.alarms = alarms
        call.said += 1
        self._legs.play(call.leg, f"{call.leg.leg_id}:{call.said}", said)

    def all_said(self, leg_id: str) -> None:
        """A round, or the thanks, was said."""
        call = self._call
        if call is None or call.leg.leg_id != leg_id:
            return
        if call.outcome:
            self._finish(call, call.outcome)
        else:
            call.deadlines.append(self._clock.after(BETWEEN_S, lambda: self._again(call)))

    def _again(self, call: _AlarmCall) -> None:
        if self._call is call and not call.outcome and not call.leg.is_over:
            self._say(call)

    def key_pressed(self, leg_id: str, digit: str) -> None:
        """Key 1 acknowledges what was said; any other is none."""
        call = self._call
        if call is None or call.leg.leg_id != leg_id or digit != KEY or call.outcome or not call.answered:
            return
        call.outcome = "acknowledged"
        thanks = tuple(name for name in THANKS if name in self._prompts)
        if thanks:
            self._legs.play(call.leg, f"{leg_id}:thanks", thanks)
        for alarm in call.alarms:
            try:
                self._alarms.acknowledge(alarm.alarm_id, call.person.name or call.person.id)
            except NoSuchAlarm:
                continue  # its cause is gone meanwhile
        if not thanks:
            self._finish(call, call.outcome)

    def leg_over(self, leg: Leg, end: LegEnd) -> None:
        """The phone was hung up, by whomever."""
        call = self._call
        if call is None or call.leg is not leg:
            return
        self._call = None
        for deadline in call.deadlines:
            deadline.cancel()
        if call.trunk:
            self._trunks.free(call.trunk, leg.leg_id)
        outcome = call.outcome or ("not_acknowledged" if call.answered else failure_cause(end))
        self._note(call.person, call.alarms, outcome)
        if not self._is_open:
            return
        now = self._clock.wall()
        self._escalation.end([person.id for person in self._on_duty(now)], now)
        self.look()

    def _note(self, person: OnDuty, alarms: Iterable[Alarm], outcome: str) -> None:
        self._record(
            entries.AlarmCallEnded(
                at=self._clock.wall(),
                person=person.id,
                number=person.number,
                alarms=" ".join(alarm.alarm_id for alarm in alarms),
                outcome=outcome,
            )
        )

    def __repr__(self) -> str:
        """Who is rung."""
        return f"<AlarmCalls calling={self._escalation.calling!r}>"


def _is_open(opening: Opening | None, now: float) -> bool:
    return opening is None or opening.is_open(now)
