"""Entries become rows and come back."""

import math
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given

from softswitch.store.entries import CallEnded, EndedBy, Entry
from softswitch.store.errors import EntryRefused
from softswitch.store.journal import cleaned, from_row, to_row
from tests.softswitch.store.samples import any_entry, arrived, closed, ended


@given(any_entry)
def test_what_was_written_is_read_back(entry: Entry) -> None:
    """A cleaned entry survives the journal unchanged."""
    sound = cleaned(entry)
    row = to_row(sound)
    assert from_row(row.kind, row.at, row.data) == sound
    assert cleaned(sound) == sound


def test_numbers_and_names_take_their_type() -> None:
    """An integer time and a plain string as enum are understood."""
    sound = cleaned(replace(ended(), at=5, ended_by=cast("EndedBy", "agent")))
    assert isinstance(sound, CallEnded)
    assert type(sound.at) is float
    assert sound.ended_by is EndedBy.AGENT


def test_broken_bytes_from_outside_become_replacement_characters() -> None:
    """A half surrogate cannot be stored, the rest of the number can."""
    assert to_row(cleaned(replace(arrived(), caller="12\udcff3"))).data.count("12\ufffd3") == 1


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (replace(arrived(), at=math.nan), "at"),
        (replace(arrived(), at=math.inf), "at"),
        (replace(arrived(), caller=cast("str", None)), "caller"),
        (replace(arrived(), trunk=cast("str", b"x")), "trunk"),
        (replace(closed(), frames=2**64), "frames"),
        (replace(closed(), frames=cast("int", True)), "frames"),
        (replace(ended(), ended_by=cast("EndedBy", "nobody")), "ended_by"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(entry: Entry, field: str) -> None:
    """The one who made the mistake hears which field it was."""
    with pytest.raises(EntryRefused) as caught:
        cleaned(entry)
    assert caught.value.field == field
    assert caught.value.kind == type(entry).__name__


def test_something_that_is_no_entry_is_refused() -> None:
    """The journal takes entries only."""
    with pytest.raises(EntryRefused):
        cleaned(cast("Any", {"at": 1.0}))


def test_rows_of_another_version_are_read_as_far_as_possible() -> None:
    """Unknown kinds are skipped, unknown fields left out, absent ones take their default."""
    assert from_row("CallTeleported", 1.0, "{}") is None
    assert from_row("CallAnswered", 1.0, "not json") is None
    assert from_row("CallArrived", 1.0, '{"call_id":"c1"}') is None
    short = '{"call_id":"c1","trunk":"t","caller":"1","called":"2","colour":"blue"}'
    assert from_row("CallArrived", 1.0, short) is not None


def test_the_row_names_call_and_agent() -> None:
    """They are columns, so that a call's history is one index lookup."""
    row = to_row(cleaned(arrived()))
    assert (row.call_id, row.agent_id, row.kind, row.at) == ("c1", None, "CallArrived", 100.0)
