"""Passwords of people as scrypt hashes (RFC 7914): `scrypt$N$r$p$salt$hash`, salt and hash in URL-safe base64.

A check costs 16 MB and some 50 ms of a core, so it belongs into a thread; hashlib lets other threads run meanwhile.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets

PATTERN = r"scrypt\$\d{1,7}\$\d{1,2}\$\d{1,2}\$[A-Za-z0-9_\-]{16,}\$[A-Za-z0-9_\-]{32,}"
"""What a hash looks like."""

PASSWORD_LEAST = 8
"""A new password has so many characters at least."""

PASSWORD_MOST = 256
"""Characters of a password; a longer one is not looked at."""

_N, _R, _P = 2**14, 8, 1  # the cost that RFC 7914 section 2 and OWASP give for interactive sign-in: 16 MB
_MEMORY_MOST = 64 * 1024 * 1024
_NOBODY = f"scrypt${_N}${_R}${_P}${'A' * 22}${'A' * 43}"


def hash_password(password: str) -> str:
    """A fresh hash with a salt of its own."""
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${_to_text(salt)}${_to_text(_derive(password, salt, _N, _R, _P, 32))}"


def is_right(password: str, known: str) -> bool:
    """True when the password belongs to the hash.  An empty or broken hash costs the same time and fits nothing."""
    if not re.fullmatch(PATTERN, known, re.ASCII):
        _matches(password, _NOBODY)
        return False
    return _matches(password, known)


def _matches(password: str, known: str) -> bool:
    _, n, r, p, salt, wanted = known.split("$")
    try:
        expected = _from_text(wanted)
        found = _derive(password[:PASSWORD_MOST], _from_text(salt), int(n), int(r), int(p), len(expected))
    except (ValueError, binascii.Error):  # costs that nobody could pay
        return False
    return hmac.compare_digest(found, expected) and len(password) <= PASSWORD_MOST


def _derive(password: str, salt: bytes, n: int, r: int, p: int, size: int) -> bytes:
    text = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=n, r=r, p=p, maxmem=_MEMORY_MOST, dklen=size)


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _from_text(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
