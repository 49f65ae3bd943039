"""The accounts of native call slots: never more legs in a cell than it has slots, whatever happens."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.cells.slots import (
    LEGS_PER_WINDOW,
    REFUSAL_PAUSE_S,
    TRANSITIONS,
    WINDOW_S,
    Cell,
    IllegalSlotChange,
    NoCellFree,
    SlotChange,
    SlotState,
    SlotTable,
)


def table(*cell_ids: str, capacity: int = 4) -> SlotTable:
    """A table with open cells of these names."""
    slots = SlotTable()
    for number, cell_id in enumerate(cell_ids):
        slots.add_cell(Cell(cell_id=cell_id, address=f"127.78.0.{number + 1}", port=5070), capacity)
        slots.open_cell(cell_id)
    return slots


def test_the_cell_unused_for_longest_comes_first() -> None:
    slots = table("a", "b", "c")
    assert [slots.place(f"leg{n}", 0.0).cell_id for n in range(6)] == ["a", "b", "c", "a", "b", "c"]


def test_cells_to_avoid_are_never_taken() -> None:
    slots = table("a", "b")
    assert slots.place("leg0", 0.0, {"a"}).cell_id == "b"
    with pytest.raises(NoCellFree) as caught:
        slots.place("leg1", 0.0, {"a", "b"})
    assert caught.value.cells == 2


def test_at_most_twenty_new_legs_in_half_a_second_go_to_one_cell() -> None:
    slots = table("a")
    for number in range(LEGS_PER_WINDOW):
        slots.place(f"leg{number}", 10.0)
        slots.change("a", f"leg{number}", SlotChange.FREED)
    with pytest.raises(NoCellFree):
        slots.place("late", 10.0 + WINDOW_S - 0.001)
    assert slots.place("late", 10.0 + WINDOW_S).cell_id == "a"


def test_a_slot_is_not_free_before_the_cell_says_so() -> None:
    slots = table("a", capacity=1)
    slots.place("leg0", 0.0)
    for change in (SlotChange.SEEN, SlotChange.ENDED):
        slots.change("a", "leg0", change)
        with pytest.raises(NoCellFree):
            slots.place("leg1", 1.0)
    slots.change("a", "leg0", SlotChange.FREED)
    assert slots.place("leg1", 1.0).cell_id == "a"


def test_withdrawing_frees_only_what_never_reached_its_cell() -> None:
    slots = table("a")
    slots.place("leg0", 0.0)
    slots.withdraw("leg0")
    assert slots.used == 0
    slots.place("leg1", 0.0)
    slots.change("a", "leg1", SlotChange.SEEN)
    slots.withdraw("leg1")
    assert slots.state_of("leg1") is SlotState.LIVE


def test_a_placed_leg_may_be_placed_anew_but_a_live_one_may_not() -> None:
    slots = table("a", "b")
    slots.place("leg0", 0.0)
    assert slots.place("leg0", 0.0, {"a"}).cell_id == "b"
    assert slots.legs_in("a") == ()
    slots.change("b", "leg0", SlotChange.SEEN)
    with pytest.raises(IllegalSlotChange):
        slots.place("leg0", 0.0)


def test_a_refusal_teaches_the_capacity() -> None:
    slots = table("a", "b", capacity=6)
    for number in range(5):
        slots.place(f"leg{number}", 0.0, {"b"})
        slots.change("a", f"leg{number}", SlotChange.SEEN)
    slots.refused("a", "leg4", 1.0)
    assert slots.legs_in("a") == ("leg0", "leg1", "leg2", "leg3")
    assert slots.place("leg4", 1.0).cell_id == "b"
    with pytest.raises(NoCellFree):
        slots.place("leg5", 1.0, {"b"})
    assert slots.nominal_share == pytest.approx(12 / 10)


def test_a_refusal_by_a_cell_that_seemed_empty_gives_it_a_rest() -> None:
    """It holds something that is not ours to know: try again, but not at once."""
    slots = table("a")
    slots.place("leg0", 0.0)
    slots.refused("a", "leg0", 0.0)
    with pytest.raises(NoCellFree):
        slots.place("leg0", REFUSAL_PAUSE_S - 0.01)
    assert slots.place("leg0", REFUSAL_PAUSE_S).cell_id == "a"


def test_a_late_refusal_leaves_the_new_place_alone() -> None:
    slots = table("a", "b")
    slots.place("leg0", 0.0)
    slots.place("leg0", 0.0, {"a"})
    slots.refused("a", "leg0", 0.0)
    home = slots.cell_of("leg0")
    assert home is not None
    assert home.cell_id == "b"


def test_a_lost_cell_names_its_legs_but_not_those_that_had_ended() -> None:
    slots = table("a")
    for leg_id in ("placed", "live", "ending"):
        slots.place(leg_id, 0.0)
    slots.change("a", "live", SlotChange.SEEN)
    slots.change("a", "ending", SlotChange.ENDED)
    assert set(slots.remove_cell("a")) == {"placed", "live"}
    assert slots.used == 0
    assert slots.remove_cell("a") == ()


def test_the_word_of_a_cell_counts_about_legs_that_nobody_placed() -> None:
    """A control that came back knows nothing until the cells speak."""
    slots = table("a")
    slots.change("a", "found", SlotChange.SEEN)
    home = slots.cell_of("found")
    assert home is not None
    assert home.cell_id == "a"


def test_a_cell_takes_no_leg_before_it_is_opened_and_after_it_is_closed() -> None:
    slots = SlotTable()
    slots.add_cell(Cell(cell_id="a", address="127.78.0.1", port=5070), 4)
    with pytest.raises(NoCellFree):
        slots.place("leg0", 0.0)
    slots.open_cell("a")
    slots.place("leg0", 0.0)
    slots.close_cell("a")
    with pytest.raises(NoCellFree):
        slots.place("leg1", 0.0)
    assert slots.free == 0


@pytest.mark.parametrize("state", [None, *SlotState])
@pytest.mark.parametrize("change", SlotChange)
def test_every_change_is_in_the_table_or_changes_nothing(state: SlotState | None, change: SlotChange) -> None:
    slots = table("a")
    if state is not None:
        slots.place("leg0", 0.0)
    if state in (SlotState.LIVE, SlotState.ENDING):
        slots.change("a", "leg0", SlotChange.SEEN)
    if state is SlotState.ENDING:
        slots.change("a", "leg0", SlotChange.ENDED)
    assert slots.state_of("leg0") is state
    if change in TRANSITIONS[state]:
        slots.change("a", "leg0", change)
        assert slots.state_of("leg0") is TRANSITIONS[state][change]
    else:
        with pytest.raises(IllegalSlotChange):
            slots.change("a", "leg0", change)
        assert slots.state_of("leg0") is state


steps = st.lists(
    st.tuples(st.sampled_from(["place", "seen", "ended", "freed", "refused", "withdraw", "lose"]),
              st.integers(0, 12), st.sampled_from(["a", "b", "c"])),
    max_size=60,
)  # fmt: skip


@given(steps)
def test_no_cell_is_ever_promised_more_legs_than_it_has_slots(
    todo: list[tuple[str, int, str]],
) -> None:
    """Cells that speak only of what they were given: the accounts match a plain model of them."""
    slots = table("a", "b", "c", capacity=2)
    holds: dict[str, set[str]] = defaultdict(set)
    for now, (step, number, cell_id) in enumerate(todo):
        leg_id = f"leg{number}"
        home = slots.cell_of(leg_id)
        if step == "place" and slots.state_of(leg_id) in (None, SlotState.PLACED):
            try:
                chosen = slots.place(leg_id, float(now)).cell_id
            except NoCellFree:
                continue
            for held in holds.values():
                held.discard(leg_id)
            holds[chosen].add(leg_id)
        elif step == "lose":
            assert set(slots.remove_cell(cell_id)) <= holds.pop(cell_id, set())
        elif home is not None:
            if step in ("seen", "ended", "freed"):
                if SlotChange(step) in TRANSITIONS[slots.state_of(leg_id)]:
                    slots.change(home.cell_id, leg_id, SlotChange(step))
            elif step == "withdraw":
                slots.withdraw(leg_id)
            elif step == "refused" and slots.state_of(leg_id) is SlotState.PLACED:
                slots.refused(home.cell_id, leg_id, float(now))
            if slots.state_of(leg_id) is None:
                holds[home.cell_id].discard(leg_id)
        for name in ("a", "b", "c"):
            assert set(slots.legs_in(name)) == holds[name]
            assert len(holds[name]) <= 2
        assert slots.used == sum(len(held) for held in holds.values())


def test_a_leg_that_begins_again_elsewhere_leaves_its_old_slot_to_the_cell_that_still_holds_it() -> None:
    """It went round by another trunk: the native call of the first lives on for half a minute."""
    slots = table("a", "b", capacity=1)
    slots.place("leg0", 0.0)
    slots.change("a", "leg0", SlotChange.SEEN)
    slots.change("a", "leg0", SlotChange.ENDED)
    assert slots.place("leg0", 1.0).cell_id == "b"
    assert (slots.used, slots.free) == (2, 0)
    slots.change("b", "leg0", SlotChange.SEEN)
    slots.change("a", "leg0", SlotChange.ENDED)
    assert slots.cell_of("leg0") == Cell(cell_id="b", address="127.78.0.2", port=5070)
    slots.change("a", "leg0", SlotChange.FREED)
    assert (slots.used, slots.free) == (1, 1)
    assert slots.remove_cell("b") == ("leg0",)
    assert slots.used == 0
