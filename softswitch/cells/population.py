"""How many cells there should be, when to fork the next one, and on which address: pure, time is an argument."""

import ipaddress
from dataclasses import dataclass

FORKS_AT_ONCE = 2
"""Cells that may be starting at the same time: each costs some 50 ms of a processor that calls need too."""
FORK_INTERVAL_S = 0.05
FAILURE_PAUSE_S = 0.25
FAILURE_PAUSE_MAX_S = 5.0
DEMAND_MEMORY_S = 600.0
"""How long the highest demand is remembered before surplus cells are let go."""
_ADDRESSES_PER_NETWORK = 250


class AddressBook:
    """Loopback addresses for cells, handed out in turn so that a dead cell's address rests before its reuse.

    What is still on its way to a dead cell must not reach its successor.
    """

    def __init__(self, network: str, *, cells_max: int, first: int = 0) -> None:
        """Addresses from `network` (such as 127.77.1.0) upwards; `first` says where in the turn to begin."""
        self._base = int(ipaddress.IPv4Address(network)) & ~0xFF
        if not ipaddress.IPv4Address(self._base).is_loopback:
            raise ValueError(f"{network} is no loopback network")
        needed = cells_max * 3 // 2
        self._count = _ADDRESSES_PER_NETWORK * max(1, -(-needed // _ADDRESSES_PER_NETWORK))
        self._next = first % self._count
        self._taken: set[str] = set()

    def take(self) -> str:
        """The next address in turn that no cell has."""
        for _ in range(self._count):
            network, host = divmod(self._next, _ADDRESSES_PER_NETWORK)
            self._next = (self._next + 1) % self._count
            address = str(ipaddress.IPv4Address(self._base + network * 256 + host + 1))
            if address not in self._taken:
                self._taken.add(address)
                return address
        raise ValueError("every address has a cell")

    def give_back(self, address: str) -> None:
        """The cell at this address is gone."""
        self._taken.discard(address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """The cells of this moment.  `serving` and `starting` exclude those that retire; `all` counts every process."""

    serving: int
    starting: int
    all: int


class Population:
    """Decides on forks and retirements."""

    def __init__(self, *, legs_per_cell: int, spare_legs: int, cells_max: int) -> None:
        """`spare_legs` are always kept free beyond what is wanted; there are never more than `cells_max`."""
        self._legs_per_cell = legs_per_cell
        self._spare_legs = spare_legs
        self._cells_max = cells_max
        self._wanted_legs = 0
        self._peaks: list[tuple[float, int]] = []
        self._next_fork_at = 0.0
        self._failures = 0

    @property
    def wanted_cells(self) -> int:
        """Cells that should serve now."""
        return min(self._cells_max, -(-(self._wanted_legs + self._spare_legs) // self._legs_per_cell))

    def want(self, legs: int, now: float) -> None:
        """Control needs room for so many legs."""
        self._wanted_legs = max(0, legs)
        while self._peaks and self._peaks[-1][1] <= self.wanted_cells:
            self._peaks.pop()
        self._peaks.append((now, self.wanted_cells))

    def cell_began(self) -> None:
        """A cell serves: the machine can start cells."""
        self._failures = 0

    def cell_failed(self, now: float) -> None:
        """A cell ended before it served: wait longer and longer, the cause may last (address, memory)."""
        pause = min(FAILURE_PAUSE_MAX_S, FAILURE_PAUSE_S * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        self._next_fork_at = max(self._next_fork_at, now + pause)

    def may_fork(self, census: Census, now: float) -> bool:
        """Whether to fork one cell now; counts it as forked."""
        if not self._lacks_cells(census) or census.starting >= FORKS_AT_ONCE or now < self._next_fork_at:
            return False
        self._next_fork_at = now + FORK_INTERVAL_S
        return True

    def surplus(self, census: Census, now: float) -> int:
        """Cells to retire: those beyond the highest demand of the last `DEMAND_MEMORY_S`."""
        while len(self._peaks) > 1 and self._peaks[1][0] <= now - DEMAND_MEMORY_S:
            self._peaks.pop(0)
        highest = max((peak for _, peak in self._peaks), default=self.wanted_cells)
        return max(0, census.serving - max(highest, self.wanted_cells))

    def wait_s(self, census: Census, now: float) -> float:
        """Seconds until there may be something to do without an event."""
        if self._lacks_cells(census) and census.starting < FORKS_AT_ONCE:
            return max(0.0, self._next_fork_at - now)
        return 10.0

    def _lacks_cells(self, census: Census) -> bool:
        return census.serving + census.starting < self.wanted_cells and census.all < self._cells_max * 3 // 2
