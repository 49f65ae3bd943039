"""A media plane without sound: it keeps the contract of `media.plane` and says what it would say."""

from collections import deque
from dataclasses import dataclass, field

from media import commands as words
from media import events as plane_news
from media.commands import Source, SourceKind
from media.progress import Progress

ADDRESS = "127.65.0.5"


@dataclass(slots=True)
class PlaneLeg:
    """A leg that is open."""

    hearing: tuple[Source, ...] = ()
    playlist: str | None = None
    prompts: tuple[str, ...] = ()
    remote: words.SetRemote | None = None
    may_send: bool = False


@dataclass(slots=True)
class PlaneRecording:
    """A recording that runs."""

    path: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    silence_s: float = 0.0


@dataclass(slots=True)
class ScriptedPlane:
    """Holds legs and recordings; what it has to say waits in `news` until it is delivered."""

    legs: dict[str, PlaneLeg] = field(default_factory=dict)
    recordings: dict[str, PlaneRecording] = field(default_factory=dict)
    orders: list[words.Command] = field(default_factory=list)
    news: deque[plane_news.Event] = field(default_factory=deque)
    is_there: bool = True
    is_silent: bool = False  # it hangs: what it has to say comes later, if ever
    ports_left: int = 1000
    loaded: dict[str, str] = field(default_factory=dict)  # prompts that came while it runs, by their files
    listened: set[str] = field(default_factory=set)  # legs whose progress is asked for

    def tell(self, order: words.Command) -> None:
        """Take an order; without a plane it is dropped, as `PlaneLink.send` does."""
        if not self.is_there:
            return
        self.orders.append(order)
        match order:
            case words.OpenLeg():
                self._open(order)
            case words.StartRecording():
                self.recordings[order.recording_id] = PlaneRecording(
                    order.path, order.left, order.right, order.silence_s
                )
            case words.SetRecordingSources():
                recording = self.recordings.get(order.recording_id)
                if recording is not None:
                    recording.left, recording.right = order.left, order.right
            case words.StopRecording():
                self._stop_recording(order.recording_id)
            case words.SendDigits():
                pass
            case words.HearProgress():
                (self.listened.add if order.listens else self.listened.discard)(order.leg_id)
            case words.LoadPrompt():
                self.loaded[order.name] = order.path
            case words.DropPrompt():
                del self.loaded[order.name]
            case words.ReportState() | words.ListHoldings():
                raise AssertionError(f"call control never says {order}")
            case _:
                self._order_leg(order)

    def _order_leg(
        self,
        order: words.SetRemote
        | words.PermitSending
        | words.SetHearing
        | words.PlayPrompts
        | words.StopPrompts
        | words.CloseLeg,
    ) -> None:
        leg = self.legs.get(order.leg_id)
        if leg is None:
            self._say(plane_news.LegRefused(leg_id=order.leg_id, code="unknown_leg", detail="not open"))
            return
        match order:
            case words.SetRemote():
                leg.remote = order
            case words.PermitSending():
                leg.may_send = True
            case words.SetHearing():
                leg.hearing = order.sources
            case words.PlayPrompts():
                self._end_playlist(order.leg_id, leg, completed=False)
                leg.playlist, leg.prompts = order.playlist_id, order.prompts
            case words.StopPrompts():
                self._end_playlist(order.leg_id, leg, completed=False)
            case words.CloseLeg():
                self._end_playlist(order.leg_id, leg, completed=False)
                del self.legs[order.leg_id]
                self._say(plane_news.LegClosed(leg_id=order.leg_id, statistics=plane_news.LegStatistics()))

    def _open(self, order: words.OpenLeg) -> None:
        if order.leg_id in self.legs:
            self._say(plane_news.LegRefused(leg_id=order.leg_id, code="leg_exists", detail="open"))
        elif self.ports_left <= 0:
            self._say(plane_news.LegRefused(leg_id=order.leg_id, code="no_ports", detail="all in use"))
        else:
            self.legs[order.leg_id] = PlaneLeg()
            port = 20000 + 2 * len(self.orders)
            self._say(plane_news.LegOpened(leg_id=order.leg_id, address=ADDRESS, port=port))

    def _stop_recording(self, recording_id: str) -> None:
        recording = self.recordings.pop(recording_id, None)
        if recording is not None:
            self._say(
                plane_news.RecordingClosed(
                    recording_id=recording_id,
                    path=recording.path,
                    frames=500,
                    size_bytes=160058,
                    sha256="ab" * 32,
                    incomplete=False,
                    fault="",
                    left_dbfs=-20.0,
                    right_dbfs=None,
                )
            )

    def _end_playlist(self, leg_id: str, leg: PlaneLeg, *, completed: bool) -> None:
        if leg.playlist is not None:
            playlist_id, leg.playlist = leg.playlist, None
            self._say(
                plane_news.PlaylistFinished(leg_id=leg_id, playlist_id=playlist_id, completed=completed)
            )

    def _say(self, event: plane_news.Event) -> None:
        self.news.append(event)

    # ---- what happens to it ------------------------------------------------------------------------

    def play_to_the_end(self, leg_id: str) -> None:
        """The leg's playlist is over."""
        self._end_playlist(leg_id, self.legs[leg_id], completed=True)

    def hear(self, leg_id: str, progress: Progress) -> None:
        """The network says something by sound, on a leg that was asked about."""
        assert leg_id in self.listened
        self._say(plane_news.ProgressHeard(leg_id=leg_id, progress=progress))

    def refuse_remote(self, leg_id: str) -> None:
        """The address that was negotiated is in none of the leg's networks."""
        self._say(plane_news.LegRefused(leg_id=leg_id, code="address_not_allowed", detail="elsewhere"))

    def die(self) -> None:
        """A kill: whatever it held is gone, and what it had not said is never said."""
        self.is_there = False
        self.legs.clear()
        self.recordings.clear()
        self.loaded.clear()
        self.news.clear()

    def come_back(self) -> None:
        """A new plane, which holds nothing."""
        self.is_there = True

    # ---- what tests ask ------------------------------------------------------------------------------

    def hears(self, leg_id: str) -> set[str]:
        """What a leg hears: leg ids, `music`, `prompt`."""
        return {
            source.name if source.kind is SourceKind.LEG else source.kind.value
            for source in self.legs[leg_id].hearing
        }

    def prompts_of(self, leg_id: str) -> tuple[str, ...]:
        """What is being said to a leg, () when nothing is."""
        leg = self.legs[leg_id]
        return leg.prompts if leg.playlist is not None else ()
