"""Messages that callers left (语音留言), as the HTTP interface shows and asks for them."""

from dataclasses import dataclass, field
from typing import Protocol

from api.reach import Reach
from api.views import Page, WallTime


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailView:
    """One message.  `state` is that of its sound (`open` while the caller speaks); nobody dealt with it while
    `handled_at` is null.
    """

    voicemail_id: str
    call_id: str
    box: str
    caller: str
    left_at: WallTime
    state: str
    duration_s: float | None
    handled_at: WallTime | None
    handled_by: str | None
    note: str
    path: str = field(metadata={"hidden": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailsQuery:
    """Which messages; newest first."""

    since: WallTime | None = field(
        default=None, metadata={"doc": "起始时间(含) / from this time on, ISO 8601 with zone", "name": "from"}
    )
    until: WallTime | None = field(
        default=None, metadata={"doc": "截止时间(不含) / before this time, ISO 8601 with zone", "name": "to"}
    )
    box: str = field(default="", metadata={"doc": "信箱 / box", "most": 40})
    number: str = field(default="", metadata={"doc": "主叫号码 / caller's number", "most": 64})
    handled: bool | None = field(
        default=None, metadata={"doc": "是否已处理 / whether somebody dealt with it"}
    )
    cursor: str = field(
        default="", metadata={"doc": "上一页的 next_cursor / of the page before", "most": 512}
    )
    limit: int = field(
        default=100, metadata={"doc": "每页条数 / items of a page", "minimum": 1, "maximum": 500}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleBody:
    """Say what was done."""

    note: str = field(default="", metadata={"doc": "处理说明 / what was done", "most": 200})


class VoicemailsPort(Protocol):
    """Messages and who dealt with them."""

    async def list(self, query: VoicemailsQuery, reach: Reach) -> Page[VoicemailView]:
        """A page of messages within reach, newest first; `Refused("bad_cursor")`.

        A message belongs to whoever has the queue in which its caller stood; one without a queue to all.
        """
        ...

    async def get(self, voicemail_id: str) -> VoicemailView:
        """One message; `NotFound`."""
        ...

    async def handle(self, voicemail_id: str, by: str, note: str) -> VoicemailView:
        """Mark it as dealt with; `NotFound`."""
        ...
