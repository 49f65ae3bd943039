"""A leg across edge, cell and plane: each step, each refusal, each loss, and nothing left over."""

from dataclasses import dataclass, field, replace

import pytest

from media.commands import CloseLeg, OpenLeg, PermitSending, SetRemote, Source, SourceKind
from media.events import LegOpened, LegRefused
from softswitch.calls.cell_line import PATIENCE_S
from softswitch.calls.hangup import LegEnd
from softswitch.calls.hearing import Role
from softswitch.calls.leg import Leg, LegState
from softswitch.calls.leg_desk import OPENING_TIMEOUT_S, LegDesk, NotReachable
from softswitch.cells.messages import AnswerLeg, HangUpLeg, LegArrived, LegConfirmed, MakeLeg
from softswitch.sip.events import CellRefused, FarEndLeft
from tests.softswitch.calls.node import ACCOUNTS
from tests.softswitch.calls.scripted_plane import ScriptedPlane
from tests.softswitch.calls.scripted_sip import ScriptedSip
from tests.softswitch.sip.stepped_clock import stepped_clock


@dataclass
class Listener:
    """Keeps what it is told."""

    told: list[tuple[str, str]] = field(default_factory=list)
    ends: list[LegEnd] = field(default_factory=list)

    def leg_arrived(self, leg: Leg) -> None:
        self.told.append(("arrived", leg.leg_id))

    def leg_rang(self, leg: Leg) -> None:
        self.told.append(("rang", leg.leg_id))

    def leg_confirmed(self, leg: Leg) -> None:
        self.told.append(("confirmed", leg.leg_id))

    def leg_held(self, leg: Leg) -> None:
        self.told.append(("held" if leg.holding else "taken back", leg.leg_id))

    def leg_referred(self, leg: Leg, refer_to: str) -> None:
        self.told.append((f"referred to {refer_to}", leg.leg_id))

    def leg_ended(self, leg: Leg, end: LegEnd) -> None:
        self.told.append(("ended", leg.leg_id))
        self.ends.append(end)


class Desk:
    """A desk between scripted neighbours."""

    def __init__(self, cells: int = 2) -> None:
        self.loop, self.clock = stepped_clock()
        self.plane = ScriptedPlane()
        self.sip = ScriptedSip(self.clock, cells)
        self.sip.reachable = {account.username for account in ACCOUNTS}
        self.listener = Listener()
        self.legs = LegDesk(
            edge=self.sip,
            pool=self.sip,
            tell_plane=self.plane.tell,
            clock=self.clock,
            accounts=(replace(ACCOUNTS[0], nat=True), *ACCOUNTS[1:]),
            listener=self.listener,
        )

    def settle(self) -> None:
        while self.plane.news or self.sip.edge_news or self.sip.cell_news:
            if self.plane.news:
                self.legs.hear_plane(self.plane.news.popleft())
            elif self.sip.edge_news:
                self.legs.hear_edge(self.sip.edge_news.popleft())  # type: ignore[arg-type]
            else:
                cell_id, event = self.sip.cell_news.popleft()
                if self.sip.keep_slots(cell_id, event):
                    self.legs.hear_cell(cell_id, event)

    def arrive(self, leg_id: str = "in1") -> Leg:
        """An inbound leg that waits for its answer in a cell."""
        leg = self.legs.open_inbound(self.sip.invite(leg_id), "c1", Role.CUSTOMER)
        self.settle()
        return leg

    def confirm(self, leg_id: str = "in1") -> Leg:
        """An inbound leg that talks."""
        leg = self.arrive(leg_id)
        self.legs.answer(leg)
        self.sip.acknowledge(leg_id)
        self.settle()
        return leg

    def ring(self, leg_id: str = "out1", account: str = "phone8001") -> Leg:
        """An outbound leg whose INVITE is out."""
        leg = self.legs.open_outbound(leg_id, "c1", Role.AGENT, account, from_user="13800001111")
        self.settle()
        return leg

    def assert_empty(self) -> None:
        self.settle()
        self.loop.turn_to(self.loop.hands + 40.0)
        self.settle()
        assert not self.legs.all()
        assert not self.plane.legs
        assert not self.legs.owed_figures
        assert self.sip.slots.used == 0
        assert not self.sip.living()
        assert all(leg.is_forgotten for leg in self.sip.legs_by_id.values())


@pytest.fixture
def desk() -> Desk:
    return Desk()


# ---- in ------------------------------------------------------------------------------------------


def test_an_inbound_leg_gets_sound_then_a_cell_and_then_arrives(desk: Desk) -> None:
    leg = desk.legs.open_inbound(desk.sip.invite("in1"), "c1", Role.CUSTOMER)
    assert desk.plane.orders == [
        OpenLeg(leg_id="in1", call_id="c1", local_address="127.65.0.1", networks=("127.65.0.0/24",))
    ]
    before = leg.state
    desk.settle()
    assert (before, leg.state) == (LegState.OPENING, LegState.SETTING_UP)
    assert desk.listener.told == [("arrived", "in1")]
    assert leg.local is not None
    assert leg.local[0] == "127.65.0.5"


def test_an_answered_leg_may_send_only_once_its_dialog_is_confirmed(desk: Desk) -> None:
    leg = desk.confirm()
    assert leg.is_talking
    kinds = [type(order) for order in desk.plane.orders]
    assert kinds == [OpenLeg, SetRemote, PermitSending]
    assert desk.listener.told == [("arrived", "in1"), ("confirmed", "in1")]


def test_the_answer_to_a_bye_of_ours_is_the_end_once(desk: Desk) -> None:
    leg = desk.confirm()
    desk.legs.hang_up(leg, cause=16)
    desk.legs.hang_up(leg, cause=41)
    assert leg.state is LegState.ENDING
    desk.settle()
    assert desk.sip.orders[-1] == HangUpLeg(leg_id="in1", status=603, headers=(("Reason", "Q.850;cause=16"),))
    assert desk.listener.told.count(("ended", "in1")) == 1
    assert not desk.listener.ends[0].by_far_end
    desk.assert_empty()


def test_a_bye_from_outside_ends_the_leg_with_what_the_outside_said(desk: Desk) -> None:
    desk.confirm()
    desk.sip.leave("in1", cause=38)
    desk.settle()
    (end,) = desk.listener.ends
    assert (end.by_far_end, end.status, end.q850_cause) == (True, 200, 38)
    desk.assert_empty()


def test_a_bye_from_outside_is_the_end_before_the_cell_says_so(desk: Desk) -> None:
    """An agent who hung up is free at once; the cell's word about the same BYE changes nothing."""
    desk.confirm()
    desk.sip.leave("in1", cause=16)
    desk.legs.hear_edge(desk.sip.edge_news.popleft())  # type: ignore[arg-type]
    assert desk.listener.told[-1] == ("ended", "in1")
    assert desk.sip.cell_news
    desk.settle()
    assert desk.listener.told.count(("ended", "in1")) == 1
    desk.assert_empty()


def test_a_bye_that_crosses_ours_leaves_the_end_to_the_cell(desk: Desk) -> None:
    """What we ordered is told as ordered."""
    leg = desk.confirm()
    desk.legs.hang_up(leg)
    desk.sip.edge_news.append(FarEndLeft(leg_id="in1", method="BYE", q850_cause=None))
    desk.legs.hear_edge(desk.sip.edge_news.popleft())  # type: ignore[arg-type]
    assert leg.state is LegState.ENDING
    desk.settle()
    assert [end.by_far_end for end in desk.listener.ends] == [False]
    desk.assert_empty()


def test_a_caller_who_withdraws_before_the_plane_spoke_leaves_nothing(desk: Desk) -> None:
    desk.legs.open_inbound(desk.sip.invite("in1"), "c1", Role.CUSTOMER)
    desk.sip.leave("in1")
    desk.legs.hear_edge(desk.sip.edge_news.popleft())  # type: ignore[arg-type]
    assert desk.listener.ends[0].by_far_end
    desk.assert_empty()
    assert desk.plane.orders.count(CloseLeg(leg_id="in1")) == 2  # the second for the socket that came late


def test_a_refused_invite_becomes_no_leg_and_leaves_nothing(desk: Desk) -> None:
    desk.sip.invite("in1")
    desk.legs.refuse("in1", 503, headers=(("Retry-After", "10"),))
    assert desk.sip.legs_by_id["in1"].told == [("answer", 503, (("Retry-After", "10"),))]
    desk.sip.invite("in2")
    desk.sip.leave("in2")
    desk.legs.refuse("in2", 503)
    desk.legs.refuse("in3", 503)
    desk.sip.edge_news.clear()
    desk.assert_empty()


# ---- out -----------------------------------------------------------------------------------------


def test_a_phone_is_prepared_at_the_edge_and_made_in_the_cell(desk: Desk) -> None:
    leg = desk.ring()
    (order,) = [order for order in desk.sip.orders if isinstance(order, MakeLeg)]
    assert order.leg_id == "out1"
    assert order.from_uri.startswith("sip:13800001111@")
    desk.sip.ring("out1")
    desk.settle()
    assert leg.state is LegState.RINGING
    desk.sip.pick_up("out1")
    desk.settle()
    assert desk.listener.told == [("rang", "out1"), ("confirmed", "out1")]
    assert desk.plane.legs["out1"].may_send
    desk.legs.hang_up(leg)
    desk.assert_empty()


def test_a_phone_that_answers_without_ringing_is_confirmed_all_the_same(desk: Desk) -> None:
    leg = desk.ring()
    desk.sip.pick_up("out1")
    desk.settle()
    assert leg.is_talking
    desk.sip.ring("out1")  # a 180 that was overtaken
    desk.settle()
    assert leg.is_talking


@pytest.mark.parametrize("account", ["phone8009", "phone8002"])
def test_a_phone_that_cannot_be_reached_makes_no_leg(desk: Desk, account: str) -> None:
    desk.sip.reachable.discard("phone8002")
    with pytest.raises(NotReachable):
        desk.legs.open_outbound("out1", "c1", Role.AGENT, account, from_user="1")
    assert not desk.plane.orders
    desk.assert_empty()


def test_a_phone_that_is_lost_between_sound_and_invite_ends_the_leg(desk: Desk) -> None:
    desk.legs.open_outbound("out1", "c1", Role.AGENT, "phone8001", from_user="1")
    desk.sip.reachable.clear()
    desk.settle()
    assert [end.status for end in desk.listener.ends] == [480]
    desk.assert_empty()


def test_a_refusal_tells_status_and_cause_as_the_edge_saw_them(desk: Desk) -> None:
    desk.ring()
    assert desk.legs.call_of("out1") == "c1"
    desk.sip.refuse("out1", 486, cause=17)
    desk.settle()
    assert desk.legs.call_of("out1") == ""
    (end,) = desk.listener.ends
    assert (end.status, end.q850_cause, end.by_far_end) == (486, 17, True)
    desk.assert_empty()


def test_a_phone_is_let_go_before_its_invite_went_out(desk: Desk) -> None:
    leg = desk.legs.open_outbound("out1", "c1", Role.AGENT, "phone8001", from_user="1")
    desk.legs.hang_up(leg, status=480)
    assert leg.state is LegState.ENDED
    desk.settle()
    assert not desk.sip.orders
    desk.assert_empty()


# ---- where legs are placed ---------------------------------------------------------------------------


def test_legs_of_one_call_are_kept_apart(desk: Desk) -> None:
    desk.confirm("in1")
    desk.ring("out1")
    assert desk.sip.cell_of("in1") != desk.sip.cell_of("out1")


@pytest.mark.parametrize("news_first", ["edge", "cell"])
def test_an_invite_that_found_its_cell_full_goes_to_another(desk: Desk, news_first: str) -> None:
    desk.sip.full_cells.add("cell0")
    leg = desk.legs.open_inbound(desk.sip.invite("in1"), "c1", Role.CUSTOMER)
    desk.legs.hear_plane(desk.plane.news.popleft())
    assert isinstance(desk.sip.edge_news[0], CellRefused)
    if news_first == "cell":
        cell_id, event = desk.sip.cell_news.popleft()
        assert not desk.sip.keep_slots(cell_id, event)
    desk.settle()
    assert desk.listener.told == [("arrived", "in1")]
    cell = desk.sip.cell_of("in1")
    assert cell is not None
    assert cell.cell_id == "cell1"
    desk.legs.hang_up(leg)
    desk.assert_empty()


@pytest.mark.parametrize("kind", ["full_cells", "retiring_cells"])
def test_a_phone_whose_cell_takes_no_leg_is_rung_from_another(desk: Desk, kind: str) -> None:
    getattr(desk.sip, kind).add("cell0")
    leg = desk.ring()
    desk.sip.pick_up("out1")
    desk.settle()
    assert leg.is_talking
    assert leg.tried_cells == {"cell0"}
    desk.legs.hang_up(leg)
    desk.assert_empty()


@pytest.mark.parametrize("inbound", [True, False])
def test_when_no_cell_has_room_the_leg_ends_with_503(*, inbound: bool) -> None:
    """Nor gets any within a second, in which cells may start."""
    desk = Desk(cells=0)
    if inbound:
        desk.arrive()
        desk.loop.turn_to(desk.loop.hands + PATIENCE_S - 0.01)
        assert not desk.sip.legs_by_id["in1"].told
        desk.loop.turn_to(desk.loop.hands + 0.01)
        ((_, status, headers),) = desk.sip.legs_by_id["in1"].told
        assert status == 503
        assert dict(headers) == {"Reason": "Q.850;cause=34", "Retry-After": "2"}
    else:
        desk.ring()
        desk.loop.turn_to(desk.loop.hands + PATIENCE_S)
    assert [end.q850_cause for end in desk.listener.ends] == [34]
    desk.assert_empty()


def test_legs_for_which_no_cell_has_room_are_served_by_the_next_one_that_starts() -> None:
    """In the order in which they came; who withdrew meanwhile takes no place."""
    desk = Desk(cells=0)
    for number in range(6):
        desk.legs.open_inbound(desk.sip.invite(f"in{number}"), f"c{number}", Role.CUSTOMER)
        desk.settle()
    desk.sip.leave("in1")
    desk.settle()
    desk.listener.told.clear()
    desk.sip.start_cell("late")
    desk.settle()
    assert desk.listener.told == [("arrived", f"in{number}") for number in (0, 2, 3, 4)]
    desk.sip.start_cell("later")
    desk.settle()
    assert desk.listener.told[-1] == ("arrived", "in5")
    for number in (0, 2, 3, 4, 5):
        assert not desk.sip.legs_by_id[f"in{number}"].told, "nobody was refused"
        desk.legs.hang_up(desk.legs.all()[0], status=486)
        desk.settle()
    desk.assert_empty()


def test_when_every_cell_says_full_the_leg_ends_instead_of_going_round(desk: Desk) -> None:
    desk.sip.full_cells |= {"cell0", "cell1"}
    desk.arrive("in1")
    desk.ring("out1")
    desk.loop.turn_to(desk.loop.hands + PATIENCE_S)
    desk.settle()
    assert [kind for kind, _ in desk.listener.told] == ["ended", "ended"]
    desk.assert_empty()


# ---- refusals and losses ------------------------------------------------------------------------------


def test_an_offer_that_does_not_fit_is_refused_with_its_warning(desk: Desk) -> None:
    desk.sip.unacceptable.add("in1")
    desk.arrive()
    ((_, status, headers),) = desk.sip.legs_by_id["in1"].told
    assert (status, dict(headers)["Warning"][:3]) == (488, "304")
    desk.assert_empty()


def test_a_plane_that_says_nothing_for_seconds_is_no_plane(desk: Desk) -> None:
    desk.plane.is_silent = True
    leg = desk.legs.open_inbound(desk.sip.invite("in1"), "c1", Role.CUSTOMER)
    desk.loop.turn_to(OPENING_TIMEOUT_S - 0.01)
    assert leg.state is LegState.OPENING
    desk.loop.turn_to(OPENING_TIMEOUT_S)
    assert desk.sip.legs_by_id["in1"].told[0][:2] == ("answer", 503)
    desk.assert_empty()


def test_a_plane_without_ports_refuses_the_leg(desk: Desk) -> None:
    desk.plane.ports_left = 0
    desk.arrive()
    assert desk.sip.legs_by_id["in1"].told[0][:2] == ("answer", 503)
    desk.assert_empty()


@pytest.mark.parametrize("code", ["address_not_allowed", "unreachable"])
def test_a_leg_whose_sound_cannot_go_anywhere_is_ended(desk: Desk, code: str) -> None:
    desk.confirm()
    desk.legs.hear_plane(LegRefused(leg_id="in1", code=code, detail=""))
    assert isinstance(desk.sip.orders[-1], HangUpLeg)
    desk.assert_empty()


def test_a_late_word_of_the_plane_about_a_leg_that_is_gone_ends_nothing(desk: Desk) -> None:
    leg = desk.confirm()
    desk.legs.hear_plane(LegRefused(leg_id="in1", code="unknown_leg", detail=""))
    desk.legs.hear_plane(LegOpened(leg_id="in1", address="127.65.0.5", port=1))
    desk.legs.hear_plane(LegOpened(leg_id="nobody", address="127.65.0.5", port=2))
    assert leg.is_talking
    assert leg.local != ("127.65.0.5", 1)
    assert desk.plane.orders[-1] == CloseLeg(leg_id="nobody")


def test_a_dead_cell_ends_its_legs_as_lost_and_the_edge_says_goodbye(desk: Desk) -> None:
    desk.confirm("in1")
    desk.ring("out1")
    cell = desk.sip.cell_of("in1")
    assert cell is not None
    desk.legs.cell_lost(cell.cell_id, desk.sip.kill_cell(cell.cell_id))
    (end,) = desk.listener.ends
    assert end.lost
    assert desk.sip.legs_by_id["in1"].told[-1][0] == "BYE"
    assert desk.legs.find("out1") is not None
    other = desk.sip.cell_of("out1")
    assert other is not None
    desk.legs.cell_lost(other.cell_id, desk.sip.kill_cell(other.cell_id))
    assert desk.sip.legs_by_id["out1"].told[-1][0] == "CANCEL"
    desk.assert_empty()


def test_a_cell_that_lost_a_leg_of_which_control_had_not_heard_ends_it_outside(desk: Desk) -> None:
    """A stranger to us, but somebody outside believes in it."""
    desk.sip.invite("in1")
    desk.legs.cell_lost("cell0", ("in1",))
    assert desk.sip.legs_by_id["in1"].is_over


def test_a_dead_plane_ends_every_leg_and_the_cells_say_so(desk: Desk) -> None:
    desk.confirm("in1")
    desk.ring("out1")
    desk.legs.open_inbound(desk.sip.invite("in2"), "c2", Role.CUSTOMER)
    desk.plane.die()
    desk.legs.plane_lost()
    desk.settle()
    assert len(desk.listener.ends) == 3
    assert [leg.told[-1][0] for leg in desk.sip.legs_by_id.values()] == ["BYE", "CANCEL", "answer"]
    desk.assert_empty()


def test_a_plane_that_holds_none_of_our_legs_is_another_one(desk: Desk) -> None:
    desk.confirm("in1")
    assert not desk.legs.meet_plane(frozenset())
    assert desk.legs.find("in1") is not None  # whoever asked decides what becomes of the calls
    assert Desk().legs.meet_plane(frozenset())


def test_the_same_plane_after_a_cut_link_costs_only_what_did_not_arrive(desk: Desk) -> None:
    leg = desk.confirm("in1")
    desk.plane.is_there = False
    lost = desk.legs.open_inbound(desk.sip.invite("in2"), "c2", Role.CUSTOMER)
    desk.plane.is_there = True
    assert desk.legs.meet_plane({"in1", "stray"})
    assert leg.is_talking
    assert lost.state is LegState.ENDED
    assert desk.plane.orders[-1] == CloseLeg(leg_id="stray")
    desk.legs.hang_up(leg)
    desk.assert_empty()


def test_an_order_to_a_cell_that_has_no_such_leg_ends_it(desk: Desk) -> None:
    leg = desk.arrive()
    cell = desk.sip.cell_of("in1")
    assert cell is not None
    desk.sip.kill_cell(cell.cell_id)  # and nobody told us yet
    desk.legs.answer(leg)
    assert leg.state is LegState.ENDED
    assert desk.listener.ends[0].lost
    desk.assert_empty()


def test_a_leg_that_the_stack_cannot_answer_is_refused_and_its_slot_comes_back(desk: Desk) -> None:
    leg = desk.arrive()
    desk.sip.broken_orders.add(AnswerLeg)
    desk.legs.answer(leg)
    desk.settle()
    assert desk.sip.legs_by_id["in1"].told[-1][:2] == ("answer", 503)
    desk.assert_empty()


def test_a_leg_that_the_stack_cannot_end_is_over_for_us_and_for_the_outside(desk: Desk) -> None:
    leg = desk.confirm()
    desk.sip.broken_orders.add(HangUpLeg)
    desk.legs.hang_up(leg)
    desk.settle()
    assert leg.state is LegState.ENDED
    assert not desk.legs.all()
    assert desk.sip.legs_by_id["in1"].told[-1][0] == "BYE"


def test_a_leg_that_the_stack_cannot_make_ends_and_is_nobodys_fault_outside(desk: Desk) -> None:
    desk.sip.broken_orders.add(MakeLeg)
    desk.ring()
    assert [end.status for end in desk.listener.ends] == [500]
    assert not desk.listener.ends[0].by_far_end
    desk.assert_empty()


def test_news_that_fit_no_leg_or_no_state_change_nothing(desk: Desk) -> None:
    leg = desk.confirm()
    desk.legs.hear_cell("cell0", LegArrived(leg_id="in1"))
    desk.legs.hear_cell("cell0", LegConfirmed(leg_id="in1"))
    desk.legs.hear_cell("cell0", LegConfirmed(leg_id="nobody"))
    desk.legs.hear_edge(CellRefused(leg_id="in1", cell_id="cell0"))
    desk.legs.hear_edge(CellRefused(leg_id="nobody", cell_id="cell0"))
    assert leg.is_talking
    assert desk.listener.told == [("arrived", "in1"), ("confirmed", "in1")]


# ---- in a talk ------------------------------------------------------------------------------------------


def test_holding_is_told_when_it_changes_and_only_then(desk: Desk) -> None:
    desk.confirm()
    for held in (True, True, False, False):
        desk.sip.hold("in1", held=held)
    desk.settle()
    assert desk.listener.told[2:] == [("held", "in1"), ("taken back", "in1")]


def test_a_transfer_that_a_phone_asks_for_is_told_once_both_talk(desk: Desk) -> None:
    desk.confirm()
    desk.sip.refer("in1", "<sip:1002@hotline>")
    desk.settle()
    assert desk.listener.told[2:] == [("referred to <sip:1002@hotline>", "in1")]


def test_a_transfer_asked_for_right_behind_the_ack_waits_until_both_talk(desk: Desk) -> None:
    """The edge has answered its REFER 202 before the cell's word of the ACK is here; the first of them counts."""
    leg = desk.arrive()
    desk.legs.answer(leg)
    desk.sip.acknowledge("in1")
    desk.sip.refer("in1", "<sip:1002@hotline>")
    desk.sip.refer("in1", "<sip:1003@hotline>")
    while desk.sip.edge_news:
        desk.legs.hear_edge(desk.sip.edge_news.popleft())  # type: ignore[arg-type]
    assert desk.listener.told == [("arrived", "in1")]
    desk.settle()
    assert desk.listener.told[1:] == [("confirmed", "in1"), ("referred to <sip:1002@hotline>", "in1")]


def test_a_transfer_asked_for_too_early_ends_with_its_leg(desk: Desk) -> None:
    leg = desk.arrive()
    desk.sip.refer("in1", "<sip:1002@hotline>")
    desk.settle()
    desk.legs.hang_up(leg, status=503)
    desk.settle()
    assert desk.listener.told == [("arrived", "in1"), ("ended", "in1")]
    desk.assert_empty()


def test_hearing_goes_only_to_legs_that_the_plane_has(desk: Desk) -> None:
    desk.confirm()
    row = (Source(kind=SourceKind.MUSIC, name="waiting"),)
    desk.legs.set_hearing({"in1": row, "nobody": row})
    assert desk.plane.hears("in1") == {"music"}
    assert not desk.plane.news


def test_an_adopted_leg_is_ended_like_any_other(desk: Desk) -> None:
    desk.confirm("in1")
    successor = LegDesk(
        edge=desk.sip,
        pool=desk.sip,
        tell_plane=desk.plane.tell,
        clock=desk.clock,
        accounts=ACCOUNTS,
        listener=desk.listener,
    )
    before = desk.legs.find("in1")
    assert before is not None
    leg = Leg.restored(before.to_record(), "c1")
    successor.adopt(leg)
    desk.legs = successor
    desk.legs.hang_up(leg)
    desk.assert_empty()
