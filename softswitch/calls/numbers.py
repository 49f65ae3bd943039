"""Telephone numbers in China: one normal form inside, the trunk's forms outside.  Pure.

The normal form is what a person in China would write down:

* fixed line: area code with its leading 0, then the number: `051085551234`
* mobile: 11 digits: `13812345678`
* service and short codes: as dialled: `12345`, `110`, `95588`, `4001234567`
* abroad: `+`, country code, number: `+12125550100`
* anything else (an extension, a name): unchanged but for separators
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from softswitch.settings.trunks import NumberSettings
from softswitch.sip.allow_list import printable
from softswitch.sip.headers import canonical_name, split_values
from softswitch.sip.message import MalformedMessage, NameAddr, OtherUri, SipUri

_separators = re.compile(r"[\s\-.()/\u200b-\u200f\u202a-\u202e\ufeff]+")
_dialable = re.compile(r"\+?[0-9*#]+").fullmatch
_mobile = re.compile(r"1[3-9][0-9]{9}").fullmatch
# Without its 0; 400, 800 and 950 are services.
_fixed = re.compile(r"(?:10|2[0-9])[0-9]{8}|(?![48]00|950)[3-9][0-9]{2}[0-9]{7,8}").fullmatch
_short = re.compile(r"1[0-9]{2,4}|9[56][0-9]{3,4}").fullmatch
_service = re.compile(r"1[0-9]{2,4}|1010[0-9]{4}|9[56][0-9]{3,6}|950[0-9]{5,7}|[48]00[0-9]{7}").fullmatch
_local = re.compile(r"[2-8][0-9]{6,7}").fullmatch
_abroad = re.compile(r"\+[1-9][0-9]{4,17}").fullmatch

_NOBODY = frozenset(
    {"", "anonymous", "unavailable", "unknown", "restricted", "private", "asterisk", "nobody"}
)
_HIDING = frozenset({"id", "user", "full"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentity:
    """Who calls.  `number` is in normal form, empty when nobody said it.

    `restricted` is True when the caller asked not to be shown: the number serves routing and records, and is
    kept from those whom the operator does not let see it.  `diverted_from` holds normal numbers, the latest
    first; `history` the Diversion and History-Info values as they came.
    """

    number: str
    display: str
    restricted: bool
    diverted_from: tuple[str, ...] = ()
    history: tuple[str, ...] = ()


def normalise(text: str, area_code: str) -> str:
    """Return a number in normal form; `area_code` is our own with its leading 0.  Idempotent."""
    number = _cleaned(text)
    if number.startswith("00") and not number.startswith("000"):
        number = "+" + number[2:]
    if number.startswith("+"):
        if number.startswith("+86"):
            return _significant(number[3:].lstrip("0"), area_code, services=True) or number
        return number
    if not number.isdigit():
        return number
    if number.startswith("0"):
        return _significant(number[1:], area_code, services=False) or number
    if _mobile(number) or _service(number):
        return number
    if number.startswith("86") and len(number) >= 12:
        known = _significant(number[2:].lstrip("0"), area_code, services=False)
        if known is not None:
            return known
    if _fixed(number):
        return "0" + number
    if _local(number):
        return area_code + number
    return number


def normal_prefix(text: str) -> str:
    """Return the beginning of numbers as calls bring it: a country's with `+`, of our own country's none.  Idempotent."""
    digits = "+" + text[2:] if text.startswith("00") else text
    if not digits.startswith("+86"):
        return digits
    own = digits[3:].lstrip("0")
    is_mobile = own.startswith("1") and own[1:2] in set("3456789")
    return own if is_mobile or not own else "0" + own


def inbound_number(text: str, rules: NumberSettings, area_code: str) -> str:
    """Return the normal form of a number as a trunk sends it: the trunk's prefix away first."""
    number = _cleaned(text)
    for prefix in sorted(rules.inbound_prefixes_stripped, key=len, reverse=True):
        if prefix and number.startswith(prefix) and len(number) > len(prefix):
            number = number[len(prefix) :]
            break
    return normalise(number, area_code)


def called_number(request_user: str, rules: NumberSettings, area_code: str) -> str:
    """Return the normal form of the number that was dialled (the user part of the Request-URI)."""
    return inbound_number(_user_text(request_user), rules, area_code)


def caller_of(headers: Iterable[tuple[str, str]], rules: NumberSettings, area_code: str) -> CallerIdentity:
    """Tell who calls, from the identity headers (name, text) of an INVITE in their order.

    P-Asserted-Identity (RFC 3325), then Remote-Party-ID, count before From when the trunk is trusted.  A
    header that cannot be read is as good as absent.
    """
    values: dict[str, list[str]] = {}
    for name, text in headers:
        try:
            known = canonical_name(name)
            values.setdefault(known, []).extend(split_values(known, text))
        except MalformedMessage:
            continue
    origin = _addresses(values.get("From", []))[:1]
    asserted: tuple[NameAddr, ...] = ()
    if rules.trust_asserted_identity:
        asserted = _addresses(values.get("P-Asserted-Identity", []) + values.get("Remote-Party-Id", []))
    number = display = ""
    for address in (*asserted, *origin):
        display = display or address.display
        number = number or _number_in(address, rules, area_code)
    hides = any(
        token.strip().lower() in _HIDING for text in values.get("Privacy", []) for token in text.split(";")
    )
    hides = hides or any(
        (address.params.get("privacy") or "off").lower() in ("full", "uri") for address in asserted
    )
    hides = hides or any(not _number_in(address, rules, area_code) for address in origin)
    diverted = _addresses(values.get("Diversion", [])) or _addresses(values.get("History-Info", []))[-2::-1]
    return CallerIdentity(
        number=number,
        display="" if display.lower() in _NOBODY else display,
        restricted=hides,
        diverted_from=tuple(
            [found for address in diverted if (found := _number_in(address, rules, area_code))]
        ),
        history=tuple(values.get("Diversion", []) + values.get("History-Info", [])),
    )


def format_outbound(number: str, rules: NumberSettings, area_code: str) -> str:
    """Return a number (in any form) as a trunk wants it dialled.

    `national` as a subscriber of another city would dial, `local` as one of ours would, `e164` with `+86`;
    short codes are never changed.  The trunk's prefix stands before it all.
    """
    normal = normalise(number, area_code)
    dialled = normal
    if rules.outbound_format == "e164":
        if normal.startswith("0") and _fixed(normal[1:]):
            dialled = "+86" + normal[1:]
        elif _mobile(normal):
            dialled = "+86" + normal
    else:
        if _abroad(normal):
            dialled = "00" + normal[1:]
        if (
            rules.outbound_format == "local"
            and normal.startswith(area_code)
            and _local(normal[len(area_code) :])
        ):
            dialled = normal[len(area_code) :]
    return rules.outbound_prefix + dialled


def presented_number(hotline: str, rules: NumberSettings, area_code: str) -> str:
    """Return the number that the called is shown: the trunk's rule, else the hotline's, in trunk form."""
    return format_outbound(rules.presented_number or hotline, rules, area_code).removeprefix(
        rules.outbound_prefix
    )


def number_of_uri(uri: SipUri | OtherUri) -> str:
    """Return the number text in a sip: or tel: URI, empty when there is none."""
    if isinstance(uri, SipUri):
        return _user_text(printable(uri.decoded_user))  # %00 is a NUL by now
    return _user_text(uri.rest) if uri.scheme == "tel" else ""


def _user_text(user: str) -> str:
    """Cut the parameters of a telephone-subscriber (RFC 3966); a global phone-context completes a number."""
    number, _, rest = user.partition(";")
    for part in rest.split(";"):
        name, _, value = part.partition("=")
        if name.lower() == "phone-context" and value.startswith("+") and not number.startswith("+"):
            return value + number
    return number


def _cleaned(text: str) -> str:
    """Take separators out of what can be dialled; leave any other text as it is."""
    plain = _separators.sub("", unicodedata.normalize("NFKC", text))
    return plain if _dialable(plain) else text.strip()


def _significant(digits: str, area_code: str, *, services: bool) -> str | None:
    """Return the normal form of a national significant number (no 0 before it), None when it is none."""
    if _mobile(digits):
        return digits
    if services and _service(digits):
        return digits
    own = area_code[1:]
    if digits.startswith(own) and _short(digits[len(own) :]):
        return digits[len(own) :]  # a short code of our own city, dialled with the area code
    if _fixed(digits):
        return "0" + digits
    return None


def _addresses(values: list[str]) -> tuple[NameAddr, ...]:
    found: list[NameAddr] = []
    for value in values:
        try:
            found.append(NameAddr.parse(value))
        except MalformedMessage:
            continue
    return tuple(found)


def _number_in(address: NameAddr, rules: NumberSettings, area_code: str) -> str:
    text = number_of_uri(address.uri)
    if text.lower() in _NOBODY or isinstance(address.uri, SipUri) and address.uri.host.endswith(".invalid"):
        return ""
    return inbound_number(text, rules, area_code)
