"""Cuts a byte stream into SIP messages (RFC 3261 section 18.3) and keep-alives (RFC 5626 section 3.5.1)."""

import re
from dataclasses import dataclass

from softswitch.sip.message import DEFAULT_LIMITS, MessageLimits

_length = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*(?:\r\n[ \t]+)*([^\r\n]*)", re.IGNORECASE)
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """A double CRLF between messages: the other side wants one CRLF back."""


@dataclass(frozen=True, slots=True)
class BrokenStream:
    """Where the next message begins can no longer be told: answer if possible, then close the connection.

    `head` is the header block at fault as far as it was read; `message.parse(head, stream=True)` raises with
    a partial request when an answer is possible.  `status` is what to answer.
    """

    reason: str
    status: int
    head: bytes


Frame = bytes | KeepAlive | BrokenStream


class StreamFramer:
    """Holds the unfinished tail of one connection; never more than one message of the largest size.

    Content-Length is judged before any of the body is kept.  After a `BrokenStream` everything is ignored.
    """

    __slots__ = ("_blank_lines", "_broken", "_buffer", "_limits", "_scanned", "_wanted")

    def __init__(self, limits: MessageLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._scanned = 0  # octets that hold no end of headers
        self._wanted = 0  # size of the whole message once its headers are read
        self._blank_lines = 0
        self._broken = False

    @property
    def is_broken(self) -> bool:
        """Whether the stream lost its boundaries."""
        return self._broken

    @property
    def pending_bytes(self) -> int:
        """Octets of an unfinished message that are held (0 between messages)."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """Take what was received, return what became complete, in order."""
        frames: list[Frame] = []
        if self._broken:
            return frames
        self._buffer += data
        while not self._broken:
            if not self._wanted:
                self._drop_blank_lines(frames)
                fault = self._read_head()
                if fault is not None:
                    self._broken = True
                    self._buffer.clear()
                    frames.append(fault)
                    break
            if not self._wanted or len(self._buffer) < self._wanted:
                break
            frames.append(bytes(self._buffer[: self._wanted]))
            del self._buffer[: self._wanted]
            self._scanned = self._wanted = 0
        return frames

    def _drop_blank_lines(self, frames: list[Frame]) -> None:
        at = 0
        while self._buffer.startswith(b"\r\n", at):
            at += 2
            self._blank_lines += 1
            if self._blank_lines == 2:
                frames.append(KeepAlive())
                self._blank_lines = 0
        if at:
            del self._buffer[:at]
            self._scanned = 0
        if self._buffer and self._buffer != b"\r":
            self._blank_lines = 0

    def _read_head(self) -> BrokenStream | None:
        """Find the end of the headers and set the size of the message."""
        buffer, limits = self._buffer, self._limits
        end = buffer.find(_END, max(0, self._scanned - 3))
        if end < 0:
            self._scanned = len(buffer)
            line_end = buffer.find(b"\r\n", 0, limits.start_line_bytes + 2)
            if line_end < 0 and len(buffer) > limits.start_line_bytes:
                return BrokenStream("start line is too long", 414, b"")
            if len(buffer) > limits.message_bytes:
                return BrokenStream("headers are too large", 513, b"")
            return None
        head = bytes(buffer[: end + 4])
        lengths = _length.findall(head)
        if len(lengths) != 1:
            reason = "Content-Length stands twice" if lengths else "a stream needs Content-Length"
            return BrokenStream(reason, 400, head)
        text = lengths[0].strip(b" \t")
        if not text.isdigit():
            return BrokenStream("bad Content-Length", 400, head)
        if len(text) > 10 or len(head) + int(text) > limits.message_bytes:
            return BrokenStream("message is too large", 513, head)
        self._wanted = len(head) + int(text)
        return None
