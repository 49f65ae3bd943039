"""Pings every registered contact with OPTIONS, so that a phone that died is known before it is rung.

One lost ping says little on a bad line, though each is sent again by timer E (RFC 3261 section 17.1.2.2): the next goes
out at once, and only `options_misses` in a row make a phone lost.
"""

import zlib

from softswitch.clock import Alarm
from softswitch.sip.allow_list import MAX_FORWARDS
from softswitch.sip.flows import Flow, are_of_one_version, is_ip_literal
from softswitch.sip.location import Contact, Location
from softswitch.sip.message import Headers, Request, Response, SipUri
from softswitch.sip.registrar import Registrar
from softswitch.sip.wiring import Wiring


def flow_of_contact(wiring: Wiring, contact: Contact) -> Flow:
    """Return the way to a contact: back where it registered from for NAT and TCP, else its own address."""
    known = contact.flow
    uri = SipUri.parse(contact.uri)
    host, port = uri.address_of(5060)
    account = wiring.accounts.get(contact.account)
    if account is None or account.nat or known.is_reliable or not is_ip_literal(host):
        return known
    if uri.transport not in (None, "udp"):
        return wiring.transports.flow_to(uri.transport or "tcp", host, port) or known
    if not are_of_one_version(host, known.address):
        return known
    return Flow(listener=known.listener, protocol="udp", address=host, port=port)


def options_request(wiring: Wiring, uri: str, flow: Flow, branch: str, name: str, cseq: int) -> Request:
    """Write an OPTIONS outside of any dialog."""
    listener, shown = wiring.transports.listeners[flow.listener], wiring.host_shown(flow)
    request = Request("OPTIONS", uri, headers=Headers())
    lines = request.headers
    lines.add("Via", wiring.outside_via(flow, branch))
    lines.add("Max-Forwards", MAX_FORWARDS)
    lines.add("From", f"<sip:{name}@{shown}>;tag={branch[7:19]}")
    lines.add("To", f"<{uri}>")
    lines.add("Call-ID", f"{branch[7:]}@{name}")
    lines.add("CSeq", f"{cseq} OPTIONS")
    lines.add("Contact", f"<sip:{name}@{shown}{listener.uri_suffix}>")
    lines.add("Accept", "application/sdp")
    return request


class PhoneWatch:
    """One ping per contact and interval, spread over the interval by the contact's name."""

    def __init__(self, wiring: Wiring, location: Location, registrar: Registrar, name: str) -> None:
        self._wiring = wiring
        self._location = location
        self._registrar = registrar
        self._name = name
        self._alarms: dict[tuple[str, str], Alarm] = {}
        self._missed: dict[tuple[str, str], int] = {}  # pings in a row, of contacts that missed any

    def watch(self, contact: Contact, *, soon: bool = False) -> None:
        """Ping a contact from now on; `soon` for one that was restored and may be gone."""
        key = (contact.account, contact.uri)
        if key in self._alarms and self._alarms[key].is_pending:
            return
        interval_s = self._wiring.settings.options_interval_s
        spread = (zlib.crc32(contact.account.encode()) % 1000) / 1000
        delay_s = interval_s * (0.2 * spread if soon else 0.8 + 0.2 * spread)
        self._alarms[key] = self._wiring.clock.after(delay_s, lambda: self._ping(*key))

    def stop(self) -> None:
        """Ping nobody any more."""
        for alarm in self._alarms.values():
            alarm.cancel()
        self._alarms.clear()

    def _ping(self, account: str, uri: str) -> None:
        wiring = self._wiring
        key = (account, uri)
        contact = self._location.find(account, uri)
        if contact is None:
            self._alarms.pop(key, None)
            self._missed.pop(key, None)
            return
        self._alarms[key] = wiring.clock.after(
            wiring.settings.options_interval_s, lambda: self._ping(account, uri)
        )
        branch = wiring.fresh_branch()
        flow = flow_of_contact(wiring, contact)
        data = options_request(wiring, contact.request_uri, flow, branch, self._name, 1).serialise()

        def answered(response: Response, source: str) -> None:
            if source == flow.address and response.status >= 200:
                self._missed.pop(key, None)
                self._note(contact, is_answering=True)

        wiring.clients.begin(
            branch,
            "OPTIONS",
            lambda: wiring.transports.send(flow, data),
            answered,
            lambda: self._miss(contact, key),
            is_reliable=flow.is_reliable,
            timeout_s=wiring.settings.options_timeout_s,
        )

    def _miss(self, contact: Contact, key: tuple[str, str]) -> None:
        """A ping was not answered: ask again at once, or let the phone be lost."""
        missed = self._missed.pop(key, 0) + 1
        if missed >= self._wiring.settings.options_misses:
            self._note(contact, is_answering=False)
            return
        present, alarm = self._location.find(*key), self._alarms.get(key)
        if (
            alarm is None
            or present is None
            or not present.is_answering
            or present.expires_at != contact.expires_at
        ):
            return  # it is gone, is lost already, or registered again while the ping was out
        self._missed[key] = missed
        alarm.cancel()
        self._ping(*key)

    def _note(self, contact: Contact, *, is_answering: bool) -> None:
        """Note the outcome for the binding as it is now: it may have been refreshed meanwhile."""
        present = self._location.find(contact.account, contact.uri)
        if present is None:
            return
        if not is_answering and present.expires_at != contact.expires_at:
            return  # it registered again while the ping was out: it lives
        self._registrar.mark(present, is_answering=is_answering)
