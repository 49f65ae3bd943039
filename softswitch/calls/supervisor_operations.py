"""What supervisors do with calls and agents: the other part of the `OperationsPort`."""

from acd import events as acd_facts
from acd.names import AgentId, ContactId
from api.faults import Conflict, NotFound, Refused
from api.ports import ForcedState, HangUpTarget, SuperviseMode
from softswitch.calls.call import Call, CallState
from softswitch.calls.hearing import Role, Supervising
from softswitch.calls.party import CallParty
from softswitch.calls.seats import Seats
from softswitch.calls.supervision import need_talk
from softswitch.calls.switchboard import Switchboard
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason


class SupervisorOperations:
    """Operations on calls of others, and on agents."""

    def __init__(self, board: Switchboard, seats: Seats) -> None:
        """Act on these calls and agents."""
        self._board = board
        self._table = board.table
        self._seats = seats

    # ---- recordings ------------------------------------------------------------------------------

    async def pause_recording(self, call_id: str, reason: str) -> None:
        """Record silence from now on."""
        self._set_paused(call_id, reason, paused=True)

    async def resume_recording(self, call_id: str, reason: str) -> None:
        """Record again."""
        self._set_paused(call_id, reason, paused=False)

    def _set_paused(self, call_id: str, reason: str, *, paused: bool) -> None:
        call = self._call(call_id)
        if not call.is_recorded or call.recording_paused is paused:
            state = "paused" if call.recording_paused else "recording" if call.is_recorded else "not_recorded"
            raise Conflict("not_allowed", f"录音状态 {state} / the recording is {state}", state)
        call.recording_paused = paused
        kind = entries.RecordingPaused if paused else entries.RecordingResumed
        self._table.chronicle.record(
            kind(at=self._now(), recording_id=call.recording_id, call_id=call_id, reason=reason)
        )
        self._table.settle(call)

    # ---- supervising -----------------------------------------------------------------------------

    async def supervise(self, supervisor_id: str, call_id: str, mode: SuperviseMode, reason: str) -> None:
        """Let the supervisor into the call, or switch how it takes part."""
        call = self._others_call(supervisor_id, call_id)
        self._board.supervision.supervise(call, supervisor_id, Supervising(mode.value), reason)

    async def stop_supervising(self, supervisor_id: str) -> None:
        """The supervisor leaves the call."""
        call, party = self._supervised_by(supervisor_id)
        self._board.supervision.stop(call, party)

    async def intercept(self, supervisor_id: str, call_id: str, reason: str) -> None:
        """The supervisor takes the caller over."""
        call = self._others_call(supervisor_id, call_id)
        self._board.supervision.intercept(call, supervisor_id, reason)

    def _others_call(self, supervisor_id: str, call_id: str) -> Call:
        """A call in which an agent other than this one talks."""
        call = self._call(call_id)
        need_talk(call)
        party = call.seat_of(supervisor_id)
        if party is not None and party.role is not Role.SUPERVISOR:
            raise Conflict(
                "own_call", "不能监听自己的通话 / that is the supervisor's own call", party.role.value
            )
        return call

    def _supervised_by(self, supervisor_id: str) -> tuple[Call, CallParty]:
        if not self._seats.knows(supervisor_id):
            raise NotFound("agent", supervisor_id)
        found = self._table.of_agent(supervisor_id)
        if found is None or found[1].role is not Role.SUPERVISOR:
            raise Conflict("not_supervising", "未在监听 / the supervisor is in no call of others", "idle")
        return found

    # ---- force -----------------------------------------------------------------------------------

    async def force_hang_up(self, call_id: str, target: HangUpTarget, reason: str) -> None:
        """End the whole call, or let go of the agent alone: the caller then waits again at the head of the line."""
        call = self._call(call_id)
        if target is HangUpTarget.AGENT_LEG and call.route.queue:
            need_talk(call)
            self._board.excursions.leave(call)
            self._board.queue_desk.requeue(call, "agent_forced_off")
        else:
            self._table.end(call, EndedBy.SYSTEM, EndReason.FORCED)

    async def force_state(self, agent_id: str, state: ForcedState, reason: str) -> None:
        """Make an agent ready, not ready or signed out; in a call, when it and its wrap-up are over."""
        match state:
            case ForcedState.READY:
                await self._seats.ready(agent_id)
            case ForcedState.NOT_READY:
                await self._seats.not_ready(agent_id, reason)
            case ForcedState.LOGGED_OUT:
                await self._seats.force_logout(agent_id, reason)

    # ---- callers who wait ------------------------------------------------------------------------

    async def pick_up(self, agent_id: str, call_id: str, reason: str) -> None:
        """Give a waiting call to this agent: the phone rings now."""
        call = self._waiting(call_id)
        if call.seat_of(agent_id) is not None:
            raise Conflict("rings_already", "已在振铃 / the call rings there already", "ringing")
        self._board.pickups.pick_up(call, agent_id)

    async def move(self, call_id: str, queue: str, reason: str) -> None:
        """Move a waiting call into another queue; its arrival stays."""
        call = self._waiting(call_id)
        self._need_queue(queue)
        if self._board.queue_desk.move(call, queue):
            raise Conflict("queue_full", "队列已满 / the queue is full", call.state.value)

    async def set_level(self, call_id: str, level: int, reason: str) -> None:
        """Change the level of a waiting call; its wait, what it needs and where it has been stay."""
        call = self._waiting(call_id)
        changed = acd_facts.ContactLevelChanged(contact=ContactId(call_id), level=level)
        if not self._table.dispatcher.tell_late(changed):
            raise Conflict("not_waiting", "来电不在排队 / the call does not wait", call.state.value)
        call.level = level
        self._table.keep(call)

    async def extend_wrap_up(self, agent_id: str, seconds: int) -> None:
        """Make the wrap-up that runs longer."""
        self._seats.ask(agent_id, acd_facts.WrapUpExtended(agent=AgentId(agent_id), seconds=seconds))
        self._table.chronicle.record(entries.WrapUpExtended(at=self._now(), agent=agent_id, seconds=seconds))

    def _waiting(self, call_id: str) -> Call:
        call = self._call(call_id)
        if call.state is not CallState.WAITING:
            raise Conflict("not_waiting", "来电不在排队 / the call does not wait", call.state.value)
        return call

    # ---- looking ---------------------------------------------------------------------------------

    def _call(self, call_id: str) -> Call:
        call = self._table.find(call_id)
        if call is None:
            raise NotFound("call", call_id)
        return call

    def _need_queue(self, queue: str) -> None:
        if queue not in self._table.queues:
            raise Refused("unknown_queue", f"没有此队列 / there is no queue {queue!r}")

    def _now(self) -> float:
        return self._table.clock.wall()
