"""Contacts as the HTTP interface asks for them: pages, filters, reach."""

import pytest

from acd.events import CapacitiesDefined
from acd.medium import Medium, MediumCapacity
from api.contact_views import ContactBody, ContactsQuery, ContactView
from api.faults import NotFound
from api.reach import EVERYTHING, Reach
from softswitch.contacts.desk import ContactDesk
from tests.softswitch.calls.node import Node, done


@pytest.fixture
def node() -> Node:
    """Agents have one chat."""
    found = Node()
    found.board.table.dispatcher.tell(
        CapacitiesDefined(name="", capacities=(MediumCapacity(medium=Medium.CHAT),))
    )
    return found


@pytest.fixture
def desk(node: Node) -> ContactDesk:
    """Nothing has come as yet."""
    return ContactDesk(node.board.contacts)


def write(desk: ContactDesk, medium: str = "chat") -> ContactView:
    """A contact over the interface."""
    body = ContactBody(medium=medium, queue="hotline", address="web-1", data={"case": 7})
    return done(desk.queue(body, "web"))


def test_pages_are_newest_first_and_filtered(desk: ContactDesk, node: Node) -> None:
    """And tell what can be done with each."""
    views = [write(desk, medium) for medium in ("chat", "email", "chat")]
    page = done(desk.list(ContactsQuery(limit=2), EVERYTHING))
    assert [each.contact_id for each in page.items] == [each.contact_id for each in reversed(views[1:])]
    assert page.next_cursor is not None
    rest = done(desk.list(ContactsQuery(cursor=page.next_cursor), EVERYTHING))
    assert [each.contact_id for each in rest.items] == [views[0].contact_id]
    node.login()
    done(desk.accept("1001", views[0].contact_id))
    done(desk.cancel(views[1].contact_id, EVERYTHING, "web"))
    for query, found in (
        (ContactsQuery(state="accepted"), views[:1]),
        (ContactsQuery(medium="email"), views[1:2]),
        (ContactsQuery(agent="1001"), views[:1]),
        (ContactsQuery(queue="other"), []),
    ):
        listed = done(desk.list(query, EVERYTHING)).items
        assert [each.contact_id for each in listed] == [each.contact_id for each in found]
    allowed = [done(desk.get(each.contact_id, EVERYTHING)).allowed for each in views]
    assert allowed == [("complete", "cancel"), (), ("cancel",)]
    assert done(desk.complete("1001", views[0].contact_id)).state == "completed"


def test_agents_see_what_they_have_or_are_shown_and_supervisors_their_queues(
    desk: ContactDesk, node: Node
) -> None:
    """For everybody else it is not there."""
    view = write(desk)
    ana, other = Reach(agents=frozenset({"1001"})), Reach(agents=frozenset({"1002"}))
    lead = Reach(queues=frozenset({"hotline"}), sees_queued=True)
    with pytest.raises(NotFound):
        done(desk.get(view.contact_id, ana))
    assert done(desk.get(view.contact_id, lead)).position == 1
    node.login()
    shown = done(desk.get(view.contact_id, ana))
    assert (shown.offered_to, shown.allowed) == (("1001",), ("accept", "decline", "cancel"))
    with pytest.raises(NotFound):
        done(desk.cancel(view.contact_id, other, "1002"))
    done(desk.decline("1001", view.contact_id))
    assert done(desk.list(ContactsQuery(), other)).items == ()
