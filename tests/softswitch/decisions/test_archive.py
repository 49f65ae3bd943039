"""The asking side: a worker is started, waited for, and never for ever."""

import asyncio
from pathlib import Path

import pytest

from acd.events import AgentLoggedIn, ContactQueued, QueueDefined
from acd.names import AgentId, ContactId, QueueName
from api.decision_views import Explained
from api.faults import Unavailable
from softswitch.decisions.archive import MOST_WAITING, DecisionArchive
from softswitch.decisions.journal import DecisionJournal, JournaledEngine
from softswitch.decisions.search import derived

MAIN = QueueName("main")
WALL = 1_795_000_000.0
ASKED = Explained(id="c1", arrived_at=WALL, ended_at=None, was_offered=True)


def journal_with_a_decision(folder: Path) -> DecisionJournal:
    """One call, one agent."""
    journal = DecisionJournal(folder, "ab12", wall=WALL, now=0.0)
    engine = JournaledEngine("ab12", journal)
    engine.handle(QueueDefined(queue=MAIN), 1.0)
    engine.handle(AgentLoggedIn(agent=AgentId("ana"), queues=(MAIN,)), 2.0)
    engine.handle(ContactQueued(contact=ContactId("c1"), queue=MAIN), 3.0)
    return journal


async def test_what_the_worker_found_comes_back_as_it_was(tmp_path: Path) -> None:
    """Field by field, through its words."""
    journal_with_a_decision(tmp_path)
    found = await DecisionArchive(tmp_path).derive(ASKED, "")
    assert found == derived(tmp_path, "c1", since=WALL, until=WALL + 100.0)
    assert found.decisions[0].whole is not None


async def test_a_search_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """And the next one is served."""
    archive = DecisionArchive(tmp_path, patience_s=0.0)
    for _ in range(2):
        with pytest.raises(Unavailable) as refusal:
            await archive.derive(ASKED, "")
        assert refusal.value.code == "journal_too_long"


async def test_a_few_wait_and_no_more(tmp_path: Path) -> None:
    """Whoever asks then is told to come again."""
    archive = DecisionArchive(tmp_path, patience_s=0.0)
    answers = await asyncio.gather(
        *(archive.derive(ASKED, "") for _ in range(MOST_WAITING + 3)), return_exceptions=True
    )
    codes = [each.code for each in answers if isinstance(each, Unavailable)]
    assert sorted(codes) == ["explanations_busy"] * 2 + ["journal_too_long"] * (MOST_WAITING + 1)


async def test_a_worker_that_fails_is_told_of(tmp_path: Path) -> None:
    """A journal that is a folder cannot be read."""
    (tmp_path / "odd.jsonl").mkdir()
    with pytest.raises(Unavailable) as refusal:
        await DecisionArchive(tmp_path).derive(ASKED, "")
    assert refusal.value.code == "not_derived"
