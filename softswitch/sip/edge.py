"""The SIP edge: everything that control says to, and hears from, the outside and the cells (design, section 2).

The composition of its parts, and the methods that call control uses.  What arrives is the business of `Reception`.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from api.certificate import Certificate
from softswitch.clock import Clock
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.sip import SipSettings, TransportProtocol
from softswitch.settings.trunks import TrunkSettings
from softswitch.sip.allow_list import Header, add_all, printable
from softswitch.sip.cell_requests import CellRequests
from softswitch.sip.dialogs import (
    Dialog,
    EndCause,
    Phase,
    PhoneTarget,
    TrunkTarget,
    UnknownLeg,
    WrongPhase,
    local_media,
)
from softswitch.sip.endings import Endings
from softswitch.sip.errors import NotAcceptable
from softswitch.sip.events import EdgeEvent, Peer
from softswitch.sip.far_end import phone_end, trunk_end
from softswitch.sip.flows import Flow
from softswitch.sip.framing import BrokenStream
from softswitch.sip.identity import Identity
from softswitch.sip.invite_log import InviteLog
from softswitch.sip.limits import Allowance, Gate
from softswitch.sip.location import Contact, Location
from softswitch.sip.message import Headers, MalformedMessage, NameAddr, SipUri, parse_uri
from softswitch.sip.offer_answer import OfferAnswer, OfferPending
from softswitch.sip.outside_requests import OutsideRequests, UnknownCell
from softswitch.sip.penalties import BanList, Penalties
from softswitch.sip.phone_watch import PhoneWatch, flow_of_contact
from softswitch.sip.reception import Reception
from softswitch.sip.registrar import Registrar
from softswitch.sip.security import Trust, trust_or_nobody
from softswitch.sip.transactions import (
    LIFE_T1,
    ClientTransactions,
    ServerTransactions,
)
from softswitch.sip.transports import InnerSocket, Tap, Transports
from softswitch.sip.trunk_names import TrunkNames
from softswitch.sip.trunk_watch import TrunkWatch
from softswitch.sip.wiring import KeysInTheClear, StateKeeper, Wiring

__all__ = [
    "Contact",
    "Edge",
    "EndCause",
    "LegView",
    "NotAcceptable",
    "NotReachable",
    "OutboundPlan",
    "PhoneTarget",
    "StateKeeper",
    "TrunkTarget",
    "UnknownCell",
    "UnknownLeg",
    "WrongPhase",
]

log = structlog.get_logger(__name__)

GRACE_S = 0.5
LINES_OF_STRANGERS, LINES_WINDOW_S = 120, 60.0


class NotReachable(Exception):
    """An outbound leg has nowhere to go: no contact, no host, no transport of the kind."""

    def __init__(self, target: str, why: str) -> None:
        super().__init__(f"{target}: {why}")
        self.target = target
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundPlan:
    """What goes into `MakeLeg` for a prepared leg."""

    request_uri: str
    from_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegView:
    """A leg as the edge sees it now."""

    leg_id: str
    inbound: bool
    peer: Peer
    sip_call_id: str
    confirmed: bool
    end: EndCause | None
    networks: tuple[str, ...]
    nat_address: str | None
    cell_id: str | None


class Edge:
    """The SIP edge.  All methods but `start` and `stop` are synchronous and belong to the loop's thread."""

    def __init__(
        self,
        settings: SipSettings,
        trunks: tuple[TrunkSettings, ...],
        accounts: tuple[AccountSettings, ...],
        *,
        node_name: str,
        secret: str,
        clock: Clock,
        on_event: Callable[[EdgeEvent], None],
        keep: StateKeeper,
        when_kept: Callable[[Callable[[], None]], None] = lambda action: action(),
        invites: InviteLog | None = None,
    ) -> None:
        """`when_kept` does something once all that was given to `keep` is on the disk (or at once without one)."""
        by_name = self._accounts = {account.username: account for account in accounts}
        self._location = Location()
        self._bans = BanList(settings.ban_s, settings.ban_longest_s)
        lines = Allowance(LINES_OF_STRANGERS, LINES_WINDOW_S)
        self._penalties = Penalties(
            self._bans,
            settings.failures_before_ban,
            self._is_known_source,
            self._location.account_at,
            lines,
        )
        self._identity = Identity(settings, trunks, by_name, secret, self._penalties)
        self._gate = Gate(
            settings.messages_per_source,
            self._is_known_source,
            self._bans.is_banned,
            burst_of_all=settings.messages_of_strangers,
        )
        self._trusts = {
            trunk.name: trust_or_nobody(trunk)
            for trunk in trunks
            if trunk.protocol is TransportProtocol.TLS and trunk.host
        }
        transports = Transports(
            settings.transports,
            clock,
            self._gate,
            self._hear_outside,
            self._hear_broken_stream,
            self._is_known_source,
            self._trusted,
            self._not_connected,
        )
        inner = InnerSocket(settings.inner_address, settings.inner_port, self._hear_cell)
        self._wiring = Wiring(
            settings=settings,
            trunks={trunk.name: trunk for trunk in trunks},
            accounts=by_name,
            secret=secret,
            clock=clock,
            transports=transports,
            inner=inner,
            keep=keep,
            when_kept=when_kept,
            invites=invites or InviteLog(None, clock.wall),
            on_event=on_event,
            clients=ClientTransactions(clock, settings.t1_s),
            servers=ServerTransactions(clock, settings.t1_s),
            inner_clients=ClientTransactions(clock, settings.t1_s),
            inner_servers=ServerTransactions(clock, settings.t1_s),
            lines=lines,
            trunk_at=self._identity.trunk_at,
        )
        self._endings = Endings(self._wiring)
        self._outside = OutsideRequests(self._wiring, self._endings)
        self._cells = CellRequests(self._wiring, self._endings)
        self._registrar = Registrar(self._wiring, self._location, self._contact_bound)
        self._phones = PhoneWatch(self._wiring, self._location, self._registrar, node_name)
        self._trunks = TrunkWatch(self._wiring, node_name)
        self._names = TrunkNames(self._wiring, self._trunks.found)
        self._wiring.doubt = self._trunks.doubt
        self._reception = Reception(
            self._wiring, self._identity, self._location, self._registrar, self._outside, self._cells
        )

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Bind all sockets (`OSError` names the one that failed), then watch trunks and phones."""
        await self._wiring.inner.start()
        try:
            await self._wiring.transports.start()
        except OSError:
            self._wiring.inner.stop()
            raise
        self._trunks.start(await self._names.start())
        for contact in self._location:
            self._phones.watch(contact, soon=True)

    async def stop(self) -> None:
        """Close all sockets; dialogs stay written down."""
        self._names.stop()
        self._trunks.stop()
        self._phones.stop()
        self._wiring.inner.stop()
        self._wiring.invites.close()
        await self._wiring.transports.stop()

    def restore(
        self,
        bindings: Mapping[str, dict[str, Any]],
        dialogs: Mapping[str, dict[str, Any]],
        trunk_addresses: Mapping[str, dict[str, Any]] | None = None,
    ) -> None:
        """Go on from what was written down before a restart of control (call it before `start`)."""
        unwritten = (
            self._wiring.invites.left
        )  # they went out, and came to no disk: call control has them ended
        dialogs = unwritten | dict(dialogs)
        self._names.restore(trunk_addresses or {})
        for contact in self._registrar.restore(dict(bindings)):
            if self._wiring.transports.listeners:
                self._phones.watch(contact, soon=True)
        for leg_id, record in dialogs.items():
            try:
                dialog = Dialog.from_record(record)
            except (KeyError, TypeError, ValueError, MalformedMessage):
                log.exception("sip.dialog_not_restored", leg_id=leg_id)
                continue
            self._wiring.dialogs.add(dialog)
            self._outside.adopt(dialog)
            self._cells.adopt(dialog)
            if leg_id in unwritten:
                self._wiring.keep_dialog(dialog)
            if dialog.is_over:
                self._wiring.clock.after(LIFE_T1 * self._wiring.settings.t1_s, partial(self.forget, leg_id))

    # --- cells ----------------------------------------------------------------------------------------------------

    def cell_started(self, cell_id: str, address: str, port: int) -> None:
        """Hear a cell from now on; after a restart of control, tell it what its legs missed."""
        self._wiring.inner.allow(cell_id, address, port)
        for dialog in self._wiring.dialogs:
            if dialog.cell_id == cell_id and dialog.owes_cell:
                self._endings.catch_up(dialog)

    def cell_ended(self, cell_id: str) -> None:
        """Hear a cell no longer.  Its legs are ended by `finish`."""
        self._wiring.inner.forbid(cell_id)

    def wake(self, address: str, port: int) -> None:
        """End a cell's wait with an empty datagram."""
        self._wiring.inner.send((address, port), b"\r\n\r\n")

    # --- inbound legs -----------------------------------------------------------------------------------------------

    def local_address_for(self, leg_id: str) -> str:
        """Return our own address at which a leg's sound has to arrive (SDP may show another, behind NAT)."""
        flow = self._wiring.dialogs.need(leg_id).flow
        return self._wiring.transports.listeners[flow.listener].media_bind_address

    def local_address_towards(self, target: PhoneTarget | TrunkTarget) -> str:
        """Return our own address for the sound of an outbound leg; NotReachable without a way."""
        flow, _ = self._way_to(target)
        return self._wiring.transports.listeners[flow.listener].media_bind_address

    def admit(self, leg_id: str, cell_id: str, local: tuple[str, int]) -> None:
        """Carry an inbound leg's INVITE to a cell; `local` is where the plane listens for it.

        NotAcceptable or OfferPending when its offer does not fit: then `reject` it with 488 and the warning.
        May be called again after `CellRefused`.
        """
        dialog = self._wiring.dialogs.need(leg_id)
        try:
            self._outside.admit(dialog, cell_id, (self._wiring.media_shown(dialog.flow), local[1]))
        except OfferPending as fault:
            raise NotAcceptable(str(fault), status=fault.status) from fault

    def reject(self, leg_id: str, status: int, reason: str = "", headers: Iterable[Header] = ()) -> None:
        """Refuse an inbound leg that no cell carries; the edge repeats the answer until its ACK."""
        self._outside.reject(self._wiring.dialogs.need(leg_id), status, reason, headers)

    # --- outbound legs ----------------------------------------------------------------------------------------------

    def prepare(
        self,
        leg_id: str,
        cell_id: str,
        target: PhoneTarget | TrunkTarget,
        local: tuple[str, int],
        *,
        from_user: str,
        from_display: str = "",
        headers: Iterable[Header] = (),
        patience_s: float | None = None,
    ) -> OutboundPlan:
        """Settle where an outbound leg goes, before its cell is told to make it.

        `headers` are added to the INVITE that leaves (MalformedMessage when one cannot stand in a message).  A far end
        that says nothing at all for `patience_s` is given up (408), where there is another way.
        NotReachable when there is no way.
        """
        wiring = self._wiring
        extra = Headers()
        add_all(extra, headers)
        if wiring.inner.address_of(cell_id) is None:
            raise UnknownCell(cell_id)
        self._clear(leg_id)
        flow, uri = self._way_to(target)
        if isinstance(target, TrunkTarget):
            far, shown = trunk_end(wiring.trunks[target.trunk], flow.address), uri
        else:
            far = phone_end(wiring.accounts[target.account], flow)
            # What a phone wrote into its Contact is no business of a cell.
            shown = f"sip:{leg_id}@{wiring.inner_host}"
        try:
            secrecy = wiring.secrecy_of(far.peer, flow)
        except KeysInTheClear as fault:
            raise NotReachable(far.peer.name, str(fault)) from fault
        local_uri = NameAddr(
            parse_uri(f"sip:{_escaped(from_user)}@{wiring.host_shown(flow)}"), printable(from_display)
        )
        dialog = Dialog(
            leg_id=leg_id,
            inbound=False,
            peer=far.peer,
            networks=far.networks,
            sources=far.sources,
            flow=flow,
            nat_address=far.nat_address,
            phase=Phase.PREPARED,
            local=str(local_uri),
            remote=f"<{_without_transport(uri)}>",
            request_uri=uri,
            extra_headers=extra.items(),
            cell_id=cell_id,
            codecs=far.codecs,
            patience_s=patience_s,
            media=OfferAnswer(
                local_media(
                    (wiring.media_shown(flow), local[1]), secrets.randbits(48) + 1, far.codecs, secrecy
                )
            ),
        )
        wiring.dialogs.add(dialog)
        wiring.keep_dialog(dialog)
        return OutboundPlan(request_uri=shown, from_uri=f"sip:{_escaped(from_user)}@{wiring.inner_host}")

    def _clear(self, leg_id: str) -> None:
        """A leg that is over may be prepared anew: a trunk did not take it, and it goes round by another."""
        former = self._wiring.dialogs.get(leg_id)
        if former is not None:
            if former.phase is not Phase.PREPARED and not former.is_over:
                raise WrongPhase(leg_id, former.phase, "be prepared")
            self._wiring.dialogs.discard(former)

    def _way_to(self, target: PhoneTarget | TrunkTarget) -> tuple[Flow, str]:
        """Return the flow and Request-URI of an outbound leg."""
        if isinstance(target, TrunkTarget):
            trunk = self._wiring.trunks.get(target.trunk)
            flow = self._trunks.flow_of(target.trunk)
            if trunk is None or flow is None:
                raise NotReachable(target.trunk, "no such trunk, or it takes no calls")
            host = f"[{trunk.host}]" if ":" in trunk.host else trunk.host
            transport = "" if flow.protocol == "udp" else f";transport={flow.protocol}"
            return flow, f"sip:{_escaped(target.user)}@{host}:{trunk.port}{transport}"
        contacts = self._location.contacts(target.account)
        chosen = [contact for contact in contacts if not target.contact or contact.uri == target.contact]
        chosen.sort(key=lambda contact: contact.is_answering)
        if not chosen or target.account not in self._wiring.accounts:
            raise NotReachable(target.account, "not registered")
        return flow_of_contact(self._wiring, chosen[-1]), chosen[-1].request_uri

    # --- both -------------------------------------------------------------------------------------------------------

    def finish(self, leg_id: str, status: int = 503, q850: int | None = None) -> None:
        """End the outside's side of a leg whose cell is dead or unknown: final answer, CANCEL or BYE."""
        dialog = self._wiring.dialogs.get(leg_id)
        if dialog is not None:
            self._endings.finish(dialog, status, q850)

    def forget(self, leg_id: str) -> None:
        """Drop a leg that ended everywhere; what comes late for it is absorbed for 32 s more.

        A cell says that a leg ended by one socket and ends it by another: its BYE or refusal has `GRACE_S` to arrive
        before the edge ends the outside by itself.
        """
        dialog = self._wiring.dialogs.get(leg_id)
        if dialog is None or dialog.is_forgotten:
            return
        is_cell_alive = (
            dialog.cell_id is not None and self._wiring.inner.address_of(dialog.cell_id) is not None
        )
        if dialog.is_over or not is_cell_alive:
            self._forget(dialog)
        else:
            self._wiring.clock.after(GRACE_S, lambda: self._forget(dialog))

    def _forget(self, dialog: Dialog) -> None:
        wiring = self._wiring
        if dialog.is_forgotten or wiring.dialogs.get(dialog.leg_id) is not dialog:
            return
        if not dialog.is_over:
            self._endings.finish(dialog, 503, None)
        dialog.is_forgotten = True
        wiring.keep.remove("dialog", dialog.leg_id)
        if not dialog.inbound:
            wiring.invites.over(dialog.leg_id)
        self._outside.leave(dialog)
        wiring.clock.after(LIFE_T1 * wiring.settings.t1_s, lambda: wiring.dialogs.discard(dialog))

    def leg(self, leg_id: str) -> LegView:
        """Return a leg as it is now; UnknownLeg when there is none."""
        dialog = self._wiring.dialogs.need(leg_id)
        return LegView(
            leg_id=leg_id,
            inbound=dialog.inbound,
            peer=dialog.peer,
            sip_call_id=dialog.call_id,
            confirmed=dialog.is_confirmed,
            end=dialog.end,
            networks=dialog.networks,
            nat_address=dialog.nat_address,
            cell_id=dialog.cell_id,
        )

    def legs(self) -> tuple[str, ...]:
        """Return the ids of all legs that are not over."""
        return self._wiring.dialogs.leg_ids()

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """Return where an account registered."""
        return self._location.contacts(account)

    def take_accounts(self, accounts: Iterable[AccountSettings]) -> None:
        """These accounts may register and call from now on; those of others are registered no more."""
        gone = set(self._accounts)
        self._accounts.clear()  # the mapping that every part of the edge looks at
        self._accounts |= {account.username: account for account in accounts}
        self._identity.take(self._accounts)
        for name in sorted(gone - self._accounts.keys()):
            self._registrar.forget(name)

    def clock_set(self, by_s: float) -> None:
        """The machine's clock was set by so many seconds: phones stay registered for as long as they were promised."""
        self._registrar.clock_set(by_s)

    def is_reachable(self, account: str) -> bool:
        """Whether an account has a contact that answers."""
        return self._location.is_reachable(account)

    def trunk_is_up(self, name: str) -> bool:
        """Whether a trunk answers and, if it has to, is registered."""
        return self._trunks.is_up(name)

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """What the TLS listeners show of us."""
        listeners = self._wiring.transports.listeners
        return tuple([listener.certificate for listener in listeners if listener.certificate is not None])

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that the transports were bound to, in the order of the settings."""
        return tuple([listener.port for listener in self._wiring.transports.listeners])

    @property
    def inner_port(self) -> int:
        """The port that the inner socket was bound to."""
        return self._wiring.inner.port

    @property
    def asks(self) -> int:
        """Requests of ours that wait for their answer outside."""
        return self._wiring.clients.pending

    def listen_in(self, outside: Tap, inside: Tap) -> None:
        """Let every message be heard, of peers and of cells; neither may raise or wait."""
        self._wiring.transports.tap = outside
        self._wiring.inner.tap = inside

    def statistics(self) -> dict[str, int]:
        """Return counts for health and logs."""
        wiring = self._wiring
        return {
            "legs": len(wiring.dialogs.leg_ids()),
            "dialogs": len(wiring.dialogs),
            "relays": len(wiring.relays),
            "client_transactions": len(wiring.clients),
            "server_transactions": len(wiring.servers),
            "bindings": len(self._location),
            "connections": wiring.transports.connections,
            "handshakes": wiring.transports.handshakes,
            "connections_refused": wiring.transports.refused,
            **{f"answers_{name}": count for name, count in wiring.transports.answers.items()},
            "messages_over_limit": self._gate.refused,
            "credentials_refused": self._penalties.failures,
            "log_lines_spared": wiring.lines.spared,
            "sources_banned": self._bans.standing(wiring.clock.now()),
            "strangers_at_inner_socket": wiring.inner.refused,
        }

    def _is_known_source(self, address: str) -> bool:
        return self._identity.trunk_at(address) is not None or self._location.is_source(address)

    def _trusted(self, address: str) -> Trust | None:
        """How the host at an address proves itself by TLS: a trunk that the settings name so, else nobody."""
        trunk = self._wiring.trunk_hosts.get(address)
        return None if trunk is None else self._trusts.get(trunk.name)

    # The sockets are made before the reception that their messages go to.

    def _hear_outside(self, data: bytes, flow: Flow) -> None:
        self._reception.hear_outside(data, flow)

    def _hear_broken_stream(self, fault: BrokenStream, flow: Flow) -> None:
        self._reception.hear_broken_stream(fault, flow)

    def _not_connected(self, flow: Flow) -> None:
        self._cells.not_connected(flow)

    def _hear_cell(self, data: bytes, source: tuple[str, int]) -> None:
        self._reception.hear_cell(data, source)

    def _contact_bound(self, contact: Contact) -> None:
        self._phones.watch(contact)

    def __repr__(self) -> str:
        return f"<Edge legs={len(self.legs())} bindings={len(self._location)}>"


def _escaped(user: str) -> str:
    """Return a user part in which nothing can end it."""
    plain = "-_.!~*'()&=+$,/"
    return "".join(
        [char if char.isascii() and (char.isalnum() or char in plain) else _percent(char) for char in user]
    )


def _percent(char: str) -> str:
    return "".join([f"%{octet:02X}" for octet in char.encode("utf-8", "surrogateescape")])


def _without_transport(uri: str) -> str:
    parsed = parse_uri(uri)
    return str(parsed.without_param("transport")) if isinstance(parsed, SipUri) else uri
