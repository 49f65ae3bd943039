"""Figures: those of a period, for a wallboard."""

from api.exchange import Exchange
from api.faults import NotBuilt
from api.period_figures import FiguresQuery, FiguresView
from api.ports import Ports


async def get(ports: Ports, exchange: Exchange) -> FiguresView:
    """The figures of a period."""
    if ports.figures is None:
        raise NotBuilt
    query = exchange.query
    return await ports.figures.figures(
        FiguresQuery(
            since=query.since,
            until=query.until,
            queue=query.queue,
            within_s=query.within_s,
            reach=exchange.reach,
        )
    )
