"""What a restarted process needs back: small tables of JSON values, the last write wins.

Bindings, dialogs, live calls and agent states stand here.  Changes wait in memory, coalesced by key, until the
writer takes them into its next transaction together with the journal entries recorded before.
"""

import json
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from softswitch.store.errors import StateRefused

_log = structlog.get_logger(__name__)

Change = tuple[str, str, str | None]
"""Table, key, and the new value as JSON; None when it was removed."""


class StateKeeper(Protocol):
    """The tables as their users see them; `softswitch.store.writer.Store` is one."""

    def put(self, table: str, key: str, value: dict[str, Any]) -> None:
        """Set a value of JSON types; never blocks."""
        ...

    def put_later(self, table: str, key: str, value: Callable[[], dict[str, Any]]) -> None:
        """Set what `value` gives when it is written; for what changes several times before that."""
        ...

    def remove(self, table: str, key: str) -> None:
        """Forget a key, which need not be there."""
        ...

    def load(self, table: str) -> dict[str, dict[str, Any]]:
        """The whole table as it stands, changes that are not yet on the disk included."""
        ...


class StateTables:
    """The tables in memory, and the changes that are not yet on the disk."""

    def __init__(self, stored: list[tuple[str, str, str]]) -> None:
        """Begin with what the database holds: table, key, value."""
        self._tables: dict[str, dict[str, str]] = {}
        self._changes: dict[tuple[str, str], str | None] = {}
        self._later: dict[tuple[str, str], Callable[[], dict[str, Any]]] = {}
        for table, key, value in stored:
            self._tables.setdefault(table, {})[key] = value

    @property
    def changes(self) -> int:
        """How many keys wait to be written."""
        return len(self._changes.keys() | self._later.keys())

    def put(self, table: str, key: str, value: dict[str, Any]) -> bool:
        """Set a value; False when it is what stands there already."""
        if not isinstance(value, dict):
            raise StateRefused(table, key, f"expected a dict, not {type(value).__name__}")
        try:
            f"{table}{key}".encode()
            text = json.dumps(value, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            raise StateRefused(repr(table), repr(key), str(error)) from error
        self._later.pop((table, key), None)
        rows = self._tables.setdefault(table, {})
        if rows.get(key) == text:
            return False
        rows[key] = text
        self._changes[table, key] = text
        return True

    def put_later(self, table: str, key: str, value: Callable[[], dict[str, Any]]) -> None:
        """Set what `value` will give when the changes are taken or the table is read, whichever is first."""
        self._later[table, key] = value

    def remove(self, table: str, key: str) -> bool:
        """Forget a key; False when it was not there."""
        self._later.pop((table, key), None)
        if self._tables.get(table, {}).pop(key, None) is None:
            return False
        self._changes[table, key] = None
        return True

    def load(self, table: str) -> dict[str, dict[str, Any]]:
        """A fresh copy of a table."""
        self._ask()
        return {key: json.loads(text) for key, text in self._tables.get(table, {}).items()}

    def take(self) -> tuple[Change, ...]:
        """The changes since the last time, which are now the caller's to write."""
        self._ask()
        taken = tuple((table, key, text) for (table, key), text in self._changes.items())
        self._changes = {}
        return taken

    def _ask(self) -> None:
        """Get the values that were to come later.  One that cannot be had or written is logged and left out."""
        later, self._later = self._later, {}
        for (table, key), value in later.items():
            try:
                self.put(table, key, value())
            except Exception:
                _log.exception("state.refused", table=table, key=key)
