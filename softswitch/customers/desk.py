"""The table of customers and the one door through which it changes.  Implements `api.customer_views.CustomersPort`.

A change is checked against everybody else's numbers, written down, and known to the calls once it is on the disk.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog

from api.customer_views import (
    BadCellView,
    ChangesQuery,
    CustomerBody,
    CustomerChangeView,
    CustomersImportView,
    CustomersQuery,
    CustomerVersionView,
    CustomerView,
)
from api.faults import NotFound, Outdated, Refused
from api.schemas import FieldFault, InvalidRequest
from api.views import Page, WallTime
from softswitch.calls.numbers import normalise
from softswitch.csv_text import decoded, written
from softswitch.customers.customer import (
    Customer,
    CustomerField,
    from_data,
    normalised,
    to_data,
    wrongs_of,
)
from softswitch.customers.customer_file import Known, Plan, Row, head, line_of, numbers_in, plan, read_rows
from softswitch.customers.enclosed import Replacement, enclosed, replacement
from softswitch.store.customers import StoredCustomer, StoredCustomers
from softswitch.store.entries import CustomersChanged
from softswitch.store.pages import page_of
from softswitch.store.writer import Store

log = structlog.get_logger(__name__)

_EXPORTED_AT_ONCE = 200
Changes = Mapping[int, Customer | None]
"""Customers as they are to be by their ids; None for one who is to go."""


class CustomerDesk:
    """All customers of the node."""

    def __init__(
        self,
        store: Store,
        stored: StoredCustomers,
        fields: Callable[[], tuple[CustomerField, ...]],
        *,
        area_code: str,
        wall: Callable[[], float],
    ) -> None:
        """`fields` are the hotline's own columns as they stand.  `publish`, set later, tells the live stream."""
        self._store = store
        self._stored = stored
        self._fields = fields
        self._area_code = area_code
        self._wall = wall
        self._levels: dict[str, int] = {}
        self._version = self._last_id = 0
        self.publish: Callable[[str, dict[str, Any]], object] = lambda kind, fields: None
        self._door = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Read who has a level; a call must not wait for the disk."""
        self._version, self._last_id = await self._stored.newest()
        self._levels = await self._stored.levels()

    @property
    def version(self) -> int:
        """The number of the last change of the table; 0 for none yet."""
        return self._version

    def level_of(self, number: str) -> int:
        """The level of whom a number in normal form belongs to, 0 for nobody in particular."""
        return self._levels.get(number, 0)

    # ---- reading ---------------------------------------------------------------------------------

    async def list(self, query: CustomersQuery) -> Page[CustomerView]:
        """A page of customers, by id."""
        number = normalise(query.number, self._area_code) if query.number else ""
        above = _number(query.cursor) if query.cursor else 0
        found = await self._stored.some(number, query.name, above, query.limit + 1)
        return page_of([_view(row) for row in found], query.limit, lambda last: str(last.customer_id))

    async def get(self, customer_id: int) -> CustomerView:
        """One customer; `NotFound`."""
        return _view(await self._need(customer_id))

    async def of_number(self, number: str) -> CustomerView | None:
        """Whose a number is, however it is written."""
        found = await self._stored.some(normalise(number, self._area_code), "", 0, 1) if number else []
        return _view(found[0]) if found else None

    async def versions(self, customer_id: int, query: ChangesQuery) -> Page[CustomerVersionView]:
        """What somebody was, newest first."""
        below = _number(query.cursor) if query.cursor else None
        found = await self._stored.versions_of(customer_id, below, query.limit + 1)
        if not found and below is None:
            raise NotFound("customer", str(customer_id))
        versions = [
            CustomerVersionView(
                version=row.version,
                at=WallTime(row.changed_at),
                by=row.changed_by,
                reason=row.reason,
                customer=None if row.data is None else _view(row),
            )
            for row in found
        ]
        return page_of(versions, query.limit, lambda last: str(last.version))

    async def changes(self, query: ChangesQuery) -> Page[CustomerChangeView]:
        """Changes of the table, newest first."""
        below = _number(query.cursor) if query.cursor else None
        found = await self._stored.changes(below, query.limit + 1)
        changes = [CustomerChangeView(**row) for row in found]
        return page_of(changes, query.limit, lambda last: str(last.version))

    async def export(self) -> AsyncIterator[str]:
        """All customers as CSV."""
        fields = self._fields()
        yield written([head(fields)])
        above = 0
        while found := await self._stored.some("", "", above, _EXPORTED_AT_ONCE):
            lines = [line_of(row.customer_id, from_data(row.data or {}), fields) for row in found]
            text = await asyncio.to_thread(written, lines)
            yield text.removeprefix("\ufeff")
            above = found[-1].customer_id

    # ---- as a part of the business file ------------------------------------------------------------

    async def enclosed(self) -> str:
        """All customers as that part; nobody changes one meanwhile."""
        async with self._door:
            present = await self._all()
            return await asyncio.to_thread(enclosed, present, self._fields())

    @asynccontextmanager
    async def replacing(
        self, text: Any, fields: Iterable[CustomerField], expected: int | None
    ) -> AsyncIterator[Replacement]:
        """What a part would make of the table, which changes for nobody else until it is left.

        `fields` are the columns that go with it.  `expected` is the version of the table, None for whatever it is.
        """
        async with self._door:
            if expected not in (None, self._version):
                raise Outdated("customers_changed", str(self._version))
            present = await self._all()
            yield await asyncio.to_thread(
                lambda: replacement(
                    text, present, fields, area_code=self._area_code, next_id=self._last_id + 1
                )
            )

    @asynccontextmanager
    async def holders(self, fields: Collection[str]) -> AsyncIterator[dict[str, int]]:
        """How many customers have a value in each of these fields, if anybody has; nobody gets one until it is left."""
        async with self._door:
            yield await self._stored.holders(fields)

    async def ready(self, found: Replacement, by: str, reason: str) -> Callable[[], Awaitable[None]]:
        """Make ready, within `replacing`; what it gives records the change beside an entry that was just recorded.

        Both are on the disk together.  To be awaited, to wait for that and know the customers.
        """
        changes = found.changes
        text = await asyncio.to_thread(_to_text, changes)
        before = await self._stored.by_ids(changes)

        def record() -> Awaitable[None]:
            entry = self._entry(text, by, reason)
            self._store.record(entry, joined=True)
            return self._taken(entry, before, changes)

        return record

    async def _all(self) -> dict[int, Customer]:
        present: dict[int, Customer] = {}
        above = 0
        while found := await self._stored.some("", "", above, _EXPORTED_AT_ONCE):
            present |= {row.customer_id: from_data(row.data or {}) for row in found}
            above = found[-1].customer_id
        return present

    # ---- changing ----------------------------------------------------------------------------------

    async def make(self, body: CustomerBody, *, by: str) -> CustomerView:
        """Somebody new."""
        async with self._door:
            customer_id = self._last_id + 1
            await self._change({customer_id: _customer(body)}, by, body.reason)
            return await self.get(customer_id)

    async def put(
        self, customer_id: int, body: CustomerBody, *, expected: int | None, by: str
    ) -> CustomerView:
        """Replace what is known of somebody."""
        async with self._door:
            self._expect(await self._need(customer_id), expected)
            await self._change({customer_id: _customer(body)}, by, body.reason)
            return await self.get(customer_id)

    async def remove(self, customer_id: int, *, expected: int | None, by: str) -> None:
        """Remove somebody; what they were stays in the history."""
        async with self._door:
            self._expect(await self._need(customer_id), expected)
            await self._change({customer_id: None}, by, "")

    async def restore(
        self, customer_id: int, version: int, *, expected: int | None, by: str, reason: str
    ) -> CustomerView:
        """Make somebody what they were with a version."""
        async with self._door:
            found = await self._stored.versions_of(customer_id, version + 1, 1)
            if not found or found[0].version != version or found[0].data is None:
                raise NotFound("version", f"{customer_id}/{version}")
            now = (await self._stored.by_ids([customer_id])).get(customer_id)
            if now is not None:
                self._expect(now, expected)
            await self._change({customer_id: from_data(found[0].data)}, by, reason or f"restore {version}")
            return await self.get(customer_id)

    async def undo(self, version: int, *, by: str, reason: str) -> CustomerChangeView:
        """Take one change back."""
        async with self._door:
            touched = await self._stored.before(version)
            if not touched:
                raise NotFound("version", str(version))
            present = await self._stored.by_ids([row.customer_id for row, _ in touched])
            for row, _ in touched:
                now = present.get(row.customer_id)
                if (row.data is None) != (now is None) or (now is not None and now.version != version):
                    raise Outdated("customer_changed", "" if now is None else str(now.version))
            back = {row.customer_id: None if was is None else from_data(was) for row, was in touched}
            await self._change(back, by, reason or f"undo {version}")
            [done] = await self._stored.changes(None, 1)
            return CustomerChangeView(**done)

    async def load(
        self, file: bytes, *, dry_run: bool, expected: int | None, by: str, reason: str
    ) -> CustomersImportView:
        """Take a CSV file whole, or not at all; `expected` is the version of the table, None for whatever it is."""
        fields = self._fields()
        async with self._door:
            if expected not in (None, self._version):
                raise Outdated("customers_changed", str(self._version))
            # In threads: thousands of lines must not hold up a call.
            rows, bad = await asyncio.to_thread(lambda: read_rows(decoded(file), fields))
            known = await self._known(rows)
            made: Plan = await asyncio.to_thread(
                lambda: plan(rows, known, fields, area_code=self._area_code, next_id=self._last_id + 1)
            )
            cells = (*bad, *made.bad)
            changes = {
                key: customer for key, customer in made.after.items() if known.customers.get(key) != customer
            }
            taken = not dry_run and not cells and bool(changes)
            if taken:
                await self._commit(changes, by, reason or "import")
        return CustomersImportView(
            dry_run=dry_run,
            taken=taken,
            version=self._version,
            made=made.made,
            changed=made.changed,
            unchanged=made.unchanged,
            bad_cells=tuple(
                BadCellView(line=cell.line, column=cell.column, value=cell.value, reason=cell.reason)
                for cell in sorted(cells, key=lambda cell: cell.line)
            ),
        )

    async def _known(self, rows: Sequence[Row]) -> Known:
        numbers = {
            normalise(number, self._area_code) for row in rows for number in numbers_in(row.cells["numbers"])
        }
        owners = await self._stored.owners(numbers)
        named = {row.cells.get("customer_id", "") for row in rows}
        ids = {int(key) for key in named if key.isascii() and key.isdigit() and len(key) < 16}
        found = await self._stored.by_ids(ids | set(owners.values()))
        return Known(customers={key: from_data(row.data or {}) for key, row in found.items()}, owners=owners)

    async def _change(self, changes: Changes, by: str, reason: str) -> None:
        """Check the customers, and that nobody has another one's number; then commit.  `InvalidRequest`."""
        fields = self._fields()
        after, faults = await asyncio.to_thread(_looked_at, changes, fields, self._area_code)
        held = {number: key for key, customer in after.items() if customer for number in customer.numbers}
        owners = await self._stored.owners(held)
        faults += [
            FieldFault(
                field="numbers",
                code="not_allowed",
                detail=f"{number} 号码已属客户 {owner} / the number belongs to customer {owner} already",
            )
            for number, owner in owners.items()
            if owner != held[number] and owner not in after
        ]
        if faults:
            raise InvalidRequest(tuple(faults))
        await self._commit(after, by, reason)

    async def _commit(self, changes: Changes, by: str, reason: str) -> None:
        """Write down, wait for the disk, know.  Once it is recorded nothing stops it half-way."""
        text = await asyncio.to_thread(_to_text, changes)
        before = await self._stored.by_ids(changes)
        entry = self._entry(text, by, reason)
        self._store.record(entry)
        task = asyncio.get_running_loop().create_task(self._taken(entry, before, changes))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    def _entry(self, text: str, by: str, reason: str) -> CustomersChanged:
        return CustomersChanged(
            at=self._wall(), version=self._version + 1, by=by, reason=reason, changes=text
        )

    async def _taken(
        self, entry: CustomersChanged, before: Mapping[int, StoredCustomer], changes: Changes
    ) -> None:
        await self._store.committed()
        self._version = entry.version
        self._last_id = max(self._last_id, *changes)
        for row in before.values():
            for number in (row.data or {}).get("numbers", ()):
                self._levels.pop(number, None)
        for customer in changes.values():
            if customer is not None and customer.level:
                self._levels |= dict.fromkeys(customer.numbers, customer.level)
        told = {"version": entry.version, "by": entry.by, "reason": entry.reason}
        self.publish("customers.changed", told)
        log.info("customers.changed", version=entry.version, by=entry.by, customers=len(changes))

    async def _need(self, customer_id: int) -> StoredCustomer:
        found = (await self._stored.by_ids([customer_id])).get(customer_id)
        if found is None:
            raise NotFound("customer", str(customer_id))
        return found

    @staticmethod
    def _expect(row: StoredCustomer, expected: int | None) -> None:
        """Two who change the same customer: the second one is told, and overwrites nothing."""
        if row.version != expected:
            raise Outdated("customer_changed", str(row.version))


def _customer(body: CustomerBody) -> Customer:
    wrong = [key for key, value in body.fields.items() if not isinstance(value, str)]
    if wrong:
        detail = "应为文本 / expected a text"
        raise InvalidRequest(
            tuple(FieldFault(field=f"fields.{key}"[:64], code="wrong_type", detail=detail) for key in wrong)
        )
    return Customer(
        name=body.name.strip(),
        numbers=body.numbers,
        level=body.level,
        address=body.address,
        unit=body.unit,
        notes=body.notes,
        fields={key: value for key, value in body.fields.items() if value},
    )


def _looked_at(
    changes: Changes, fields: tuple[CustomerField, ...], area_code: str
) -> tuple[dict[int, Customer | None], list[FieldFault]]:
    """The customers with numbers in their normal form, and all that is wrong with them."""
    after = {
        key: None if customer is None else normalised(customer, area_code)
        for key, customer in changes.items()
    }
    faults = [
        FieldFault(field=wrong.column, code="not_allowed", detail=f"{wrong.value} {wrong.reason}".strip())
        for customer in after.values()
        if customer is not None
        for wrong in wrongs_of(customer, fields)
    ]
    return after, faults


def _to_text(changes: Changes) -> str:
    rows = [[key, None if customer is None else to_data(customer)] for key, customer in changes.items()]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Refused("bad_cursor", "游标无效 / the cursor is not one of ours")
    return int(text)


def _view(row: StoredCustomer) -> CustomerView:
    data: dict[str, Any] = to_data(from_data(row.data or {}))
    return CustomerView(
        customer_id=row.customer_id,
        version=row.version,
        changed_at=WallTime(row.changed_at),
        changed_by=row.changed_by,
        **data,
    )
