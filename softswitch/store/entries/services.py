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
    """A message is about to be recorded; its sound is the recording of the same id."""

    at: float
    voicemail_id: str
    call_id: str
    box: str
    caller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailHandled:
    """Somebody dealt with a message."""

    at: float
    voicemail_id: str
    by: str
    note: str


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
