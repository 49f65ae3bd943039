"""Edge, cells and the people outside, without a socket: they keep the contracts of `Edge` and `CellPool`.

The slots are the real ones (`SlotTable`).  An order is obeyed at once; what follows from it waits in `edge_news` and
`cell_news` until it is delivered, so that a test can let news overtake each other.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace

from softswitch.cells import messages as cell_words
from softswitch.cells.pool import UnknownLeg as NoCellHasLeg
from softswitch.cells.slots import Cell, SlotChange, SlotTable
from softswitch.clock import Clock
from softswitch.sip import events as edge_words
from softswitch.sip.dialogs import EndCause, Phase, PhoneTarget, TrunkTarget, UnknownLeg, WrongPhase
from softswitch.sip.edge import LegView, NotReachable, OutboundPlan, UnknownCell
from softswitch.sip.errors import NotAcceptable
from softswitch.sip.events import Peer, PeerKind, RemoteMedia
from softswitch.sip.location import Contact

GRACE_S = 0.5
MEDIA = RemoteMedia(
    address="127.65.0.2",
    port=30000,
    codec="PCMA",
    payload_type=8,
    dtmf_payload_type=101,
    comfort_noise_payload_type=None,
    ptime_ms=20,
    may_send=True,
    may_receive=True,
    held=False,
)


@dataclass(slots=True)
class OutsideLeg:
    """A leg as the outside and its cell know it."""

    leg_id: str
    peer: Peer
    inbound: bool
    phase: Phase
    number: str = ""  # dialled, behind a trunk
    from_user: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    patience_s: float | None = None
    end: EndCause | None = None
    native_cell: str | None = None  # the cell that really holds it
    is_answered: bool = False  # a 200 passed, its ACK did not
    is_forgotten: bool = False
    told: list[tuple[str, int, tuple[tuple[str, str], ...]]] = field(default_factory=list)
    """What reached the far end, in order: method or "answer", status, headers."""

    @property
    def is_over(self) -> bool:
        return self.phase is Phase.ENDED


class ScriptedSip:
    """Edge and cells in one, as call control sees them."""

    def __init__(self, clock: Clock, cells: int = 4, capacity: int = 4) -> None:
        self._clock = clock
        self.slots = SlotTable()
        self.legs_by_id: dict[str, OutsideLeg] = {}
        self.edge_news: deque[edge_words.EdgeEvent] = deque()
        self.cell_news: deque[tuple[str, cell_words.CellEvent]] = deque()
        self.orders: list[cell_words.CellCommand] = []
        self.reachable: set[str] = set()
        self.full_cells: set[str] = set()  # hold fewer slots than they promised
        self.retiring_cells: set[str] = set()
        self.unacceptable: set[str] = set()  # legs whose offer fits nothing
        self.broken_orders: set[type] = set()  # what the stack refuses to do
        self.cells: dict[str, Cell] = {}
        self.on_room: Callable[[], None] = lambda: None
        for number in range(cells):
            self.start_cell(f"cell{number}", capacity)

    # ---- cells as processes ------------------------------------------------------------------------

    def start_cell(self, cell_id: str, capacity: int = 4) -> None:
        """The nursery started a cell, and it reported."""
        cell = Cell(cell_id=cell_id, address=f"127.65.77.{len(self.cells) + 1}", port=5060)
        self.cells[cell_id] = cell
        self.slots.add_cell(cell, capacity)
        self.slots.open_cell(cell_id)
        self.on_room()

    def kill_cell(self, cell_id: str) -> tuple[str, ...]:
        """A cell dies with what it had not said; the legs that the pool names as lost."""
        del self.cells[cell_id]
        self.cell_news = deque(item for item in self.cell_news if item[0] != cell_id)
        for leg in self.legs_by_id.values():
            if leg.native_cell == cell_id:
                leg.native_cell = None
        return self.slots.remove_cell(cell_id)

    # ---- CellsPort ---------------------------------------------------------------------------------

    def place(self, leg_id: str, now: float, avoid: Collection[str] = frozenset()) -> Cell:
        return self.slots.place(leg_id, now, avoid)

    def release(self, leg_id: str) -> None:
        self.slots.withdraw(leg_id)

    def cell_of(self, leg_id: str) -> Cell | None:
        return self.slots.cell_of(leg_id)

    def pids(self) -> dict[str, int]:
        return {}

    def send(self, leg_id: str, command: cell_words.CellCommand) -> None:
        cell = self.slots.cell_of(leg_id)
        if cell is None:
            raise NoCellHasLeg(leg_id)
        self.orders.append(command)
        cell_id = cell.cell_id
        match command:
            case cell_words.MakeLeg():
                self.slots.change(cell_id, leg_id, SlotChange.SEEN)
                self._make(cell_id, command)
            case cell_words.SendRequest():
                self.legs_by_id[leg_id].told.append(
                    (command.method, 0, (*command.headers, ("", command.body)))
                )
            case cell_words.AnswerLeg() | cell_words.HangUpLeg():
                leg = self.legs_by_id[leg_id]
                if leg.native_cell != cell_id:
                    self._cell_says(cell_id, _failed(leg_id, "unknown_leg"))
                elif type(command) in self.broken_orders:
                    self._cell_says(cell_id, _failed(leg_id, "stack_error"))
                elif isinstance(command, cell_words.AnswerLeg):
                    leg.is_answered = command.status >= 200
                    leg.told.append(("answer", command.status, command.headers))
                else:
                    self._hang_up(leg, command)
            case _:
                raise AssertionError(f"call control never says {command}")

    def _make(self, cell_id: str, order: cell_words.MakeLeg) -> None:
        code = (
            "retiring"
            if cell_id in self.retiring_cells
            else "cell_full"
            if cell_id in self.full_cells
            else ""
        )
        if not code and cell_words.MakeLeg in self.broken_orders:
            code = "stack_error"
        if code:
            self._cell_says(cell_id, _failed(order.leg_id, code))
            self._cell_says(cell_id, cell_words.SlotFreed(leg_id=order.leg_id))
            return
        leg = self.legs_by_id[order.leg_id]
        leg.native_cell, leg.phase = cell_id, Phase.EARLY
        leg.told.append(("INVITE", 0, order.headers))

    def _hang_up(self, leg: OutsideLeg, order: cell_words.HangUpLeg) -> None:
        confirmed = leg.phase is Phase.CONFIRMED
        if confirmed:
            leg.told.append(("BYE", 0, order.headers))
        elif leg.inbound:
            leg.told.append(("answer", order.status, order.headers))
        else:
            leg.told.append(("CANCEL", 0, order.headers))
        status = 200 if confirmed else order.status if leg.inbound else 487
        self._over(leg, status, None, "BYE" if confirmed else "INVITE")
        self._native_ends(leg, status, by_far_end=False)

    def _native_ends(self, leg: OutsideLeg, status: int, *, by_far_end: bool) -> None:
        cell_id, leg.native_cell = leg.native_cell, None
        if cell_id is not None:
            end = cell_words.LegEnded(leg_id=leg.leg_id, status=status, reason="", by_far_end=by_far_end)
            self._cell_says(cell_id, end)
            self._cell_says(cell_id, cell_words.SlotFreed(leg_id=leg.leg_id))

    def _cell_says(self, cell_id: str, event: cell_words.CellEvent) -> None:
        self.cell_news.append((cell_id, event))

    def keep_slots(self, cell_id: str, event: cell_words.CellEvent) -> bool:
        """Keep the accounts as `CellPool` does; False when the event is the pool's own business."""
        match event:
            case cell_words.SlotFreed():
                self.slots.change(cell_id, event.leg_id, SlotChange.FREED)
                return False
            case cell_words.SlotRefused():
                self.slots.refused(cell_id, event.leg_id, self._clock.now())
                return False
            case cell_words.LegEnded():
                self.slots.change(cell_id, event.leg_id, SlotChange.ENDED)
            case cell_words.LegFailed():
                if event.code == "cell_full":
                    self.slots.refused(cell_id, event.leg_id, self._clock.now())
                elif event.code == "retiring":
                    self.slots.close_cell(cell_id)
                    self.slots.change(cell_id, event.leg_id, SlotChange.FREED)
            case _:
                self.slots.change(cell_id, getattr(event, "leg_id", ""), SlotChange.SEEN)
        return True

    # ---- EdgePort ----------------------------------------------------------------------------------

    def _need(self, leg_id: str) -> OutsideLeg:
        leg = self.legs_by_id.get(leg_id)
        if leg is None:
            raise UnknownLeg(leg_id)
        return leg

    def local_address_for(self, leg_id: str) -> str:
        self._need(leg_id)
        return "127.65.0.1"

    def local_address_towards(self, target: PhoneTarget | TrunkTarget) -> str:
        if isinstance(target, TrunkTarget):
            return "127.65.0.1"
        if target.account not in self.reachable:
            raise NotReachable(target.account, "not registered")
        return "127.65.0.1"

    def contacts(self, account: str) -> tuple[Contact, ...]:
        return ()

    def admit(self, leg_id: str, cell_id: str, local: tuple[str, int]) -> None:
        leg = self._need(leg_id)
        if leg.phase is not Phase.ARRIVED:
            raise WrongPhase(leg_id, leg.phase, "be admitted")
        if cell_id not in self.cells:
            raise UnknownCell(cell_id)
        if leg_id in self.unacceptable:
            raise NotAcceptable("no common codec", warn_code=304)
        if cell_id in self.full_cells or cell_id in self.retiring_cells:
            self.edge_news.append(edge_words.CellRefused(leg_id=leg_id, cell_id=cell_id))
            self._cell_says(cell_id, cell_words.SlotRefused(leg_id=leg_id))
            return
        leg.phase, leg.native_cell = Phase.EARLY, cell_id
        self._cell_says(cell_id, cell_words.LegArrived(leg_id=leg_id))

    def reject(
        self, leg_id: str, status: int, reason: str = "", headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        leg = self._need(leg_id)
        if leg.phase is not Phase.ARRIVED:
            raise WrongPhase(leg_id, leg.phase, "be rejected")
        leg.told.append(("answer", status, tuple(headers)))
        self._over(leg, status, None, "INVITE")

    def prepare(
        self,
        leg_id: str,
        cell_id: str,
        target: PhoneTarget | TrunkTarget,
        local: tuple[str, int],
        *,
        from_user: str,
        headers: Iterable[tuple[str, str]] = (),
        patience_s: float | None = None,
    ) -> OutboundPlan:
        if cell_id not in self.cells:
            raise UnknownCell(cell_id)
        former = self.legs_by_id.get(leg_id)
        if former is not None and former.phase not in (Phase.PREPARED, Phase.ENDED):
            raise WrongPhase(leg_id, former.phase, "be prepared")
        self.local_address_towards(target)
        self.legs_by_id[leg_id] = OutsideLeg(
            leg_id=leg_id,
            peer=Peer(kind=PeerKind.TRUNK, name=target.trunk)
            if isinstance(target, TrunkTarget)
            else Peer(kind=PeerKind.ACCOUNT, name=target.account),
            inbound=False,
            phase=Phase.PREPARED,
            number=target.user if isinstance(target, TrunkTarget) else "",
            from_user=from_user,
            headers=tuple(headers),
            patience_s=patience_s,
        )
        return OutboundPlan(request_uri=f"sip:{leg_id}@127.65.77.0", from_uri=f"sip:{from_user}@127.65.77.0")

    def leg(self, leg_id: str) -> LegView:
        leg = self._need(leg_id)
        return LegView(
            leg_id=leg_id,
            inbound=leg.inbound,
            peer=leg.peer,
            sip_call_id=f"sip-{leg_id}",
            confirmed=leg.phase is Phase.CONFIRMED,
            end=leg.end,
            networks=(),
            nat_address=None,
            cell_id=leg.native_cell,
        )

    def legs_up(self) -> dict[str, cell_words.LegHeld]:
        """What the cells hold, as a new control is told."""
        return {
            leg.leg_id: cell_words.LegHeld(
                leg_id=leg.leg_id,
                phase="confirmed" if leg.phase is Phase.CONFIRMED else "early",
                outgoing=not leg.inbound,
            )
            for leg in self.legs_by_id.values()
            if leg.native_cell
        }

    def restarted(self, clock: Clock) -> None:
        """Control died: what the cells said meanwhile, and every grace of the edge, went with it."""
        self._clock = clock
        self.edge_news.clear()
        while self.cell_news:
            self.keep_slots(*self.cell_news.popleft())

    def legs(self) -> tuple[str, ...]:
        return tuple(leg.leg_id for leg in self.living())

    def finish(self, leg_id: str, status: int = 503, q850: int | None = None) -> None:
        leg = self.legs_by_id.get(leg_id)
        if leg is None or leg.is_over:
            return
        method = "BYE" if leg.phase is Phase.CONFIRMED or leg.is_answered else "INVITE"
        if method == "BYE":
            leg.told.append(("BYE", 0, ()))
        elif leg.phase is not Phase.PREPARED:
            leg.told.append(("answer" if leg.inbound else "CANCEL", status, ()))
        self._over(leg, status, q850, method)

    def forget(self, leg_id: str) -> None:
        leg = self.legs_by_id.get(leg_id)
        if leg is None:
            return
        if leg.is_over or leg.native_cell is None:
            self._forget(leg)
        else:
            self._clock.after(GRACE_S, lambda: self._forget(leg))

    def _forget(self, leg: OutsideLeg) -> None:
        if not leg.is_over:
            self.finish(leg.leg_id)
        leg.is_forgotten = True

    def _over(self, leg: OutsideLeg, status: int, cause: int | None, method: str) -> None:
        leg.phase = Phase.ENDED
        leg.end = EndCause(status=status, q850_cause=cause, reason="", method=method)

    # ---- the people outside --------------------------------------------------------------------------

    def invite(
        self, leg_id: str, number: str = "12345", peer: Peer | None = None, caller: str = "13800001111"
    ) -> edge_words.InviteReceived:
        """Somebody calls; the event is returned, not queued."""
        trunk = peer or Peer(kind=PeerKind.TRUNK, name="city")
        self.legs_by_id[leg_id] = OutsideLeg(leg_id=leg_id, peer=trunk, inbound=True, phase=Phase.ARRIVED)
        return edge_words.InviteReceived(
            leg_id=leg_id,
            peer=trunk,
            source_address="127.65.0.2",
            source_port=5060,
            transport="udp",
            sip_call_id=f"sip-{leg_id}",
            request_user=number,
            headers=(("From", f"<sip:{caller}@127.65.0.2>"),),
            has_offer=True,
            networks=("127.65.0.0/24",),
            nat_address=None,
        )

    def acknowledge(self, leg_id: str) -> None:
        """The caller got our 200 and sends ACK."""
        leg = self.legs_by_id[leg_id]
        assert leg.is_answered
        assert leg.native_cell is not None
        leg.is_answered = False
        leg.phase = Phase.CONFIRMED
        self.edge_news.append(edge_words.RemoteMediaAgreed(leg_id=leg_id, media=MEDIA, early=False))
        self.edge_news.append(edge_words.DialogConfirmed(leg_id=leg_id))
        self._cell_says(leg.native_cell, cell_words.LegConfirmed(leg_id=leg_id))

    def ring(self, leg_id: str) -> None:
        """A phone rings."""
        leg = self.legs_by_id[leg_id]
        assert leg.native_cell is not None
        self.edge_news.append(
            edge_words.FarEndAnswered(leg_id=leg_id, status=180, reason="Ringing", q850_cause=None)
        )
        self._cell_says(leg.native_cell, cell_words.LegProgressed(leg_id=leg_id, status=180))

    def say_of_request(self, leg_id: str, method: str, status: int) -> None:
        """A phone answers what it was asked inside its dialog."""
        leg = self.legs_by_id[leg_id]
        assert leg.native_cell is not None
        answered = cell_words.RequestAnswered(leg_id=leg_id, method=method, status=status)
        self._cell_says(leg.native_cell, answered)

    def pick_up(self, leg_id: str) -> None:
        """A phone answers, and is acknowledged."""
        leg = self.legs_by_id[leg_id]
        assert leg.native_cell is not None
        leg.phase = Phase.CONFIRMED
        self.edge_news.append(
            edge_words.FarEndAnswered(leg_id=leg_id, status=200, reason="OK", q850_cause=None)
        )
        self.edge_news.append(edge_words.RemoteMediaAgreed(leg_id=leg_id, media=MEDIA, early=False))
        self.edge_news.append(edge_words.DialogConfirmed(leg_id=leg_id))
        self._cell_says(leg.native_cell, cell_words.LegConfirmed(leg_id=leg_id))

    def refuse(self, leg_id: str, status: int, cause: int | None = None) -> None:
        """A phone says no."""
        leg = self.legs_by_id[leg_id]
        self.edge_news.append(
            edge_words.FarEndAnswered(leg_id=leg_id, status=status, reason="", q850_cause=cause)
        )
        self._over(leg, status, cause, "INVITE")
        self._native_ends(leg, status, by_far_end=True)

    def leave(self, leg_id: str, cause: int | None = None) -> None:
        """The far end hangs up: BYE, or CANCEL before its call was answered."""
        leg = self.legs_by_id[leg_id]
        if leg.phase is Phase.ARRIVED:
            self.edge_news.append(edge_words.CallerWithdrew(leg_id=leg_id))
            self._over(leg, 487, cause, "CANCEL")
            return
        method = "BYE" if leg.phase is Phase.CONFIRMED else "CANCEL"
        status = 200 if method == "BYE" else 487
        self.edge_news.append(edge_words.FarEndLeft(leg_id=leg_id, method=method, q850_cause=cause))
        self._over(leg, status, cause, method)
        self._native_ends(leg, status, by_far_end=True)

    def refer(self, leg_id: str, refer_to: str) -> None:
        """A phone's transfer key: REFER, which the edge has answered 202."""
        self.edge_news.append(
            edge_words.InDialogRequestReceived(
                leg_id=leg_id, method="REFER", content_type="", body="", refer_to=refer_to, digit=None
            )
        )

    def announce(self, leg_id: str) -> None:
        """A network speaks before anybody answers: 183 with a description."""
        self.edge_news.append(
            edge_words.FarEndAnswered(leg_id=leg_id, status=183, reason="", q850_cause=None)
        )
        self.edge_news.append(edge_words.RemoteMediaAgreed(leg_id=leg_id, media=MEDIA, early=True))

    def hold(self, leg_id: str, *, held: bool) -> None:
        """A phone puts us on hold, or takes us back, by re-INVITE."""
        media = replace(MEDIA, held=held, may_send=not held)
        self.edge_news.append(edge_words.RemoteMediaAgreed(leg_id=leg_id, media=media, early=False))

    def living(self, wanted: Callable[[OutsideLeg], bool] = lambda _: True) -> list[OutsideLeg]:
        """Legs that are not over outside."""
        return [leg for leg in self.legs_by_id.values() if not leg.is_over and wanted(leg)]


def _failed(leg_id: str, code: str) -> cell_words.LegFailed:
    return cell_words.LegFailed(leg_id=leg_id, code=code, detail="scripted")
