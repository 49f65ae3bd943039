"""Contacts as the HTTP interface asks for them: pages, filters, reach."""

import pytest

from acd.events import CapacitiesDefined
from acd.medium import Medium, MediumCapacity
from api.contact_views import ContactBody, ContactsQuery, ContactView
from api.faults import NotFound, Refused
from api.reach import EVERYTHING, Reach
from softswitch.contacts.desk import ContactDesk
from softswitch.settings.agents import AgentSettings
from softswitch.settings.distribution import SkillSettings
from softswitch.store.errors import StoreClosed
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
    ana = AgentSettings(id="1001", queues=("hotline",), skills=(SkillSettings(name="tax", level=2),))
    return ContactDesk(node.board.contacts, lambda: (ana,), written)


async def written() -> None:
    """The disk is fast."""


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


@pytest.mark.parametrize("medium", [medium.value for medium in Medium if medium is not Medium.VOICE])
def test_a_contact_of_any_medium_is_shown_taken_and_completed(
    desk: ContactDesk, node: Node, medium: str
) -> None:
    """To whom has room for it, and found under its name."""
    capacity = MediumCapacity(medium=Medium(medium))
    node.board.table.dispatcher.tell(CapacitiesDefined(name="", capacities=(capacity,)))
    view = write(desk, medium)
    assert (view.medium, view.state) == (medium, "waiting")
    node.login()
    taken = done(desk.accept("1001", view.contact_id))
    assert (taken.state, taken.agent) == ("accepted", "1001")
    assert write(desk, medium).state == "waiting"
    listed = done(desk.list(ContactsQuery(medium=medium, state="accepted"), EVERYTHING)).items
    assert [each.contact_id for each in listed] == [view.contact_id]
    assert done(desk.complete("1001", view.contact_id)).state == "completed"


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


def test_a_contact_comes_with_skills_an_agent_or_a_route(desk: ContactDesk) -> None:
    """They are shown; whoever is unknown is named."""
    body = ContactBody(medium="chat", route="12345", skills={"tax": 2})
    view = done(desk.queue(body, "web"))
    assert (view.queue, view.route, view.skills) == ("hotline", "12345", {"tax": 2})
    own = done(desk.queue(ContactBody(medium="chat", queue="hotline", agent="1001"), "web"))
    assert own.state == "waiting"
    wrong: list[tuple[str, str, dict[str, object]]] = [
        ("unknown_skill", "law", {"skills": {"law": 1}}),
        ("skill_level", "tax", {"skills": {"tax": 0}}),
        ("skill_level", "tax", {"skills": {"tax": True}}),
        ("unknown_agent", "1009", {"agent": "1009"}),
        ("unknown_route", "96000", {"route": "96000"}),
        ("unknown_queue", "''", {"queue": ""}),
    ]
    for code, name, more in wrong:
        with pytest.raises(Refused, match=name) as refusal:
            done(desk.queue(ContactBody(**{"medium": "chat", "queue": "hotline", **more}), "web"))  # type: ignore[arg-type]
        assert refusal.value.code == code


def test_nobody_is_told_of_what_is_not_on_the_disk(node: Node) -> None:
    """A disk that fails fails the request: it was done, and might be lost."""

    async def broken() -> None:
        raise StoreClosed(1)

    desk = ContactDesk(node.board.contacts, lambda: (), broken)
    with pytest.raises(StoreClosed):
        write(desk)
