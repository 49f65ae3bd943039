"""Legs that wait for a cell: in order, for a second at most, and never more than so many."""

from softswitch.calls.cell_line import PATIENCE_S, WAITING_MOST, CellLine
from tests.softswitch.sip.stepped_clock import stepped_clock


class Door:
    """A line whose room the test gives out."""

    def __init__(self, room: int = 0) -> None:
        self.loop, clock = stepped_clock()
        self.room = room
        self.unsuited: set[str] = set()  # legs whose calls have a leg in every cell that has room
        self.placed: list[str] = []
        self.refused: list[str] = []
        self.line = CellLine(clock, place=self._place, refuse=self.refused.append)

    def _place(self, leg_id: str) -> bool:
        if self.room < 1 or leg_id in self.unsuited:
            return False
        self.room -= 1
        self.placed.append(leg_id)
        return True

    def give(self, room: int) -> None:
        self.room += room
        self.line.look()


def test_where_there_is_room_nobody_waits() -> None:
    door = Door(room=1)
    door.line.enter("a")
    assert door.placed == ["a"]
    door.loop.turn_to(10.0)
    assert not door.refused


def test_who_came_first_is_placed_first_and_only_once() -> None:
    door = Door()
    for leg_id in "abc":
        door.line.enter(leg_id)
    door.give(2)
    assert door.placed == ["a", "b"]
    door.loop.turn_to(PATIENCE_S)
    assert (door.placed, door.refused) == (["a", "b"], ["c"])
    door.give(5)
    assert door.placed == ["a", "b"], "nobody is left"


def test_a_leg_that_must_not_go_there_holds_nobody_up_and_keeps_its_place() -> None:
    door = Door()
    door.unsuited = {"a"}
    for leg_id in "ab":
        door.line.enter(leg_id)
    door.give(1)
    assert door.placed == ["b"]
    door.unsuited = set()
    door.line.enter("c")
    door.give(1)
    assert door.placed == ["b", "a"]


def test_room_that_nobody_told_of_is_found_before_a_leg_is_refused() -> None:
    """The window of a cell's rate limit passes in silence."""
    door = Door()
    door.line.enter("a")
    door.room = 1
    door.loop.turn_to(PATIENCE_S)
    assert (door.placed, door.refused) == (["a"], [])


def test_no_more_wait_than_cells_could_ever_serve() -> None:
    door = Door()
    for number in range(WAITING_MOST + 1):
        door.line.enter(f"leg{number}")
    assert door.refused == [f"leg{WAITING_MOST}"]
    door.give(WAITING_MOST)
    assert len(door.placed) == WAITING_MOST
    door.loop.turn_to(PATIENCE_S)
    assert len(door.refused) == 1
