"""What the journal holds: facts about calls, agents, recordings and the machine.  Past tense, frozen.

`at` is wall-clock time in seconds since 1970 (UTC).  An entry is written once: those with a natural identity
(`entry_id`) are ignored when they come a second time, so a restarted process may report what it finds.
"""

from softswitch.store.entries.callbacks import CallbackClosed, CallbackRequested, CallbackTried
from softswitch.store.entries.calls import (
    CallAnswered,
    CallArrived,
    CallConnected,
    CallDialled,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRequeued,
    CallRerouted,
    CallTransferred,
    CallWidened,
    EndedBy,
    EndReason,
    OfferAccepted,
    OfferEnded,
)
from softswitch.store.entries.contacts import (
    ContactAccepted,
    ContactClosed,
    ContactOffered,
    ContactQueued,
    ContactWithdrawn,
)
from softswitch.store.entries.customers import CustomersChanged
from softswitch.store.entries.machine import (
    AgentReturned,
    AgentStateChanged,
    AlarmAcknowledged,
    AlarmCallEnded,
    AlarmCleared,
    AlarmRaised,
    ClockSet,
    DifferenceHealed,
    ProcessLost,
    TrunkStateChanged,
)
from softswitch.store.entries.outgoing import (
    CallListChanged,
    DialResulted,
    ListRecordChanged,
    ListRecordShown,
    ProgressHeard,
)
from softswitch.store.entries.recordings import (
    RecordingClosed,
    RecordingDeleted,
    RecordingPaused,
    RecordingResumed,
    RecordingSegmentStarted,
    RecordingStarted,
    RecordingState,
)
from softswitch.store.entries.services import (
    BusinessChanged,
    FlowStarted,
    SurveyAnswered,
    VoicemailCalledBack,
    VoicemailDiscarded,
    VoicemailHandedOver,
    VoicemailHandled,
    VoicemailStarted,
)
from softswitch.store.entries.softphone import (
    ActionForced,
    AnswerRefused,
    CallBackFromFlow,
    CallConferenced,
    CallDataChanged,
    CallHeld,
    CallIntercepted,
    CallRetrieved,
    CallSentToFlow,
    ConsultAnswered,
    ConsultFailed,
    ConsultStarted,
    DigitsSent,
    HoldReminded,
    PartyDropped,
    PartyMuted,
    PartyUnmuted,
    SupervisionChanged,
    SupervisionEnded,
    SupervisionStarted,
    TransferFailed,
    WrapUpExtended,
)

__all__ = (
    "ActionForced",
    "AgentReturned",
    "AgentStateChanged",
    "AlarmAcknowledged",
    "AlarmCallEnded",
    "AlarmCleared",
    "AlarmRaised",
    "AnswerRefused",
    "BusinessChanged",
    "CallAnswered",
    "CallArrived",
    "CallBackFromFlow",
    "CallConferenced",
    "CallConnected",
    "CallDataChanged",
    "CallDialled",
    "CallEnded",
    "CallEntry",
    "CallHeld",
    "CallIntercepted",
    "CallListChanged",
    "CallOffered",
    "CallQueued",
    "CallRequeued",
    "CallRerouted",
    "CallRetrieved",
    "CallSentToFlow",
    "CallTransferred",
    "CallWidened",
    "CallbackClosed",
    "CallbackRequested",
    "CallbackTried",
    "ClockSet",
    "ConsultAnswered",
    "ConsultFailed",
    "ConsultStarted",
    "ContactAccepted",
    "ContactClosed",
    "ContactOffered",
    "ContactQueued",
    "ContactWithdrawn",
    "CustomersChanged",
    "DialResulted",
    "DifferenceHealed",
    "DigitsSent",
    "EndReason",
    "EndedBy",
    "Entry",
    "FlowStarted",
    "HoldReminded",
    "ListRecordChanged",
    "ListRecordShown",
    "OfferAccepted",
    "OfferEnded",
    "PartyDropped",
    "PartyMuted",
    "PartyUnmuted",
    "ProcessLost",
    "ProgressHeard",
    "RecordingClosed",
    "RecordingDeleted",
    "RecordingPaused",
    "RecordingResumed",
    "RecordingSegmentStarted",
    "RecordingStarted",
    "RecordingState",
    "SoftphoneEntry",
    "SupervisionChanged",
    "SupervisionEnded",
    "SupervisionStarted",
    "SurveyAnswered",
    "TransferFailed",
    "TrunkStateChanged",
    "VoicemailCalledBack",
    "VoicemailDiscarded",
    "VoicemailHandedOver",
    "VoicemailHandled",
    "VoicemailStarted",
    "WrapUpExtended",
    "entry_id",
)

CallEntry = (
    CallArrived
    | CallAnswered
    | CallQueued
    | CallOffered
    | OfferEnded
    | OfferAccepted
    | CallConnected
    | CallRequeued
    | CallRerouted
    | CallWidened
    | CallDialled
    | CallTransferred
    | CallEnded
)
SoftphoneEntry = (
    AnswerRefused
    | CallHeld
    | CallRetrieved
    | HoldReminded
    | PartyMuted
    | PartyUnmuted
    | DigitsSent
    | WrapUpExtended
    | ConsultStarted
    | ConsultAnswered
    | ConsultFailed
    | TransferFailed
    | CallConferenced
    | CallSentToFlow
    | CallBackFromFlow
    | PartyDropped
    | CallDataChanged
    | SupervisionStarted
    | SupervisionChanged
    | SupervisionEnded
    | CallIntercepted
    | ActionForced
)
"""What agents and supervisors do with a call; none of it changes a projected row."""
Entry = (
    CallEntry
    | SoftphoneEntry
    | ProgressHeard
    | DialResulted
    | CallListChanged
    | ListRecordShown
    | ListRecordChanged
    | RecordingStarted
    | RecordingSegmentStarted
    | RecordingPaused
    | RecordingResumed
    | RecordingClosed
    | RecordingDeleted
    | AgentReturned
    | AgentStateChanged
    | TrunkStateChanged
    | AlarmRaised
    | AlarmCleared
    | AlarmAcknowledged
    | AlarmCallEnded
    | ClockSet
    | DifferenceHealed
    | ProcessLost
    | BusinessChanged
    | CustomersChanged
    | FlowStarted
    | SurveyAnswered
    | VoicemailStarted
    | VoicemailDiscarded
    | VoicemailHandled
    | VoicemailHandedOver
    | VoicemailCalledBack
    | CallbackRequested
    | CallbackTried
    | CallbackClosed
    | ContactAccepted
    | ContactClosed
    | ContactOffered
    | ContactQueued
    | ContactWithdrawn
)


def entry_id(entry: Entry) -> str | None:
    """The natural identity of an entry that can happen only once; None for one that may repeat."""
    match entry:
        case CallArrived() | CallDialled() | CallAnswered() | CallEnded():
            return f"{type(entry).__name__}:{entry.call_id}"
        case RecordingStarted():
            return f"RecordingStarted:{entry.recording_id}"
        case RecordingDeleted():
            return f"RecordingDeleted:{entry.recording_id}"
        case RecordingClosed():
            return f"RecordingClosed:{entry.recording_id}:{entry.sha256}"
        case BusinessChanged() | CustomersChanged():
            return f"{type(entry).__name__}:{entry.version}"
        case CallbackRequested():
            return f"CallbackRequested:{entry.callback_id}"
        case VoicemailStarted() | VoicemailDiscarded():
            return f"{type(entry).__name__}:{entry.voicemail_id}"
        case _:
            return None
