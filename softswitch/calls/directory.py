"""Whom a name or a number leads to: a seat's phone, or a number behind a trunk that the seat may use."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from acd.agent_state import Activity
from acd.names import AgentId
from api.faults import ApiFault, Conflict, Denied, NotFound, Refused, Unavailable
from softswitch.calls.call import Call
from softswitch.calls.call_table import RING_TIME_S, CallTable
from softswitch.calls.hangup import LegEnd
from softswitch.calls.hearing import Role, Supervising
from softswitch.calls.leg import Leg, TrunkWay
from softswitch.calls.leg_desk import NotReachable
from softswitch.calls.numbers import format_outbound, normalise, presented_number
from softswitch.calls.outbound_permits import OutboundPermits, permit_of
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.seats import Seats
from softswitch.calls.trunks import AllChannelsBusy
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.outbound import OutboundSettings
from softswitch.store import entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A seat (`account` and `extension`, with the `agent` who sits there) or a `number` behind `trunk`."""

    number: str
    agent: str = ""
    extension: str = ""
    account: str = ""
    trunk: str = ""
    detours: tuple[str, ...] = ()  # further trunks that take the number, in order
    permit: str = ""  # of the seat that calls it

    @property
    def label(self) -> str:
        """The agent, else the number."""
        return self.agent or self.number


class Directory:
    """Finds destinations by the rules, and rings them."""

    seats: Seats

    def __init__(
        self,
        table: CallTable,
        *,
        accounts: Iterable[AccountSettings],
        outbound: Iterable[OutboundSettings],
        area_code: str,
        hotlines: tuple[str, ...],
        token: Callable[[int], str],
    ) -> None:
        """`hotlines` are the numbers that the called may be shown, the first where nothing says another.

        `token` gives so many random bytes as text.
        """
        self._table = table
        self._token = token
        accounts = tuple(accounts)
        self.permits = OutboundPermits(table, accounts, outbound)
        self._extensions = {account.username: account.extension for account in accounts}
        self._area_code = area_code
        self._hotlines = tuple(normalise(number, area_code) for number in hotlines)

    def take_accounts(
        self, accounts: Iterable[AccountSettings], outbound: Iterable[OutboundSettings]
    ) -> None:
        """These seats and these rules of what they may call hold from now on."""
        accounts = tuple(accounts)
        self.permits.take(accounts, outbound)
        self._extensions = {account.username: account.extension for account in accounts}

    @property
    def hotline(self) -> str:
        """The number that the called are shown where nothing says another."""
        return self._hotlines[0] if self._hotlines else ""

    def may_show(self, number: str) -> bool:
        """Whether a number is one of ours, that the called may be shown."""
        return normalise(number, self._area_code) in self._hotlines

    def seat_of_account(self, account: str) -> tuple[str, str]:
        """Return the extension of an account's seat, and the agent who sits there (empty for nobody)."""
        return self._extensions.get(account, ""), self.seats.agent_at(account) or ""

    # ---- finding ---------------------------------------------------------------------------------

    def agent(self, agent_id: str) -> Destination:
        """The seat of an agent who can be called now; `NotFound`, or `Conflict` for who is away or busy."""
        if not self.seats.knows(agent_id):
            raise NotFound("agent", agent_id)
        found = self._table.dispatcher.engine.agent(AgentId(agent_id))
        if found is None:
            raise Conflict(
                "agent_logged_out", f"{agent_id} 未签入 / {agent_id} is not signed in", "logged_out"
            )
        if not found.reachable:
            raise Conflict(
                "phone_lost", f"{agent_id} 话机不在线 / the phone of {agent_id} is lost", "phone_lost"
            )
        if found.activity is not Activity.IDLE or self._table.of_agent(agent_id) is not None:
            raise Conflict("agent_busy", f"{agent_id} 忙 / {agent_id} is in a call", found.activity.value)
        extension, account = self.seats.seat_of(agent_id)
        return Destination(number=extension, agent=agent_id, extension=extension, account=account)

    def number(self, text: str, seat: str) -> Destination:
        """Whom the seat reaches by a number: a seat by its extension, an agent by the id, else somebody outside."""
        account = self.seats.account_of(text)
        if account is not None:
            agent = self.seats.agent_at(account)
            if agent is not None:
                return self.agent(agent)
            return Destination(number=text, extension=text, account=account)
        if self.seats.knows(text):
            return self.agent(text)
        number = normalise(text, self._area_code)
        if not number.lstrip("+").isdigit():
            raise Refused("bad_number", f"不是号码 / {text!r} is no number")
        return self._outside_of(number, seat)

    def outside(self, text: str) -> Destination:
        """Whom the hotline itself reaches outside by a number, by any of the rules; raises as for a seat."""
        return self._behind_a_trunk(*self._reachable(text))

    def reachable_number(self, text: str) -> str:
        """A number outside in its normal form; `Denied` for one that no outbound rule takes."""
        return self._reachable(text)[0]

    def _reachable(self, text: str) -> tuple[str, list[OutboundSettings]]:
        number = normalise(text, self._area_code)
        rules = self.permits.rules
        matching = [rule for rule in rules if rule.takes(number)]
        if not matching:
            raise Denied(
                "number_not_allowed",
                f"没有外呼规则适用于 {number} / no outbound rule takes {number}",
                ", ".join(rule.name for rule in rules) or "none",
            )
        return number, matching

    def _outside_of(self, number: str, seat: str) -> Destination:
        """The number by the trunk of the first of the seat's rules that grants it and has a channel."""
        granted = self.permits.granted(seat, number)
        to = self._behind_a_trunk(number, granted)
        permit = permit_of(seat, granted[0])
        self.permits.begun(permit)
        return replace(to, permit=permit)

    def _behind_a_trunk(self, number: str, matching: Iterable[OutboundSettings]) -> Destination:
        """The number behind the first of the rules' trunks that has a channel; the others are its detours."""
        free = dict.fromkeys(rule.trunk for rule in matching if self._table.trunks.has_channel(rule.trunk))
        if not free:
            raise Unavailable("no_channel", "中继全忙或中断 / every trunk for this number is busy or down")
        trunk, *detours = free
        return Destination(number=number, trunk=trunk, detours=tuple(detours))

    # ---- ringing ---------------------------------------------------------------------------------

    def ring_party(
        self,
        call: Call,
        to: Destination,
        *,
        role: Role,
        errand: Errand,
        failed: Callable[[Call, CallParty, LegEnd], None],
        shown: str,
        line: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        by: str = "",
        supervising: Supervising | None = None,
        reason: str = "",
        ring_s: float = RING_TIME_S,
    ) -> CallParty:
        """Ring a destination as one more party of the call; `failed` is told when it rings for too long.

        Raises what `ring` does; then the call is as it was.
        """
        leg = self.ring(call.call_id, role, to, shown=shown, line=line, headers=headers)
        party = CallParty(
            leg=leg,
            role=role,
            errand=errand,
            agent=to.agent,
            extension=to.extension,
            number=to.number,
            permit=to.permit,
            trunk=to.trunk,
            by=by,
            supervising=supervising,
            reason=reason,
        )
        self._table.ring_party(call, party, failed, ring_s)
        return party

    def ring(
        self,
        call_id: str,
        role: Role,
        to: Destination,
        *,
        shown: str,
        line: str = "",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Leg:
        """Ring a destination; `shown` is the number that a phone of ours is shown, `line` the hotline that others are.

        Raises `Conflict("phone_lost")` or `Unavailable` when there is no way to it; then there is no leg.
        """
        table = self._table
        legs, trunks = table.legs, table.trunks
        leg_id = f"{call_id}-{self._token(3)}"
        try:
            if not to.trunk:
                return table.ring_phone(
                    leg_id, call_id, role, to.account, from_user=shown or "anonymous", headers=headers
                )
            way, *detours = (self.way(trunk, to.number, line) for trunk in (to.trunk, *to.detours))
            trunks.seize(to.trunk, leg_id)
        except NotReachable as fault:
            raise Conflict(
                "phone_lost", f"{to.label} 话机不在线 / the phone is lost", "phone_lost"
            ) from fault
        except AllChannelsBusy as fault:
            raise Unavailable("no_channel", "中继全忙 / all channels of the trunk are busy") from fault
        try:
            return legs.open_to_trunk(leg_id, call_id, role, way, tuple(detours))
        except NotReachable as fault:
            trunks.free(to.trunk, leg_id)
            raise Unavailable("trunk_down", "中继不可用 / the trunk takes no calls") from fault

    def way(self, trunk: str, number: str, line: str = "") -> TrunkWay:
        """A number as a trunk wants it dialled, and what it is shown: `line`, else the hotline."""
        rules = self._table.trunks.numbers_of(trunk)
        return TrunkWay(
            trunk=trunk,
            number=format_outbound(number, rules, self._area_code),
            from_user=presented_number(line or self.hotline, rules, self._area_code),
        )

    def takes_detour(self, leg: Leg, way: TrunkWay, status: int) -> bool:
        """A trunk did not take a call: its channel is given back and one of the next seized, if that has any."""
        trunks, call = self._table.trunks, self._table.find(leg.call_id)
        party = None if call is None else call.party_of(leg)
        if call is None or party is None or not trunks.has_channel(way.trunk):
            return False
        trunks.free(party.trunk, leg.leg_id)
        trunks.seize(way.trunk, leg.leg_id)
        self._table.chronicle.record(
            entries.CallRerouted(
                at=self._table.clock.wall(),
                call_id=call.call_id,
                former=party.trunk,
                trunk=way.trunk,
                number=party.number,
                sip_status=status,
            )
        )
        party.trunk = way.trunk
        self._table.keep(call)
        return True


def status_of(fault: ApiFault) -> int:
    """The SIP status that tells a phone of a refusal."""
    match fault:
        case Denied():
            return 403
        case NotFound() | Refused():
            return 404
        case Conflict(code="agent_busy"):
            return 486
        case Conflict():
            return 480
        case _:
            return 503
