"""What the HTTP interface needs of the receivers of webhooks."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookView:
    """One receiver.  `seq` is the last journal entry that was tried, `newest_seq` the journal's last.

    `waiting` entries will be tried again, those in `given_up` (the newest 100) only when asked; `is_gone` when the
    receiver answered 410.
    """

    name: str
    url: str
    kinds: tuple[str, ...]
    seq: int
    newest_seq: int
    waiting: int
    given_up: tuple[int, ...]
    is_gone: bool
    last_fault: str


class WebhooksPort(Protocol):
    """The receivers."""

    async def list(self) -> tuple[WebhookView, ...]:
        """Every one."""
        ...

    async def replay(self, name: str, since: float | None) -> WebhookView:
        """Send again; `NotFound`."""
        ...
