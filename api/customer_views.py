"""Customers as the HTTP interface takes and shows them, and what it needs for that."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from api.views import Page, WallTime

LEVELS = 1000
_REASON = {"doc": "原因 / why", "most": 200}
_CURSOR = {"doc": "上一页的 next_cursor / of the page before", "most": 32}
_LIMIT = {"doc": "每页条数 / items of a page", "minimum": 1, "maximum": 500}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """A customer.  `version` is that of the table in which they changed last, and their ETag.

    `numbers` are in normal form; the `level` is added to that of their calls; `fields` are those of the hotline.
    """

    customer_id: int
    version: int
    changed_at: WallTime
    changed_by: str
    name: str
    numbers: tuple[str, ...]
    level: int
    address: str
    unit: str
    notes: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerVersionView:
    """What a customer was from `at` on; `customer` is null where they were removed."""

    version: int
    at: WallTime
    by: str
    reason: str
    customer: CustomerView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChangeView:
    """One change of the table: who made it, when, why, and how many customers it touched."""

    version: int
    at: WallTime
    by: str
    reason: str
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCellView:
    """A cell of a file that cannot be used; lines count from 1.  `column` is empty when the whole line is at fault."""

    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersImportView:
    """What a file of customers changed, or with `dry_run` would change; with a bad cell nothing is changed."""

    dry_run: bool
    taken: bool
    version: int
    made: int
    changed: int
    unchanged: int
    bad_cells: tuple[BadCellView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersQuery:
    """Which customers; by id."""

    number: str = field(default="", metadata={"doc": "号码,任何写法 / number, however written", "most": 64})
    name: str = field(default="", metadata={"doc": "姓名的一部分 / part of the name", "most": 60})
    cursor: str = field(default="", metadata=_CURSOR)
    limit: int = field(default=100, metadata=_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesQuery:
    """A page of changes, newest first."""

    cursor: str = field(default="", metadata=_CURSOR)
    limit: int = field(default=100, metadata=_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBody:
    """What a customer is to be."""

    numbers: tuple[str, ...] = field(
        metadata={"doc": "号码,任何写法 / numbers, however written", "most": 64, "items_most": 10}
    )
    name: str = field(default="", metadata={"doc": "姓名 / name", "most": 60})
    level: int = field(
        default=0,
        metadata={
            "doc": "级别,加在来话级别上 / added to the level of their calls",
            "minimum": -LEVELS,
            "maximum": LEVELS,
        },
    )
    address: str = field(default="", metadata={"doc": "地址 / address", "most": 200, "lines": True})
    unit: str = field(default="", metadata={"doc": "单位 / organisation", "most": 100})
    notes: str = field(default="", metadata={"doc": "备注 / notes", "most": 1000, "lines": True})
    fields: dict[str, Any] = field(
        default_factory=dict, metadata={"doc": "自定义字段,文本 / fields of the hotline, texts"}
    )
    reason: str = field(default="", metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRestoreBody:
    """Make a customer what they were with a version."""

    version: int = field(metadata={"doc": "版本 / version", "minimum": 1, "maximum": 10**15})
    reason: str = field(default="", metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoBody:
    """Take a change back."""

    reason: str = field(default="", metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersImportQuery:
    """How a file is taken."""

    dry_run: bool = field(default=False, metadata={"doc": "仅检查 / only say what would change"})
    reason: str = field(default="", metadata=_REASON)


class CustomersPort(Protocol):
    """The table of customers.  `expected` is the version of a customer that a change was made of: else `Outdated`.

    What cannot be is refused with `InvalidRequest`, which names every fault; nothing is changed then.
    """

    async def list(self, query: CustomersQuery) -> Page[CustomerView]:
        """A page of customers, by id; `Refused("bad_cursor")`."""
        ...

    async def get(self, customer_id: int) -> CustomerView:
        """One customer; `NotFound`."""
        ...

    async def of_number(self, number: str) -> CustomerView | None:
        """Whose a number is, however it is written; None for nobody's."""
        ...

    async def make(self, body: CustomerBody, *, by: str) -> CustomerView:
        """Somebody new."""
        ...

    async def put(
        self, customer_id: int, body: CustomerBody, *, expected: int | None, by: str
    ) -> CustomerView:
        """Replace what is known of somebody; `NotFound`."""
        ...

    async def remove(self, customer_id: int, *, expected: int | None, by: str) -> None:
        """Remove somebody; `NotFound`."""
        ...

    async def versions(self, customer_id: int, query: ChangesQuery) -> Page[CustomerVersionView]:
        """What somebody was, newest first; `NotFound`."""
        ...

    async def restore(
        self, customer_id: int, version: int, *, expected: int | None, by: str, reason: str
    ) -> CustomerView:
        """Make somebody what they were with a version, who may have been removed since; `NotFound`."""
        ...

    async def changes(self, query: ChangesQuery) -> Page[CustomerChangeView]:
        """Changes of the table, newest first."""
        ...

    async def undo(self, version: int, *, by: str, reason: str) -> CustomerChangeView:
        """Take one change back; `NotFound`, `Outdated` when somebody it touched has changed since."""
        ...

    async def load(
        self, file: bytes, *, dry_run: bool, expected: int | None, by: str, reason: str
    ) -> CustomersImportView:
        """Take a CSV file, or only say what it would do; `expected` is the version of the table, None for whatever it is."""
        ...

    def export(self) -> AsyncIterator[str]:
        """All customers as CSV, piece by piece."""
        ...
