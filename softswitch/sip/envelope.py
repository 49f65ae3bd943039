"""SIP requests and responses (RFC 3261 section 7): text in, text out, the few structured headers on demand.

Header text stays raw.  Structured values are parsed when asked for; equal texts are parsed once, by the
bounded caches behind `NameAddr.parse`, `Via.parse` and `parse_uri`, so a message needs no cache of its own
and none can go stale when a header changes.  Text that is not UTF-8 survives (surrogateescape).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from softswitch.sip.address import NameAddr
from softswitch.sip.errors import MalformedMessage
from softswitch.sip.grammar import LWS, is_token
from softswitch.sip.headers import Headers
from softswitch.sip.via import Via

REASON_PHRASES = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    199: "Early Dialog Terminated",
    200: "OK",
    202: "Accepted",
    204: "No Notification",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    305: "Use Proxy",
    380: "Alternative Service",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    412: "Conditional Request Failed",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    428: "Use Identity Header",
    429: "Provide Referrer Identity",
    433: "Anonymity Disallowed",
    439: "First Hop Lacks Outbound Support",
    469: "Bad Info Package",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    493: "Undecipherable",
    494: "Security Agreement Required",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    580: "Precondition Failure",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}


class CSeq(NamedTuple):
    """The sequence number (0 to 2^31 - 1) and method of a request (RFC 3261 section 20.16)."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"

    @staticmethod
    def parse(text: str) -> "CSeq":
        """Parse a CSeq value; MalformedMessage when it is none or its number is too large."""
        parts = text.split()
        if len(parts) != 2 or not is_token(parts[1]):
            raise MalformedMessage(f"bad CSeq {text[:60]!r}")
        return CSeq(parse_number(parts[0], "CSeq"), parts[1])


def parse_number(text: str, what: str, highest: int = 2**31 - 1) -> int:
    """Parse a decimal number from 0 to `highest`; MalformedMessage names `what` was wrong."""
    text = text.strip(LWS)
    if not (text.isascii() and text.isdigit()) or len(text) > 20 or int(text) > highest:
        raise MalformedMessage(f"bad {what} {text[:40]!r}")
    return int(text)


@dataclass(slots=True)
class Message:
    """What requests and responses share: headers and a body."""

    headers: Headers = field(default_factory=Headers, kw_only=True)
    body: bytes = field(default=b"", kw_only=True)

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self._required("Call-ID")

    @property
    def cseq(self) -> CSeq:
        """The CSeq, taken apart."""
        return CSeq.parse(self._required("CSeq"))

    @property
    def from_(self) -> NameAddr:
        """The From header."""
        return NameAddr.parse(self._required("From"))

    @property
    def to(self) -> NameAddr:
        """The To header."""
        return NameAddr.parse(self._required("To"))

    @property
    def top_via(self) -> Via:
        """The Via of whoever handed us the message."""
        return Via.parse(self._required("Via"))

    @property
    def vias(self) -> tuple[Via, ...]:
        """All Vias, the latest hop first."""
        return tuple([Via.parse(text) for text in self.headers.all("Via")])

    @property
    def contacts(self) -> "tuple[NameAddr, ...] | Literal['*']":
        """All Contacts, or `*` when that stands alone (RFC 3261 section 10.2.2)."""
        values = self.headers.all("Contact")
        if "*" in values:
            if values != ("*",):
                raise MalformedMessage("Contact '*' must stand alone")
            return "*"
        return tuple([NameAddr.parse(text) for text in values])

    @property
    def routes(self) -> tuple[NameAddr, ...]:
        """The Route headers in order."""
        return tuple([NameAddr.parse(text) for text in self.headers.all("Route")])

    @property
    def record_routes(self) -> tuple[NameAddr, ...]:
        """The Record-Route headers in order, as they stand in the message."""
        return tuple([NameAddr.parse(text) for text in self.headers.all("Record-Route")])

    @property
    def content_type(self) -> str:
        """The media type in lower case without parameters, empty when there is none."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip(LWS).lower()

    @property
    def expires(self) -> int | None:
        """The Expires header in seconds; None when absent.  No number counts as 3600 (section 20.19)."""
        text = self.headers.get("Expires")
        if text is None:
            return None
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 3600

    def _required(self, name: str) -> str:
        value = self.headers.get(name)
        if value is None:
            raise MalformedMessage(f"no {name} header")
        return value

    def _serialised(self, start_line: str) -> bytes:
        """Write the message; its Content-Length is always that of the body."""
        if "\r" in start_line or "\n" in start_line:
            raise MalformedMessage("a start line may not hold CR or LF")
        lines = [start_line]
        lines += [f"{name}: {text}" for name, text in self.headers if name != "Content-Length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


@dataclass(slots=True)
class Request(Message):
    """A request.  `uri` is the Request-URI as text."""

    method: str
    uri: str

    def serialise(self) -> bytes:
        """Write the request as it goes onto the wire."""
        return self._serialised(f"{self.method} {self.uri} SIP/2.0")

    def copy(self) -> "Request":
        """Return a copy whose headers change independently."""
        return Request(self.method, self.uri, headers=self.headers.copy(), body=self.body)

    def __str__(self) -> str:
        return f"{self.method} {self.uri}"


@dataclass(slots=True)
class Response(Message):
    """A response; the method that it answers stands in its CSeq."""

    status: int
    reason: str

    def serialise(self) -> bytes:
        """Write the response as it goes onto the wire."""
        return self._serialised(f"SIP/2.0 {self.status} {self.reason}")

    def copy(self) -> "Response":
        """Return a copy whose headers change independently."""
        return Response(self.status, self.reason, headers=self.headers.copy(), body=self.body)

    def __str__(self) -> str:
        return f"{self.status} {self.reason}"


_ECHOED = frozenset({"Via", "From", "Call-ID", "CSeq"})


def response_to(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> Response:
    """Build a response (RFC 3261 section 8.2.6): Via stack, From, To, Call-ID and CSeq of the request.

    `to_tag` is added where the request's To had none.  Works on the partial request of a MalformedMessage
    too: what was not there stays away.
    """
    echoed = Headers()
    timestamp = status == 100
    for name, text in request.headers:
        if name in _ECHOED or timestamp and name == "Timestamp":
            echoed.add(name, text)
        elif name == "To":
            needs_tag = to_tag is not None and _tag_of(text) is None
            echoed.add(name, f"{text};tag={to_tag}" if needs_tag else text)
    for name, text in headers:
        echoed.add(name, text)
    return Response(status, reason if reason is not None else REASON_PHRASES.get(status, ""), headers=echoed)


def _tag_of(text: str) -> str | None:
    try:
        return NameAddr.parse(text).tag
    except MalformedMessage:
        return ""  # not ours to repair
