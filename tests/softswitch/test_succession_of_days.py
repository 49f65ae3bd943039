"""Control dies at any moment of a busy day, and the next one goes on with every consult, conference and listener."""

from pathlib import Path
from random import Random

import pytest

from softswitch.calls.operations import Operations
from softswitch.store.writer import Store
from tests.softswitch.calls.node import EPOCH, Node
from tests.softswitch.calls.test_operations_weather import STEPS, BusyWeather
from tests.softswitch.test_succession import OnDisk, take_over

OF_A_DAY = STEPS[:-1]  # a plane that dies takes every call with it: nothing would be left to take over
WEIGHTS = [weight for weight, _ in OF_A_DAY]


async def _succeed(day: BusyWeather, store: Store) -> None:
    """Control dies; the one after it writes on in the same journal."""
    before = day.node
    after = Node(keeper=store, journal=before.journal, before=before)
    after.recordings._open.update(before.recordings._open)
    await take_over(store, after)
    day.node, day.bar = after, Operations(after.board, after.seats)
    after.settle()


async def _live_through(folder: Path, seed: int, *, steps: int = 40) -> BusyWeather:
    chance, day = Random(seed), BusyWeather()
    store = await Store.open(folder / f"{seed}.sqlite", key_path=folder / "key", wall=lambda: EPOCH)
    try:
        day.node = Node(keeper=store, journal=OnDisk(store))
        day.bar = Operations(day.node.board, day.node.seats)
        day.the_day_begins(3)
        for part in range(2):
            for _, step in chance.choices(OF_A_DAY, WEIGHTS, k=steps):
                step(day, chance)
                day.it_is_always_so_that()
            if part == 0:
                day.node.settle()
                await _succeed(day, store)
                day.it_is_always_so_that()
    finally:
        await store.close()
    return day


@pytest.mark.parametrize("seed", range(12))
async def test_every_call_is_taken_over_with_its_parties(tmp_path: Path, seed: int) -> None:
    await _live_through(tmp_path, seed)
