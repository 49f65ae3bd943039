"""Events: facts that can be true, named in the past tense."""

import dataclasses
import math
import re
import typing
from collections.abc import Callable

import pytest

from acd.agent_state import Presence
from acd.errors import InvalidValue
from acd.events import (
    AgentLoggedIn,
    AgentRestored,
    ContactQueued,
    ContactRestored,
    Event,
    QueueDefined,
    QueuePaceRestored,
    WrapUpExtended,
)
from acd.medium import Medium
from acd.names import AgentId, ContactId, QueueName
from acd.queue_priority import QueuePriority
from tests.acd.hotline import skilled

ANA, MAIN = AgentId("ana"), QueueName("main")
PARTICIPLE = re.compile(r"(ed|Left|Rang|Ready|Out|In)$")


@pytest.mark.parametrize("event", typing.get_args(Event))
def test_every_event_is_a_frozen_fact(event: type) -> None:
    """Frozen, with slots, by keyword, in the past tense, and said in a sentence."""
    assert PARTICIPLE.search(event.__name__)
    assert dataclasses.is_dataclass(event)
    assert event.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert not hasattr(event, "__dict__") or "__slots__" in vars(event)
    assert all(field.kw_only for field in dataclasses.fields(event))
    assert event.__doc__
    assert event.__doc__.split("\n")[0].endswith(".")


def restored(**more: object) -> AgentRestored:
    """An agent of before, ready, but for what is given."""
    values: dict[str, object] = {
        "agent": ANA,
        "queues": (MAIN,),
        "presence": Presence.READY,
        "idle_since": 0.0,
        **more,
    }
    return AgentRestored(**values)  # type: ignore[arg-type]


def held(contact: str, agent: AgentId = ANA) -> ContactRestored:
    """A chat in an agent's hands."""
    return ContactRestored(
        contact=ContactId(contact), queue=MAIN, agent=agent, medium=Medium.CHAT, arrived_at=0.0
    )


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: QueueDefined(queue=QueueName("")), "queue"),
        (lambda: QueueDefined(queue=MAIN, limit=-1), "limit"),
        (lambda: QueueDefined(queue=MAIN, ring_time_s=0.0), "ring_time_s"),
        (lambda: QueueDefined(queue=MAIN, ring_time_s=math.nan), "ring_time_s"),
        (lambda: QueueDefined(queue=MAIN, wrap_up_s=-0.5), "wrap_up_s"),
        (lambda: QueueDefined(queue=MAIN, decline_delay_s=math.inf), "decline_delay_s"),
        (lambda: QueueDefined(queue=MAIN, ageing_s=0.5), "ageing_s"),
        (lambda: QueueDefined(queue=MAIN, promotion_s=math.nan), "promotion_s"),
        (lambda: AgentLoggedIn(agent=ANA, queues=(), skills=skilled(tax=1) * 2), "skills"),
        (
            lambda: restored(priorities=(QueuePriority(queue=MAIN, priority=1),) * 2),
            "priorities",
        ),
        (lambda: ContactQueued(contact=ContactId("c1"), queue=MAIN, skills=skilled(tax=1) * 2), "skills"),
        (lambda: AgentLoggedIn(agent=AgentId(""), queues=()), "agent"),
        (lambda: AgentLoggedIn(agent=ANA, queues=(), presence=Presence.WRAP_UP), "presence"),
        (lambda: AgentLoggedIn(agent=ANA, queues=(), wrap_up_s=-1.0), "wrap_up_s"),
        (lambda: restored(presence=Presence.LOGGED_OUT), "presence"),
        (lambda: restored(idle_since=math.nan), "idle_since"),
        (lambda: restored(wrap_up_until=math.inf), "wrap_up_until"),
        (lambda: restored(pending=Presence.WRAP_UP), "pending"),
        (lambda: restored(contact=ContactId("c1")), "contact_queue"),
        (lambda: restored(no_answers=-1), "no_answers"),
        (lambda: restored(contact=ContactId("c1"), contact_queue=MAIN, tasks=(held("c1"),)), "tasks"),
        (lambda: restored(tasks=(held("c1", AgentId("ben")),)), "tasks"),
        (
            lambda: restored(contact=ContactId("c1"), contact_queue=MAIN, presence=Presence.WRAP_UP),
            "presence",
        ),
        (lambda: ContactQueued(contact=ContactId(""), queue=MAIN), "contact"),
        (lambda: ContactQueued(contact=ContactId("c1"), queue=MAIN, arrived_at=math.nan), "arrived_at"),
        (lambda: WrapUpExtended(agent=ANA, seconds=-1.0), "seconds"),
        (lambda: QueuePaceRestored(queue=MAIN, busy_s=(1.0,), ring_s=()), "ring_s"),
        (lambda: QueuePaceRestored(queue=MAIN, busy_s=(-1.0,), ring_s=(0.0,)), "busy_s"),
    ],
)
def test_what_cannot_be_true_cannot_be_built(build: Callable[[], object], field: str) -> None:
    """The error names class, field, value and what was expected."""
    with pytest.raises(InvalidValue) as caught:
        build()
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{caught.value.event}.{field} is {caught.value.value!r}, expected ")


def test_the_edges_of_what_can_be_true_can_be_built() -> None:
    """Nobody waits, no wrap-up or one without end, no delay."""
    QueueDefined(queue=MAIN, limit=0, ring_time_s=0.1, wrap_up_s=0, decline_delay_s=0)
    QueueDefined(queue=MAIN, wrap_up_s=None)
    restored(presence=Presence.WRAP_UP, wrap_up_until=-3.0, pending=Presence.NOT_READY)
