"""The small shared grammar of SIP header values (RFC 3261 section 25.1): tokens, quotes, lists, parameters.

Every function takes text that was already unfolded.  Text is compared as it stands; nothing is
percent-decoded here but parameter names.
"""

import re
from typing import Any, NoReturn
from urllib.parse import unquote

from softswitch.sip.errors import MalformedMessage

WORD_PATTERN = r"[A-Za-z0-9\-.!%*_+`'~]+"  # a token of RFC 3261
LWS = " \t"

is_token = re.compile(WORD_PATTERN).fullmatch
_quoted = re.compile(r'"(?:[^"\\]|\\.)*"')
_plain_value = re.compile(r"[^\s\"<>;,?@=\\]+|\[[0-9A-Fa-f:.]+\]").fullmatch
_escaped_pair = re.compile(r"\\(.)", re.DOTALL)
_bad_escape = re.compile(r"%(?![0-9A-Fa-f]{2})").search


class Params(dict[str, str | None]):
    """Parameters by name in order; a None value is a flag.  Never changes, since parsed values are shared."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("parameters do not change: use with_param")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


NO_PARAMS = Params()


def unquoted(text: str) -> str:
    """Return the content of a quoted-string, or the text itself when it is not quoted."""
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        inner = text[1:-1]
        return _escaped_pair.sub(r"\1", inner) if "\\" in inner else inner
    return text


def quoted(text: str) -> str:
    """Return text as a quoted-string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """Split at a separator that stands neither in a quoted-string nor between `<` and `>`.

    Raises MalformedMessage on a quote or bracket that is never closed.
    """
    if '"' not in text and "<" not in text:
        return text.split(separator)
    parts: list[str] = []
    start = at = 0
    end = len(text)
    in_brackets = False
    while at < end:
        char = text[at]
        if char == '"' and not in_brackets:
            match = _quoted.match(text, at)
            if match is None:
                raise MalformedMessage("quoted string is never closed")
            at = match.end()
            continue
        if char == "<":
            in_brackets = True
        elif char == ">":
            in_brackets = False
        elif char == separator and not in_brackets:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    if in_brackets:
        raise MalformedMessage("angle bracket is never closed")
    parts.append(text[start:])
    return parts


def parse_header_params(text: str) -> Params:
    """Parse `;name=value;flag` after a header value; names in lower case, values as they stand."""
    text = text.strip(LWS)
    if not text:
        return NO_PARAMS
    if text[0] != ";":
        raise MalformedMessage(f"expected ';' before {text[:40]!r}")
    params: dict[str, str | None] = {}
    for part in split_outside_quotes(text[1:], ";"):
        name, equals, value = part.partition("=")
        name = name.strip(LWS).lower()
        if is_token(name) is None:
            raise MalformedMessage(f"bad parameter name {name[:40]!r}")
        if name in params:
            raise MalformedMessage(f"parameter {name[:40]!r} stands twice")
        if not equals:
            params[name] = None
            continue
        value = value.strip(LWS)
        if _plain_value(value) is None and _quoted.fullmatch(value) is None:
            raise MalformedMessage(f"bad value of parameter {name[:40]!r}")
        params[name] = value
    return Params(params)


def parse_uri_params(text: str) -> Params:
    """Parse the `;name=value` part of a SIP URI (RFC 3261 section 19.1.1); names decoded, in lower case."""
    params: dict[str, str | None] = {}
    if _bad_escape(text) is not None:
        raise MalformedMessage("bad %-escape in URI parameters")
    for part in text[1:].split(";"):
        name, equals, value = part.partition("=")
        if "%" in name:
            name = _decoded_if_token(name)
        name = name.lower()
        if not name or "=" in value:
            raise MalformedMessage("bad URI parameter")
        if name in params:
            raise MalformedMessage(f"URI parameter {name[:40]!r} stands twice")
        params[name] = value if equals else None
    return Params(params)


def _decoded_if_token(name: str) -> str:
    decoded = unquote(name)
    return decoded if is_token(decoded) and "%" not in decoded else name


def has_bad_escape(text: str) -> bool:
    """Tell whether a `%` stands without two hexadecimal digits behind it."""
    return "%" in text and _bad_escape(text) is not None


def params_text(params: Params) -> str:
    """Write parameters as `;name=value;flag`."""
    return "".join([f";{name}" if value is None else f";{name}={value}" for name, value in params.items()])


def with_param(params: Params, name: str, value: str | None) -> Params:
    """Return the parameters with one set (a None value is a flag)."""
    return Params({**params, name.lower(): value})


def without_param(params: Params, name: str) -> Params:
    """Return the parameters without one."""
    return Params({key: value for key, value in params.items() if key != name.lower()})
