"""Supervisors in calls: monitor (监听), whisper, barge in, intercept (强插).

A supervisor is one more party; how it takes part is a flag of the hearing table, so switching between the ways wires
nothing.  Intercepting makes the supervisor the agent of the call.
"""

from api.faults import Conflict
from softswitch.calls.call import Call
from softswitch.calls.call_table import CallTable
from softswitch.calls.departures import Departures
from softswitch.calls.directory import Directory
from softswitch.calls.hangup import LegEnd, failure_cause
from softswitch.calls.hearing import Role, Supervising
from softswitch.calls.leg import AUTO_ANSWER
from softswitch.calls.party import CallParty, Errand
from softswitch.store import entries


class Supervision:
    """Brings supervisors into calls."""

    def __init__(self, table: CallTable, directory: Directory, departures: Departures) -> None:
        """Work on these calls."""
        self._table = table
        self._directory = directory
        self._departures = departures

    def supervise(self, call: Call, supervisor: str, mode: Supervising, reason: str) -> None:
        """Let a supervisor in, or switch how one who is in takes part."""
        party = call.seat_of(supervisor)
        if party is None:
            self._ring(call, supervisor, Errand.SUPERVISE, mode, reason)
            return
        party.supervising, party.reason = mode, reason
        if party.is_joined:
            self._tell(entries.SupervisionChanged, call, party)
        self._table.settle(call)

    def intercept(self, call: Call, supervisor: str, reason: str) -> None:
        """Let a supervisor have the caller: at once when in the call already, else on answering the phone."""
        party = call.seat_of(supervisor)
        if party is None:
            self._ring(call, supervisor, Errand.INTERCEPT, Supervising.MONITOR, reason)
            return
        party.errand, party.reason = Errand.INTERCEPT, reason
        if party.is_joined:
            self._take_over(call, party)

    def _ring(self, call: Call, supervisor: str, errand: Errand, mode: Supervising, reason: str) -> None:
        self._directory.ring_party(
            call,
            self._directory.agent(supervisor),
            role=Role.SUPERVISOR,
            errand=errand,
            failed=self.failed,
            shown=call.number,
            headers=AUTO_ANSWER,
            supervising=mode,
            reason=reason,
        )

    def answered(self, call: Call, party: CallParty) -> None:
        """The supervisor's phone was answered."""
        party.joined_at = self._table.clock.wall()
        if party.errand is Errand.INTERCEPT:
            self._take_over(call, party)
        elif call.agent is None:  # the talk ended while the phone rang
            self._table.remove(call, party, why="call_moved")
        else:
            self._tell(entries.SupervisionStarted, call, party)
            self._table.settle(call)

    def failed(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """The supervisor's phone did not answer."""
        self._table.remove(call, party, why=failure_cause(end))
        self._table.keep(call)

    def stop(self, call: Call, party: CallParty) -> None:
        """The supervisor leaves."""
        self._departures.supervisor_left(call, party, "left")

    def _take_over(self, call: Call, party: CallParty) -> None:
        """The supervisor is the agent now; who had the caller goes to wrap-up, who was asked is let go."""
        table = self._table
        table.end_queue_consult(call)
        party.role = Role.AGENT
        before = [each for each in call.joined(Role.AGENT) if each is not party]
        for each in tuple(call.parties):
            if each is not party and each.role in (Role.AGENT, Role.CONSULTEE):
                table.remove(call, each)
        call.prompted = False
        table.chronicle.record(
            entries.CallIntercepted(
                at=table.clock.wall(),
                call_id=call.call_id,
                supervisor=party.agent,
                agent=before[0].agent if before else "",
                reason=party.reason,
            )
        )
        self._departures.take_caller(call, party)

    def _tell(
        self,
        kind: type[entries.SupervisionStarted] | type[entries.SupervisionChanged],
        call: Call,
        party: CallParty,
    ) -> None:
        self._table.chronicle.record(
            kind(
                at=self._table.clock.wall(),
                call_id=call.call_id,
                supervisor=party.agent,
                mode="" if party.supervising is None else party.supervising.value,
                reason=party.reason,
            )
        )


def need_talk(call: Call) -> None:
    """`Conflict` for a call in which no agent talks with the caller."""
    if call.agent is None:
        raise Conflict("nobody_talks", "没有坐席在通话 / no agent talks in this call", call.state.value)
