"""The legs of one cell: obeys commands, turns what the stack says into events.

A leg is live until the stack reports it disconnected, then *ending* until its native slot is free: the call
object is held so long, and dropped on a later turn, never inside a callback.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import assert_never

from softswitch.cells.messages import (
    AnswerLeg,
    CellCommand,
    CellEvent,
    HangUpLeg,
    Header,
    LegArrived,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegHeld,
    LegProgressed,
    MakeLeg,
    ReportState,
    RequestAnswered,
    Retire,
    RetirementBegun,
    SendRequest,
    SlotFreed,
    SlotRefused,
    StateReported,
)
from softswitch.cells.stack import NativeCall, Stack, StackFailed, StateChanged, header_of

ORDERED: Header = ("X-Ordered", "1")
"""Marks a final answer that control ordered: a 486 without it is the stack's own, and means "cell full"."""
TIMED_OUT = 408
DEFAULT_REFUSAL = 480


@dataclass(slots=True)
class _Leg:
    leg_id: str  # "" for an INVITE that was not the edge's
    call: NativeCall
    outgoing: bool
    native_id: int = -1
    confirmed: bool = False
    hung_up: bool = False
    ended: bool = False
    told_status: int = 0
    elders: tuple[NativeCall, ...] = ()
    """Ended calls that had this leg's slot before it: destroyed with it, since destroying one hangs up
    whatever call has its slot at that moment."""


class LegRegistry:
    """Every leg of a cell by its id.  Give it a started `stack` before the first turn."""

    stack: Stack

    def __init__(self, *, secret: str, capacity: int, emit: Callable[[CellEvent], None]) -> None:
        """`emit` takes each event at once; `capacity` is the number of native slots hoped for."""
        self._secret = secret
        self._capacity = capacity
        self._emit = emit
        self._legs: dict[str, _Leg] = {}  # live, and known to control
        self._by_call: dict[NativeCall, _Leg] = {}  # all, until their slot is free
        self._ending: list[_Leg] = []
        self._served = 0
        self._retiring = False

    @property
    def served(self) -> int:
        """Native calls that this cell has taken since it began, of whatever end."""
        return self._served

    @property
    def is_retiring(self) -> bool:
        """Whether new legs are turned away."""
        return self._retiring

    @property
    def is_empty(self) -> bool:
        """No leg, and no slot that is still held."""
        return not self._by_call

    def retire(self) -> None:
        """Take no new leg from now on."""
        if not self._retiring:
            self._retiring = True
            self._emit(RetirementBegun(legs=len(self._legs)))

    def obey(self, command: CellCommand) -> None:
        """Carry out one command; what cannot be done is reported, never raised."""
        match command:
            case ReportState():
                self._report()
            case Retire():
                self.retire()
            case MakeLeg():
                self._make(command)
            case AnswerLeg() | HangUpLeg() | SendRequest():
                self._act(command)
            case _:
                assert_never(command)

    def collect(self) -> None:
        """After each turn: free the slots of ended legs that the stack has given back."""
        if not self._ending:
            return
        still_held = []
        for leg in self._ending:
            if leg.call.slot_is_free:
                self._free(leg)
            else:
                still_held.append(leg)
        self._ending = still_held

    # ---- commands ------------------------------------------------------------------------------

    def _make(self, order: MakeLeg) -> None:
        if self._retiring:
            self._fail_to_make(order.leg_id, "retiring", "")
            return
        if order.leg_id in self._legs:
            self._emit(LegFailed(leg_id=order.leg_id, code="leg_exists", detail=""))
            return
        self.collect()
        leg = _Leg(leg_id=order.leg_id, call=self.stack.new_call(), outgoing=True)
        self._keep(leg)
        headers = (("X-Leg", order.leg_id), ("X-Secret", self._secret), *order.headers)
        try:
            self.stack.invite(leg.call, order, headers)
        except StackFailed as failure:
            # A leg that ended by itself inside the call has said so already, and its slot is looked after.
            if not leg.ended:
                self._legs.pop(leg.leg_id, None)
                self._by_call.pop(leg.call, None)
                self._fail_to_make(order.leg_id, failure.code, failure.detail)
            return
        leg.native_id = leg.call.getId()

    def _fail_to_make(self, leg_id: str, code: str, detail: str) -> None:
        self._emit(LegFailed(leg_id=leg_id, code=code, detail=detail))
        self._emit(SlotFreed(leg_id=leg_id))

    def _act(self, order: AnswerLeg | HangUpLeg | SendRequest) -> None:
        leg = self._legs.get(order.leg_id)
        if leg is None:
            self._emit(LegFailed(leg_id=order.leg_id, code="unknown_leg", detail=type(order).__name__))
            return
        try:
            match order:
                case AnswerLeg():
                    if not 100 < order.status < 300:
                        raise StackFailed("stack_error", f"{order.status} is no answer: use HangUpLeg")
                    ordered = (*order.headers, ORDERED) if order.status >= 200 else order.headers
                    leg.call.answer_with(order.status, ordered)
                case HangUpLeg():
                    self._hang_up(leg, order)
                case SendRequest():
                    leg.call.request(order)
                case _:
                    assert_never(order)
        except StackFailed as failure:
            self._emit(LegFailed(leg_id=order.leg_id, code=failure.code, detail=failure.detail))

    def _hang_up(self, leg: _Leg, order: HangUpLeg) -> None:
        refusing = not leg.outgoing and not leg.confirmed
        status = order.status or (DEFAULT_REFUSAL if refusing else 0)
        if refusing and status < 300:
            raise StackFailed("stack_error", f"{status} cannot refuse an INVITE")
        leg.hung_up = True
        leg.told_status = status
        try:
            leg.call.end_with(status if refusing else 0, (*order.headers, ORDERED))
        except StackFailed:
            leg.hung_up = leg.ended
            raise

    def _report(self) -> None:
        for leg in self._by_call.values():
            if leg.leg_id:
                phase = "ending" if leg.ended else "confirmed" if leg.confirmed else "early"
                self._emit(LegHeld(leg_id=leg.leg_id, phase=phase, outgoing=leg.outgoing))
        free = max(0, self._capacity - len(self._by_call))
        self._emit(StateReported(legs=len(self._legs), slots_free=free))
        if self._retiring:
            self._emit(RetirementBegun(legs=len(self._legs)))

    # ---- what the stack says (StackObserver) ------------------------------------------------------

    def invite_received(self, native_id: int, message: str) -> None:
        """An INVITE has a slot: adopt it if it is the edge's, refuse it otherwise."""
        leg = _Leg(leg_id="", call=self.stack.adopt(native_id), outgoing=False, native_id=native_id)
        for gone in [other for other in self._ending if other.native_id == native_id]:
            self._ending.remove(gone)  # its slot was freed in this very turn, or the INVITE could not have it
            leg.elders += (*gone.elders, gone.call)
            self._free(gone)
        leg_id = header_of(message, "X-Leg") or ""
        secret = header_of(message, "X-Secret") or ""
        genuine = compare_digest(secret.encode(), self._secret.encode())
        if not genuine or not leg_id or leg_id in self._legs:
            self._keep(leg)
            leg.call.end_with(403, ())
            return
        if self._retiring:
            self._keep(leg)
            self._emit(SlotRefused(leg_id=leg_id))
            leg.call.end_with(486, ())  # without the mark: the edge places the leg elsewhere
            return
        leg.leg_id = leg_id
        self._keep(leg)
        self._emit(LegArrived(leg_id=leg_id))

    def invite_refused(self, message: str) -> None:
        """The stack answered 486 by itself."""
        leg_id = header_of(message, "X-Leg")
        if leg_id:
            self._emit(SlotRefused(leg_id=leg_id))

    def state_changed(self, call: NativeCall, change: StateChanged) -> None:
        """A dialog went on or ended."""
        leg = self._by_call.get(call)
        if leg is None or leg.ended:
            return
        if change.is_disconnected:
            self._end(leg, change)
        elif not leg.leg_id:
            return
        elif change.is_confirmed and not leg.confirmed:
            leg.confirmed = True
            self._emit(LegConfirmed(leg_id=leg.leg_id))
        elif change.is_early and leg.outgoing:
            status, _ = _status_line(change.received) or (change.status, "")
            self._emit(LegProgressed(leg_id=leg.leg_id, status=status))

    def request_answered(self, call: NativeCall, method: str, status: int) -> None:
        """An ordered request has its answer."""
        leg = self._by_call.get(call)
        if leg is not None and leg.leg_id and not leg.ended:
            self._emit(RequestAnswered(leg_id=leg.leg_id, method=method, status=status))

    def _keep(self, leg: _Leg) -> None:
        self._served += 1
        self._by_call[leg.call] = leg
        if leg.leg_id:
            self._legs[leg.leg_id] = leg

    def _end(self, leg: _Leg, change: StateChanged) -> None:
        leg.ended = True
        self._ending.append(leg)
        if not leg.leg_id:
            return
        del self._legs[leg.leg_id]
        status, reason = _cause(leg, change)
        by_far_end = not leg.hung_up and _is_far_ends_word(leg, change)
        self._emit(LegEnded(leg_id=leg.leg_id, status=status, reason=reason, by_far_end=by_far_end))

    def _free(self, leg: _Leg) -> None:
        self._by_call.pop(leg.call, None)
        if leg.leg_id:
            self._emit(SlotFreed(leg_id=leg.leg_id))


def _is_far_ends_word(leg: _Leg, change: StateChanged) -> bool:
    """Whether a leg that we did not end was ended by the far end.

    A refusal of our INVITE is its word; the answer to a BYE that the stack sent of its own accord (no ACK came, a
    session timer ran out) is not, nor is a timeout.  A CANCEL shows no message.
    """
    if not change.received:
        return change.status != TIMED_OUT
    is_refusal = leg.outgoing and not leg.confirmed
    return is_refusal or _status_line(change.received) is None


def _cause(leg: _Leg, change: StateChanged) -> tuple[int, str]:
    """What ended the leg: the far end's own word where there is one (a 302 shows as 487 in the stack)."""
    if leg.hung_up:
        if leg.confirmed:
            return 200, "BYE"
        if leg.outgoing:
            return 487, "CANCEL"
        return leg.told_status, change.reason
    answered = _status_line(change.received)
    if answered is not None and leg.outgoing and not leg.confirmed and answered[0] >= 300:
        return answered
    method = change.received.split(" ", 1)[0]
    if method == "BYE":
        return 200, method
    if method == "CANCEL":
        return 487, method
    return change.status, change.reason


def _status_line(message: str) -> tuple[int, str] | None:
    """Status and reason of a response, None for a request or nothing."""
    parts = message.split("\r\n", 1)[0].split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("SIP/2.0") or not parts[1].isdecimal():
        return None
    return int(parts[1]), parts[2] if len(parts) > 2 else ""
