"""Time for reports: even, whatever becomes of the clock of the machine."""

import pytest

from media.steady_time import SteadyTime


class Wall:
    """A clock that somebody sets."""

    def __init__(self, reads: float) -> None:
        self.reads = reads

    def __call__(self) -> float:
        return self.reads


def test_it_begins_with_the_clock_and_goes_on_by_itself() -> None:
    wall = Wall(1_700_000_000.0)
    steady = SteadyTime(wall)
    assert steady.at(100.0) == 1_700_000_000.0
    wall.reads -= 3600.0
    assert steady.at(105.0) == 1_700_000_005.0


@pytest.mark.parametrize("step_s", [0.0, 3.0, -3.0, 3600.0, -3600.0])
def test_a_packet_is_as_old_as_the_clock_says_that_stamped_it(step_s: float) -> None:
    """Stamp and reading are of one clock: that it was set before both changes nothing."""
    wall = Wall(1_700_000_000.0)
    steady = SteadyTime(wall)
    steady.at(100.0)
    wall.reads += 10.0 + step_s
    assert steady.arrived(wall.reads - 0.015, 110.0) == pytest.approx(1_700_000_009.985, abs=1e-6)


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
def test_a_packet_that_waited_while_the_clock_was_set_counts_as_just_come(step_s: float) -> None:
    wall = Wall(1_700_000_000.0)
    steady = SteadyTime(wall)
    steady.at(100.0)
    stamp = wall.reads + 9.99
    wall.reads += 10.0 + step_s
    assert steady.arrived(stamp, 110.0) == 1_700_000_010.0
    assert steady.arrived(None, 110.0) == 1_700_000_010.0
