"""What the HTTP interface shows of a call that nobody makes, and whom it asks."""

from dataclasses import dataclass
from typing import Protocol

from api.views import WallTime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRuleView:
    """An overflow rule that holds or not by who waits and who is there then: its conditions, by their names in the settings
    (`waited_s:120`, `waiting:50`, `when_nobody`, …), and where it leads: what, and its name.
    """

    conditions: tuple[str, ...]
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfView:
    """The way of a caller who presses the given keys and otherwise nothing.

    `nodes` are those of the flow in order; `queue` is where the caller waits in the end, `box` where a message is taken,
    `region` is the one that its agents' shares count the caller under, `put_through` who is rung for the caller; all empty: the flow ends the call.  Without a flow `nodes` is empty and the queue is the route's.
    While the queue is not `is_open`, `overflow` is where its first rule for that leads: what, and its name.  `lines` are the
    queues in which the route's table lets such a caller stand, at once or in time; empty without a table.  `by_load` are the
    queue's further rules for such a caller, in order: what they ask nobody knows of another moment, so none is followed here.
    """

    number: str
    at: WallTime
    flow: str
    nodes: tuple[str, ...]
    queue: str
    level: int
    region: str
    box: str
    put_through: str
    is_open: bool
    overflow: str
    lines: tuple[str, ...]
    by_load: tuple[LoadRuleView, ...]


class WhatIfPort(Protocol):
    """Call flows, walked through without a call."""

    async def ask(self, number: str, trunk: str, caller: str, at: float | None, keys: str) -> WhatIfView:
        """The way of such a caller; `NotFound` for a number that leads nowhere."""
        ...
