"""The store's errors: few, and each carries what is needed to act on it."""


class StoreError(Exception):
    """The root of the store's errors."""


class EntryRefused(StoreError):
    """An entry that cannot be written down: a wrong type, a number that is not finite.  Nothing was recorded."""

    def __init__(self, kind: str, field: str, detail: str) -> None:
        """Name the entry's class and the field."""
        super().__init__(f"{kind}.{field}: {detail}")
        self.kind = kind
        self.field = field
        self.detail = detail


class StateRefused(StoreError):
    """A value that is not a table of JSON values.  The old value stands."""

    def __init__(self, table: str, key: str, detail: str) -> None:
        """Name the table and the key."""
        super().__init__(f"{table}[{key!r}]: {detail}")
        self.table = table
        self.key = key
        self.detail = detail


class MigrationFault(StoreError):
    """The database does not fit this program: changed or unknown migrations."""

    def __init__(self, name: str, detail: str) -> None:
        """Name the migration."""
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


class KeyFault(StoreError):
    """The key of the recording chain is missing, too short, or readable by others."""

    def __init__(self, path: str, detail: str) -> None:
        """Name the file."""
        super().__init__(f"{path}: {detail}")
        self.path = path
        self.detail = detail


class StoreUnavailable(StoreError):
    """The database cannot be opened (folder, permission, disk)."""

    def __init__(self, path: str, detail: str) -> None:
        """Name the file."""
        super().__init__(f"{path}: {detail}")
        self.path = path
        self.detail = detail


class StoreClosed(StoreError):
    """Something was to be recorded after `close()`, or `close()` ended before everything was written.

    `unwritten` counts what did not reach the disk.
    """

    def __init__(self, unwritten: int) -> None:
        """Keep the count."""
        super().__init__(f"the store is closed; {unwritten} changes are not on the disk")
        self.unwritten = unwritten
