"""What agents and supervisors do with calls: each handler asks call control for one operation."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from api.exchange import Exchange
from api.faults import NotBuilt, Refused, TooLarge
from api.json_text import dump
from api.ports import (
    ForcedState,
    HangUpTarget,
    OperationsPort,
    Ports,
    SuperviseMode,
    Target,
    TargetKind,
)
from api.views import AgentView, Page

DATA_MOST = 16 * 1024
"""Bytes of a call's attached data as JSON in UTF-8."""

Deed = Callable[[OperationsPort, str, Any], Awaitable[None]]
"""One operation: the port, the id in the path, the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAccepted:
    """It is being done; the live stream tells what comes of it."""

    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallData:
    """The attached data (随路数据) of a call."""

    call_id: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowName:
    """A call flow that callers can be sent to."""

    flow: str
    name: str


def _of(ports: Ports) -> OperationsPort:
    """Call control's operations; the one place that says when there are none."""
    if ports.operations is None:
        raise NotBuilt
    return ports.operations


def _sized(data: dict[str, Any]) -> dict[str, Any]:
    if len(dump(data).encode()) > DATA_MOST:
        raise TooLarge("data_too_large", f"随路数据过大 / attached data is larger than {DATA_MOST} bytes")
    return data


def _target(body: Any) -> Target:
    if not body.kind or not body.to:
        raise Refused("target_incomplete", "kind 与 to 须同时给出 / give kind and to together")
    return Target(kind=TargetKind(body.kind), to=body.to)


def _by_agent(deed: Deed) -> Callable[[Ports, Exchange], Awaitable[AgentView]]:
    """A handler that does it for the agent in the path and shows the agent afterwards."""

    async def handle(ports: Ports, exchange: Exchange) -> AgentView:
        agent_id = exchange.id_of("agent")
        await deed(_of(ports), agent_id, exchange.body)
        return await ports.agents.get(agent_id)

    return handle


def _to_call(deed: Deed) -> Callable[[Ports, Exchange], Awaitable[CallAccepted]]:
    """A handler that does it to the call in the path."""

    async def handle(ports: Ports, exchange: Exchange) -> CallAccepted:
        call_id = exchange.id_of("call")
        await deed(_of(ports), call_id, exchange.body)
        return CallAccepted(call_id=call_id)

    return handle


# ---- the agent ---------------------------------------------------------------------------------------


async def dial(ports: Ports, exchange: Exchange) -> CallAccepted:
    """Call somebody."""
    body, agent_id = exchange.body, exchange.id_of("agent")
    call_id = await _of(ports).dial(agent_id, body.number, _sized(body.data), body.caller_id)
    return CallAccepted(call_id=call_id)


async def flows(ports: Ports, _exchange: Exchange) -> Page[FlowName]:
    """The flows that a caller can be sent to."""
    found = await _of(ports).flows()
    return Page(items=tuple(FlowName(flow=flow, name=name) for flow, name in found.items()), next_cursor=None)


answer = _by_agent(lambda port, agent_id, _: port.answer(agent_id))
hang_up = _by_agent(lambda port, agent_id, _: port.hang_up_own(agent_id))
hold = _by_agent(lambda port, agent_id, _: port.hold(agent_id))
retrieve = _by_agent(lambda port, agent_id, _: port.retrieve(agent_id))
mute = _by_agent(lambda port, agent_id, _: port.mute(agent_id))
unmute = _by_agent(lambda port, agent_id, _: port.unmute(agent_id))
send_digits = _by_agent(lambda port, agent_id, body: port.send_digits(agent_id, body.digits))
consult = _by_agent(lambda port, agent_id, body: port.consult(agent_id, _target(body)))
alternate = _by_agent(lambda port, agent_id, _: port.alternate(agent_id))
reconnect = _by_agent(lambda port, agent_id, _: port.reconnect(agent_id))
transfer = _by_agent(
    lambda port, agent_id, body: port.transfer(agent_id, _target(body) if body.kind or body.to else None)
)
to_flow = _by_agent(lambda port, agent_id, body: port.to_flow(agent_id, body.flow))
conference = _by_agent(lambda port, agent_id, _: port.conference(agent_id))
drop = _by_agent(lambda port, agent_id, body: port.drop(agent_id, body.party))
extend_wrap_up = _by_agent(lambda port, agent_id, body: port.extend_wrap_up(agent_id, body.seconds))


# ---- the call ----------------------------------------------------------------------------------------


async def get_data(ports: Ports, exchange: Exchange) -> CallData:
    """Read the attached data."""
    call_id = exchange.id_of("call")
    return CallData(call_id=call_id, data=(await ports.calls.get(call_id)).call.data)


async def put_data(ports: Ports, exchange: Exchange) -> CallData:
    """Replace the attached data."""
    return await _set_data(ports, exchange, merge=False)


async def merge_data(ports: Ports, exchange: Exchange) -> CallData:
    """Merge into the attached data."""
    return await _set_data(ports, exchange, merge=True)


async def _set_data(ports: Ports, exchange: Exchange, *, merge: bool) -> CallData:
    call_id, data = exchange.id_of("call"), _sized(exchange.body.data)
    return CallData(call_id=call_id, data=await _of(ports).set_data(call_id, data, merge=merge))


pause_recording = _to_call(lambda port, call_id, body: port.pause_recording(call_id, body.reason))
resume_recording = _to_call(lambda port, call_id, body: port.resume_recording(call_id, body.reason))


# ---- the supervisor ----------------------------------------------------------------------------------

supervise = _to_call(
    lambda port, call_id, body: port.supervise(
        body.supervisor, call_id, SuperviseMode(body.mode), body.reason
    )
)
stop_supervising = _by_agent(lambda port, agent_id, _: port.stop_supervising(agent_id))
intercept = _to_call(lambda port, call_id, body: port.intercept(body.supervisor, call_id, body.reason))
force_state = _by_agent(
    lambda port, agent_id, body: port.force_state(agent_id, ForcedState(body.state), body.reason)
)
pick_up = _to_call(lambda port, call_id, body: port.pick_up(body.agent, call_id, body.reason))
move = _to_call(lambda port, call_id, body: port.move(call_id, body.queue, body.reason))
set_level = _to_call(lambda port, call_id, body: port.set_level(call_id, body.level, body.reason))


async def force_hang_up(ports: Ports, exchange: Exchange) -> CallAccepted:
    """End a call, or one leg of it, by force."""
    call_id, body = exchange.id_of("call"), exchange.body
    target = HangUpTarget(body.target)
    if target is HangUpTarget.CALL:
        await ports.calls.hang_up(call_id, body.reason)
    else:
        await _of(ports).force_hang_up(call_id, target, body.reason)
    return CallAccepted(call_id=call_id)
