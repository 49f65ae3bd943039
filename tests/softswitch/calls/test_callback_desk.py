"""Callbacks as the HTTP interface asks for them: pages, filters, reach, wishes."""

import pytest

from api.callback_views import CallbackBody, CallbacksQuery, CallbackView
from api.faults import Conflict, Denied, NotFound, Refused
from api.problems import NotYours
from api.reach import EVERYTHING, Reach
from softswitch.calls.callback_desk import CallbackDesk
from tests.softswitch.calls.node import Node, done

NUMBERS = ("13900000001", "13900000002", "13900000003")
OTHERS = Reach(queues=frozenset({"other"}))


@pytest.fixture
def desk() -> CallbackDesk:
    """Nobody is to be called as yet."""
    node = Node()
    return CallbackDesk(node.board.callbacks, node.board.table)


def ask(desk: CallbackDesk, number: str, queue: str = "hotline", reach: Reach = EVERYTHING) -> CallbackView:
    """A wish over the interface."""
    return done(desk.ask(CallbackBody(number=number, queue=queue, data={"case": 7}), reach, "desk"))


def test_a_wish_is_shown_with_its_place(desk: CallbackDesk) -> None:
    first, second = ask(desk, NUMBERS[0]), ask(desk, NUMBERS[1])
    assert (first.position, second.position, second.state, second.data) == (1, 2, "waiting", {"case": 7})
    assert ask(desk, NUMBERS[0]).callback_id == first.callback_id


def test_pages_are_newest_first_and_filtered(desk: CallbackDesk) -> None:
    views = [ask(desk, number) for number in NUMBERS]
    page = done(desk.list(CallbacksQuery(limit=2), EVERYTHING))
    assert [each.number for each in page.items] == [NUMBERS[2], NUMBERS[1]]
    assert page.next_cursor is not None
    rest = done(desk.list(CallbacksQuery(cursor=page.next_cursor), EVERYTHING))
    assert [each.number for each in rest.items] == [NUMBERS[0]]
    assert rest.next_cursor is None
    done(desk.cancel(views[0].callback_id, EVERYTHING, "desk"))
    for query, numbers in (
        (CallbacksQuery(state="cancelled"), [NUMBERS[0]]),
        (CallbacksQuery(number=NUMBERS[1]), [NUMBERS[1]]),
        (CallbacksQuery(queue="other"), []),
    ):
        assert [each.number for each in done(desk.list(query, EVERYTHING)).items] == numbers


def test_what_is_out_of_reach_is_not_there(desk: CallbackDesk) -> None:
    view = ask(desk, NUMBERS[0])
    assert done(desk.list(CallbacksQuery(), OTHERS)).items == ()
    with pytest.raises(NotFound):
        done(desk.get(view.callback_id, OTHERS))
    with pytest.raises(NotFound):
        done(desk.cancel(view.callback_id, OTHERS, "desk"))
    with pytest.raises(NotYours):
        ask(desk, NUMBERS[1], reach=OTHERS)
    assert done(desk.get(view.callback_id, EVERYTHING)).state == "waiting"


def test_bad_wishes_are_told_apart(desk: CallbackDesk) -> None:
    with pytest.raises(Denied):
        ask(desk, "110")
    with pytest.raises(Refused):
        ask(desk, NUMBERS[0], queue="nowhere")
    view = ask(desk, NUMBERS[0])
    assert done(desk.cancel(view.callback_id, EVERYTHING, "desk")).state == "cancelled"
    with pytest.raises(Conflict):
        done(desk.cancel(view.callback_id, EVERYTHING, "desk"))
    with pytest.raises(Refused):
        done(desk.list(CallbacksQuery(cursor="wrong"), EVERYTHING))
