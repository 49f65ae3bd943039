"""Since when an agent of before a restart is in the state that the records have."""

import pytest

from acd.agent_state import Presence
from acd.errors import InvalidValue
from acd.events import AgentRestored
from acd.names import AgentId
from tests.acd.hotline import MAIN, Hotline


def restored(since: float | None, *, reachable: bool = True) -> AgentRestored:
    """An agent who was ready."""
    return AgentRestored(
        agent=AgentId("ana"),
        queues=(MAIN,),
        presence=Presence.READY,
        reachable=reachable,
        idle_since=-9.0,
        since=since,
    )


@pytest.mark.parametrize(
    ("since", "reachable", "shown"),
    [(-2400.0, True, -2400.0), (None, True, 5.0), (7.0, True, 5.0), (-2400.0, False, 5.0)],
    ids=["long ago", "not known", "in the future", "another state now"],
)
def test_a_state_lasts_since_it_began(since: float | None, reachable: bool, shown: float) -> None:
    """Not since the restart; but since then where it is not known, cannot be, or the phone is gone."""
    line = Hotline()
    line.tell(restored(since, reachable=reachable), 5.0)
    assert line.agent("ana").since == shown
    assert line.reported("ana").since == shown


def test_a_time_that_is_none_is_refused() -> None:
    """With the field."""
    with pytest.raises(InvalidValue, match="since"):
        restored(float("nan"))
