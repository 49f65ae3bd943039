"""The business as it stands, and the one door through which it changes.  Implements `api.ports.BusinessPort`.

A change is validated with everything else, written down, and only when it is on the disk taken by the running system:
a reader never sees a version that a crash could take back, and never a part of one.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import structlog

from api.business_requests import CUSTOMERS
from api.business_views import (
    ChangedDocument,
    CheckView,
    CustomersReplacedView,
    DifferenceView,
    DocumentView,
    ImportView,
    KindView,
    VersionDetail,
    VersionView,
)
from api.faults import NotFound, Outdated, Refused
from api.schemas import FieldFault, InvalidRequest
from api.views import Page, WallTime
from config.faults import Fault
from softswitch.business import changes as change_rules
from softswitch.business.changes import Change, Data, Key
from softswitch.business.documents import KINDS
from softswitch.business.seed import from_file, to_file
from softswitch.business.shapes import shapes
from softswitch.business.sound_folder import ENCLOSED, SoundFolder
from softswitch.business.whole import (
    EMPTY,
    Business,
    BusinessFaults,
    Machine,
    once_legal,
    whole_of,
)
from softswitch.customers.desk import CustomerDesk
from softswitch.store.business import StoredBusiness, StoredVersions
from softswitch.store.entries import BusinessChanged
from softswitch.store.writer import Store

log = structlog.get_logger(__name__)

SEEDED_LATE: Final = frozenset({"accounts", "outbound", "trunk_numbers"})

TakeBusiness = Callable[[Business, tuple[Change, ...], int], None]
"""Told of every version that is on the disk, with what changed; must not fail."""

PrepareBusiness = Callable[[Business], Awaitable[tuple[Fault, ...]]]
"""Makes what a version needs before it can be taken; the faults of what cannot be made."""


async def _nothing_to_prepare(_business: Business) -> tuple[Fault, ...]:
    return ()


class _Stamp:
    """Which version a document came with, when and by whom."""

    __slots__ = ("at", "by", "version")

    def __init__(self, version: int, at: float, by: str) -> None:
        self.version, self.at, self.by = version, at, by


class BusinessDesk:
    """All documents of the node."""

    def __init__(
        self, store: Store, versions: StoredVersions, machine: Machine, wall: Callable[[], float]
    ) -> None:
        """`take` is set by the composition root before anything changes."""
        self._store = store
        self._versions = versions
        self._machine = machine
        self._wall = wall
        self._documents: dict[Key, Data] = {}
        self._stamps: dict[Key, _Stamp] = {}
        self._version = 0
        self._business: Business = EMPTY
        self._door = asyncio.Lock()
        self._tasks: set[asyncio.Future[Any]] = set()
        self.take: TakeBusiness = lambda business, changes, version: None
        self.sounds: SoundFolder | None = None
        self.customers: CustomerDesk | None = None
        self.prepare: PrepareBusiness = _nothing_to_prepare

    @property
    def business(self) -> Business:
        """As it stands."""
        return self._business

    @property
    def version(self) -> int:
        """The number of the version that stands; 0 for none yet."""
        return self._version

    def documents(self) -> Mapping[Key, Data]:
        """All documents as they stand, secrets included; not to be written to."""
        return self._documents

    async def open(self, seed: dict[Key, Data]) -> None:
        """Take what the database holds; an empty one is given the seed.  Raises `BusinessFaults` for a bad seed.

        What is stored was valid when it was stored; documents that this program or machine cannot use any more (a
        trunk or a prompt is gone) are named in the log and left out, with what depends on them.
        """
        stored = await self._versions.business()
        if stored.version == 0:
            await self._commit(change_rules.between({}, seed), "settings", "seed")
            return
        self._remember(stored)
        self._business = self._usable()
        # Kinds that this database never held (a program before this one had them in the settings) are seeded late.
        held = {row.kind for row in stored.rows}
        late = {key: data for key, data in seed.items() if key[0] in SEEDED_LATE and key[0] not in held}
        if late:
            await self._commit(change_rules.between({}, late), "settings", "seed")

    def _remember(self, stored: StoredBusiness) -> None:
        self._version = stored.version
        for row in stored.rows:
            if row.data is not None:
                key = (row.kind, row.id)
                self._documents[key] = json.loads(row.data)
                self._stamps[key] = _Stamp(row.version, row.changed_at, row.changed_by)

    def _usable(self) -> Business:
        """The business of all documents but those with faults; taking one out may show others."""
        left = dict(self._documents)
        while True:
            try:
                usable = whole_of(left, self._machine, stored=True)
            except BusinessFaults as faults:
                bad = {key for fault in faults.faults if (key := _document_at(fault.path, left)) is not None}
                for fault in faults.faults:
                    log.error("business.unusable", place=fault.path, fault=str(fault))
                left = {key: data for key, data in left.items() if key not in bad} if bad else {}
                continue
            for fault in once_legal(usable, self._machine):
                log.warning("business.once_legal", place=fault.path, fault=str(fault))
            return usable

    # ---- BusinessPort: reading -----------------------------------------------------------------------

    async def kinds(self) -> tuple[KindView, ...]:
        """Each kind of document, and how many there are."""
        counts = [kind for kind, _ in self._documents]
        return tuple(
            KindView(kind=kind.name, title=kind.title, count=counts.count(kind.name))
            for kind in KINDS.values()
        )

    async def schemas(self) -> dict[str, Any]:
        """What forms are made of."""
        return shapes(self._machine)

    async def list(self, kind: str, cursor: str, limit: int) -> Page[DocumentView]:
        """A page of one kind, by id; the cursor is the last id of the page before."""
        self._need_kind(kind)
        ids = sorted(key for of, key in self._documents if of == kind and key > cursor)
        items = tuple(self._view((kind, key)) for key in ids[:limit])
        return Page(items=items, next_cursor=items[-1].id if len(ids) > limit else None)

    async def get(self, kind: str, key: str) -> DocumentView:
        """One document; `NotFound`."""
        self._need_kind(kind)
        if (kind, key) not in self._documents:
            raise NotFound("document", f"{kind}/{key}"[:128])
        return self._view((kind, key))

    async def versions(self, cursor: str, limit: int) -> Page[VersionView]:
        """A page of versions, newest first."""
        below = _number(cursor) if cursor else None
        found = await self._versions.newest(limit + 1, below)
        items = tuple(_version_view(entry) for entry in found[:limit])
        return Page(items=items, next_cursor=str(items[-1].version) if len(found) > limit else None)

    async def version_of(self, number: int) -> VersionDetail:
        """One version with what changed in it; `NotFound`."""
        entry = await self._versions.one(number)
        if entry is None:
            raise NotFound("version", str(number))
        return _detail(entry)

    async def export(self) -> dict[str, Any]:
        """The whole business as one file, secrets, uploaded sounds and customers included."""
        file = to_file(self._documents)
        if self.customers is not None:
            file[CUSTOMERS] = await self.customers.enclosed()
        if self.sounds is not None:
            file[ENCLOSED] = await self.sounds.packed(_sounds_of(self._documents))
        return file

    # ---- BusinessPort: changing ----------------------------------------------------------------------

    async def check(self, kind: str, key: str, data: Data) -> CheckView:
        """What would be wrong; its texts are spoken for that, as they would be to be taken."""
        self._need_kind(kind)
        change = Change(
            kind=kind,
            id=key,
            before=self._documents.get((kind, key)),
            after=KINDS[kind].with_secrets(data, self._documents.get((kind, key))),
        )
        try:
            await self._validated(change_rules.applied(self._documents, (change,)))
        except InvalidRequest as refused:
            return CheckView(faults=refused.faults)
        return CheckView(faults=())

    async def put(
        self, kind: str, key: str, data: Data, *, expected: int | None, by: str, reason: str
    ) -> DocumentView:
        """Make or replace one document; `expected` is the version of it that was changed, None for a new one."""
        self._need_kind(kind)
        async with self._door:
            before = self._documents.get((kind, key))
            self._expect((kind, key), expected)
            after = KINDS[kind].with_secrets(data, before)
            await self._commit((Change(kind=kind, id=key, before=before, after=after),), by, reason)
            return self._view((kind, key))

    async def set_password(
        self, agent_id: str, hashed: str, *, must_change: bool, by: str, reason: str
    ) -> None:
        """Give an agent another password; whatever else was changed meanwhile stays."""
        async with self._door:
            await self.get("agents", agent_id)
            before = self._documents["agents", agent_id]
            after = before | {"password_scrypt": hashed, "must_change_password": must_change}
            change = Change(kind="agents", id=agent_id, before=before, after=after)
            await self._commit((change,), by, reason)

    async def remove(self, kind: str, key: str, *, expected: int | None, by: str, reason: str) -> None:
        """Remove one document; `NotFound`."""
        async with self._door:
            await self.get(kind, key)
            self._expect((kind, key), expected)
            before = self._documents[kind, key]
            await self._commit((Change(kind=kind, id=key, before=before, after=None),), by, reason)

    async def put_all(
        self, documents: Mapping[Key, Data], *, expected: int | None, by: str, reason: str
    ) -> None:
        """Make or replace several documents in one version; `expected` is the version of the whole."""
        async with self._door:
            self._expect_whole(expected)
            changes = change_rules.between(self._documents, self._documents | dict(documents))
            await self._commit(changes, by, reason)

    async def restore(self, number: int, *, expected: int | None, by: str, reason: str) -> VersionDetail:
        """Bring the whole business back to what it was with a version; that makes a new version."""
        async with self._door:
            self._expect_whole(expected)
            if not 0 < number <= self._version or await self._versions.one(number) is None:
                raise NotFound("version", str(number))
            documents = dict(self._documents)
            for entry in reversed(await self._versions.since(number)):
                documents = change_rules.applied(
                    documents, [change.inverse for change in change_rules.from_text(entry.changes)]
                )
            # A password that was given up does not come back to life with an older version.
            kept = {
                key: KINDS[key[0]].with_present_secrets(data, self._documents[key])
                if key in self._documents
                else data
                for key, data in documents.items()
            }
            changes = change_rules.between(self._documents, kept)
            await self._commit(changes, by, reason or f"restore {number}")
            return await self.version_of(self._version)

    async def load(
        self,
        file: dict[str, Any],
        *,
        dry_run: bool,
        expected: int | None,
        by: str,
        reason: str,
        expected_customers: int | None = None,
    ) -> ImportView:
        """Replace all documents of the kinds that a file names, and the customers when it has them.

        With `dry_run` only say what would change.  Sounds in the file are kept first, in both cases: nobody hears one
        before a document names it.
        """
        try:
            documents = from_file(file)
        except BusinessFaults as faults:
            raise _invalid(faults) from faults
        if self.sounds is not None:
            wrong = await self.sounds.unpack(file.get(ENCLOSED, {}), _sounds_of(documents))
            if wrong:
                raise _invalid(BusinessFaults(wrong))
        async with self._door, AsyncExitStack() as stack:
            self._expect_whole(expected)
            silent = {key: data for key, data in self._documents.items() if key[0] not in file["documents"]}
            documents = silent | documents  # a file says nothing of a kind that it does not name
            changes = change_rules.between(self._documents, documents)
            business = await self._validated(documents)
            customers = self.customers if CUSTOMERS in file else None
            found = joined = None
            if customers is None:
                await stack.enter_async_context(self._fields_empty(business))
            else:
                found = await stack.enter_async_context(
                    customers.replacing(file[CUSTOMERS], business.fields, expected_customers)
                )
                if found.faults:
                    raise _invalid(BusinessFaults(found.faults))
                if found.changes and not dry_run:
                    joined = await customers.ready(found, by, reason or "import")
            if not dry_run:
                await self._write(changes, business, by, reason, joined)
            return ImportView(
                version=self._version,
                dry_run=dry_run,
                changes=tuple(_changed(change) for change in changes),
                customers=None
                if customers is None or found is None
                else CustomersReplacedView(
                    version=customers.version,
                    made=found.made,
                    changed=found.changed,
                    removed=found.removed,
                    unchanged=found.unchanged,
                ),
            )

    # ---- steps -----------------------------------------------------------------------------------------

    async def _commit(self, changes: tuple[Change, ...], by: str, reason: str) -> None:
        """Validate and write.  A change that changes nothing makes no version."""
        changes = tuple(change for change in changes if change.before != change.after)
        if not changes and self._version:
            return
        business = await self._validated(change_rules.applied(self._documents, changes))
        async with self._fields_empty(business):
            await self._write(changes, business, by, reason, None)

    async def _write(
        self,
        changes: tuple[Change, ...],
        business: Business,
        by: str,
        reason: str,
        joined: Callable[[], Awaitable[None]] | None,
    ) -> None:
        """Write down, wait for the disk, take; what is `joined` goes on the disk with it, or alone.

        Once it is recorded nothing stops it half-way: whoever asked may be gone before it is taken.
        """
        waiting: list[Awaitable[None]] = []
        if changes or not self._version:
            entry = BusinessChanged(
                at=self._wall(),
                version=self._version + 1,
                by=by,
                reason=reason,
                changes=change_rules.to_text(changes),
            )
            self._store.record(entry)
            waiting.append(self._taken(entry, business, changes))
        if joined is not None:
            waiting.append(joined())
        task = asyncio.ensure_future(asyncio.gather(*waiting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def _taken(self, entry: BusinessChanged, business: Business, changes: tuple[Change, ...]) -> None:
        await self._store.committed()
        self._documents = change_rules.applied(self._documents, changes)
        self._business, self._version = business, entry.version
        for change in changes:
            if change.after is None:
                self._stamps.pop((change.kind, change.id), None)
            else:
                self._stamps[change.kind, change.id] = _Stamp(entry.version, entry.at, entry.by)
        log.info("business.changed", version=entry.version, by=entry.by, documents=len(changes))
        self.take(business, changes, entry.version)

    async def _validated(self, documents: dict[Key, Data]) -> Business:
        before = self._business
        try:
            # In a thread: a file of hundreds of documents must not hold up a call.
            business = await asyncio.to_thread(whole_of, documents, self._machine, before)
        except BusinessFaults as faults:
            raise _invalid(faults) from faults
        if unmade := await self.prepare(business):
            raise _invalid(BusinessFaults(unmade))
        return business

    @asynccontextmanager
    async def _fields_empty(self, after: Business) -> AsyncIterator[None]:
        """No customer has a value in a field that goes, until this is left: it would be neither shown nor exported."""
        going = self._business.names_of("fields") - after.names_of("fields")
        if not going or self.customers is None:
            yield
            return
        async with self.customers.holders(going) as holders:
            if holders:
                raise _invalid(BusinessFaults(tuple(_still_held(*each) for each in holders.items())))
            yield

    def _expect(self, key: Key, expected: int | None) -> None:
        """Two administrators at once: the second one is told, and overwrites nothing."""
        stamp = self._stamps.get(key)
        current = None if stamp is None else stamp.version
        if current != expected:
            raise Outdated("document_changed", "" if current is None else str(current))

    def _expect_whole(self, expected: int | None) -> None:
        """The same for what changes much at once, which was looked at before."""
        if expected not in (None, self._version):
            raise Outdated("business_changed", str(self._version))

    def _need_kind(self, kind: str) -> None:
        if kind not in KINDS:
            raise NotFound("kind", kind)

    def _view(self, key: Key) -> DocumentView:
        stamp = self._stamps[key]
        return DocumentView(
            kind=key[0],
            id=key[1],
            version=stamp.version,
            changed_at=WallTime(stamp.at),
            changed_by=stamp.by,
            data=KINDS[key[0]].shown(self._documents[key]),
        )


def _sounds_of(documents: Mapping[Key, Data]) -> frozenset[str]:
    """The SHA-256 of every uploaded announcement that is named."""
    named = (data.get("sha256") for (kind, _), data in documents.items() if kind == "prompts")
    return frozenset(sha256 for sha256 in named if isinstance(sha256, str))


def _still_held(field: str, customers: int) -> Fault:
    expected = (
        f"{customers} 位客户填有此字段:先清空该列再删除 / {customers} customers have a value in this field: "
        "empty its column first, then remove it"
    )
    return Fault(path=f"fields.{field}", value=field, expected=expected)


def _document_at(path: str, documents: Iterable[Key]) -> Key | None:
    """The document that a fault's path is in; ids may hold dots, so the longest that fits counts."""
    fitting = [key for key in documents if f"{path}.".startswith(f"{key[0]}.{key[1]}.")]
    return max(fitting, key=lambda key: len(key[1]), default=None)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Refused("bad_cursor", "游标无效 / the cursor is not one of ours")
    return int(text)


def _invalid(faults: BusinessFaults) -> InvalidRequest:
    return InvalidRequest(
        tuple(
            FieldFault(
                field=fault.path,
                code="not_allowed",
                detail=" ".join(part for part in (fault.value, fault.expected, fault.suggestion) if part),
            )
            for fault in faults.faults
        )
    )


def _version_view(entry: BusinessChanged) -> VersionView:
    found = change_rules.from_text(entry.changes)
    return VersionView(
        version=entry.version,
        at=WallTime(entry.at),
        by=entry.by,
        reason=entry.reason,
        documents=tuple(f"{change.kind}/{change.id}" for change in found),
    )


def _detail(entry: BusinessChanged) -> VersionDetail:
    return VersionDetail(
        version=_version_view(entry),
        changes=tuple(_changed(change) for change in change_rules.from_text(entry.changes)),
    )


def _changed(change: Change) -> ChangedDocument:
    kind = KINDS.get(change.kind)

    def shown(data: Data | None) -> Data | None:
        return data if data is None or kind is None else kind.shown(data)

    before, after = shown(change.before), shown(change.after)
    return ChangedDocument(
        kind=change.kind,
        id=change.id,
        action="changed"
        if before is not None and after is not None
        else "made"
        if before is None
        else "removed",
        differences=tuple(
            DifferenceView(path=one.path, before={"value": one.before}, after={"value": one.after})
            for one in change_rules.differences(before or {}, after or {})
        ),
    )
