"""The ledger: what was forced stands in the journal and is read back, within reach."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.faults import Refused
from api.ports import ForcedAction, LedgerQuery
from api.reach import Reach
from softswitch.store.forced_actions import ForcedActions
from softswitch.store.reader import Reader
from tests.softswitch.store.samples import open_store, whole_call


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[ForcedActions]:
    """Agent 1001 talked in call c1; 2001 listened to it and made 1002 ready, 2002 made 1003 ready."""
    store = await open_store(tmp_path)
    for entry in whole_call(start=1000.0):
        store.record(entry)
    await store.committed()
    reader = await Reader.open(tmp_path / "hotline.db", store.committed)
    moments = iter((2000.0, 2001.0, 2002.0))
    actions = ForcedActions(reader, store.record, lambda: next(moments))
    for who, action, agent, call_id in (
        ("2001", "supervise", None, "c1"),
        ("2001", "force_state", "1002", None),
        ("2002", "force_state", "1003", None),
    ):
        actions.record(
            ForcedAction(
                who=who, action=action, agent=agent, call_id=call_id, reason="质检", detail={"mode": "监听"}
            )
        )
    yield actions
    await reader.close()
    await store.close()


async def told(ledger: ForcedActions, query: LedgerQuery) -> list[tuple[str, str | None, str | None]]:
    """Who did it to whom."""
    return [(one.who, one.agent, one.call_id) for one in (await ledger.list(query)).items]


async def test_what_was_forced_is_read_back_newest_first(ledger: ForcedActions) -> None:
    """With its time, its reason and what else was asked."""
    page = await ledger.list(LedgerQuery())
    assert [one.at for one in page.items] == [2002.0, 2001.0, 2000.0]
    last = page.items[-1]
    assert (last.who, last.action, last.call_id, last.reason, last.detail) == (
        "2001",
        "supervise",
        "c1",
        "质检",
        {"mode": "监听"},
    )


async def test_it_is_searched_by_who_whom_and_when(ledger: ForcedActions) -> None:
    """Every filter by itself."""
    assert len(await told(ledger, LedgerQuery(who="2001"))) == 2
    assert await told(ledger, LedgerQuery(agent="1003")) == [("2002", "1003", None)]
    assert await told(ledger, LedgerQuery(call_id="c1")) == [("2001", None, "c1")]
    assert await told(ledger, LedgerQuery(since=2001.0, until=2002.0)) == [("2001", "1002", None)]


async def test_pages_follow_each_other(ledger: ForcedActions) -> None:
    """Each entry once."""
    first = await ledger.list(LedgerQuery(limit=2))
    assert first.next_cursor is not None
    second = await ledger.list(LedgerQuery(limit=2, cursor=first.next_cursor))
    assert (len(first.items), len(second.items), second.next_cursor) == (2, 1, None)
    with pytest.raises(Refused):
        await ledger.list(LedgerQuery(cursor="x"))


@pytest.mark.parametrize(
    ("agents", "seen"),
    [
        ("1001", [(None, "c1")]),
        ("1002 1003", [("1003", None), ("1002", None)]),
        ("2002", [("1003", None)]),
        ("", []),
    ],
)
async def test_supervisors_see_what_concerns_their_agents(
    ledger: ForcedActions, agents: str, seen: list[tuple[str | None, str | None]]
) -> None:
    """Done by them, to them, or to their calls."""
    reach = Reach(agents=frozenset(agents.split()), sees_queued=True)
    found = await told(ledger, LedgerQuery(reach=reach))
    assert [(agent, call_id) for _, agent, call_id in found] == seen
