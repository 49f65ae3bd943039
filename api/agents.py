"""Agents: look at them and change their state."""

from api.exchange import Exchange
from api.faults import Refused
from api.ports import Ports
from api.views import AgentView, ColleagueView, Page


async def list_all(ports: Ports, exchange: Exchange) -> Page[AgentView]:
    """All agents within reach on one page."""
    agents = await ports.agents.list()
    return Page(
        items=tuple(agent for agent in agents if exchange.reach.has_agent(agent.agent_id)), next_cursor=None
    )


async def colleagues(ports: Ports, _exchange: Exchange) -> Page[ColleagueView]:
    """Everybody who sits at a seat, for whoever wants to ask or transfer."""
    views = tuple(
        ColleagueView(
            agent_id=agent.agent_id,
            name=agent.name,
            extension=agent.extension,
            presence=agent.presence,
            activity=agent.activity,
        )
        for agent in await ports.agents.list()
        if agent.extension is not None
    )
    return Page(items=views, next_cursor=None)


async def get(ports: Ports, exchange: Exchange) -> AgentView:
    """One agent."""
    return await ports.agents.get(exchange.id_of("agent"))


async def login(ports: Ports, exchange: Exchange) -> AgentView:
    """Sign in at a seat."""
    body = exchange.body
    if body.initial_state == "not_ready" and not body.reason.strip():
        raise Refused("reason_needed", "示忙需要原因 / not_ready needs a reason", field="reason")
    return await ports.agents.login(
        exchange.id_of("agent"), body.extension, body.initial_state, body.reason.strip()
    )


async def logout(ports: Ports, exchange: Exchange) -> AgentView:
    """Sign out."""
    return await ports.agents.logout(exchange.id_of("agent"))


async def ready(ports: Ports, exchange: Exchange) -> AgentView:
    """Ready for calls."""
    return await ports.agents.ready(exchange.id_of("agent"))


async def not_ready(ports: Ports, exchange: Exchange) -> AgentView:
    """Not ready, with a reason."""
    return await ports.agents.not_ready(exchange.id_of("agent"), exchange.body.reason)


async def end_wrap_up(ports: Ports, exchange: Exchange) -> AgentView:
    """End the wrap-up early."""
    return await ports.agents.end_wrap_up(exchange.id_of("agent"))
