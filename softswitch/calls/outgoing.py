"""An agent dials.  From the bar (click to call) the agent's own phone rings first, then the target; from the keypad of
the phone the target rings at once.

A call to another seat is one as well.  It is recorded from the answer of the called on, whose voice is on the left.
"""

from collections.abc import Callable
from typing import Any

import structlog

from api.faults import ApiFault, Denied, Unavailable
from softswitch.calls import attached_data
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable
from softswitch.calls.directory import Destination, Directory, status_of
from softswitch.calls.hangup import LegEnd, failure_cause
from softswitch.calls.hearing import Role
from softswitch.calls.leg import AUTO_ANSWER, Leg
from softswitch.calls.leg_desk import UnknownLeg
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.result_desk import ResultDesk
from softswitch.calls.routes import Route
from softswitch.sip.events import InviteReceived
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason

log = structlog.get_logger(__name__)

_END_REASONS = {
    "busy": EndReason.REJECTED,
    "declined": EndReason.REJECTED,
    "no_answer": EndReason.ABANDONED,
    "invalid": EndReason.NO_ROUTE,
}


class Outgoing:
    """Calls that agents make."""

    def __init__(
        self,
        table: CallTable,
        directory: Directory,
        results: ResultDesk,
        record: Callable[[Call, Leg], None],
        token: Callable[[int], str],
        *,
        records_internal: bool,
    ) -> None:
        """`record` starts a call's recording, between seats if `records_internal`.

        `token` gives so many random bytes as text.
        """
        self._table = table
        self._directory = directory
        self._results = results
        self._record = record
        self._token = token
        self._records_internal = records_internal
        self.is_service_code: Callable[[InviteReceived], bool] = lambda invite: False
        """Whether what a phone dialled is a code, which is dealt with elsewhere; set by the composition root."""
        self.is_open = True
        """False while the node drains: no call begins any more."""
        self._targets: dict[str, Destination] = {}  # by call, until the agent's own phone is answered

    def dial(
        self, own: Destination, to: Destination, data: dict[str, Any], caller_id: str, call_id: str = ""
    ) -> Call:
        """Ring the agent's own phone; the target follows.  A call list has written the `call_id` down before."""
        if not self.is_open:
            raise Unavailable("draining", "系统正在排空 / the system drains")
        text = attached_data.checked(data)
        now = self._table.clock.wall()
        shown = own.number if not to.trunk else caller_id or self._directory.hotline
        call = Call(
            call_id=call_id or f"{int(now * 1000):011x}-{self._token(4)}",
            trunk="",
            caller=shown,
            called=to.number,
            route=Route(queue="", greeting=""),
            arrived_at=now,
            data=data,
        )
        leg = self._directory.ring(call.call_id, Role.AGENT, own, shown=to.number, headers=AUTO_ANSWER)
        self._begin(call, leg, own, to)
        if data:  # so that whoever is rung for the call later is shown it
            self._table.chronicle.record(entries.CallDataChanged(at=now, call_id=call.call_id, data=text))
        return call

    def dialled_by_phone(self, invite: InviteReceived) -> None:
        """A number was dialled on the keypad of a desk phone: by the rules of its seat."""
        if self.is_service_code(invite):
            return
        table, now = self._table, self._table.clock.wall()
        seat, agent = self._directory.seat_of_account(invite.peer.name)
        try:
            to = self._directory.number(invite.request_user, seat)
        except ApiFault as fault:
            table.legs.refuse(invite.leg_id, status_of(fault), "No outbound rule" * isinstance(fault, Denied))
            return
        if to.extension == seat:
            table.legs.refuse(invite.leg_id, 486)
            return
        shown = self._directory.hotline if to.trunk else seat
        call = Call(
            call_id=f"{int(now * 1000):011x}-{self._token(4)}",
            trunk="",
            caller=shown,
            called=to.number,
            route=Route(queue="", greeting=""),
            arrived_at=now,
        )
        try:
            leg = table.legs.open_inbound(invite, call.call_id, Role.AGENT)
        except UnknownLeg:  # the phone gave up while control was not ready to hear of it
            return
        own = Destination(number=seat, agent=agent, extension=seat)
        self._begin(call, leg, own, to)

    def _begin(self, call: Call, leg: Leg, own: Destination, to: Destination) -> None:
        """A dialled call is up; its target is rung once the agent's phone is there."""
        self._table.add(call)
        call.become(CallState.DIALLING)
        self._targets[call.call_id] = to
        party = CallParty(
            leg=leg,
            role=Role.AGENT,
            errand=Errand.DIAL,
            agent=own.agent,
            extension=own.extension,
            number=own.number,
            permit=to.permit,
        )
        self._table.ring_party(call, party, self.failed)
        self._table.chronicle.record(
            entries.CallDialled(
                at=call.arrived_at,
                call_id=call.call_id,
                agent=own.agent,
                extension=own.extension,
                trunk=to.trunk,
                caller=call.caller,
                called=to.number,
            )
        )

    # ---- what phones say -----------------------------------------------------------------------------

    def arrived(self, call: Call, own: CallParty) -> None:
        """The INVITE of the phone that dialled is in its cell: ring the target."""
        to = self._targets.pop(call.call_id, None)
        if to is not None:
            self._ring_target(call, own, to)

    def rang(self, call: Call) -> None:
        """The target rings: a phone that dialled hears so from us."""
        own = _own(call)
        if own is not None and own.leg.inbound and not own.is_joined:
            self._table.legs.answer(own.leg, 180)

    def answered(self, call: Call, party: CallParty) -> None:
        """The agent's own phone, or the target, answered."""
        party.joined_at = self._table.clock.wall()
        to, own, target = self._targets.pop(call.call_id, None), _own(call), call.customer
        if to is not None:
            self._ring_target(call, party, to)
        elif own is not None and not own.is_joined:
            self._table.settle(call)
            self._table.legs.answer(own.leg)
        elif target is not None and target.is_joined:
            self._talk(call, target)

    def _ring_target(self, call: Call, agent: CallParty, to: Destination) -> None:
        try:
            if to.agent:
                to = self._directory.agent(to.agent)  # free when the number was dialled, but now?
            target = self._directory.ring_party(
                call,
                to,
                role=Role.CUSTOMER,
                errand=Errand.DIALLED,
                failed=self.failed,
                shown=call.caller,
                line=call.caller,
                by=agent.leg_id,
            )
        except ApiFault as fault:
            log.warning("dial.no_way", call_id=call.call_id, fault=fault.detail)
            self.failed(call, agent, LegEnd(status=status_of(fault)))
            return
        self._results.watch(call, target)
        self._table.settle(call)

    def _talk(self, call: Call, target: CallParty) -> None:
        table = self._table
        call.answered_at = table.clock.wall()
        table.chronicle.record(entries.CallAnswered(at=call.answered_at, call_id=call.call_id))
        self._results.answered(call)
        if target.trunk or self._records_internal:
            self._record(call, target.leg)
        call.become(CallState.TALKING)
        table.settle(call)
        if call.agent is not None:
            table.connected(call, call.agent)
        table.keep(call)

    def failed(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """The agent's phone or the target did not answer: the call is over."""
        self._targets.pop(call.call_id, None)
        self._results.failed(call, party, end)
        reason = end_reason_of(end)
        by = EndedBy.AGENT if party.errand is Errand.DIAL else EndedBy.SYSTEM
        own = _own(call)
        if own is not None and not own.is_joined:  # the phone that dialled hears why
            self._table.let_go(own.leg, status=end.status if end.status >= 400 else 480)
        self._table.end(call, by, reason, status=end.status, cause=end.q850_cause)


def end_reason_of(end: LegEnd) -> EndReason:
    """Why a call ended whose called did not come."""
    return _END_REASONS.get(failure_cause(end), EndReason.FAILED)


def _own(call: Call) -> CallParty | None:
    """The phone of the agent who dialled."""
    return next((party for party in call.parties if party.errand is Errand.DIAL), None)
