"""Days by chance with phones that stay off the hook: lines stand, are lent and come back, whatever people and machines do."""

from contextlib import suppress
from dataclasses import replace

import pytest

from api.faults import ApiFault
from softswitch.calls.leg import LegState
from softswitch.calls.operations import Operations
from softswitch.calls.standing_lines import TABLE
from tests.softswitch.calls.node import ACCOUNTS, AGENTS, SEATS, Node, done
from tests.softswitch.calls.test_operations_weather import BusyWeather, live_through

WAYS = {"8001": "line_auto", "8002": "line", "8003": "talk"}
ON_LINES = tuple(replace(account, answers_by=WAYS[account.extension]) for account in ACCOUNTS)


class LineWeather(BusyWeather):
    """The busy hotline, two of whose seats have standing lines."""

    def __init__(self) -> None:
        super().__init__()
        self.node = Node(accounts=ON_LINES)
        self.bar = Operations(self.node.board, self.node.seats)

    def the_day_begins(self, how_many: int) -> None:
        for agent, seat in list(zip(AGENTS, SEATS, strict=True))[:how_many]:
            self.node.login(agent, seat)
        self.every_phone_that_rings_is_answered()
        self.node.call_in("in0")
        self.node.pass_time(1.0)
        self.every_phone_that_rings_is_answered()

    def it_is_always_so_that(self) -> None:
        self.node.loop.turn_to(self.node.loop.hands)  # what is due at once is done at once
        super().it_is_always_so_that()
        self._a_line_is_in_a_call_or_silent()

    def _every_leg_belongs_to_a_call_that_is_up_or_is_ending(self) -> None:
        known = {party.leg_id for call in self.node.board.calls() for party in call.parties}
        for leg in self.node.legs.all():
            is_idle = self.node.board.lines.is_idle(leg)
            assert leg.leg_id in known or is_idle or leg.state is LegState.ENDING, leg

    def _a_line_is_in_a_call_or_silent(self) -> None:
        """Each line is kept for a restart once it stands, and is heard in one call at most."""
        lines = self.node.board.lines
        standing = [leg for leg in self.node.legs.all() if leg.is_standing and leg.is_talking]
        kept = {record["leg_id"] for record in self.node.keeper.load(TABLE).values()}
        assert {leg.leg_id for leg in standing} <= kept | {
            leg.leg_id for leg in self.node.legs.all() if leg.state is LegState.ENDING
        }
        for leg in standing:
            open_leg = self.node.plane.legs.get(leg.leg_id)
            if lines.is_idle(leg) and open_leg is not None:
                assert open_leg.hearing == (), leg

    def teardown(self) -> None:
        self.node.plane.is_silent = False
        self.node.plane.ports_left = 1000
        self.node.settle()
        self.node.pass_time(5.0)
        for call in self.node.board.calls():
            self.node.board.hang_up(call.call_id, "the day is over")
        self.node.settle()
        for agent in AGENTS:
            with suppress(ApiFault):
                done(self.node.seats.logout(agent))
        self.node.settle()
        super().teardown()
        assert self.node.keeper.load(TABLE) == {}


def test_days_by_chance() -> None:
    seen = {
        type(entry).__name__
        for seed in range(12)
        for entry in live_through(seed, hotline=LineWeather).node.journal.entries
    }
    assert {"OfferAccepted", "CallConnected", "CallHeld", "SupervisionStarted"} <= seen


@pytest.mark.long
def test_many_days_by_chance() -> None:
    for seed in range(1000, 1080):
        live_through(seed, hotline=LineWeather)
