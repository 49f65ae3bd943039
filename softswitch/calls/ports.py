"""What call control needs of its neighbours, no more: the edge, the cells and the journal seen from here."""

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from softswitch.calls.hangup import LegEnd
from softswitch.calls.leg import Leg
from softswitch.cells.messages import CellCommand
from softswitch.cells.slots import Cell
from softswitch.sip.allow_list import Header
from softswitch.sip.dialogs import PhoneTarget, TrunkTarget
from softswitch.sip.edge import LegView, OutboundPlan
from softswitch.sip.location import Contact
from softswitch.store.entries import Entry


class EdgePort(Protocol):
    """The outside's dialogs (`softswitch.sip.edge.Edge`, which says what each method raises)."""

    def local_address_for(self, leg_id: str) -> str:
        """Return the address that an inbound leg's sound has to show."""

    def local_address_towards(self, target: PhoneTarget | TrunkTarget) -> str:
        """Return the address that an outbound leg's sound has to show."""

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """Return where an account registered."""

    def admit(self, leg_id: str, cell_id: str, local: tuple[str, int]) -> None:
        """Carry an inbound INVITE to a cell."""

    def reject(self, leg_id: str, status: int, reason: str = "", headers: Iterable[Header] = ()) -> None:
        """Refuse an inbound INVITE that no cell carries."""

    def prepare(
        self,
        leg_id: str,
        cell_id: str,
        target: PhoneTarget | TrunkTarget,
        local: tuple[str, int],
        *,
        from_user: str,
        headers: Iterable[Header] = (),
        patience_s: float | None = None,
    ) -> OutboundPlan:
        """Settle where an outbound leg goes."""

    def leg(self, leg_id: str) -> LegView:
        """Return a leg as it is now."""

    def legs(self) -> tuple[str, ...]:
        """Return the ids of all legs that are not over."""

    def finish(self, leg_id: str, status: int = 503, q850: int | None = None) -> None:
        """End the outside's side of a leg."""

    def forget(self, leg_id: str) -> None:
        """Drop a leg that ended everywhere."""


class CellsPort(Protocol):
    """The signalling cells (`softswitch.cells.pool.CellPool`)."""

    on_room: Callable[[], None]
    """Called when a leg that found no slot may find one now."""

    def place(self, leg_id: str, now: float, avoid: Collection[str] = frozenset()) -> Cell:
        """Take a slot for a leg."""

    def release(self, leg_id: str) -> None:
        """A placed leg will not go to its cell after all."""

    def cell_of(self, leg_id: str) -> Cell | None:
        """The cell of a leg."""

    def send(self, leg_id: str, command: CellCommand) -> None:
        """Give a command to the leg's cell."""

    def pids(self) -> dict[str, int]:
        """Process ids of the cells."""


class JournalPort(Protocol):
    """Where entries are written down (`softswitch.store.writer.Store`)."""

    def record(self, entry: Entry) -> None:
        """Write an entry down, in order; never waits."""


class LegListener(Protocol):
    """Who is told what becomes of legs (`softswitch.calls.switchboard`)."""

    def leg_arrived(self, leg: Leg) -> None:
        """An inbound leg waits for an answer in its cell."""

    def leg_rang(self, leg: Leg) -> None:
        """The far end of an outbound leg rings."""

    def leg_confirmed(self, leg: Leg) -> None:
        """Sound can go both ways."""

    def leg_held(self, leg: Leg) -> None:
        """The far end holds us or took us back (`leg.holding`), or speaks before it answers (`leg.has_early_media`)."""

    def leg_referred(self, leg: Leg, refer_to: str) -> None:
        """The leg's own phone asks for a transfer (REFER); `report_referral` tells it what came of it."""

    def leg_ended(self, leg: Leg, end: LegEnd) -> None:
        """The leg is over, once."""
