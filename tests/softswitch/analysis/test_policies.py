"""Policy files: what they say, what they leave as it was, and how they are refused."""

from pathlib import Path

import pytest

from acd.agent_state import Presence
from acd.criteria import Routing, Selection
from acd.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    AgentReassigned,
    AgentRestored,
    CapacitiesDefined,
    QueueDefined,
    RoutingDefined,
    SelectionDefined,
    SharesDefined,
)
from acd.medium import Medium, MediumCapacity
from acd.names import AgentId, QueueName, SkillName
from acd.shares import RegionShare
from acd.skills import SkillLevel
from softswitch.analysis.policies import PolicyFault, load_policy

MAIN, TAX, ANA = QueueName("main"), QueueName("tax"), AgentId("ana")

TEXT = """
[[queues]]
queue = "main"
strategy = "fewest_calls"
widening = [{after_s = 30.0, lower_by = 1}]

[[queues]]
queue = "tax"

[[agents]]
agent = "ana"
skills = [{skill = "tax", level = 2}]
"""

ORDERS = """
[[routings]]
name = "fair"
criteria = ["skill", "idle"]

[[selections]]
name = ""
criteria = ["level", "arrival"]

[[shares]]
name = "cities"
shares = [{region = "north", share = 3.0}, {region = "south", share = 1.0}]

[[capacities]]
name = "desk"
capacities = [{medium = "voice", most = 1}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The policy above."""
    path = tmp_path / "other.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_it_says_queues_and_agents(file: Path) -> None:
    """All that is not given has its default."""
    policy = load_policy(file)
    assert policy.queues[TAX] == QueueDefined(queue=TAX)
    assert policy.queues[MAIN].strategy == "fewest_calls"
    assert policy.agents[ANA].skills == (SkillLevel(skill=SkillName("tax"), level=2),)


def test_it_changes_what_it_gives_and_nothing_else(file: Path) -> None:
    """Laid over what a journal holds, in whatever event it stands."""
    policy = load_policy(file)
    changed = policy.over(QueueDefined(queue=MAIN, limit=7, wrap_up_s=99.0))
    assert isinstance(changed, QueueDefined)
    assert (changed.limit, changed.wrap_up_s, changed.strategy) == (7, 99.0, "fewest_calls")
    assert changed.widening == policy.queues[MAIN].widening
    skills = policy.agents[ANA].skills
    assert policy.over(AgentLoggedIn(agent=ANA, queues=(MAIN,), reason="x")) == AgentLoggedIn(
        agent=ANA, queues=(MAIN,), reason="x", skills=skills
    )
    assert policy.over(AgentReassigned(agent=ANA, queues=(TAX,))) == AgentReassigned(
        agent=ANA, queues=(TAX,), skills=skills
    )
    restored = AgentRestored(agent=ANA, queues=(MAIN,), presence=Presence.READY, idle_since=-5.0)
    found = policy.over(restored)
    assert isinstance(found, AgentRestored)
    assert (found.idle_since, found.skills) == (-5.0, skills)


def test_it_says_the_orders_that_queues_and_agents_name(tmp_path: Path) -> None:
    """In the words of their events; laid over those of the same name."""
    path = tmp_path / "other.toml"
    path.write_text(ORDERS, encoding="utf-8")
    policy = load_policy(path)
    assert policy.orders == {
        "routings.fair": RoutingDefined(name="fair", criteria=(Routing.SKILL, Routing.IDLE)),
        "selections.": SelectionDefined(name="", criteria=(Selection.LEVEL, Selection.ARRIVAL)),
        "shares.cities": SharesDefined(
            name="cities",
            shares=(RegionShare(region="north", share=3.0), RegionShare(region="south", share=1.0)),
        ),
        "capacities.desk": CapacitiesDefined(
            name="desk", capacities=(MediumCapacity(medium=Medium.VOICE, most=1),)
        ),
    }
    before = RoutingDefined(name="fair", criteria=(Routing.RANK,))
    assert policy.over(before) == policy.orders["routings.fair"]
    other = RoutingDefined(name="other", criteria=(Routing.RANK,))
    assert policy.over(other) is other


def test_what_it_does_not_name_stays(file: Path) -> None:
    """Other queues, other agents, other events."""
    policy = load_policy(file)
    for event in (
        QueueDefined(queue=QueueName("vip"), priority=3),
        AgentLoggedIn(agent=AgentId("ben"), queues=(MAIN,)),
        AgentLoggedOut(agent=ANA),
    ):
        assert policy.over(event) is event


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[queues]\n", "TOML 语法错误 / not TOML"),
        ("[sip]\n", "sip: 应为其一 / expected one of [[queues]], [[agents]], [[routings]]"),
        ("[queues]\n", "queues: 应为"),
        ("[[queues]]\nlimit = 3\n", "queues[0]: .*queue"),
        ('[[queues]]\nqueue = "main"\nlimits = 3\n', "queues[0]: QueueDefined has no field 'limits'"),
        ('[[queues]]\nqueue = "main"\nlimit = -3\n', "queues[0]: QueueDefined.limit is -3"),
        ('[[queues]]\nqueue = "main"\n[[queues]]\nqueue = "main"\n', "queues[1]: 'main' 重复"),
        ('[[shares]]\nname = "fair"\nshares = [{region = "n", share = 1}]\n', "shares[0]: .*two regions"),
        ('[[routings]]\nname = "fair"\ncriteria = ["luck"]\n', "routings[0]: .*luck"),
        ('[[agents]]\nagent = "ana"\nqueues = "main"\n', "agents[0]: "),
        ('[[agents]]\nagent = "ana"\nreason = 2026-01-01\n', "agents[0]: .*date"),
    ],
)
def test_a_faulty_file_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    """The whole file; nothing of it holds."""
    path = tmp_path / "other.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyFault, match=said.replace("[", r"\[").replace("]", r"\]")):
        load_policy(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A picture, say."""
    path = tmp_path / "other.toml"
    path.write_bytes(b"\x89PNG\xff")
    with pytest.raises(PolicyFault, match="not TOML"):
        load_policy(path)
