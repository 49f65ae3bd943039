"""Journal entries as receivers of webhooks get them: under their public names, without what is the server's own."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from softswitch.calls.chronicle import KINDS
from softswitch.store.entries import AlarmRaised
from softswitch.store.reader import Reader

_NAMES = {cls.__name__: kind for cls, kind in KINDS.items()}
_CLASSES = {kind: name for name, kind in _NAMES.items()}
_HIDDEN = frozenset({"path"})
RAISED = KINDS[AlarmRaised]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One entry; `at` in wall seconds, `seq` 0 before the journal has it."""

    seq: int
    at: float
    kind: str
    data: dict[str, Any]

    @property
    def name(self) -> str:
        """Its own for good.  An alarm's is known before its number in the journal is."""
        if self.kind != RAISED:
            return str(self.seq)
        words = json.dumps([self.at, self.data["alarm"], self.data["subject"]])
        return f"alarm-{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def unknown_kinds(kinds: Collection[str]) -> tuple[str, ...]:
    """Those of the kinds that no event has."""
    return tuple(sorted(set(kinds) - _CLASSES.keys()))


class Mail:
    """Reads the journal for couriers."""

    def __init__(self, reader: Reader) -> None:
        """Read with this connection."""
        self._reader = reader

    async def newest(self) -> int:
        """The last entry of the journal, 0 when it is empty."""
        [row] = await self._reader.rows("SELECT coalesce(max(seq), 0) AS seq FROM journal")
        return int(row["seq"])

    async def last_before(self, at: float) -> int:
        """The last entry before a moment, 0 when there is none."""
        [row] = await self._reader.rows(
            "SELECT coalesce(max(seq), 0) AS seq FROM journal WHERE at < ?", (at,)
        )
        return int(row["seq"])

    async def letter(self, seq: int) -> Letter | None:
        """One entry."""
        rows = await self._reader.rows("SELECT seq, at, kind, data FROM journal WHERE seq = ?", (seq,))
        return _letter(rows[0]) if rows else None

    async def after(self, seq: int, kinds: Collection[str], limit: int) -> list[Letter]:
        """The entries that follow, of these kinds (all for none), at most `limit`."""
        names = [_CLASSES[kind] for kind in kinds if kind in _CLASSES] if kinds else sorted(_NAMES)
        marks = ", ".join("?" * len(names))
        rows = await self._reader.rows(
            f"SELECT seq, at, kind, data FROM journal WHERE seq > ? AND kind IN ({marks}) ORDER BY seq LIMIT ?",  # noqa: S608  only marks
            [seq, *names, limit],
        )
        return [_letter(row) for row in rows]


def _letter(row: dict[str, Any]) -> Letter:
    fields = json.loads(row["data"])
    data = {name: value for name, value in fields.items() if name not in _HIDDEN}
    return Letter(seq=row["seq"], at=row["at"], kind=_NAMES.get(row["kind"], row["kind"]), data=data)
