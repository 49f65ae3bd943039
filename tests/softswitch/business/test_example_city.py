"""The example city is one that could run: everybody serves something, everything is served, and nothing stands in vain."""

import json

import pytest

from config.faults import Fault
from softswitch.business.dead_ends import dead_ends
from softswitch.business.seed import from_file
from softswitch.business.whole import Business, whole_of
from softswitch.flows.nodes import Menu, Queue
from tests.softswitch.business.conftest import CONFIG, MACHINE, city_file


@pytest.fixture(scope="module")
def city() -> Business:
    """The city, whole: everything that is looked at in a new business was in order."""
    return whole_of(from_file(city_file()), MACHINE)


def test_every_agent_serves_queues_with_skills_in_a_group_by_the_shares_of_the_city(city: Business) -> None:
    assert len(city.agents) == 77
    assert len({group for agent in city.agents for group in agent.groups}) == len(city.groups) == 6
    assert all(agent.queues and agent.skills for agent in city.agents)
    asked = {skill.name for queue in city.queues for skill in queue.distribution.skills}
    asked |= {skill.name for route in city.routes for row in route.table for skill in row.skills}
    had = {skill.name for agent in city.agents for skill in agent.skills}
    assert had == asked == city.names_of("skills"), "a skill that nobody has, or nobody asks for"


def test_every_county_has_its_share_of_every_agents_calls(city: Business) -> None:
    [shares] = [value for kind, value in city.strategies if kind == "shares"]
    assert {part.region for part in shares.parts} == {region.id for region in city.regions}  # type: ignore[union-attr]
    assert len(city.regions) == 5
    assert {agent.shares for agent in city.agents} == {shares.id}


def test_every_service_has_a_key_and_agents_who_can_serve_it(city: Business) -> None:
    """One queue each; nobody waits there for ever."""
    menu = city.flows["menu"]
    choice = menu.nodes["menu"]
    assert isinstance(choice, Menu)
    ways = [menu.nodes[node] for node in choice.keys.values()]
    reached = {node.queue for node in ways if isinstance(node, Queue)}
    assert reached == {service.queue for service in city.services} == city.names_of("queues")
    assert len(city.services) == 8
    for queue in city.queues:
        staff = [agent for agent in city.agents if queue.name in agent.queues]
        assert len(staff) >= 12, queue.name
    none: list[Fault] = list(dead_ends(city))
    assert none == []


def test_every_named_order_is_used(city: Business) -> None:
    named = {(kind, value.id) for kind, value in city.strategies}
    used = {("routings", service.routing) for service in city.services if service.routing}
    used |= {("selections", group.selection) for group in city.groups if group.selection}
    used |= {("shares", agent.shares) for agent in city.agents}
    used |= {("capacities", agent.capacities) for agent in city.agents}
    assert named == used
    assert {kind for kind, _ in named} == {"routings", "selections", "shares", "capacities"}


def test_one_document_is_one_line_of_the_file() -> None:
    """But for flows: so that a change can be read."""
    text = (CONFIG / "business" / "city.json").read_text(encoding="utf-8").splitlines()
    for kind, rows in city_file()["documents"].items():
        if kind not in ("flows", "capacities", "shares"):
            lines = {line.strip().removesuffix(",") for line in text}
            assert all(json.dumps(row, ensure_ascii=False) in lines for row in rows), kind
