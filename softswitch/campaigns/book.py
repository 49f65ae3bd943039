"""All call lists with their numbers, and where they are kept: every change is in the state tables before anything follows."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from softswitch.calls.chronicle import Chronicle
from softswitch.campaigns.call_list import RECORDS_MOST, CallList, ListState
from softswitch.campaigns.records import Record
from softswitch.campaigns.rules import ListRules
from softswitch.clock import Clock
from softswitch.store import entries
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

LISTS: Final = "call_list"
RECORDS: Final = "call_list_record"
AT_ONCE: Final = 500
"""Numbers that are written in one turn of the loop."""


class ListBook:
    """The lists by their ids."""

    def __init__(
        self,
        keeper: StateKeeper,
        chronicle: Chronicle,
        clock: Clock,
        committed: Callable[[], Awaitable[None]],
    ) -> None:
        """Know what was kept before; what nobody can read is left out, and costs nothing but itself.

        `committed` returns once all that was kept is on the disk.
        """
        self._keeper = keeper
        self._chronicle = chronicle
        self._clock = clock
        self._committed = committed
        self._taken: dict[str, int] = {}
        self.lists: dict[str, CallList] = {}
        for list_id, row in sorted(keeper.load(LISTS).items()):
            try:
                state = ListState(row["state"])
                self.lists[list_id] = CallList(
                    list_id, ListRules.restored(row["rules"]), row["created_at"], state
                )
                self._taken[list_id] = row.get(
                    "last_place", RECORDS_MOST
                )  # a program before this one did not say
            except (KeyError, TypeError, ValueError, AttributeError):
                log.exception("call_list.unreadable", list_id=list_id)
        for key, row in sorted(keeper.load(RECORDS).items()):
            list_id, _, record_id = key.partition("/")
            try:
                if int(record_id) > self._taken[list_id]:
                    keeper.remove(RECORDS, key)  # of a file whose taking was cut short
                    continue
                self.lists[list_id].put(Record.restored(record_id, row))
            except (KeyError, TypeError, ValueError, AttributeError):
                # Also one whose list is gone: the removal was cut short.
                log.warning("call_list.record_unreadable", record=key)
                keeper.remove(RECORDS, key)
        for list_id, call_list in self.lists.items():
            self._taken[list_id] = call_list.last_place

    async def take(self, call_list: CallList, records: Sequence[Record], by: str) -> None:
        """Add numbers, all or none whatever happens meanwhile; returns once they are on the disk.

        They are written a part at a time, as calls are handled in between, and the list says last up to which place they
        are its own: what a crash left of a part is forgotten at the next start.
        """
        for place, record in enumerate(records, 1):
            self.keep(call_list, record)
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)
        if call_list.state is not ListState.REMOVED:
            self._taken[call_list.list_id] += len(records)
            self.keep_list(call_list, by, added=len(records))
        for place, record in enumerate(records, 1):
            if call_list.state is ListState.REMOVED:
                self._keeper.remove(RECORDS, f"{call_list.list_id}/{record.record_id}")
            else:
                call_list.put(record)
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)
        await self._committed()

    def keep_list(self, call_list: CallList, by: str, added: int = 0) -> None:
        """Write a list down as it stands, without its numbers, and tell everybody."""
        taken = self._taken.setdefault(call_list.list_id, 0)
        self._keeper.put(
            LISTS,
            call_list.list_id,
            {
                "rules": call_list.rules.to_record(),
                "created_at": call_list.created_at,
                "state": call_list.state.value,
                "last_place": taken,
            },
        )
        self._chronicle.record(
            entries.CallListChanged(
                at=self._clock.wall(),
                list_id=call_list.list_id,
                queue=call_list.rules.queue,
                state=call_list.state.value,
                by=by,
                added=added,
            )
        )

    def keep(self, call_list: CallList, record: Record) -> None:
        """Write one number down as it stands."""
        self._keeper.put(RECORDS, f"{call_list.list_id}/{record.record_id}", record.to_record())

    async def remove(self, call_list: CallList, by: str) -> None:
        """Forget a list with its numbers, a part at a time: calls are handled in between."""
        del self.lists[call_list.list_id]
        call_list.become(ListState.REMOVED)
        self.keep_list(call_list, by)
        self._keeper.remove(LISTS, call_list.list_id)
        del self._taken[call_list.list_id]
        for place, record in enumerate(tuple(call_list.records()), 1):
            self._keeper.remove(RECORDS, f"{call_list.list_id}/{record.record_id}")
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)

    def tell(self, call_list: CallList, record: Record) -> None:
        """Write down what has become of a number, and tell everybody."""
        self.keep(call_list, record)
        self._chronicle.record(
            entries.ListRecordChanged(
                at=record.changed_at,
                list_id=call_list.list_id,
                queue=call_list.rules.queue,
                record_id=record.record_id,
                number=record.number,
                state=record.state.value,
                tries=record.tries,
                result="" if record.result is None else record.result.value,
                call=record.call_id,
                agent=record.agent,
            )
        )

    def show(self, call_list: CallList, record: Record) -> None:
        """Write down that an agent looks at a number, and tell everybody."""
        self.keep(call_list, record)
        self._chronicle.record(
            entries.ListRecordShown(
                at=record.changed_at,
                list_id=call_list.list_id,
                queue=call_list.rules.queue,
                record_id=record.record_id,
                number=record.number,
                agent=record.agent,
            )
        )
