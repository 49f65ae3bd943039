"""Self-checks of the node: the test calls that it makes to itself, and their reports."""

from dataclasses import dataclass, field

from aiohttp import web

from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import Ports
from api.self_check_port import SelfCheckPort, SelfCheckView
from api.views import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfChecksQuery:
    """A page, the last check first."""

    cursor: str = field(
        default="", metadata={"doc": "上一页的 next_cursor / of the page before", "pattern": r"[\d-]{0,17}"}
    )
    limit: int = field(
        default=30, metadata={"doc": "每页条数 / items of a page", "minimum": 1, "maximum": 500}
    )


def _port(ports: Ports) -> SelfCheckPort:
    if ports.self_checks is None:
        raise NotBuilt
    return ports.self_checks


async def newest(ports: Ports, exchange: Exchange) -> Page[SelfCheckView]:
    """A page of checks, the newest first."""
    return await _port(ports).newest(exchange.query.cursor, exchange.query.limit)


async def page(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """The report of one, as a page."""
    text = await _port(ports).page(exchange.id_of("check"))
    return web.Response(text=text, content_type="text/html", charset="utf-8")


async def check(ports: Ports, _exchange: Exchange) -> SelfCheckView:
    """Check now."""
    return await _port(ports).check()
