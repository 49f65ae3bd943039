"""What the machine of `test_liveness` draws from: names, rules, tables, and how often each."""

from typing import Any

from hypothesis import strategies as st

from acd.agent_state import AgentCondition, Presence
from acd.criteria import RING_ALL, SELECTION, STRATEGIES, Routing, Selection
from acd.events import CapacitiesDefined, RoutingDefined, SelectionDefined, SharesDefined
from acd.levels import UNKNOWN_CALLER, CallerHistory, DayOfCalls, LevelRule
from acd.medium import Medium, MediumCapacity
from acd.names import AgentId, ContactId, QueueName
from acd.overflow import Overflow, Target, TargetKind
from acd.queue_priority import QueuePriority
from acd.routes import Route
from acd.shares import RegionShare
from acd.skills import Widening
from tests.acd.hotline import skilled

QUEUES = tuple(QueueName(name) for name in ("main", "tax"))
AGENTS = tuple(AgentId(name) for name in ("ana", "ben", "cid", "dan"))
CONTACTS = tuple(ContactId(f"c{serial}") for serial in range(8))

queues = st.sampled_from(QUEUES)
agents = st.sampled_from(AGENTS)
contacts = st.sampled_from(CONTACTS)
served = st.sampled_from((QUEUES, QUEUES[:1], QUEUES[1:], QUEUES[::-1]))
skills = st.sampled_from((skilled(), skilled(), skilled(tax=1), skilled(tax=2), skilled(tax=3, law=1)))
asked = st.sampled_from((skilled(), skilled(), skilled(tax=1), skilled(tax=2), skilled(law=2)))
priorities = st.sampled_from(((), (), (QueuePriority(queue=QUEUES[0], priority=2),)))
strategies = st.sampled_from(("longest_idle", "longest_idle", RING_ALL, *sorted(STRATEGIES)))
WIDENING = (Widening(after_s=1.0), Widening(after_s=9.0, lower_by=3))
TABLES = (
    (Route(queue=QUEUES[0]), Route(queue=QUEUES[1])),
    (Route(agent=AGENTS[0], until_s=2.0), Route(after_s=2.0)),
    (Route(agent=AGENTS[1]),),
    (
        Route(queue=QUEUES[1], skills=skilled(tax=2), until_s=9.0),
        Route(queue=QUEUES[0], after_s=1.0),
        Route(agent=AGENTS[2], after_s=7.0, least_level=1),
    ),
)
OVERFLOW = {
    QUEUES[0]: (
        Overflow(target=Target(kind=TargetKind.QUEUE, name=QUEUES[1]), waited_s=4.0, drops_skills=True),
        Overflow(target=Target(kind=TargetKind.VOICEMAIL), agents_all=()),
        Overflow(target=Target(kind=TargetKind.BUSY), is_closed=True),
        Overflow(
            target=Target(kind=TargetKind.FLOW, name="sorry"), waited_s=2.0, strategies=(1,), least_level=2
        ),
        Overflow(target=Target(kind=TargetKind.CALLBACK), expected_wait_s=4.0, strategies=(2,)),
    ),
    QUEUES[1]: (
        Overflow(target=Target(kind=TargetKind.QUEUE, name=QUEUES[0]), waiting=1, most_visits=2),
        Overflow(target=Target(kind=TargetKind.QUEUE, name=QUEUES[0]), longest_wait_s=3.0),
        Overflow(target=Target(kind=TargetKind.CALLBACK), waited_s=6.0, least_level=1),
        Overflow(
            target=Target(kind=TargetKind.EXTERNAL, name="114"),
            agents_all=(AgentCondition.NOT_READY, AgentCondition.UNREACHABLE),
            strategies=(1, 2),
            most_level=1,
        ),
    ),
}
ROUTINGS = ("ours", "theirs")
SELECTIONS = ("", "skilled", "odd")
ORDERS = (
    RoutingDefined(name=ROUTINGS[0], criteria=(Routing.TURN, Routing.SKILL)),
    SelectionDefined(name=SELECTIONS[1], criteria=(Selection.SKILL, Selection.REGION, Selection.LEVEL)),
    SelectionDefined(name=SELECTIONS[2], criteria=(Selection.ARRIVAL,)),
)
selections = st.sampled_from(("", *SELECTIONS))
ranks = st.integers(0, 2)
routings = st.sampled_from((*sorted(STRATEGIES.keys() - {RING_ALL}), *ROUTINGS))
orders_of_agents = st.lists(st.sampled_from(Routing), min_size=1, max_size=4, unique=True).map(tuple)
orders_of_contacts = st.one_of(
    st.just(SELECTION),
    st.lists(st.sampled_from(SELECTION[:-1]), min_size=1, max_size=5, unique=True).map(tuple),
)
AWAY = (AgentCondition.NOT_READY, AgentCondition.UNREACHABLE)
wrap_ups = st.sampled_from((None, None, 0.0, 4.0))  # an agent's own, in place of the queue's
wishes = st.sampled_from((None, None, Presence.READY, Presence.NOT_READY))
arrivals_ago_s = st.sampled_from((None, None, None, 3.0, 50.0, -5.0))
paces = st.lists(st.tuples(st.sampled_from((0.5, 4.0, 90.0)), st.sampled_from((0.0, 0.3))), max_size=4)
absences = st.sampled_from((None, None, (), AWAY))
LEVELS = (
    LevelRule(add=2, waited_s=2.0),
    LevelRule(add=-1, waited_s=8.0),
    LevelRule(add=1, calls=3),
    LevelRule(add=2, abandoned=1, waited_s=1.0),
    LevelRule(add=-2, listed="pest"),
    LevelRule(add=1, calls=1, days=2),
)
histories = st.sampled_from(
    (
        UNKNOWN_CALLER,
        UNKNOWN_CALLER,
        CallerHistory(calls=3, days=(DayOfCalls(days_ago=2, calls=3),)),
        CallerHistory(calls=4, abandoned=1),
        CallerHistory(lists=("pest", "vip"), calls=1, days=(DayOfCalls(days_ago=1, calls=1),)),
    )
)
numbers = st.sampled_from((0, 0, 1, 2))
MORE_RULES: dict[str, Any] = {
    "level_rules": LEVELS,
    "no_answer_returns_s": (3.0, 6.0),
    "resume_s": 5.0,
}
ageings = st.fixed_dictionaries(
    {"ageing_s": st.sampled_from((None, 2.0)), "promotion_s": st.sampled_from((None, 5.0))}
)
seconds = st.sampled_from((0.0, 0.1, 0.3, 1.0, 2.0, 7.0, 20.0))
REGIONS = (
    SharesDefined(
        name="cities",
        shares=(
            RegionShare(region="north", share=2.0),
            RegionShare(region="south", share=1.0),
            RegionShare(region="west", share=1.0),
        ),
    ),
    SharesDefined(
        name="cities",
        shares=(RegionShare(region="north", share=2.0), RegionShare(region="south", share=1.0)),
    ),
)
regions = st.sampled_from(("", "north", "south", "west"))
shares = st.sampled_from(("", "", "cities"))
media = st.sampled_from((*(Medium.VOICE,) * 9, *(Medium.CHAT,) * 3, *(Medium.EMAIL,) * 3, *Medium))
CAPACITIES = {
    "": CapacitiesDefined(name="", capacities=(MediumCapacity(medium=Medium.VOICE),)),
    "mixed": CapacitiesDefined(  # one call, or three chats, or an email, which a call may interrupt
        name="mixed",
        capacities=(
            MediumCapacity(medium=Medium.VOICE, beside=(Medium.EMAIL,)),
            MediumCapacity(medium=Medium.CHAT, most=3),
            MediumCapacity(medium=Medium.EMAIL),
        ),
    ),
    "many": CapacitiesDefined(
        name="many",
        capacities=(
            MediumCapacity(medium=Medium.VOICE, beside=(Medium.CHAT,)),
            MediumCapacity(medium=Medium.CHAT, most=2, beside=(Medium.VOICE, Medium.EMAIL)),
            MediumCapacity(medium=Medium.EMAIL, most=2, beside=(Medium.CHAT,)),
        ),
        most_in_all=3,
    ),
    "written": CapacitiesDefined(name="written", capacities=(MediumCapacity(medium=Medium.CHAT, most=2),)),
    "all": CapacitiesDefined(  # whatever comes, a call beside none of it but texts
        name="all",
        capacities=(
            MediumCapacity(medium=Medium.VOICE, beside=(Medium.SMS, Medium.FAX)),
            MediumCapacity(medium=Medium.VIDEO),
            MediumCapacity(medium=Medium.WEB_CALL),
            MediumCapacity(medium=Medium.SMS, most=3, beside=(Medium.FAX, Medium.VIDEO)),
            MediumCapacity(medium=Medium.FAX, most=2, beside=(Medium.SMS,)),
            MediumCapacity(medium=Medium.VOICEMAIL, beside=(Medium.FAX,)),
            MediumCapacity(medium=Medium.CHAT),
            MediumCapacity(medium=Medium.EMAIL),
        ),
        most_in_all=4,
    ),
}
capacities = st.sampled_from(("", "", "mixed", "many", "written", "all"))
CALLBACKS_MOST = {QUEUES[0]: 1, QUEUES[1]: None}
