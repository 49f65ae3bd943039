"""What the interface asks and shows of call lists (回访、外呼)."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from api.reach import Reach
from api.views import Page, WallTime

STATES = ("waiting", "shown", "calling", "reached", "given_up", "barred", "skipped")
_NAME = {"doc": "名称 / name", "most": 60, "pattern": r"\S(.*\S)?"}
_LIST_NAME = {"doc": "名单 / lists of numbers", "most": 80, "items_most": 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallListBody:
    """A call list: whom its answered calls go to, how and when its numbers are dialled."""

    name: str = field(metadata=_NAME)
    queue: str = field(metadata={"doc": "接听队列 / queue of those who answer", "most": 64, "pattern": r".+"})
    mode: str = field(
        default="preview",
        metadata={
            "doc": "预览(坐席点击)或渐进(系统自动) / by an agent's click, or by the system as agents are free",
            "choices": ("preview", "progressive"),
        },
    )
    tries_most: int = field(
        default=3, metadata={"doc": "最多拨打次数 / calls to one number", "minimum": 1, "maximum": 20}
    )
    window: str = field(
        default="09:00-20:00",
        metadata={
            "doc": "每日可拨时段 / when numbers may be called, local time",
            "pattern": r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)",
        },
    )
    hours: str = field(
        default="", metadata={"doc": "工作时间,空为不限 / opening hours, empty = any day", "most": 80}
    )
    do_not_call: tuple[str, ...] = field(default=("do_not_call",), metadata=_LIST_NAME)
    line: str = field(
        default="",
        metadata={
            "doc": "外显号码,空为热线号码 / number to present, empty: the hotline's",
            "pattern": r"\+?[0-9]{0,20}",
        },
    )
    ring_s: int = field(
        default=30, metadata={"doc": "振铃秒数 / rings so long", "minimum": 5, "maximum": 120}
    )
    retry_minutes: dict[str, Any] = field(
        default_factory=dict,
        metadata={
            "doc": "按结果重拨的分钟数,0 为不重拨 / minutes until the next try, by result; 0: none, absent: as usual"
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersBody:
    """Numbers for a list: a CSV text whose first line names the columns, `number` among them, or plain numbers."""

    csv: str = field(default="", metadata={"doc": "CSV 文本 / CSV text", "most": 4_000_000, "lines": True})
    numbers: tuple[str, ...] = field(
        default=(), metadata={"doc": "号码 / numbers", "most": 32, "items_most": 1000}
    )
    dry_run: bool = field(default=False, metadata={"doc": "仅检查 / only say what would be taken"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallListsQuery:
    """A page of lists, newest first; by default as many as there can be."""

    cursor: str = field(default="", metadata={"doc": "上一页的 next_cursor / of the page before", "most": 64})
    limit: int = field(
        default=200, metadata={"doc": "每页条数 / items of a page", "minimum": 1, "maximum": 500}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecordsQuery:
    """A page of a list's numbers, in order."""

    state: str = field(default="", metadata={"doc": "状态 / state", "choices": ("", *STATES)})
    cursor: str = field(
        default="", metadata={"doc": "上一页的 next_cursor / of the page before", "pattern": r"\d{0,9}"}
    )
    limit: int = field(
        default=100, metadata={"doc": "每页条数 / items of a page", "minimum": 1, "maximum": 500}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallListView:
    """A list and how far it has come.

    `states` counts its numbers by state, `results` by their last result.  `under_way` are calls that no agent has yet;
    `next_due_at` is when the next number may be called, null without one; `is_open` whether calls may be made now.
    """

    list_id: str
    name: str
    queue: str
    mode: str
    state: str
    tries_most: int
    window: str
    hours: str
    do_not_call: tuple[str, ...]
    line: str
    ring_s: int
    retry_minutes: dict[str, Any]
    created_at: WallTime
    total: int
    states: dict[str, Any]
    results: dict[str, Any]
    under_way: int
    next_due_at: WallTime | None
    is_open: bool
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecordView:
    """One number of a list.  `result` is that of the last call, null before one; `agent` looks at it or called last."""

    list_id: str
    record_id: str
    number: str
    data: dict[str, Any]
    state: str
    tries: int
    not_before: WallTime | None
    result: str | None
    call_id: str | None
    agent: str | None
    changed_at: WallTime


@dataclass(frozen=True, slots=True, kw_only=True)
class BadNumberView:
    """A line that cannot be used, the first is 1, and why."""

    line: int
    number: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersTakenView:
    """What became of numbers that were handed in; with a bad line nothing is taken.

    `barred` of the good ones stand on a do-not-call list now.
    """

    dry_run: bool
    taken: bool
    good: int
    barred: int
    bad_lines: tuple[BadNumberView, ...]


class CallListsPort(Protocol):
    """Call lists; each method raises `NotFound`, and `NotYours` for a list whose queue is out of reach."""

    async def list(self, query: CallListsQuery, reach: Reach) -> Page[CallListView]:
        """A page of those within reach, newest first."""
        ...

    async def get(self, list_id: str, reach: Reach) -> CallListView:
        """One list."""
        ...

    async def create(self, body: CallListBody, reach: Reach, by: str) -> CallListView:
        """Make one; `Refused` names what does not fit."""
        ...

    async def add(self, list_id: str, body: NumbersBody, reach: Reach, by: str) -> NumbersTakenView:
        """Take numbers, all or none; `Conflict` for a list that was stopped."""
        ...

    async def records(self, list_id: str, query: ListRecordsQuery, reach: Reach) -> Page[ListRecordView]:
        """A page of its numbers."""
        ...

    async def turn(self, list_id: str, state: str, reach: Reach, by: str) -> CallListView:
        """`running`, `paused` or `stopped` from now on; `Conflict` when it cannot come there."""
        ...

    async def remove(self, list_id: str, reach: Reach, by: str) -> None:
        """Forget a list with its numbers; `Conflict` for one that runs or is paused."""
        ...

    async def next(self, list_id: str, agent_id: str, reach: Reach) -> ListRecordView:
        """The record that the agent is to look at; `Conflict` while there is none, or the list does not run."""
        ...

    async def dial(self, list_id: str, record_id: str, agent_id: str, reach: Reach) -> ListRecordView:
        """Call the number that the agent looks at."""
        ...

    async def skip(
        self, list_id: str, record_id: str, agent_id: str, reach: Reach, *, for_good: bool
    ) -> ListRecordView:
        """Let the record go: for a while, or for good."""
        ...
