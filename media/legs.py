"""The legs of a plane: who they are, and whom they may talk with.  No sockets, no sound."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from media.commands import OpenLeg, Source
from media.packets import Address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LAST_PORT: Final = 65535
NULL_ADDRESSES: Final = frozenset({"0.0.0.0", "::"})
"""Nobody's: the hold of RFC 2543, and its IPv6 form."""


class AddressNotAllowed(Exception):
    """Media may not go to or come from this address."""

    def __init__(self, address: str, networks: tuple[str, ...]) -> None:
        super().__init__(f"{address} is in none of {', '.join(networks) or 'no network'}")
        self.address = address
        self.networks = networks


class NoRoom(Exception):
    """The plane holds as many legs as it can."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"all {limit} legs are in use")
        self.limit = limit


@dataclass(slots=True)
class Leg:
    """One RTP stream pair.

    `remote` is what SDP named, `peer` is whom the voice socket is connected to: the same, or behind NAT the first
    source that was heard on `nat_address` (then `locked`).
    """

    leg_id: str
    call_id: str
    slot: int
    address: str
    port: int
    networks: tuple[Network, ...]
    nat_address: str | None
    remote: Address | None = None
    peer: Address | None = None
    locked: bool = False
    permitted: bool = False
    may_send: bool = False
    may_receive: bool = False
    event_payload_type: int | None = None
    law: int = 0
    hearing: tuple[Source, ...] = ()
    media_started: bool = False
    silence_told: bool = False
    waiting_since: int = 0  # tick from which silence counts
    reported_at: int = 0  # tick of the last RTCP report from its peer
    given_up_at: int = -(1 << 31)  # tick at which it was last called dead

    def allows(self, address: str) -> bool:
        """Whether media may go to this address: of the leg's own IP version, one host, inside its networks."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if (":" in self.address) != (parsed.version == 6) or "%" in address:  # a zone is ours, not a peer's
            return False
        if parsed.is_unspecified or parsed.is_multicast or parsed == ipaddress.IPv4Address("255.255.255.255"):
            return False
        return any(parsed in network for network in self.networks)

    @property
    def report_to(self) -> Address | None:
        """Where RTCP for the peer goes: the port above its RTP (RFC 3550 section 11); None above the last port there is."""
        if self.peer is None or self.peer[1] >= LAST_PORT:
            return None
        return self.peer[0], self.peer[1] + 1

    @property
    def is_sending(self) -> bool:
        """Whether RTP flows out: allowed by the dialog, by the directions, and there is somebody to send to."""
        return self.permitted and self.may_send and self.peer is not None


class LegTable:
    """Legs by id and by slot; slots are row numbers of every array in the plane."""

    def __init__(self, max_legs: int) -> None:
        self.limit = max_legs
        self._by_id: dict[str, Leg] = {}
        self._by_slot: dict[int, Leg] = {}
        self._free = list(range(max_legs - 1, -1, -1))

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Leg]:
        return iter(list(self._by_id.values()))

    def __contains__(self, leg_id: str) -> bool:
        return leg_id in self._by_id

    def get(self, leg_id: str) -> Leg | None:
        """The leg of this id, if it is open."""
        return self._by_id.get(leg_id)

    def at(self, slot: int) -> Leg | None:
        """The leg in this slot, if any."""
        return self._by_slot.get(slot)

    @property
    def slots(self) -> list[int]:
        """All slots in use, in order."""
        return sorted(self._by_slot)

    @property
    def is_full(self) -> bool:
        """Whether no slot is free."""
        return not self._free

    def open(self, command: OpenLeg, address: str, port: int) -> Leg:
        """Give a leg a slot; raises `NoRoom`, or ValueError when a network is not one."""
        if not self._free:
            raise NoRoom(self.limit)
        leg = Leg(
            leg_id=command.leg_id,
            call_id=command.call_id,
            slot=self._free[-1],
            address=address,
            port=port,
            networks=parse_networks(command.networks),
            nat_address=command.nat_address,
        )
        self._free.pop()
        self._by_id[leg.leg_id] = leg
        self._by_slot[leg.slot] = leg
        return leg

    def close(self, leg: Leg) -> None:
        """Take a leg out; its slot is used again as late as possible."""
        del self._by_id[leg.leg_id]
        del self._by_slot[leg.slot]
        self._free.insert(0, leg.slot)


def parse_networks(networks: tuple[str, ...]) -> tuple[Network, ...]:
    """CIDR blocks, host bits allowed; ValueError names the one that is none."""
    return tuple(ipaddress.ip_network(network, strict=False) for network in networks)


def canonical(address: str) -> str:
    """An address as the kernel writes it, so that `2001:DB8::0:1` of an SDP is the source 2001:db8::1."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
