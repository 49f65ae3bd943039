"""Registrations with good and with wrong passwords, as somebody sends them who may try more than one."""

from tests.softswitch.sip.digest_client import authorization, challenge_of
from tests.softswitch.sip.raw_peer import RawPeer, status
from tests.stand import Stand


async def challenge(peer: RawPeer, here: Stand, user: str, algorithm: str = "SHA-256") -> dict[str, str]:
    """Ask to register as a user; the challenge."""
    target = f"sip:{here.sip[0]}"
    peer.send(peer.request("REGISTER", target, to=f"<sip:{user}@{here.sip[0]}>"), here.sip)
    return challenge_of(await peer.wait_status(401, "REGISTER"), "WWW-Authenticate", algorithm)


def proof(peer: RawPeer, here: Stand, user: str, password: str, found: dict[str, str], count: int = 1) -> str:
    """A REGISTER with credentials, as text."""
    target = f"sip:{here.sip[0]}"
    line = authorization(found, user, password, "REGISTER", target, count=count)
    return peer.request(
        "REGISTER",
        target,
        to=f"<sip:{user}@{here.sip[0]}>",
        headers=f"Authorization: {line}\r\nExpires: 60\r\n",
    )


async def outcome(peer: RawPeer, here: Stand, text: str) -> int:
    """Send; the status of the answer, 0 when there is none."""
    peer.send(text, here.sip)
    try:
        return status(await peer.wait(lambda answer: status(answer) >= 200, patience_s=1.0))
    except AssertionError:
        return 0
