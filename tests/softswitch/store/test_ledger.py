"""Folding in batches: a batch counts once it is accepted, and finished rows leave the memory."""

import re

from softswitch.store.ledger import Ledger
from softswitch.store.projections import Key, Subject
from tests.softswitch.store.samples import arrived, ended, whole_call

CALL = Key(Subject.CALL, "c1")


def test_a_batch_that_failed_leaves_no_trace() -> None:
    """The same entries again give the same rows."""
    ledger = Ledger()
    first = []
    for _ in range(2):
        assert ledger.missing([arrived()]) == (CALL,)
        ledger.know(CALL, None)
        ledger.fold(arrived(), 1)
        first.append(list(ledger.statements()))
        ledger.discard()
    assert first[0] == first[1]
    assert len(first[0]) == 1
    assert list(ledger.statements()) == []


def test_an_open_call_stays_in_memory_and_a_finished_one_is_read_again() -> None:
    """So that memory does not grow with the number of calls."""
    ledger = Ledger()
    ledger.know(CALL, None)
    ledger.fold(arrived(), 1)
    ledger.accept()
    assert ledger.missing([arrived()]) == ()
    for key in ledger.missing([ended()]):
        ledger.know(key, None)
    ledger.fold(ended(), 2)
    ledger.accept()
    assert CALL in ledger.missing([ended()])


def test_rows_of_one_batch_are_written_once() -> None:
    """However often they changed in it."""
    ledger = Ledger()
    entries = whole_call()
    for key in ledger.missing(entries):
        ledger.know(key, None)
    for seq, entry in enumerate(entries, start=1):
        ledger.fold(entry, seq)
    counts = {re.findall(r"(?:INTO|FROM) (\w+)", sql)[0]: len(rows) for sql, rows in ledger.statements()}
    assert counts == {"calls": 1, "segments": 1, "recordings": 1, "half_hours": 1}
