"""Bearer tokens (RFC 6750): only their SHA-256 is known here, and comparing takes the same time for all."""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

TOKEN_MOST = 512
"""A longer token is not looked at."""


class Scope(StrEnum):
    """What a token may do."""

    READ = "read"  # look at everything: agents, calls, recordings
    AGENT = "agent"  # look at agents and change their state
    SUPERVISOR = "supervisor"  # look at everything, change agents, end calls
    ADMIN = "admin"  # everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as the configuration knows it; `sha256` is hex of the token's bytes."""

    name: str
    sha256: str
    scopes: tuple[str, ...]

    def may(self, scopes: Collection[Scope]) -> bool:
        """True when one of the scopes, or `admin`, is among the token's."""
        return Scope.ADMIN in self.scopes or any(scope in self.scopes for scope in scopes)


class TokenList:
    """The tokens that are let in."""

    def __init__(self, tokens: Collection[Token]) -> None:
        """Keep them with their hashes as bytes."""
        self._tokens = tuple((bytes.fromhex(token.sha256), token) for token in tokens)

    def find(self, presented: str) -> Token | None:
        """The token whose hash fits; every hash is compared, whether or not one fitted before."""
        if not 0 < len(presented) <= TOKEN_MOST:
            return None
        digest = hashlib.sha256(presented.encode("utf-8", "surrogateescape")).digest()
        found = None
        for known, token in self._tokens:
            if hmac.compare_digest(known, digest):
                found = token
        return found
