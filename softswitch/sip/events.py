"""What the edge tells call control.  Past tense, frozen.

The edge owns everything that the outside said: messages, addresses, dialogs, offer/answer.  Call control
sees legs by id, peers by name, and media as one negotiated outcome.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class PeerKind(StrEnum):
    """Who stands on the other side of a leg."""

    TRUNK = "trunk"  # recognised by its address (or by digest)
    ACCOUNT = "account"  # a registered desk phone, proven by digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A trunk or a SIP account, by its configured name."""

    kind: PeerKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteMedia:
    """Outcome of an offer/answer exchange (RFC 3264), as `media.commands.SetRemote` wants it.

    `may_send` / `may_receive` are our directions.  `held` is True when the far end put us on hold
    (sendonly, inactive or c=0.0.0.0 from it).  `suite` names how the sound is encrypted (RFC 4568), empty in the clear.
    """

    address: str
    port: int
    codec: str
    payload_type: int
    dtmf_payload_type: int | None
    comfort_noise_payload_type: int | None
    ptime_ms: int
    may_send: bool
    may_receive: bool
    held: bool
    suite: str = ""
    send_key: str = field(default="", repr=False)
    receive_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteReceived:
    """A first INVITE from an identified peer.  Control answers with `Edge.admit` or `Edge.reject`.

    `request_user` is the user part of the Request-URI; `headers` holds the identity headers as text by
    canonical name (From, To, P-Asserted-Identity, Privacy, Diversion, History-Info, Call-Info…), folded values
    in order.  `has_offer` is False for a delayed offer.
    """

    leg_id: str
    peer: Peer
    source_address: str
    source_port: int
    transport: str
    sip_call_id: str
    request_user: str
    headers: tuple[tuple[str, str], ...]
    has_offer: bool
    networks: tuple[str, ...]
    nat_address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerWithdrew:
    """The outside sent CANCEL for a leg that was not yet admitted to a cell (487 was answered)."""

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRefused:
    """The cell answered a 486 that nobody ordered (it is full): admit the leg to another cell."""

    leg_id: str
    cell_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteMediaAgreed:
    """Offer/answer came to a (new) result.  `early` until the dialog is confirmed (183 with SDP)."""

    leg_id: str
    media: RemoteMedia
    early: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogConfirmed:
    """The outside's ACK arrived (inbound), or our ACK left (outbound): sending media is permitted."""

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FarEndAnswered:
    """A response of the outside to an outbound INVITE passed (1xx but 100, 2xx, or final refusal).

    `q850_cause` from the Reason header, None without one.
    """

    leg_id: str
    status: int
    reason: str
    q850_cause: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FarEndLeft:
    """BYE or CANCEL of the outside passed (the cell will report the leg's end as well)."""

    leg_id: str
    method: str
    q850_cause: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InDialogRequestReceived:
    """A request that never reaches a cell: REFER, INFO (with its body), MESSAGE.  The edge answered it.

    The REFER is answered 202 and its `refer_to` given here; a digit of INFO dtmf-relay is in `digit`.
    """

    leg_id: str
    method: str
    content_type: str
    body: str
    refer_to: str | None
    digit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReachabilityChanged:
    """A desk phone registered, unregistered, expired, or stopped/started answering OPTIONS."""

    account: str
    reachable: bool
    cause: str  # registered | unregistered | expired | options_timeout | options_answered


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkStateChanged:
    """A trunk's OPTIONS ping or registration changed its state."""

    trunk: str
    up: bool
    cause: str


EdgeEvent = (
    InviteReceived
    | CallerWithdrew
    | CellRefused
    | RemoteMediaAgreed
    | DialogConfirmed
    | FarEndAnswered
    | FarEndLeft
    | InDialogRequestReceived
    | AccountReachabilityChanged
    | TrunkStateChanged
)
