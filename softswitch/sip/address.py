"""Name-addr header values: From, To, Contact, Route, P-Asserted-Identity… (RFC 3261 section 20.10)."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from softswitch.sip.errors import MalformedMessage
from softswitch.sip.grammar import (
    LWS,
    NO_PARAMS,
    WORD_PATTERN,
    Params,
    params_text,
    parse_header_params,
    quoted,
    unquoted,
    with_param,
    without_param,
)
from softswitch.sip.uri import LONGEST_CACHED, Uri, parse_uri

_quoted_display = re.compile(r'("(?:[^"\\]|\\.)*")[ \t]*<').match
_token_display = re.compile(rf"(?:{WORD_PATTERN[:-2]}\u0080-\U0010ffff \t]+)?").fullmatch
_prints_bare = re.compile(rf"{WORD_PATTERN}(?: {WORD_PATTERN})*").fullmatch


@dataclass(frozen=True, slots=True)
class NameAddr:
    """`"display" <uri>;params`: the display name decoded, the URI, and the parameters of the header.

    Parameter values keep their quotes, so that the value prints as it came.
    """

    uri: Uri
    display: str = ""
    params: Params = NO_PARAMS

    @staticmethod
    def parse(text: str) -> "NameAddr":
        """Parse one value (not a list, not `*`); MalformedMessage when it is none."""
        return _parse_cached(text) if len(text) <= LONGEST_CACHED else _parse(text)

    @property
    def tag(self) -> str | None:
        """The dialog tag, None when there is none."""
        return self.params.get("tag")

    def with_param(self, name: str, value: str | None = None) -> "NameAddr":
        """Return this value with one header parameter set (None: a flag)."""
        return replace(self, params=with_param(self.params, name, value))

    def without_param(self, name: str) -> "NameAddr":
        """Return this value without one header parameter."""
        return replace(self, params=without_param(self.params, name))

    def __str__(self) -> str:
        display = self.display
        if display:
            display = (display if _prints_bare(display) else quoted(display)) + " "
        return f"{display}<{self.uri}>{params_text(self.params)}"


def _parse(text: str) -> NameAddr:
    text = text.strip(LWS)
    if text.startswith('"'):
        match = _quoted_display(text)
        if match is None:
            raise MalformedMessage("display name is never closed or no '<' follows it")
        display, opened = unquoted(match[1]), match.end()
    else:
        opened = text.find("<") + 1
        if not opened:
            return _parse_addr_spec(text)
        display = text[: opened - 1].strip(LWS)
        if display and _token_display(display) is None:
            raise MalformedMessage(f"display name {display[:40]!r} must be quoted")
    closed = text.find(">", opened)
    if closed < 0:
        raise MalformedMessage("angle bracket is never closed")
    uri = parse_uri(text[opened:closed])
    return NameAddr(uri, display, parse_header_params(text[closed + 1 :]))


def _parse_addr_spec(text: str) -> NameAddr:
    """Without brackets `;` begins a header parameter, `?` and `,` may not stand (RFC 3261 section 20)."""
    spec, semicolon, params = text.partition(";")
    spec = spec.rstrip(LWS)
    if "?" in spec or "," in spec:
        raise MalformedMessage("a URI with '?' or ',' must stand in angle brackets")
    return NameAddr(parse_uri(spec), "", parse_header_params(semicolon + params))


_parse_cached = lru_cache(maxsize=4096)(_parse)
