"""HTTP digest for SIP (RFC 7616, RFC 8760; RFC 2617 clients with qop): both sides of it.

The server side proves nothing by remembering challenges: a nonce carries its own time and a keyed hash.  Only
the highest nonce-count of nonces in use is kept, so that no answer is accepted twice.  A known user with a
wrong password and an unknown user take the same path and the same time.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from softswitch.sip.errors import MalformedMessage
from softswitch.sip.grammar import LWS, quoted, unquoted
from softswitch.sip.nonces import NonceBook, NonceState, RequestKey, Verdict
from softswitch.sip.uri import SipUri, parse_uri

__all__ = [
    "Algorithm",
    "Authorization",
    "Challenge",
    "Credentials",
    "NonceBook",
    "NonceState",
    "RequestKey",
    "Verdict",
    "authorization_for",
    "best_challenge",
    "challenges",
    "ha1",
    "parse_authorization",
    "respond",
    "response_of",
    "verify",
]

LONGEST_HEADER = 2048


class Algorithm(StrEnum):
    """Digest algorithms that we speak, named as in the headers."""

    SHA_256 = "SHA-256"
    MD5 = "MD5"

    @property
    def hex_length(self) -> int:
        """Digits of a hash."""
        return 32 if self is Algorithm.MD5 else 64

    def hexdigest(self, text: str) -> str:
        """Hash text to lower-case hexadecimal."""
        data = text.encode("utf-8", "surrogateescape")
        if self is Algorithm.MD5:
            return hashlib.md5(data, usedforsecurity=False).hexdigest()
        return hashlib.sha256(data).hexdigest()


def ha1(algorithm: Algorithm, username: str, realm: str, password: str) -> str:
    """Return what a server keeps instead of the password (RFC 7616 section 3.4.2)."""
    return algorithm.hexdigest(f"{username}:{realm}:{password}")


def response_of(
    algorithm: Algorithm,
    hashed: str,
    *,
    method: str,
    uri: str,
    nonce: str,
    count: str,
    cnonce: str,
    qop: str | None,
) -> str:
    """Return the `response` for a HA1 (RFC 7616 section 3.4.1; without qop RFC 2617 section 3.2.2.1)."""
    hashed_request = algorithm.hexdigest(f"{method}:{uri}")
    if qop is None:
        return algorithm.hexdigest(f"{hashed}:{nonce}:{hashed_request}")
    return algorithm.hexdigest(f"{hashed}:{nonce}:{count}:{cnonce}:{qop}:{hashed_request}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The value of WWW-Authenticate or Proxy-Authenticate.  `algorithm` is None when it is none of ours."""

    realm: str
    nonce: str
    algorithm: Algorithm | None = Algorithm.MD5
    qop: tuple[str, ...] = ("auth",)
    opaque: str | None = None
    stale: bool = False

    @staticmethod
    def parse(value: str) -> "Challenge":
        """Parse a Digest challenge; MalformedMessage for any other scheme."""
        fields = _digest_fields(value)
        options = [option.strip(LWS).lower() for option in fields.get("qop", "").split(",")]
        return Challenge(
            realm=_needed(fields, "realm"),
            nonce=_needed(fields, "nonce"),
            algorithm=_algorithm(fields.get("algorithm")),
            qop=tuple([option for option in options if option]),
            opaque=fields.get("opaque"),
            stale=fields.get("stale", "").lower() == "true",
        )

    def __str__(self) -> str:
        text = f"Digest realm={quoted(self.realm)}, nonce={quoted(self.nonce)}"
        if self.opaque is not None:
            text += f", opaque={quoted(self.opaque)}"
        if self.algorithm is not None:
            text += f", algorithm={self.algorithm}"
        if self.qop:
            text += f', qop="{",".join(self.qop)}"'
        return f"{text}, stale=true" if self.stale else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The value of Authorization or Proxy-Authorization.

    `count` is the nonce-count as text (it is hashed as it stands), `qop` and `count` are None for RFC 2069
    clients.
    """

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: Algorithm | None
    qop: str | None
    count: str | None
    cnonce: str

    @property
    def count_number(self) -> int:
        """The nonce-count as number, 0 when there is none."""
        return int(self.count, 16) if self.count else 0


def parse_authorization(value: str) -> Authorization:
    """Parse Digest credentials; MalformedMessage when they are incomplete or of another scheme."""
    fields = _digest_fields(value)
    count = fields.get("nc")
    if count is not None and _count(count) is None:
        raise MalformedMessage("bad nonce count")
    qop = fields.get("qop")
    return Authorization(
        username=_needed(fields, "username"),
        realm=_needed(fields, "realm"),
        nonce=_needed(fields, "nonce"),
        uri=_needed(fields, "uri"),
        response=_needed(fields, "response").lower(),
        algorithm=_algorithm(fields.get("algorithm")),
        qop=qop,
        count=count,
        cnonce=fields.get("cnonce", ""),
    )


def authorization_for(values: Iterable[str], realm: str) -> Authorization | None:
    """Return the Digest credentials for our realm among all that a request carries, None without any.

    Other schemes and other realms are not for us and are skipped; MalformedMessage for broken Digest ones.
    """
    for value in values:
        if value[:6].lower() == "digest" and value[6:7] in (" ", "\t"):
            found = parse_authorization(value)
            if found.realm == realm:
                return found
    return None


def challenges(
    book: NonceBook,
    algorithms: Iterable[Algorithm],
    *,
    realm: str,
    source: str,
    now: float,
    stale: bool = False,
) -> tuple[Challenge, ...]:
    """Return one challenge per algorithm, the preferred first (RFC 8760 section 2.4)."""
    return tuple(
        [
            Challenge(
                realm=realm, nonce=book.issue(source, realm, algorithm, now), algorithm=algorithm, stale=stale
            )
            for algorithm in algorithms
        ]
    )


def verify(
    authorization: Authorization,
    hashes: Mapping[Algorithm, str] | None,
    book: NonceBook,
    *,
    method: str,
    request_uri: str,
    realm: str,
    source: str,
    key: RequestKey,
    now: float,
) -> Verdict:
    """Check credentials.  `hashes` holds the user's HA1 per algorithm, None for a user that does not exist.

    Every check is made whatever the others say; only then the verdict falls, by one comparison.
    """
    algorithm = authorization.algorithm or Algorithm.MD5
    known = (hashes or {}).get(algorithm)
    expected = response_of(
        algorithm,
        known if known is not None else book.dummy_ha1(authorization.username, algorithm.hex_length),
        method=method,
        uri=authorization.uri,
        nonce=authorization.nonce,
        count=authorization.count or "",
        cnonce=authorization.cnonce,
        qop="auth",
    )
    state = book.verify(authorization.nonce, source, realm, algorithm, now)
    is_right = (
        hmac.compare_digest(expected.encode(), authorization.response.encode("utf-8", "surrogateescape"))
        & (known is not None)
        & (authorization.algorithm is not None)
        & (authorization.realm == realm)
        & (authorization.qop == "auth")
        & (authorization.count_number > 0)
        & _same_target(authorization.uri, request_uri)
    )
    if state is NonceState.FORGED:
        return Verdict.DISPLACED if is_right else Verdict.INVENTED
    if not is_right:
        return Verdict.REFUSED
    if state is not NonceState.FRESH:
        return Verdict.STALE
    return book.use(authorization.nonce, authorization.count_number, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who we are towards a trunk."""

    username: str
    password: str = field(repr=False)


def best_challenge(values: Iterable[str], realm: str | None = None) -> Challenge | None:
    """Return the first challenge that we can answer (the server prefers, RFC 8760 section 2.4), or None."""
    for value in values:
        try:
            challenge = Challenge.parse(value)
        except MalformedMessage:
            continue  # another scheme, or nothing that can be answered
        if challenge.algorithm is None or realm is not None and challenge.realm != realm:
            continue
        if not challenge.qop or "auth" in challenge.qop:
            return challenge
    return None


def respond(
    challenge: Challenge, credentials: Credentials, method: str, uri: str, nc: int, cnonce: str
) -> str:
    """Return the (Proxy-)Authorization that answers a challenge.  `nc` counts uses of its nonce from 1."""
    algorithm = challenge.algorithm
    if algorithm is None:
        raise MalformedMessage("the challenge names no algorithm that we speak")
    qop = "auth" if "auth" in challenge.qop else None
    count = f"{nc:08x}"
    response = response_of(
        algorithm,
        ha1(algorithm, credentials.username, challenge.realm, credentials.password),
        method=method,
        uri=uri,
        nonce=challenge.nonce,
        count=count,
        cnonce=cnonce,
        qop=qop,
    )
    text = (
        f"Digest username={quoted(credentials.username)}, realm={quoted(challenge.realm)}, "
        f'nonce={quoted(challenge.nonce)}, uri={quoted(uri)}, response="{response}", algorithm={algorithm}'
    )
    if qop is not None:
        text += f", qop=auth, nc={count}, cnonce={quoted(cnonce)}"
    if challenge.opaque is not None:
        text += f", opaque={quoted(challenge.opaque)}"
    return text


_field = re.compile(r'[ \t]*([A-Za-z0-9*\-]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s",]+)[ \t]*(?:,|$)').match
_count = re.compile(r"[0-9A-Fa-f]{8}").fullmatch


def _digest_fields(value: str) -> dict[str, str]:
    scheme, _, rest = value.strip(LWS).partition(" ")
    if scheme.lower() != "digest":
        raise MalformedMessage(f"scheme {scheme[:20]!r} is not Digest")
    if len(rest) > LONGEST_HEADER:
        raise MalformedMessage("credentials are too long")
    fields: dict[str, str] = {}
    at = 0
    while at < len(rest):
        match = _field(rest, at)
        if match is None:
            raise MalformedMessage("bad Digest parameters")
        name = match[1].lower()
        if name in fields:
            raise MalformedMessage(f"Digest parameter {name[:20]!r} stands twice")
        fields[name] = unquoted(match[2])
        at = match.end()
    return fields


def _needed(fields: dict[str, str], name: str) -> str:
    value = fields.get(name)
    if value is None:
        raise MalformedMessage(f"Digest without {name}")
    return value


def _algorithm(text: str | None) -> Algorithm | None:
    """Return the algorithm; without the parameter it is MD5 (RFC 7616 section 3.3), None for one not ours."""
    if text is None:
        return Algorithm.MD5
    return next((algorithm for algorithm in Algorithm if algorithm.upper() == text.upper()), None)


def _same_target(digest_uri: str, request_uri: str) -> bool:
    """Whether both URIs name the same host and port.

    Some clients leave the user out of the digest URI; the count keeps what they sent from being used again.
    """
    if digest_uri == request_uri:
        return True
    try:
        one, other = parse_uri(digest_uri), parse_uri(request_uri)
    except MalformedMessage:
        return False
    return (
        isinstance(one, SipUri)
        and isinstance(other, SipUri)
        and one.host.lower() == other.host.lower()
        and (one.port or 5060) == (other.port or 5060)
    )
