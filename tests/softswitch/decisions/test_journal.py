"""What the distributor was told, on disk: complete, readable again, and never in the way of a call."""

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from acd.commands import Command
from acd.engine import Engine
from acd.errors import UnknownQueue
from acd.events import AgentLoggedIn, ContactQueued, Event, OfferAccepted, QueueDefined
from acd.journal import encode_command, replay
from acd.names import AgentId, ContactId, OfferId, QueueName
from softswitch.decisions.journal import KEPT_DAYS, DecisionJournal, JournaledEngine, head_of

MAIN = QueueName("main")
WALL = 1_795_000_000.0

DAY: list[tuple[Event, float]] = [
    (QueueDefined(queue=MAIN), 50.0),
    (AgentLoggedIn(agent=AgentId("ana"), queues=(MAIN,)), 51.0),
    (ContactQueued(contact=ContactId("c1"), queue=MAIN), 60.0),
    (OfferAccepted(offer=OfferId("ab12o1")), 65.0),
]


def journal_in(folder: Path) -> DecisionJournal:
    """A journal that begins."""
    return DecisionJournal(folder / "decisions", "ab12", wall=WALL, now=49.5)


def test_every_event_can_be_replayed_to_the_same_orders(tmp_path: Path) -> None:
    """Also those of time that passed, and those that were refused."""
    journal = journal_in(tmp_path)
    engine = JournaledEngine("ab12", journal)
    answers: list[Command] = []
    for event, now in DAY:
        answers += engine.handle(event, now)
    with pytest.raises(UnknownQueue):
        engine.handle(AgentLoggedIn(agent=AgentId("ben"), queues=(QueueName("nowhere"),)), 70.0)
    answers += engine.advance(75.0)
    journal.close()
    head, *lines = journal.path.read_bytes().splitlines()
    assert head_of(head) == {"run": "ab12", "wall": WALL, "at": 49.5}
    assert len(lines) == len(DAY) + 2
    replayed = [line for line in replay(lines, Engine("ab12")) if b'"refused"' not in line]
    assert replayed == [encode_command(command) for command in answers]


def test_what_was_written_is_there_without_a_close(tmp_path: Path) -> None:
    """A process that is killed leaves all that it was told."""
    journal = journal_in(tmp_path)
    journal.record(*DAY[0])
    assert len(journal.path.read_bytes().splitlines()) == 2
    journal.close()
    journal.close()
    journal.record(*DAY[1])  # nothing, and no error
    assert len(journal.path.read_bytes().splitlines()) == 2


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It says who called when."""
    journal = journal_in(tmp_path)
    journal.close()
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.name == "20261118T110640Z-ab12.jsonl"


def test_old_journals_are_removed(tmp_path: Path) -> None:
    """By the time of their last event; other files are let be."""
    folder = tmp_path / "decisions"
    folder.mkdir()
    ages = {"old.jsonl": KEPT_DAYS + 1, "young.jsonl": KEPT_DAYS - 1, "old.txt": KEPT_DAYS + 1}
    for name, days in ages.items():
        (folder / name).touch()
        os.utime(folder / name, (WALL, WALL - days * 86_400))
    journal = journal_in(tmp_path)
    journal.close()
    assert {path.name for path in folder.iterdir()} == {"young.jsonl", "old.txt", journal.path.name}


def test_a_folder_that_cannot_be_made_stops_nobody(tmp_path: Path) -> None:
    """The engine works, and the log says that nothing is kept."""
    (tmp_path / "decisions").write_text("a file stands here")
    with capture_logs() as logs:
        engine = JournaledEngine("ab12", journal_in(tmp_path))
    assert engine.handle(*DAY[0]) == ()
    assert [entry["event"] for entry in logs] == ["decisions.not_kept"]


def test_a_full_disk_ends_the_journal_and_nothing_else(tmp_path: Path) -> None:
    """Said once; the calls go on."""
    journal = journal_in(tmp_path)
    full = os.open("/dev/full", os.O_WRONLY)
    assert journal._file is not None
    os.dup2(full, journal._file)
    os.close(full)
    engine = JournaledEngine("ab12", journal)
    with capture_logs() as logs:
        for event, now in DAY:
            engine.handle(event, now)
    assert [entry["event"] for entry in logs] == ["decisions.ended"]
    assert engine.agents()[0].contact == "c1"


@pytest.mark.parametrize("line", [b"", b"[]", b"7", b'{"run": 7}', b'{"at": 1.0, "event": "TimePassed"}'])
def test_what_is_no_head(line: bytes) -> None:
    """A journal without one is all events."""
    assert head_of(line) is None
