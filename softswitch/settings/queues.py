"""Queues of callers, as an empty database is seeded."""

from dataclasses import dataclass, field

from softswitch.settings.callbacks import CallbackSettings
from softswitch.settings.distribution import DistributionSettings
from softswitch.settings.overflow import OverflowSettings
from softswitch.settings.terms import meta


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """A queue of callers (seed)."""

    name: str = field(metadata=meta("队列名 / queue name", example="hotline"))
    limit: int = field(default=256, metadata=meta("最多排队数 / callers at most", minimum=1, maximum=100000))
    ring_time_s: float = field(
        default=15.0, metadata=meta("振铃时限 / ring time of an offer", unit="s", minimum=0.5)
    )
    wrap_up_s: float = field(
        default=10.0, metadata=meta("话后处理,0 为无 / wrap-up, 0 = none", unit="s", minimum=0)
    )
    wrap_up_manual: bool = field(
        default=False,
        metadata=meta("话后由坐席手动结束,不用时长 / the agent ends the wrap-up, however long it takes"),
    )
    decline_delay_s: float = field(
        default=2.0, metadata=meta("拒接后等待 / delay after a declined offer", unit="s", minimum=0)
    )
    position_every_s: float = field(
        default=30.0,
        metadata=meta("报位间隔,0 不报 / interval of position announcements, 0 = none", unit="s", minimum=0),
    )
    hold_reminder_s: float = field(
        default=60.0,
        metadata=meta(
            "保持多久提醒坐席,之后每隔同样时间,0 不提醒 / when an agent is reminded of a held caller, and how often, 0 = never",
            unit="s",
            minimum=0,
        ),
    )
    hold_ringback_s: float = field(
        default=180.0,
        metadata=meta(
            "保持多久后坐席话机中响起回铃音,直到取回,0 不响 / when the agent's phone sounds the ringing tone until a held "
            "caller is taken back, 0 = never",
            unit="s",
            minimum=0,
        ),
    )
    music: str = field(default="waiting", metadata=meta("等待音乐 / music track"))
    hours: str = field(
        default="",
        metadata=meta("工作时间(数据库中),空为全天 / opening hours in the database, empty = always"),
    )
    announce_agent: bool = field(default=True, metadata=meta("播报工号 / announce the agent's number"))
    overflow: tuple[OverflowSettings, ...] = field(
        default=(), metadata=meta("排队溢出,依次判断 / overflow rules, looked at in order")
    )
    callback: CallbackSettings = field(default_factory=CallbackSettings, metadata=meta("回呼 / calling back"))
    distribution: DistributionSettings = field(
        default_factory=DistributionSettings, metadata=meta("分配 / who goes to whom, and who first")
    )
