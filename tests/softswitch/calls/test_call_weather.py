"""Call control in any weather: everything that can happen happens at any step, in any order, and nothing is left over.

The real machines (engine, legs, calls, seats) between scripted neighbours.  News of edge, cells and plane overtake each
other at will; only what one of them says stays in order, as on the links.
"""

from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from api.faults import Conflict
from media.commands import SourceKind
from softswitch.calls.call import CallState
from softswitch.calls.leg import LegState
from softswitch.store import entries
from tests.softswitch.calls.node import AGENTS, EPOCH, QUEUE, SEATS, Node, done
from tests.softswitch.calls.scripted_sip import OutsideLeg

numbers = st.integers(min_value=0, max_value=99)
rarely = st.integers(min_value=0, max_value=5)  # 0 is the event
CAUSES = (None, 16, 17, 31, 38, 41, 102)


class Weather(RuleBasedStateMachine):
    """One hotline, and whatever may befall it."""

    def __init__(self) -> None:
        super().__init__()
        self.node = Node()
        self.callers = 0
        self.cells_started = 0
        self.is_calm = True

    # ---- who can do what ---------------------------------------------------------------------------

    def _legs(self, phase: str, *, inbound: bool | None = None) -> list[OutsideLeg]:
        return self.node.sip.living(
            lambda leg: leg.phase.value == phase and (inbound is None or leg.inbound is inbound)
        )

    def _phones(self) -> list[OutsideLeg]:
        return [leg for leg in self._legs("early", inbound=False) if leg.native_cell]

    def _answered(self) -> list[OutsideLeg]:
        return [leg for leg in self._legs("early", inbound=True) if leg.is_answered and leg.native_cell]

    def _talkers(self) -> list[OutsideLeg]:
        return self._legs("confirmed")

    def _playing(self) -> list[str]:
        return [leg_id for leg_id, leg in self.node.plane.legs.items() if leg.playlist]

    def _news_may_arrive(self) -> None:
        """In calm weather every word arrives before the next thing happens."""
        if self.is_calm:
            self.node.settle()

    # ---- news arrive -------------------------------------------------------------------------------

    @precondition(lambda self: self.node.plane.news)
    @rule()
    def the_plane_is_heard(self) -> None:
        self.node.deliver_plane()

    @precondition(lambda self: self.node.sip.edge_news)
    @rule()
    def the_edge_is_heard(self) -> None:
        self.node.deliver_edge()

    @precondition(lambda self: self.node.sip.cell_news)
    @rule()
    def a_cell_is_heard(self) -> None:
        self.node.deliver_cell()

    @rule(is_calm=st.booleans())
    def the_weather_turns(self, *, is_calm: bool) -> None:
        self.is_calm = is_calm
        self._news_may_arrive()

    @rule(seconds=st.sampled_from([0.1, 0.5, 2.0, 4.0, 15.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        """Deadlines ring, maybe while words are on their way."""
        self.node.loop.turn_to(self.node.loop.hands + seconds)
        self._news_may_arrive()

    # ---- people ----------------------------------------------------------------------------------------

    @initialize(how_many=st.integers(min_value=1, max_value=3))
    def the_day_begins(self, how_many: int) -> None:
        for agent, seat in list(zip(AGENTS, SEATS, strict=True))[:how_many]:
            self.node.login(agent, seat)

    @rule(agent=st.sampled_from(AGENTS), seat=st.sampled_from(SEATS), ready=st.booleans())
    def an_agent_sits_down(self, agent: str, seat: str, *, ready: bool) -> None:
        self._ask(self.node.seats.login(agent, seat, "ready" if ready else "not_ready", ""))

    @rule(agent=st.sampled_from(AGENTS))
    def an_agent_leaves_the_seat(self, agent: str) -> None:
        self._ask(self.node.seats.logout(agent))

    @rule(agent=st.sampled_from(AGENTS))
    def an_agent_is_ready(self, agent: str) -> None:
        self._ask(self.node.seats.ready(agent))

    @rule(agent=st.sampled_from(AGENTS))
    def an_agent_takes_a_break(self, agent: str) -> None:
        self._ask(self.node.seats.not_ready(agent, "break"))

    @rule(agent=st.sampled_from(AGENTS))
    def an_agent_ends_the_wrap_up(self, agent: str) -> None:
        self._ask(self.node.seats.end_wrap_up(agent))

    def _ask(self, wish: Coroutine[Any, Any, object]) -> None:
        with suppress(Conflict):
            done(wish)
        self._news_may_arrive()

    @precondition(lambda self: len(self.node.sip.living(lambda leg: leg.inbound)) < 7)
    @rule(fits=st.sampled_from([True, True, True, False]))
    def somebody_calls(self, *, fits: bool) -> None:
        self.callers += 1
        leg_id = f"in{self.callers}"
        if not fits:
            self.node.sip.unacceptable.add(leg_id)
        self.node.sip.edge_news.append(self.node.sip.invite(leg_id))
        self._news_may_arrive()

    @precondition(lambda self: len(self.node.sip.living(lambda leg: leg.inbound)) < 7)
    @rule()
    def somebody_gets_into_the_line(self) -> None:
        """All that must happen for it, so that much can happen afterwards."""
        self.somebody_calls(fits=True)
        self.node.settle()
        leg = self.node.sip.legs_by_id[f"in{self.callers}"]
        if leg.is_answered:
            self.node.sip.acknowledge(leg.leg_id)
            self.node.settle()
        if leg.leg_id in self._playing():
            self.node.plane.play_to_the_end(leg.leg_id)
        self._news_may_arrive()

    @precondition(lambda self: self._phones())
    @rule(which=numbers)
    def an_agent_begins_to_talk(self, which: int) -> None:
        """As above."""
        self.a_phone_is_picked_up(which)
        self.node.settle()
        for leg_id in self._playing():
            self.node.plane.play_to_the_end(leg_id)
        self._news_may_arrive()

    @precondition(lambda self: self._answered())
    @rule(which=numbers)
    def a_caller_acknowledges(self, which: int) -> None:
        legs = self._answered()
        self.node.sip.acknowledge(legs[which % len(legs)].leg_id)
        self._news_may_arrive()

    @precondition(lambda self: self.node.sip.living(lambda leg: leg.inbound))
    @rule(which=numbers, cause=st.sampled_from(CAUSES))
    def a_caller_hangs_up(self, which: int, cause: int | None) -> None:
        legs = [leg for leg in self.node.sip.living(lambda leg: leg.inbound) if not leg.is_answered]
        if legs:
            self.node.sip.leave(legs[which % len(legs)].leg_id, cause)
            self._news_may_arrive()

    @precondition(lambda self: self._phones())
    @rule(which=numbers)
    def a_phone_rings(self, which: int) -> None:
        phones = self._phones()
        self.node.sip.ring(phones[which % len(phones)].leg_id)
        self._news_may_arrive()

    @precondition(lambda self: self._phones())
    @rule(which=numbers)
    def a_phone_is_picked_up(self, which: int) -> None:
        phones = self._phones()
        self.node.sip.pick_up(phones[which % len(phones)].leg_id)
        self._news_may_arrive()

    @precondition(lambda self: self._phones())
    @rule(which=numbers, status=st.sampled_from([302, 404, 408, 480, 486, 500, 503, 603]))
    def a_phone_says_no(self, which: int, status: int) -> None:
        phones = self._phones()
        self.node.sip.refuse(phones[which % len(phones)].leg_id, status)
        self._news_may_arrive()

    @precondition(lambda self: self._legs("confirmed", inbound=False))
    @rule(which=numbers, cause=st.sampled_from(CAUSES))
    def an_agent_hangs_up(self, which: int, cause: int | None) -> None:
        legs = self._legs("confirmed", inbound=False)
        self.node.sip.leave(legs[which % len(legs)].leg_id, cause)
        self._news_may_arrive()

    @precondition(lambda self: self._talkers())
    @rule(which=numbers, held=st.booleans())
    def somebody_holds_or_takes_back(self, which: int, *, held: bool) -> None:
        legs = self._talkers()
        self.node.sip.hold(legs[which % len(legs)].leg_id, held=held)
        self._news_may_arrive()

    @precondition(lambda self: self._playing())
    @rule(which=numbers)
    def an_announcement_is_over(self, which: int) -> None:
        legs = self._playing()
        self.node.plane.play_to_the_end(legs[which % len(legs)])
        self._news_may_arrive()

    @precondition(lambda self: self.node.board.calls())
    @rule(which=numbers)
    def a_call_is_ended_by_force(self, which: int) -> None:
        calls = self.node.board.calls()
        assert self.node.board.hang_up(calls[which % len(calls)].call_id, "test")
        self._news_may_arrive()

    # ---- machines ----------------------------------------------------------------------------------------

    @rule(seat=st.sampled_from(SEATS), reachable=st.booleans())
    def a_phone_is_lost_or_back(self, seat: str, *, reachable: bool) -> None:
        account = f"phone{seat}"
        (self.node.sip.reachable.add if reachable else self.node.sip.reachable.discard)(account)
        self.node.seats.account_changed(account, reachable)
        self._news_may_arrive()

    @rule(which=numbers, how=rarely)
    def a_cell_dies(self, which: int, how: int) -> None:
        if how > 1:
            return
        cells = sorted(self.node.sip.cells)
        cell_id = cells[which % len(cells)]
        self.node.legs.cell_lost(cell_id, self.node.sip.kill_cell(cell_id))
        self.node.sip.full_cells.discard(cell_id)
        self.node.sip.retiring_cells.discard(cell_id)
        self.node.sip.start_cell(f"{cell_id}'")
        self._news_may_arrive()

    @rule(which=numbers, how=st.sampled_from(["fine", "fine", "full", "retiring"]))
    def a_cell_takes_no_more_legs(self, which: int, how: str) -> None:
        sip = self.node.sip
        cells = sorted(sip.cells)
        cell_id = cells[which % len(cells)]
        sip.full_cells.discard(cell_id)
        sip.retiring_cells.discard(cell_id)
        if how == "full":
            sip.full_cells.add(cell_id)
        elif how == "retiring":
            sip.retiring_cells.add(cell_id)

    @precondition(lambda self: self.node.plane.legs)
    @rule(which=numbers)
    def a_sound_address_is_refused(self, which: int) -> None:
        legs = list(self.node.plane.legs)
        self.node.plane.refuse_remote(legs[which % len(legs)])
        self._news_may_arrive()

    @rule(how=rarely)
    def the_plane_has_ports_or_none(self, how: int) -> None:
        self.node.plane.ports_left = 1000 if how else 0

    @precondition(lambda self: self.node.sip.slots.free < 8)
    @rule()
    def the_nursery_starts_a_cell(self) -> None:
        self.cells_started += 1
        self.node.sip.start_cell(f"new{self.cells_started}")

    @rule(how=rarely)
    def the_plane_hangs_or_speaks(self, *, how: int) -> None:
        self.node.plane.is_silent = how == 0

    @rule(how=rarely)
    def the_plane_dies(self, *, how: int) -> None:
        if how:
            return
        self.node.plane.die()
        self.node.board.media_lost()
        self.node.legs.plane_lost()
        self.node.repair()
        self.node.plane.come_back()

    # ---- what is always so ---------------------------------------------------------------------------------

    @invariant()
    def it_is_always_so_that(self) -> None:
        self._nothing_failed()
        self._every_leg_belongs_to_a_call_that_is_up_or_is_ending()
        self._call_and_engine_agree()
        self._an_agent_is_in_one_call_at_most()
        self._what_the_plane_was_told_is_the_hearing_table()
        self._nobody_hears_a_leg_of_another_call()
        self._a_channel_is_in_use_for_every_call_and_no_other()
        self._what_is_kept_for_a_restart_is_what_is_up()

    def _nothing_failed(self) -> None:
        assert not self.node.failures, self.node.failures

    def _every_leg_belongs_to_a_call_that_is_up_or_is_ending(self) -> None:
        known: set[str | None] = set()
        for call in self.node.board.calls():
            known.update(party.leg_id for party in call.parties)
        for leg in self.node.legs.all():
            assert leg.leg_id in known or leg.state is LegState.ENDING, leg

    def _call_and_engine_agree(self) -> None:
        for call in self.node.board.calls():
            contact = next(
                (c for c in [self.node.engine.contact(call.call_id)] if c is not None),  # type: ignore[arg-type]
                None,
            )
            match call.state:
                case CallState.ARRIVED | CallState.GREETED | CallState.TURNED_AWAY:
                    assert contact is None
                case CallState.WAITING:
                    assert contact is not None
                    assert contact.state.value in ("waiting", "offered")
                    assert set(contact.offers) == {party.offer_id for party in call.offered}
                case _:
                    assert contact is not None
                    assert contact.state.value == "connected"
                    assert call.agent is not None
                    assert contact.agent == call.agent.agent

    def _an_agent_is_in_one_call_at_most(self) -> None:
        agents = [party.agent for call in self.node.board.calls() for party in call.parties if party.agent]
        assert len(agents) == len(set(agents))

    def _what_the_plane_was_told_is_the_hearing_table(self) -> None:
        for call in self.node.board.calls():
            if any(party.leg.is_over for party in call.parties):
                continue  # it changes when that leg has ended, which is under way
            for leg_id, row in call.hearing(QUEUE.music).items():
                open_leg = self.node.plane.legs.get(leg_id)
                assert open_leg is None or open_leg.hearing == row, (call, leg_id)

    def _nobody_hears_a_leg_of_another_call(self) -> None:
        for call in self.node.board.calls():
            own = {party.leg_id for party in call.parties}
            for leg_id in own & self.node.plane.legs.keys():
                row = self.node.plane.legs[leg_id].hearing
                assert {source.name for source in row if source.kind is SourceKind.LEG} <= own

    def _a_channel_is_in_use_for_every_call_and_no_other(self) -> None:
        calls = self.node.board.calls()
        wanted = sum(bool(call.trunk) for call in calls)
        wanted += sum(bool(party.trunk) for call in calls for party in call.parties)
        assert [trunk.in_use for trunk in self.node.trunks.statistics()] == [wanted]

    def _what_is_kept_for_a_restart_is_what_is_up(self) -> None:
        kept = self.node.keeper.load("live_call")
        up = {call.call_id: call for call in self.node.board.calls()}
        assert kept.keys() == up.keys()
        for call_id, record in kept.items():
            call = up[call_id]
            assert record["state"] == call.state.value or call.state is CallState.GREETED, call
            assert [party["offer_id"] for party in record["parties"]] == [p.offer_id for p in call.parties], (
                call
            )

    def teardown(self) -> None:
        """Everybody goes home, and nothing is left; each call has one beginning, one end, and times in order."""
        node = self.node
        assert not node.failures, node.failures
        node.plane.is_silent = False
        node.plane.ports_left = 1000
        node.settle()
        node.pass_time(5.0)
        for call in node.board.calls():
            node.board.hang_up(call.call_id, "the day is over")
        node.settle()
        node.assert_nothing_is_left()
        arrived = [entry.call_id for entry in node.entries(entries.CallArrived)]
        arrived += [entry.call_id for entry in node.entries(entries.CallDialled)]
        ended = [entry.call_id for entry in node.entries(entries.CallEnded)]
        assert sorted(arrived) == sorted(ended)
        started = [entry.recording_id for entry in node.entries(entries.RecordingStarted)]
        closed = [entry.recording_id for entry in node.entries(entries.RecordingClosed)]
        assert sorted(started) == sorted(closed)
        offered = [entry.offer for entry in node.entries(entries.CallOffered)]
        outcomes = [e.offer for e in node.entries(entries.OfferEnded)]
        outcomes += [e.offer for e in node.entries(entries.OfferAccepted)]
        assert sorted(offered) == sorted(outcomes)
        times = [entry.at for entry in node.journal.entries]
        assert times == sorted(times)
        assert times[0] >= EPOCH
        for agent in AGENTS:
            assert node.agent(agent)[1] == "idle"


TestWeather = Weather.TestCase
TestWeather.settings = settings(
    max_examples=40,
    report_multiple_bugs=False,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
