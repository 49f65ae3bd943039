"""What the engine shows of itself."""

from dataclasses import fields, replace

from acd.agent import Agent
from acd.agent_state import Activity, Presence
from acd.commands import ReportAgent, ReportContact
from acd.contact import Contact, Place
from acd.contact_state import ContactState
from acd.events import ContactRequeued
from acd.names import AgentId, ContactId, QueueName
from acd.skills import ANYBODY
from acd.snapshots import AgentSnapshot, ContactSnapshot, QueueStatistics, Standing, Statistics, Tally
from acd.views import agent_report, contact_report, is_agent_reported, is_reported
from tests.acd.hotline import MAIN, Hotline


def test_position_is_a_place_in_the_line() -> None:
    """1 for the next; none for who does not wait."""
    hotline = Hotline()
    hotline.login("ana")
    for contact in ("c1", "c2", "c3"):
        hotline.call(contact)
    position = hotline.engine.position
    assert [position(ContactId(name)) for name in ("c1", "c2", "c3", "c9")] == [None, 1, 2, None]
    hotline.decline("c1")
    assert [position(ContactId(name)) for name in ("c1", "c2", "c3")] == [1, 2, 3]


def test_a_contact_is_shown_whole() -> None:
    """Waiting, then on offer."""
    hotline = Hotline()
    hotline.call("c1", 2.0, level=3)
    shown = ContactSnapshot(
        contact=ContactId("c1"),
        queue=MAIN,
        given=MAIN,
        level=3,
        state=ContactState.WAITING,
        arrived_at=2.0,
        position=1,
        agent=None,
        offer=None,
        declined_by=(),
        lines=(Standing(MAIN, None, ANYBODY),),
        given_at=2.0,
        visits=((MAIN, 1),),
    )
    assert hotline.engine.contact(ContactId("c1")) == shown
    assert hotline.engine.waiting(MAIN) == (shown,)
    hotline.login("ana")
    offered = hotline.engine.contact(ContactId("c1"))
    assert offered is not None
    assert (offered.state, offered.position, offered.agent) == (ContactState.OFFERED, None, "ana")
    assert offered.offer == "o1"


def test_a_contact_that_differs_in_anything_is_not_as_it_was_reported() -> None:
    """Whatever a report says of a contact is compared; whose it is and its medium never change."""
    contact = Contact(ContactId("c1"), (Place(MAIN),), level=3, serial=1, arrived_at=2.0)
    assert not is_reported(contact), "never reported"
    report = contact.reported = contact_report(contact)
    assert is_reported(contact)
    other: dict[str, object] = {
        "state": ContactState.OFFERED,
        "queue": QueueName("tax"),
        "level": 4,
        "agent": AgentId("ana"),
        "arrived_at": 1.0,
        "is_callback": True,
    }
    assert {field.name for field in fields(ReportContact)} == {"contact", "medium", *other}
    for name, value in other.items():
        contact.reported = replace(report, **{name: value})  # type: ignore[arg-type]
        assert not is_reported(contact), name


def test_an_agent_who_differs_in_anything_is_not_as_they_were_reported() -> None:
    """Whatever a report says of an agent is compared; whose it is never changes."""
    agent = Agent(AgentId("ana"), (MAIN,), now=1.0)
    assert not is_agent_reported(agent, None), "never reported"
    report = agent.reported = agent_report(agent, None)
    assert is_agent_reported(agent, None)
    other: dict[str, object] = {
        "presence": Presence.READY,
        "activity": Activity.ENGAGED,
        "reason": "lunch",
        "contact": ContactId("c1"),
        "reachable": False,
        "since": 0.5,
        "pending": Presence.NOT_READY,
        "pending_reason": "lunch",
        "wrap_up_until": 9.0,
        "tasks": (ContactId("c1"),),
    }
    assert {field.name for field in fields(ReportAgent)} == {"agent", *other}
    for name, value in other.items():
        agent.reported = replace(report, **{name: value})  # type: ignore[arg-type]
        assert not is_agent_reported(agent, None), name


def test_an_agent_is_shown_whole() -> None:
    """In wrap-up with a wish, say."""
    hotline = Hotline()
    hotline.login("ana", 1.0)
    hotline.talk("c1", 2.0)
    hotline.not_ready("ana", "lunch", 3.0)
    hotline.end("c1", 4.0)
    shown = AgentSnapshot(
        agent=AgentId("ana"),
        queues=(MAIN,),
        presence=Presence.WRAP_UP,
        activity=Activity.IDLE,
        reason="",
        pending=Presence.NOT_READY,
        pending_reason="lunch",
        reachable=True,
        delayed=False,
        contact=None,
        offer=None,
        since=4.0,
        idle_since=4.0,
        wrap_up_until=14.0,
        taken=1,
        talk_s=2.0,
        occupancy=2.0 / 3.0,
    )
    assert hotline.engine.agent(AgentId("ana")) == shown
    hotline.login("abe")
    assert [each.agent for each in hotline.engine.agents()] == ["abe", "ana"]
    assert hotline.engine.agents()[1] == shown


def test_statistics_tell_the_moment_and_the_tally() -> None:
    """A little of everything, counted."""
    hotline = Hotline()
    for name in ("ana", "ben"):
        hotline.login(name)
    hotline.talk("c1", 1.0)
    hotline.tell(ContactRequeued(contact=ContactId("c1")), 2.0)
    hotline.decline("c1", 3.0)
    hotline.hang_up("c1", 4.0)
    hotline.wait(12.0)
    hotline.talk("c2", 13.0)
    hotline.call("c3", 14.0)
    hotline.call("c4", 15.0)
    hotline.call("c5", 16.0)
    hotline.wait(34.0)
    hotline.hang_up("c2", 35.0)
    hotline.hang_up("c3", 36.0)
    hotline.call("c4", 37.0, level=1)
    assert hotline.engine.statistics() == Statistics(
        now=37.0,
        queues=(
            QueueStatistics(
                queue=MAIN,
                limit=256,
                waiting=2,
                standing=2,
                offered=0,
                connected=0,
                longest_wait_s=22.0,
                agents_on_duty=1,
                agents_free=0,
            ),
        ),
        agents=2,
        deadlines=1,
        tally=Tally(
            queued=5,
            moved=1,
            requeued=1,
            offered=4,
            accepted=2,
            declined=1,
            rang_out=1,
            left=2,
            ended=1,
        ),
    )


def test_an_empty_hotline_has_figures_too() -> None:
    """Nothing divides by nobody."""
    hotline = Hotline()
    (queue,) = hotline.engine.statistics().queues
    assert (queue.waiting, queue.longest_wait_s, queue.agents_free) == (0, 0.0, 0)
    assert repr(hotline.engine) == "<Acd queues=1 waiting=0 agents=0 free=0 ringing=0 talking=0 wrap_up=0>"
