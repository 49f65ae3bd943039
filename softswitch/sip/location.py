"""Where each account can be reached: the bindings of the registrar (RFC 3261 section 10), pure.

Times are monotonic seconds; the wall-clock end of a binding is kept beside it, since only that outlives a restart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from softswitch.sip.flows import Flow
from softswitch.sip.message import MalformedMessage, SipUri


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One binding.  `flow` is where its REGISTER came from, `is_answering` False once a ping was lost.

    `expires_at` is monotonic seconds, `expires_wall` the same moment in seconds since the epoch.
    """

    account: str
    uri: str
    instance: str
    call_id: str
    cseq: int
    expires_at: float
    expires_wall: float
    flow: Flow
    is_answering: bool = True

    @property
    def request_uri(self) -> str:
        """What a request to it names: the headers that a phone wrote into its URI stay in the binding alone.

        They may be refused for what they can do (RFC 3261 section 19.1.5), and a Request-URI has none.
        """
        uri = SipUri.parse(self.uri)
        return str(replace(uri, headers="")) if uri.headers else self.uri

    def to_record(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "uri": self.uri,
            "instance": self.instance,
            "call_id": self.call_id,
            "cseq": self.cseq,
            "expires_wall": self.expires_wall,
            "flow": self.flow.to_record(),
            "is_answering": self.is_answering,
        }

    @staticmethod
    def from_record(account: str, record: dict[str, Any], now: float, wall: float) -> "Contact":
        """Return what `to_record` described, on this process's clock."""
        return Contact(
            account=account,
            uri=record["uri"],
            instance=record["instance"],
            call_id=record["call_id"],
            cseq=record["cseq"],
            expires_at=now + record["expires_wall"] - wall,
            expires_wall=record["expires_wall"],
            flow=Flow.from_record(record["flow"]),
            is_answering=record["is_answering"],
        )


class Location:
    """All bindings by account; an account without one has no row."""

    def __init__(self) -> None:
        self._contacts: dict[str, tuple[Contact, ...]] = {}
        self._sources: dict[str, int] = {}

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """Return an account's bindings, the youngest last."""
        return self._contacts.get(account, ())

    def is_reachable(self, account: str) -> bool:
        """Whether a call to the account has anywhere to go."""
        return any(contact.is_answering for contact in self.contacts(account))

    def find(self, account: str, uri: str) -> Contact | None:
        """Return an account's binding to a URI, compared as RFC 3261 section 19.1.4 asks."""
        try:
            wanted = SipUri.parse(uri)
        except MalformedMessage:
            return None
        for contact in self.contacts(account):
            if contact.uri == uri or SipUri.parse(contact.uri).is_equivalent(wanted):
                return contact
        return None

    def bind(self, contact: Contact, most: int) -> tuple[Contact, ...]:
        """Enter a binding; return those that made room for it.

        It replaces a binding to the same URI, of the same instance, or of the same source.  When there would be
        more than `most`, the oldest goes: a phone that restarted on another port is never locked out by its ghost.
        """
        kept: list[Contact] = []
        replaced: list[Contact] = []
        same = self.find(contact.account, contact.uri)
        for known in self.contacts(contact.account):
            is_same = (
                known is same
                or bool(contact.instance)
                and known.instance == contact.instance
                or (known.flow.address, known.flow.port) == (contact.flow.address, contact.flow.port)
            )
            (replaced if is_same else kept).append(known)
        room = max(0, most - 1)
        if len(kept) > room:
            replaced += kept[: len(kept) - room]
            kept = kept[len(kept) - room :]
        self._assign(contact.account, (*kept, contact))
        return tuple(replaced)

    def unbind(self, contact: Contact) -> bool:
        """Remove a binding; False when it is no longer there."""
        known = self.contacts(contact.account)
        left = tuple([other for other in known if other.uri != contact.uri])
        if len(left) == len(known):
            return False
        self._assign(contact.account, left)
        return True

    def clear(self, account: str) -> None:
        """Remove all bindings of an account."""
        self._assign(account, ())

    def mark(self, contact: Contact, *, is_answering: bool) -> Contact | None:
        """Note whether a binding answered its ping; None when it was replaced meanwhile."""
        known = self.contacts(contact.account)
        for index, other in enumerate(known):
            if other.uri == contact.uri and other.flow == contact.flow:
                marked = replace(other, is_answering=is_answering)
                self._assign(contact.account, (*known[:index], marked, *known[index + 1 :]))
                return marked
        return None

    def expire(self, now: float) -> tuple[Contact, ...]:
        """Remove and return what is past its time."""
        gone = [contact for contact in self if contact.expires_at <= now]
        for contact in gone:
            self.unbind(contact)
        return tuple(gone)

    def next_expiry(self) -> float | None:
        """Return when the next binding ends, None without bindings."""
        return min((contact.expires_at for contact in self), default=None)

    def clock_set(self, by_s: float) -> tuple[str, ...]:
        """The wall clock was set: the moments that stand beside the monotonic ones move with it; return the accounts."""
        for account, contacts in tuple(self._contacts.items()):
            moved = [replace(contact, expires_wall=contact.expires_wall + by_s) for contact in contacts]
            self._assign(account, tuple(moved))
        return tuple(self._contacts)

    def is_source(self, address: str) -> bool:
        """Whether a registered phone speaks from an address."""
        return address in self._sources

    def account_at(self, address: str, port: int) -> str | None:
        """Return which account registered from exactly this address and port."""
        if address not in self._sources:
            return None
        for contact in self:
            if (contact.flow.address, contact.flow.port) == (address, port):
                return contact.account
        return None

    def restore(self, records: Mapping[str, dict[str, Any]], now: float, wall: float) -> tuple[Contact, ...]:
        """Take over written bindings that still hold; return them."""
        for account, record in records.items():
            held = [Contact.from_record(account, entry, now, wall) for entry in record["contacts"]]
            self._assign(account, tuple([contact for contact in held if contact.expires_at > now]))
        return tuple(self)

    def __iter__(self) -> Iterator[Contact]:
        for contacts in tuple(self._contacts.values()):
            yield from contacts

    def __len__(self) -> int:
        return sum(len(contacts) for contacts in self._contacts.values())

    def _assign(self, account: str, contacts: tuple[Contact, ...]) -> None:
        for contact in self._contacts.get(account, ()):
            left = self._sources.get(contact.flow.address, 1) - 1
            if left > 0:
                self._sources[contact.flow.address] = left
            else:
                self._sources.pop(contact.flow.address, None)
        for contact in contacts:
            self._sources[contact.flow.address] = self._sources.get(contact.flow.address, 0) + 1
        if contacts:
            self._contacts[account] = contacts
        else:
            self._contacts.pop(account, None)
