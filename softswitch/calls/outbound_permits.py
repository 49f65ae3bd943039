"""What a seat may call outside: which numbers, when, how many at once and how many a minute, by its outbound rules.

Asked wherever a seat causes a call: the bar, the keypad, a consult, a transfer by key or REFER.  A stolen phone
password is then worth what its seat's rules allow, and no more.  A call counts for the seat that caused it until its far
end is gone, also after the seat has transferred it away; the party carries the permit, so that a restart forgets none.
"""

from collections import deque
from collections.abc import Iterable, Mapping

from api.faults import Denied
from softswitch.calendars.opening import Opening
from softswitch.calls.call import Call
from softswitch.calls.call_table import CallTable
from softswitch.calls.party import Errand
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.outbound import OutboundSettings

MINUTE_S = 60.0


def permit_of(seat: str, rule: OutboundSettings) -> str:
    """The name of what one seat does by one rule; a seat is named by digits alone."""
    return f"{seat}/{rule.name}"


def under_way(calls: Iterable[Call], permit: str) -> int:
    """How many calls stand on a permit: those whose far end rings or talks, and those that will be rung at once."""
    count = 0
    for call in calls:
        holders = [party for party in call.parties if party.permit == permit and not party.leg.is_over]
        rung = sum(party.errand is not Errand.DIAL for party in holders)
        count += rung or min(1, len(holders))
    return count


class OutboundPermits:
    """The rules, and the calls that were begun by them in the last minute."""

    def __init__(
        self, table: CallTable, accounts: Iterable[AccountSettings], rules: Iterable[OutboundSettings]
    ) -> None:
        """Count the calls of this table."""
        self._table = table
        self._begun: dict[str, deque[float]] = {}
        self._openings: Mapping[str, Opening] = {}
        self.take(accounts, rules)

    @property
    def rules(self) -> tuple[OutboundSettings, ...]:
        """All of them; the hotline itself calls by any."""
        return tuple(self._rules.values())

    def take(self, accounts: Iterable[AccountSettings], rules: Iterable[OutboundSettings]) -> None:
        """These rules hold from now on, for these seats."""
        self._rules = {rule.name: rule for rule in rules}
        self._of_seat = {account.extension: account.outbound for account in accounts}

    def take_openings(self, openings: Mapping[str, Opening]) -> None:
        """These opening hours hold from now on, by their name."""
        self._openings = openings

    def granted(self, seat: str, number: str) -> tuple[OutboundSettings, ...]:
        """The seat's rules by which it may call a number now, in order; `Denied` with the rule when there is none."""
        having = [self._rules[name] for name in self._of_seat.get(seat, ()) if name in self._rules]
        matching = [rule for rule in having if rule.takes(number)]
        if not matching:
            raise Denied(
                "number_not_allowed",
                f"分机 {seat} 不可拨打 {number} / seat {seat} may not call {number}",
                ", ".join(rule.name for rule in having) or "none",
            )
        denials = [self._denial(seat, rule) for rule in matching]
        granted = tuple(rule for rule, denial in zip(matching, denials, strict=True) if denial is None)
        if not granted:
            raise next(denial for denial in denials if denial is not None)
        return granted

    def begun(self, permit: str) -> None:
        """A call by a permit begins."""
        moments = self._begun.setdefault(permit, deque())
        moments.append(self._table.clock.now())

    def _denial(self, seat: str, rule: OutboundSettings) -> Denied | None:
        opening = self._openings.get(rule.hours)
        if rule.hours and (opening is None or not opening.is_open(self._table.clock.wall())):
            text = f"规则 {rule.name} 此时不可外呼 / rule {rule.name} allows no calls at this hour"
            return Denied("outside_hours", text, rule.name)
        permit = permit_of(seat, rule)
        if under_way(self._table.all(), permit) >= rule.calls_at_once:
            text = f"分机 {seat} 同时外呼已达 {rule.calls_at_once} 路 / seat {seat} has {rule.calls_at_once} calls under way"
            return Denied("too_many_calls", text, rule.name)
        if self._last_minute(permit) >= rule.calls_per_minute:
            text = (
                f"分机 {seat} 一分钟内外呼已达 {rule.calls_per_minute} 次 / seat {seat} made {rule.calls_per_minute} calls "
                "within a minute"
            )
            return Denied("too_many_calls", text, rule.name)
        return None

    def _last_minute(self, permit: str) -> int:
        moments, now = self._begun.get(permit, deque()), self._table.clock.now()
        while moments and moments[0] <= now - MINUTE_S:
            moments.popleft()
        return len(moments)
