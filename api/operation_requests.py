"""The bodies of what agents and supervisors do with calls: the same over HTTP and over the live connection."""

from dataclasses import dataclass, field
from typing import Any

_REASON = {"doc": "原因 / reason", "pattern": r"\S(.*\S)?", "most": 64}
_DIALLED = {"doc": "号码、分机或工号 / number, extension or agent", "pattern": r"[0-9A-Za-z*#+]{1,32}"}
_AGENT = {"doc": "工号 / agent number", "pattern": r"[A-Za-z0-9]{1,16}"}
_DATA = {"doc": "随路数据,JSON 对象,最大 16 kB / attached data, a JSON object of at most 16 kB"}
_KINDS = ("agent", "queue", "number")

LEVELS = 1000
"""Levels of callers lie between this and its negative, as those of routes."""

EXTEND_MOST_S = 3600
"""A wrap-up can be made longer by so much at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialBody:
    """Call somebody (外呼, 内部呼叫): the agent's own phone rings first."""

    number: str = field(metadata=_DIALLED)
    data: dict[str, Any] = field(default_factory=dict, metadata=_DATA)
    caller_id: str = field(
        default="",
        metadata={
            "doc": "外显号码,空为热线号码 / number to present, empty: the hotline's",
            "pattern": r"\+?[0-9]{0,20}",
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsBody:
    """Send DTMF (RFC 4733)."""

    digits: str = field(metadata={"doc": "按键 / digits", "pattern": r"[0-9*#A-D]{1,32}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultBody:
    """Ask somebody while the caller is held (咨询)."""

    kind: str = field(metadata={"doc": "对象种类 / kind of the target", "choices": _KINDS})
    to: str = field(metadata={"doc": "工号、队列名或号码 / agent, queue or number", "most": 64})


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferBody:
    """Hand the caller over (转接): at once with `kind` and `to`, to the one who was consulted without them."""

    kind: str = field(
        default="", metadata={"doc": "对象种类 / kind of the target", "choices": ("", *_KINDS, "flow")}
    )
    to: str = field(
        default="", metadata={"doc": "工号、队列名、号码或流程 / agent, queue, number or flow", "most": 64}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToFlowBody:
    """Let the caller through a call flow and back (转流程后返回), for instance to enter a password."""

    flow: str = field(metadata={"doc": "流程 / id of the flow", "pattern": r"[A-Za-z0-9_\-]{1,64}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DropBody:
    """Drop one party of the call."""

    party: str = field(metadata={"doc": "CallView.parties 的 leg_id / leg_id of a party", "most": 128})


@dataclass(frozen=True, slots=True, kw_only=True)
class DataBody:
    """Attached data (随路数据)."""

    data: dict[str, Any] = field(metadata=_DATA)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonBody:
    """Why it is done."""

    reason: str = field(metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuperviseBody:
    """Listen to a call (监听), speak to its agent (密语) or to all (插话); again: another mode."""

    supervisor: str = field(metadata=_AGENT)
    mode: str = field(metadata={"doc": "方式 / mode", "choices": ("monitor", "whisper", "barge")})
    reason: str = field(metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class InterceptBody:
    """Take the caller from the agent (强插)."""

    supervisor: str = field(metadata=_AGENT)
    reason: str = field(metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpBody:
    """End a call, or one leg of it, by force (强拆)."""

    reason: str = field(metadata=_REASON)
    target: str = field(
        default="call",
        metadata={
            "doc": "整个通话、坐席腿或客户腿 / the call, the agent's leg or the customer's",
            "choices": ("call", "agent_leg", "customer_leg"),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ForceStateBody:
    """Make an agent ready, not ready or signed out (强制示闲、示忙、签出)."""

    state: str = field(metadata={"doc": "状态 / state", "choices": ("ready", "not_ready", "logged_out")})
    reason: str = field(metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class PickUpBody:
    """Give a waiting call to an agent."""

    agent: str = field(metadata=_AGENT)
    reason: str = field(metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveBody:
    """Move a waiting call into another queue."""

    queue: str = field(metadata={"doc": "队列 / queue", "most": 64, "pattern": r".+"})
    reason: str = field(metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelBody:
    """Change the level of a waiting caller; a higher one goes first."""

    level: int = field(
        metadata={"doc": "级别,大者优先 / level, higher goes first", "minimum": -LEVELS, "maximum": LEVELS}
    )
    reason: str = field(metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendWrapUpBody:
    """Make the wrap-up longer."""

    seconds: int = field(metadata={"doc": "延长秒数 / seconds more", "minimum": 1, "maximum": EXTEND_MOST_S})
