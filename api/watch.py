"""Alarms and metrics, for whoever operates the node."""

from dataclasses import dataclass, field

from aiohttp import web

from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import Ports
from api.views import Page
from api.watch_port import AlarmView, WatchPort

METRICS_TYPE = "text/plain; version=0.0.4"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeBody:
    """Say who looks after it."""

    by: str = field(metadata={"doc": "谁处理 / who looks after it", "pattern": r"\S(.*\S)?", "most": 64})


@dataclass(frozen=True, slots=True, kw_only=True)
class TestAlarmBody:
    """A fire drill."""

    detail: str = field(default="test", metadata={"doc": "说明 / what is shown", "most": 200})


def _watch(ports: Ports) -> WatchPort:
    if ports.watch is None:
        raise NotBuilt
    return ports.watch


async def standing(ports: Ports, _exchange: Exchange) -> Page[AlarmView]:
    """The alarms that stand, oldest first, on one page."""
    return Page(items=await _watch(ports).standing(), next_cursor=None)


async def test(ports: Ports, exchange: Exchange) -> AlarmView:
    """Raise the test alarm."""
    return await _watch(ports).test(exchange.body.detail)


async def acknowledge(ports: Ports, exchange: Exchange) -> AlarmView:
    """Somebody looks after it."""
    return await _watch(ports).acknowledge(exchange.id_of("alarm"), exchange.body.by)


async def metrics(ports: Ports, _exchange: Exchange) -> web.StreamResponse:
    """All metrics as text."""
    return web.Response(
        text=await _watch(ports).metrics(), headers={"Content-Type": f"{METRICS_TYPE}; charset=utf-8"}
    )
