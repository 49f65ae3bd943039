"""Changes of documents: what differs, how they are carried out and taken back.  Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Data = dict[str, Any]
Key = tuple[str, str]
"""The kind and the id of a document."""

Documents = Mapping[Key, Data]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One document before and after; None where there was none, or is none any more."""

    kind: str
    id: str
    before: Data | None
    after: Data | None

    @property
    def inverse(self) -> "Change":
        """What takes it back."""
        return Change(kind=self.kind, id=self.id, before=self.after, after=self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that changed: its way from the top of the document, and its JSON before and after, None for nothing."""

    path: str
    before: Any
    after: Any


def applied(documents: Documents, changes: Iterable[Change]) -> dict[Key, Data]:
    """The documents after these changes."""
    result = dict(documents)
    for change in changes:
        if change.after is None:
            result.pop((change.kind, change.id), None)
        else:
            result[change.kind, change.id] = change.after
    return result


def between(before: Documents, after: Documents) -> tuple[Change, ...]:
    """The changes that lead from one state to another, by kind and id."""
    return tuple(
        Change(kind=key[0], id=key[1], before=before.get(key), after=after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    )


def differences(before: Any, after: Any, path: str = "") -> tuple[Difference, ...]:
    """Where two JSON values differ: objects are compared key by key, anything else as a whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        found: list[Difference] = []
        for key in sorted(before.keys() | after.keys()):
            place = f"{path}.{key}" if path else key
            if key in before and key in after:
                found += differences(before[key], after[key], place)
            else:  # null that appears is a change too
                found.append(Difference(path=place, before=before.get(key), after=after.get(key)))
        return tuple(found)
    return () if before == after else (Difference(path=path, before=before, after=after),)


def to_text(changes: Iterable[Change]) -> str:
    """Changes as the journal keeps them."""
    rows = [[change.kind, change.id, change.before, change.after] for change in changes]
    return json.dumps(rows, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_text(text: str) -> tuple[Change, ...]:
    """The changes of a journal entry."""
    return tuple(
        Change(kind=kind, id=key, before=before, after=after) for kind, key, before, after in json.loads(text)
    )
