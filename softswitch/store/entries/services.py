"""What flows, voicemail and the business leave behind."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStarted:
    """The caller entered a call flow, in the version of the business that stood then."""

    at: float
    call_id: str
    flow: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswered:
    """The caller answered a survey by a key (满意度); `answer` is what the key means."""

    at: float
    call_id: str
    name: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailStarted:
    """A message is about to be recorded; its sound is the recording of the same id.

    `reason`: an `overflow` rule sent the caller there, or a `flow` led there, which is named with its `node`.
    `conditions`: what held of the overflow rule that brought the caller there or into the flow, as `waiting:50`,
    apart by spaces.
    """

    at: float
    voicemail_id: str
    call_id: str
    box: str
    caller: str
    reason: str = ""
    flow: str = ""
    node: str = ""
    conditions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailDiscarded:
    """Its caller spoke another one instead: the message is nobody's business any more."""

    at: float
    voicemail_id: str
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailHandled:
    """Somebody dealt with a message."""

    at: float
    voicemail_id: str
    by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailHandedOver:
    """A message stands in the line of `queue` as a contact, for any of its agents or for `agent` alone; `by` who said so."""

    at: float
    voicemail_id: str
    contact_id: str
    queue: str
    agent: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailCalledBack:
    """An agent calls whoever left the message, in this call; `by` who said so."""

    at: float
    voicemail_id: str
    call_id: str
    agent: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessChanged:
    """The hotline's business has a new `version`: all of `changes`, or none of them.

    `changes` is JSON: a list of `[kind, id, before, after]`, where a document that was not there, or is no more, is
    null.  `by` is who asked for it, `reason` what they said of it.
    """

    at: float
    version: int
    by: str
    reason: str
    changes: str
