"""What the record of a decision holds."""

from acd.agent_state import AgentCondition
from acd.commands import OfferContact
from acd.criteria import Routing, Selection
from acd.decision import MOST_CANDIDATES, Decision, Excluded, Exclusion, RecordDecision, faults
from acd.engine import Engine
from acd.events import QueueDefined, RoutingDefined, SharesDefined
from acd.names import AgentId, ContactId, QueueName
from acd.routes import Route
from acd.shares import RegionShare
from tests.acd.hotline import MAIN, Hotline, skilled

TAX = QueueName("tax")


class Explained(Hotline):
    """A hotline whose engine explains."""

    def __init__(self, *queues: QueueDefined) -> None:
        """Define the queues at 0.0."""
        super().__init__()
        self.engine = Engine(explains=True)
        for queue in queues or (QueueDefined(queue=MAIN),):
            self.tell(queue)

    def decision(self) -> Decision:
        """The record of the last answer's only offer, which stands just before it."""
        (record,) = self.orders(RecordDecision)
        place = self.answer.index(record)
        offer = self.answer[place + 1]
        assert isinstance(offer, OfferContact)
        assert offer.offer == record.offer
        assert faults(record.decision) == ()
        return record.decision


def counts(excluded: tuple[Excluded, ...]) -> dict[str, int]:
    """Reasons and how many."""
    return {each.reason: each.number for each in excluded}


def test_nothing_is_recorded_unless_it_is_wanted() -> None:
    """A switch of the engine."""
    line = Hotline()
    line.login("ana")
    line.call("c1")
    assert line.orders(RecordDecision) == []


def test_the_agents_side_lists_who_could_have_had_the_call_and_counts_who_could_not() -> None:
    """By reason: conditions, skill."""
    line = Explained()
    line.login("busy")
    line.call("c0")
    line.login("ana", 1.0, skills=skilled(tax=2))
    line.login("ben", 2.0, skills=skilled(tax=3))
    line.login("cid", 3.0, skills=skilled(law=3))
    line.login("dan", 4.0, skills=skilled(tax=9))
    line.not_ready("dan")
    line.call("c1", 5.0, skills=skilled(tax=1))
    decision = line.decision()
    assert [(each.agent, each.skill, each.idle_since) for each in decision.agents] == [
        ("ben", 3, 2.0),
        ("ana", 2, 1.0),
    ]
    assert counts(decision.agents_excluded) == {
        Exclusion.SKILL: 1,
        AgentCondition.RINGING: 1,
        AgentCondition.NOT_READY: 1,
    }
    assert decision.routing == (Routing.SKILL, Routing.IDLE)
    assert (decision.queue, decision.row, decision.is_circle) == (MAIN, 0, False)


def test_the_contacts_side_lists_the_first_of_each_kind() -> None:
    """And counts those behind them, and those whose need is too high."""
    line = Explained()
    line.login("ana", skills=skilled(tax=1))
    line.login("ben", skills=skilled(tax=1))
    line.not_ready("ben")
    line.call("c1", 1.0)
    line.decline("c1", 2.0)
    line.ready("ben", 2.5)
    assert line.offered() == [("c1", "ben")]
    line.not_ready("ana")
    line.decline("c1", 3.0)
    line.call("c2", 4.0, level=1)
    line.call("c3", 5.0, level=1)
    line.call("c4", 6.0, skills=skilled(tax=5))
    line.login("cid", 7.0, queues=())
    line.reassign("cid", skills=skilled(tax=1))
    decision = line.decision()
    assert decision.agent == "cid"
    assert [each.contact for each in decision.contacts] == ["c2", "c1"]
    assert counts(decision.contacts_excluded) == {Exclusion.BEHIND: 1, Exclusion.SKILL: 1}
    line.hang_up("c2", 8.0)
    assert [each.contact for each in line.decision().contacts] == ["c3", "c1"]


def test_a_record_stays_as_it_was_made() -> None:
    """Whatever becomes of those whom it tells of, and whenever it is read."""
    line = Explained(QueueDefined(queue=MAIN, wrap_up_s=0), QueueDefined(queue=TAX))
    for serial, name in enumerate(("ana", "ben", "cid")):
        line.login(name, float(serial), skills=skilled(tax=3 - serial))
    line.call("c1", 4.0, skills=skilled(tax=1))
    (of_caller,) = line.orders(RecordDecision)
    had = line.decision()
    assert [(each.agent, each.skill, each.calls) for each in had.agents] == [
        ("ana", 3, 0),
        ("ben", 2, 0),
        ("cid", 1, 0),
    ]
    line.call("c2", 5.0, skills=skilled(tax=2))
    line.not_ready("cid", at=5.0)
    line.call("c3", 6.0)
    line.call("c4", 7.0, region="west", skills=skilled(tax=1))
    line.accept("c1", 8.0)
    line.accept("c2", 8.0)
    line.reassign("ben", skills=skilled(law=1), rank=7)
    line.end("c1", 9.0)
    (of_agent,) = line.orders(RecordDecision)
    took = line.decision()
    assert [(each.contact, each.queue, each.region) for each in took.contacts] == [
        ("c4", MAIN, "west"),
        ("c3", MAIN, ""),
    ]
    line.call("c3", 10.0, queue="tax", region="north")
    line.end("c2", 11.0)
    line.logout("ana")
    assert (of_caller.contact, of_agent.contact) == ("c1", "c4")
    assert (of_caller.decision, of_agent.decision) == (had, took)


def test_only_the_first_are_listed() -> None:
    """However many there are."""
    line = Explained()
    for serial in range(30):
        line.login(f"a{serial:02}", float(serial))
    line.call("c1")
    assert len(line.decision().agents) == MOST_CANDIDATES


def test_of_many_kinds_the_first_are_listed_and_the_others_counted() -> None:
    """Whichever line they stand in; who is chosen by a turn is shown in every line, however far behind."""
    line = Explained(QueueDefined(queue=MAIN, priority=1, wrap_up_s=0), QueueDefined(queue=TAX))
    line.tell(
        SharesDefined(
            name="cities",
            shares=tuple(RegionShare(region=name, share=1.0) for name in ("north", "west")),
        )
    )
    line.login("ana", queues=("main", "tax"), shares="cities")
    line.talk("c0")
    for level in range(25):
        line.call(f"m{level}", 1.0, level=level)
        line.call(f"t{level}", 2.0, level=level, queue="tax")
        line.call(f"n{level}", 3.0, level=level)
    both = (Route(), Route(queue=TAX))
    line.call("c1", 4.0, level=24, region="north", routes=both)
    line.end("c0", 5.0)
    decision = line.decision()
    assert decision.contact == "m24"
    assert [each.contact for each in decision.contacts] == [
        "m24",
        "c1",
        *(f"m{level}" for level in range(23, 5, -1)),
    ]
    assert counts(decision.contacts_excluded) == {Exclusion.BEHIND: 25}
    line.accept("m24", 6.0)
    line.hang_up("n24", 6.0)
    line.end("m24", 7.0)
    decision = line.decision()
    assert (decision.contact, decision.turn) == ("c1", "north")
    assert [(each.contact, each.priority) for each in decision.contacts[:3]] == [
        ("c1", 1),
        ("c1", 0),
        ("m23", 1),
    ]


def test_a_region_whose_turn_it_is_is_named_and_its_contact_shown() -> None:
    """Though others came before it."""
    line = Explained(QueueDefined(queue=MAIN, wrap_up_s=0))
    shares = tuple(RegionShare(region=name, share=1.0) for name in ("north", "west"))
    line.tell(SharesDefined(name="cities", shares=shares))
    line.login("ana", shares="cities")
    line.talk("c0")
    line.call("c1", 1.0, region="west")
    line.call("c2", 2.0, region="north")
    line.end("c0", 3.0)
    decision = line.decision()
    assert (decision.contact, decision.turn) == ("c2", "north")
    assert [each.contact for each in decision.contacts] == ["c2", "c1"]
    assert decision.selection == tuple(Selection)


def test_lines_before_the_one_that_found_an_agent_are_counted_too() -> None:
    """Row by row of the table; one agent who was wanted and busy, or is not there."""
    line = Explained(QueueDefined(queue=MAIN), QueueDefined(queue=TAX))
    line.tell(RoutingDefined(name="by calls", criteria=(Routing.CALLS,)))
    line.tell(QueueDefined(queue=TAX, strategy="by calls"))
    line.login("ana", queues=())
    line.login("ben")
    line.not_ready("ana")
    line.not_ready("ben")
    line.login("cid", queues=("tax",))
    wanted = AgentId("ana")
    line.call("c1", 1.0, routes=(Route(agent=wanted), Route(), Route(queue=TAX)))
    decision = line.decision()
    assert (decision.queue, decision.row, decision.agent) == (TAX, 2, "cid")
    assert counts(decision.agents_excluded) == {AgentCondition.NOT_READY: 2}
    assert decision.routing == (Routing.CALLS,)
    line.call("c2", 2.0, routes=(Route(agent=wanted),))
    line.ready("ana", 3.0)
    decision = line.decision()
    assert decision.contacts[0].own
    assert decision.agents_excluded == ()


def test_who_declined_is_counted_on_both_sides() -> None:
    """The contact that an agent is not offered again, the agent whom a contact does not go to again."""
    line = Explained(QueueDefined(queue=MAIN, wrap_up_s=0))
    line.login("ben")
    line.login("ana", 1.0)
    line.talk("c0")
    line.call("c1", 2.0)
    line.decline("c1", 3.0)
    line.wait(5.0)
    line.call("c2", 6.0, level=1)
    decision = line.decision()
    assert (decision.contact, decision.agent) == ("c2", "ana")
    assert counts(decision.contacts_excluded) == {Exclusion.DECLINED: 1}
    line.hang_up("c2", 7.0)
    line.end("c0", 8.0)
    decision = line.decision()
    assert (decision.contact, decision.agent) == ("c1", "ben")
    assert counts(decision.agents_excluded) == {Exclusion.DECLINED: 1}


def test_why_somebody_waits_is_told_for_each_agent_of_the_lines() -> None:
    """The condition, or the skill, or that they declined; the better reason where an agent serves two lines."""
    line = Explained(QueueDefined(queue=MAIN), QueueDefined(queue=TAX))
    line.login("ana")
    line.login("ben", queues=("main", "tax"))
    line.login("cid", queues=("tax",), skills=skilled(tax=1))
    line.login("dan", queues=("tax",))
    line.not_ready("ben")
    line.talk("c0")
    line.call("c1", 1.0, queue="tax", skills=skilled(tax=1))
    line.decline("c1", 2.0)
    table = (
        Route(skills=skilled(law=1)),
        Route(queue=TAX, skills=skilled(tax=1)),
        Route(agent=AgentId("eve")),
    )
    line.call("c1", 3.0, routes=table)
    why = dict(line.engine.why_waiting(ContactId("c1")))
    assert why == {
        "ana": Exclusion.SKILL,
        "ben": Exclusion.SKILL,
        "cid": AgentCondition.RESTING,
        "dan": Exclusion.SKILL,
    }
    assert line.engine.why_waiting(ContactId("c0")) == ()
    assert line.engine.why_waiting(ContactId("c9")) == ()
