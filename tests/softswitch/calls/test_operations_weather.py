"""Every operation at any step, in any order, in any weather: nobody is stuck in a call, and nothing is left over."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from acd.agent_state import Activity
from api.faults import ApiFault
from api.ports import ForcedState, HangUpTarget, SuperviseMode, Target, TargetKind
from softswitch.calls.allowance import allowed
from softswitch.calls.call import CallState
from softswitch.calls.operations import Operations
from softswitch.calls.party import Errand
from tests.softswitch.calls.node import AGENTS, QUEUE, SEATS, account_peer, done
from tests.softswitch.calls.test_call_weather import Weather

MOBILE = "13900000002"
TARGETS = (
    *(Target(kind=TargetKind.AGENT, to=agent) for agent in AGENTS),
    Target(kind=TargetKind.QUEUE, to="hotline"),
    Target(kind=TargetKind.NUMBER, to=MOBILE),
    Target(kind=TargetKind.NUMBER, to="8002"),
)
MODES = tuple(SuperviseMode)
NOT_PRESSED = ("digits", "drop", "hang-up", "to-flow")
"""What leads nowhere here: there are no flows."""
BUTTONS = (
    *("hold", "retrieve", "mute", "unmute", "alternate", "reconnect", "conference"),
    *("hang_up_own", "stop_supervising"),
)


class BusyWeather(Weather):
    """The same hotline with people who use every button of the bar."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = Operations(self.node.board, self.node.seats)

    # ---- what leads to talks -----------------------------------------------------------------------

    def the_day_begins(self, how_many: int) -> None:
        super().the_day_begins(how_many)
        self.node.talk("in0")

    def every_phone_that_rings_is_answered(self) -> None:
        for leg in self._phones():
            self.node.sip.pick_up(leg.leg_id)
        self.node.settle()
        for leg_id in self._playing():
            self.node.plane.play_to_the_end(leg_id)
        for leg in self._answered():
            self.node.sip.acknowledge(leg.leg_id)
        self.node.settle()

    def an_agent_presses_what_is_lit(self, agent: str, which: int, whom: Target) -> None:
        found = self.node.board.table.of_agent(agent)
        if found is None:
            return
        call, party = found
        lit = [each for each in allowed(call, party) if each not in NOT_PRESSED]
        match lit[which % len(lit)] if lit else "":
            case "":
                return
            case "consult":
                self._press(self.bar.consult(agent, whom))
            case "transfer":
                is_consulting = call.consultee is not None or call.queue_consult is not None
                self._press(self.bar.transfer(agent, None if is_consulting else whom))
            case operation:
                self._press(getattr(self.bar, operation.replace("-", "_"))(agent))

    # ---- buttons -----------------------------------------------------------------------------------

    def an_agent_presses_a_button(self, agent: str, operation: str) -> None:
        self._press(getattr(self.bar, operation)(agent))

    def an_agent_consults(self, agent: str, whom: Target) -> None:
        self._press(self.bar.consult(agent, whom))

    def an_agent_transfers(self, agent: str, whom: Target) -> None:
        self._press(self.bar.transfer(agent, whom))

    def an_agent_completes_the_transfer(self, agent: str) -> None:
        self._press(self.bar.transfer(agent, None))

    def an_agent_drops_somebody(self, agent: str, which: int) -> None:
        found = self.node.board.table.of_agent(agent)
        if found is not None:
            parties = found[0].parties
            self._press(self.bar.drop(agent, parties[which % len(parties)].leg_id))

    def an_agent_dials(self, agent: str, number: str) -> None:
        self._press(self.bar.dial(agent, number, {}))

    def somebody_supervises(self, agent: str, mode: SuperviseMode, which: int) -> None:
        if call_id := self._some_call(which):
            self._press(self.bar.supervise(agent, call_id, mode, "test"))

    def somebody_intercepts(self, agent: str, which: int) -> None:
        if call_id := self._some_call(which):
            self._press(self.bar.intercept(agent, call_id, "test"))

    def a_waiting_caller_is_given_to_an_agent(self, agent: str, which: int) -> None:
        if call_id := self._some_call(which):
            self._press(self.bar.pick_up(agent, call_id, "test"))

    def a_waiting_caller_rises(self, which: int, level: int) -> None:
        if call_id := self._some_call(which):
            self._press(self.bar.set_level(call_id, level, "test"))

    def an_agent_is_taken_off_by_force(self, which: int) -> None:
        if call_id := self._some_call(which):
            self._press(self.bar.force_hang_up(call_id, HangUpTarget.AGENT_LEG, "test"))

    def an_agent_is_signed_out_by_force(self, agent: str) -> None:
        self._press(self.bar.force_state(agent, ForcedState.LOGGED_OUT, "test"))

    def a_phones_transfer_key_is_pressed(self, which: int, seat: str) -> None:
        if talkers := self._talkers():
            self.node.sip.refer(talkers[which % len(talkers)].leg_id, f"<sip:{seat}@hotline>")
            self._news_may_arrive()

    def a_number_is_dialled_on_a_phone(self, seat: str, number: str) -> None:
        if len(self.node.sip.living(lambda leg: leg.inbound)) < 7:
            self.callers += 1
            invite = self.node.sip.invite(f"in{self.callers}", number, account_peer(f"phone{seat}"))
            self.node.sip.edge_news.append(invite)
            self._news_may_arrive()

    def _some_call(self, which: int) -> str:
        calls = self.node.board.calls()
        return calls[which % len(calls)].call_id if calls else ""

    def _press(self, wish: Coroutine[Any, Any, object]) -> None:
        with suppress(ApiFault):
            done(wish)
        self._news_may_arrive()

    # ---- what is always so -------------------------------------------------------------------------

    def teardown(self) -> None:
        """Who was to leave after the call has left."""
        super().teardown()
        self.node.pass_time(QUEUE.wrap_up_s + 0.1)
        for view in self.node.seats.views():
            assert view.pending_presence != "logged_out", view

    def _call_and_engine_agree(self) -> None:
        engine, served = self.node.engine, set()
        for call in self.node.board.calls():
            contact = engine.contact(call.call_id)  # type: ignore[arg-type]
            if call.state is CallState.WAITING:
                assert contact is not None, call
                assert contact.state.value in ("waiting", "offered"), call
                assert set(contact.offers) == {party.offer_id for party in call.offered}
            for party in call.parties:
                if party.contact and party.is_joined:
                    own = engine.contact(party.contact)  # type: ignore[arg-type]
                    assert own is not None, (call, party)
                    assert (own.state.value, own.agent) == ("connected", party.agent)
                if party.contact or party.engaged:
                    served.add(party.agent)
        for agent in engine.agents():
            if agent.activity in (Activity.TALKING, Activity.ENGAGED):
                assert agent.agent in served, f"{agent} is in no call"

    def _an_agent_is_in_one_call_at_most(self) -> None:
        """But for calls of the phone itself."""
        busy = [
            party.agent
            for call in self.node.board.calls()
            for party in call.parties
            if party.agent and party.errand is not Errand.DIAL
        ]
        assert len(busy) == len(set(busy))


Step = Callable[[BusyWeather, Random], object]


STEPS: tuple[tuple[float, Step], ...] = (
    (14, lambda d, r: d.an_agent_presses_what_is_lit(r.choice(AGENTS), r.randrange(99), r.choice(TARGETS))),
    (6, lambda d, r: d.every_phone_that_rings_is_answered()),
    (3, lambda d, r: d.somebody_gets_into_the_line()),
    (3, lambda d, r: d.somebody_supervises(r.choice(AGENTS), r.choice(MODES), r.randrange(99))),
    (2, lambda d, r: d.an_agent_presses_a_button(r.choice(AGENTS), r.choice(BUTTONS))),
    (1, lambda d, r: d.an_agent_consults(r.choice(AGENTS), r.choice(TARGETS))),
    (1, lambda d, r: d.an_agent_transfers(r.choice(AGENTS), r.choice(TARGETS))),
    (1, lambda d, r: d.an_agent_completes_the_transfer(r.choice(AGENTS))),
    (1, lambda d, r: d.an_agent_drops_somebody(r.choice(AGENTS), r.randrange(99))),
    (1, lambda d, r: d.an_agent_dials(r.choice(AGENTS), r.choice((MOBILE, *SEATS)))),
    (1, lambda d, r: d.somebody_intercepts(r.choice(AGENTS), r.randrange(99))),
    (1, lambda d, r: d.a_waiting_caller_is_given_to_an_agent(r.choice(AGENTS), r.randrange(99))),
    (1, lambda d, r: d.a_waiting_caller_rises(r.randrange(99), r.randrange(9))),
    (1, lambda d, r: d.an_agent_is_taken_off_by_force(r.randrange(99))),
    (0.3, lambda d, r: d.an_agent_is_signed_out_by_force(r.choice(AGENTS))),
    (1, lambda d, r: d.a_phones_transfer_key_is_pressed(r.randrange(99), r.choice(SEATS))),
    (1, lambda d, r: d.a_number_is_dialled_on_a_phone(r.choice(SEATS), r.choice((MOBILE, *SEATS)))),
    (2, lambda d, r: d.an_agent_is_ready(r.choice(AGENTS))),
    (2, lambda d, r: d.an_agent_sits_down(r.choice(AGENTS), r.choice(SEATS), ready=r.random() < 0.7)),
    (1, lambda d, r: d.an_agent_ends_the_wrap_up(r.choice(AGENTS))),
    (1, lambda d, r: d.an_agent_takes_a_break(r.choice(AGENTS))),
    (1, lambda d, r: d.an_agent_leaves_the_seat(r.choice(AGENTS))),
    (2, lambda d, r: d._phones() and d.a_phone_is_picked_up(r.randrange(99))),
    (2, lambda d, r: d._phones() and d.a_phone_rings(r.randrange(99))),
    (2, lambda d, r: d._phones() and d.a_phone_says_no(r.randrange(99), r.choice((302, 404, 480, 486, 503)))),
    (1, lambda d, r: d._legs("confirmed", inbound=False) and d.an_agent_hangs_up(r.randrange(99), 16)),
    (1, lambda d, r: d.a_caller_hangs_up(r.randrange(99), 16)),
    (1, lambda d, r: d._answered() and d.a_caller_acknowledges(r.randrange(99))),
    (1, lambda d, r: d._playing() and d.an_announcement_is_over(r.randrange(99))),
    (1, lambda d, r: d._talkers() and d.somebody_holds_or_takes_back(r.randrange(99), held=r.random() < 0.5)),
    (2, lambda d, r: d.the_weather_turns(is_calm=r.random() < 0.6)),
    (2, lambda d, r: d.the_plane_is_heard()),
    (2, lambda d, r: d.the_edge_is_heard()),
    (2, lambda d, r: d.a_cell_is_heard()),
    (1, lambda d, r: d.time_passes(r.choice((0.1, 0.5, 2.0, 4.0, 15.0, 30.0)))),
    (0.5, lambda d, r: d.node.board.calls() and d.a_call_is_ended_by_force(r.randrange(99))),
    (0.3, lambda d, r: d.a_cell_dies(r.randrange(99), r.randrange(3))),
    (0.3, lambda d, r: d.a_phone_is_lost_or_back(r.choice(SEATS), reachable=r.random() < 0.7)),
    (0.2, lambda d, r: d.the_plane_dies(how=r.randrange(3))),
)
"""What a day is made of, and how often; a choice by equal chance would seldom come as far as a consult."""


def live_through(seed: int, steps: int = 60, hotline: type[BusyWeather] = BusyWeather) -> BusyWeather:
    """One day by chance; the same seed is the same day."""
    chance, day = Random(seed), hotline()
    day.the_day_begins(3)
    weights = [weight for weight, _ in STEPS]
    for _, step in chance.choices(STEPS, weights, k=steps):
        step(day, chance)
        day.it_is_always_so_that()
    day.teardown()
    return day


@pytest.mark.parametrize("block", range(6))
def test_days_by_chance(block: int) -> None:
    seen = {
        type(entry).__name__
        for seed in range(30 * block, 30 * block + 30)
        for entry in live_through(seed).node.journal.entries
    }
    assert {"ConsultAnswered", "CallTransferred", "SupervisionStarted", "CallHeld"} <= seen


@pytest.mark.long
@pytest.mark.parametrize("block", range(10))
def test_many_days_by_chance(block: int) -> None:
    for seed in range(1000 + 200 * block, 1200 + 200 * block):
        live_through(seed)
