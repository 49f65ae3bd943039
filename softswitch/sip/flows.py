"""Where a message came from and where one goes: the words that transports and machines share."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A way to a peer: one of our listeners, the far address, and for TCP the connection (0: none yet).

    `listener` is the index of the listening transport, in the order of the settings.
    """

    listener: int
    protocol: str
    address: str
    port: int
    connection: int = 0

    @property
    def is_reliable(self) -> bool:
        """Whether nothing is lost on the way (no retransmission of ours is needed)."""
        return self.protocol != "udp"

    def to_record(self) -> list[object]:
        """Return plain JSON types; a connection does not outlive its process."""
        return [self.listener, self.protocol, self.address, self.port]

    @staticmethod
    def from_record(record: list[object]) -> "Flow":
        """Return what `to_record` described."""
        listener, protocol, address, port = record
        return Flow(
            listener=int(str(listener)), protocol=str(protocol), address=str(address), port=int(str(port))
        )

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.protocol}:{host}:{self.port}"


def is_ip_literal(host: str) -> bool:
    """Whether a host needs no name service."""
    return _address(host) is not None


def canonical(host: str) -> str:
    """Return an address as the kernel writes it (RFC 5952), so that equal ones are equal text; a name unchanged."""
    address = _address(host)
    return host if address is None else str(address)


def are_of_one_version(one: str, other: str) -> bool:
    """Whether two addresses are both IPv4 or both IPv6."""
    return (":" in one) == (":" in other)


def is_within(host: str, networks: tuple[str, ...]) -> bool:
    """Whether an address lies in one of the networks (CIDR or single addresses)."""
    address = _address(host)
    return address is not None and any(address in network for network in _parsed(networks))


@lru_cache(maxsize=4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _parsed(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple([ip_network(text, strict=False) for text in networks])
