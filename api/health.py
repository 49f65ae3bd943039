"""Health, for load balancers and people; asks for no token and tells nothing about callers."""

from aiohttp import web

from api.exchange import Exchange
from api.json_text import dump
from api.ports import Ports


async def health(ports: Ports, _exchange: Exchange) -> web.StreamResponse:
    """200 when calls may be sent here, 503 when not; the body says why either way."""
    view = await ports.health.health()
    return web.json_response(text=dump(view), status=200 if view.live and view.ready else 503)
