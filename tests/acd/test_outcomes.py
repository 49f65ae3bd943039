"""What became of contacts and how agents spent their time, as the engine's own answers tell it."""

from acd.commands import Command
from acd.events import (
    AgentDisengaged,
    AgentEngaged,
    ContactLeft,
    ContactQueued,
    ContactRequeued,
    DiversionRefused,
    Event,
    QueueDefined,
)
from acd.names import AgentId, ContactId, QueueName
from acd.outcomes import Ending, Ledger, Outcome
from acd.overflow import Overflow, Target, TargetKind
from tests.acd.hotline import MAIN, Hotline


class Watched(Hotline):
    """A hotline whose ledger is kept."""

    def __init__(self, *queues: QueueDefined) -> None:
        """Keep it from the first definition on."""
        self.ledger = Ledger()
        super().__init__(*queues)

    def tell(self, event: Event, at: float | None = None) -> tuple[Command, ...]:
        """Let something happen and note it."""
        answer = super().tell(event, at)
        self.ledger.take(event, answer, self.now)
        return answer

    def outcome(self, contact: str) -> Outcome:
        """What became of one contact."""
        (found,) = [each for each in self.ledger.outcomes(self.now) if each.contact == contact]
        return found

    def spent(self, agent: str) -> tuple[float, float, float]:
        """Busy, away and free seconds of one agent."""
        (found,) = [each for each in self.ledger.times(self.now) if each.agent == agent]
        assert found.logged_in_s == found.busy_s + found.away_s + found.free_s
        return found.busy_s, found.away_s, found.free_s


def test_a_contact_is_answered_and_ends() -> None:
    """The wait runs to the answer, with the ring that came before."""
    floor = Watched()
    floor.call("c1", at=10.0)
    floor.login("ana", at=15.0)
    assert floor.outcome("c1").ending is Ending.WAITING
    floor.accept("c1", at=18.0)
    floor.end("c1", at=60.0)
    assert floor.outcome("c1") == Outcome(
        contact=ContactId("c1"),
        queue=MAIN,
        level=0,
        arrived_at=10.0,
        ending=Ending.ANSWERED,
        wait_s=8.0,
        agent=AgentId("ana"),
        answered_at=18.0,
        ended_at=60.0,
    )


def test_the_first_answer_is_the_one_that_counts() -> None:
    """A caller whose agent's leg was lost waits again, and was answered all the same."""
    floor = Watched()
    floor.login("ana")
    floor.talk("c1", at=10.0)
    floor.tell(ContactRequeued(contact=ContactId("c1")), at=30.0)
    assert (floor.outcome("c1").ending, floor.outcome("c1").wait_s) == (Ending.ANSWERED, 0.0)
    floor.hang_up("c1", at=50.0)
    assert (floor.outcome("c1").ending, floor.outcome("c1").ended_at) == (Ending.ANSWERED, 50.0)


def test_who_gives_up_is_not_who_is_taken_elsewhere() -> None:
    """The cause of leaving tells them apart."""
    floor = Watched()
    floor.call("c1", at=10.0)
    floor.call("c2")
    floor.call("c3")
    floor.hang_up("c1", at=14.0)
    floor.tell(ContactLeft(contact=ContactId("c2"), cause="voicemail"), at=40.0)
    assert (floor.outcome("c1").ending, floor.outcome("c1").wait_s) == (Ending.ABANDONED, 4.0)
    assert (floor.outcome("c2").ending, floor.outcome("c2").wait_s) == (Ending.OVERFLOWED, 30.0)
    floor.wait(100.0)
    assert (floor.outcome("c3").ending, floor.outcome("c3").wait_s) == (Ending.WAITING, 90.0)


def test_a_queue_that_is_full_refuses() -> None:
    """One who was never let in; but whoever waits elsewhere is not refused for a move that failed."""
    floor = Watched(QueueDefined(queue=MAIN, limit=0), QueueDefined(queue=QueueName("tax")))
    floor.call("c1", at=5.0)
    floor.call("c2", queue="tax")
    floor.call("c2", queue=MAIN)
    assert floor.outcome("c1").ending is Ending.REFUSED
    assert floor.outcome("c2").ending is Ending.WAITING


def test_an_agents_time_is_busy_away_or_free() -> None:
    """Ring, talk, wrap-up and other calls are busy; not ready is away; it sums to the time of the login."""
    floor = Watched()
    floor.login("ana", at=0.0)
    floor.call("c1", at=10.0)  # free until here
    floor.accept("c1", at=13.0)
    floor.end("c1", at=50.0)
    floor.tell(AgentEngaged(agent=AgentId("ana")), at=55.0)  # in the wrap-up
    floor.tell(AgentDisengaged(agent=AgentId("ana")), at=80.0)
    floor.not_ready("ana", at=100.0)
    assert floor.spent("ana") == (90.0, 0.0, 10.0)
    floor.now = 130.0
    assert floor.spent("ana") == (90.0, 30.0, 10.0)
    floor.logout("ana", at=140.0)
    floor.now = 999.0
    assert floor.spent("ana") == (90.0, 40.0, 10.0)
    floor.login("ana", at=1000.0)
    floor.now = 1001.0
    assert floor.spent("ana") == (90.0, 40.0, 11.0)


def test_who_is_sent_away_did_not_give_up() -> None:
    """Nobody is logged in, and the queue keeps nobody then."""
    floor = Watched(QueueDefined(queue=MAIN, dismisses_when=()))
    floor.login("ana")
    floor.not_ready("ana")
    floor.call("c1", at=10.0)
    floor.logout("ana", at=25.0)
    assert (floor.outcome("c1").ending, floor.outcome("c1").wait_s) == (Ending.DISMISSED, 15.0)


def test_who_was_let_in_to_go_on_at_once_and_could_not_was_refused() -> None:
    """Not abandoned: the caller gave nothing up."""
    to_voicemail = Target(kind=TargetKind.VOICEMAIL)
    floor = Watched(
        QueueDefined(queue=MAIN, limit=0, overflow=(Overflow(target=to_voicemail, agents_all=()),))
    )
    floor.call("c1", at=10.0)
    assert floor.outcome("c1").ending is Ending.WAITING
    floor.tell(DiversionRefused(contact=ContactId("c1"), target=to_voicemail), at=12.0)
    assert (floor.outcome("c1").ending, floor.outcome("c1").wait_s) == (Ending.REFUSED, 2.0)
    tally = floor.engine.statistics().tally
    assert (tally.queued, tally.refused, tally.left) == (1, 1, 1)


def test_the_region_of_a_contact_is_kept() -> None:
    """Of those who are let in, and of those who are not."""
    floor = Watched(QueueDefined(queue=MAIN, limit=1))
    for name in ("c1", "c2"):
        floor.tell(ContactQueued(contact=ContactId(name), queue=MAIN, region="north"))
    floor.hang_up("c1")
    assert {each.ending: each.region for each in floor.ledger.outcomes(0.0)} == {
        Ending.REFUSED: "north",
        Ending.ABANDONED: "north",
    }
