"""The business in the database: documents as they stand, and the versions that led there."""

from dataclasses import dataclass
from typing import Any

from softswitch.store.entries import BusinessChanged
from softswitch.store.journal import from_row
from softswitch.store.reader import Reader
from softswitch.store.rows import BusinessRow

_VERSIONS = "SELECT kind, at, data FROM journal WHERE kind = 'BusinessChanged'"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBusiness:
    """What a starting control finds: the number of the last version, and all documents that were ever there."""

    version: int
    rows: tuple[BusinessRow, ...]


class StoredVersions:
    """Reads what the writer committed."""

    def __init__(self, reader: Reader) -> None:
        """Ask this reader."""
        self._reader = reader

    async def business(self) -> StoredBusiness:
        """The documents as they stand, removed ones included."""
        rows = await self._reader.rows(
            "SELECT kind, id, version, changed_at, changed_by, data FROM business ORDER BY kind, id"
        )
        newest = await self.newest(1)
        return StoredBusiness(
            version=newest[0].version if newest else 0, rows=tuple(BusinessRow(**row) for row in rows)
        )

    async def newest(self, limit: int, below: int | None = None) -> tuple[BusinessChanged, ...]:
        """Versions, newest first; those with a number below `below`, if one is given."""
        # The numbers grow with the journal, so that its own order serves.
        rows = await self._reader.rows(
            f"{_VERSIONS} AND (? IS NULL OR seq < (SELECT seq FROM journal WHERE event_id = ?))"
            " ORDER BY seq DESC LIMIT ?",
            (below, f"BusinessChanged:{below}", limit),
        )
        return _entries(rows)

    async def since(self, version: int) -> tuple[BusinessChanged, ...]:
        """The versions after one, oldest first; all of them after 0."""
        rows = await self._reader.rows(
            f"{_VERSIONS} AND seq > coalesce((SELECT seq FROM journal WHERE event_id = ?), 0) ORDER BY seq",
            (f"BusinessChanged:{version}",),
        )
        return _entries(rows)

    async def one(self, version: int) -> BusinessChanged | None:
        """One version, None when there is none of this number."""
        rows = await self._reader.rows(
            "SELECT kind, at, data FROM journal WHERE event_id = ?", (f"BusinessChanged:{version}",)
        )
        return next(iter(_entries(rows)), None)


def _entries(rows: list[dict[str, Any]]) -> tuple[BusinessChanged, ...]:
    found = (from_row(row["kind"], row["at"], row["data"]) for row in rows)
    return tuple(entry for entry in found if isinstance(entry, BusinessChanged))
