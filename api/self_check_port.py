"""Self-checks of the node, for the HTTP interface."""

from dataclasses import dataclass
from typing import Protocol

from api.views import Page, WallTime


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheckView:
    """A check: `fault` is the step that failed and why, empty when all was well; `text` the whole report."""

    check_id: str
    started_at: WallTime
    is_well: bool
    fault: str
    text: str


class SelfCheckPort(Protocol):
    """Whoever checks (`softswitch.operations.self_check.SelfCheck`)."""

    async def newest(self, cursor: str, limit: int) -> Page[SelfCheckView]:
        """A page of checks, the last one first; the cursor is the id of the last one of the page before."""
        ...

    async def page(self, check_id: str) -> str:
        """The report of one as HTML; `NotFound`."""
        ...

    async def check(self) -> SelfCheckView:
        """Check now; `Conflict` while one is under way, or where there is none."""
        ...
