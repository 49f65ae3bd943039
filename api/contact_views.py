"""Contacts of other media than voice, as the HTTP interface shows and takes them."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from acd.medium import Medium
from api.reach import Reach
from api.views import Page, WallTime

MEDIA = tuple(each.value for each in Medium if each is not Medium.VOICE)
STATES = ("waiting", "offered", "accepted", "completed", "cancelled", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """One contact.  `skills` (levels by name) and `route` are what it came with.  `position` is its place in the line, 1 for the next; `offered_to` the agents who are shown it now,
    `agent` the one who has it.  `allowed` names what can be done with it: `accept` and `decline` by those, `complete` by
    that one, `cancel` by whoever may.
    """

    contact_id: str
    medium: str
    queue: str
    level: int
    skills: dict[str, int]
    route: str
    address: str
    state: str
    position: int | None
    offered_to: tuple[str, ...]
    agent: str
    arrived_at: WallTime
    accepted_at: WallTime | None
    closed_at: WallTime | None
    allowed: tuple[str, ...]
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsQuery:
    """Which contacts; newest first."""

    state: str = field(default="", metadata={"doc": "状态 / state", "choices": ("", *STATES)})
    medium: str = field(default="", metadata={"doc": "媒体 / medium", "choices": ("", *MEDIA)})
    queue: str = field(default="", metadata={"doc": "队列 / queue", "most": 64})
    agent: str = field(
        default="", metadata={"doc": "手中或向其提示的坐席 / has it or is shown it", "most": 16}
    )
    cursor: str = field(
        default="", metadata={"doc": "上一页的 next_cursor / of the page before", "most": 512}
    )
    limit: int = field(
        default=100, metadata={"doc": "每页条数 / items of a page", "minimum": 1, "maximum": 500}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactBody:
    """A contact that an agent is wanted for; it needs a queue or a route."""

    medium: str = field(metadata={"doc": "媒体 / medium", "choices": MEDIA})
    queue: str = field(
        default="",
        metadata={"doc": "队列,空为路由点的队列 / queue, empty = that of the route", "most": 64},
    )
    route: str = field(
        default="",
        metadata={
            "doc": "路由点(标准形式的号码):其队列、级别、路由表、策略号、地区,如同来话 / route point, a number in its "
            "normal form: its queue, level, table, strategy and region, as for a call",
            "most": 32,
        },
    )
    skills: dict[str, Any] = field(
        default_factory=dict,
        metadata={
            "doc": '所需技能及级别,代替队列的 / skills that are needed and their levels, in place of the queue\'s: {"tax": 2}'
        },
    )
    agent: str = field(default="", metadata={"doc": "仅给此坐席 / for this agent alone", "most": 16})
    level: int = field(default=0, metadata={"doc": "级别 / level", "minimum": -1000, "maximum": 1000})
    address: str = field(
        default="", metadata={"doc": "客户地址:号码、邮箱、会话号 / the customer's address", "most": 256}
    )
    data: dict[str, Any] = field(default_factory=dict, metadata={"doc": "随路数据 / attached data"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChoice:
    """Which contact an agent means."""

    contact_id: str = field(metadata={"doc": "联系编号 / contact", "most": 64, "pattern": r"[A-Za-z0-9\-]+"})


class ContactsPort(Protocol):
    """Contacts that are open, and the last that are over."""

    async def list(self, query: ContactsQuery, reach: Reach) -> Page[ContactView]:
        """A page of contacts within reach, newest first; `Refused("bad_cursor")`."""
        ...

    async def get(self, contact_id: str, reach: Reach) -> ContactView:
        """One contact; `NotFound`."""
        ...

    async def queue(self, body: ContactBody, by: str) -> ContactView:
        """A contact came; `Refused`, `Conflict`."""
        ...

    async def cancel(self, contact_id: str, reach: Reach, by: str) -> ContactView:
        """It is not wanted any more; `NotFound`, `Conflict`."""
        ...

    async def accept(self, agent_id: str, contact_id: str) -> ContactView:
        """The agent takes it; `NotFound`, `Conflict`."""
        ...

    async def decline(self, agent_id: str, contact_id: str) -> ContactView:
        """The agent does not; `NotFound`, `Conflict`."""
        ...

    async def complete(self, agent_id: str, contact_id: str) -> ContactView:
        """The agent is done with it; `NotFound`, `Conflict`."""
        ...
