"""SRTP and SRTCP (RFC 3711) of one leg, by libsrtp: packets in the clear on one side, sealed on the other."""

from base64 import b64decode
from typing import Final

import pylibsrtp

from media.commands import Secrecy

PROFILES: Final = {
    "AES_CM_128_HMAC_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}
REPLAY_WINDOW: Final = 1024


class UnusableKey(Exception):
    """A suite or a key that libsrtp does not take; the text does not hold the key."""


class Seal:
    """Both directions of a leg.  A direction whose key stays keeps its counters when the other changes."""

    def __init__(self, secrecy: Secrecy, former: "Seal | None" = None) -> None:
        self.secrecy = secrecy
        known = None if former is None or former.secrecy.suite != secrecy.suite else former
        self.outbound: pylibsrtp.Session = (
            known.outbound
            if known is not None and known.secrecy.send_key == secrecy.send_key
            else _session(secrecy.suite, secrecy.send_key, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        )
        self.inbound: pylibsrtp.Session = (
            known.inbound
            if known is not None and known.secrecy.receive_key == secrecy.receive_key
            else _session(secrecy.suite, secrecy.receive_key, pylibsrtp.Policy.SSRC_ANY_INBOUND)
        )

    def close(self, packet: bytes) -> bytes:
        """Encrypt and sign an RTP packet; empty when that cannot be done."""
        try:
            return bytes(self.outbound.protect(packet))
        except pylibsrtp.Error:
            return b""

    def open(self, packet: bytes) -> bytes:
        """Check and decrypt an RTP packet; empty when it is forged, replayed or none."""
        try:
            return bytes(self.inbound.unprotect(packet))
        except (pylibsrtp.Error, ValueError):
            return b""

    def close_control(self, packet: bytes) -> bytes:
        """As `close`, for RTCP."""
        try:
            return bytes(self.outbound.protect_rtcp(packet))
        except pylibsrtp.Error:
            return b""

    def open_control(self, packet: bytes) -> bytes:
        """As `open`, for RTCP."""
        try:
            return bytes(self.inbound.unprotect_rtcp(packet))
        except (pylibsrtp.Error, ValueError):
            return b""


def _session(suite: str, key: str, kind: int) -> pylibsrtp.Session:
    profile = PROFILES.get(suite)
    if profile is None:
        raise UnusableKey(f"suite {suite[:40]!r}")
    try:
        policy = pylibsrtp.Policy(key=b64decode(key, validate=True), ssrc_type=kind, srtp_profile=profile)
        policy.window_size = REPLAY_WINDOW
        return pylibsrtp.Session(policy)
    except (pylibsrtp.Error, ValueError, TypeError) as fault:
        raise UnusableKey(f"a key that does not fit {suite}") from fault
