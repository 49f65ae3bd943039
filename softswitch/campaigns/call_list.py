"""A call list: its numbers, whose turn it is, and how far it has come.  Pure; moments are wall seconds.

Nothing is called here.  Each step returns the record as it is to be written down before anything follows from it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from heapq import heappop, heappush
from typing import Final

from softswitch.calls.dial_results import DialResult
from softswitch.campaigns.records import Record, RecordState
from softswitch.campaigns.rules import ListRules

SHOWN_S: Final = 300.0
"""An agent who neither dials nor skips has let the record go after so long."""

NOT_MADE_S: Final = 30.0
"""A call that could not be made at all (no channel), or was given up on our side, counts for nothing and is made later."""

RECORDS_MOST: Final = 50_000


class ListState(StrEnum):
    """Whether a list is worked through."""

    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"  # no further call; those that ring go on
    STOPPED = "stopped"  # for good; what rang was hung up
    REMOVED = "removed"


_S = ListState
LIST_TRANSITIONS: Final[Mapping[ListState, frozenset[ListState]]] = {
    _S.READY: frozenset({_S.RUNNING, _S.STOPPED, _S.REMOVED}),
    _S.RUNNING: frozenset({_S.PAUSED, _S.STOPPED}),
    _S.PAUSED: frozenset({_S.RUNNING, _S.STOPPED}),
    _S.STOPPED: frozenset({_S.REMOVED}),
    _S.REMOVED: frozenset(),
}


class IllegalListState(Exception):
    """A list cannot come from `before` to `after`; it is unchanged."""

    def __init__(self, list_id: str, before: ListState, after: ListState) -> None:
        """Keep what was tried."""
        super().__init__(f"list {list_id} cannot go from {before} to {after}")
        self.list_id = list_id
        self.before = before
        self.after = after


class CallList:
    """The numbers of one list."""

    def __init__(
        self, list_id: str, rules: ListRules, created_at: float, state: ListState = ListState.READY
    ) -> None:
        """Begin without a number."""
        self.list_id = list_id
        self.rules = rules
        self.created_at = created_at
        self.state = state
        self._records: dict[str, Record] = {}
        self._of_number: dict[str, str] = {}
        self._of_call: dict[str, str] = {}
        self._shown: dict[str, str] = {}  # by agent
        self._due: list[
            tuple[float, int, str]
        ] = []  # not before, place in the list, record; some are out of date
        self._states: Counter[RecordState] = Counter()
        self._results: Counter[DialResult] = Counter()

    def become(self, state: ListState) -> None:
        """Assign the state; the only place that does.  Raises `IllegalListState`."""
        if state not in LIST_TRANSITIONS[self.state]:
            raise IllegalListState(self.list_id, self.state, state)
        self.state = state

    # ---- numbers ---------------------------------------------------------------------------------

    def has_number(self, number: str) -> bool:
        """Whether a number stands on the list."""
        return number in self._of_number

    def following(self, numbers: Iterable[tuple[str, Mapping[str, str]]], now: float) -> tuple[Record, ...]:
        """Records of more numbers with their data, for the end of the list; `put` takes them."""
        return tuple(
            Record(record_id=f"{place:06d}", number=number, data=data, changed_at=now)
            for place, (number, data) in enumerate(numbers, self.last_place + 1)
        )

    @property
    def last_place(self) -> int:
        """The place of the last number, 0 without any."""
        return int(next(reversed(self._records), "0"))

    def put(self, record: Record) -> None:
        """Take a record as it is, new or changed."""
        before = self._records.get(record.record_id)
        if before is not None:
            self._uncount(before)
        self._records[record.record_id] = record
        self._of_number[record.number] = record.record_id
        self._states[record.state] += 1
        if record.result is not None:
            self._results[record.result] += 1
        match record.state:
            case RecordState.WAITING:
                heappush(self._due, (record.not_before, int(record.record_id), record.record_id))
            case RecordState.SHOWN:
                self._shown[record.agent] = record.record_id
        if record.call_id and record.state in (RecordState.CALLING, RecordState.REACHED):
            self._of_call[record.call_id] = record.record_id

    def _uncount(self, record: Record) -> None:
        self._states[record.state] -= 1
        if record.result is not None:
            self._results[record.result] -= 1
        if record.state is RecordState.SHOWN:
            self._shown.pop(record.agent, None)
        self._of_call.pop(record.call_id, None)

    def get(self, record_id: str) -> Record | None:
        """One record."""
        return self._records.get(record_id)

    def of_call(self, call_id: str) -> Record | None:
        """The record that a call is, or was last, for."""
        return self._records.get(self._of_call.get(call_id, ""))

    def shown_to(self, agent: str) -> Record | None:
        """The record that an agent looks at."""
        return self._records.get(self._shown.get(agent, ""))

    @property
    def shown(self) -> tuple[Record, ...]:
        """Those that agents look at."""
        return tuple(self._records[record_id] for record_id in self._shown.values())

    def records(self) -> Iterator[Record]:
        """All of them, in order."""
        return iter(self._records.values())

    def in_state(self, state: RecordState) -> tuple[Record, ...]:
        """Those in one state, in order."""
        if not self._states[state]:
            return ()
        return tuple(record for record in self._records.values() if record.state is state)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._records)

    @property
    def states(self) -> dict[RecordState, int]:
        """How many records are in each state."""
        return {state: self._states[state] for state in RecordState}

    @property
    def results(self) -> dict[DialResult, int]:
        """How many records have each last result."""
        return {result: self._results[result] for result in DialResult if self._results[result]}

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be called."""
        open_states = (RecordState.WAITING, RecordState.SHOWN, RecordState.CALLING)
        return not any(self._states[state] for state in open_states)

    # ---- whose turn it is --------------------------------------------------------------------------

    def next_due_at(self) -> float | None:
        """When the next number may be called; None without one."""
        while self._due:
            not_before, _, record_id = self._due[0]
            record = self._records[record_id]
            if record.state is RecordState.WAITING and record.not_before == not_before:
                return not_before
            heappop(self._due)
        return None

    def due(self, now: float) -> Record | None:
        """The number whose turn it is; None while there is none."""
        at = self.next_due_at()
        return self._records[self._due[0][2]] if at is not None and at <= now else None

    # ---- what becomes of one -----------------------------------------------------------------------

    def show(self, record: Record, agent: str, now: float) -> Record:
        """An agent looks at a record, and nobody else does."""
        shown = record.become(RecordState.SHOWN, now, agent=agent, shown_until=now + SHOWN_S)
        self.put(shown)
        return shown

    def put_back(self, record: Record, now: float) -> Record:
        """The agent let the record go."""
        back = record.become(RecordState.WAITING, now, agent="", not_before=now + NOT_MADE_S)
        self.put(back)
        return back

    def skip(self, record: Record, now: float) -> Record:
        """The agent set it aside for good."""
        skipped = record.become(RecordState.SKIPPED, now)
        self.put(skipped)
        return skipped

    def bar(self, record: Record, now: float) -> Record:
        """It may not be called."""
        barred = record.become(RecordState.BARRED, now)
        self.put(barred)
        return barred

    def begin(self, record: Record, call_id: str, now: float, agent: str = "") -> Record:
        """It is about to be called: one more try."""
        calling = record.become(
            RecordState.CALLING, now, call_id=call_id, tries=record.tries + 1, agent=agent
        )
        self.put(calling)
        return calling

    def not_made(self, record: Record, now: float) -> Record:
        """The call could not be made: the try does not count."""
        back = record.become(
            RecordState.WAITING, now, tries=record.tries - 1, not_before=now + NOT_MADE_S, agent=""
        )
        self.put(back)
        return back

    def settle(self, record: Record, result: DialResult, now: float) -> Record:
        """The result of a try: the number is reached, is tried again later, or is given up."""
        if result is DialResult.CANCELLED:
            return self.not_made(record, now)
        if result is DialResult.ANSWERED:
            after = record.become(RecordState.REACHED, now, result=result)
        else:
            again = self.rules.retry_at(result, now) if record.tries < self.rules.tries_most else None
            if again is None:
                after = record.become(RecordState.GIVEN_UP, now, result=result)
            else:
                after = record.become(RecordState.WAITING, now, result=result, not_before=again, agent="")
        self.put(after)
        return after
