"""The registrar (RFC 3261 section 10.3): bindings of accounts, their end, and who can be reached because of them."""

from collections.abc import Callable

import structlog

from softswitch.clock import Alarm
from softswitch.sip.allow_list import Header
from softswitch.sip.events import AccountReachabilityChanged
from softswitch.sip.flows import Flow
from softswitch.sip.grammar import unquoted
from softswitch.sip.location import Contact, Location
from softswitch.sip.message import MalformedMessage, NameAddr, Request, SipUri, parse_number
from softswitch.sip.wiring import Wiring

log = structlog.get_logger(__name__)

DEFAULT_EXPIRES_S = 3600
LONGEST_CONTACT = 512
MOST_CONTACTS_IN_REQUEST = 10


class _Refused(Exception):
    """A REGISTER that cannot be done as it stands."""

    def __init__(self, status: int, *headers: Header) -> None:
        super().__init__(str(status))
        self.status = status
        self.headers = headers


class Registrar:
    """Takes REGISTERs of proven accounts.  `on_bound` hears of each new binding."""

    def __init__(self, wiring: Wiring, location: Location, on_bound: Callable[[Contact], None]) -> None:
        self._wiring = wiring
        self._location = location
        self._on_bound = on_bound
        self._alarm: Alarm | None = None

    def register(self, request: Request, flow: Flow, account: str) -> None:
        """Do what a REGISTER of a proven account asks, all of it or nothing."""
        wiring = self._wiring
        try:
            wanted = self._wanted(request, flow, account)
            added, removed = self._changes(request, flow, account, wanted)
        except _Refused as refusal:
            wiring.answer(request, flow, refusal.status, headers=refusal.headers)
            return
        was_reachable = self._location.is_reachable(account)
        for contact in removed:
            self._location.unbind(contact)
        for contact in added:
            self._location.bind(contact, wiring.accounts[account].max_contacts)
        if added or removed:
            self._keep(account)
        wiring.answer(request, flow, 200, headers=self._listed(account))
        self._arm()
        for contact in added:
            self._on_bound(contact)
        self.tell(account, was_reachable, "registered" if added else "unregistered")

    def _wanted(self, request: Request, flow: Flow, account: str) -> list[tuple[NameAddr, int]] | None:
        """Return the contacts asked for with their seconds; None for `*`, which ends all."""
        target = request.to.uri
        if not isinstance(target, SipUri):
            raise _Refused(400)  # RFC 4475 section 3.3.4: an address-of-record is a SIP URI
        if target.decoded_user != account:
            raise _Refused(403)
        try:
            contacts = request.contacts
        except MalformedMessage:
            raise _Refused(400) from None
        if contacts == "*":
            if request.headers.get("Expires") != "0":
                raise _Refused(400)
            return None
        if len(contacts) > MOST_CONTACTS_IN_REQUEST:
            raise _Refused(413)
        return [(contact, self._seconds(request, flow, contact)) for contact in contacts]

    def _seconds(self, request: Request, flow: Flow, contact: NameAddr) -> int:
        """How long a binding is granted; what came by a stream is not found again after a restart, so that is brief."""
        settings = self._wiring.settings
        text = contact.params.get("expires")
        if text is not None:
            try:
                seconds = parse_number(unquoted(text), "expires", 2**32 - 1)
            except MalformedMessage:
                seconds = DEFAULT_EXPIRES_S
        else:
            expires = request.expires
            seconds = DEFAULT_EXPIRES_S if expires is None else expires
        if 0 < seconds < settings.registration_min_s:
            raise _Refused(423, ("Min-Expires", str(settings.registration_min_s)))
        stream_most = settings.registration_stream_max_s if flow.is_reliable else seconds
        return min(seconds, settings.registration_max_s, stream_most)

    def _changes(
        self, request: Request, flow: Flow, account: str, wanted: list[tuple[NameAddr, int]] | None
    ) -> tuple[list[Contact], list[Contact]]:
        """Return bindings to add and to remove.  An older request of the same Call-ID fails (section 10.3, 7)."""
        call_id, cseq = request.call_id, request.cseq.number
        clock = self._wiring.clock
        now, wall = clock.now(), clock.wall()
        added: list[Contact] = []
        removed: list[Contact] = []
        if wanted is None:
            removed = list(self._location.contacts(account))
            for known in removed:
                self._check_order(known, call_id, cseq)
            return added, removed
        for contact, seconds in wanted:
            uri = self._checked_uri(contact)
            known_one = self._location.find(account, uri)
            if known_one is not None:
                self._check_order(known_one, call_id, cseq)
            if seconds == 0:
                if known_one is not None:
                    removed.append(known_one)
                continue
            added.append(
                Contact(
                    account=account,
                    uri=uri,
                    instance=unquoted(contact.params.get("+sip.instance") or ""),
                    call_id=call_id,
                    cseq=cseq,
                    expires_at=now + seconds,
                    expires_wall=wall + seconds,
                    flow=flow,
                )
            )
        return added, removed

    def _checked_uri(self, contact: NameAddr) -> str:
        uri = contact.uri
        text = str(uri)
        if not isinstance(uri, SipUri) or uri.scheme != "sip" or len(text) > LONGEST_CONTACT:
            raise _Refused(400)
        host, port = uri.address_of(5060)
        if self._wiring.inner.is_inside(host) or self._wiring.transports.is_own(host, port):
            raise _Refused(403)  # nobody is to be rung inside this machine's own house
        return text

    def _check_order(self, known: Contact, call_id: str, cseq: int) -> None:
        if known.call_id == call_id and cseq <= known.cseq:
            raise _Refused(500)

    def _listed(self, account: str) -> tuple[Header, ...]:
        now = self._wiring.clock.now()
        lines: list[Header] = []
        for contact in self._location.contacts(account):
            left = max(0, round(contact.expires_at - now))
            lines.append(("Contact", f"<{contact.uri}>;expires={left}"))
        return tuple(lines)

    # --- time and restart -------------------------------------------------------------------------------------

    def restore(self, records: dict[str, dict[str, object]]) -> tuple[Contact, ...]:
        """Take over written bindings; those that ended meanwhile are gone without a word."""
        clock = self._wiring.clock
        known = {name: record for name, record in records.items() if name in self._wiring.accounts}
        held = self._location.restore(known, clock.now(), clock.wall())
        for account in records:
            self._keep(account)
        self._arm()
        return held

    def clock_set(self, by_s: float) -> None:
        """The wall clock was set: bindings last as long as they did, and are written down so."""
        for account in self._location.clock_set(by_s):
            self._keep(account)

    def forget(self, account: str) -> None:
        """An account is gone: its phone is registered no more."""
        was_reachable = self._location.is_reachable(account)
        self._location.clear(account)
        self._keep(account)
        self._arm()
        self.tell(account, was_reachable, "removed")

    def tell(self, account: str, was_reachable: bool, cause: str) -> None:
        """Tell call control when an account can be reached now and could not before, or the other way round."""
        reachable = self._location.is_reachable(account)
        if reachable != was_reachable:
            self._wiring.emit(AccountReachabilityChanged(account=account, reachable=reachable, cause=cause))

    def mark(self, contact: Contact, *, is_answering: bool) -> None:
        """Note the outcome of a ping."""
        if contact.is_answering == is_answering:
            return
        was_reachable = self._location.is_reachable(contact.account)
        if self._location.mark(contact, is_answering=is_answering) is not None:
            self._keep(contact.account)
            self.tell(
                contact.account, was_reachable, "options_answered" if is_answering else "options_timeout"
            )

    def _keep(self, account: str) -> None:
        contacts = self._location.contacts(account)
        if contacts:
            record = {"contacts": [contact.to_record() for contact in contacts]}
            self._wiring.keep.put("binding", account, record)
        else:
            self._wiring.keep.remove("binding", account)

    def _arm(self) -> None:
        deadline = self._location.next_expiry()
        if self._alarm is not None:
            if self._alarm.is_pending and self._alarm.deadline == deadline:
                return
            self._alarm.cancel()
        self._alarm = (
            None if deadline is None else self._wiring.clock.at(deadline, self._expire, is_kept=True)
        )

    def _expire(self) -> None:
        before = {contact.account: self._location.is_reachable(contact.account) for contact in self._location}
        for contact in self._location.expire(self._wiring.clock.now() + 0.001):
            log.info("sip.binding_expired", account=contact.account)
            self._keep(contact.account)
            self.tell(contact.account, before[contact.account], "expired")
            before[contact.account] = self._location.is_reachable(contact.account)
        self._arm()
