"""What a running flow wants done.  Imperative, frozen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Play these prompts; `SayingFinished` with the number follows."""

    number: int
    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSaying:
    """Be silent: the caller pressed a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTimer:
    """`TimeElapsed` with the number in so many seconds; it replaces the timer before it."""

    number: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskDigits:
    """Keep what the caller presses out of the recording and of everybody's ears, or no longer."""

    masked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachData:
    """Set one name of the call's attached data (随路数据)."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAnswer:
    """Keep what the caller answered in a survey with the call."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpOutside:
    """Ask the web service; `LookUpAnswered` or `LookUpFailed` with the number follows within the time."""

    number: int
    url: str
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinQueue:
    """Wait for an agent of the queue, at this level."""

    queue: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRegion:
    """The caller is of this region from the next line on, whatever the number says."""

    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCallback:
    """The number is to be called back by an agent of the queue; `CallbackNoted` or `CallbackRefused` with `number` follows."""

    number: int
    to: str
    queue: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RingForCaller:
    """Ring whom the caller is put through to; the flow is over once that one answers, else `TransferFailed` follows."""

    number: int
    to: str
    ring_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAway:
    """Tell the caller that all are busy, and end the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeMessage:
    """Record a message into the box, until nobody speaks for `silence_s`; `MessageTaken` follows."""

    box: str
    longest_s: float
    silence_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishMessage:
    """The caller says by a key that the message is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayMessage:
    """Play what the caller has just recorded; `SayingFinished` with the number follows."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardMessage:
    """Throw away what the caller has just recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCall:
    """Hang up."""


FlowCommand = (
    Say
    | StopSaying
    | StartTimer
    | MaskDigits
    | AttachData
    | KeepAnswer
    | LookUpOutside
    | JoinQueue
    | SetRegion
    | RequestCallback
    | RingForCaller
    | TurnAway
    | TakeMessage
    | FinishMessage
    | PlayMessage
    | DiscardMessage
    | EndCall
)
