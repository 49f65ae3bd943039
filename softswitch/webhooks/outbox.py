"""What one receiver of webhooks has had, has still to get, and will not get: pure, kept over a restart.

The journal itself is the queue: `cursor` is the last entry that was tried.  What failed waits here for its next try; when
too much waits, the cursor stands still until the receiver is back.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from api.sessions import KeeperPort

CURSORS = "webhook_cursor"
WAITING = "webhook_waiting"

PAUSES_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Between one try and the next, as the Standard Webhooks specification proposes; after the last one it is given up."""

WAITING_MOST = 100
GIVEN_UP_KEPT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An entry that was tried in vain.  `due_at` in wall seconds; None when it was given up."""

    seq: int
    tries: int
    due_at: float | None
    fault: str


class Outbox:
    """That of one receiver."""

    def __init__(self, name: str, keeper: KeeperPort, wall: Callable[[], float]) -> None:
        """Go on with what is kept under this name."""
        self._name = name
        self._keeper = keeper
        self._wall = wall
        kept = keeper.load(CURSORS).get(name)
        self._cursor: int | None = None if kept is None else int(kept["seq"])
        self._is_gone = kept is not None and bool(kept["is_gone"])
        rows = [Waiting(**row["entry"]) for row in keeper.load(WAITING).values() if row["name"] == name]
        self._waiting = OrderedDict((row.seq, row) for row in sorted(rows, key=lambda row: row.seq))

    @property
    def cursor(self) -> int | None:
        """The last entry that was tried; None for a receiver that is new."""
        return self._cursor

    @property
    def is_gone(self) -> bool:
        """True when the receiver answered 410: it wants nothing more until it is asked for again."""
        return self._is_gone

    @property
    def waiting(self) -> int:
        """How many entries wait for their next try."""
        return sum(row.due_at is not None for row in self._waiting.values())

    @property
    def given_up(self) -> tuple[int, ...]:
        """The entries that were given up, oldest first."""
        return tuple(row.seq for row in self._waiting.values() if row.due_at is None)

    @property
    def may_go_on(self) -> bool:
        """True while the next entry of the journal may be tried."""
        return not self._is_gone and self.waiting < WAITING_MOST

    def due(self) -> int | None:
        """The entry whose next try is due, if there is one."""
        now = self._wall()
        ready = [row for row in self._waiting.values() if row.due_at is not None and row.due_at <= now]
        return None if self._is_gone or not ready else min(ready, key=lambda row: (row.due_at, row.seq)).seq

    def next_due_in_s(self) -> float | None:
        """Seconds until a try is due; None when none will be."""
        moments = [row.due_at for row in self._waiting.values() if row.due_at is not None]
        return None if self._is_gone or not moments else max(0.0, min(moments) - self._wall())

    def begin(self, seq: int) -> None:
        """The first entry that counts is the one after `seq`."""
        self._cursor = seq
        self._keep_cursor()

    def delivered(self, seq: int) -> None:
        """The receiver has it."""
        self._move(seq)
        if self._waiting.pop(seq, None) is not None:
            self._keeper.remove(WAITING, self._key(seq))

    def failed(self, seq: int, fault: str) -> None:
        """It was tried in vain: it waits for the next try, or is given up after the last."""
        self._move(seq)
        before = self._waiting.get(seq)
        tries = 1 if before is None else before.tries + 1
        due_at = self._wall() + PAUSES_S[tries - 1] if tries <= len(PAUSES_S) else None
        self._keep(Waiting(seq=seq, tries=tries, due_at=due_at, fault=fault[:200]))
        for oldest in self.given_up[:-GIVEN_UP_KEPT]:
            del self._waiting[oldest]
            self._keeper.remove(WAITING, self._key(oldest))

    def gone(self) -> None:
        """The receiver wants nothing more (410)."""
        self._is_gone = True
        self._keep_cursor()

    def replay(self, after: int | None) -> None:
        """Try everything after `after` again, and what waits or was given up at once; None: only the latter."""
        self._is_gone = False
        if after is not None and self._cursor is not None:
            self._cursor = min(self._cursor, after)
            for seq in [seq for seq in self._waiting if seq > after]:
                del self._waiting[seq]
                self._keeper.remove(WAITING, self._key(seq))
        self._keep_cursor()
        for row in tuple(self._waiting.values()):
            self._keep(replace(row, tries=0, due_at=self._wall()))

    def _move(self, seq: int) -> None:
        if self._cursor is None or seq > self._cursor:
            self._cursor = seq
            self._keep_cursor()

    def _keep(self, row: Waiting) -> None:
        self._waiting[row.seq] = row
        self._keeper.put(WAITING, self._key(row.seq), {"name": self._name, "entry": asdict(row)})

    def _keep_cursor(self) -> None:
        self._keeper.put(CURSORS, self._name, {"seq": self._cursor or 0, "is_gone": self._is_gone})

    def _key(self, seq: int) -> str:
        return f"{self._name}:{seq}"
