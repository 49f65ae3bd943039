"""What call control orders of a media plane.  Imperative, frozen.

A *leg* is one RTP stream pair with one phone or trunk channel.  A leg hears what its hearing row names
and nothing else; call control computes the rows (`softswitch/calls/hearing.py`) and sends those that changed.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Codec(StrEnum):
    """Codecs of the plane: both G.711 laws at 8 kHz (RFC 3551 section 4.5.14)."""

    PCMA = "PCMA"
    PCMU = "PCMU"


class SourceKind(StrEnum):
    """Where a sound comes from."""

    LEG = "leg"  # the voice that arrives on another leg; name = its leg id
    MUSIC = "music"  # a looping shared track; name = track name
    PROMPT = "prompt"  # the hearing leg's own playlist; name is empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One thing that a leg hears, at a linear gain (1.0 = unchanged)."""

    kind: SourceKind
    name: str = ""
    gain: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLeg:
    """Reserve a socket pair for a leg; answered by `LegOpened` or `LegRefused`.

    `networks` are the CIDR blocks that media of this peer may come from and go to.  With `nat_address` set
    (the SIP peer's own address, contact marked NAT) the first RTP source on that address is locked on to;
    otherwise only the address and port of `SetRemote` count.
    """

    leg_id: str
    call_id: str
    local_address: str
    networks: tuple[str, ...]
    nat_address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrecy:
    """How a leg's sound is encrypted (SRTP): suite as RFC 4568 names it, keys in base64, ours to send with."""

    suite: str
    send_key: str = field(repr=False)
    receive_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRemote:
    """Where the far end wants its sound, and how: the outcome of one offer/answer exchange (RFC 3264).

    `ptime_ms` is what we send (10 to 60).  `may_send`/`may_receive` are our directions after negotiation.
    May come again at any time (re-INVITE).  With `secrecy` nothing goes out or is heard in the clear.
    """

    leg_id: str
    address: str
    port: int
    codec: Codec
    payload_type: int
    dtmf_payload_type: int | None
    comfort_noise_payload_type: int | None
    ptime_ms: int
    may_send: bool = True
    may_receive: bool = True
    secrecy: Secrecy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitSending:
    """The dialog is confirmed (ACK seen or sent): RTP may flow towards the remote from now on.

    Before it, valid RTP *from* the negotiated address has the same effect; nothing else has.
    """

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHearing:
    """Replace the whole hearing row of one leg."""

    leg_id: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayPrompts:
    """Play prompts one after the other on the leg's own playlist, replacing what played there.

    Heard only while the leg's hearing row has a PROMPT source.  Ends with `PlaylistFinished`.
    """

    leg_id: str
    playlist_id: str
    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPrompts:
    """Silence the leg's playlist; its `PlaylistFinished` still comes, with `completed=False`."""

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPrompt:
    """Have the sound of a file as the prompt `name`, in place of any other of that name."""

    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropPrompt:
    """Have the prompt of that name which came with the system again, or none."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDigits:
    """Send DTMF as RFC 4733 events, one after the other.  `digits` of 0-9 * # A-D."""

    leg_id: str
    digits: str
    duration_ms: int = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class HearProgress:
    """Say what the network tells by sound on this leg (`ProgressHeard`), or stop it; costs nothing for other legs."""

    leg_id: str
    listens: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecording:
    """Open `<path>.part` (stereo A-law WAV, 8 kHz) and write one frame per tick from now on.

    `left` and `right` name the legs whose arriving voice goes into the channel (mixed if several).  `SpeechStopped`
    follows once the left one was silent for `silence_s`, never for 0.
    """

    recording_id: str
    call_id: str
    path: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    silence_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRecordingSources:
    """Change who is in which channel of a running recording."""

    recording_id: str
    left: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRecording:
    """Close, sync and rename the file; answered by `RecordingClosed`."""

    recording_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseLeg:
    """Free the leg's sockets; answered by `LegClosed` with its final statistics."""

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportState:
    """What do you hold?  Answered by one `LegHeld` a leg, one `RecordingHeld` a recording, then `StateReported`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHoldings:
    """Which legs and recordings do you hold, by name only?  Answered by one `HoldingsListed`; it costs a tick next to nothing."""


Command = (
    OpenLeg
    | SetRemote
    | PermitSending
    | SetHearing
    | PlayPrompts
    | StopPrompts
    | LoadPrompt
    | DropPrompt
    | SendDigits
    | HearProgress
    | StartRecording
    | SetRecordingSources
    | StopRecording
    | CloseLeg
    | ReportState
    | ListHoldings
)
