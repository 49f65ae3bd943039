"""What the calls and states of the last hours say of how long a contact keeps an agent."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from softswitch.store import entries
from softswitch.store.reader import Reader
from softswitch.store.service_paces import SPAN_S, service_paces
from softswitch.store.writer import Store

NOW = 1_764_000_000.0


@dataclass
class Floor:
    """A store into which calls and states are put."""

    store: Store
    reader: Reader
    count: int = 0

    def serve(
        self,
        offered_at: float,
        talk_s: float,
        *,
        queue: str = "hotline",
        agent: str = "1001",
        wrap_up_s: float = 0.0,
    ) -> None:
        """A call that rings for two seconds; its agent is free after the wrap-up, never when that is negative."""
        self.count += 1
        name, ended_at = f"c{self.count}", offered_at + 2.0 + talk_s
        for entry in (
            entries.CallArrived(at=offered_at - 5.0, call_id=name, trunk="city", caller="1", called="12345"),
            entries.CallQueued(at=offered_at - 4.0, call_id=name, queue=queue, position=1),
            entries.CallOffered(at=offered_at, call_id=name, offer=f"o{name}", agent=agent, extension="8001"),
            entries.CallConnected(at=offered_at + 2.0, call_id=name, agent=agent, extension="8001"),
            entries.CallEnded(
                at=ended_at,
                call_id=name,
                ended_by=entries.EndedBy.CALLER,
                end_reason=entries.EndReason.COMPLETED,
            ),
        ):
            self.store.record(entry)
        self._state(agent, offered_at, "ready", "ringing")
        self._state(agent, ended_at, "wrap_up" if wrap_up_s else "ready")
        if wrap_up_s > 0:
            self._state(agent, ended_at + wrap_up_s, "ready")

    def _state(self, agent: str, at: float, presence: str, activity: str = "idle") -> None:
        self.store.record(
            entries.AgentStateChanged(
                at=at, agent=agent, extension="8001", presence=presence, activity=activity, reason=""
            )
        )


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    path = tmp_path / "hotline.sqlite"
    store = await Store.open(path, key_path=tmp_path / "key", wall=lambda: NOW, on_alarm=lambda _: None)
    reader = await Reader.open(path, store.committed)
    yield Floor(store, reader)
    await reader.close()
    await store.close()


async def test_a_contact_keeps_its_agent_from_the_offer_to_the_end_of_the_wrap_up(floor: Floor) -> None:
    """The oldest that was done with stands first, whichever came first."""
    floor.serve(NOW - 900.0, 500.0, agent="1002")
    floor.serve(NOW - 800.0, 60.0, wrap_up_s=10.0)
    floor.serve(NOW - 700.0, 30.0, queue="night")
    paces = await service_paces(floor.reader, NOW)
    assert {queue: (pace.busy_s, pace.ring_s) for queue, pace in paces.items()} == {
        "hotline": ([72.0, 502.0], [2.0, 2.0]),
        "night": ([32.0], [2.0]),
    }


async def test_who_is_not_free_yet_and_what_is_long_ago_says_nothing(floor: Floor) -> None:
    floor.serve(NOW - SPAN_S - 60.0, 30.0)
    floor.serve(NOW - 100.0, 60.0, wrap_up_s=-1.0, agent="1002")
    assert await service_paces(floor.reader, NOW) == {}
