"""Callbacks (回呼), as the HTTP interface shows and asks for them."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from api.reach import Reach
from api.views import Page, WallTime

STATES = ("waiting", "paused", "calling", "done", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackView:
    """One callback.  `arrived_at` is its place in the line, `position` 1 for the next; `due_at`: not before.

    `origin` is the call in which it was asked for, `call_id` the last one in which it was tried, `cause` why that came to
    nothing (or why it is paused).
    """

    callback_id: str
    number: str
    queue: str
    state: str
    requested_at: WallTime
    arrived_at: WallTime
    position: int | None
    tries: int
    due_at: WallTime | None
    agent: str
    cause: str
    origin: str
    call_id: str
    closed_at: WallTime | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbacksQuery:
    """Which callbacks; newest first."""

    state: str = field(default="", metadata={"doc": "状态 / state", "choices": ("", *STATES)})
    queue: str = field(default="", metadata={"doc": "队列 / queue", "most": 64})
    number: str = field(default="", metadata={"doc": "号码(标准形式) / number in normal form", "most": 64})
    cursor: str = field(
        default="", metadata={"doc": "上一页的 next_cursor / of the page before", "most": 512}
    )
    limit: int = field(
        default=100, metadata={"doc": "每页条数 / items of a page", "minimum": 1, "maximum": 500}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackBody:
    """Call this number back as soon as it is its turn."""

    number: str = field(metadata={"doc": "号码 / number", "most": 32, "pattern": r"\+?[0-9]{2,20}"})
    queue: str = field(metadata={"doc": "队列 / queue", "most": 64, "pattern": r".+"})
    level: int = field(
        default=0, metadata={"doc": "级别 / level in the line", "minimum": -1000, "maximum": 1000}
    )
    data: dict[str, Any] = field(default_factory=dict, metadata={"doc": "随路数据 / attached data"})


class CallbacksPort(Protocol):
    """Callbacks that are open, and those that are over."""

    async def list(self, query: CallbacksQuery, reach: Reach) -> Page[CallbackView]:
        """A page of callbacks of the queues within reach, newest first; `Refused("bad_cursor")`."""
        ...

    async def get(self, callback_id: str, reach: Reach) -> CallbackView:
        """One callback; `NotFound`."""
        ...

    async def ask(self, body: CallbackBody, reach: Reach, by: str) -> CallbackView:
        """Ask for one; that of the same number and queue where it is open.  `Refused`, `Denied`, `Conflict`."""
        ...

    async def cancel(self, callback_id: str, reach: Reach, by: str) -> CallbackView:
        """The customer is not to be called any more; `NotFound`, `Conflict`."""
        ...
