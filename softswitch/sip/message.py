"""Bytes to messages: the strict reader of SIP start lines and header blocks (RFC 3261 sections 7 and 25).

Everything later code relies on is checked here once: start line, singular and mandatory headers, every Via,
From, To, CSeq, Call-ID, Contact, Route, the numbers, and that no value holds a control character.

This is also the door to the whole grammar: whoever handles messages imports its nouns from here.
"""

import re
from dataclasses import dataclass

from softswitch.sip.address import NameAddr
from softswitch.sip.envelope import REASON_PHRASES, CSeq, Request, Response, parse_number, response_to
from softswitch.sip.errors import MalformedMessage
from softswitch.sip.grammar import LWS, is_token
from softswitch.sip.headers import Headers, canonical_name, split_values
from softswitch.sip.uri import OtherUri, SipUri, parse_uri
from softswitch.sip.via import Via

__all__ = [
    "DEFAULT_LIMITS",
    "REASON_PHRASES",
    "CSeq",
    "Headers",
    "MalformedMessage",
    "MessageLimits",
    "NameAddr",
    "OtherUri",
    "Request",
    "Response",
    "SipUri",
    "Via",
    "parse",
    "parse_number",
    "parse_uri",
    "response_to",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLimits:
    """How much of a message is read at all; more is refused before it is parsed.

    `vias` lies above the 34 of RFC 4475's long request (section 3.1.1.7), which has to be served.
    """

    message_bytes: int = 65_536
    start_line_bytes: int = 4_096
    header_lines: int = 64
    header_line_bytes: int = 8_192
    vias: int = 40
    list_values: int = 64


DEFAULT_LIMITS = MessageLimits()

_ONCE = frozenset(
    {
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Content-Length",
        "Content-Type",
        "Max-Forwards",
        "Expires",
        "Min-Expires",
    }
)
_MANDATORY = ("Via", "From", "To", "Call-ID", "CSeq")
_BRACKETED = frozenset({"Route", "Record-Route"})

_CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_control_char = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
# Takes an unclosed string to its end as well, so that no second quote is ever tried: time stays linear.
_quoted_string = re.compile(r'"(?:[^"\\]|\\.|\\\Z)*(?:"|\Z)', re.DOTALL)
_escaped_control = re.compile(r"\\[\x00-\x08\x0a-\x1f\x7f]")
_fold = re.compile(r"\r\n[ \t]+")
_via_front = re.compile("[;,]").split
_version = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE).fullmatch


def parse(data: bytes, limits: MessageLimits = DEFAULT_LIMITS, *, stream: bool = False) -> Request | Response:
    """Parse one datagram, or with `stream` one message cut from a stream (Content-Length must stand).

    Octets behind the body that Content-Length announces are dropped (RFC 3261 section 18.3).
    MalformedMessage carries the status to answer and, for a request whose top Via is usable, the request as
    far as it was read.
    """
    if len(data) > limits.message_bytes:
        raise MalformedMessage("message is too large", 513)
    begin = 0
    while data.startswith(b"\r\n", begin):
        begin += 2
    end = data.find(b"\r\n\r\n", begin)
    whole = end >= 0
    raw = data[begin : end if whole else len(data)]
    body = data[end + 4 :] if whole else b""
    has_controls = _has_controls(raw)
    head = raw.decode("utf-8", "surrogateescape")
    start_line, _, block = head.partition("\r\n")
    if len(start_line) > limits.start_line_bytes:
        raise MalformedMessage("start line is too long", 414)
    if "\r\n " in head or "\r\n\t" in head:
        if block.startswith((" ", "\t")):
            raise MalformedMessage("the start line is folded")
        block = _fold.sub(" ", block)
    faults: list[MalformedMessage] = [] if whole else [MalformedMessage("no empty line ends the headers")]
    headers = _read_headers(block.split("\r\n") if block else [], limits, has_controls, faults)
    if start_line[:4].upper() == "SIP/":
        return _response(start_line, headers, body, limits, stream, has_controls, faults)
    return _request(start_line, headers, body, limits, stream, has_controls, faults)


def _read_headers(
    lines: list[str], limits: MessageLimits, has_controls: bool, faults: list[MalformedMessage]
) -> Headers:
    """Read as many header lines as can be read; the mistakes go to `faults`."""
    read: list[tuple[str, str]] = []
    if len(lines) > limits.header_lines:
        faults.append(MalformedMessage("too many header lines"))
        lines = lines[: limits.header_lines]
    seen = set()
    for line in lines:
        name, colon, value = line.partition(":")
        try:
            if len(line) > limits.header_line_bytes:
                raise MalformedMessage(f"header {name[:40]!r} is too long")
            if not colon:
                raise MalformedMessage(f"header line without a colon: {line[:40]!r}")
            name = canonical_name(name.rstrip(LWS))
            value = value.strip(LWS)
            if has_controls and _control_char(value) is not None:
                value = _without_controls(name, value)
            if name in _ONCE:
                if name in seen:
                    raise MalformedMessage(f"{name} stands twice")
                seen.add(name)
        except MalformedMessage as fault:
            faults.append(fault)
        else:
            read.append((name, value))
    return Headers(read)


def _has_controls(raw: bytes) -> bool:
    """Tell whether a header block may hold control characters, or CR or LF that do not end a line."""
    lines = raw.count(b"\r\n")
    return (
        raw.count(b"\r") != lines
        or raw.count(b"\n") != lines
        or len(raw.translate(None, _CONTROLS)) != len(raw)
    )


def _without_controls(name: str, value: str) -> str:
    """Drop control characters that a quoted string escapes (legal, never wanted); refuse any other."""
    cleaned = _quoted_string.sub(lambda found: _escaped_control.sub("", found[0]), value)
    if _control_char(cleaned) is not None:
        raise MalformedMessage(f"control character in {name}")
    return cleaned


def _request(
    start_line: str,
    headers: Headers,
    body: bytes,
    limits: MessageLimits,
    stream: bool,
    has_controls: bool,
    faults: list[MalformedMessage],
) -> Request:
    parts = start_line.split(" ")
    if len(parts) != 3 or not is_token(parts[0]) or not _version(parts[2]):
        words = start_line.split()
        if len(words) < 3 or not is_token(words[0]) or not _version(words[-1]):
            raise MalformedMessage("not a SIP start line")
        faults.insert(0, MalformedMessage("spaces where the request line has none"))
        parts = [words[0], " ".join(words[1:-1]), words[-1]]
    method, uri, version = parts
    request = Request(method, uri, headers=headers, body=body)
    try:
        if version.upper() != "SIP/2.0":
            raise MalformedMessage("only SIP/2.0 is spoken here", 505)
        if faults:
            raise faults[0]
        if has_controls and _control_char(start_line) is not None:
            raise MalformedMessage("control character in the request line")
        if len(method) > 64:
            raise MalformedMessage("method name is too long")
        target = parse_uri(uri)
        if isinstance(target, SipUri) and target.headers:
            raise MalformedMessage("a Request-URI has no headers")
        _check_headers(request, limits)
        cseq = request.cseq
        if cseq.method != method:
            raise MalformedMessage("CSeq names another method")
        hops = headers.get("Max-Forwards")
        if hops is not None:
            parse_number(hops, "Max-Forwards", 255)
        request.body = _body(headers, body, stream)
    except MalformedMessage as fault:
        partial = request if _is_answerable(request) else None
        raise MalformedMessage(fault.reason, fault.status, partial) from None
    return request


def _response(
    start_line: str,
    headers: Headers,
    body: bytes,
    limits: MessageLimits,
    stream: bool,
    has_controls: bool,
    faults: list[MalformedMessage],
) -> Response:
    version, _, rest = start_line.partition(" ")
    code, _, reason = rest.partition(" ")
    is_status = len(code) == 3 and code.isascii() and code.isdigit() and "100" <= code <= "699"
    if version.upper() != "SIP/2.0" or not is_status:
        raise MalformedMessage("bad status line")
    if faults:
        raise faults[0]
    if has_controls and _control_char(start_line) is not None:
        raise MalformedMessage("control character in the status line")
    response = Response(int(code), reason, headers=headers, body=body)
    _check_headers(response, limits)
    response.body = _body(headers, body, stream)
    return response


def _check_headers(message: Request | Response, limits: MessageLimits) -> None:
    """Check what every message needs, and each structured header that it has."""
    found = dict.fromkeys(_MANDATORY, 0)
    values = 0
    for name, text in message.headers:
        if name == "Via":
            for value in split_values(name, text):
                Via.parse(value)
                found[name] += 1
        elif name in _BRACKETED:
            for value in split_values(name, text):
                if "<" not in value:
                    raise MalformedMessage(f"{name} needs angle brackets")
                NameAddr.parse(value)
                values += 1
        elif name in {"From", "To"}:
            try:
                NameAddr.parse(text)
            except MalformedMessage as fault:
                raise MalformedMessage(f"{name}: {fault.reason}", fault.status) from None
            found[name] += 1
        elif name == "Contact":
            values += text.count(",") + 1
        elif name == "Call-ID":
            if not text or " " in text or "\t" in text:
                raise MalformedMessage("bad Call-ID")
            found[name] += 1
        elif name == "CSeq":
            CSeq.parse(text)
            found[name] += 1
    for name in _MANDATORY:
        if not found[name]:
            raise MalformedMessage(f"no {name} header")
    if found["Via"] > limits.vias:
        raise MalformedMessage("too many Via values")
    if values > limits.list_values:
        raise MalformedMessage("too many list values")
    if message.contacts == "*" and message.cseq.method != "REGISTER":
        raise MalformedMessage("only a REGISTER has Contact '*'")


def _body(headers: Headers, body: bytes, stream: bool) -> bytes:
    text = headers.get("Content-Length")
    if text is None:
        if stream and body:
            raise MalformedMessage("a stream needs Content-Length")
        return body
    length = parse_number(text, "Content-Length")
    if length > len(body):
        raise MalformedMessage("the body is shorter than Content-Length")
    return body[:length] if length < len(body) else body


def _is_answerable(request: Request) -> bool:
    """Tell whether a response can find its way; a top Via with a good front only is cut down to it."""
    try:
        request.top_via  # noqa: B018  # refuses what is malformed
    except MalformedMessage:
        front = _via_front(dict(reversed(request.headers.items())).get("Via", ""))[0]
        try:
            Via.parse(front.strip(LWS))
        except MalformedMessage:
            return False
        request.headers.set("Via", front.strip(LWS))
    return True
