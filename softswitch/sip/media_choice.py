"""What we take of a session description: stream, codec, address, packet time (RFC 3264 section 6)."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from softswitch.sip.errors import NotAcceptable
from softswitch.sip.events import RemoteMedia
from softswitch.sip.flows import are_of_one_version, canonical
from softswitch.sip.sdes import CryptoLine, Secrecy, Suite, first_usable, offered_lines
from softswitch.sip.sdp import Direction, Encoding, MediaDescription, SessionDescription

SAMPLE_RATE_HZ = 8000
DEFAULT_PTIME_MS = 20
SHORTEST_PTIME_MS = 10
LONGEST_PTIME_MS = 60
LOWEST_PORT = 1024
NULL_ADDRESSES = frozenset({"0.0.0.0", "::"})

# Warning codes of RFC 3261 section 20.43.
WARN_ADDRESS_FORMAT = 301
WARN_PROTOCOL = 302
WARN_MEDIA_TYPE = 304
WARN_FORMAT = 305
WARN_ATTRIBUTE = 306


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalMedia:
    """Our end of a leg's sound: where the plane listens and what may be spoken, preferred codec first.

    `session_id` stands in o= for the life of the leg (positive, below 2^62).  `digits` offers
    telephone-event.  `key` is what we encrypt with, where `secrecy` allows it.
    """

    address: str
    port: int
    session_id: int
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    digits: bool = True
    secrecy: Secrecy = Secrecy.OFF
    key: str = field(default="", repr=False)

    def to_record(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "address": self.address,
            "port": self.port,
            "session_id": self.session_id,
            "codecs": list(self.codecs),
            "digits": self.digits,
            "secrecy": str(self.secrecy),
            "key": self.key,
        }

    @staticmethod
    def from_record(record: dict[str, Any]) -> "LocalMedia":
        """Return what `to_record` described."""
        secrecy = Secrecy(record.get("secrecy", "off"))
        return LocalMedia(**{**record, "codecs": tuple(record["codecs"]), "secrecy": secrecy})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The m= line taken (by index) and what it means for the plane."""

    index: int
    media: RemoteMedia
    crypto: CryptoLine | None = None


SECURE, PLAIN = "RTP/SAVP", "RTP/AVP"


def choose(
    remote: SessionDescription,
    local: LocalMedia,
    networks: tuple[str, ...],
    previous: RemoteMedia | None,
    *,
    offered: SessionDescription | None = None,
) -> Choice:
    """Take the first audio stream that fits; NotAcceptable with the reason that came closest.

    `networks` are the CIDR blocks that the peer's media may use.  `previous` is what held before: a stream on
    hold by c=0.0.0.0 keeps its address.  With `offered` the description is an answer and binds to our offer's
    line and types.
    """
    refusal = NotAcceptable("no audio stream", warn_code=WARN_MEDIA_TYPE)
    for index, media in enumerate(remote.media):
        if media.kind != "audio" or offered is not None and not offered.media[index].port:
            continue
        if media.port == 0:
            if offered is not None:
                refusal = NotAcceptable("audio was refused", warn_code=WARN_MEDIA_TYPE)
            continue
        offered_line = None if offered is None else offered.media[index]
        try:
            crypto = _secrecy(media, local, offered_line)
            taken = _taken(remote, media, local, networks, previous, offered_line)
        except NotAcceptable as fault:
            refusal = fault
            continue
        if crypto is not None:
            taken = replace(taken, suite=str(crypto.suite), receive_key=crypto.key, send_key=local.key)
        return Choice(index=index, media=taken, crypto=crypto)
    raise refusal


def _secrecy(
    media: MediaDescription, local: LocalMedia, offered: MediaDescription | None
) -> CryptoLine | None:
    """Return the key that a stream is encrypted with by its sender, None in the clear; never less than we want."""
    protocol = media.protocol.upper()
    if protocol not in (PLAIN, SECURE) or offered is not None and protocol != offered.protocol:
        raise NotAcceptable(f"no {media.protocol[:20]} here", warn_code=WARN_PROTOCOL)
    if protocol == PLAIN:
        if local.secrecy is Secrecy.REQUIRED:
            raise NotAcceptable("only encrypted sound (RTP/SAVP) here", warn_code=WARN_PROTOCOL)
        return None
    if local.secrecy is Secrecy.OFF:
        raise NotAcceptable(f"no {SECURE} here", warn_code=WARN_PROTOCOL)
    crypto = first_usable([value or "" for name, value in media.attributes if name == "crypto"])
    if crypto is None:
        raise NotAcceptable(f"crypto suites here: {', '.join(Suite)}", warn_code=WARN_ATTRIBUTE)
    if offered is not None and (crypto.tag, crypto.suite) not in [
        (line.tag, line.suite) for line in offered_lines(local.key)
    ]:
        raise NotAcceptable("a crypto line that was not offered", warn_code=WARN_ATTRIBUTE)
    return crypto


def _taken(
    remote: SessionDescription,
    media: MediaDescription,
    local: LocalMedia,
    networks: tuple[str, ...],
    previous: RemoteMedia | None,
    offered: MediaDescription | None,
) -> RemoteMedia:
    encodings = media.encodings
    allowed = set(local.codecs)
    if offered is not None:
        allowed &= {encoding.name for encoding in offered.encodings}
    codec = _first(encodings, allowed)
    if codec is None:
        raise NotAcceptable(f"codecs here: {', '.join(local.codecs)}", warn_code=WARN_FORMAT)
    takes_digits = (
        offered is None and local.digits or offered is not None and _has(offered, "TELEPHONE-EVENT")
    )
    digits = _first(encodings, {"TELEPHONE-EVENT"}) if takes_digits else None
    comfort_noise = _first(encodings, {"CN"}) if offered is None or _has(offered, "CN") else None
    direction = remote.direction_of(media)
    if offered is not None:
        # An answer cannot widen what we offered.
        ours = offered.direction or Direction.SENDRECV
        direction = Direction.of(
            sends=direction.sends and ours.receives, receives=direction.receives and ours.sends
        )
    address = remote.address_of(media)
    if address is None:
        raise NotAcceptable("no c= line for the audio stream")
    is_null = address in NULL_ADDRESSES
    port = media.port
    if is_null and previous is not None:
        address, port = previous.address, previous.port
    elif not is_null:
        address = _checked_address(address, port, local, networks)
    return RemoteMedia(
        address=address,
        port=port,
        codec=codec.name,
        payload_type=codec.payload_type,
        dtmf_payload_type=None if digits is None else digits.payload_type,
        comfort_noise_payload_type=None if comfort_noise is None else comfort_noise.payload_type,
        ptime_ms=_ptime(media),
        may_send=direction.receives and not is_null,
        may_receive=direction.sends,
        held=is_null or not direction.receives,
    )


def _first(encodings: tuple[Encoding, ...], names: set[str]) -> Encoding | None:
    return next(
        (found for found in encodings if found.name in names and found.clock_rate_hz == SAMPLE_RATE_HZ), None
    )


def _has(media: MediaDescription, name: str) -> bool:
    return _first(media.encodings, {name}) is not None


def _ptime(media: MediaDescription) -> int:
    """What we send: the packet time they want, no longer than they take, whole 10 ms from 10 to 60."""
    wanted = media.ptime_ms or DEFAULT_PTIME_MS
    longest = media.maxptime_ms or LONGEST_PTIME_MS
    whole = min(wanted, longest, LONGEST_PTIME_MS) // 10 * 10
    return max(whole, SHORTEST_PTIME_MS)


def _checked_address(text: str, port: int, local: LocalMedia, networks: tuple[str, ...]) -> str:
    """Return the address as the kernel writes it; refused is whatever is not the peer's, or not one host, or our own."""
    try:
        address = ip_address(text)
    except ValueError:
        raise NotAcceptable("the media address must be numeric") from None
    if address.is_multicast or address.is_unspecified or text == "255.255.255.255":
        raise NotAcceptable("the media address must be that of one host")
    if port < LOWEST_PORT:
        raise NotAcceptable(f"no media to port {port}")
    if not are_of_one_version(text, local.address):
        version = 6 if ":" in local.address else 4
        raise NotAcceptable(f"media here is IPv{version}", warn_code=WARN_ADDRESS_FORMAT)
    if (str(address), port) == (canonical(local.address), local.port):
        raise NotAcceptable("the media address is our own")
    if not any(address in network for network in _networks(networks)):
        raise NotAcceptable("the media address is outside the peer's networks")
    return str(address)


@lru_cache(maxsize=1024)
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple([ip_network(text, strict=False) for text in texts])
