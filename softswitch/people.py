"""The people of the hotline as signing in knows them: numbers, roles, groups and password hashes."""

from collections.abc import Collection, Iterable

from api.actors import Person, Role
from softswitch.settings.agents import AgentSettings


class People:
    """Those of the configuration; the `PeoplePort` of the HTTP interface."""

    def __init__(self, agents: Iterable[AgentSettings]) -> None:
        """Everybody is there from the start."""
        self.take(agents)

    def take(self, agents: Iterable[AgentSettings]) -> None:
        """These are the people from now on; a session of one who is gone finds nobody."""
        self._people = {agent.id: _person(agent) for agent in agents}

    def find(self, agent_id: str) -> Person | None:
        """One of them."""
        return self._people.get(agent_id)

    def all(self) -> Collection[Person]:
        """Every one."""
        return self._people.values()


def _person(agent: AgentSettings) -> Person:
    return Person(
        agent_id=agent.id,
        name=agent.name,
        role=Role(agent.role),
        groups=frozenset(agent.groups),
        queues=frozenset(agent.queues),
        password=agent.password_scrypt,
        must_change=agent.must_change_password,
    )
