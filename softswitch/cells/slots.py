"""Which cell has room for a leg: the accounts that control keeps of every native call slot.  Pure.

A slot is free only when it is known to be free: it is taken the moment a leg is placed, and given back when the
cell says so, which may be half a minute after the leg's end.
"""

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LEGS_PER_WINDOW = 20
WINDOW_S = 0.5
"""The stack aborts at some 31 new legs within half a second in one cell; this stays well below."""
REFUSAL_PAUSE_S = 5.0


class NoCellFree(Exception):
    """No cell has a free slot at the moment; `cells` serve, and more may be on their way."""

    def __init__(self, cells: int) -> None:
        """Keep the number of cells that were looked at."""
        super().__init__(f"none of {cells} cells has a free slot")
        self.cells = cells


class IllegalSlotChange(Exception):
    """A slot cannot go this way: a fault of the caller, nothing was changed."""

    def __init__(self, leg_id: str, state: "SlotState | None", change: "SlotChange") -> None:
        """Keep what was asked for."""
        super().__init__(f"leg {leg_id}: {change} in state {state}")
        self.leg_id = leg_id
        self.state = state
        self.change = change


class SlotState(StrEnum):
    """What is in a slot."""

    PLACED = "placed"  # promised to a leg; the cell has not yet spoken of it
    LIVE = "live"  # the cell has the leg
    ENDING = "ending"  # the leg ended; the native slot is still held


class SlotChange(StrEnum):
    """What happens to a slot."""

    SEEN = "seen"  # the cell spoke of the leg
    ENDED = "ended"
    FREED = "freed"


TRANSITIONS: Mapping[SlotState | None, Mapping[SlotChange, SlotState | None]] = {
    # None is a free slot: the cell's word about a leg that we do not know counts all the same.
    None: {
        SlotChange.SEEN: SlotState.LIVE,
        SlotChange.ENDED: SlotState.ENDING,
        SlotChange.FREED: None,
    },
    SlotState.PLACED: {
        SlotChange.SEEN: SlotState.LIVE,
        SlotChange.ENDED: SlotState.ENDING,
        SlotChange.FREED: None,
    },
    SlotState.LIVE: {
        SlotChange.SEEN: SlotState.LIVE,
        SlotChange.ENDED: SlotState.ENDING,
        SlotChange.FREED: None,
    },
    SlotState.ENDING: {
        SlotChange.ENDED: SlotState.ENDING,
        SlotChange.FREED: None,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Where a leg was placed: a cell and its SIP address."""

    cell_id: str
    address: str
    port: int


@dataclass(slots=True)
class _Account:
    cell: Cell
    nominal: int
    capacity: int
    slots: dict[str, SlotState] = field(default_factory=dict)
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=LEGS_PER_WINDOW))
    closed: bool = True
    paused_until: float = 0.0

    def has_room(self, now: float) -> bool:
        if self.closed or len(self.slots) >= self.capacity or now < self.paused_until:
            return False
        return len(self.recent) < LEGS_PER_WINDOW or now - self.recent[0] >= WINDOW_S


class SlotTable:
    """The slots of all cells; least recently used cell first."""

    def __init__(self) -> None:
        """An empty table."""
        self._accounts: dict[str, _Account] = {}  # in the order of use, longest unused first
        self._homes: dict[str, str] = {}  # leg id -> cell id

    def __repr__(self) -> str:
        """State at a glance."""
        return f"<SlotTable cells={len(self._accounts)} legs={len(self._homes)} free={self.free}>"

    @property
    def free(self) -> int:
        """Slots that can be placed in, of cells that take legs."""
        return sum(
            max(0, account.capacity - len(account.slots))
            for account in self._accounts.values()
            if not account.closed
        )

    @property
    def used(self) -> int:
        """Slots that hold something, in any cell."""
        return sum(len(account.slots) for account in self._accounts.values())

    @property
    def nominal_share(self) -> float:
        """Slots hoped for per slot that was learned to exist (1.0 when the stack keeps its promise)."""
        capacity = sum(account.capacity for account in self._accounts.values())
        nominal = sum(account.nominal for account in self._accounts.values())
        return nominal / capacity if capacity else 1.0

    def add_cell(self, cell: Cell, capacity: int) -> None:
        """A cell exists; it takes legs once it is opened."""
        self._accounts[cell.cell_id] = _Account(cell=cell, nominal=capacity, capacity=capacity)

    def open_cell(self, cell_id: str) -> None:
        """A cell takes legs from now on."""
        account = self._accounts.get(cell_id)
        if account is not None:
            account.closed = False

    def close_cell(self, cell_id: str) -> None:
        """A cell takes no new legs; it keeps those that it has."""
        account = self._accounts.get(cell_id)
        if account is not None:
            account.closed = True

    def remove_cell(self, cell_id: str) -> tuple[str, ...]:
        """A cell is gone: the legs that were lost with it (those that had ended are not among them)."""
        account = self._accounts.pop(cell_id, None)
        if account is None:
            return ()
        for leg_id in account.slots:
            if self._homes.get(leg_id) == cell_id:
                del self._homes[leg_id]
        return tuple(leg for leg, state in account.slots.items() if state is not SlotState.ENDING)

    def cell_of(self, leg_id: str) -> Cell | None:
        """The cell that a leg is in or was placed in."""
        home = self._homes.get(leg_id)
        return None if home is None else self._accounts[home].cell

    def state_of(self, leg_id: str) -> SlotState | None:
        """What the leg's slot is in, None without one."""
        home = self._homes.get(leg_id)
        return None if home is None else self._accounts[home].slots[leg_id]

    def legs_in(self, cell_id: str) -> tuple[str, ...]:
        """Legs with a slot in this cell."""
        account = self._accounts.get(cell_id)
        return () if account is None else tuple(account.slots)

    def place(self, leg_id: str, now: float, avoid: Collection[str] = frozenset()) -> Cell:
        """Take a slot for a leg, in the cell unused for longest that has room and is not in `avoid`.

        Placing a leg again that no cell has spoken of yet moves it; one that ended in its cell (it begins again by another
        trunk) leaves its slot there until the cell frees it.  Raises `NoCellFree`, and `IllegalSlotChange` for a leg that
        is live.
        """
        state = self.state_of(leg_id)
        if state is SlotState.LIVE:
            raise IllegalSlotChange(leg_id, state, SlotChange.SEEN)
        for cell_id, account in self._accounts.items():
            if cell_id not in avoid and leg_id not in account.slots and account.has_room(now):
                break
        else:
            raise NoCellFree(len(self._accounts))
        if state is SlotState.PLACED:
            self._assign(self._homes[leg_id], leg_id, None)
        self._assign(cell_id, leg_id, SlotState.PLACED)
        account.recent.append(now)
        self._accounts[cell_id] = self._accounts.pop(cell_id)
        return account.cell

    def withdraw(self, leg_id: str) -> None:
        """A placed leg never went to its cell.  Without effect once the cell has spoken of it."""
        if self.state_of(leg_id) is SlotState.PLACED:
            self._assign(self._homes[leg_id], leg_id, None)

    def change(self, cell_id: str, leg_id: str, change: SlotChange) -> None:
        """The cell said something about a leg.  Its word counts, also about legs unknown or placed elsewhere."""
        account = self._accounts.get(cell_id)
        if account is None:
            return
        state = account.slots.get(leg_id)
        row = TRANSITIONS[state]
        if change not in row:
            raise IllegalSlotChange(leg_id, state, change)
        if state is None and row[change] is not None and leg_id in self._homes:
            self._assign(self._homes[leg_id], leg_id, None)
        self._assign(cell_id, leg_id, row[change])

    def refused(self, cell_id: str, leg_id: str, now: float) -> None:
        """The cell has no native slot for this leg: it holds fewer than was hoped for."""
        account = self._accounts.get(cell_id)
        if account is None:
            return
        self._assign(cell_id, leg_id, None)
        account.capacity = max(1, min(account.capacity, len(account.slots)))
        if len(account.slots) < account.capacity:  # it holds something that we know nothing of
            account.paused_until = now + REFUSAL_PAUSE_S

    def _assign(self, cell_id: str, leg_id: str, state: SlotState | None) -> None:
        """The one place that changes a slot."""
        slots = self._accounts[cell_id].slots
        if state is None:
            slots.pop(leg_id, None)
            if self._homes.get(leg_id) == cell_id:
                del self._homes[leg_id]
        else:
            slots[leg_id] = state
            if (
                state is not SlotState.ENDING or leg_id not in self._homes
            ):  # else it may begin again elsewhere
                self._homes[leg_id] = cell_id
