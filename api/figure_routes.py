"""The table of figures: what wallboards ask for, and programs that look once in a while."""

from api import figures, queues
from api.period_figures import FiguresListQuery, FiguresView
from api.queues import QueueNowView
from api.route import LOOK, Route
from api.views import Page

FIGURES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/queues",
        summary="队列现况 / queues as they stand now: who waits, who is free, the expected wait",
        scopes=LOOK,
        handler=queues.list_all,
        shows=Page[QueueNowView],
    ),
    Route(
        method="GET",
        path="/v1/figures",
        summary="一段时间的话务指标 / the figures of a period",
        scopes=LOOK,
        handler=figures.get,
        shows=FiguresView,
        query=FiguresListQuery,
        faults=(501,),
    ),
)
