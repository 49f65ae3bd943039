"""Callbacks in any weather: whatever phones, networks, cells and people do, each stands where its state says."""

from contextlib import suppress
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from acd.names import ContactId
from api.faults import ApiFault
from softswitch.calls.call import CallState
from softswitch.calls.callback import CallbackState
from softswitch.calls.callbacks import Wish
from softswitch.settings.callbacks import CallbackSettings
from tests.softswitch.calls.node import QUEUE, Node

RULES = replace(QUEUE, callback=CallbackSettings(tries=2, gap_s=30.0, ring_s=20.0), wrap_up_s=1.0)
DEEDS = ("ask", "call", "cancel", "answer", "refuse", "leave", "wait", "lose_cell", "lose_plane")


class Weather:
    """One hotline with two agents, to which things happen."""

    def __init__(self) -> None:
        self.node = Node(greeting="", queue=RULES, cells=12)
        self.calls = 0
        for agent, seat in (("1001", "8001"), ("1002", "8002")):
            self.node.login(agent, seat)

    def happen(self, deed: str, which: int) -> None:
        """One thing, to one of those that it can happen to."""
        node, callbacks = self.node, self.node.board.callbacks
        match deed:
            case "ask":
                with suppress(ApiFault):
                    callbacks.ask(Wish(number=f"1390000000{which % 3}", queue="hotline", arrived_at=0.0))
            case "cancel" if callbacks.all():
                chosen = callbacks.all()[which % len(callbacks.all())]
                with suppress(ApiFault):
                    callbacks.cancel(chosen.callback_id, "test")
            case "call":
                self.calls += 1
                node.dial(f"in{self.calls}")
                if not node.outside(f"in{self.calls}").is_over:
                    node.sip.acknowledge(f"in{self.calls}")
            case "answer" if node.ringing():
                node.sip.pick_up(node.ringing()[which % len(node.ringing())].leg_id)
            case "refuse" if node.ringing():
                node.sip.refuse(node.ringing()[which % len(node.ringing())].leg_id, 486)
            case "leave":
                talking = node.sip.living(lambda leg: leg.phase.value == "confirmed")
                if talking:
                    node.sip.leave(talking[which % len(talking)].leg_id)
            case "lose_cell":
                cell = node.sip.cell_of(node.ringing()[0].leg_id) if node.ringing() else None
                if cell is not None:
                    node.lose_cell(cell.cell_id)
            case "lose_plane":
                node.lose_plane()
            case "wait":
                node.pass_time(float(which))
        node.settle()

    def check(self) -> None:
        """Each callback is where its state says, and no number is called twice at once."""
        node = self.node
        callbacks = node.board.callbacks.all()
        open_ones = [each for each in callbacks if each.is_open]
        assert len({each.number for each in open_ones}) == len(open_ones)
        for each in callbacks:
            call = node.board.table.find(each.call_id)
            match each.state:
                case CallbackState.WAITING:
                    assert call is not None
                    assert call.state is CallState.WAITING
                    assert node.engine.contact(ContactId(call.call_id)) is not None
                case CallbackState.CALLING:
                    assert call is not None
                    assert call.state is not CallState.ENDED
                case CallbackState.PAUSED:
                    assert call is None
                    assert each.alarm is not None
                    assert each.alarm.is_pending
                case _:
                    assert call is None
                    assert each.closed_at is not None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 40)), max_size=25))
def test_callbacks_stand_where_their_state_says_whatever_happens(deeds: list[tuple[str, int]]) -> None:
    """And in the end everybody can be let go."""
    weather = Weather()
    for deed, which in deeds:
        weather.happen(deed, which)
        weather.check()
    for callback in weather.node.board.callbacks.all():
        if callback.state in (CallbackState.WAITING, CallbackState.PAUSED):
            weather.node.board.callbacks.cancel(callback.callback_id, "test")
    weather.node.board.close()
    weather.node.settle()
    weather.check()
