"""A call comes in: who may call, where it leads, and the answer that starts the recording."""

import time
from collections.abc import Callable
from pathlib import Path

from media import commands as plane_words
from softswitch.calls.call import Call
from softswitch.calls.call_table import CallTable
from softswitch.calls.hangup import reason_header
from softswitch.calls.hearing import Role
from softswitch.calls.leg import Leg
from softswitch.calls.leg_desk import UnknownLeg
from softswitch.calls.numbers import called_number, caller_of
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.calls.routes import Route, Routes
from softswitch.calls.trunks import AllChannelsBusy, trunk_group_of
from softswitch.sip.events import InviteReceived
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason

RETRY_AFTER_S = 10


class Arrivals:
    """The door of the node."""

    def __init__(
        self,
        table: CallTable,
        *,
        plane_is_there: Callable[[], bool],
        routes: Routes,
        area_code: str,
        recordings: RecordingDesk,
        recordings_dir: Path,
        token: Callable[[int], str],
    ) -> None:
        """`token` gives so many random bytes as text: ids must not be guessed, nor come twice after a restart."""
        self._table = table
        self._plane_is_there = plane_is_there
        self._routes = routes
        self._area_code = area_code
        self._recordings = recordings
        self._recordings_dir = recordings_dir
        self._token = token

    def invited(self, invite: InviteReceived) -> None:
        """A trunk brings a caller."""
        table, trunks = self._table, self._table.trunks
        rules = trunks.numbers_of(invite.peer.name)
        caller = caller_of(invite.headers, rules, self._area_code)
        called = called_number(invite.request_user, rules, self._area_code)
        now = table.clock.wall()
        call_id = f"{int(now * 1000):011x}-{self._token(4)}"
        group = trunk_group_of(next((text for name, text in invite.headers if name == "Contact"), ""))
        route = self._routes.find(called, invite.peer.name)
        arrived = entries.CallArrived(
            at=now,
            call_id=call_id,
            trunk=invite.peer.name,
            caller=caller.number,
            called=called,
            presented="" if caller.restricted else caller.number,
            diversion=", ".join(caller.history or caller.diverted_from),
            sip_call_id=invite.sip_call_id,
        )
        table.chronicle.record(arrived)
        try:
            trunks.seize(invite.peer.name, call_id, group)
        except AllChannelsBusy:
            self._refuse(invite, call_id, 503, 34, EndReason.NO_CHANNEL)
            return
        if route is None:
            trunks.free(invite.peer.name, call_id)
            self._refuse(invite, call_id, 404, 1, EndReason.NO_ROUTE)
            return
        if not self._plane_is_there():
            trunks.free(invite.peer.name, call_id)
            self._refuse(invite, call_id, 503, 41, EndReason.FAILED)
            return
        self._let_in(invite, arrived, route, group)

    def _let_in(self, invite: InviteReceived, arrived: entries.CallArrived, route: Route, group: str) -> None:
        """From here on there is a call, with the caller's leg in a cell."""
        table = self._table
        level = route.level_of(arrived.caller, table.callers.lists_of(arrived.caller, arrived.at))
        level += table.callers.customer_level(arrived.caller)
        call = Call(
            call_id=arrived.call_id,
            trunk=arrived.trunk,
            trunk_group=group,
            caller=arrived.caller,
            called=arrived.called,
            route=route,
            arrived_at=arrived.at,
            caller_level=level,
            level=level,
        )
        table.add(call)
        try:
            leg = table.legs.open_inbound(invite, call.call_id, Role.CUSTOMER)
        except UnknownLeg:  # the caller withdrew while control was not ready to hear of it
            table.end(call, EndedBy.CALLER, EndReason.ABANDONED, status=487)
            return
        call.parties.append(CallParty(leg=leg, role=Role.CUSTOMER, errand=Errand.CALLER, number=call.caller))
        table.keep(call)
        table.recall(call)

    def _refuse(
        self, invite: InviteReceived, call_id: str, status: int, cause: int, reason: EndReason
    ) -> None:
        retry = (("Retry-After", str(RETRY_AFTER_S)),) if status == 503 else ()
        self._table.legs.refuse(invite.leg_id, status, headers=(reason_header(cause), *retry))
        self._table.chronicle.record(
            entries.CallEnded(
                at=self._table.clock.wall(),
                call_id=call_id,
                ended_by=EndedBy.SYSTEM,
                end_reason=reason,
                sip_status=status,
                q850_cause=cause,
            )
        )

    def answer(self, call: Call, leg: Leg) -> None:
        """The caller's INVITE is in its cell: record, write down, and then answer."""
        table = self._table
        call.answered_at = table.clock.wall()
        table.chronicle.record(entries.CallAnswered(at=call.answered_at, call_id=call.call_id))
        self.record(call, leg)
        table.keep(call)
        # The edge lets the answer out only when all this is on the disk: what was accepted is never lost.
        table.legs.answer(leg)

    def record(self, call: Call, leg: Leg) -> None:
        """Start the call's recording, with the customer's leg on the left channel."""
        table = self._table
        now = table.clock.wall()
        call.recording_id = self._token(16)
        day = time.strftime("%Y-%m-%d", time.localtime(now))
        call.recording_path = str(self._recordings_dir / day / f"{call.recording_id}.wav")
        table.chronicle.record(
            entries.RecordingStarted(
                at=now,
                recording_id=call.recording_id,
                call_id=call.call_id,
                path=call.recording_path,
            )
        )
        self._recordings.opened(call.recording_id, call.call_id, call.recording_path)
        call.recorded = ((leg.leg_id,), ())
        table.tell_plane(
            plane_words.StartRecording(
                recording_id=call.recording_id,
                call_id=call.call_id,
                path=call.recording_path,
                left=(leg.leg_id,),
                right=(),
            )
        )
