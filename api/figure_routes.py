"""The table of figures: what wallboards ask for."""

from api import figures
from api.period_figures import FiguresListQuery, FiguresView
from api.route import LOOK, Route

FIGURES: tuple[Route, ...] = (
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
