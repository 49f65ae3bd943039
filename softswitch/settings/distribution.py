"""How a queue chooses among agents and callers, and what an agent can, as settings and business documents have it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from softswitch.settings.overflow import CONDITIONS, LEVELS
from softswitch.settings.terms import meta

STRATEGIES = "longest_idle|round_robin|fewest_calls|least_talk_time|least_occupied|linear|ring_all"

DEFAULT_STRATEGY = "longest_idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillSettings:
    """A skill at a level: what an agent has, or the least that a queue's callers need."""

    name: str = field(metadata=meta("技能 / skill", example="tax"))
    level: int = field(default=1, metadata=meta("级别 / level", minimum=1, maximum=100))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePrioritySettings:
    """The priority of one queue for one agent."""

    queue: str = field(metadata=meta("队列 / queue", example="hotline"))
    priority: int = field(metadata=meta("优先级 / priority", minimum=-1000, maximum=1000, example=5))


@dataclass(frozen=True, slots=True, kw_only=True)
class WideningSettings:
    """From a wait on, every skill level that is asked for is lower."""

    after_s: float = field(metadata=meta("等待满 / after so long", unit="s", minimum=0, example=60.0))
    lower_by: int = field(default=1, metadata=meta("降低级别 / by so many levels", minimum=1, maximum=100))


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRuleSettings:
    """Callers of a queue gain or lose levels while all that is given holds."""

    add: int = field(metadata=meta("级别加减 / levels added", minimum=-LEVELS, maximum=LEVELS, example=1))
    waited_s: float = field(
        default=0.0, metadata=meta("已等待 / has waited so long, 0 = at once", unit="s", minimum=0)
    )
    listed: str = field(
        default="", metadata=meta("在此名单上(数据库中) / on this list of the database, empty = any")
    )
    calls: int = field(
        default=0,
        metadata=meta(
            "近期来电次数不少于(天数见 node.caller_history_days) / has called so often of late "
            "(node.caller_history_days), 0 = any",
            minimum=0,
            maximum=1000,
        ),
    )
    abandoned: int = field(
        default=0,
        metadata=meta(
            "近期排队放弃次数不少于 / has given up waiting so often of late, 0 = any", minimum=0, maximum=1000
        ),
    )
    days: int = field(
        default=0,
        metadata=meta(
            "以上两项只计最近几天(至多 node.caller_history_days),0 为该天数 / both in the last so many days "
            "(node.caller_history_days at most), 0 = in all of those",
            minimum=0,
            maximum=366,
        ),
    )

    @property
    def regards_past(self) -> bool:
        """Whether the caller's earlier calls have to be known."""
        return bool(self.calls or self.abandoned)


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionSettings:
    """Which agent a caller goes to, and who goes first.  `docs/routing.md` tells of each with an example."""

    strategy: str = field(
        default=DEFAULT_STRATEGY,
        metadata=meta(f"队列策略 / strategy: {STRATEGIES.replace('|', ', ')}", pattern=STRATEGIES),
    )
    routing: str = field(
        default="",
        metadata=meta("组合策略(数据库中),代替 strategy / named order of the database, in its place"),
    )
    ring_most: int = field(
        default=8, metadata=meta("全体振铃话机数上限 / phones at most with ring_all", minimum=1, maximum=77)
    )
    priority: int = field(
        default=0, metadata=meta("队列优先级 / priority of the queue", minimum=-1000, maximum=1000)
    )
    ageing_s: float = field(
        default=0.0,
        metadata=meta(
            "每等待满此时长级别加一,0 不加 / each such wait adds a level, 0 = never", unit="s", minimum=0
        ),
    )
    promotion_s: float = field(
        default=0.0,
        metadata=meta(
            "每等待满此时长优先级加一,0 不加 / each such wait adds a step of priority, 0 = never",
            unit="s",
            minimum=0,
        ),
    )
    skills: tuple[SkillSettings, ...] = field(
        default=(), metadata=meta("来话所需技能 / skills that callers of this queue need")
    )
    widening: tuple[WideningSettings, ...] = field(
        default=(), metadata=meta("随等待放宽技能要求 / what is asked for comes down with the wait")
    )
    level_rules: tuple[LevelRuleSettings, ...] = field(
        default=(), metadata=meta("客户级别调整,各条相加 / level rules, all that hold are added")
    )
    busy_delay_s: float = field(
        default=0.0,
        metadata=meta(
            "话机遇忙(486)后等待,0 则坐席示忙 / delay after a busy phone (486), 0 = its agent is not ready",
            unit="s",
            minimum=0,
        ),
    )
    no_answer_returns_s: tuple[float, ...] = field(
        default=(),
        metadata=meta(
            "久叫不应后自动示闲的时长,逐次 / ready again after a call that rang out: first time, second, …; "
            "empty = when the agent says so",
            unit="s",
            minimum=1,
        ),
    )
    resume_s: float = field(
        default=0.0,
        metadata=meta(
            "放弃后此时长内重拨恢复位置,0 不恢复 / who comes again within it has the old place, 0 = never",
            unit="s",
            minimum=0,
        ),
    )

    refuses_when: tuple[str, ...] = field(
        default=(),
        metadata=meta(
            "已签入坐席全部处于所列状态时不接纳(无人签入也算),空不用 / nobody may join while all who are signed in are "
            "in these states (also when nobody is), empty = never",
            pattern=CONDITIONS,
        ),
    )
    dismisses_when: tuple[str, ...] = field(
        default=(),
        metadata=meta(
            "同样情况下请走等待者,空不用 / nobody may wait on while all are, empty = never",
            pattern=CONDITIONS,
        ),
    )

    @property
    def has_own_order(self) -> bool:
        """Whether it says itself how to choose among agents."""
        return bool(self.routing) or self.strategy != DEFAULT_STRATEGY

    def faults(self) -> Iterator[tuple[str, str]]:
        """Ageing of less than a second would be a mistake, and each skill stands once."""
        for name, value in (("ageing_s", self.ageing_s), ("promotion_s", self.promotion_s)):
            if 0 < value < 1:
                yield name, "不足 1 秒 / less than 1 s"
        for name, states in (("refuses_when", self.refuses_when), ("dismisses_when", self.dismisses_when)):
            if "free" in states:
                yield name, "有空闲坐席时不成立 / a free agent takes the call: `free` cannot stand here"
        names = [skill.name for skill in self.skills]
        if len(names) != len(set(names)):
            yield "skills", "技能重复 / a skill stands here twice"

    def in_vain(self) -> Iterator[tuple[str, str]]:
        """What can never have a say: where it is, and why."""
        if self.routing and self.strategy != DEFAULT_STRATEGY:
            yield "strategy", "与 routing 不能并用 / cannot stand beside routing, which is in its place"
        for number, step in enumerate(self.widening):
            others = (
                *self.widening[:number],
                *(each for each in self.widening[number + 1 :] if each != step),
            )
            if any(each.after_s <= step.after_s and each.lower_by >= step.lower_by for each in others):
                yield (
                    f"widening[{number}].lower_by",
                    "另一条已降低同样多或更多 / another step has lowered them by as much before",
                )
        for number, rule in enumerate(self.level_rules):
            if not rule.add:
                yield f"level_rules[{number}].add", "为 0 则无作用 / 0 changes nothing"
            if rule.days and not rule.regards_past:
                why = "只用于 calls 与 abandoned / is for calls and abandoned alone"
                yield f"level_rules[{number}].days", why
