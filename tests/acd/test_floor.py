"""Who may be offered what: the exclusion of those who declined, and the files that follow the states."""

from acd.agent_state import Presence
from acd.events import QueueDefined
from acd.names import QueueName
from tests.acd.hotline import MAIN, Hotline


def declined_once() -> Hotline:
    """Ana declined c1 at 2.0 while ben talks with c0; her delay ends at 4.0."""
    hotline = Hotline()
    hotline.login("ben", 0.0)
    hotline.login("ana", 0.5)
    hotline.talk("c0", 1.0)
    hotline.call("c1", 1.5)
    assert hotline.offered() == [("c1", "ana")]
    hotline.decline("c1", 2.0)
    return hotline


def test_one_who_declined_is_not_asked_again_while_somebody_else_is_on_duty() -> None:
    """Ben will come free; the caller waits for him and keeps the place."""
    hotline = declined_once()
    hotline.wait(4.0)
    assert hotline.offered() == []
    assert hotline.engine.waiting(MAIN)[0].declined_by == ("ana",)
    hotline.end("c0", 30.0)
    hotline.wait(40.0)
    assert hotline.offered() == [("c1", "ben")]


def test_those_behind_are_not_held_up() -> None:
    """The caller whom ana declined is stepped over, and keeps the place."""
    hotline = declined_once()
    hotline.call("c2", 3.0)
    hotline.wait(4.0)
    assert hotline.offered() == [("c2", "ana")]
    assert hotline.line() == ["c1"]


def test_when_the_last_other_one_goes_the_caller_is_offered_again() -> None:
    """Better again than never, and in the same answer."""
    hotline = declined_once()
    hotline.wait(4.0)
    hotline.end("c0", 30.0)
    hotline.not_ready("ben", "lunch", 31.0)
    assert hotline.offered() == [("c1", "ana")]


def test_wrap_up_counts_as_on_duty() -> None:
    """It ends soon."""
    hotline = declined_once()
    hotline.end("c0", 3.0)
    hotline.wait(4.0)
    assert hotline.offered() == []


def test_an_agent_alone_is_asked_again_after_the_delay() -> None:
    """Nobody else is there to wait for."""
    hotline = Hotline()
    hotline.login("ana")
    hotline.call("c1", 1.0)
    hotline.decline("c1", 2.0)
    hotline.wait(4.0)
    assert hotline.offered() == [("c1", "ana")]


def test_when_everybody_has_declined_all_are_asked_again() -> None:
    """The one whose delay ends first is first."""
    hotline = Hotline()
    hotline.login("ana", 0.0)
    hotline.login("ben", 0.5)
    hotline.call("c1", 1.0)
    hotline.decline("c1", 2.0)
    assert hotline.offered() == [("c1", "ben")]
    hotline.decline("c1", 3.0)
    assert hotline.offered() == []
    hotline.wait(4.0)
    assert hotline.offered() == [("c1", "ana")]


def test_the_exclusion_goes_with_the_contact() -> None:
    """Ana declined this caller; in another queue the caller is still the same."""
    tax = QueueName("tax")
    hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=tax))
    hotline.login("ben", 0.0, queues=(MAIN, tax), presence=Presence.NOT_READY, reason="training")
    hotline.login("ana", 0.5, queues=(MAIN, tax))
    hotline.call("c1", 1.0)
    hotline.ready("ben")
    hotline.decline("c1")
    assert hotline.offered() == [("c1", "ben")]
    hotline.call("c1", 9.0, queue="tax")
    assert hotline.offered() == [("c1", "ben")]


def test_another_queues_agent_is_nobody_to_wait_for() -> None:
    """On duty counts per queue."""
    hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=QueueName("tax")))
    hotline.login("ana")
    hotline.login("ben", queues=("tax",))
    hotline.call("c1", 1.0)
    hotline.decline("c1", 2.0)
    hotline.wait(4.0)
    assert hotline.offered() == [("c1", "ana")]


def test_nothing_is_left_on_the_floor_when_all_have_gone() -> None:
    """No index keeps a trace of those who left."""
    hotline = declined_once()
    hotline.end("c0", 3.0)
    hotline.hang_up("c1", 4.0)
    hotline.logout("ana")
    hotline.logout("ben")
    floor = hotline.engine._floor
    queue = floor.queues[MAIN]
    assert not floor.agents
    assert not floor.contacts
    assert not queue.contacts
    assert not queue.routed
    assert not queue.standing
    assert not floor.declined
    assert not floor.wanted
    assert not floor.own_lines
    assert not queue.on_duty
    assert len(queue.free) == len(queue.line) == 0
    assert hotline.engine.next_deadline() is None


def test_an_agent_who_is_taken_at_once_is_never_filed_as_free() -> None:
    """Filing is for those who wait for callers; it is made up for as soon as somebody looks."""
    hotline = Hotline(QueueDefined(queue=MAIN, wrap_up_s=0.0))
    floor = hotline.engine._floor
    queue = floor.queues[MAIN]
    hotline.login("ana")
    assert list(floor.unfiled) == ["ana"]
    assert len(queue.free) == 0
    hotline.talk("c0")
    hotline.call("c1")
    hotline.end("c0", 2.0)
    assert hotline.offered() == [("c1", "ana")]
    assert not floor.unfiled
    hotline.hang_up("c1")
    assert hotline.engine.statistics().queues[0].agents_free == 1
    assert not floor.unfiled
    assert len(queue.free) == 1
