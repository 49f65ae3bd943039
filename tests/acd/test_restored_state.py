"""An agent of before a restart: since when the state is as it is, and what was asked for in the call before."""

from dataclasses import replace

import pytest

from acd.agent_state import Presence
from acd.errors import InvalidValue
from acd.events import AgentRestored, QueueDefined
from acd.names import AgentId, ContactId
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


@pytest.mark.parametrize(
    ("presence", "reachable", "pending", "then"),
    [
        (Presence.READY, True, Presence.NOT_READY, (Presence.NOT_READY, None)),
        (Presence.NOT_READY, True, Presence.READY, (Presence.READY, None)),
        (Presence.READY, True, None, (Presence.READY, None)),
        (Presence.WRAP_UP, True, Presence.NOT_READY, (Presence.WRAP_UP, Presence.NOT_READY)),
        (Presence.READY, False, Presence.NOT_READY, (Presence.NOT_READY, None)),
    ],
    ids=["away", "back", "nothing", "in the wrap-up", "without a phone"],
)
def test_what_was_asked_for_in_a_call_that_is_over_by_now_is_done(
    presence: Presence, reachable: bool, pending: Presence | None, then: tuple[Presence, Presence | None]
) -> None:
    """At once, but after a wrap-up that runs; a phone that is lost takes it back."""
    line = Hotline()
    reason = "lunch" if pending is Presence.NOT_READY else ""
    before = replace(restored(None, reachable=reachable), presence=presence, pending=pending)
    line.tell(replace(before, pending_reason=reason), 5.0)
    ana = line.agent("ana")
    assert (ana.presence, ana.pending) == then
    if ana.presence is Presence.NOT_READY:
        assert ana.reason == ("lunch" if reachable else "phone_lost")


@pytest.mark.parametrize("reachable", [True, False])
def test_what_was_asked_for_in_a_call_that_goes_on_follows_it(reachable: bool) -> None:
    """Nobody is made ready whose phone went meanwhile."""
    line = Hotline(QueueDefined(queue=MAIN, wrap_up_s=0))
    talking = replace(
        restored(None, reachable=reachable),
        presence=Presence.NOT_READY,
        pending=Presence.READY,
        contact=ContactId("c1"),
        contact_queue=MAIN,
    )
    line.tell(talking, 5.0)
    line.end("c1", 6.0)
    assert line.agent("ana").presence is (Presence.READY if reachable else Presence.NOT_READY)
    assert line.agent("ana").pending is None


def test_a_time_that_is_none_is_refused() -> None:
    """With the field."""
    with pytest.raises(InvalidValue, match="since"):
        restored(float("nan"))
