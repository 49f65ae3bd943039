"""What a media plane reports.  Past tense, frozen."""

from dataclasses import dataclass

from media.commands import Source
from media.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class LegStatistics:
    """Counts of one leg since it opened (packets; jitter and delay in ms; RFC 3550 section 6.4)."""

    packets_received: int = 0
    packets_sent: int = 0
    packets_lost: int = 0
    packets_late: int = 0
    packets_refused: int = 0  # wrong source, malformed, wrong payload type
    frames_concealed: int = 0
    jitter_ms: float = 0.0
    buffer_delay_ms: float = 0.0
    round_trip_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegOpened:
    """The leg's RTP socket is bound here (RTCP on port + 1)."""

    leg_id: str
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRefused:
    """The command could not be done; `code` is stable (`no_ports`, `unknown_leg`, `address_not_allowed`…)."""

    leg_id: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegClosed:
    """The leg is gone; its last figures."""

    leg_id: str
    statistics: LegStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStarted:
    """The first valid RTP packet of a leg arrived."""

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStopped:
    """No valid RTP for `silent_s` seconds on a leg that may receive (sent once per gap)."""

    leg_id: str
    silent_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTimedOut:
    """Nothing at all came for `silent_s` seconds on a confirmed leg: its far end is taken for dead.

    `is_paused` when it was on hold or had announced silence, which has the longer time.  Told every ten seconds.
    """

    leg_id: str
    silent_s: float
    is_paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitReceived:
    """One DTMF key, reported once, at its end (RFC 4733) or after its in-band tone."""

    leg_id: str
    digit: str
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressHeard:
    """A leg that `HearProgress` was ordered for hears a tone of the network, or speech; each is told once."""

    leg_id: str
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistFinished:
    """A playlist ended; `completed` is False when it was stopped or replaced."""

    leg_id: str
    playlist_id: str
    completed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingClosed:
    """The file stands at its final path.  `incomplete` when a write failed on the way (`fault` says why).

    `frames` of 20 ms, 50 a second.  A file that could never be made has `size_bytes` 0 and no `sha256`.
    Levels are RMS over the whole channel in dBFS (full-scale square wave = 0), None for digital silence.
    """

    recording_id: str
    path: str
    frames: int
    size_bytes: int
    sha256: str
    incomplete: bool
    fault: str
    left_dbfs: float | None
    right_dbfs: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStopped:
    """The left channel was silent for as long as `StartRecording` said; told again only after a sound."""

    recording_id: str
    call_id: str
    silent_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFaulted:
    """A write failed (disk full…): the call goes on, the recording is incomplete from here.  Sent once."""

    recording_id: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegHeld:
    """One leg that this plane holds, in answer to `ReportState`."""

    leg_id: str
    call_id: str
    address: str
    port: int
    hearing: tuple[Source, ...]
    statistics: LegStatistics
    playlist_id: str = ""  # that plays now


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingHeld:
    """One recording whose file is not finished, in answer to `ReportState`; `frames` of 20 ms so far."""

    recording_id: str
    call_id: str
    path: str
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StateReported:
    """The end of the answer to `ReportState`."""

    legs: int
    recordings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingsListed:
    """The answer to `ListHoldings`: legs (each has its sockets), recordings that run with their calls, and those that were
    stopped and whose files are not finished yet.
    """

    legs: tuple[str, ...]
    recordings: tuple[tuple[str, str], ...]
    finishing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneReported:
    """Health of the tick over the last interval (sent once a second).  Times in ms.

    `late_ticks` began more than 10 ms after their time; `latest_ms` is the worst start.  `ticks_skipped` were never done: too
    far behind, the plane passes over them as silence.  `send_failures` are packets that the kernel refused (no route, a full
    buffer); they count as sent.
    """

    legs: int
    recordings: int
    ticks: int
    late_ticks: int
    ticks_skipped: int
    latest_ms: float
    work_p50_ms: float
    work_max_ms: float
    packets_received: int
    packets_sent: int
    send_failures: int


Event = (
    LegOpened
    | LegRefused
    | LegClosed
    | MediaStarted
    | MediaStopped
    | MediaTimedOut
    | DigitReceived
    | ProgressHeard
    | PlaylistFinished
    | RecordingClosed
    | RecordingFaulted
    | SpeechStopped
    | LegHeld
    | RecordingHeld
    | StateReported
    | HoldingsListed
    | PlaneReported
)
