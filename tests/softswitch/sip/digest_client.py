"""The client side of digest, written from RFC 7616 with hashlib alone."""

import hashlib
import re

from tests.softswitch.sip.raw_peer import values

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def challenge_of(response: str, name: str, algorithm: str) -> dict[str, str]:
    """The parameters of the challenge for one algorithm."""
    for value in values(response, name):
        found = {
            key.lower(): quoted or plain
            for key, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', value)
        }
        if found.get("algorithm", "MD5") == algorithm:
            return found
    raise AssertionError(f"no {algorithm} challenge in {values(response, name)}")


def authorization(
    challenge: dict[str, str],
    user: str,
    password: str,
    method: str,
    uri: str,
    *,
    count: int = 1,
    cnonce: str = "0a4f113b",
) -> str:
    """The value of an Authorization header that answers a challenge."""
    algorithm = challenge.get("algorithm", "MD5")

    def hashed(text: str) -> str:
        return _HASHES[algorithm](text.encode()).hexdigest()

    nc = f"{count:08x}"
    secret = hashed(f"{user}:{challenge['realm']}:{password}")
    request = hashed(f"{method}:{uri}")
    response = hashed(f"{secret}:{challenge['nonce']}:{nc}:{cnonce}:auth:{request}")
    return (
        f'Digest username="{user}", realm="{challenge["realm"]}", nonce="{challenge["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm={algorithm}, qop=auth, nc={nc}, cnonce="{cnonce}"'
    )
