"""The requests of the HTTP interface: bodies and query strings."""

from dataclasses import dataclass, field
from typing import Any

from api.views import WallTime

ID_PATTERN = r"[A-Za-z0-9_.\-]{1,128}"
"""Ids in paths: agents, calls, recordings."""

_LIMIT = {"doc": "每页条数 / items of a page", "minimum": 1, "maximum": 500}
_CURSOR = {"doc": "上一页的 next_cursor / next_cursor of the page before", "most": 512}
_FROM = {"doc": "起始时间(含) / from this time on, ISO 8601 with zone", "name": "from"}
_TO = {"doc": "截止时间(不含) / before this time, ISO 8601 with zone", "name": "to"}
_AGENT = {"doc": "工号 / agent number", "most": 16}
_NUMBER = {"doc": "主叫或被叫号码 / caller's or called number", "most": 64}
_REASON = {"doc": "原因 / reason", "pattern": r"\S(.*\S)?", "most": 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """A body without fields; it may also be left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginBody:
    """Sign in at a seat (签入).  `not_ready` needs a reason."""

    extension: str = field(metadata={"doc": "座席分机 / the seat's extension", "pattern": r"\d{2,6}"})
    initial_state: str = field(metadata={"doc": "初始状态 / first state", "choices": ("ready", "not_ready")})
    reason: str = field(default="", metadata={"doc": "示忙原因 / reason of not_ready", "most": 64})


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReadyBody:
    """Show busy (示忙)."""

    reason: str = field(metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsQuery:
    """Which calls; newest first."""

    active: bool | None = field(
        default=None, metadata={"doc": "true 仅进行中 / true: only those without an end"}
    )
    since: WallTime | None = field(default=None, metadata=_FROM)
    until: WallTime | None = field(default=None, metadata=_TO)
    agent: str = field(default="", metadata=_AGENT)
    number: str = field(default="", metadata=_NUMBER)
    queue: str = field(default="", metadata={"doc": "队列 / queue", "most": 64})
    end_reason: str = field(
        default="",
        metadata={"doc": "结束原因,如 abandoned 为放弃 / why they ended, abandoned for one", "most": 32},
    )
    cursor: str = field(default="", metadata=_CURSOR)
    limit: int = field(default=100, metadata=_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingsQuery:
    """Which recordings; newest first."""

    since: WallTime | None = field(default=None, metadata=_FROM)
    until: WallTime | None = field(default=None, metadata=_TO)
    agent: str = field(default="", metadata=_AGENT)
    number: str = field(default="", metadata=_NUMBER)
    call_id: str = field(default="", metadata={"doc": "呼叫 / call", "most": 128})
    cursor: str = field(default="", metadata=_CURSOR)
    limit: int = field(default=100, metadata=_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerListQuery:
    """Which forced actions; newest first."""

    since: WallTime | None = field(default=None, metadata=_FROM)
    until: WallTime | None = field(default=None, metadata=_TO)
    who: str = field(default="", metadata={"doc": "执行者 / who did it", "most": 64})
    agent: str = field(default="", metadata=_AGENT)
    call_id: str = field(default="", metadata={"doc": "呼叫 / call", "most": 128})
    cursor: str = field(default="", metadata=_CURSOR)
    limit: int = field(default=100, metadata=_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInBody:
    """Sign in (登录): with number and password, or with a one-use ticket."""

    agent_id: str = field(default="", metadata=_AGENT)
    password: str = field(default="", metadata={"doc": "密码 / password", "most": 256})
    ticket: str = field(default="", metadata={"doc": "一次性票据 / one-use ticket", "most": 128})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPasswordBody:
    """Change one's own password."""

    password: str = field(metadata={"doc": "现密码 / the password as it is", "most": 256})
    new_password: str = field(
        metadata={"doc": "新密码,至少8个字符 / the new one, 8 characters at least", "most": 256}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordBody:
    """Set somebody's password."""

    password: str = field(metadata={"doc": "密码,至少8个字符 / password, 8 characters at least", "most": 256})
    must_change: bool = field(
        default=True, metadata={"doc": "登录后须先改 / has to be changed before anything else"}
    )
    reason: str = field(default="", metadata={"doc": "原因 / why", "most": 200})


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketBody:
    """A ticket for this agent's page."""

    agent_id: str = field(metadata={"doc": "工号 / agent number", "pattern": r"[A-Za-z0-9]{1,16}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsQuery:
    """Where to go on in the live stream; both or neither."""

    stream: str = field(
        default="", metadata={"doc": "上次的 stream / stream of the last message", "most": 64}
    )
    after: int = field(
        default=-1,
        metadata={"doc": "上次的 number / number of the last message", "minimum": 0, "maximum": 2**53},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticateMessage:
    """The first message of a browser on the live stream; without a token its session's cookie counts."""

    type: str = field(metadata={"choices": ("authenticate",)})
    token: str = field(default="", metadata={"most": 512})
    stream: str = field(default="", metadata={"most": 64})
    after: int = field(default=-1, metadata={"minimum": 0, "maximum": 2**53})


@dataclass(frozen=True, slots=True, kw_only=True)
class PingMessage:
    """Whether the line lives; a pong answers it."""

    type: str = field(metadata={"choices": ("ping",)})


NAMED_IN_MESSAGES = ("agent_id", "call_id", "list_id", "record_id")
"""What commands of the live connection name in fields of the message, and endpoints in their paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandMessage:
    """An operation over the live connection: `name` and `body` as over HTTP, `id` comes back with the answer.

    `agent_id` may be left out by a person, who then is meant.
    """

    type: str = field(metadata={"choices": ("command",)})
    id: str = field(metadata={"doc": "任意编号 / any id", "pattern": r"[!-~]{1,64}"})
    name: str = field(metadata={"doc": "操作名 / operation", "most": 64})
    agent_id: str = field(default="", metadata={"most": 128})
    call_id: str = field(default="", metadata={"most": 128})
    list_id: str = field(default="", metadata={"most": 128})
    record_id: str = field(default="", metadata={"most": 128})
    body: dict[str, Any] = field(default_factory=dict, metadata={"doc": "请求体 / body"})
    idempotency_key: str = field(default="", metadata={"most": 128})
