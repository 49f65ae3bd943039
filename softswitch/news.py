"""What edge, cells and plane tell control, passed to whoever it concerns, in the order in which it came.

News that comes before an earlier control's calls are adopted waits.  News that breaks one call is logged and never
reaches whoever told it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from media import events as plane_news
from softswitch.calls.chronicle import Chronicle
from softswitch.calls.leg_audience import LegAudience
from softswitch.calls.leg_desk import LegDesk
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.calls.seats import Seats
from softswitch.calls.switchboard import RETRY_AFTER_S, Switchboard
from softswitch.calls.trunks import Trunks
from softswitch.cells import messages as cell_words
from softswitch.clock import Clock
from softswitch.ears import Ears
from softswitch.operations.control_room import ControlRoom
from softswitch.operations.test_call import TestCall
from softswitch.plane_link import Held
from softswitch.sip.events import (
    AccountReachabilityChanged,
    EdgeEvent,
    InDialogRequestReceived,
    InviteReceived,
    TrunkStateChanged,
)
from softswitch.store import entries
from softswitch.store.half_hours import TEST_LINE

log = structlog.get_logger(__name__)

PLANE_ID = "plane-0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Whom news concerns."""

    legs: LegDesk
    audience: LegAudience
    board: Switchboard
    seats: Seats
    trunks: Trunks
    recordings: RecordingDesk
    ears: Ears
    room: ControlRoom
    test_call: TestCall
    chronicle: Chronicle


class News:
    """All news of control's neighbours."""

    readers: Readers
    """Set once, before the neighbours are started."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is passed on before `open`."""
        self._clock = clock
        self._is_open = False
        self._waiting: list[Callable[[], None]] = []
        self.lets_in = True
        """Whether new calls are taken; the rest of the news is for the calls that are there."""
        self.held_in_cells: dict[str, cell_words.LegHeld] = {}
        """What the cells held before `open`, by leg."""
        self.held_by_plane = Held()
        """What the plane held before `open`."""

    def open(self) -> None:
        """What was held is adopted: pass on what waits, and from now on at once."""
        self._is_open = True
        for news in self._waiting:
            news()
        self._waiting.clear()

    def close(self) -> None:
        """Control leaves: what still comes is for the next one."""
        self._is_open = False

    def guarded(self, news: Callable[[], None]) -> None:
        """Do it; a fault in it is logged, for one broken call must not stop the others."""
        try:
            news()
        except Exception:  # the supervised loop of control
            log.exception("control.news_failed")

    def _pass_on(self, news: Callable[[], None]) -> None:
        if not self._is_open:
            self._waiting.append(lambda: self.guarded(news))
        else:
            self.guarded(news)

    # ---- the edge ----------------------------------------------------------------------------------

    def hear_edge(self, event: EdgeEvent) -> None:
        """Take what the outside did."""
        self._pass_on(lambda: self._take_edge(event))

    def _take_edge(self, event: EdgeEvent) -> None:
        readers = self.readers
        match event:
            case InviteReceived() if not self.lets_in:
                readers.legs.refuse(event.leg_id, 503, headers=(("Retry-After", str(RETRY_AFTER_S)),))
            case InviteReceived() if event.peer.name == TEST_LINE and not readers.test_call.takes(event):
                readers.legs.refuse(event.leg_id, 403)
            case InviteReceived():
                readers.board.invited(event)
            case AccountReachabilityChanged():
                readers.seats.account_changed(event.account, event.reachable)
            case TrunkStateChanged():
                readers.trunks.set_up(event.trunk, event.up)
                readers.chronicle.record(
                    entries.TrunkStateChanged(
                        at=self._clock.wall(), trunk=event.trunk, up=event.up, cause=event.cause
                    )
                )
            case InDialogRequestReceived(digit=str(digit)):
                readers.audience.pressed(event.leg_id, digit)
            case _:
                readers.legs.hear_edge(event)

    # ---- cells -------------------------------------------------------------------------------------

    def hear_cell(self, cell_id: str, event: cell_words.CellEvent) -> None:
        """Take what a cell says of a leg."""
        if isinstance(event, cell_words.LegHeld):
            if not self._is_open:
                self.held_in_cells[event.leg_id] = event
            return
        self._pass_on(lambda: self.readers.legs.hear_cell(cell_id, event))

    def lose_cell(self, cell_id: str, leg_ids: tuple[str, ...]) -> None:
        """A cell died with these legs."""
        self._pass_on(lambda: self._take_lost_cell(cell_id, leg_ids))

    def _take_lost_cell(self, cell_id: str, leg_ids: tuple[str, ...]) -> None:
        if leg_ids:
            self._record_loss(f"cell {cell_id}", f"{len(leg_ids)} legs")
        self.readers.legs.cell_lost(cell_id, leg_ids)

    # ---- the plane ---------------------------------------------------------------------------------

    def hear_plane(self, event: plane_news.Event) -> None:
        """Take what the plane says of a leg, a recording or a listener."""
        self._pass_on(lambda: self._take_plane(event))

    def _take_plane(self, event: plane_news.Event) -> None:
        readers = self.readers
        if readers.ears.hear_plane(event):
            return
        readers.legs.hear_plane(event)
        readers.audience.hear_plane(event)
        readers.recordings.hear_plane(event)
        readers.room.hear_plane(event)

    def find_plane(self, held: Held) -> None:
        """A plane is there.  Its link was cut or it was restarted: what it does not hold has no sound."""
        if not self._is_open:
            self.held_by_plane = held
            return
        self.guarded(lambda: self._meet_plane(held))

    def _meet_plane(self, held: Held) -> None:
        if not self.readers.legs.meet_plane(held.legs):
            self._take_lost_plane()
        self.readers.recordings.repair_all_but(frozenset(held.recordings))

    def lose_plane(self) -> None:
        """The plane is gone, and every call's sound with it."""
        self._pass_on(self._take_lost_plane)

    def _take_lost_plane(self) -> None:
        readers = self.readers
        self._record_loss(PLANE_ID, f"{len(readers.board.calls())} calls")
        readers.board.media_lost()
        readers.legs.plane_lost()
        readers.recordings.repair_all_but(frozenset())

    def _record_loss(self, process: str, detail: str) -> None:
        self.readers.chronicle.record(
            entries.ProcessLost(at=self._clock.wall(), process=process, detail=detail)
        )
