"""Agents, as an empty database is seeded."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from softswitch.settings.distribution import QueuePrioritySettings, SkillSettings
from softswitch.settings.terms import Fault, meta


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """An agent (工号), not tied to any seat (seed)."""

    id: str = field(
        metadata=meta(
            "工号 / agent number",
            pattern=r"[A-Za-z0-9]{1,16}",
            form=" 1–16 个字母或数字 / 1 to 16 letters or digits",
            example="1001",
        )
    )
    name: str = field(default="", metadata=meta("姓名 / name"))
    queues: tuple[str, ...] = field(metadata=meta("服务队列 / queues served", example=("hotline",)))
    skills: tuple[SkillSettings, ...] = field(default=(), metadata=meta("技能 / skills"))
    priorities: tuple[QueuePrioritySettings, ...] = field(
        default=(), metadata=meta("各队列优先级,代替队列自己的 / priorities in place of the queues' own")
    )
    wrap_up_s: float | None = field(
        default=None,
        metadata=meta(
            "话后处理,代替队列的,0 为无 / wrap-up in place of the queues' own, 0 = none",
            unit="s",
            minimum=0,
            example=20.0,
        ),
    )
    rank: int = field(default=0, metadata=meta("固定顺序中的位置 / place in a fixed order (linear)"))
    selection: str = field(
        default="", metadata=meta("选呼策略(数据库中) / order of callers, of the database")
    )
    shares: str = field(default="", metadata=meta("地区份额(数据库中) / region shares, of the database"))
    capacities: str = field(
        default="", metadata=meta("媒体容量(数据库中) / capacities for media, of the database")
    )
    role: str = field(
        default="agent",
        metadata=meta("角色 / role: agent, supervisor, admin", pattern="agent|supervisor|admin"),
    )
    groups: tuple[str, ...] = field(
        default=(),
        metadata=meta("班组,班长管理同组坐席 / groups; supervisors see and touch the agents of theirs"),
    )
    password_scrypt: str = field(
        default="",
        metadata=meta(
            "登录密码的 scrypt 值(softswitch password 生成),空则不可用密码登录 / hash of the password as "
            "`softswitch password` prints it, empty = no sign-in by password",
            secret=True,
            pattern=r"(scrypt\$\d{1,7}\$\d{1,2}\$\d{1,2}\$[A-Za-z0-9_\-]{16,}\$[A-Za-z0-9_\-]{32,})?",
        ),
    )
    must_change_password: bool = field(
        default=False,
        metadata=meta("登录后须先改密码 / has to change the password before anything else"),
    )

    def faults(self) -> Iterator[Fault]:
        """An agent stands once in each place."""
        named = {
            "queues": self.queues,
            "groups": self.groups,
            "skills": tuple(skill.name for skill in self.skills),
            "priorities": tuple(each.queue for each in self.priorities),
        }
        for key, names in named.items():
            for name in sorted({name for name in names if names.count(name) > 1}):
                yield key, f"{name!r} 重复 / stands here twice"
