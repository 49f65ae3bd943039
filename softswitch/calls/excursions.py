"""A caller goes through a call flow and comes back to the agent: to enter a password that the agent must not hear.

The agent stays in the call and hears music meanwhile.  The flow's end (or the agent, who takes the caller back) joins
both again, with what the flow attached.  An agent who leaves meanwhile does not end the flow: the caller then goes back
to the head of the line.
"""

from collections.abc import Callable

from api.faults import Refused
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable
from softswitch.calls.flow import FlowDesk
from softswitch.calls.hearing import Role
from softswitch.calls.party import CallParty
from softswitch.calls.queue_desk import QueueDesk
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason


class Excursions:
    """Sends callers into flows, for good or to come back."""

    def __init__(self, table: CallTable, queue_desk: QueueDesk, flows: Callable[[], FlowDesk | None]) -> None:
        """`flows` gives the desk of flows, None where there is none."""
        self._table = table
        self._queue_desk = queue_desk
        self._flows = flows

    def begin(self, call: Call, agent: CallParty, flow: str) -> None:
        """Let the caller into a flow; the agent waits.  `Refused` for a flow that there is not."""
        flows = self._need(flow)
        now = self._table.clock.wall()
        self._table.chronicle.record(
            entries.CallSentToFlow(at=now, call_id=call.call_id, agent=agent.agent, flow=flow)
        )
        for party in call.joined(Role.AGENT, Role.CONSULTEE):
            party.held = True
        if call.customer is not None:
            call.customer.held = False
        flows.detour(call, flow)

    def transfer(self, call: Call, agent: CallParty, flow: str) -> None:
        """Hand the caller over to a flow, for good; the agent goes to wrap-up."""
        flows = self._need(flow)
        self._table.chronicle.record(
            entries.CallTransferred(
                at=self._table.clock.wall(), call_id=call.call_id, agent=agent.agent, kind="flow", to=flow
            )
        )
        self._let_go(call)
        if call.customer is not None:
            call.customer.held = False
        flows.begin(call, flow)

    def take_back(self, call: Call, agent: CallParty) -> None:
        """The agent does not wait for the end of the flow."""
        self.leave(call)
        self._back(call, agent, "taken_back")

    def agent_left(self, call: Call, party: CallParty) -> bool:
        """The agent is gone while the caller is in the flow; True when the flow goes on without."""
        if call.flow is None or not call.flow.is_detour or call.state is not CallState.IN_FLOW:
            return False
        self._table.remove(call, party)
        self._table.settle(call)
        return True

    def ended(self, call: Call) -> None:
        """The flow has come to its end."""
        waiting = call.agent
        self.leave(call)
        if waiting is not None:
            self._back(call, waiting, "completed")
        elif call.route.queue:
            self._queue_desk.requeue(call, "agent_left")
        else:
            self._table.end(call, EndedBy.SYSTEM, EndReason.COMPLETED)

    def resume(self, call: Call) -> None:
        """The agent of before a restart waits on, and the caller begins the node of the flow again.

        A secret that was half typed reaches nobody.  Without the flow the caller is back at once.
        """
        flows = self._flows()
        agent = call.agent
        if agent is None or flows is not None and flows.resume(call):
            return
        for party in call.joined(Role.AGENT, Role.CONSULTEE):
            party.held = False
        call.become(CallState.INTRODUCED)
        self._back(call, agent, "restarted")

    def leave(self, call: Call) -> None:
        """The caller is in the flow no more, whatever follows; nothing for a call that is in none to come back from."""
        flows = self._flows()
        if flows is not None and call.flow is not None and call.flow.is_detour:
            for party in call.joined(Role.AGENT, Role.CONSULTEE):
                party.held = False
            flows.leave(call)

    def let_go(self, call: Call) -> None:
        """The flow takes the caller elsewhere: nobody waits for the caller any more."""
        agent = call.agent
        if agent is not None:
            self._table.chronicle.record(
                entries.CallBackFromFlow(
                    at=self._table.clock.wall(), call_id=call.call_id, agent=agent.agent, cause="moved_on"
                )
            )
        self._let_go(call)

    def _let_go(self, call: Call) -> None:
        for party in tuple(call.parties):
            if party.role is not Role.CUSTOMER:
                self._table.remove(call, party, why="call_moved")

    def _back(self, call: Call, agent: CallParty, cause: str) -> None:
        call.become(CallState.TALKING)
        now = self._table.clock.wall()
        self._table.chronicle.record(
            entries.CallBackFromFlow(at=now, call_id=call.call_id, agent=agent.agent, cause=cause)
        )
        self._table.settle(call)

    def _need(self, flow: str) -> FlowDesk:
        flows = self._flows()
        if flows is None or not flows.has(flow):
            raise Refused("unknown_flow", f"没有此流程 / there is no flow {flow!r}")
        return flows
