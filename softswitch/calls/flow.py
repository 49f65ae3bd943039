"""Call flows run for real callers: what `softswitch.flows` decides is done here, and what happens is told to it.

A call keeps the flow that it began, whatever version is taken meanwhile.  The keys that a caller presses stand in
nobody's log.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import structlog

from acd import events as acd_facts
from acd.names import ContactId
from acd.overflow import Target, TargetKind
from api.faults import ApiFault
from media import commands as plane_words
from softswitch.business.whole import Business
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_facts import CallFacts
from softswitch.calls.call_table import CallTable
from softswitch.calls.callbacks import Callbacks, Wish
from softswitch.calls.flow_run import FlowRun, LeftMessage
from softswitch.calls.lookups import Answered
from softswitch.calls.message_desk import MessageDesk
from softswitch.calls.own_flows import OWN, callback_of, in_emergency, voicemail_of
from softswitch.calls.party import CallParty
from softswitch.calls.put_through import PutThrough
from softswitch.calls.queue_desk import QueueDesk
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.flows import commands as do
from softswitch.flows import events as told
from softswitch.flows import interpreter
from softswitch.flows.commands import FlowCommand
from softswitch.flows.events import FlowEvent
from softswitch.flows.interpreter import Phase
from softswitch.flows.nodes import Flow
from softswitch.speech.item import item_of
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason

log = structlog.get_logger(__name__)


class BusinessNow(Protocol):
    """The business as it stands (`softswitch.business.desk.BusinessDesk`)."""

    @property
    def business(self) -> Business:
        """All of it."""
        ...

    @property
    def version(self) -> int:
        """The number of its version."""
        ...


class Outside(Protocol):
    """Web services (`softswitch.calls.lookups.Lookups`)."""

    def ask(self, url: str, timeout_s: float, answered: Answered) -> None:
        """Begin a look-up."""
        ...


Speaks = Callable[[tuple[str, ...], Callable[[tuple[str, ...]], None]], None]
"""Tells the prompts that say prompts and texts, at once or when they were made (`softswitch.speech.desk.SpeechDesk.say`)."""


def _without_texts(written: tuple[str, ...], said: Callable[[tuple[str, ...]], None]) -> None:
    said(tuple(each for each in written if item_of(each) is None))


class FlowDesk:
    """All callers who are in a flow, or will come back to theirs after an agent.

    `ends_detour` is what the end of a detour does, `leaves_detour` what is done before it takes the caller elsewhere; call
    control sets them.
    """

    ends_detour: Callable[[Call], None]
    leaves_detour: Callable[[Call], None]

    speaks: Speaks = staticmethod(_without_texts)  # set by the composition root
    callbacks: Callbacks | None = None  # set by call control
    puts_through: PutThrough | None = None  # the same
    past: Mapping[
        tuple[str, int], Flow
    ] = {}  # of before a restart, by id and version; set by the composition root

    def __init__(
        self,
        table: CallTable,
        queue_desk: QueueDesk,
        business: BusinessNow,
        lookups: Outside,
        recordings: RecordingDesk,
        folder: Path,
        token: Callable[[int], str],
    ) -> None:
        """`folder` is where messages are recorded; `token` gives so many random bytes as text."""
        self._table = table
        self._queue_desk = queue_desk
        self._desk = business
        self._lookups = lookups
        self._messages = MessageDesk(table, recordings, folder, token)

    # ---- what call control tells ---------------------------------------------------------------------

    def begin(self, call: Call, name: str = "") -> bool:
        """Let an answered caller into the flow of the call's route (or another); False when there is none to run."""
        flow = self._flow_of(call, name)
        if flow is None:
            if name or call.route.flow:
                log.warning("flow.unknown", call_id=call.call_id, flow=name or call.route.flow)
            return False
        self._table.chronicle.record(
            entries.FlowStarted(
                at=self._table.clock.wall(), call_id=call.call_id, flow=flow.id, version=self._desk.version
            )
        )
        self._run(call, flow)
        return True

    def divert(self, call: Call, target: Target, because: tuple[str, ...] = ()) -> bool:
        """Take a caller out of the line into a flow or to the voicemail; False for what cannot be done.

        A queue sends a caller into a flow once: queues and flows that lead to each other end, whatever each waits for.
        `because` is what held of the queue (`softswitch.calls.queue_definition.conditions_of`).
        """
        flow = self._flow_at(call, target)
        if flow is None or call.state is not CallState.WAITING or call.customer is None:
            return False
        self._table.dispatcher.tell_late(
            acd_facts.ContactLeft(contact=ContactId(call.call_id), cause="diverted")
        )
        if target.kind is TargetKind.FLOW:
            call.overflowed.add((call.route.queue, target.name))
        self._run(call, flow, because)
        return True

    def has(self, name: str) -> bool:
        """Whether there is a flow of this name."""
        return name in self._desk.business.flows

    def names(self) -> dict[str, str]:
        """What people call each flow."""
        return {name: flow.name for name, flow in sorted(self._desk.business.flows.items())}

    def detour(self, call: Call, name: str) -> None:
        """Let a caller who talks through a flow that there is; `ends_detour` is called at its end."""
        self._table.chronicle.record(
            entries.FlowStarted(
                at=self._table.clock.wall(), call_id=call.call_id, flow=name, version=self._desk.version
            )
        )
        flow, facts = self._desk.business.flows[name], self._facts(call)
        first = interpreter.begin(flow, facts, self._data(call))
        run = call.flow = FlowRun(
            flow=flow, state=first[0], version=self._desk.version, is_detour=True, before=call.flow
        )
        call.become(CallState.IN_FLOW)
        self._follow(call, run, first)

    def leave(self, call: Call) -> None:
        """The caller is taken out of a detour; the flow of before it, if any, is the caller's again."""
        run = call.flow
        if run is None:
            return
        self._stop_timer(run)
        self._hush(call)
        if call.message_id:
            self._table.tell_plane(plane_words.StopRecording(recording_id=call.message_id))
            call.message_id = ""
        call.flow = run.before
        call.masked = call.prompted = False

    def _flow_at(self, call: Call, target: Target) -> Flow | None:
        match target.kind:
            case TargetKind.FLOW if (call.route.queue, target.name) in call.overflowed:
                return None
            case TargetKind.FLOW:
                return self._desk.business.flows.get(target.name)
            case TargetKind.VOICEMAIL:
                return voicemail_of(call.route.queue)
            case TargetKind.CALLBACK if self.callbacks is not None and not call.was_offered_callback:
                call.was_offered_callback = True
                return callback_of(call.route.queue)
            case _:
                return None

    def resume(self, call: Call) -> bool:
        """An adopted caller begins the node again, or speaks on; False for one who was in no flow that is there, or waited."""
        record, call.flow_record = call.flow_record, None
        flow = None if record is None else self._flow_begun(call, record)
        if record is None or flow is None:
            return False
        version = record.get("version", 0)
        if record["phase"] == Phase.QUEUED:
            call.flow = self._waiting_for(call, record)
            return False
        call.become(CallState.IN_FLOW)
        message = LeftMessage(**record["message"]) if record.get("message") else None
        is_spoken = message is not None and record["phase"] == Phase.RECORDING
        spoken = interpreter.recording(flow, record) if is_spoken else None
        step = interpreter.resume(flow, self._facts(call), record) if spoken is None else (spoken, ())
        run = call.flow = FlowRun(
            flow=flow,
            state=step[0],
            version=version,
            is_detour=record.get("is_detour", False),
            before=self._waiting_for(call, record.get("before")),
            message=message,
            because=tuple(record.get("because", ())),
        )
        self._follow(call, run, step)
        if message is not None and spoken is not None:
            self._messages.resume(call, message)
            self._limit_message(call, run)
        return True

    def _waiting_for(self, call: Call, record: Mapping[str, Any] | None) -> FlowRun | None:
        """The flow to which a caller comes back after the talk, of before a restart."""
        flow = None if record is None else self._flow_begun(call, record)
        if record is None or flow is None:
            return None
        return FlowRun(flow=flow, state=interpreter.queued(flow, record), version=record.get("version", 0))

    def _flow_begun(self, call: Call, record: Mapping[str, Any]) -> Flow | None:
        """The flow as it was when the call began it; the system's own are in no version."""
        name, queue = record["flow"], call.route.queue
        flow = self.past.get((name, record.get("version", 0))) or self._desk.business.flows.get(name)
        own = OWN.get("!" + name.removeprefix("!"))  # records of before have the name without the mark
        if flow is None and own is not None:
            return own(queue)
        switch = self._desk.business.emergency
        if switch is None or not record["node"].startswith("!"):
            return flow
        return in_emergency(switch, flow, queue)

    def said(self, call: Call) -> None:
        """What was announced to the caller is over."""
        run = call.flow
        if run is not None:
            self._hear(call, told.SayingFinished(number=run.state.number))

    def pressed(self, call: Call, digit: str) -> None:
        """The caller pressed a key: where that leads is the caller's wish, and overflow begins anew from there."""
        if call.state is CallState.IN_FLOW:
            if call.flow is not None and not call.flow.is_detour:
                call.overflowed.clear()
            self._hear(call, told.DigitPressed(digit=digit))

    def refused(self, call: Call) -> bool:
        """The queue takes nobody; True when the flow knows what to do now."""
        run = call.flow
        if run is None or run.state.phase is not Phase.QUEUED:
            return False
        call.become(CallState.IN_FLOW)
        self._hear(call, told.QueueRefused())
        return True

    def agent_left(self, call: Call, party: CallParty) -> bool:
        """The agent hung up; True when the caller stays, in the flow."""
        run = call.flow
        if run is None or run.state.phase is not Phase.QUEUED or call.customer is None:
            return False
        node = run.flow.nodes[run.state.node]
        if not getattr(node, "after", ""):
            return False
        self._table.remove(call, party)
        call.customer.held = False
        call.become(CallState.IN_FLOW)
        self._hear(call, told.AgentLeft())
        return True

    def _run(self, call: Call, flow: Flow, because: tuple[str, ...] = ()) -> None:
        """From the beginning, whatever flow the caller was in before."""
        if call.flow is not None:
            self._stop_timer(call.flow)
        call.become(CallState.IN_FLOW)
        first = interpreter.begin(flow, self._facts(call), self._data(call))
        run = call.flow = FlowRun(flow=flow, state=first[0], version=self._desk.version, because=because)
        self._follow(call, run, first)

    def _flow_of(self, call: Call, name: str) -> Flow | None:
        """The flow by its name or that of the route; while the emergency switch is on, with the notice in front."""
        business = self._desk.business
        switch = None if name else business.emergency
        flow = business.flows.get(name or (switch.flow if switch is not None else "") or call.route.flow)
        return flow if switch is None else in_emergency(switch, flow, call.route.queue)

    # ---- steps -----------------------------------------------------------------------------------------

    def _hear(self, call: Call, event: FlowEvent) -> None:
        run = call.flow
        if run is None or not self._table.has(call):
            return
        self._follow(call, run, interpreter.step(run.flow, run.state, event, self._facts(call)))

    def _follow(self, call: Call, run: FlowRun, step: interpreter.Step) -> None:
        """Take the new state first: what is done may tell the flow something before it returns."""
        state, commands = step
        is_new, run.state = run.state is not state, state
        if is_new and state.phase is not Phase.AWAITING:  # a key that means nothing stops no timer
            self._stop_timer(run)
        for command in commands:
            if self._table.has(call):
                self._do(call, run, command)
        if self._table.has(call) and call.state is CallState.IN_FLOW:
            # A caller in a flow hears what is said and nothing else, but for the ringing of who is rung.
            call.prompted = not self._rings_for(call)
            self._table.settle(call)

    def _do(self, call: Call, run: FlowRun, command: FlowCommand) -> None:
        match command:
            case do.Say():
                self.speaks(command.prompts, lambda prompts: self._say(call, command.number, prompts))
            case do.StopSaying():
                self._hush(call)
            case do.StartTimer():
                self._start_timer(call, run, command)
            case do.MaskDigits():
                call.masked = command.masked
                self._table.settle(call)
            case do.AttachData():
                self._attach(call, command.name, command.value)
            case do.KeepAnswer():
                self._keep_answer(call, command)
            case do.LookUpOutside():
                self._look_up(call, command)
            case do.JoinQueue():
                if run.is_detour:
                    run.is_detour = False
                    self.leaves_detour(call)
                call.route = replace(call.route, queue=command.queue)
                call.prompted = False
                self._queue_desk.enter(call, level=command.level)
            case do.SetRegion():
                call.region = command.region
            case do.RequestCallback():
                self._request_callback(call, command)
            case do.RingForCaller():
                self._ring_for(call, run, command)
            case do.TurnAway():
                self._queue_desk.turn_away(call)
            case do.TakeMessage():
                self._take_message(call, run, command)
            case do.FinishMessage():
                self._finish_message(call)
            case do.PlayMessage():
                self._play_message(call, run, command)
            case do.DiscardMessage():
                self._messages.discard(call, run)
            case do.EndCall() if run.is_detour:
                self.ends_detour(call)
            case do.EndCall():
                talked = call.connected_at is not None
                reason = EndReason.COMPLETED if talked else EndReason.SERVED
                self._table.end(call, EndedBy.SYSTEM, reason)

    def _say(self, call: Call, number: int, prompts: tuple[str, ...]) -> None:
        """Once every text of it was made; the caller may have pressed a key meanwhile, or have gone."""
        run = call.flow
        if run is None or run.state.phase is not Phase.SAYING or run.state.number != number:
            return
        if prompts and self._table.has(call):
            self._table.announce(call, prompts)
        else:
            self._hear(call, told.SayingFinished(number=number))

    def _request_callback(self, call: Call, command: do.RequestCallback) -> None:
        """The place is that in the line where the caller stood, or this moment's."""
        number, now = command.number, self._table.clock.wall()
        wish = Wish(
            number=command.to,
            queue=command.queue,
            arrived_at=now if call.queued_at is None or call.connected_at is not None else call.queued_at,
            line=call.called,
            level=call.caller_level + command.level,
            region=call.region,
            origin=call.call_id,
            by="caller",
            data=call.data,
        )
        try:
            if self.callbacks is not None:
                self.callbacks.ask(wish)
                call.has_callback = True
        except ApiFault as fault:
            log.info("callback.refused", call_id=call.call_id, fault=fault.detail)
        self._hear(
            call,
            told.CallbackNoted(number=number) if call.has_callback else told.CallbackRefused(number=number),
        )

    def _ring_for(self, call: Call, run: FlowRun, command: do.RingForCaller) -> None:
        """A caller who is only away from an agent is put through to nobody else."""
        through = None if run.is_detour else self.puts_through
        if through is None or through.ring(call, command.to, command.ring_s):
            self._hear(call, told.TransferFailed(number=command.number))

    def _rings_for(self, call: Call) -> bool:
        """Whether somebody is rung for the caller."""
        return call.flow is not None and call.flow.state.phase is Phase.PUTTING_THROUGH

    def not_put_through(self, call: Call) -> None:
        """Whom the flow rang did not take the caller."""
        run = call.flow
        if run is not None and call.state is CallState.IN_FLOW:
            self._hear(call, told.TransferFailed(number=run.state.number))

    def _hush(self, call: Call) -> None:
        if call.customer is not None:
            self._table.tell_plane(plane_words.StopPrompts(leg_id=call.customer.leg_id))

    def _start_timer(self, call: Call, run: FlowRun, command: do.StartTimer) -> None:
        self._stop_timer(run)
        run.alarm = self._table.clock.after(
            command.seconds, lambda: self._hear(call, told.TimeElapsed(number=command.number))
        )

    def _stop_timer(self, run: FlowRun) -> None:
        if run.alarm is not None:
            run.alarm.cancel()
            run.alarm = None

    def _attach(self, call: Call, name: str, value: str) -> None:
        """It is the call's from now on, and stands with it when it has ended."""
        call.data = {**call.data, name: value}
        text = json.dumps(call.data, ensure_ascii=False)
        self._table.chronicle.record(
            entries.CallDataChanged(at=self._table.clock.wall(), call_id=call.call_id, data=text)
        )

    def _keep_answer(self, call: Call, command: do.KeepAnswer) -> None:
        self._attach(call, command.name, command.value)
        self._table.chronicle.record(
            entries.SurveyAnswered(
                at=self._table.clock.wall(), call_id=call.call_id, name=command.name, answer=command.value
            )
        )

    def _look_up(self, call: Call, command: do.LookUpOutside) -> None:
        def answered(fields: dict[str, str] | None) -> None:
            number = command.number
            event: FlowEvent = (
                told.LookUpFailed(number=number)
                if fields is None
                else told.LookUpAnswered(number=number, fields=fields)
            )
            self._hear(call, event)

        self._lookups.ask(command.url, command.timeout_s, answered)

    # ---- messages --------------------------------------------------------------------------------------

    def _take_message(self, call: Call, run: FlowRun, command: do.TakeMessage) -> None:
        self._messages.take(call, run, command)
        self._limit_message(call, run)

    def _limit_message(self, call: Call, run: FlowRun) -> None:
        if run.message is not None:
            left_s = max(0.0, run.message.most_until - self._table.clock.wall())
            run.alarm = self._table.clock.after(left_s, lambda: self._finish_message(call))

    def quiet(self, call: Call, recording_id: str) -> None:
        """Nobody speaks on a recording any more: if it is a message, it is over."""
        if recording_id == call.message_id:
            self._finish_message(call)

    def _finish_message(self, call: Call) -> None:
        run = call.flow
        if run is None or not call.message_id or not self._table.has(call):
            return
        self._stop_timer(run)
        self._messages.finish(call)
        self._hear(call, told.MessageTaken())

    def recorded(self, recording_id: str) -> None:
        """The file of a recording is closed; one that is a message may be heard."""
        self._messages.closed(recording_id)

    def played(self, playlist_id: str) -> None:
        """What was said to somebody is over, or was cut short."""
        self._messages.played(playlist_id)

    def _play_message(self, call: Call, run: FlowRun, command: do.PlayMessage) -> None:
        def over() -> None:
            self._hear(call, told.SayingFinished(number=command.number))

        def is_wanted() -> bool:
            return self._table.has(call) and run.state.number == command.number

        self._messages.play(call, run, is_wanted, over)

    # ---- what the flow is told of the call -------------------------------------------------------------

    def _facts(self, call: Call) -> CallFacts:
        return CallFacts(self._table.dispatcher, self._table.clock, self._desk.business, call.caller)

    def _data(self, call: Call) -> dict[str, str]:
        texts = {name: value for name, value in call.data.items() if isinstance(value, str)}
        return texts | {
            "caller": call.caller,
            "called": call.called,
            "trunk": call.trunk,
            "region": self._table.callers.region_of_call(call),
        }
