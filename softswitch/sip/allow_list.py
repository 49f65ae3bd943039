"""What may cross between the outside and a cell: new messages, built from lists of what is allowed.

Towards a cell nothing that the outside wrote is copied but numbers and tokens that were read and written anew.
Towards the outside no address, private header or claim of a cell is shown.
"""

import hashlib
import re
from collections.abc import Iterable

from softswitch.sip.message import Headers, MalformedMessage, NameAddr, Request, Response, parse_number

OPTION_TAGS = frozenset({"100rel", "timer"})
METHODS = (
    "INVITE",
    "ACK",
    "CANCEL",
    "BYE",
    "OPTIONS",
    "UPDATE",
    "PRACK",
    "INFO",
    "MESSAGE",
    "NOTIFY",
    "REFER",
)
ALLOW = ", ".join(METHODS)
CELL_METHODS = frozenset({"INVITE", "ACK", "CANCEL", "BYE", "UPDATE", "PRACK"})
MAX_FORWARDS = "70"

PASSED_OUTSIDE = (
    "Require",
    "Session-Expires",
    "Min-SE",
    "RSeq",
    "RAck",
    "Event",
    "Subscription-State",
    "Reason",
    "Retry-After",
    "Alert-Info",
    "Call-Info",
    "P-Asserted-Identity",
    "Privacy",
    "Warning",
)
"""Headers of a cell's message that the outside may see, in this order."""

IDENTITY_HEADERS = (
    "From",
    "To",
    "Contact",
    "P-Asserted-Identity",
    "P-Preferred-Identity",
    "Remote-Party-ID",
    "Privacy",
    "Diversion",
    "History-Info",
    "Call-Info",
    "Alert-Info",
    "User-To-User",
    "User-Agent",
    "Supported",
    "Reason",
)
"""Headers of an INVITE that call control sees."""

Header = tuple[str, str]

_simple_tag = re.compile(r"[A-Za-z0-9\-._~+]{1,64}").fullmatch
_session_expires = re.compile(
    r"([0-9]{1,9})[ \t]*(?:;.*?refresher[ \t]*=[ \t]*(uac|uas))?", re.IGNORECASE
).match
_rack = re.compile(r"([0-9]{1,10})[ \t]+([0-9]{1,10})[ \t]+(INVITE)").fullmatch
_q850 = re.compile(r"Q\.850[ \t]*;.*?cause[ \t]*=[ \t]*([0-9]{1,3})", re.IGNORECASE).match


def tag_for_cell(tag: str) -> str:
    """Return a tag of the outside as a cell sees it: itself when it is plain, else a hash of it."""
    if _simple_tag(tag):
        return tag
    return "h" + hashlib.sha256(tag.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def headers_for_cell(headers: Headers) -> list[Header]:
    """Return the reliability and timer headers of the outside, read and written anew."""
    rebuilt: list[Header] = []
    for name in ("Supported", "Require"):
        known = sorted({tag.lower() for tag in headers.all(name)} & OPTION_TAGS)
        if known:
            rebuilt.append((name, ", ".join(known)))
    methods = {method.upper() for method in headers.all("Allow")} & CELL_METHODS
    if methods:
        rebuilt.append(("Allow", ", ".join(sorted(methods))))
    expires = _session_expires(headers.get("Session-Expires") or "")
    if expires is not None:
        refresher = f";refresher={expires[2].lower()}" if expires[2] else ""
        rebuilt.append(("Session-Expires", f"{int(expires[1])}{refresher}"))
    for name in ("Min-SE", "RSeq"):
        text = headers.get(name)
        if text is not None:
            number = text.partition(";")[0]
            try:
                rebuilt.append((name, str(parse_number(number, name))))
            except MalformedMessage:
                continue
    rack = _rack(headers.get("RAck") or "")
    if rack is not None:
        rebuilt.append(("RAck", f"{int(rack[1])} {int(rack[2])} {rack[3]}"))
    return rebuilt


def headers_for_outside(message: Request | Response, *, with_credentials: bool = False) -> list[Header]:
    """Return what of a cell's headers the outside may see, with our Allow and Supported where they belong."""
    shown: list[Header] = []
    method = message.method if isinstance(message, Request) else message.cseq.method
    is_answer = isinstance(message, Response)
    if method in ("INVITE", "UPDATE") and (not is_answer or 180 <= _status(message) < 300):
        shown.append(("Allow", ALLOW))
        known = sorted({tag.lower() for tag in message.headers.all("Supported")} & OPTION_TAGS)
        if known:
            shown.append(("Supported", ", ".join(known)))
    for name in PASSED_OUTSIDE:
        if name == "Require":
            required = sorted({tag.lower() for tag in message.headers.all(name)} & OPTION_TAGS)
            if required:
                shown.append((name, ", ".join(required)))
            continue
        shown += [(name, value) for value in message.headers.all(name)]
    if with_credentials:
        for name in ("Authorization", "Proxy-Authorization"):
            shown += [(name, value) for value in message.headers.all(name)]
    return shown


def identity_headers(headers: Headers) -> tuple[Header, ...]:
    """Return the headers of an INVITE that say who calls, in order, for call control."""
    wanted = frozenset(IDENTITY_HEADERS)
    return tuple([(name, printable(text)) for name, text in headers.items() if name in wanted])


def printable(text: str) -> str:
    """Return text that logs, JSON and the database take: undecodable octets replaced, control characters gone."""
    clean = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return clean if clean.isprintable() else "".join([char for char in clean if char.isprintable()])


def q850_cause(headers: Headers) -> int | None:
    """Return the Q.850 cause of the Reason headers (RFC 3326), 1 to 127, None without one."""
    try:
        values = headers.all("Reason")
    except MalformedMessage:
        return None
    for value in values:
        match = _q850(value)
        if match is not None and 1 <= int(match[1]) <= 127:
            return int(match[1])
    return None


def reason_header(cause: int | None) -> list[Header]:
    """Return a Reason header for a Q.850 cause, none for None."""
    return [] if cause is None else [("Reason", f"Q.850;cause={cause}")]


def without_tag(address: NameAddr) -> str:
    """Return From or To as text with neither tag nor other parameters."""
    return str(NameAddr(address.uri, address.display))


def with_tag(text: str, tag: str) -> str:
    """Return From or To with a tag, if there is one."""
    return f"{text};tag={tag}" if tag else text


def unsupported_tags(headers: Headers) -> tuple[str, ...]:
    """Return the option tags that are required of us and that we do not have.

    Both headers speak to us: we end every dialog and are the proxy before it (RFC 3261 sections 8.2.2.3, 16.3).
    """
    required = (*headers.all("Require"), *headers.all("Proxy-Require"))
    return tuple([tag for tag in required if tag.lower() not in OPTION_TAGS])


def add_all(headers: Headers, lines: Iterable[Header]) -> None:
    """Append header lines."""
    for name, value in lines:
        headers.add(name, value)


def _status(message: Request | Response) -> int:
    return message.status if isinstance(message, Response) else 0
