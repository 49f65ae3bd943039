"""One Via value: who sent a request and where its response goes (RFC 3261 section 20.42, RFC 3581)."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from softswitch.sip.errors import MalformedMessage
from softswitch.sip.grammar import (
    NO_PARAMS,
    WORD_PATTERN,
    Params,
    params_text,
    parse_header_params,
    with_param,
)
from softswitch.sip.uri import LONGEST_CACHED, parse_host

MAGIC_COOKIE = "z9hG4bK"
"""A branch that begins so is unique by itself (RFC 3261 section 8.1.1.7)."""

_via = re.compile(
    rf"""({WORD_PATTERN}) [ \t]* / [ \t]* ({WORD_PATTERN}) [ \t]* / [ \t]* ({WORD_PATTERN}) [ \t]+
         ( \[[0-9A-Fa-f:.]+\] | [A-Za-z0-9_] [A-Za-z0-9._\-]* )
         (?: [ \t]* : [ \t]* ([0-9]{{1,5}}) )?
         [ \t]* (;.*)?""",
    re.VERBOSE,
).fullmatch


@dataclass(frozen=True, slots=True)
class Via:
    """A Via value.  `host` holds IPv6 without brackets; `port` is None when none was written."""

    transport: str
    host: str
    port: int | None = None
    params: Params = NO_PARAMS
    protocol: str = "SIP/2.0"

    @staticmethod
    def parse(text: str) -> "Via":
        """Parse one Via value (not a list); MalformedMessage when it is none."""
        return _parse_cached(text) if len(text) <= LONGEST_CACHED else _parse(text)

    @property
    def branch(self) -> str | None:
        """The branch parameter as it stands."""
        return self.params.get("branch")

    @property
    def wants_rport(self) -> bool:
        """Whether the sender asked for its response on the port that it sent from."""
        return "rport" in self.params

    def with_param(self, name: str, value: str | None = None) -> "Via":
        """Return this Via with one parameter set (None: a flag)."""
        return replace(self, params=with_param(self.params, name, value))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{self.protocol}/{self.transport} {host}{port}{params_text(self.params)}"


def _parse(text: str) -> Via:
    match = _via(text)
    if match is None:
        raise MalformedMessage(f"bad Via {text[:60]!r}")
    name, version, transport, host, port_text, params = match.groups()
    port = int(port_text) if port_text else None
    if port is not None and not 1 <= port <= 65535:
        raise MalformedMessage(f"bad port {port_text} in Via")
    return Via(
        transport.upper(),
        parse_host(host),
        port,
        parse_header_params(params) if params else NO_PARAMS,
        f"{name.upper()}/{version}",
    )


_parse_cached = lru_cache(maxsize=2048)(_parse)
