"""Contacts of other media than voice over HTTP and the live connection (媒体统一排队)."""

from typing import Any

from api.business import asker
from api.contact_views import ContactBody, ContactChoice, ContactsPort, ContactsQuery, ContactView
from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import Ports
from api.route import CHANGE_AGENTS, LOOK_AT_AGENTS, SUPERVISE, Handler, Route
from api.views import Page


def _port(ports: Ports) -> ContactsPort:
    if ports.contacts is None:
        raise NotBuilt
    return ports.contacts


async def list_some(ports: Ports, exchange: Exchange) -> Page[ContactView]:
    """A page of contacts within reach."""
    return await _port(ports).list(exchange.query, exchange.reach)


async def get(ports: Ports, exchange: Exchange) -> ContactView:
    """One contact."""
    return await _port(ports).get(exchange.id_of("contact"), exchange.reach)


async def queue(ports: Ports, exchange: Exchange) -> ContactView:
    """A contact came."""
    return await _port(ports).queue(exchange.body, asker(exchange))


async def cancel(ports: Ports, exchange: Exchange) -> ContactView:
    """Or is not wanted any more."""
    return await _port(ports).cancel(exchange.id_of("contact"), exchange.reach, asker(exchange))


async def accept(ports: Ports, exchange: Exchange) -> ContactView:
    """An agent takes it."""
    return await _port(ports).accept(exchange.id_of("agent"), exchange.body.contact_id)


async def decline(ports: Ports, exchange: Exchange) -> ContactView:
    """An agent does not."""
    return await _port(ports).decline(exchange.id_of("agent"), exchange.body.contact_id)


async def complete(ports: Ports, exchange: Exchange) -> ContactView:
    """An agent is done with it."""
    return await _port(ports).complete(exchange.id_of("agent"), exchange.body.contact_id)


_ONE = "/v1/contacts/{contact_id}"


def _of_agent(verb: str, summary: str, handler: Handler) -> Route:
    more: dict[str, Any] = {"body": ContactChoice, "is_done_once": True, "faults": (404, 409, 501)}
    return Route(
        method="POST",
        path=f"/v1/agents/{{agent_id}}/contacts/{verb}",
        command=f"{verb}_contact",
        summary=summary,
        scopes=CHANGE_AGENTS,
        handler=handler,
        shows=ContactView,
        **more,
    )


CONTACTS: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/contacts",
        summary="非语音联系 / contacts of other media than voice",
        scopes=LOOK_AT_AGENTS,
        handler=list_some,
        shows=Page[ContactView],
        query=ContactsQuery,
        faults=(501,),
    ),
    Route(
        method="POST",
        path="/v1/contacts",
        summary="新的联系进入队列 / a contact wants an agent",
        scopes=SUPERVISE,
        handler=queue,
        shows=ContactView,
        status=201,
        body=ContactBody,
        is_done_once=True,
        faults=(409, 501),
    ),
    Route(
        method="GET",
        path=_ONE,
        summary="一个联系 / one contact",
        scopes=LOOK_AT_AGENTS,
        handler=get,
        shows=ContactView,
        faults=(404, 501),
    ),
    Route(
        method="DELETE",
        path=_ONE,
        summary="撤回联系 / it is not wanted any more",
        scopes=SUPERVISE,
        handler=cancel,
        shows=ContactView,
        faults=(404, 409, 501),
    ),
    _of_agent("accept", "接受联系 / take a contact", accept),
    _of_agent("decline", "拒绝联系 / decline a contact", decline),
    _of_agent("complete", "办结联系 / be done with a contact", complete),
)
