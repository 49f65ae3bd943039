"""Messages that callers left (语音留言), as the HTTP interface shows and asks for them."""

from dataclasses import dataclass, field
from typing import Protocol

from api.reach import Reach
from api.views import Page, WallTime


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailView:
    """One message.  `state` is that of its sound (`open` while the caller speaks); nobody dealt with it while
    `handled_at` is null.

    `reason` is `overflow` where a rule of the queue sent the caller there, or `flow`, which is then named with the `node` that
    did; null of old ones.  `conditions` are those of the overflow rule that sent the caller there, or into that flow, by their
    names in the settings: `waited_s:120`, `longest_wait_s:300`, `waiting:50`, `expected_wait_s:180`, `when_nobody`, …
    `handed_*`: who gave it last to the agents of a queue, or to one of them, as `contact_id`.  `called_back_*`: who had
    whoever left it called last, in which call.
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
    reason: str | None
    flow: str | None
    node: str | None
    conditions: tuple[str, ...]
    handed_at: WallTime | None
    handed_by: str | None
    handed_queue: str | None
    handed_agent: str | None
    contact_id: str | None
    called_back_at: WallTime | None
    called_back_by: str | None
    called_back_in: str | None
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
    handed: bool | None = field(
        default=None, metadata={"doc": "是否已交给坐席 / whether agents were given it"}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverBody:
    """Give a message to the agents of a queue, or to one agent alone."""

    queue: str = field(
        default="",
        metadata={
            "doc": "队列,空为主叫所在队列 / queue; empty: the one in which the caller stood",
            "most": 64,
        },
    )
    agent: str = field(
        default="", metadata={"doc": "只给此坐席,空为队列中任一 / for this agent alone", "most": 16}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackBody:
    """Call whoever left a message: the agent's own phone rings first."""

    agent: str = field(
        default="", metadata={"doc": "坐席,空为本人 / agent; empty: whoever signed in and asks", "most": 16}
    )
    caller_id: str = field(
        default="",
        metadata={
            "doc": "外显号码,空为热线号码 / number to present, empty: the hotline's",
            "pattern": r"\+?[0-9]{0,20}",
        },
    )


class VoicemailsPort(Protocol):
    """Messages, who works on them and who dealt with them."""

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

    async def hand_over(self, voicemail_id: str, body: HandOverBody, reach: Reach, by: str) -> VoicemailView:
        """Put it in line as a contact; while that is open, asking again changes nothing.

        `NotFound`, `Conflict` for one that is being left, was dealt with or finds no room, `Refused` for a queue or an
        agent that cannot have it.
        """
        ...

    async def call_back(self, voicemail_id: str, agent: str, caller_id: str, by: str) -> VoicemailView:
        """Ring the agent's phone, then whoever left it; `NotFound`, `Conflict`, `Denied` by the seat's rules."""
        ...

    def hands(self, voicemail_id: str) -> frozenset[str]:
        """The agents who have it in hand, or are shown it."""
        ...
