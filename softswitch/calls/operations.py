"""What agents do with their calls: the part of the `OperationsPort` that the bar of an agent asks for.

Each operation looks first whether the state allows it, then gives it to the room whose business it is.
"""

from typing import Any

from acd.agent_state import Activity
from acd.names import AgentId
from api.faults import Conflict, Denied, NotFound, Refused
from api.ports import Target, TargetKind
from softswitch.calls import attached_data
from softswitch.calls.allowance import allowed, state_of
from softswitch.calls.call import Call
from softswitch.calls.directory import Destination
from softswitch.calls.hearing import Role
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.supervisor_operations import SupervisorOperations
from softswitch.store import entries


class Operations(SupervisorOperations):
    """Every call operation; implements `api.ports.OperationsPort`."""

    # ---- the agent's own leg ---------------------------------------------------------------------

    async def answer(self, agent_id: str) -> None:
        """Answer the ringing phone from the bar, if it is one that can be asked to."""
        call, party = self._seat(agent_id)
        if party.is_joined:
            raise self._not_now(call, party, "answer")
        if not self._board.answering.ask(party):
            raise Conflict(
                "phone_answers_itself",
                "请在话机上接听 / this phone cannot be answered from here: pick it up",
                state_of(call, party),
                allowed(call, party),
            )

    async def hang_up_own(self, agent_id: str) -> None:
        """Leave the call, or refuse the one that rings."""
        call, party = self._seat(agent_id)
        self._board.leave(call, party)

    async def mute(self, agent_id: str) -> None:
        """Be heard by nobody."""
        self._set_muted(agent_id, "mute", muted=True)

    async def unmute(self, agent_id: str) -> None:
        """Be heard again."""
        self._set_muted(agent_id, "unmute", muted=False)

    def _set_muted(self, agent_id: str, operation: str, *, muted: bool) -> None:
        call, party = self._may(agent_id, operation)
        party.muted = muted
        kind = entries.PartyMuted if muted else entries.PartyUnmuted
        self._table.chronicle.record(kind(at=self._now(), call_id=call.call_id, agent=agent_id))
        self._table.settle(call)

    async def send_digits(self, agent_id: str, digits: str) -> None:
        """Press keys towards whom the agent talks with."""
        call, party = self._may(agent_id, "digits")
        asked = call.consultee
        others = [asked] if asked is not None and asked is not party else []
        others += [each for each in (call.customer, call.agent) if each is not None and each is not party]
        talking = next((each for each in others if each.is_joined and not each.held), None)
        if talking is None:
            raise self._not_now(call, party, "digits")
        self._table.legs.send_digits(talking.leg, digits)
        self._table.chronicle.record(
            entries.DigitsSent(at=self._now(), call_id=call.call_id, agent=agent_id, count=len(digits))
        )

    # ---- the caller ------------------------------------------------------------------------------

    async def hold(self, agent_id: str) -> None:
        """The caller hears music."""
        self._set_held(agent_id, "hold", held=True)

    async def retrieve(self, agent_id: str) -> None:
        """Take the caller back."""
        self._set_held(agent_id, "retrieve", held=False)

    def _set_held(self, agent_id: str, operation: str, *, held: bool) -> None:
        call, party = self._may(agent_id, operation)
        if call.customer is None:
            raise self._not_now(call, party, operation)
        call.customer.held = held
        kind = entries.CallHeld if held else entries.CallRetrieved
        self._table.chronicle.record(kind(at=self._now(), call_id=call.call_id, agent=agent_id))
        self._table.settle(call)

    # ---- somebody else ---------------------------------------------------------------------------

    async def consult(self, agent_id: str, target: Target) -> None:
        """Hold the caller and ask an agent, a queue or a number."""
        call, party = self._may(agent_id, "consult")
        if target.kind is TargetKind.QUEUE:
            self._need_queue(target.to)
            self._board.consultations.ask_queue(call, party, target.to)
        else:
            self._board.consultations.ring(call, party, self._destination(party, target), Errand.CONSULT)

    async def alternate(self, agent_id: str) -> None:
        """Go from the caller to the consulted, or back."""
        self._board.consultations.alternate(*self._may(agent_id, "alternate"))

    async def reconnect(self, agent_id: str) -> None:
        """Drop the consulted, back to the caller."""
        call, party = self._may(agent_id, "reconnect")
        if call.is_away:
            self._board.excursions.take_back(call, party)
        else:
            self._board.consultations.reconnect(call, party)

    async def conference(self, agent_id: str) -> None:
        """Join all three."""
        self._board.consultations.conference(*self._may(agent_id, "conference"))

    async def transfer(self, agent_id: str, target: Target | None) -> None:
        """Hand the caller over: to the target at once, without one to whom the agent consults."""
        call, party = self._may(agent_id, "transfer")
        is_consulting = call.consultee is not None or call.queue_consult is not None
        if (target is None) is not is_consulting:
            detail = (
                "咨询中只能转给咨询方,否则须指明目标 / a consult is completed without a target, else name one"
            )
            raise Conflict("wrong_target", detail, state_of(call, party), allowed(call, party))
        if target is None:
            self._board.consultations.complete(call, party)
        elif target.kind is TargetKind.FLOW:
            self._board.excursions.transfer(call, party, target.to)
        elif target.kind is TargetKind.QUEUE:
            self._need_queue(target.to)
            if self._board.departures.to_queue(call, party, target.to):
                raise Conflict("queue_full", "队列已满 / the queue is full", state_of(call, party))
        else:
            self._board.consultations.ring(call, party, self._destination(party, target), Errand.TRANSFER)

    async def to_flow(self, agent_id: str, flow: str) -> None:
        """Let the caller through a flow and back."""
        call, party = self._may(agent_id, "to-flow")
        self._board.excursions.begin(call, party, flow)

    async def flows(self) -> dict[str, str]:
        """The flows that there are, by id."""
        return {} if self._board.flows is None else self._board.flows.names()

    def _destination(self, party: CallParty, target: Target) -> Destination:
        directory = self._board.directory
        if target.to in (party.agent, party.extension):
            raise Refused("own_seat", "不能转给自己 / that is the agent's own seat")
        if target.kind is TargetKind.AGENT:
            return directory.agent(target.to)
        return directory.number(target.to, party.extension)

    async def drop(self, agent_id: str, leg_id: str) -> None:
        """Drop one party of the agent's call."""
        call, own = self._may(agent_id, "drop")
        party = call.party_at(leg_id)
        if party is None:
            raise NotFound("party", leg_id)
        if party.role is Role.SUPERVISOR:
            raise Denied("supervisor", "坐席不能移除班长 / an agent cannot drop a supervisor", "supervisor")
        if party is own or party.role is Role.CUSTOMER:
            self._board.leave(call, party)
        elif party is call.consultee:
            self._board.consultations.reconnect(call, own)
        else:
            self._board.departures.dropped(call, party, by=agent_id)

    # ---- calls that agents make ------------------------------------------------------------------

    async def dial(self, agent_id: str, number: str, data: dict[str, Any], caller_id: str = "") -> str:
        """Ring the agent's phone, then the number."""
        attached_data.checked(data)
        directory = self._board.directory
        own = directory.agent(agent_id)
        if number in (own.agent, own.extension):
            raise Refused("own_seat", "不能呼叫自己 / that is the agent's own seat")
        if caller_id and not directory.may_show(caller_id):
            raise Denied(
                "caller_id_not_allowed", f"不可外显 {caller_id} / {caller_id} may not be shown", "hotline"
            )
        call = self._board.outgoing.dial(own, directory.number(number, own.extension), data, caller_id)
        return call.call_id

    # ---- data ------------------------------------------------------------------------------------

    async def set_data(self, call_id: str, data: dict[str, Any], *, merge: bool = False) -> dict[str, Any]:
        """Replace the attached data, or merge into it; returns what stands now."""
        call = self._call(call_id)
        after = attached_data.merged(call.data, data) if merge else data
        text = attached_data.checked(after)
        call.data = after
        self._table.chronicle.record(entries.CallDataChanged(at=self._now(), call_id=call.call_id, data=text))
        self._table.keep(call)
        return after

    # ---- looking ---------------------------------------------------------------------------------

    def _may(self, agent_id: str, operation: str) -> tuple[Call, CallParty]:
        """The agent's call, when its state allows the operation."""
        call, party = self._seat(agent_id)
        if operation not in allowed(call, party):
            raise self._not_now(call, party, operation)
        return call, party

    def _seat(self, agent_id: str) -> tuple[Call, CallParty]:
        if not self._seats.knows(agent_id):
            raise NotFound("agent", agent_id)
        found = self._table.of_agent(agent_id)
        if found is None:
            state = self._table.dispatcher.engine.agent(AgentId(agent_id))
            is_idle = state is not None and state.activity is Activity.IDLE
            raise Conflict(
                "no_call",
                "没有通话 / the agent is in no call",
                "logged_out" if state is None else state.activity.value,
                ("dial",) if is_idle else (),
            )
        return found

    @staticmethod
    def _not_now(call: Call, party: CallParty, operation: str) -> Conflict:
        return Conflict(
            "not_allowed",
            f"现在不能 {operation} / {operation} is not possible now",
            state_of(call, party),
            allowed(call, party),
        )
