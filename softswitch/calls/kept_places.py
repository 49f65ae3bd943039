"""Places in line of callers who gave up: who comes again soon enough has the old one, a restart in between or not."""

from collections.abc import Mapping
from typing import Any, Final

from softswitch.store.state import StateKeeper

TABLE: Final = "kept_place"


class KeptPlaces:
    """By queue and number: when the caller came, and until when that counts.  Times are wall seconds."""

    def __init__(self, keeper: StateKeeper) -> None:
        """Begin with those of before a restart."""
        self._keeper = keeper
        kept = {name: _place_of(each) for name, each in keeper.load(TABLE).items()}
        self._places: dict[str, tuple[float, float]] = dict(sorted(kept.items(), key=lambda one: one[1][1]))

    def keep(self, queue: str, number: str, arrived_at: float, until: float, now: float) -> None:
        """A caller gave up; those that count no more are forgotten."""
        for name in [name for name, (_, end) in self._places.items() if end < now]:
            self._forget(name)
        name = f"{queue}|{number}"
        self._places[name] = (arrived_at, until)
        self._keeper.put(TABLE, name, {"arrived_at": arrived_at, "until": until})

    def take(self, queue: str, number: str, now: float) -> float | None:
        """When a caller came who gave up and is here again; None for anybody else.  It counts once."""
        name = f"{queue}|{number}"
        arrived_at, until = self._places.get(name, (0.0, 0.0))
        self._forget(name)
        return arrived_at if now <= until else None

    def _forget(self, name: str) -> None:
        if self._places.pop(name, None) is not None:
            self._keeper.remove(TABLE, name)


def _place_of(record: Mapping[str, Any]) -> tuple[float, float]:
    """Arrival and end; what nobody can read is over."""
    arrived_at, until = record.get("arrived_at"), record.get("until")
    return (arrived_at, until) if isinstance(arrived_at, float) and isinstance(until, float) else (0.0, 0.0)
