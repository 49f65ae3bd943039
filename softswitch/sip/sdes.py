"""Keys of encrypted sound in a session description: a=crypto (RFC 4568), the two suites that every phone has.

The key of a direction is written by its sender.  It is as secret as the signalling that carries it: TLS only.
"""

import re
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

KEY_BYTES = 30
"""Master key of 16 octets and master salt of 14 (RFC 3711 section 8.2)."""


class Suite(StrEnum):
    """AES counter mode with 128 bits; the number is the length of the authentication tag (RFC 4568 section 6.2)."""

    SHA1_80 = "AES_CM_128_HMAC_SHA1_80"
    SHA1_32 = "AES_CM_128_HMAC_SHA1_32"


class Secrecy(StrEnum):
    """What a leg's sound may be: `OPTIONAL` takes what is offered and offers encryption itself."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class CryptoLine:
    """One a=crypto.  `key` is base64 of `KEY_BYTES` octets."""

    tag: int
    suite: Suite
    key: str = field(repr=False)

    @property
    def value(self) -> str:
        """The attribute's value."""
        return f"{self.tag} {self.suite} inline:{self.key}"


_line = re.compile(r"([0-9]{1,9}) +(\S+) +inline:([A-Za-z0-9+/]{40})(?:\|(?:2\^)?[0-9]{1,20})?").fullmatch


def fresh_key() -> str:
    """Return a key that nobody had before."""
    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def first_usable(values: Iterable[str]) -> CryptoLine | None:
    """Return the first line that we can use; those with an MKI, several keys or session parameters are passed over."""
    for value in values:
        match = _line(value.strip())
        if match is None or match[2] not in tuple(Suite) or not _is_key(match[3]):
            continue
        return CryptoLine(tag=int(match[1]), suite=Suite(match[2]), key=match[3])
    return None


def offered_lines(key: str) -> tuple[CryptoLine, ...]:
    """Return what we offer: both suites, the longer tag first."""
    return tuple([CryptoLine(tag=tag, suite=suite, key=key) for tag, suite in enumerate(Suite, 1)])


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == KEY_BYTES
    except Base64Error:
        return False
