"""How many connections there may be at once, in all and from one network: a flood of them costs nobody else theirs."""

from collections import Counter
from functools import lru_cache
from ipaddress import ip_address, ip_network

IN_ALL = 2000
FROM_ONE = 600
"""A whole centre may come through one address: 77 seats, each with some pages and their connections."""


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Where somebody comes from: the address, of IPv6 the /64, in which one host can have as many as it likes."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else address


class Crowd:
    """Those who are connected."""

    def __init__(self, in_all: int = IN_ALL, from_one: int = FROM_ONE) -> None:
        """Nobody is."""
        self._in_all = in_all
        self._from_one = from_one
        self._here: Counter[str] = Counter()
        self._total = 0

    def enter(self, network: str) -> bool:
        """One more from there; False when there is no room, and nothing is counted."""
        if self._total >= self._in_all or self._here[network] >= self._from_one:
            return False
        self._here[network] += 1
        self._total += 1
        return True

    def leave(self, network: str) -> None:
        """One less."""
        self._total -= 1
        self._here[network] -= 1
        if not self._here[network]:
            del self._here[network]

    def __len__(self) -> int:
        """How many there are."""
        return self._total
