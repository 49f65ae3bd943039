"""This server: its name, its folders."""

from dataclasses import dataclass, field
from pathlib import Path

from softswitch.settings.terms import meta


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """This server and its folders."""

    name: str = field(
        default="hotline",
        metadata=meta("节点名 / node name, in logs and Via branches", pattern=r"[A-Za-z0-9.\-]{1,32}"),
    )
    run_dir: Path = field(
        default=Path("var/run"), metadata=meta("套接字目录 / folder of the process sockets, made 0700")
    )
    data_dir: Path = field(default=Path("var/data"), metadata=meta("数据目录 / database and recordings"))
    log_level: str = field(
        default="info", metadata=meta("日志级别 / log level", pattern="debug|info|warning|error")
    )
    area_code: str = field(
        default="0510", metadata=meta("本地区号 / own area code with leading 0", pattern=r"0\d{2,3}")
    )
    caller_history_days: int = field(
        default=30,
        metadata=meta(
            "级别规则所看主叫来电记录的天数 / days of a caller's earlier calls that level rules look at",
            minimum=1,
            maximum=366,
        ),
    )
    alarm_calm_s: float = field(
        default=300.0,
        metadata=meta(
            "一次性事件(如单元死亡)的告警,平静多久后清除 / an alarm of what is over at once (a cell died) is cleared after so "
            "long without another one",
            unit="s",
            minimum=1,
        ),
    )
