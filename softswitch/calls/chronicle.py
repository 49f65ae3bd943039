"""Everything that happened is told here once: into the journal, to the live stream and into the log."""

import dataclasses
import json
from enum import StrEnum
from typing import Any

import structlog

from api.event_stream import EventStream
from api.live_messages import Shown
from softswitch.calls.ports import JournalPort
from softswitch.store import entries
from softswitch.store.entries import Entry
from softswitch.store.errors import EntryRefused, StoreClosed

log = structlog.get_logger("chronicle")

KINDS: dict[type, str] = {
    entries.CallArrived: "call.arrived",
    entries.CallAnswered: "call.answered",
    entries.CallQueued: "call.queued",
    entries.CallWidened: "call.widened",
    entries.CallOffered: "call.offered",
    entries.OfferEnded: "offer.ended",
    entries.OfferAccepted: "offer.accepted",
    entries.AnswerRefused: "answer.refused",
    entries.CallConnected: "call.connected",
    entries.CallRequeued: "call.requeued",
    entries.CallRerouted: "call.rerouted",
    entries.CallDialled: "call.dialled",
    entries.ProgressHeard: "call.progress",
    entries.DialResulted: "call.dial_result",
    entries.CallListChanged: "call_list.changed",
    entries.ListRecordShown: "call_list.record_shown",
    entries.ListRecordChanged: "call_list.record_changed",
    entries.CallHeld: "call.held",
    entries.CallRetrieved: "call.retrieved",
    entries.HoldReminded: "call.hold_reminded",
    entries.PartyMuted: "party.muted",
    entries.PartyUnmuted: "party.unmuted",
    entries.DigitsSent: "digits.sent",
    entries.WrapUpExtended: "wrap_up.extended",
    entries.ConsultStarted: "consult.started",
    entries.ConsultAnswered: "consult.answered",
    entries.ConsultFailed: "consult.failed",
    entries.CallTransferred: "call.transferred",
    entries.TransferFailed: "transfer.failed",
    entries.CallConferenced: "call.conferenced",
    entries.CallSentToFlow: "call.sent_to_flow",
    entries.CallBackFromFlow: "call.back_from_flow",
    entries.PartyDropped: "party.dropped",
    entries.CallDataChanged: "call.data_changed",
    entries.SupervisionStarted: "supervision.started",
    entries.SupervisionChanged: "supervision.changed",
    entries.SupervisionEnded: "supervision.ended",
    entries.CallIntercepted: "call.intercepted",
    entries.ActionForced: "forced",
    entries.CallEnded: "call.ended",
    entries.RecordingStarted: "recording.started",
    entries.RecordingSegmentStarted: "recording.segment_started",
    entries.RecordingPaused: "recording.paused",
    entries.RecordingResumed: "recording.resumed",
    entries.RecordingClosed: "recording.closed",
    entries.RecordingDeleted: "recording.deleted",
    entries.AgentReturned: "agent.returned",
    entries.AgentStateChanged: "agent.state_changed",
    entries.TrunkStateChanged: "trunk.state_changed",
    entries.AlarmRaised: "alarm.raised",
    entries.AlarmCleared: "alarm.cleared",
    entries.AlarmAcknowledged: "alarm.acknowledged",
    entries.AlarmCallEnded: "alarm.call_ended",
    entries.ClockSet: "clock.set",
    entries.DifferenceHealed: "difference.healed",
    entries.ProcessLost: "process.lost",
    entries.BusinessChanged: "business.changed",
    entries.CustomersChanged: "customers.changed",
    entries.FlowStarted: "flow.started",
    entries.SurveyAnswered: "survey.answered",
    entries.CallbackRequested: "callback.requested",
    entries.CallbackTried: "callback.tried",
    entries.CallbackClosed: "callback.closed",
    entries.ContactQueued: "contact.queued",
    entries.ContactOffered: "contact.offered",
    entries.ContactWithdrawn: "contact.withdrawn",
    entries.ContactAccepted: "contact.accepted",
    entries.ContactClosed: "contact.closed",
    entries.VoicemailStarted: "voicemail.started",
    entries.VoicemailDiscarded: "voicemail.discarded",
    entries.VoicemailHandled: "voicemail.handled",
    entries.VoicemailHandedOver: "voicemail.handed_over",
    entries.VoicemailCalledBack: "voicemail.called_back",
}

_HIDDEN = frozenset({"path", "at", "changes"})
"""Fields that are not for readers of the stream: files are served by id, changed documents by the business's own pages."""
_SHOWN: dict[type, tuple[str, ...]] = {
    kind: tuple(field.name for field in dataclasses.fields(kind) if field.name not in _HIDDEN)
    for kind in KINDS
}

_MADE_FOR_READERS: dict[type, tuple[tuple[str, Any], ...]] = {
    entries.CallDataChanged: (("data", dict),),  # an object there, a text in the journal
    entries.CallOffered: (("call", dict),),
    entries.ConsultStarted: (("call", dict),),
}


def shown_kinds() -> dict[str, Shown]:
    """The kinds of the live stream that come from the journal, with the data that readers are shown."""
    return {
        name: Shown(of=kind, fields=_SHOWN[kind], more=_MADE_FOR_READERS.get(kind, ()))
        for kind, name in KINDS.items()
    }


class Chronicle:
    """Journal, stream and log behind one method."""

    def __init__(self, store: JournalPort, stream: EventStream) -> None:
        """Write to these two."""
        self._store = store
        self._stream = stream

    def record(self, entry: Entry) -> None:
        """Tell everybody; a journal that cannot take the entry never stops a call."""
        kind = KINDS[type(entry)]
        fields = {name: _plain(getattr(entry, name)) for name in _SHOWN[type(entry)]}
        log.info(
            kind, **({"call_id": entry.call_id} if isinstance(entry, entries.CallDataChanged) else fields)
        )
        try:
            self._store.record(entry)
        except (EntryRefused, StoreClosed):
            log.exception("chronicle.not_written", kind=kind, **fields)
        if isinstance(entry, entries.CallDataChanged):
            fields["data"] = json.loads(entry.data)
        self._stream.publish(kind, fields, entry.at)

    def tell_rung(self, call_id: str, agent: str, extension: str) -> None:
        """Let an agent's screen know whose call makes the phone ring; that is in no journal."""
        self._stream.publish("call.rung", {"call_id": call_id, "agent": agent, "extension": extension})


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value
