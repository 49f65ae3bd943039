"""URIs: SIP and SIPS taken apart (RFC 3261 section 19.1), every other scheme kept whole."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import unquote

from softswitch.sip.errors import MalformedMessage
from softswitch.sip.flows import canonical
from softswitch.sip.grammar import (
    NO_PARAMS,
    Params,
    has_bad_escape,
    params_text,
    parse_uri_params,
    with_param,
    without_param,
)

LONGEST_CACHED = 300
LONGEST_URI = 2048

_scheme = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):").match
_sip = re.compile(
    r"""(?: (?P<user>[^\s<>"@:\\]+) (?: : (?P<password>[^\s<>"@\\]*) )? @ )?
        (?P<host> \[[0-9A-Fa-f:.]+\] | [A-Za-z0-9_] [A-Za-z0-9._\-]* )
        (?: : (?P<port>[0-9]{1,5}) )?
        (?P<params> ; [^?\s<>"@\\]* )?
        (?: \? (?P<headers> [^\s<>"\\]* ) )?""",
    re.VERBOSE,
).fullmatch
_opaque = re.compile(r"""[^\s<>"\\]+""").fullmatch
_numeric_port = range(1, 65536)


@dataclass(frozen=True, slots=True)
class OtherUri:
    """A URI that is not SIP (tel:, urn:, http: …): its scheme in lower case and the text behind the colon."""

    scheme: str
    rest: str

    @property
    def is_sip(self) -> bool:
        """False: nothing can be sent to it."""
        return False

    def __str__(self) -> str:
        return f"{self.scheme}:{self.rest}"


@dataclass(frozen=True, slots=True)
class SipUri:
    """A sip: or sips: URI.  `user`, `password` and parameter values stay %-escaped as they came.

    `host` holds an IPv6 address without brackets; `port` is None when the text named none.  `headers` is the
    raw text behind `?`, empty when there is none.
    """

    scheme: str = "sip"
    user: str | None = None
    password: str | None = None
    host: str = ""
    port: int | None = None
    params: Params = NO_PARAMS
    headers: str = ""

    @staticmethod
    def parse(text: str) -> "SipUri":
        """Parse a sip: or sips: URI; anything else is MalformedMessage."""
        uri = parse_uri(text)
        if isinstance(uri, OtherUri):
            raise MalformedMessage(f"scheme {uri.scheme[:20]!r} is not sip", status=416)
        return uri

    @property
    def is_sip(self) -> bool:
        """True: a request can be sent to it."""
        return True

    @property
    def decoded_user(self) -> str:
        """The user part with %-escapes decoded, empty when there is none."""
        return unquote(self.user, errors="surrogateescape") if self.user else ""

    @property
    def transport(self) -> str | None:
        """The transport parameter in lower case, or None."""
        value = self.params.get("transport")
        return value.lower() if value else None

    @property
    def is_loose(self) -> bool:
        """Whether a Route with this URI is a loose router (`lr`, RFC 3261 section 16.12)."""
        return "lr" in self.params

    @property
    def host_text(self) -> str:
        """The host as it stands in text: IPv6 in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def address_of(self, default_port: int = 5060) -> tuple[str, int]:
        """Return host (or the `maddr` parameter) and port to send to, with the port the URI leaves open.

        An address is written as the kernel would, since it is compared with where messages come from.
        """
        maddr = self.params.get("maddr")
        return (canonical(maddr.strip("[]") if maddr else self.host), self.port or default_port)

    def with_param(self, name: str, value: str | None = None) -> "SipUri":
        """Return this URI with one parameter set (None: a flag)."""
        return replace(self, params=with_param(self.params, name, value))

    def without_param(self, name: str) -> "SipUri":
        """Return this URI without one parameter."""
        return replace(self, params=without_param(self.params, name))

    def is_equivalent(self, other: "SipUri | OtherUri") -> bool:
        """Compare as RFC 3261 section 19.1.4 asks: user with case, host without, some parameters always."""
        if not isinstance(other, SipUri):
            return False
        if (
            self.scheme != other.scheme
            or self.host.lower() != other.host.lower()
            or self.port != other.port
            or self.password != other.password
            or _unescaped(self.user) != _unescaped(other.user)
        ):
            return False
        for name in _NEVER_IGNORED:
            if (name in self.params) != (name in other.params):
                return False
        for name, value in self.params.items():
            if name in other.params and (value or "").lower() != (other.params[name] or "").lower():
                return False
        return sorted(self.headers.lower().split("&")) == sorted(other.headers.lower().split("&"))

    def __str__(self) -> str:
        text = self.scheme + ":"
        if self.user is not None:
            text += self.user if self.password is None else f"{self.user}:{self.password}"
            text += "@"
        text += self.host_text
        if self.port is not None:
            text += f":{self.port}"
        if self.params:
            text += params_text(self.params)
        return f"{text}?{self.headers}" if self.headers else text


Uri = SipUri | OtherUri

_NEVER_IGNORED = ("user", "ttl", "method", "maddr")
_reserved = re.compile("%(?:3[AaBbDdFf]|40|2[4-9A-Ca-cFf]|25|00)")


def _unescaped(text: str | None) -> str | None:
    """Decode what needs no escape: `%75ser` equals `user` but `%40`, `%25` and `%00` stay themselves."""
    if text is None or "%" not in text:
        return text
    pieces: list[str] = []
    at = 0
    for match in _reserved.finditer(text):
        pieces += (unquote(text[at : match.start()], errors="surrogateescape"), match[0].upper())
        at = match.end()
    pieces.append(unquote(text[at:], errors="surrogateescape"))
    return "".join(pieces)


def parse_uri(text: str) -> Uri:
    """Parse any URI; MalformedMessage when it is none, or a SIP URI with a mistake in it."""
    return _parse_uri_cached(text) if len(text) <= LONGEST_CACHED else _parse_uri(text)


def parse_host(text: str) -> str:
    """Return a host without brackets; an IPv6 reference is checked (RFC 5118: `:::` is read as `::`)."""
    if not text.startswith("["):
        return text
    address = text[1:-1].replace(":::", "::")
    try:
        IPv6Address(address)
    except AddressValueError:
        raise MalformedMessage(f"bad IPv6 reference {text[:60]!r}") from None
    return address


def _parse_uri(text: str) -> Uri:
    if len(text) > LONGEST_URI:
        raise MalformedMessage("URI is too long", status=414)
    found = _scheme(text)
    if found is None:
        raise MalformedMessage(f"no URI: {text[:60]!r}")
    scheme, rest = found[1].lower(), text[found.end() :]
    if scheme not in ("sip", "sips"):
        if _opaque(rest) is None:
            raise MalformedMessage(f"bad {scheme[:20]} URI")
        return OtherUri(scheme, rest)
    match = _sip(rest)
    if match is None:
        raise MalformedMessage(f"bad SIP URI {text[:60]!r}")
    user, password, host, port_text, params, headers = match.groups()
    if (
        user
        and has_bad_escape(user)
        or password
        and has_bad_escape(password)
        or headers
        and has_bad_escape(headers)
    ):
        raise MalformedMessage("bad %-escape in URI")
    port = int(port_text) if port_text else None
    if port is not None and port not in _numeric_port:
        raise MalformedMessage(f"bad port {port_text}")
    if len(host) > 255:
        raise MalformedMessage("host name is too long")
    return SipUri(
        scheme,
        user,
        password,
        parse_host(host),
        port,
        parse_uri_params(params) if params else NO_PARAMS,
        headers or "",
    )


_parse_uri_cached = lru_cache(maxsize=4096)(_parse_uri)
