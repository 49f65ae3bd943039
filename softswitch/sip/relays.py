"""Requests that the edge carries from one side to the other, until their answers have come back.

A relay keeps the request as its sender sent it: every answer is built from that (RFC 3261 section 8.2.6), so Via
stack, tags and names are right whatever the other side wrote.  It also keeps what was sent on, so that
a retransmission is carried again without being understood again.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from softswitch.sip.flows import Flow
from softswitch.sip.message import Request, parse
from softswitch.sip.transactions import ClientTransaction, TransactionKey, transaction_key


class Side(StrEnum):
    """Who sent a request."""

    OUTSIDE = "outside"
    CELL = "cell"


class BodyDuty(StrEnum):
    """What the answer to a relayed request has to do with session descriptions (RFC 3264)."""

    NONE = "none"
    ANSWER = "answer"  # the outside offered: our answer goes into the response
    OFFER = "offer"  # the outside offered nothing: our offer goes into the response, the ACK answers
    AWAIT = "await"  # our offer went out: the outside's response answers it


@dataclass(slots=True, kw_only=True)
class Relay:
    """One transaction carried across.

    `key` is the sender's transaction, `branch` ours on the far side.  `flow` is the outside's (its source for its
    own requests, our destination for those of a cell); `cell` the cell's address.
    """

    leg_id: str
    side: Side
    request: Request
    key: TransactionKey
    branch: str
    flow: Flow
    cell: tuple[str, int]
    forwarded: bytes
    duty: BodyDuty = BodyDuty.NONE
    last_response: bytes | None = None
    is_final: bool = False
    answered_at: float | None = None  # when a 2xx first went through here, monotonic; not written down
    is_cancelled: bool = False
    cancel_headers: tuple[tuple[str, str], ...] = ()
    cancel_cause: int | None = None  # the Q.850 cause with which the outside cancelled
    left_tags: set[str] = field(default_factory=set, compare=False)
    transaction: ClientTransaction | None = field(default=None, compare=False)

    @property
    def method(self) -> str:
        """The request's method."""
        return self.request.method

    @property
    def cseq(self) -> int:
        """The request's CSeq number."""
        return self.request.cseq.number

    def to_record(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "leg_id": self.leg_id,
            "side": str(self.side),
            "request": self.request.serialise().decode("latin-1"),
            "branch": self.branch,
            "flow": self.flow.to_record(),
            "cell": list(self.cell),
            "forwarded": self.forwarded.decode("latin-1"),
            "duty": str(self.duty),
            "last_response": None if self.last_response is None else self.last_response.decode("latin-1"),
            "is_final": self.is_final,
            "is_cancelled": self.is_cancelled,
            "has_provisional": self.transaction is not None and self.transaction.has_provisional,
        }

    @staticmethod
    def from_record(record: dict[str, Any]) -> "Relay":
        """Return what `to_record` described (without its transaction)."""
        request = parse(record["request"].encode("latin-1"))
        if not isinstance(request, Request):
            raise TypeError("a relay record holds no request")
        last = record["last_response"]
        return Relay(
            leg_id=record["leg_id"],
            side=Side(record["side"]),
            request=request,
            key=transaction_key(request),
            branch=record["branch"],
            flow=Flow.from_record(record["flow"]),
            cell=(record["cell"][0], record["cell"][1]),
            forwarded=record["forwarded"].encode("latin-1"),
            duty=BodyDuty(record["duty"]),
            last_response=None if last is None else last.encode("latin-1"),
            is_final=record["is_final"],
            is_cancelled=record["is_cancelled"],
        )


class RelayTable:
    """All relays, by the sender's transaction and by our branch on the far side."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[Side, TransactionKey], Relay] = {}
        self._by_branch: dict[tuple[Side, str, str], Relay] = {}
        self._by_leg: dict[str, list[Relay]] = {}

    def add(self, relay: Relay) -> None:
        """Keep a relay; it replaces an earlier one of the same transaction."""
        former = self._by_key.get((relay.side, relay.key))
        if former is not None:
            self.discard(former)
        self._by_key[relay.side, relay.key] = relay
        self._by_branch[relay.side, relay.branch, relay.method] = relay
        self._by_leg.setdefault(relay.leg_id, []).append(relay)

    def discard(self, relay: Relay) -> None:
        """Forget a relay."""
        if self._by_key.get((relay.side, relay.key)) is relay:
            del self._by_key[relay.side, relay.key]
        if self._by_branch.get((relay.side, relay.branch, relay.method)) is relay:
            del self._by_branch[relay.side, relay.branch, relay.method]
        of_leg = self._by_leg.get(relay.leg_id)
        if of_leg is not None:
            of_leg[:] = [held for held in of_leg if held is not relay]
            if not of_leg:
                del self._by_leg[relay.leg_id]

    def of_request(self, side: Side, key: TransactionKey) -> Relay | None:
        """Return the relay of a request's transaction."""
        return self._by_key.get((side, key))

    def of_response(self, sender: Side, branch: str | None, method: str) -> Relay | None:
        """Return the relay that a response answers; `sender` is who sent the request."""
        return self._by_branch.get((sender, branch or "", method))

    def of_leg(self, leg_id: str) -> tuple[Relay, ...]:
        """Return every relay of a leg."""
        return tuple(self._by_leg.get(leg_id, ()))

    def __len__(self) -> int:
        return len(self._by_key)
