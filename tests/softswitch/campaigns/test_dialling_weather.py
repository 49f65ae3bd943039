"""Any weather: agents come and go, callers call, numbers answer, refuse or ring on, lists run and pause.

Whatever happens, a call is started only where a free agent is left for it, within the hours, to a number whose tries are
not used up, and never twice at a time to one number.
"""

from contextlib import suppress
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from acd.agent_state import Activity, Presence
from api.faults import ApiFault
from api.reach import EVERYTHING
from softswitch.calls.call import Call
from softswitch.campaigns.call_list import ListState
from softswitch.campaigns.records import RecordState
from tests.softswitch.calls.node import AGENTS, SEATS, Node, done
from tests.softswitch.campaigns.campaign import NUMBERS, Campaign

AGENT = st.sampled_from(range(len(AGENTS)))
TRIES = 2
MORE = ("13800000001", "13800000002")


class Weather(RuleBasedStateMachine):
    """The node with two lists over the same agents; one may call in one half hour alone."""

    def __init__(self) -> None:
        super().__init__()
        self.node = Node(greeting="")
        self.campaign = Campaign(self.node)
        place = self.node.board.placed.place

        def checked(call_id: str, number: str, queue: str, **more: object) -> Call:
            self.check_before(call_id, number)
            return place(call_id, number, queue, **more)  # type: ignore[arg-type]

        self.node.board.placed.place = checked  # type: ignore[method-assign]
        # The node's clock begins at 06:13:20 in China.
        rules: dict[str, Any] = {
            "tries_most": TRIES,
            "retry_minutes": {"busy": 1, "no_answer": 1, "network_failure": 1},
        }
        self.lists = (
            self.campaign.make(NUMBERS, **rules),
            self.campaign.make(MORE, window="06:20-06:50", **rules),
        )
        self.callers = 0

    def check_before(self, call_id: str, number: str) -> None:
        """A call is about to be made; it is written down, and does not count as under way before it is."""
        node, book = self.node, self.campaign.book
        call_list = next(each for each in book.lists.values() if each.has_number(number))
        record = call_list.of_call(call_id)
        assert record is not None
        assert record.tries <= TRIES
        assert call_list.state is ListState.RUNNING
        minute = int(node.clock.wall() + 8 * 3600) % 86_400 // 60
        assert call_list.rules.window == "00:00-24:00" or 380 <= minute < 410
        assert number not in self.campaign.called()
        free = [
            each
            for each in node.engine.agents()
            if each.presence is Presence.READY
            and each.activity is Activity.IDLE
            and each.reachable
            and node.board.table.of_agent(each.agent) is None
        ]
        under_way = sum(self.campaign.dialling.under_way(each) for each in book.lists.values())
        assert under_way < len(free)

    @rule(agent=AGENT)
    def sits_down(self, agent: int) -> None:
        self._tried(self.node.seats.login(AGENTS[agent], SEATS[agent], "ready", ""))

    @rule(agent=AGENT)
    def goes_not_ready(self, agent: int) -> None:
        self._tried(self.node.seats.not_ready(AGENTS[agent], "break"))

    @rule(agent=AGENT)
    def is_ready(self, agent: int) -> None:
        self._tried(self.node.seats.ready(AGENTS[agent]))

    def _tried(self, work: object) -> None:
        with suppress(ApiFault):
            done(work)  # type: ignore[arg-type]
        self.campaign.look()

    @precondition(lambda self: self.callers < 3)  # the trunk has eight channels, the queue four places
    @rule()
    def somebody_calls(self) -> None:
        self.callers += 1
        self.node.call_in(f"in{self.callers}")

    @precondition(lambda self: self.node.ringing())
    @rule(place=st.integers(0, 9), deed=st.sampled_from(["pick_up", "ring", 486, 404, 480, 503]))
    def something_happens_to_a_phone(self, place: int, deed: str | int) -> None:
        ringing = self.node.ringing()
        leg = ringing[place % len(ringing)].leg_id
        if isinstance(deed, int):
            self.node.sip.refuse(leg, deed)
        elif deed == "ring":
            self.node.sip.ring(leg)
        else:
            self.node.sip.pick_up(leg)
        self.node.settle()
        self.campaign.look()

    @rule(place=st.integers(0, 9))
    def somebody_hangs_up(self, place: int) -> None:
        talking = self.node.sip.living(lambda leg: leg.phase.value == "confirmed")
        if talking:
            self.node.sip.leave(talking[place % len(talking)].leg_id)
            self.node.settle()
            self.campaign.look()

    @rule(place=st.integers(0, 1), state=st.sampled_from(["running", "paused"]))
    def is_turned(self, place: int, state: str) -> None:
        self._tried(self.campaign.desk.turn(self.lists[place], state, EVERYTHING, "boss"))

    @rule(number=st.sampled_from(NUMBERS + MORE))
    def asks_not_to_be_called(self, number: str) -> None:
        self.campaign.business.do_not_call.add(number)

    @rule(seconds=st.sampled_from([1.0, 31.0, 90.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.node.pass_time(seconds)

    @invariant()
    def what_is_being_called_has_a_call(self) -> None:
        """No number is stuck: each that is being called has its call."""
        for call_list in self.campaign.book.lists.values():
            for record in call_list.in_state(RecordState.CALLING):
                assert self.node.board.table.find(record.call_id) is not None

    def teardown(self) -> None:
        for list_id in self.lists:
            self._tried(self.campaign.desk.turn(list_id, "stopped", EVERYTHING, "boss"))
        for call in self.node.board.calls():
            self.node.board.hang_up(call.call_id, "over")
        self.node.assert_nothing_is_left()


TestWeather = Weather.TestCase
TestWeather.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
