"""Receivers of webhooks: how they are, and sending again."""

from dataclasses import dataclass, field

from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import Ports
from api.views import Page, WallTime
from api.webhook_port import WebhooksPort, WebhookView


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayBody:
    """What to send again: what came since a moment, and in any case what waits or was given up."""

    since: WallTime | None = field(
        default=None, metadata={"doc": "起始时间 / from this time on, ISO 8601 with zone"}
    )


def _of(ports: Ports) -> WebhooksPort:
    if ports.webhooks is None:
        raise NotBuilt
    return ports.webhooks


async def list_all(ports: Ports, _exchange: Exchange) -> Page[WebhookView]:
    """Every receiver."""
    return Page(items=await _of(ports).list(), next_cursor=None)


async def replay(ports: Ports, exchange: Exchange) -> WebhookView:
    """Send again."""
    return await _of(ports).replay(exchange.id_of("webhook"), exchange.body.since)
