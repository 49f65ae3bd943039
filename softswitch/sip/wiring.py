"""What the parts of the edge share: sockets, tables, transactions, settings, and how messages of ours are written."""

import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from softswitch.clock import Clock
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.sip import SipSettings
from softswitch.settings.trunks import TrunkSettings
from softswitch.sip.allow_list import MAX_FORWARDS, Header, add_all, tag_for_cell, with_tag
from softswitch.sip.dialogs import Dialog, DialogTable, RemoteEnd, addressed
from softswitch.sip.events import EdgeEvent, Peer, PeerKind
from softswitch.sip.flows import Flow, are_of_one_version, is_ip_literal, is_within
from softswitch.sip.invite_log import InviteLog
from softswitch.sip.limits import Allowance
from softswitch.sip.message import Headers, Request, Response, SipUri, response_to
from softswitch.sip.relays import Relay, RelayTable
from softswitch.sip.sdes import Secrecy
from softswitch.sip.transactions import (
    ClientTransactions,
    ServerTransactions,
    TransactionKey,
    transaction_key,
)
from softswitch.sip.transports import InnerSocket, Transports
from softswitch.sip.via import MAGIC_COOKIE

log = structlog.get_logger(__name__)


class KeysInTheClear(Exception):
    """Encrypted sound is required of a peer that does not speak TLS."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: encrypted sound is required, and its signalling is not TLS")


class StateKeeper(Protocol):
    """Where state lies that a new control goes on from; the last write of a key wins."""

    def put(self, table: str, key: str, value: dict[str, Any]) -> None:
        """Write a record."""

    def put_later(self, table: str, key: str, value: Callable[[], dict[str, Any]]) -> None:
        """Write what `value` gives when it is written: a leg changes a dozen times within a few ms."""

    def remove(self, table: str, key: str) -> None:
        """Remove a record."""


@dataclass(slots=True, kw_only=True)
class Wiring:
    """The shared ground of the edge's parts.  `emit` never raises."""

    settings: SipSettings
    trunks: Mapping[str, TrunkSettings]
    accounts: Mapping[str, AccountSettings]
    secret: str
    clock: Clock
    transports: Transports
    inner: InnerSocket
    keep: StateKeeper
    when_kept: Callable[[Callable[[], None]], None]
    invites: InviteLog
    on_event: Callable[[EdgeEvent], None]
    clients: ClientTransactions
    servers: ServerTransactions
    inner_clients: ClientTransactions
    inner_servers: ServerTransactions
    lines: Allowance
    trunk_at: Callable[[str], TrunkSettings | None] = lambda address: None
    doubt: Callable[[str], None] = lambda trunk: None  # a trunk did not answer a call
    trunk_hosts: dict[str, TrunkSettings] = field(default_factory=dict)  # by resolved address
    dialogs: DialogTable = field(default_factory=DialogTable)
    relays: RelayTable = field(default_factory=RelayTable)

    # --- events and state -------------------------------------------------------------------------------------

    def emit(self, event: EdgeEvent) -> None:
        """Tell call control; its mistakes are not the edge's."""
        try:
            self.on_event(event)
        except Exception:  # a broken handler must not lose the message that is being handled
            log.exception("sip.event_handler_failed", event_type=type(event).__name__)

    def keep_dialog(self, dialog: Dialog) -> None:
        """Write a leg down as it is now."""
        self.dialogs.index(dialog)
        if self.dialogs.get(dialog.leg_id) is dialog and not dialog.is_forgotten:
            self.keep.put_later("dialog", dialog.leg_id, dialog.to_record)

    def settle(self, relay: Relay) -> None:
        """A relay has its final answer: keep it as long as retransmissions may come, then forget it."""
        if not relay.is_final:
            relay.is_final = True
            self.clock.after(self.clients.life_s, lambda: self.relays.discard(relay))

    # --- words of ours ----------------------------------------------------------------------------------------

    def branch(self, *parts: object) -> str:
        """Return a branch that follows from its parts: equal for a retransmission, unguessable otherwise."""
        text = "\x1f".join([str(part) for part in parts]).encode("utf-8", "surrogateescape")
        return MAGIC_COOKIE + hmac.new(self.secret.encode(), text, "sha256").hexdigest()[:32]

    def fresh_branch(self) -> str:
        """Return a branch nobody had before."""
        return MAGIC_COOKIE + secrets.token_hex(16)

    def trunk_behind(self, flow: Flow) -> TrunkSettings | None:
        """Return the trunk whose messages come and go by a flow, None for phones and strangers."""
        return self.trunk_hosts.get(flow.address) or self.trunk_at(flow.address)

    def host_shown(self, flow: Flow) -> str:
        """Return host and port that the peer behind a flow knows us by."""
        trunk = self.trunk_behind(flow)
        known_as = None if trunk is None else trunk.advertised_address
        return self.transports.listeners[flow.listener].host_shown(known_as)

    def media_shown(self, flow: Flow) -> str:
        """Return the address that the peer behind a flow sees in SDP."""
        trunk = self.trunk_behind(flow)
        own = self.transports.listeners[flow.listener].media_address
        return own if trunk is None else trunk.media_address or trunk.advertised_address or own

    def outside_via(self, flow: Flow, branch: str) -> str:
        """Return our Via for a request that leaves by a flow."""
        protocol = self.transports.listeners[flow.listener].protocol.upper()
        return f"SIP/2.0/{protocol} {self.host_shown(flow)};rport;branch={branch}"

    def outside_contact(self, leg_id: str, flow: Flow) -> str:
        """Return our Contact for a leg whose peer is behind a flow."""
        listener = self.transports.listeners[flow.listener]
        return f"<sip:{leg_id}@{self.host_shown(flow)}{listener.uri_suffix}>"

    @property
    def inner_host(self) -> str:
        """Host and port of the inner socket."""
        return f"{self.inner.address}:{self.inner.port}"

    def inner_contact(self, leg_id: str) -> str:
        """Return the Contact that a cell sees for the far end of a leg."""
        return f"<sip:{leg_id}@{self.inner_host}>"

    @property
    def clean_body(self) -> bytes:
        """Return the one session description that cells ever see."""
        address = self.inner.address
        return (
            f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            "m=audio 9 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=inactive\r\n"
        ).encode()

    # --- requests of ours -------------------------------------------------------------------------------------

    def request_outside(
        self,
        dialog: Dialog,
        method: str,
        cseq: int,
        branch: str,
        *,
        end: RemoteEnd | None = None,
        remote_tag: str | None = None,
        headers: Iterable[Header] = (),
        body: bytes = b"",
        content_type: str = "application/sdp",
    ) -> tuple[Request, Flow]:
        """Write a request inside the outside's dialog; return it and where it goes."""
        request = Request(method, "", headers=Headers(), body=body)
        route = Headers()
        probe = Request(method, "", headers=route)
        where = end or dialog.end_of(remote_tag) or RemoteEnd(target=dialog.request_uri)
        hop = addressed(probe, where)
        request.uri = probe.uri
        flow = self.flow_of(dialog, hop)
        lines = request.headers
        lines.add("Via", self.outside_via(flow, branch))
        add_all(lines, route.items())
        lines.add("Max-Forwards", MAX_FORWARDS)
        lines.add("From", with_tag(dialog.local, dialog.local_tag))
        lines.add("To", with_tag(dialog.remote, dialog.remote_tag if remote_tag is None else remote_tag))
        lines.add("Call-ID", dialog.call_id)
        lines.add("CSeq", f"{cseq} {method}")
        if method in ("INVITE", "UPDATE", "REFER", "NOTIFY", "SUBSCRIBE"):
            lines.add("Contact", self.outside_contact(dialog.leg_id, flow))
        add_all(lines, headers)
        if body:
            lines.add("Content-Type", content_type)
        return request, flow

    def flow_of(self, dialog: Dialog, hop: SipUri) -> Flow:
        """Return the way to a next hop; back by the way they came for NAT, TCP and addresses not theirs."""
        host, port = hop.address_of(5060)
        known = dialog.flow
        if self.transports.is_connected(known) or dialog.nat_address is not None or not is_ip_literal(host):
            return known
        if not is_within(host, dialog.sources) or self.transports.is_own(host, port):
            return known
        protocol = hop.transport or "udp"
        if protocol == known.protocol and are_of_one_version(host, known.address):
            return Flow(listener=known.listener, protocol=protocol, address=host, port=port)
        return self.transports.flow_to(protocol, host, port) or known

    def request_cell(
        self,
        dialog: Dialog,
        method: str,
        cseq: int,
        branch: str,
        cell: tuple[str, int],
        *,
        headers: Iterable[Header] = (),
        body: bytes = b"",
    ) -> Request:
        """Write a request for a cell: only our own words, numbers and tokens."""
        uri = dialog.cell_target or f"sip:{dialog.leg_id}@{cell[0]}:{cell[1]}"
        request = Request(method, uri, headers=Headers(), body=body)
        lines = request.headers
        lines.add("Via", f"SIP/2.0/UDP {self.inner_host};rport;branch={branch}")
        lines.add("Max-Forwards", MAX_FORWARDS)
        lines.add("From", with_tag(f"<sip:far@{self.inner_host}>", tag_for_cell(dialog.remote_tag)))
        local_tag = "" if method == "INVITE" and not dialog.cell_target else dialog.local_tag
        lines.add("To", with_tag(f"<sip:{dialog.leg_id}@{self.inner_host}>", local_tag))
        lines.add("Call-ID", dialog.cell_call_id)
        lines.add("CSeq", f"{cseq} {method}")
        if method in ("INVITE", "UPDATE"):
            lines.add("Contact", self.inner_contact(dialog.leg_id))
        lines.add("X-Leg", dialog.leg_id)
        lines.add("X-Secret", self.secret)
        add_all(lines, headers)
        if body:
            lines.add("Content-Type", "application/sdp")
        return request

    # --- answers of ours --------------------------------------------------------------------------------------

    def reply(self, request: Request, flow: Flow, response: Response) -> bytes:
        """Send a response to where the request's top Via wants it; return what was sent."""
        data = response.serialise()
        self.transports.send(reply_flow(request, flow), data)
        return data

    def answer(
        self,
        request: Request,
        flow: Flow,
        status: int,
        *,
        reason: str | None = None,
        to_tag: str | None = None,
        headers: Iterable[Header] = (),
        key: TransactionKey | None = None,
    ) -> None:
        """Answer a request of the outside for good, once for every retransmission of it."""
        tag = to_tag or self.stateless_tag(request)
        data = response_to(request, status, reason or None, to_tag=tag, headers=headers).serialise()
        back = reply_flow(request, flow)
        self.servers.answer(
            key or transaction_key(request),
            lambda: self.transports.send(back, data),
            until_acked=request.method == "INVITE" and not back.is_reliable,
        )

    def answer_stateless(
        self, request: Request, flow: Flow, status: int, headers: Iterable[Header] = ()
    ) -> None:
        """Answer a stranger without remembering it."""
        response = response_to(request, status, to_tag=self.stateless_tag(request), headers=headers)
        self.reply(request, flow, response)

    def answer_cell(
        self, request: Request, cell: tuple[str, int], status: int, headers: Iterable[Header] = ()
    ) -> None:
        """Answer a cell's request for good."""
        tag = self.stateless_tag(request)
        data = response_to(request, status, to_tag=tag, headers=headers).serialise()
        key = transaction_key(request)
        if request.method == "CANCEL":
            key = (key[0], key[1], "CANCEL")
        self.inner_servers.answer(
            key, lambda: self.inner.send(cell, data), until_acked=request.method == "INVITE" and status >= 300
        )

    def stateless_tag(self, request: Request) -> str:
        """Return a To tag that a retransmission gets again."""
        via = request.headers.get("Via") or ""
        return self.branch("tag", via, request.headers.get("Call-ID") or "")[7:23]

    def secrecy_of(self, peer: Peer, flow: Flow) -> Secrecy:
        """Return whether a leg's sound is encrypted; KeysInTheClear when it has to be and cannot.

        Keys travel in the signalling: over anything but TLS, encryption would be a pretence.
        """
        settings = self.trunks.get(peer.name) if peer.kind is PeerKind.TRUNK else self.accounts.get(peer.name)
        wanted = Secrecy.OFF if settings is None else Secrecy(settings.srtp)
        if flow.protocol == "tls":
            return wanted
        if wanted is Secrecy.REQUIRED:
            raise KeysInTheClear(peer.name)
        return Secrecy.OFF

    def is_trusted_for_credentials(self, dialog: Dialog) -> bool:
        """Whether digest credentials may go to this peer: a trunk with a realm."""
        trunk = self.trunks.get(dialog.peer.name) if dialog.peer.kind is PeerKind.TRUNK else None
        return trunk is not None and bool(trunk.realm)


def note_source(request: Request, flow: Flow) -> None:
    """Write where a request really came from into its top Via (RFC 3261 section 18.2.1, RFC 3581 section 4)."""
    via = request.top_via
    noted = via
    if via.wants_rport:
        noted = noted.with_param("rport", str(flow.port))
    if via.wants_rport or via.host != flow.address:
        noted = noted.with_param("received", flow.address)
    if noted is not via:
        request.headers.pop_first("Via")
        request.headers.insert_first("Via", str(noted))


def reply_flow(request: Request, flow: Flow) -> Flow:
    """Return where responses to a request go (RFC 3261 section 18.2.2): its source, its port as the Via asks."""
    via = request.top_via
    if flow.is_reliable or via.wants_rport:
        return flow
    return Flow(listener=flow.listener, protocol=flow.protocol, address=flow.address, port=via.port or 5060)
