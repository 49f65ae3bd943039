"""The agents as the distributor has them: what an agent does not say is said by the groups (班组)."""

from collections.abc import Iterable
from dataclasses import replace

from softswitch.business.documents import Group
from softswitch.settings.agents import AgentSettings
from softswitch.settings.distribution import QueuePrioritySettings


def staff_of(agents: Iterable[AgentSettings], groups: Iterable[Group]) -> tuple[AgentSettings, ...]:
    """The agents, each with the selection and the priorities that hold.

    An agent's own go before those of the groups, and the groups in the order in which the agent names them; priorities
    are looked for queue by queue.
    """
    known = {group.id: group for group in groups}
    return tuple(
        _in_groups(agent, [known[name] for name in agent.groups if name in known]) for agent in agents
    )


def _in_groups(agent: AgentSettings, groups: list[Group]) -> AgentSettings:
    sayers: tuple[AgentSettings | Group, ...] = (agent, *groups)
    found: dict[str, QueuePrioritySettings] = {}
    for each in (priority for sayer in sayers for priority in sayer.priorities):
        found.setdefault(each.queue, each)
    selection = next((sayer.selection for sayer in sayers if sayer.selection), "")
    return replace(agent, selection=selection, priorities=tuple(found.values()))
