"""State tables: the last write wins, and only changes are written."""

from typing import Any, cast

import pytest

from softswitch.store.errors import StateRefused
from softswitch.store.state import StateTables


def test_changes_of_one_key_become_one() -> None:
    """A dialog that changes ten times within one commit is written once."""
    tables = StateTables([])
    for number in range(10):
        tables.put("dialog", "leg-1", {"cseq": number})
    assert tables.take() == (("dialog", "leg-1", '{"cseq":9}'),)
    assert tables.take() == ()


def test_the_same_value_again_is_no_change() -> None:
    """Nothing is written for it, also when it came from the disk."""
    tables = StateTables([("binding", "8001", '{"a":1}')])
    assert tables.put("binding", "8001", {"a": 1}) is False
    assert tables.put("binding", "8001", {"a": 2}) is True


def test_a_removed_key_is_gone_and_may_come_back() -> None:
    """Removing what is not there is no change."""
    tables = StateTables([("binding", "8001", '{"a":1}')])
    assert tables.remove("binding", "8001") is True
    assert tables.remove("binding", "8001") is False
    assert tables.load("binding") == {}
    tables.put("binding", "8001", {"a": 1})
    assert tables.take() == (("binding", "8001", '{"a":1}'),)


def test_what_is_loaded_is_a_copy_and_broken_bytes_come_back_as_they_were() -> None:
    """SIP text with bytes that are no UTF-8 is kept as surrogates and must survive."""
    tables = StateTables([])
    tables.put("dialog", "leg-1", {"from": "caf\udce9 中文", "route": ["a"]})
    tables.load("dialog")["leg-1"]["route"].append("b")
    assert tables.load("dialog") == {"leg-1": {"from": "caf\udce9 中文", "route": ["a"]}}


@pytest.mark.parametrize("value", [{"a": b"bytes"}, {"a": float("nan")}, {"a": object()}, ["a"], "a", None])
def test_values_that_are_no_json_table_are_refused(value: Any) -> None:
    """The old value stands."""
    tables = StateTables([("t", "k", '{"a":1}')])
    with pytest.raises(StateRefused):
        tables.put("t", "k", cast("dict[str, Any]", value))
    assert tables.load("t") == {"k": {"a": 1}}
    with pytest.raises(StateRefused):
        tables.put("t", "\udcff", {})


def test_what_is_put_later_is_asked_for_once_when_it_is_taken() -> None:
    """A leg that changes a dozen times between two commits is written as it is at the second."""
    tables = StateTables([])
    asked = []
    cseq = [1]

    def record() -> dict[str, int]:
        asked.append(cseq[0])
        return {"cseq": cseq[0]}

    for number in (2, 3):
        tables.put_later("dialog", "leg-1", record)
        cseq[0] = number
    assert tables.changes == 1
    assert tables.take() == (("dialog", "leg-1", '{"cseq":3}'),)
    assert asked == [3]
    tables.put_later("dialog", "leg-1", record)
    assert tables.take() == ()


def test_the_last_word_counts_whether_it_was_put_now_or_later() -> None:
    """Put, put later and remove overtake each other in the order in which they were said."""
    tables = StateTables([])
    tables.put_later("dialog", "leg-1", lambda: {"cseq": 1})
    tables.put("dialog", "leg-1", {"cseq": 2})
    tables.put("dialog", "leg-2", {"cseq": 1})
    tables.put_later("dialog", "leg-2", lambda: {"cseq": 2})
    tables.put_later("dialog", "leg-3", lambda: {"cseq": 1})
    tables.remove("dialog", "leg-3")
    assert tables.load("dialog") == {"leg-1": {"cseq": 2}, "leg-2": {"cseq": 2}}


def test_what_cannot_be_written_later_costs_nobody_else() -> None:
    """It is logged; the commit goes on without it."""
    tables = StateTables([])
    tables.put_later("dialog", "leg-1", lambda: {"body": b""})
    tables.put_later("dialog", "leg-2", lambda: {"cseq": 1})
    assert tables.take() == (("dialog", "leg-2", '{"cseq":1}'),)
