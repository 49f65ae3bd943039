"""Works call lists off: whom to call now, what came of it, when to look again.

Every call is written down, and on the disk, before it is made.  A control that comes back after a crash counts what it
finds begun as a try, and calls nobody anew before the time that the rules give.
"""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

import structlog

from acd.medium import Medium
from api.faults import ApiFault, Denied, Refused
from softswitch.calendars.opening import Opening
from softswitch.calls.call import Call
from softswitch.calls.dial_results import DialResult
from softswitch.calls.switchboard import Switchboard
from softswitch.campaigns.book import ListBook
from softswitch.campaigns.call_list import CallList, ListState
from softswitch.campaigns.pacing import Demand, room
from softswitch.campaigns.records import Record, RecordState
from softswitch.campaigns.rules import FIRST_IN_LINE, ListRules, Mode
from softswitch.clock import Alarm, Clock

log = structlog.get_logger(__name__)

_CORRECTIONS: Final = frozenset({DialResult.FAX, DialResult.VOICEMAIL})
"""What may turn out after an answer."""


class KnowsHours(Protocol):
    """The business as far as calling is concerned (`softswitch.business.whole.Business`)."""

    @property
    def openings(self) -> Mapping[str, Opening]:
        """The opening hours by their ids."""
        ...

    def lists_of(self, number: str, at: float) -> tuple[str, ...]:
        """The lists of numbers that a number stands on at a moment (wall seconds)."""
        ...


class Dialling:
    """The calls of all lists."""

    def __init__(
        self,
        book: ListBook,
        board: Switchboard,
        business: Callable[[], KnowsHours],
        clock: Clock,
        when_written: Callable[[Callable[[], None]], None],
        token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        """`when_written(action)` does it once what was recorded is on the disk, or never."""
        self._book = book
        self._board = board
        self._business = business
        self._clock = clock
        self._when_written = when_written
        self._token = token
        self._lists_of_calls: dict[str, CallList] = {}  # calls that may still bring a result
        self._to_be_made: set[str] = set()  # written down, not yet made
        self._alarm: Alarm | None = None
        self._turn = 0
        self._is_open = False

    def open(self) -> None:
        """Calls of before a restart either live or were a try; then work begins."""
        now = self._clock.wall()
        for call_list in self._book.lists.values():
            for record in call_list.in_state(RecordState.CALLING):
                lives = self._board.table.find(record.call_id) is not None
                result = DialResult.ANSWERED if lives else DialResult.NETWORK_FAILURE
                self._book.tell(call_list, call_list.settle(record, result, now))
        self._board.results.told.append(self._resulted)
        self._board.results.over.append(self._ended)
        self._board.agent_reported = self.look_soon
        self._is_open = True
        self.look_soon()

    def close(self) -> None:
        """Call nobody any more; what came of the calls that are up is written down all the same."""
        self._is_open = False
        self._board.agent_reported = lambda: None
        if self._alarm is not None:
            self._alarm.cancel()

    # ---- what may be called ------------------------------------------------------------------------

    def opening_of(self, rules: ListRules) -> Opening | None:
        """The opening hours of a list; None without any."""
        return self._business().openings.get(rules.hours)

    def is_open(self, rules: ListRules) -> bool:
        """Whether the list's numbers may be called now."""
        return rules.is_open(self.opening_of(rules), self._clock.wall())

    def is_barred(self, rules: ListRules, number: str) -> bool:
        """Whether a number asked not to be called."""
        return not set(rules.do_not_call).isdisjoint(self._business().lists_of(number, self._clock.wall()))

    def under_way(self, call_list: CallList) -> int:
        """Calls of a list that ring, or whose called waits and has no agent's phone ringing for it."""
        return sum(
            1
            for call_id, of in self._lists_of_calls.items()
            if of is call_list and self._is_under_way(call_id)
        )

    def _is_under_way(self, call_id: str) -> bool:
        if call_id in self._to_be_made:
            return True
        call = self._board.table.find(call_id)
        return call is not None and call.agent is None and not call.offered

    def _free_agents(self) -> dict[str, frozenset[str]]:
        """Who could be offered a call now, with the queues that they serve."""
        table = self._board.table
        engaged = table.of_agents()
        return {
            str(each.agent): frozenset(each.queues)
            for each in table.dispatcher.engine.agents()
            if Medium.VOICE in each.open_media and each.agent not in engaged
        }

    def _demands(self) -> dict[str, Demand]:
        """Every list that dials by itself and has calls under way, or may start some."""
        agents = self._free_agents()
        found = {}
        for each in self._book.lists.values():
            under_way = self.under_way(each)
            if each.rules.mode is Mode.PROGRESSIVE and (under_way or each.state is ListState.RUNNING):
                free = frozenset(agent for agent, queues in agents.items() if each.rules.queue in queues)
                found[each.list_id] = Demand(list_id=each.list_id, free=free, under_way=under_way)
        return found

    # ---- the rounds ----------------------------------------------------------------------------------

    def look_soon(self) -> None:
        """Something changed: look in a moment who may be called."""
        if self._is_open:
            self._look_at(self._clock.wall())

    def _look_at(self, moment: float) -> None:
        if self._alarm is not None and self._alarm.is_pending:
            if self._alarm.deadline <= self._clock.moment_of(moment):
                return
            self._alarm.cancel()
        self._alarm = self._clock.at_wall(moment, self._look, is_kept=True)

    def _look(self) -> None:
        """Let go of what agents left lying, start what may be started, and say when to look again."""
        now = self._clock.wall()
        for call_list in self._book.lists.values():
            for record in call_list.shown:
                if record.shown_until <= now:
                    self._book.tell(call_list, call_list.put_back(record, now))
        working = [each for each in self._working() if self.is_open(each.rules)]
        if working:
            self._turn = (self._turn + 1) % len(working)
            self._start_calls(working[self._turn :] + working[: self._turn], now)
        moments = tuple(self._next_looks(now))
        if moments:
            self._look_at(min(moments))

    def _working(self) -> Iterator[CallList]:
        for each in self._book.lists.values():
            if each.state is ListState.RUNNING and each.rules.mode is Mode.PROGRESSIVE:
                yield each

    def _start_calls(self, working: list[CallList], now: float) -> None:
        """One call each in turn, until no list may start another."""
        demands = self._demands()
        while working:
            for call_list in tuple(working):
                record = call_list.due(now)
                if record is None or room(call_list.list_id, demands.values()) < 1:
                    working.remove(call_list)
                elif self.is_barred(call_list.rules, record.number):
                    self._book.tell(call_list, call_list.bar(record, now))
                else:
                    before = demands[call_list.list_id]
                    demands[call_list.list_id] = replace(before, under_way=before.under_way + 1)
                    self._begin(call_list, record, "", self._place)

    def _next_looks(self, now: float) -> Iterator[float]:
        """When something is due again.  A due number that has no free agent waits for a report of one."""
        for call_list in self._book.lists.values():
            for record in call_list.shown:
                yield record.shown_until
        for call_list in self._working():
            due = call_list.next_due_at()
            if due is None:
                continue
            if not self.is_open(call_list.rules):
                yield max(due, call_list.rules.next_look(self.opening_of(call_list.rules), now))
            elif due > now:
                yield due

    # ---- one call ------------------------------------------------------------------------------------

    def _begin(
        self, call_list: CallList, record: Record, agent: str, make: Callable[[CallList, Record], None]
    ) -> Record:
        """Write down that a number is being called; the call itself follows from the disk."""
        now = self._clock.wall()
        call_id = f"{int(now * 1000):011x}-{self._token(4)}"
        calling = call_list.begin(record, call_id, now, agent)
        self._lists_of_calls[call_id] = call_list
        self._to_be_made.add(call_id)
        self._book.tell(call_list, calling)
        self._when_written(lambda: self._make(call_list, calling, make))
        return calling

    def _make(self, call_list: CallList, record: Record, make: Callable[[CallList, Record], None]) -> None:
        """The call is on the disk: make it, unless things have changed meanwhile."""
        self._to_be_made.discard(record.call_id)
        now = self._clock.wall()
        if call_list.state is not ListState.RUNNING or not self._is_open:
            self._undo(call_list, call_list.not_made(record, now), record.call_id)
        elif self.is_barred(call_list.rules, record.number):
            self._undo(call_list, call_list.bar(record, now), record.call_id)
        else:
            try:
                make(call_list, record)
            except (Denied, Refused) as fault:
                log.warning("call_list.not_allowed", record=record.record_id, fault=fault.detail)
                self._undo(call_list, call_list.bar(record, now), record.call_id)
            except ApiFault as fault:
                log.warning("call_list.not_made", record=record.record_id, fault=fault.detail)
                self._undo(call_list, call_list.not_made(record, now), record.call_id)

    def _undo(self, call_list: CallList, record: Record, call_id: str) -> None:
        self._lists_of_calls.pop(call_id, None)
        self._book.tell(call_list, record)
        self.look_soon()

    def _place(self, call_list: CallList, record: Record) -> None:
        rules = call_list.rules
        self._board.placed.place(
            record.call_id,
            record.number,
            rules.queue,
            line=rules.line,
            data=data_of(call_list, record),
            level=FIRST_IN_LINE,
            ring_s=rules.ring_s,
        )

    def dial_for(self, call_list: CallList, record: Record, agent: str) -> Record:
        """The agent who looks at a record has it dialled: the own phone rings first.  `Conflict` when that cannot be."""
        own = self._board.directory.agent(agent)

        def make(of: CallList, calling: Record) -> None:
            to = self._board.directory.number(calling.number, own.extension)
            self._board.outgoing.dial(
                self._board.directory.agent(agent),
                to,
                data_of(of, calling),
                of.rules.line,
                calling.call_id,
            )

        return self._begin(call_list, record, agent, make)

    # ---- what comes of it ------------------------------------------------------------------------------

    def _resulted(self, call: Call, result: DialResult) -> None:
        call_list = self._lists_of_calls.get(call.call_id)
        record = None if call_list is None else call_list.of_call(call.call_id)
        if call_list is None or record is None:
            return
        is_first = record.state is RecordState.CALLING
        if is_first or (record.state is RecordState.REACHED and result in _CORRECTIONS):
            self._book.tell(call_list, call_list.settle(record, result, self._clock.wall()))
            self.look_soon()

    def _ended(self, call: Call) -> None:
        """A call is over; one without a result was never made: the agent's own phone was not answered."""
        call_list = self._lists_of_calls.pop(call.call_id, None)
        if call_list is None:
            return
        record = call_list.of_call(call.call_id)
        if record is not None and record.state is RecordState.CALLING:
            self._book.tell(call_list, call_list.not_made(record, self._clock.wall()))
        self.look_soon()

    def stop_ringing(self, call_list: CallList) -> None:
        """Hang up what the system called for a list and nobody has answered yet."""
        calls: Collection[str] = tuple(self._lists_of_calls)
        for call_id in calls:
            call = self._board.table.find(call_id)
            if call is not None and self._lists_of_calls.get(call_id) is call_list:
                record = call_list.of_call(call_id)
                if record is not None and not record.agent:
                    self._board.placed.give_up(call)


def data_of(call_list: CallList, record: Record) -> dict[str, Any]:
    """What is attached to a record's call: its columns, and where it comes from."""
    return {**record.data, "call_list": call_list.list_id, "record": record.record_id}
