"""The nodes of a call flow, as an operator writes them: one frozen class a kind, one document a flow.

`Binding` makes them from JSON and names each key that is wrong; `softswitch/flows/check.py` looks at the flow as a
whole.  What is spoken (`say`) is a list of items: a prompt's name, a value (`digits:…`, `number:…`, `amount:…`, `date:…`,
`time:…`) or a text for a voice (`text:…`), see `softswitch/speech/item.py`; `{name}` in an item, a URL or a value is
replaced by attached data of that name, or by `{caller}`, `{called}`, `{trunk}`, `{region}`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, get_args

from softswitch.settings.terms import ID

KEYS: Final = "0123456789*#"
NODE_NAME: Final = ID["pattern"]
DATA_NAME: Final = {
    "pattern": r"[A-Za-z_][A-Za-z0-9_]{0,39}",
    "form": "字母、数字或 _,不以数字开头 / letters, digits or _, no digit first",
}

REVIEWED_MOST_S: Final = 120.0
"""The media plane plays nothing longer back."""

Fault = tuple[str, str]


def _next(doc: str = "下一节点 / the node that follows", **more: Any) -> Any:
    return field(metadata={"doc": doc, **ID}, **more)


def _maybe_next(doc: str) -> Any:
    return field(default="", metadata={"doc": doc, "pattern": f"({NODE_NAME})?", "form": ID["form"]})


def _say(doc: str = "播报 / what is said") -> Any:
    return field(default=(), metadata={"doc": doc, "pattern": r".{1,560}"})


def _seconds(default: float, doc: str, most: float = 300) -> Any:
    return field(default=default, metadata={"doc": doc, "unit": "s", "minimum": 0.5, "maximum": most})


def _count(default: int, doc: str, least: int, most: int) -> Any:
    return field(default=default, metadata={"doc": doc, "minimum": least, "maximum": most})


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Say something, to its end, or until a key where keys may interrupt it."""

    kind: ClassVar[str] = "play"
    say: tuple[str, ...] = _say()
    may_interrupt: bool = field(default=False, metadata={"doc": "按键可打断 / a key cuts it short"})
    next: str = _next()


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """Say what the keys mean and wait for one; it is said again `repeats` times, then `otherwise` follows."""

    kind: ClassVar[str] = "menu"
    say: tuple[str, ...] = _say()
    invalid: tuple[str, ...] = _say("按错键时播报 / what is said after a key that means nothing")
    keys: dict[str, str] = field(metadata={"doc": "按键去向 / node of each key", **ID})
    timeout_s: float = _seconds(5.0, "等待按键 / wait for a key", 60)
    repeats: int = _count(2, "重复次数 / how often it is said again", 0, 9)
    otherwise: str = _next("无有效按键时 / without a key that means something")

    def faults(self) -> Iterator[Fault]:
        """Keys are keys."""
        yield from _key_faults(self.keys)
        if not self.keys:
            yield "keys", "至少一个 / at least one is needed"


def _key_faults(keys: Mapping[str, str]) -> Iterator[Fault]:
    for key in keys:
        if len(key) != 1 or key not in KEYS:
            yield f"keys.{key}", f"应为其一 / must be one of {' '.join(KEYS)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect:
    """Take digits into attached data.  The terminator ends it early, and so does the longest length.

    `masked`: nothing of what is pressed is recorded, logged, kept or shown; it can only be looked up.
    """

    kind: ClassVar[str] = "collect"
    say: tuple[str, ...] = _say()
    into: str = field(metadata={"doc": "存入数据名 / name of the attached data", **DATA_NAME})
    least: int = _count(1, "最少位数 / digits at least", 1, 40)
    most: int = _count(20, "最多位数 / digits at most", 1, 40)
    terminator: str = field(
        default="#",
        metadata={"doc": "结束键 / key that ends it", "pattern": "[*#]?", "form": " # 或 * / # or *"},
    )
    timeout_s: float = _seconds(8.0, "等待首位 / wait for the first digit", 60)
    between_s: float = _seconds(4.0, "位间等待 / wait between digits", 60)
    masked: bool = field(default=False, metadata={"doc": "遮蔽(密码) / masked (a password)"})
    repeats: int = _count(2, "重复次数 / how often it is asked again", 0, 9)
    next: str = _next()
    otherwise: str = _next("未输入时 / without enough digits")

    def faults(self) -> Iterator[Fault]:
        """The range is one."""
        if self.most < self.least:
            yield "most", "小于 / is smaller than least"


FACTS: Final[Mapping[str, str]] = {
    "open": "hours",
    "holiday": "",
    "caller": "",
    "called": "",
    "trunk": "",
    "region": "",
    "level": "",
    "listed": "lists",
    "data": "data",
    "waiting": "queues",
    "ready": "queues",
    "expected_wait_s": "queues",
}
"""What can be asked, and the kind of thing that `of` then names; empty for none."""

NUMBERS: Final = frozenset({"level", "waiting", "ready", "expected_wait_s"})
TRUTHS: Final = frozenset({"open", "holiday", "listed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way out of a branch: taken when the fact passes the test."""

    fact: str = field(metadata={"doc": "条件 / fact", "pattern": "|".join(FACTS)})
    of: str = field(default="", metadata={"doc": "对象 / of what: hours, list, queue or data name"})
    test: str = field(
        default="is", metadata={"doc": "比较 / test", "pattern": "is|is_not|begins|at_least|at_most"}
    )
    value: str = field(default="true", metadata={"doc": "比较值 / compared with"})
    next: str = _next()

    def faults(self) -> Iterator[Fault]:
        """What is asked can be asked so."""
        if self.fact not in FACTS:
            return
        if bool(FACTS[self.fact]) != bool(self.of):
            need = "需要 / needs" if FACTS[self.fact] else "不需要 / takes no"
            yield "of", f"{self.fact} {need} `of`"
        compares = self.test in ("at_least", "at_most")
        if compares and self.fact in TRUTHS or self.test == "begins" and self.fact in NUMBERS | TRUTHS:
            yield "test", f"{self.fact} 不能这样比较 / cannot be tested so"
        elif (compares or self.fact in NUMBERS) and number_of(self.value) is None:
            yield "value", "应为数 / must be a number"
        elif self.fact in TRUTHS and self.value not in ("true", "false"):
            yield "value", "应为 true 或 false / must be true or false"


def number_of(text: str) -> float | None:
    """The number that a text is, None for any other text."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Go where the first case that holds says, else `otherwise`."""

    kind: ClassVar[str] = "branch"
    cases: tuple[Case, ...] = field(metadata={"doc": "分支 / cases, the first that holds counts"})
    otherwise: str = _next("都不成立时 / when none holds")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Ask a web service (GET, JSON object as answer) and take fields of the answer into attached data."""

    kind: ClassVar[str] = "look_up"
    url: str = field(
        metadata={
            "doc": "网址 / URL, http or https",
            "pattern": r"https?://\S{1,500}",
            "form": " http(s):// 开头的网址 / a URL that begins with http(s)://",
        }
    )
    take: dict[str, str] = field(
        default_factory=dict,
        metadata={"doc": "字段→数据名 / field of the answer → data name", **DATA_NAME},
    )
    timeout_s: float = _seconds(2.0, "超时 / timeout", 10)
    next: str = _next()
    on_error: str = _next("失败时 / when it fails")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetData:
    """Set attached data, the caller's level in the queues, or the region that the caller counts for there."""

    kind: ClassVar[str] = "set"
    data: dict[str, str] = field(default_factory=dict, metadata={"doc": "随路数据 / attached data"})
    level: int | None = field(
        default=None, metadata={"doc": "客户级别 / caller's level", "minimum": -100, "maximum": 100}
    )
    region: str = field(
        default="",
        metadata={
            "doc": "所属地区,先于号码与路由点 / region, before number and route point; empty: as it is"
        },
    )
    next: str = _next()


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Wait for an agent of a queue.  `on_full`: the queue takes nobody; `after`: the agent has left the caller."""

    kind: ClassVar[str] = "queue"
    queue: str = field(metadata={"doc": "队列 / queue"})
    on_full: str = _maybe_next("队列满时,缺省播报忙 / when it is full; empty: busy notice")
    after: str = _maybe_next("坐席挂机后(满意度) / after the agent has hung up, empty: the call ends")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail:
    """Say something, then record a message; silence, the longest time, `#` or hanging up end it.

    With a `review` the caller hears it and chooses: 1 plays the message, 2 records another one instead, 3 or `#` keeps it, and
    so do waiting and hanging up.
    """

    kind: ClassVar[str] = "voicemail"
    say: tuple[str, ...] = _say()
    box: str = field(default="main", metadata={"doc": "信箱 / box", **ID})
    longest_s: float = _seconds(120.0, "最长 / at most", 600)
    silence_s: float = _seconds(5.0, "静音多久即结束 / silence that ends it", 60)
    review: tuple[str, ...] = _say(
        "复核播报(1 收听 2 重录 3 或 # 保存),空为不复核 / said for a review, empty: none"
    )
    review_s: float = _seconds(
        6.0, "复核等待按键,到时保存 / wait for a key of the review, then it is kept", 60
    )
    next: str = _maybe_next("留言后 / after the message, empty: the call ends")

    def faults(self) -> Iterator[Fault]:
        """What is played back is no longer than a prompt may be."""
        if self.review and self.longest_s > REVIEWED_MOST_S:
            yield "longest_s", f"复核时至多 / with a review at most {REVIEWED_MOST_S:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Ask for one key (满意度) and keep it with the call under `into`."""

    kind: ClassVar[str] = "survey"
    say: tuple[str, ...] = _say()
    into: str = field(default="satisfaction", metadata={"doc": "存入 / kept under", **DATA_NAME})
    keys: dict[str, str] = field(metadata={"doc": "按键含义 / meaning of each key", "pattern": r".{1,40}"})
    timeout_s: float = _seconds(8.0, "等待按键 / wait for a key", 60)
    repeats: int = _count(1, "重复次数 / how often it is asked again", 0, 9)
    next: str = _maybe_next("之后 / afterwards, empty: the call ends")

    def faults(self) -> Iterator[Fault]:
        """Keys are keys."""
        yield from _key_faults(self.keys)
        if not self.keys:
            yield "keys", "至少一个 / at least one is needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """Say something and end the call."""

    kind: ClassVar[str] = "hang_up"
    say: tuple[str, ...] = _say()


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """Note that the caller wants to be called back and keeps the place in the line; the caller may then hang up."""

    kind: ClassVar[str] = "callback"
    queue: str = field(metadata={"doc": "队列 / queue"})
    number: str = field(
        default="{caller}", metadata={"doc": "回呼号码 / number that is called", "pattern": r".{1,80}"}
    )
    next: str = _maybe_next("登记后,空为挂机 / once it is noted, empty: the call ends")
    otherwise: str = _next("不能回呼时 / when the number cannot be called, or the queue takes nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Ring a seat (its extension, or an agent) or a number outside, and put the caller through to who answers."""

    kind: ClassVar[str] = "transfer"
    to: str = field(metadata={"doc": "分机、工号或号码 / extension, agent or number", "pattern": r".{1,80}"})
    ring_s: float = _seconds(30.0, "振铃时限 / ring time", 180)
    otherwise: str = _next("无人接、忙或不可拨时 / when nobody answers, is busy or may be called")


Node = (
    Play
    | Menu
    | Collect
    | Branch
    | LookUp
    | SetData
    | Queue
    | Voicemail
    | Survey
    | Callback
    | Transfer
    | HangUp
)
NODES: Final[Mapping[str, type[Node]]] = {cls.kind: cls for cls in get_args(Node)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One flow: where it begins and its nodes by name."""

    id: str
    name: str
    start: str
    nodes: Mapping[str, Node]
