"""Call lists on the scripted node: trunk `city`, queue `hotline`, with a disk that the test may let wait."""

from collections.abc import Callable, Mapping
from typing import Any

from api.call_list_port import CallListBody, NumbersBody
from api.reach import EVERYTHING
from softswitch.calendars.opening import Opening
from softswitch.campaigns.book import ListBook
from softswitch.campaigns.desk import CallListDesk
from softswitch.campaigns.dialling import Dialling
from softswitch.campaigns.records import Record
from softswitch.store import entries
from tests.softswitch.calls.node import Node, done

NUMBERS = ("13900000001", "13900000002", "13900000003")


class Business:
    """Which numbers are not to be called, and when the office is open."""

    def __init__(self) -> None:
        self.do_not_call: set[str] = set()
        self.openings: Mapping[str, Opening] = {}

    def lists_of(self, number: str, at: float) -> tuple[str, ...]:
        """The do-not-call list, or none."""
        return ("do_not_call",) if number in self.do_not_call else ()


class Campaign:
    """The desk of call lists beside a node."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.business = Business()
        self.is_disk_slow = False
        self.unwritten: list[Callable[[], None]] = []
        self.book = ListBook(node.keeper, node.chronicle, node.clock, self._committed)
        self.dialling = Dialling(
            self.book, node.board, lambda: self.business, node.clock, self._when_written, node._token
        )
        self.desk = CallListDesk(
            self.book,
            self.dialling,
            node.board.directory,
            queues=lambda: node.board.table.queues,
            openings=lambda: self.business.openings,
            clock=node.clock,
            area_code="010",
            token=node._token,
        )
        self.dialling.open()

    async def _committed(self) -> None:
        """The node's disk is memory."""

    def _when_written(self, action: Callable[[], None]) -> None:
        self.unwritten.append(action)
        if not self.is_disk_slow:
            self.write()

    def write(self) -> None:
        """The disk has everything."""
        waiting, self.unwritten = self.unwritten, []
        for action in waiting:
            action()

    def make(self, numbers: tuple[str, ...] = NUMBERS, *, start: bool = True, **rules: Any) -> str:
        """A list with numbers, at work; progressive, at any hour."""
        body = CallListBody(
            **{"name": "回访", "queue": "hotline", "mode": "progressive", "window": "00:00-24:00", **rules}
        )
        list_id = done(self.desk.create(body, EVERYTHING, "boss")).list_id
        taken = done(self.desk.add(list_id, NumbersBody(numbers=numbers), EVERYTHING, "boss"))
        assert taken.taken
        if start:
            self.turn(list_id, "running")
        return list_id

    def turn(self, list_id: str, state: str) -> None:
        """Start, pause or stop."""
        done(self.desk.turn(list_id, state, EVERYTHING, "boss"))
        self.look()

    def look(self) -> None:
        """Let what is due happen."""
        self.node.pass_time(0.0)

    def record(self, list_id: str, place: int = 1) -> Record:
        """A record by its place."""
        found = self.book.lists[list_id].get(f"{place:06d}")
        assert found is not None
        return found

    def called(self) -> list[str]:
        """The numbers that ring outside now, in order."""
        return [leg.number for leg in self.node.ringing() if leg.number]

    def leg_to(self, number: str) -> str:
        """The leg that rings there."""
        return next(leg.leg_id for leg in self.node.ringing() if leg.number == number)

    def placed(self) -> list[str]:
        """Every number that was ever called, in order."""
        return [entry.called for entry in self.node.entries(entries.CallDialled)]
