"""How many cells, when the next, and where: pure decisions on a clock of small numbers."""

import pytest

from softswitch.cells.population import (
    DEMAND_MEMORY_S,
    FAILURE_PAUSE_S,
    FORK_INTERVAL_S,
    FORKS_AT_ONCE,
    AddressBook,
    Census,
    Population,
)

NONE = Census(serving=0, starting=0, all=0)


def test_spare_cells_stand_ready_before_anybody_asks() -> None:
    population = Population(legs_per_cell=4, spare_legs=6, cells_max=10)
    assert population.wanted_cells == 2
    assert population.may_fork(NONE, 0.0)


def test_room_is_made_for_what_is_wanted_up_to_the_limit() -> None:
    population = Population(legs_per_cell=4, spare_legs=4, cells_max=10)
    population.want(9, 0.0)
    assert population.wanted_cells == 4
    population.want(4000, 0.0)
    assert population.wanted_cells == 10


def test_forks_are_spaced_and_few_at_a_time() -> None:
    population = Population(legs_per_cell=4, spare_legs=40, cells_max=10)
    assert population.may_fork(NONE, 1.0)
    one = Census(serving=0, starting=1, all=1)
    assert not population.may_fork(one, 1.0 + FORK_INTERVAL_S / 2)
    assert population.wait_s(one, 1.0) == pytest.approx(FORK_INTERVAL_S)
    assert population.may_fork(one, 1.0 + FORK_INTERVAL_S)
    assert not population.may_fork(Census(serving=0, starting=FORKS_AT_ONCE, all=2), 9.0)


def test_retiring_cells_are_replaced_but_processes_stay_bounded() -> None:
    population = Population(legs_per_cell=4, spare_legs=16, cells_max=4)
    assert population.may_fork(Census(serving=3, starting=0, all=4), 0.0)
    assert not population.may_fork(Census(serving=3, starting=0, all=6), 9.0)


def test_cells_that_fail_to_start_are_tried_ever_more_rarely() -> None:
    population = Population(legs_per_cell=4, spare_legs=4, cells_max=4)
    now = 0.0
    pauses = []
    for _ in range(8):
        assert population.may_fork(NONE, now)
        population.cell_failed(now)
        pauses.append(population.wait_s(NONE, now))
        assert not population.may_fork(NONE, now)
        now += pauses[-1]
    assert pauses[:4] == [FAILURE_PAUSE_S, 0.5, 1.0, 2.0]
    assert pauses[-1] == 5.0
    population.cell_began()
    population.cell_failed(now)
    assert population.wait_s(NONE, now) == FAILURE_PAUSE_S


def test_surplus_is_kept_as_long_as_the_last_peak_is_remembered() -> None:
    population = Population(legs_per_cell=4, spare_legs=4, cells_max=50)
    population.want(36, 0.0)
    many = Census(serving=10, starting=0, all=10)
    population.want(4, 60.0)
    assert population.surplus(many, 60.0) == 0
    assert population.surplus(many, 60.0 + DEMAND_MEMORY_S) == 8


def test_a_dead_cells_address_rests_before_it_is_used_again() -> None:
    book = AddressBook("127.78.5.0", cells_max=4)
    first = book.take()
    assert first == "127.78.5.1"
    book.give_back(first)
    following = [book.take() for _ in range(249)]
    assert first not in following
    assert len(set(following)) == 249
    assert book.take() == first


def test_two_cells_never_have_one_address() -> None:
    book = AddressBook("127.78.5.0", cells_max=400, first=700)
    taken = [book.take() for _ in range(750)]
    assert len(set(taken)) == 750
    assert {address.rsplit(".", 1)[0] for address in taken} == {"127.78.5", "127.78.6", "127.78.7"}
    with pytest.raises(ValueError, match="every address"):
        book.take()


def test_cells_live_on_loopback_only() -> None:
    with pytest.raises(ValueError, match="no loopback"):
        AddressBook("192.0.2.0", cells_max=4)
