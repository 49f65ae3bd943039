"""With whom a leg talks: the source rule, and the lock on the first source behind NAT.

One forged packet or offer must neither be heard nor make us send.  The only peer of a leg is the address and port
of its SDP, inside its networks; or, when its contact is marked NAT, the first valid source on the SIP peer's own
address.  Once a peer is locked nothing but a new SDP changes it.
"""

import numpy as np

from media.arrivals import Arrivals
from media.legs import AddressNotAllowed, Leg
from media.packets import INBOX_BYTES, Address, Batch, Datagram, PacketExchange


class Peers:
    """Decides for every leg whom its voice socket is connected to."""

    def __init__(self, exchange: PacketExchange, arrivals: Arrivals) -> None:
        self._exchange = exchange
        self._arrivals = arrivals

    def move_to(self, leg: Leg, remote: Address) -> list[Batch]:
        """Follow SDP to a new remote; returns what of its packets was waiting already.

        Raises `AddressNotAllowed`, or OSError when there is no way to it, and leaves everything as it was.  Behind
        NAT the address in SDP may be one that nobody can reach: then nothing is sent until a source was locked.
        """
        allowed = leg.allows(remote[0]) and 0 < remote[1] < 65536
        if not allowed and not (leg.nat_address and leg.allows(leg.nat_address)):
            raise AddressNotAllowed(f"{remote[0]}:{remote[1]}", tuple(str(each) for each in leg.networks))
        waiting = self._exchange.connect(leg.slot, remote) if allowed else []
        if not allowed and leg.peer is not None:
            self._exchange.deafen(leg.slot)
        if leg.remote is not None:
            self._arrivals.restart(leg.slot)
        leg.remote = remote
        leg.peer = remote if allowed else None
        leg.locked = allowed and leg.nat_address is None
        return self._take_all(leg, waiting)

    def take_stranger(self, leg: Leg, datagram: Datagram) -> list[Batch]:
        """Judge a packet that did not come through the connected socket; returns what may be heard after all.

        It may be the peer's, from before the socket was connected; it may be the first source behind NAT, which is
        locked then; otherwise it is refused and counted.
        """
        batch = _as_batch(leg.slot, datagram.data)
        if datagram.source == leg.peer:
            return [batch]
        if not self._may_lock(leg, datagram.source) or not self._arrivals.is_valid(batch):
            self._arrivals.refused[leg.slot] += 1
            return []
        leg.locked = True
        leg.peer = datagram.source
        waiting = self._exchange.connect(leg.slot, datagram.source)
        return [batch, *self._take_all(leg, waiting)]

    def _take_all(self, leg: Leg, datagrams: list[Datagram]) -> list[Batch]:
        return [batch for datagram in datagrams for batch in self.take_stranger(leg, datagram)]

    @staticmethod
    def _may_lock(leg: Leg, source: Address) -> bool:
        """Whether this source may become the peer of a leg behind NAT."""
        return (
            leg.nat_address is not None
            and not leg.locked
            and leg.remote is not None
            and source[0] == leg.nat_address
            and leg.allows(leg.nat_address)
        )


def _as_batch(slot: int, data: bytes) -> Batch:
    """One packet as a batch of its own."""
    row = np.zeros((1, INBOX_BYTES), dtype=np.uint8)
    row[0, : len(data)] = np.frombuffer(data, dtype=np.uint8)
    return Batch(packets=row, lengths=np.array([len(data)]), slots=np.array([slot]))
