"""What would happen to a call: which route, which nodes of its flow, and where it ends."""

from dataclasses import dataclass, field

from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import Ports
from api.route import LOOK, Route
from api.views import WallTime
from api.what_if_port import WhatIfView

__all__ = ["WHAT_IF", "WhatIfQuery"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfQuery:
    """A call that nobody makes."""

    number: str = field(metadata={"doc": "被叫号码 / dialled number", "pattern": r"\+?\d{1,20}"})
    trunk: str = field(default="", metadata={"doc": "中继 / trunk, empty = any", "most": 64})
    caller: str = field(
        default="", metadata={"doc": "主叫号码 / caller's number", "pattern": r"(\+?\d{1,20})?"}
    )
    at: WallTime | None = field(default=None, metadata={"doc": "时刻,缺省现在 / moment, now when absent"})
    keys: str = field(
        default="",
        metadata={"doc": "依次按键,每问一键 / keys, one for each question", "pattern": r"[0-9*#]{0,40}"},
    )


async def ask(ports: Ports, exchange: Exchange) -> WhatIfView:
    """Walk through the flow."""
    if ports.what_if is None:
        raise NotBuilt
    query = exchange.query
    return await ports.what_if.ask(query.number, query.trunk, query.caller, query.at, query.keys)


WHAT_IF: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/what-if",
        summary="某时某线的来电会怎样 / what would happen to a call at a moment on a trunk",
        scopes=LOOK,
        handler=ask,
        shows=WhatIfView,
        query=WhatIfQuery,
        faults=(404, 501),
    ),
)
