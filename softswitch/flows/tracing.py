"""The way of a caller through a flow, without a call: what-if.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from softswitch.flows import commands as do
from softswitch.flows import events as told
from softswitch.flows.events import FlowEvent
from softswitch.flows.facts import Facts
from softswitch.flows.interpreter import Phase, begin, step
from softswitch.flows.nodes import Flow

STEPS_MOST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The nodes in order, and where the way ends: in a queue (or its callbacks), in a box, at who is rung, or with the call.

    `region` is the caller's there.
    """

    nodes: tuple[str, ...]
    queue: str = ""
    level: int = 0
    region: str = ""
    box: str = ""
    number: str = ""


def way_of(flow: Flow, facts: Facts, data: Mapping[str, str], keys: str) -> Way:
    """Walk as a caller who presses one of `keys` whenever the flow waits for one, and then nothing.

    Look-ups fail: nobody is asked for a call that is none.
    """
    seen: list[str] = []
    state, commands = begin(flow, facts, data, visited=seen)
    left = list(keys)
    for _ in range(STEPS_MOST):
        for command in commands:
            if isinstance(command, do.JoinQueue | do.RequestCallback):
                return Way(nodes=tuple(seen), queue=command.queue, level=command.level, region=state.region)
            if isinstance(command, do.RingForCaller):
                return Way(nodes=tuple(seen), number=command.to, region=state.region)
            if isinstance(command, do.TakeMessage):
                return Way(nodes=tuple(seen), box=command.box, region=state.region)
        if state.phase is Phase.ENDED:
            break
        event: FlowEvent
        match state.phase:
            case Phase.SAYING:
                event = told.SayingFinished(number=state.number)
            case Phase.AWAITING if left:
                event = told.DigitPressed(digit=left.pop(0))
            case Phase.AWAITING:
                event = told.TimeElapsed(number=state.number)
            case _:
                event = told.LookUpFailed(number=state.number)
        state, commands = step(flow, state, event, facts, visited=seen)
    return Way(nodes=tuple(seen), level=state.level, region=state.region)
