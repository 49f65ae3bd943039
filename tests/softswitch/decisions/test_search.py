"""A journal played again for one call: the same decisions as then, and everybody who had to do with them."""

from pathlib import Path

import pytest

from acd.commands import Command, OfferContact
from acd.criteria import RING_ALL, Routing
from acd.decision import RecordDecision, in_words
from acd.errors import UnknownContact
from acd.events import (
    AgentLoggedIn,
    ContactLeft,
    ContactQueued,
    DeclineCause,
    Event,
    OfferDeclined,
    QueueDefined,
    QueueRemoved,
    RoutingDefined,
)
from acd.names import AgentId, ContactId, QueueName
from softswitch.decisions.journal import DecisionJournal, JournaledEngine
from softswitch.decisions.search import MOST_DECISIONS, MOST_LISTS, Derivation, derived

MAIN = QueueName("main")
ANA, BEN = AgentId("ana"), AgentId("ben")
WALL = 1_795_000_000.0


class Run:
    """A control that writes a journal; its clock began at 100 when the time of day was `wall`."""

    def __init__(self, folder: Path, run: str = "ab12", wall: float = WALL) -> None:
        """Begin one."""
        self.journal = DecisionJournal(folder, run, wall=wall, now=100.0)
        self.engine = JournaledEngine(run, self.journal, explains=True)
        self.answer: tuple[Command, ...] = ()

    def tell(self, at: float, *events: Event) -> None:
        """Let things happen `at` seconds after the beginning."""
        for event in events:
            self.answer = self.engine.handle(event, 100.0 + at)

    def wait(self, at: float) -> None:
        """Let time pass."""
        self.answer = self.engine.advance(100.0 + at)

    def record(self) -> RecordDecision:
        """The only decision of the last answer."""
        (found,) = (each for each in self.answer if isinstance(each, RecordDecision))
        return found

    def decline(self, at: float) -> None:
        """Whoever was offered something last says no."""
        (offer,) = (each.offer for each in self.answer if isinstance(each, OfferContact))
        self.tell(at, OfferDeclined(offer=offer, cause=DeclineCause.DECLINED))


def login(agent: AgentId) -> AgentLoggedIn:
    """An agent of the queue."""
    return AgentLoggedIn(agent=agent, queues=(MAIN,))


def queued(contact: str) -> ContactQueued:
    """A caller."""
    return ContactQueued(contact=ContactId(contact), queue=MAIN)


def search(
    folder: Path, call: str, *, since: float = 0.0, until: float = 1000.0, offer: str = ""
) -> Derivation:
    """Of a call that was there from so many to so many seconds after the beginning."""
    return derived(folder, call, since=WALL + since, until=WALL + until, offer=offer)


def test_a_decision_is_derived_as_it_was_made_with_everybody(tmp_path: Path) -> None:
    """Its words, its moment, where in the journal it followed, the rules of then, and a verdict for each."""
    run = Run(tmp_path)
    run.tell(1.0, QueueDefined(queue=MAIN), login(ANA), login(BEN))
    run.tell(2.0, AgentLoggedIn(agent=AgentId("cid"), queues=()))
    run.tell(3.0, queued("c0"))
    run.tell(4.0, queued("c1"))
    made = run.record()
    found = search(tmp_path, "c1", since=4.0)
    (decision,) = found.decisions
    assert found.is_whole
    assert (decision.chinese, decision.english) == in_words(made.decision)
    assert (decision.offer, decision.at) == (made.offer, WALL + 4.0)
    assert decision.whole is not None
    assert (decision.whole.journal, decision.whole.line) == (run.journal.path.name, 7)
    assert decision.whole.policy_line == 2
    assert [
        (each.values.agent, each.place, each.verdict, each.chinese) for each in decision.whole.agents
    ] == [
        ("ben", 1, "chosen", "选中"),
        ("ana", None, "ringing", "振铃中"),
    ]
    assert [(each.values.contact, each.place, each.verdict) for each in decision.whole.contacts] == [
        ("c1", 1, "chosen")
    ]
    assert decision.whole.agents[0].values.idle_s == 3.0


def test_the_rules_of_a_decision_are_told_by_a_digest(tmp_path: Path) -> None:
    """Equal for equal rules, whatever happened meanwhile; another one for others."""
    run = Run(tmp_path)
    run.tell(1.0, QueueDefined(queue=MAIN, decline_delay_s=0.2), login(ANA))
    run.tell(2.0, queued("c1"))
    changes: list[tuple[Event, ...]] = [
        (),
        (QueueDefined(queue=MAIN, decline_delay_s=0.2, limit=9),),
        (RoutingDefined(name="fair", criteria=(Routing.CALLS,)),),
        (QueueDefined(queue=MAIN, decline_delay_s=0.2, limit=9), QueueDefined(queue=QueueName("tax"))),
        (QueueRemoved(queue=QueueName("tax")),),
    ]
    for step, rules in enumerate(changes):
        run.decline(3.0 + step)
        run.tell(3.1 + step, *rules)
        run.wait(3.3 + step)
        assert run.record().decision.agent == ANA
    lists = [each.whole for each in search(tmp_path, "c1").decisions]
    first, same, other, fair, more, fewer = (each.policy for each in lists if each is not None)
    assert first == same
    assert len({first, other, fair, more}) == 4
    assert fewer == fair


def test_a_call_that_outlives_control_is_found_in_both_journals(tmp_path: Path) -> None:
    """Those of other calls are not played; what came after its end is not looked at."""
    first = Run(tmp_path)
    first.tell(1.0, QueueDefined(queue=MAIN), login(ANA), queued("c1"))
    Run(tmp_path, "cd34", WALL + 10.0).tell(1.0, QueueDefined(queue=MAIN), login(ANA), queued("c2"))
    last = Run(tmp_path, "ef56", WALL + 20.0)
    last.tell(1.0, QueueDefined(queue=MAIN), login(BEN), queued("c1+1"))
    last.decline(500.0)
    last.tell(600.0, queued("c1+1"))
    found = search(tmp_path, "c1", since=1.0, until=100.0)
    assert [(each.contact, each.agent, each.at - WALL) for each in found.decisions] == [
        ("c1", "ana", 1.0),
        ("c1+1", "ben", 21.0),
    ]
    assert found.is_whole


def test_it_is_said_when_a_journal_does_not_reach_back_or_cannot_be_read(tmp_path: Path) -> None:
    """And when there is none at all."""
    assert search(tmp_path, "c1") == Derivation(decisions=(), is_whole=False)
    run = Run(tmp_path)
    run.tell(1.0, QueueDefined(queue=MAIN), login(ANA), queued("c1"))
    assert not search(tmp_path, "c1", since=-60.0).is_whole
    assert search(tmp_path, "c1", since=0.5).is_whole
    with run.journal.path.open("ab") as file:
        file.write(b'{"at": 120.0, "event": "Some')
    found = search(tmp_path, "c1", since=0.5)
    assert (len(found.decisions), found.is_whole) == (1, False)
    (tmp_path / "other.jsonl").write_bytes(b"no head\n")
    assert len(search(tmp_path, "c1").decisions) == 1


def test_refused_events_are_refused_again(tmp_path: Path) -> None:
    """And change nothing, as then."""
    run = Run(tmp_path)
    run.tell(1.0, QueueDefined(queue=MAIN), login(ANA))
    with pytest.raises(UnknownContact):
        run.tell(1.5, ContactLeft(contact=ContactId("none"), cause="abandoned"))
    run.tell(2.0, queued("c1"))
    assert len(search(tmp_path, "c1").decisions) == 1


def test_phones_that_rang_along_are_told(tmp_path: Path) -> None:
    """With the decision that they rang by."""
    run = Run(tmp_path)
    run.tell(1.0, QueueDefined(queue=MAIN, strategy=RING_ALL), login(ANA), login(BEN), queued("c1"))
    (decision,) = search(tmp_path, "c1").decisions
    assert decision.joined == ("ben",)


def test_of_very_many_decisions_the_last_are_told(tmp_path: Path) -> None:
    """And of these the last have lists, or the one that was asked for."""
    run = Run(tmp_path)
    run.tell(1.0, QueueDefined(queue=MAIN, decline_delay_s=0.2), login(ANA), queued("c1"))
    offers = [run.record().offer]
    for step in range(MOST_DECISIONS):
        run.decline(2.0 + step)
        run.wait(2.5 + step)
        offers.append(run.record().offer)
    found = search(tmp_path, "c1")
    assert [each.offer for each in found.decisions] == offers[1:]
    assert not found.is_whole
    assert [each.whole is not None for each in found.decisions] == [
        place >= MOST_DECISIONS - MOST_LISTS for place in range(MOST_DECISIONS)
    ]
    one = search(tmp_path, "c1", offer=offers[5])
    assert [each.offer for each in one.decisions if each.whole is not None] == [offers[5]]
