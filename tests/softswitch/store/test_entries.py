"""Which entries can happen only once."""

import dataclasses
from typing import get_args

from softswitch.store.entries import CallOffered, Entry, entry_id
from tests.softswitch.store.samples import arrived, closed, ended


def test_every_entry_is_frozen_and_has_a_time() -> None:
    """An entry is a fact: it has a time and cannot be changed."""
    for cls in get_args(Entry):
        assert cls.__dataclass_params__.frozen, cls
        assert "at" in {field.name for field in dataclasses.fields(cls)}, cls


def test_a_call_arrives_and_ends_only_once() -> None:
    """The identity does not depend on the time at which it was reported."""
    assert entry_id(arrived(at=1.0)) == entry_id(arrived(at=2.0)) == "CallArrived:c1"
    assert entry_id(ended(at=1.0)) == entry_id(ended(at=2.0))
    assert entry_id(arrived("c1")) != entry_id(arrived("c2"))


def test_a_recording_that_was_repaired_may_close_again_with_another_content() -> None:
    """The same content twice is one fact, another content is a new one."""
    assert entry_id(closed(sha="aa")) == entry_id(closed(sha="aa", at=500.0))
    assert entry_id(closed(sha="aa")) != entry_id(closed(sha="bb"))


def test_an_offer_may_repeat() -> None:
    """Offer ids begin again with every start of the engine."""
    assert entry_id(CallOffered(at=1.0, call_id="c1", agent="1", extension="8001", offer="o1")) is None
