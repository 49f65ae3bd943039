"""A flow that runs for one caller: what was told (events) and the present state give the next state and what to do.

Pure: no clock, no sound, no network.  A caller who does nothing comes to an end in every flow that
`softswitch/flows/check.py` lets through, and what arrives too late changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from softswitch.flows import commands as do
from softswitch.flows import events as told
from softswitch.flows.commands import FlowCommand
from softswitch.flows.events import FlowEvent
from softswitch.flows.facts import Facts, holds
from softswitch.flows.nodes import (
    Branch,
    Callback,
    Collect,
    Flow,
    HangUp,
    LookUp,
    Menu,
    Node,
    Play,
    Queue,
    SetData,
    Survey,
    Transfer,
    Voicemail,
)
from softswitch.flows.spoken import filled, filled_url, prompts_of

DATA_MOST: Final = 1000
"""Characters of one value: an answer from outside is cut there."""

FINISH_KEY: Final = "#"
HEAR_KEY, AGAIN_KEY, KEEP_KEYS = "1", "2", ("3", FINISH_KEY)
"""What the caller presses in the review of a message."""


class Phase(StrEnum):
    """What a flow waits for."""

    SAYING = "saying"
    AWAITING = "awaiting"  # a key
    LOOKING_UP = "looking_up"
    QUEUED = "queued"  # an agent, and the end of the talk
    RECORDING = "recording"  # a message
    HEARING = "hearing"  # the caller hears the message
    ARRANGING = "arranging"  # a callback
    PUTTING_THROUGH = "putting_through"  # somebody is rung
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowState:
    """Where a caller is in a flow.  `number` counts what was begun (sayings, timers, look-ups): its last one names it.

    `region` is what the distributor counts the caller under.  `is_review`: a message is recorded, and its caller has the
    choice.  `secrets` are digits that were collected masked: they can be looked up and leave this object no other way.
    """

    node: str
    phase: Phase = Phase.SAYING
    digits: str = ""
    tries: int = 0
    number: int = 0
    level: int = 0
    region: str = ""
    is_review: bool = False
    data: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def become(self, phase: Phase) -> "FlowState":
        """The state in another phase; the one place that assigns it.  Any node may follow any other: only the end is final."""
        if self.phase is Phase.ENDED:
            raise ValueError(f"a flow that has ended cannot be {phase}")
        return replace(self, phase=phase)

    def to_record(self) -> dict[str, Any]:
        """What a restarted control needs, in JSON types; the caller begins the node again.  No digit is in it."""
        return {
            "node": self.node,
            "phase": self.phase.value,
            "level": self.level,
            "region": self.region,
            "is_review": self.is_review,
            "data": dict(self.data),
        }


Step = tuple[FlowState, tuple[FlowCommand, ...]]


def begin(
    flow: Flow, facts: Facts, data: Mapping[str, str], level: int = 0, visited: list[str] | None = None
) -> Step:
    """The caller enters the flow; `data` holds `caller`, `called`, `trunk` and `region`.

    The names of all nodes that the step goes through are put into `visited`.
    """
    state = FlowState(node=flow.start, level=level, region=data.get("region", ""), data=dict(data))
    return _Walk(flow, facts, state, visited).go_to(flow.start)


def resume(flow: Flow, facts: Facts, record: Mapping[str, Any]) -> Step:
    """The caller of before a restart begins the node again, or the review; of a node that is no more, the flow."""
    name = record["node"] if record["node"] in flow.nodes else flow.start
    node = flow.nodes[name]
    state = _restored(name, record)
    if record.get("is_review") and isinstance(node, Voicemail):
        return _Walk(flow, facts, replace(state, is_review=True)).look_over(node)
    return _Walk(flow, facts, state).go_to(name)


def queued(flow: Flow, record: Mapping[str, Any]) -> FlowState:
    """The state of a caller of before a restart who waits for an agent, or talks with one, and comes back afterwards."""
    node = record["node"] if record["node"] in flow.nodes else flow.start
    return _restored(node, record, Phase.QUEUED)


def recording(flow: Flow, record: Mapping[str, Any]) -> FlowState | None:
    """The state of a caller of before a restart who speaks a message still; None where the flow has no such node any more."""
    if not isinstance(flow.nodes.get(record["node"]), Voicemail):
        return None
    return _restored(record["node"], record, Phase.RECORDING)


def _restored(node: str, record: Mapping[str, Any], phase: Phase = Phase.SAYING) -> FlowState:
    """What a record says; one of a program that kept no region has that of its data."""
    data = dict(record["data"])
    region = record.get("region", data.get("region", ""))
    return FlowState(node=node, phase=phase, level=record["level"], region=region, data=data)


def step(
    flow: Flow, state: FlowState, event: FlowEvent, facts: Facts, visited: list[str] | None = None
) -> Step:
    """What follows from an event; one that means nothing now changes nothing.  `visited` as for `begin`."""
    return _Walk(flow, facts, state, visited).hear(event)


class _Walk:
    """One step: through as many nodes as need nothing from outside."""

    def __init__(self, flow: Flow, facts: Facts, state: FlowState, visited: list[str] | None = None) -> None:
        self._visited = [] if visited is None else visited
        self._flow = flow
        self._facts = facts
        self._state = state
        self._commands: list[FlowCommand] = []

    # ---- events ------------------------------------------------------------------------------------

    def hear(self, event: FlowEvent) -> Step:
        state = self._state
        node = self._flow.nodes[state.node]
        if state.phase is Phase.ENDED:
            return self._done()
        match event:
            case told.CallerLeft():
                self._become(Phase.ENDED)
            case told.SayingFinished(number=number) if state.phase is Phase.SAYING and number == state.number:
                self._said(node)
            case told.TimeElapsed(number=number) if state.phase is Phase.AWAITING and number == state.number:
                self._waited(node)
            case told.DigitPressed(digit=digit):
                self._pressed(node, digit)
            case told.LookUpAnswered(number=number) if self._is_looking(number) and isinstance(node, LookUp):
                self._answered(node, event.fields)
            case told.LookUpFailed(number=number) if self._is_looking(number) and isinstance(node, LookUp):
                self._enter(node.on_error)
            case told.CallbackNoted(number=number) if self._is_arranging(number) and isinstance(
                node, Callback
            ):
                self._enter_or_end(node.next)
            case told.CallbackRefused(number=number) if self._is_arranging(number) and isinstance(
                node, Callback
            ):
                self._enter(node.otherwise)
            case told.TransferFailed(number=number) if (
                state.phase is Phase.PUTTING_THROUGH and number == state.number and isinstance(node, Transfer)
            ):
                self._enter(node.otherwise)
            case told.QueueRefused() if state.phase is Phase.QUEUED and isinstance(node, Queue):
                self._refused(node)
            case told.AgentLeft() if state.phase is Phase.QUEUED and isinstance(node, Queue):
                self._enter_or_end(node.after)
            case told.MessageTaken() if state.phase is Phase.RECORDING and isinstance(node, Voicemail):
                self._taken(node)
            case told.SayingFinished(number=number) if self._is_hearing(number) and isinstance(
                node, Voicemail
            ):
                self._review(node)
        return self._done()

    def go_to(self, name: str) -> Step:
        self._enter(name)
        return self._done()

    def look_over(self, node: Voicemail) -> Step:
        self._review(node)
        return self._done()

    def _done(self) -> Step:
        return self._state, tuple(self._commands)

    def _is_arranging(self, number: int) -> bool:
        return self._state.phase is Phase.ARRANGING and number == self._state.number

    def _is_looking(self, number: int) -> bool:
        return self._state.phase is Phase.LOOKING_UP and number == self._state.number

    def _is_hearing(self, number: int) -> bool:
        return self._state.phase is Phase.HEARING and number == self._state.number

    # ---- keys --------------------------------------------------------------------------------------

    def _pressed(self, node: Node, digit: str) -> None:
        phase = self._state.phase
        if phase is Phase.RECORDING and digit == FINISH_KEY:
            self._commands.append(do.FinishMessage())
        if phase not in (Phase.SAYING, Phase.AWAITING, Phase.HEARING):
            return
        match node:
            case Play(may_interrupt=True) if phase is Phase.SAYING:
                self._hush()
                self._enter(node.next)
            case Menu():
                self._hush()
                if digit in node.keys:
                    self._enter(node.keys[digit])
                else:
                    self._try_again(node, node.invalid)
            case Survey():
                self._hush()
                if digit in node.keys:
                    self._commands.append(do.KeepAnswer(name=node.into, value=node.keys[digit]))
                    self._enter_or_end(node.next)
                else:
                    self._try_again(node)
            case Collect():
                self._hush()
                self._collect(node, digit)
            case Voicemail() if self._state.is_review:
                self._choose(node, digit)

    def _hush(self) -> None:
        if self._state.phase in (Phase.SAYING, Phase.HEARING):
            self._commands.append(do.StopSaying())

    def _collect(self, node: Collect, digit: str) -> None:
        if digit == node.terminator:
            self._collected(node)
            return
        if digit.isdigit():
            self._state = replace(self._state, digits=self._state.digits + digit)
        if len(self._state.digits) >= node.most:
            self._collected(node)
        else:
            self._await(node.between_s)

    def _collected(self, node: Collect) -> None:
        """Enough digits go on, too few are asked for again."""
        state = self._state
        if len(state.digits) < node.least:
            self._try_again(node)
            return
        if node.masked:
            self._state = replace(state, digits="", secrets={**state.secrets, node.into: state.digits})
        else:
            self._state = replace(state, digits="")
            self._attach(node.into, state.digits)
        self._enter(node.next)

    # ---- messages ------------------------------------------------------------------------------------

    def _take_message(self, node: Voicemail) -> None:
        self._become(Phase.RECORDING)
        self._commands.append(
            do.TakeMessage(box=node.box, longest_s=node.longest_s, silence_s=node.silence_s)
        )

    def _taken(self, node: Voicemail) -> None:
        if node.review:
            self._state = replace(self._state, is_review=True)
            self._review(node)
        else:
            self._enter_or_end(node.next)

    def _review(self, node: Voicemail) -> None:
        if not self._say(node.review):
            self._await(node.review_s)

    def _choose(self, node: Voicemail, digit: str) -> None:
        """A key that means nothing changes nothing: what is said goes on."""
        if digit == HEAR_KEY:
            self._hush()
            self._commands.append(do.PlayMessage(number=self._numbered(Phase.HEARING)))
        elif digit == AGAIN_KEY:
            self._hush()
            self._commands.append(do.DiscardMessage())
            self._state = replace(self._state, is_review=False)
            self._take_message(node)
        elif digit in KEEP_KEYS:
            self._hush()
            self._enter_or_end(node.next)

    # ---- what ran to its end -------------------------------------------------------------------------

    def _said(self, node: Node) -> None:
        match node:
            case Play():
                self._enter(node.next)
            case Menu() | Survey() | Collect():
                self._await(node.timeout_s)
            case Voicemail() if self._state.is_review:
                self._await(node.review_s)
            case Voicemail():
                self._take_message(node)
            case _:
                self._end()

    def _waited(self, node: Node) -> None:
        match node:
            case Collect():
                self._collected(node)
            case Menu() | Survey():
                self._try_again(node)
            case Voicemail():
                self._enter_or_end(node.next)
            case _:
                self._end()

    def _try_again(self, node: Menu | Survey | Collect, first: tuple[str, ...] = ()) -> None:
        """Ask once more, or go where a caller without an answer goes."""
        tries = self._state.tries + 1
        if tries <= node.repeats:
            self._state = replace(self._state, tries=tries, digits="")
            self._ask(node, first)
        elif isinstance(node, Survey):
            self._enter_or_end(node.next)
        else:
            self._enter(node.otherwise)

    def _answered(self, node: LookUp, fields: Mapping[str, str]) -> None:
        for source, name in node.take.items():
            if source in fields:
                self._attach(name, fields[source][:DATA_MOST])
        self._enter(node.next)

    def _refused(self, node: Queue) -> None:
        if node.on_full:
            self._enter(node.on_full)
        else:
            self._commands.append(do.TurnAway())
            self._become(Phase.ENDED)

    # ---- nodes -------------------------------------------------------------------------------------

    def _enter_or_end(self, name: str) -> None:
        if name:
            self._enter(name)
        else:
            self._end()

    def _enter(self, name: str) -> None:
        """Go to a node, and on through those that need nothing; a flow that was checked has no end of them."""
        left = len(self._flow.nodes)
        following: str | None = name
        while following is not None:
            node = self._flow.nodes[following]
            self._visited.append(following)
            self._mask(node)
            self._state = replace(self._state, node=following, digits="", tries=0, is_review=False)
            following = self._pass(node)
            left -= 1
            if left < 0:
                self._end()
                return

    def _mask(self, node: Node) -> None:
        """Masking begins with the first prompt of its node and ends when another node begins."""
        before = self._flow.nodes[self._state.node]
        was, will = (isinstance(each, Collect) and each.masked for each in (before, node))
        if will or was:
            self._commands.append(do.MaskDigits(masked=will))

    def _pass(self, node: Node) -> str | None:
        """Begin a node; the one that follows at once, None when it has to be waited for."""
        match node:
            case Play():
                return None if self._say(node.say) else node.next
            case Menu() | Survey() | Collect():
                self._ask(node)
            case Branch():
                for case in node.cases:
                    if holds(case, self._fact(case.fact, case.of)):
                        return case.next
                return node.otherwise
            case SetData():
                self._set(node)
                return node.next
            case LookUp():
                self._look_up(node)
            case Queue():
                self._commands.append(do.JoinQueue(queue=node.queue, level=self._state.level))
                self._become(Phase.QUEUED)
            case Callback():
                to = filled(node.number, self._state.data)
                number = self._numbered(Phase.ARRANGING)
                self._commands.append(
                    do.RequestCallback(number=number, to=to, queue=node.queue, level=self._state.level)
                )
            case Transfer():
                to = filled(node.to, self._state.data)
                number = self._numbered(Phase.PUTTING_THROUGH)
                self._commands.append(do.RingForCaller(number=number, to=to, ring_s=node.ring_s))
            case Voicemail():
                if not self._say(node.say):
                    self._take_message(node)
            case HangUp():
                if not self._say(node.say):
                    self._end()
        return None

    def _ask(self, node: Menu | Survey | Collect, first: tuple[str, ...] = ()) -> None:
        if not self._say((*first, *node.say)):
            self._await(node.timeout_s)

    def _set(self, node: SetData) -> None:
        for name, value in node.data.items():
            self._attach(name, filled(value, self._state.data)[:DATA_MOST])
        if node.level is not None:
            self._state = replace(self._state, level=node.level)
        if node.region:
            data = {**self._state.data, "region": node.region}
            self._state = replace(self._state, region=node.region, data=data)
            self._commands.append(do.SetRegion(region=node.region))

    def _fact(self, name: str, of: str) -> bool | float | str:
        match name:
            case "data":
                return self._state.data.get(of, "")
            case "level":
                return float(self._state.level)
            case "region":
                return self._state.region
            case "caller" | "called" | "trunk":
                return self._state.data.get(name, "")
        return self._facts.fact(name, of)

    # ---- small things --------------------------------------------------------------------------------

    def _become(self, phase: Phase) -> None:
        self._state = self._state.become(phase)

    def _numbered(self, phase: Phase) -> int:
        self._become(phase)
        self._state = replace(self._state, number=self._state.number + 1)
        return self._state.number

    def _say(self, say: tuple[str, ...]) -> bool:
        """Begin to say it; False when there is nothing to be said."""
        prompts = prompts_of(say, self._state.data)
        if prompts:
            self._commands.append(do.Say(number=self._numbered(Phase.SAYING), prompts=prompts))
        return bool(prompts)

    def _await(self, seconds: float) -> None:
        self._commands.append(do.StartTimer(number=self._numbered(Phase.AWAITING), seconds=seconds))

    def _look_up(self, node: LookUp) -> None:
        number = self._numbered(Phase.LOOKING_UP)
        url = filled_url(node.url, {**self._state.data, **self._state.secrets})
        self._commands.append(do.LookUpOutside(number=number, url=url, timeout_s=node.timeout_s))

    def _attach(self, name: str, value: str) -> None:
        self._state = replace(self._state, data={**self._state.data, name: value})
        self._commands.append(do.AttachData(name=name, value=value))

    def _end(self) -> None:
        self._become(Phase.ENDED)
        self._commands.append(do.EndCall())
