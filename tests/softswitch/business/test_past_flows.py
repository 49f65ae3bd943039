"""A caller of before a restart finishes the flow as it was when the call began it."""

from pathlib import Path
from typing import Any

from softswitch.business.desk import BusinessDesk
from softswitch.business.past_flows import begun, past_flows
from softswitch.store.business import StoredVersions
from softswitch.store.reader import Reader

WHO: dict[str, Any] = {"by": "li", "reason": "test"}


async def renamed(desk: BusinessDesk, name: str) -> int:
    """A new version of the main flow; its number."""
    view = await desk.get("flows", "main")
    return (await desk.put("flows", "main", view.data | {"name": name}, expected=view.version, **WHO)).version


async def test_a_flow_is_found_as_it_stood_in_each_version(desk: BusinessDesk, tmp_path: Path) -> None:
    first = desk.business.flows["main"]
    queue = await desk.get("queues", "consult")
    await desk.put("queues", "consult", queue.data | {"limit": 99}, expected=queue.version, **WHO)
    second = await renamed(desk, "二")
    third = await renamed(desk, "三")
    reader = await Reader.open(tmp_path / "hotline.db")
    try:
        wanted = [("main", version) for version in (1, second, third)] + [("gone", 1)]
        past = await past_flows(StoredVersions(reader), wanted)
        assert await past_flows(StoredVersions(reader), ()) == {}
    finally:
        await reader.close()
    assert (second, third) == (3, 4)
    assert past.keys() == {("main", 1), ("main", second)}  # the third stands
    assert past["main", 1] == first
    assert past["main", second].name == "二"


async def test_a_flow_that_was_removed_is_found_too(desk: BusinessDesk, tmp_path: Path) -> None:
    made = await desk.put(
        "flows",
        "short",
        {"id": "short", "start": "end", "nodes": {"end": {"type": "hang_up"}}},
        expected=None,
        **WHO,
    )
    await desk.remove("flows", "short", expected=made.version, **WHO)
    reader = await Reader.open(tmp_path / "hotline.db")
    try:
        past = await past_flows(StoredVersions(reader), [("short", made.version)])
    finally:
        await reader.close()
    assert past["short", made.version].start == "end"


def test_records_tell_which_flows_were_begun_and_foreign_ones_tell_nothing() -> None:
    records: list[dict[str, Any]] = [
        {"flow": {"flow": "main", "version": 3}},
        {"flow": {"flow": "main", "version": 3}},
        {"flow": {"flow": "main"}},
        {"flow": None},
        {"flow": 7},
        {},
    ]
    assert begun(records) == {("main", 3)}
