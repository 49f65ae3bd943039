"""What the SIP grammar and its pure machines refuse, named by who is at fault."""

from typing import Any


class MalformedMessage(Exception):
    """The other side sent text that is not SIP (RFC 3261 section 25), or more of it than we read.

    `status` is the answer it deserves (400, 413, 505, 513).  `partial` is the `Request` as far as it could be
    read when that is enough to send a response (a usable top Via), otherwise None: then silence is the
    answer.
    """

    def __init__(self, reason: str, status: int = 400, partial: Any = None) -> None:
        super().__init__(f"{status} {reason}")
        self.reason = reason
        self.status = status
        self.partial = partial


class MalformedSdp(Exception):
    """A session description that breaks RFC 8866 or our limits; `reason` goes into a Warning header."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAcceptable(Exception):
    """Nothing in an offer (or answer) fits: answered with `status` and the `warning` header value.

    `warning` is the complete value of a Warning header (RFC 3261 section 20.43).
    """

    def __init__(
        self, reason: str, *, warn_code: int = 399, status: int = 488, agent: str = "hotline"
    ) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        text = "".join([char if char.isprintable() else " " for char in reason])
        text = text.replace("\\", "\\\\").replace('"', '\\"')
        self.warning = f'{warn_code} {agent} "{text}"'
