"""Session descriptions (RFC 8866): what an offer or answer says about sound, and how ours is written.

Reading is bounded before it is thorough: lines, media, formats and attributes are counted, payload types and
packet times checked, so that nothing downstream meets a number it cannot hold.  Lines that mean nothing to a
telephone call (b=, i=, u=, k= …) are passed over.
"""

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum

from softswitch.sip.errors import MalformedSdp

MOST_BYTES = 8_192
MOST_MEDIA = 16
MOST_FORMATS = 32
MOST_ATTRIBUTES = 64
MOST_CRYPTO = 8
SHORTEST_PTIME_MS = 10
LONGEST_PTIME_MS = 120

_control = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]").search
_line = re.compile(r"[a-z]=").match
_media = re.compile(
    r"([a-z0-9.\-]+) +([0-9]{1,5})(?:/([0-9]{1,3}))? +([A-Za-z0-9/.\-]+) +(.+)", re.IGNORECASE
).fullmatch
_connection = re.compile(r"IN +(IP4|IP6) +([A-Za-z0-9.:\-]+)", re.IGNORECASE).fullmatch
_rtpmap = re.compile(r"([0-9]{1,3}) +([A-Za-z0-9.\-_+]+)/([0-9]{1,6})(?:/([0-9]{1,2}))?").fullmatch
_fmtp = re.compile(r"([0-9]{1,3}) +(.*)").fullmatch
_number = re.compile(r"[0-9]{1,20}").fullmatch


class Direction(StrEnum):
    """Which way media flows, seen from who writes the description (RFC 8866 section 6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """Whether the writer sends."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the writer wants to receive."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    @staticmethod
    def of(*, sends: bool, receives: bool) -> "Direction":
        """Return the direction of a writer that sends and receives or not."""
        if sends:
            return Direction.SENDRECV if receives else Direction.SENDONLY
        return Direction.RECVONLY if receives else Direction.INACTIVE


_DIRECTIONS = frozenset(Direction)
_STATIC = {0: ("PCMU", 8000), 8: ("PCMA", 8000), 13: ("CN", 8000), 9: ("G722", 8000), 18: ("G729", 8000)}

Attribute = tuple[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The o= line.  Numbers of up to 20 digits; the version rises by one with every change."""

    username: str = "-"
    session_id: int
    version: int
    address: str

    def __str__(self) -> str:
        return f"{self.username} {self.session_id} {self.version} {connection_text(self.address)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """What a payload type stands for: its name in upper case, its clock rate in Hz and the fmtp text."""

    payload_type: int
    name: str
    clock_rate_hz: int
    parameters: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDescription:
    """One m= line with what belongs to it.

    `protocol` stands as it was written.  `connection` is its own c= address, None where the session's counts.
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    connection: str | None = None
    attributes: tuple[Attribute, ...] = ()

    def attribute(self, name: str) -> str | None:
        """Return the value of the first attribute of a name; None when absent or without a value."""
        return next((value for key, value in self.attributes if key == name), None)

    @property
    def encodings(self) -> tuple[Encoding, ...]:
        """The formats in order of preference; static types need no rtpmap (RFC 3551 section 6)."""
        named: dict[int, tuple[str, int]] = {}
        parameters: dict[int, str] = {}
        for key, value in self.attributes:
            if value is None:
                continue
            if key == "rtpmap" and (match := _rtpmap(value)):
                name = match[2].upper()
                named[int(match[1])] = (name, int(match[3]))
            elif key == "fmtp" and (match := _fmtp(value)):
                parameters[int(match[1])] = match[2]
        found: list[Encoding] = []
        for text in self.formats:
            payload_type = int(text) if text.isascii() and text.isdigit() else -1
            known = named.get(payload_type) or _STATIC.get(payload_type)
            if known is not None:
                found.append(
                    Encoding(
                        payload_type=payload_type,
                        name=known[0],
                        clock_rate_hz=known[1],
                        parameters=parameters.get(payload_type),
                    )
                )
        return tuple(found)

    @property
    def direction(self) -> Direction | None:
        """The direction written here, None when the session's counts."""
        return _direction(self.attributes)

    @property
    def ptime_ms(self) -> int | None:
        """The packet time the writer wants, in ms (10 to 120)."""
        return _milliseconds(self.attribute("ptime"))

    @property
    def maxptime_ms(self) -> int | None:
        """The longest packet the writer takes, in ms."""
        return _milliseconds(self.attribute("maxptime"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDescription:
    """A whole description.  `connection` is the session's c= address as text, None without one."""

    origin: Origin
    name: str = "-"
    connection: str | None = None
    attributes: tuple[Attribute, ...] = ()
    media: tuple[MediaDescription, ...] = field(default=())

    @staticmethod
    def parse(data: bytes) -> "SessionDescription":
        """Parse a body; MalformedSdp when it breaks the grammar or our limits."""
        return _Reader(data).read()

    def address_of(self, media: MediaDescription) -> str | None:
        """Return where a stream wants its packets: its own c= or the session's."""
        return media.connection or self.connection

    def direction_of(self, media: MediaDescription) -> Direction:
        """Return the direction of a stream: its own, the session's, else sendrecv."""
        return media.direction or _direction(self.attributes) or Direction.SENDRECV

    def with_version(self, version: int) -> "SessionDescription":
        """Return the description with another o= version."""
        return replace(self, origin=replace(self.origin, version=version))

    def serialise(self) -> bytes:
        """Write the description as a message body."""
        lines = ["v=0", f"o={self.origin}", f"s={self.name or '-'}"]
        if self.connection is not None:
            lines.append(f"c={connection_text(self.connection)}")
        lines.append("t=0 0")
        lines += [_attribute_line(attribute) for attribute in self.attributes]
        for media in self.media:
            lines.append(f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}")
            if media.connection is not None:
                lines.append(f"c={connection_text(media.connection)}")
            lines += [_attribute_line(attribute) for attribute in media.attributes]
        return ("\r\n".join(lines) + "\r\n").encode("utf-8", "surrogateescape")


def connection_text(address: str) -> str:
    """Write an address as c= and o= want it."""
    return f"IN {'IP6' if ':' in address else 'IP4'} {address}"


def _attribute_line(attribute: Attribute) -> str:
    name, value = attribute
    return f"a={name}" if value is None else f"a={name}:{value}"


def _direction(attributes: tuple[Attribute, ...]) -> Direction | None:
    return next(
        (Direction(name) for name, value in attributes if value is None and name in _DIRECTIONS), None
    )


def _milliseconds(text: str | None) -> int | None:
    match = re.match(r"[0-9]{1,4}", text.strip()) if text else None
    return int(match[0]) if match else None


class _Reader:
    """Reads one body line by line into the parts of a description."""

    def __init__(self, data: bytes) -> None:
        if len(data) > MOST_BYTES:
            raise MalformedSdp("description is too large")
        text = data.decode("utf-8", "surrogateescape")
        if _control(text) is not None:
            raise MalformedSdp("control character in description")
        self._lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
        self._origin: Origin | None = None
        self._name = ""
        self._connection: str | None = None
        self._attributes: list[Attribute] = []
        self._media: list[MediaDescription] = []
        self._media_connection: str | None = None
        self._media_attributes: list[Attribute] = []

    def read(self) -> SessionDescription:
        """Return the description."""
        if not self._lines or self._lines[0].rstrip() != "v=0":
            raise MalformedSdp("description does not begin with v=0")
        for line in self._lines[1:]:
            if _line(line) is None or "\r" in line:
                raise MalformedSdp(f"bad line {line[:40]!r}")
            self._take(line[0], line[2:].strip())
        self._close_media()
        if self._origin is None:
            raise MalformedSdp("no o= line")
        return SessionDescription(
            origin=self._origin,
            name=self._name,
            connection=self._connection,
            attributes=tuple(self._attributes),
            media=tuple(self._media),
        )

    def _take(self, kind: str, value: str) -> None:
        if kind == "o" and not self._media:
            if self._origin is not None:
                raise MalformedSdp("o= stands twice")
            self._origin = _origin(value)
        elif kind == "s" and not self._media:
            self._name = value
        elif kind == "c":
            address = _address(value)
            if self._media:
                self._media_connection = self._media_connection or address
            else:
                self._connection = self._connection or address
        elif kind == "a":
            self._take_attribute(value)
        elif kind == "m":
            self._close_media()
            if len(self._media) == MOST_MEDIA:
                raise MalformedSdp(f"more than {MOST_MEDIA} m= lines")
            self._media.append(_media_line(value))

    def _take_attribute(self, text: str) -> None:
        attributes = self._media_attributes if self._media else self._attributes
        if len(attributes) == MOST_ATTRIBUTES:
            raise MalformedSdp(f"more than {MOST_ATTRIBUTES} attributes")
        name, colon, value = text.partition(":")
        name = name.strip().lower()
        value = value.strip()
        if name == "ptime":
            milliseconds = _milliseconds(value)
            if milliseconds is None or not SHORTEST_PTIME_MS <= milliseconds <= LONGEST_PTIME_MS:
                raise MalformedSdp(f"ptime {value[:20]!r} is not from 10 to 120")
        elif name in ("rtpmap", "fmtp"):
            number = value.partition(" ")[0]
            if number.isascii() and number.isdigit() and (len(number) > 3 or int(number) > 127):
                raise MalformedSdp(f"payload type {number[:10]} is above 127")
        elif name == "crypto" and sum(key == "crypto" for key, _ in attributes) == MOST_CRYPTO:
            raise MalformedSdp(f"more than {MOST_CRYPTO} crypto attributes")
        attributes.append((name, value if colon else None))

    def _close_media(self) -> None:
        if self._media:
            self._media[-1] = replace(
                self._media[-1],
                connection=self._media_connection,
                attributes=tuple(self._media_attributes),
            )
        self._media_connection = None
        self._media_attributes = []


def _origin(value: str) -> Origin:
    parts = value.split()
    if len(parts) != 6 or not _number(parts[1]) or not _number(parts[2]) or parts[3].upper() != "IN":
        raise MalformedSdp(f"bad o= line {value[:60]!r}")
    return Origin(username=parts[0], session_id=int(parts[1]), version=int(parts[2]), address=parts[5])


def _address(value: str) -> str:
    match = _connection(value)
    if match is None:
        raise MalformedSdp(f"bad c= line {value[:60]!r}")
    return match[2]


def _media_line(value: str) -> MediaDescription:
    match = _media(value)
    if match is None or int(match[2]) > 65535:
        raise MalformedSdp(f"bad m= line {value[:60]!r}")
    formats = tuple(match[5].split())
    if len(formats) > MOST_FORMATS:
        raise MalformedSdp(f"more than {MOST_FORMATS} formats in one m= line")
    protocol = match[4]
    if protocol.upper().startswith("RTP/"):
        for text in formats:
            if not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) > 127:
                raise MalformedSdp(f"bad payload type {text[:10]!r}")
    return MediaDescription(kind=match[1].lower(), port=int(match[2]), protocol=protocol, formats=formats)
