"""Call lists as the interface asks for them.  Implements `api.call_list_port.CallListsPort`."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final

from api.call_list_port import (
    BadNumberView,
    CallListBody,
    CallListsQuery,
    CallListView,
    ListRecordsQuery,
    ListRecordView,
    NumbersBody,
    NumbersTakenView,
)
from api.faults import Conflict, Denied, NotFound, Refused, TooLarge
from api.problems import NotYours
from api.reach import Reach
from api.views import Page, WallTime
from softswitch.calls.dial_results import DialResult
from softswitch.calls.directory import Directory
from softswitch.campaigns.book import ListBook
from softswitch.campaigns.call_list import (
    LIST_TRANSITIONS,
    RECORDS_MOST,
    CallList,
    IllegalListState,
    ListState,
)
from softswitch.campaigns.dialling import Dialling
from softswitch.campaigns.numbers_file import NumbersFile, read_numbers
from softswitch.campaigns.records import Record, RecordState
from softswitch.campaigns.rules import RETRY_S, ListRules, Mode
from softswitch.clock import Clock

LISTS_MOST: Final = 200
READ_AT_ONCE: Final = 50_000
RETRY_MOST_MINUTES: Final = 7 * 24 * 60
_NEVER_AGAIN: Final = frozenset({DialResult.ANSWERED, DialResult.CANCELLED})


class CallListDesk:
    """All call lists."""

    def __init__(
        self,
        book: ListBook,
        dialling: Dialling,
        directory: Directory,
        *,
        queues: Callable[[], Mapping[str, Any]],
        openings: Callable[[], Mapping[str, Any]],
        clock: Clock,
        area_code: str,
        token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        """`queues` and `openings` are those of the business as it stands, by their names."""
        self._book = book
        self._dialling = dialling
        self._directory = directory
        self._queues = queues
        self._openings = openings
        self._clock = clock
        self._area_code = area_code
        self._token = token
        self._door = asyncio.Lock()

    # ---- looking -----------------------------------------------------------------------------------

    async def list(self, query: CallListsQuery, reach: Reach) -> Page[CallListView]:
        """A page of those within reach, newest first; ids begin with when they were made, and the cursor is the last one."""
        found = [
            each
            for each in self._book.lists.values()
            if _is_within(reach, each.rules.queue) and (not query.cursor or each.list_id < query.cursor)
        ]
        found.sort(key=lambda each: each.list_id, reverse=True)
        items = tuple(self._view(each) for each in found[: query.limit])
        return Page(items=items, next_cursor=items[-1].list_id if len(found) > query.limit else None)

    async def get(self, list_id: str, reach: Reach) -> CallListView:
        """One list."""
        return self._view(self._find(list_id, reach))

    async def records(self, list_id: str, query: ListRecordsQuery, reach: Reach) -> Page[ListRecordView]:
        """A page of its numbers."""
        call_list = self._find(list_id, reach)
        after = query.cursor.rjust(6, "0") if query.cursor else ""
        wanted = (
            record
            for record in call_list.records()
            if int(record.record_id) > int(after or 0)
            and (not query.state or record.state.value == query.state)
        )
        found = tuple(islice(wanted, query.limit + 1))
        items = tuple(_shown(call_list, record) for record in found[: query.limit])
        return Page(items=items, next_cursor=items[-1].record_id if len(found) > query.limit else None)

    def _find(self, list_id: str, reach: Reach) -> CallList:
        found = self._book.lists.get(list_id)
        if found is None:
            raise NotFound("list", list_id)
        if not _is_within(reach, found.rules.queue):
            raise NotYours
        return found

    # ---- making and running ------------------------------------------------------------------------

    async def create(self, body: CallListBody, reach: Reach, by: str) -> CallListView:
        """Make a list."""
        if body.queue not in self._queues():
            raise Refused("unknown_queue", f"没有此队列 / there is no queue {body.queue!r}")
        if not _is_within(reach, body.queue):
            raise NotYours
        if body.hours and body.hours not in self._openings():
            raise Refused("unknown_hours", f"没有此工作时间 / there are no opening hours {body.hours!r}")
        if body.line and not self._directory.may_show(body.line):
            raise Refused("line_not_allowed", f"不可外显 {body.line} / {body.line} may not be shown")
        if len(self._book.lists) >= LISTS_MOST:
            raise TooLarge("too_many_lists", f"最多 {LISTS_MOST} 个名单 / at most {LISTS_MOST} lists")
        rules = ListRules(
            name=body.name,
            queue=body.queue,
            mode=Mode(body.mode),
            tries_most=body.tries_most,
            window=body.window,
            hours=body.hours,
            do_not_call=body.do_not_call,
            line=body.line,
            ring_s=body.ring_s,
            retry_s=_retries(body.retry_minutes),
        )
        for place, wrong in rules.faults():
            raise Refused(f"bad_{place}", wrong)
        now = self._clock.wall()
        call_list = CallList(f"{int(now * 1000):011x}{self._token(3)}", rules, now)
        self._book.lists[call_list.list_id] = call_list
        self._book.keep_list(call_list, by)
        return self._view(call_list)

    async def add(self, list_id: str, body: NumbersBody, reach: Reach, by: str) -> NumbersTakenView:
        """Take numbers, all or none; those of two files one after the other."""
        async with self._door:
            call_list = self._find(list_id, reach)
            if call_list.state is ListState.STOPPED:
                raise Conflict("list_stopped", "名单已终止 / the list was stopped", call_list.state.value)
            found = await self._read(call_list, body)
            if len(call_list) + len(found.numbers) > RECORDS_MOST:
                raise TooLarge(
                    "too_many_numbers", f"最多 {RECORDS_MOST} 个 / a list has at most {RECORDS_MOST}"
                )
            taken = bool(found.numbers) and not found.bad_lines and not body.dry_run
            if taken:
                await self._book.take(call_list, call_list.following(found.numbers, self._clock.wall()), by)
                self._find(list_id, reach)  # it may have been removed meanwhile
                self._dialling.look_soon()
        return self._taken(call_list, found, taken=taken, dry_run=body.dry_run)

    async def _read(self, call_list: CallList, body: NumbersBody) -> NumbersFile:
        """A long file is read beside the loop."""
        text = body.csv or "\n".join(("number", *body.numbers))
        if len(text) < READ_AT_ONCE:
            return read_numbers(text, self._area_code, call_list.has_number)
        known = frozenset(record.number for record in call_list.records())
        return await asyncio.to_thread(read_numbers, text, self._area_code, known.__contains__)

    def _taken(
        self, call_list: CallList, found: NumbersFile, *, taken: bool, dry_run: bool
    ) -> NumbersTakenView:
        barred = sum(self._dialling.is_barred(call_list.rules, number) for number, _ in found.numbers)
        return NumbersTakenView(
            dry_run=dry_run,
            taken=taken,
            good=len(found.numbers),
            barred=barred,
            bad_lines=tuple(
                BadNumberView(line=b.line, number=b.number, reason=b.reason) for b in found.bad_lines
            ),
        )

    async def turn(self, list_id: str, state: str, reach: Reach, by: str) -> CallListView:
        """Work it off, pause, or stop for good."""
        call_list = self._find(list_id, reach)
        wanted = ListState(state)
        if wanted is not call_list.state:
            try:
                call_list.become(wanted)
            except IllegalListState as fault:
                raise Conflict(
                    "not_allowed",
                    f"名单状态不允许 / the list is {fault.before}",
                    fault.before.value,
                ) from fault
            self._book.keep_list(call_list, by)
            if wanted is ListState.STOPPED:
                self._dialling.stop_ringing(call_list)
            self._dialling.look_soon()
        return self._view(call_list)

    async def remove(self, list_id: str, reach: Reach, by: str) -> None:
        """Forget a list that does not run, with its numbers."""
        call_list = self._find(list_id, reach)
        if ListState.REMOVED not in LIST_TRANSITIONS[call_list.state]:
            raise Conflict("list_in_use", "请先终止 / stop the list first", call_list.state.value)
        await self._book.remove(call_list, by)

    # ---- previewing ----------------------------------------------------------------------------------

    async def next(self, list_id: str, agent_id: str, reach: Reach) -> ListRecordView:
        """The record whose turn it is; the one that the agent looks at already, if there is one."""
        call_list = self._find(list_id, reach)
        self._check_runs(call_list)
        record = call_list.shown_to(agent_id)
        now = self._clock.wall()
        while record is None:
            due = call_list.due(now)
            if due is None:
                raise Conflict("nothing_due", "暂无可拨号码 / no number is due now", call_list.state.value)
            if self._dialling.is_barred(call_list.rules, due.number):
                self._book.tell(call_list, call_list.bar(due, now))
            else:
                record = call_list.show(due, agent_id, now)
                self._book.show(call_list, record)
                self._dialling.look_soon()
        return _shown(call_list, record)

    async def dial(self, list_id: str, record_id: str, agent_id: str, reach: Reach) -> ListRecordView:
        """Call the number that the agent looks at."""
        call_list, record = self._looked_at(list_id, record_id, agent_id, reach)
        self._check_runs(call_list)
        if self._dialling.is_barred(call_list.rules, record.number):
            self._book.tell(call_list, call_list.bar(record, self._clock.wall()))
            raise Denied("do_not_call", "号码在免打扰名单 / the number is not to be called", "do_not_call")
        return _shown(call_list, self._dialling.dial_for(call_list, record, agent_id))

    async def skip(
        self, list_id: str, record_id: str, agent_id: str, reach: Reach, *, for_good: bool
    ) -> ListRecordView:
        """Let the record go."""
        call_list, record = self._looked_at(list_id, record_id, agent_id, reach)
        now = self._clock.wall()
        after = call_list.skip(record, now) if for_good else call_list.put_back(record, now)
        self._book.tell(call_list, after)
        return _shown(call_list, after)

    def _looked_at(
        self, list_id: str, record_id: str, agent_id: str, reach: Reach
    ) -> tuple[CallList, Record]:
        call_list = self._find(list_id, reach)
        record = call_list.get(record_id)
        if record is None:
            raise NotFound("record", record_id)
        if record.state is not RecordState.SHOWN or record.agent != agent_id:
            raise Conflict(
                "not_shown", "该记录不在此坐席处 / the agent does not look at it", record.state.value
            )
        return call_list, record

    def _check_runs(self, call_list: CallList) -> None:
        rules = call_list.rules
        if rules.mode is not Mode.PREVIEW:
            raise Conflict(
                "dials_by_itself", "渐进名单由系统拨打 / the list dials by itself", rules.mode.value
            )
        if call_list.state is not ListState.RUNNING:
            raise Conflict("list_not_running", "名单未运行 / the list does not run", call_list.state.value)
        if not self._dialling.is_open(rules):
            raise Conflict("outside_hours", "不在可拨时段 / numbers may not be called now", "closed")

    # ---- showing -------------------------------------------------------------------------------------

    def _view(self, call_list: CallList) -> CallListView:
        rules, due = call_list.rules, call_list.next_due_at()
        return CallListView(
            list_id=call_list.list_id,
            name=rules.name,
            queue=rules.queue,
            mode=rules.mode.value,
            state=call_list.state.value,
            tries_most=rules.tries_most,
            window=rules.window,
            hours=rules.hours,
            do_not_call=rules.do_not_call,
            line=rules.line,
            ring_s=rules.ring_s,
            retry_minutes={result.value: after_s // 60 for result, after_s in rules.retry_s.items()},
            created_at=WallTime(call_list.created_at),
            total=len(call_list),
            states={state.value: count for state, count in call_list.states.items()},
            results={result.value: count for result, count in call_list.results.items()},
            under_way=self._dialling.under_way(call_list),
            next_due_at=None if due is None else WallTime(max(due, call_list.created_at)),
            is_open=self._dialling.is_open(rules),
            is_done=call_list.is_done,
        )


def _is_within(reach: Reach, queue: str) -> bool:
    return reach.is_all or queue in reach.queues


def _retries(minutes: Mapping[str, Any]) -> dict[DialResult, int]:
    retry_s = dict(RETRY_S)
    for name, value in minutes.items():
        if name not in set(DialResult) - _NEVER_AGAIN:
            raise Refused("bad_retry", f"没有此结果 / there is no such result: {name[:40]!r}")
        if type(value) is not int or not 0 <= value <= RETRY_MOST_MINUTES:
            raise Refused("bad_retry", f"{name}: 应为 0 到 {RETRY_MOST_MINUTES} 的整数 / whole minutes")
        retry_s[DialResult(name)] = value * 60
    return retry_s


def _shown(call_list: CallList, record: Record) -> ListRecordView:
    return ListRecordView(
        list_id=call_list.list_id,
        record_id=record.record_id,
        number=record.number,
        data=dict(record.data),
        state=record.state.value,
        tries=record.tries,
        not_before=WallTime(record.not_before) if record.not_before else None,
        result=None if record.result is None else record.result.value,
        call_id=record.call_id or None,
        agent=record.agent or None,
        changed_at=WallTime(record.changed_at),
    )
