"""Standing lines (nailed-up): a phone that stays off the hook while its agent is signed in.

Signing in rings the phone once; from then on calls are joined to that one leg and leave it again, without a ring.  A call
that comes is told by a tone in the agent's ear, until the bar answers it or it is joined by itself; who hears whom then is
the hearing table's business as ever.  The agent who hangs up the phone ends the line and is not ready; being ready again
rings it anew.  A line is in one cell for as long as it stands, so a cell that dies may cost a caller's leg with it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import structlog

from softswitch.calls.hangup import NORMAL_CLEARING, LegEnd
from softswitch.calls.hearing import Role
from softswitch.calls.leg import Header, Leg
from softswitch.calls.leg_desk import LegDesk, NotReachable
from softswitch.calls.ports import LegListener
from softswitch.clock import Alarm, Clock
from softswitch.settings.accounts import AccountSettings
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

TABLE: Final = "standing_line"
TONE: Final = "tone_connect"
JOIN_S: Final = 0.5
"""From the tone to the joining, for what is joined by itself."""
TONE_EVERY_S: Final = 3.0
"""How often the tone comes while nobody answers."""
RING_TIME_S: Final = 30.0
AGAIN_S: Final = 3.0
"""After which a line that we lost (a cell or the plane died) is rung again, once."""


class LineState(StrEnum):
    """How far a line is."""

    RINGING = "ringing"  # the phone rings: the agent is to pick it up and leave it off the hook
    IDLE = "idle"
    LENT = "lent"  # to a call: its tone is heard, or its people
    DOWN = "down"


_S = LineState
LINE_TRANSITIONS: Mapping[LineState, frozenset[LineState]] = {
    _S.RINGING: frozenset({_S.IDLE, _S.DOWN}),
    _S.IDLE: frozenset({_S.LENT, _S.DOWN}),
    _S.LENT: frozenset({_S.IDLE, _S.DOWN}),
    _S.DOWN: frozenset(),
}


class IllegalLineState(Exception):
    """A line cannot come from `before` to `after`; it is unchanged."""

    def __init__(self, account: str, before: LineState, after: LineState) -> None:
        """Keep what was tried."""
        super().__init__(f"the line of {account} cannot go from {before} to {after}")
        self.account = account
        self.before = before
        self.after = after


@dataclass(slots=True, eq=False)
class StandingLine:
    """The line of one account.  `then_ready`: its agent wants to be ready as soon as it stands."""

    account: str
    leg: Leg
    then_ready: bool = False
    tones: int = 0
    next_tone: Alarm | None = None
    state: LineState = field(default=LineState.RINGING, init=False)

    def become(self, state: LineState) -> None:
        """Assign the state; the only place that does.  Raises `IllegalLineState`."""
        if state not in LINE_TRANSITIONS[self.state]:
            raise IllegalLineState(self.account, self.state, state)
        self.state = state


class StandingLines:
    """All standing lines.

    `changed` is told of each line that stands (and whether its agent wants to be ready) or is down, and says of the
    latter whether the agent was ready; call control sets it.
    """

    changed: Callable[[str, bool, bool], bool] = staticmethod(lambda account, is_up, then_ready: False)
    legs: LegDesk

    def __init__(
        self,
        listener: LegListener,
        keeper: StateKeeper,
        clock: Clock,
        accounts: Iterable[AccountSettings],
        token: Callable[[int], str],
    ) -> None:
        """`legs` is set once the desk is there; `listener` hears of lent legs what it would hear of a rung phone."""
        self._listener = listener
        self._keeper = keeper
        self._clock = clock
        self._token = token
        self._lines: dict[str, StandingLine] = {}
        self._again: dict[str, Alarm] = {}  # accounts whose line we lost, until it is rung again
        self.take_accounts(accounts)

    def take_accounts(self, accounts: Iterable[AccountSettings]) -> None:
        """These are the phones from now on; a line that stands goes on."""
        self._ways = {
            account.username: account.answers_by
            for account in accounts
            if account.answers_by in ("line", "line_auto")
        }

    # ---- up and down -------------------------------------------------------------------------------

    def is_up(self, account: str) -> bool:
        """Whether calls can be brought to an account: its line stands, or it needs none."""
        line = self._lines.get(account)
        if line is None:
            return account not in self._ways
        return line.state is not LineState.RINGING

    def is_idle(self, leg: Leg) -> bool:
        """Whether a leg is a line that no call has."""
        line = self._line_of(leg)
        return line is not None and line.state is not LineState.LENT

    def raise_line(self, account: str, *, then_ready: bool) -> None:
        """Ring the phone of an agent who is there; nothing for an account without a standing line."""
        self._give_up(account)
        line = self._lines.get(account)
        if line is not None:
            line.then_ready = line.then_ready or then_ready
        elif account in self._ways:
            leg_id = f"line-{account}-{self._token(3)}"
            try:
                leg = self.legs.open_outbound(leg_id, leg_id, Role.AGENT, account, from_user="line")
            except NotReachable:
                return  # it is raised when the phone is back
            leg.is_standing, leg.can_be_asked = True, False
            line = self._lines[account] = StandingLine(account, leg, then_ready)
            self._clock.after(RING_TIME_S, lambda: self._rang_out(line))
            log.info("line.rung", account=account, leg_id=leg_id)

    def _give_up(self, account: str) -> None:
        """What was lost is not rung again."""
        again = self._again.pop(account, None)
        if again is not None:
            again.cancel()

    def drop_wish(self, account: str) -> None:
        """The agent does not want to be ready any more once the line stands."""
        line = self._lines.get(account)
        if line is not None:
            line.then_ready = False

    def _rang_out(self, line: StandingLine) -> None:
        if line.state is LineState.RINGING and self._lines.get(line.account) is line:
            self.legs.hang_up(line.leg, status=487, cause=NORMAL_CLEARING)

    def lower_line(self, account: str) -> None:
        """The agent signed out: the phone may be put down."""
        self._give_up(account)
        line = self._lines.get(account)
        if line is not None:
            self._forget(line)
            self.legs.hang_up(line.leg, status=487, cause=NORMAL_CLEARING)

    def close(self) -> None:
        """The system stops."""
        for account in tuple(self._lines):
            self.lower_line(account)

    def _forget(self, line: StandingLine) -> None:
        del self._lines[line.account]
        self._keeper.remove(TABLE, line.account)
        line.become(LineState.DOWN)
        self._hush(line)

    # ---- what the leg desk tells -------------------------------------------------------------------

    def confirmed(self, leg: Leg) -> bool:
        """A leg talks; True for a line that stands now."""
        line = self._line_of(leg)
        if line is None or line.state is not LineState.RINGING:
            return False
        line.become(LineState.IDLE)
        self._keeper.put(TABLE, line.account, leg.to_record())
        self.legs.set_hearing({leg.leg_id: ()})
        log.info("line.up", account=line.account, leg_id=leg.leg_id)
        self.changed(line.account, True, line.then_ready)
        return True

    def ended(self, leg: Leg, end: LegEnd) -> None:
        """A leg is over: a line that was one of ours is down, and rung again if it was not the agent who ended it."""
        line = self._line_of(leg)
        if line is None:
            return
        stood = line.state is not LineState.RINGING
        self._forget(line)
        log.info("line.down", account=line.account, leg_id=leg.leg_id, by_far_end=end.by_far_end)
        was_ready = self.changed(line.account, False, False)
        if stood and not end.by_far_end:
            self._again[line.account] = self._clock.after(
                AGAIN_S, lambda: self.raise_line(line.account, then_ready=was_ready)
            )

    def _line_of(self, leg: Leg) -> StandingLine | None:
        if not leg.is_standing:
            return None
        return next((line for line in self._lines.values() if line.leg is leg), None)

    # ---- calls -------------------------------------------------------------------------------------

    def lend(self, account: str, call_id: str, role: Role, headers: tuple[Header, ...]) -> Leg | None:
        """Give the line to a call that would ring the phone; None without a line.  `NotReachable` for one that is taken.

        With `headers` (that make other phones answer by themselves) it is joined after the tone.
        """
        line = self._lines.get(account)
        if line is None:
            return None
        if line.state is not LineState.IDLE:
            raise NotReachable(account, f"its line is {line.state}")
        line.become(LineState.LENT)
        leg = line.leg
        leg.call_id, leg.role = call_id, role
        joins = bool(headers) or self._ways.get(account) == "line_auto" and role is not Role.CUSTOMER
        leg.can_be_asked = not joins
        line.tones += 1
        loan = line.tones
        self._clock.after(0.0, lambda: self._tell(line, loan))  # the call does not know it yet
        if joins:
            self._clock.after(JOIN_S, lambda: self._join(line, loan))
        return leg

    def _tell(self, line: StandingLine, loan: int) -> None:
        """The agent hears the tone, now and again, as a phone would ring."""
        if line.state is LineState.LENT and line.tones == loan:
            self._sound(line)
            self._listener.leg_rang(line.leg)

    def _sound(self, line: StandingLine) -> None:
        self.legs.play(line.leg, f"{line.leg.leg_id}:{line.tones}", (TONE,))
        line.next_tone = self._clock.after(TONE_EVERY_S, lambda: self._sound(line))

    def _join(self, line: StandingLine, loan: int) -> None:
        if line.state is LineState.LENT and line.tones == loan and line.next_tone is not None:
            self._hush(line)
            self._listener.leg_confirmed(line.leg)

    def answer(self, leg: Leg) -> bool:
        """The bar answers what is heard as a tone; False for what is no line."""
        line = self._line_of(leg)
        if line is None or line.state is not LineState.LENT:
            return False
        self._join(line, line.tones)
        return True

    def takes_back(self, leg: Leg) -> bool:
        """A call lets go of a leg; True for a line, which stands on."""
        line = self._line_of(leg)
        if line is None or leg.is_over or line.state is not LineState.LENT:
            return False
        line.become(LineState.IDLE)
        self._hush(line)
        leg.call_id, leg.role, leg.can_be_asked = leg.leg_id, Role.AGENT, False
        self.legs.set_hearing({leg.leg_id: ()})
        return True

    def _hush(self, line: StandingLine) -> None:
        if line.next_tone is not None:
            line.next_tone.cancel()
            line.next_tone = None

    # ---- restart -----------------------------------------------------------------------------------

    def restore(self, alive: Collection[str]) -> None:
        """Lines of before a restart whose legs live go on, those in a call with it; the calls are there already."""
        for account, record in self._keeper.load(TABLE).items():
            try:
                leg_id = record["leg_id"]
                leg = self.legs.find(leg_id)
                is_lent = leg is not None
                if leg is None and leg_id in alive:
                    leg = Leg.restored(record, leg_id)
                    self.legs.adopt(leg)
            except (KeyError, TypeError, ValueError):
                log.exception("line.unreadable", account=account)
                leg, is_lent = None, False
            if leg is None:
                self._keeper.remove(TABLE, account)
                continue
            leg.is_standing = True
            line = self._lines[account] = StandingLine(account, leg)
            line.become(LineState.IDLE)
            if is_lent:
                line.become(LineState.LENT)
            else:
                self.legs.set_hearing({leg.leg_id: ()})

    def __repr__(self) -> str:
        """How many lines there are."""
        return f"<StandingLines lines={len(self._lines)}>"
