"""Queues as they stand now, for programs that ask once in a while instead of following the live events."""

from dataclasses import dataclass, field, fields

from api.exchange import Exchange
from api.ports import Ports
from api.views import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNowView:
    """A queue: who waits, who could take them, and between what a call that came now is expected to wait (s).

    `longest_wait_s` is 0 while nobody waits; `expected_wait_s` is empty while too little is known.
    """

    queue: str = field(metadata={"doc": "队列 / queue"})
    limit: int = field(metadata={"doc": "容量 / how many may wait"})
    waiting: int = field(metadata={"doc": "等待人数 / who wait"})
    longest_wait_s: float
    agents_free: int
    expected_wait_s: tuple[float, ...]


_NAMES = tuple(each.name for each in fields(QueueNowView))


async def list_all(ports: Ports, exchange: Exchange) -> Page[QueueNowView]:
    """Those within reach, all on one page: what the snapshot of the live stream says of them."""
    rows = exchange.reach.shown(ports.events.snapshot()).get("queues", ())
    items = tuple(QueueNowView(**{name: row[name] for name in _NAMES}) for row in rows)
    return Page(items=items, next_cursor=None)
