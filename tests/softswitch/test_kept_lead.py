"""The next control of the same boot notices that the clock was set while none ran; after a boot nobody can know."""

from typing import Any

import pytest

from softswitch.clock import Clock
from softswitch.kept_lead import TABLE, KeptLead, boot_id
from tests.softswitch.calls.node import Keeper
from tests.softswitch.sip.stepped_clock import SteppedLoop

DAY = 1_790_000_000.0


class Control:
    """One life of control on a machine whose clocks the test turns."""

    def __init__(self, keeper: Keeper, *, wall: float, steady: float, boot: str = "first") -> None:
        loop = SteppedLoop()
        loop.hands = steady
        self.ahead_s = wall - steady
        self.clock = Clock(loop, lambda: loop.hands + self.ahead_s, loop.time)
        self.told: list[float] = []
        self.lead = KeptLead(self.clock, keeper, boot)
        self.clock.on_set += (self.told.append, self.lead.clock_set)
        self.lead.resume()

    def start(self) -> "Control":
        """Take over and look what time it is."""
        self.lead.catch_up()
        return self


@pytest.mark.parametrize("by_s", [3_600.0, -3_600.0])
def test_a_clock_that_was_set_in_between_is_told_once_all_is_taken_over(by_s: float) -> None:
    """What was left is read by the time of the control that left it."""
    keeper = Keeper()
    Control(keeper, wall=DAY, steady=100.0).start()
    after = Control(keeper, wall=DAY + 20.0 + by_s, steady=120.0)
    assert after.clock.moment_of(DAY) == pytest.approx(100.0)
    assert after.told == []
    after.start()
    assert after.told == [pytest.approx(by_s)]
    third = Control(keeper, wall=DAY + 30.0 + by_s, steady=130.0).start()
    assert third.told == []


def test_what_a_running_control_heard_is_not_told_again_by_the_next() -> None:
    keeper = Keeper()
    before = Control(keeper, wall=DAY, steady=100.0).start()
    before.ahead_s += 3_600.0
    before.clock.wall()
    assert before.told == [3_600.0]
    assert Control(keeper, wall=DAY + 3_610.0, steady=110.0).start().told == []


@pytest.mark.parametrize(
    "record",
    [
        {"boot_id": "before", "lead_s": 0.0},
        {"boot_id": "first", "lead_s": "soon"},
        {"boot_id": "first", "lead_s": "nan"},
        {"boot_id": "first"},
    ],
)
def test_the_lead_of_another_boot_or_one_that_nobody_can_read_says_nothing(record: dict[str, Any]) -> None:
    keeper = Keeper()
    keeper.put(TABLE, "lead", record)
    control = Control(keeper, wall=DAY, steady=100.0)
    assert control.clock.wall() == DAY
    assert control.start().told == []
    assert Control(keeper, wall=DAY + 7_210.0, steady=110.0).start().told == [pytest.approx(7_200.0)]


def test_a_machine_names_its_boot() -> None:
    assert boot_id() == boot_id() != ""
