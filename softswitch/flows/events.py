"""What a running flow is told.  Past tense, frozen.  Numbers name what was begun: what comes too late means nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitPressed:
    """The caller pressed a key: `digit` of 0-9, *, #, A-D."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SayingFinished:
    """What `Say` with this number began was said to its end."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeElapsed:
    """The timer with this number ran out."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpAnswered:
    """The web service answered the look-up with this number; `fields` of its answer as texts."""

    number: int
    fields: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpFailed:
    """The look-up with this number came to nothing."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRefused:
    """The queue takes nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackNoted:
    """The caller will be called back, as was asked with this number."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRefused:
    """The caller cannot be called back."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFailed:
    """Nobody whom the flow rang has the caller."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLeft:
    """The agent ended the talk; the caller is still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTaken:
    """The message is recorded: by a key, silence or the longest time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLeft:
    """The caller hung up."""


FlowEvent = (
    DigitPressed
    | SayingFinished
    | TimeElapsed
    | LookUpAnswered
    | LookUpFailed
    | QueueRefused
    | CallbackNoted
    | CallbackRefused
    | TransferFailed
    | AgentLeft
    | MessageTaken
    | CallerLeft
)
