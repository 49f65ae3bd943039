"""Work orders as the HTTP interface shows them, and what it needs for that."""

from dataclasses import dataclass
from typing import Protocol

from api.views import CallView


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """A work order of the integrator's; `url` is empty or http(s)."""

    number: str
    title: str
    state: str
    url: str


class OrdersPort(Protocol):
    """The integrator's work orders."""

    async def of_call(self, call: CallView, number: str) -> tuple[OrderView, ...] | None:
        """The open ones of a number; None when the service does not say within its time."""
        ...
