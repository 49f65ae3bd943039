"""The media plane and its recordings."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from softswitch.settings.terms import Fault, meta


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSettings:
    """The media plane."""

    port_min: int = field(default=20000, metadata=meta("RTP 起始端口 / first RTP port (even)", minimum=1024))
    port_max: int = field(default=24999, metadata=meta("RTP 末端口 / last RTP port", maximum=65535))
    max_legs: int = field(default=700, metadata=meta("每平面最多腿数 / legs of one plane", minimum=2))
    prompt_dirs: tuple[Path, ...] = field(
        default=(Path("config/prompts/zh"),),
        metadata=meta("提示音目录,后者覆盖前者 / prompt folders, later ones override"),
    )
    music_dir: Path = field(default=Path("config/music"), metadata=meta("音乐目录 / music folder"))
    silence_alarm_s: float = field(
        default=30.0, metadata=meta("无 RTP 告警 / RTP silence before an event", unit="s", minimum=1)
    )
    rtp_timeout_s: float = field(
        default=60.0,
        metadata=meta("无 RTP 挂断,0 不挂 / a leg that sends nothing ends, 0 = never", unit="s", minimum=0),
    )
    hold_timeout_s: float = field(
        default=600.0,
        metadata=meta(
            "保持或静默时无 RTP/RTCP 挂断,0 不挂 / the same while held or in comfort noise",
            unit="s",
            minimum=0,
        ),
    )
    jitter_min_ms: int = field(
        default=20, metadata=meta("抖动缓冲下限 / smallest jitter delay", unit="ms", minimum=0, maximum=2000)
    )
    jitter_max_ms: int = field(
        default=120, metadata=meta("抖动缓冲上限 / largest jitter delay", unit="ms", minimum=0, maximum=2000)
    )

    def faults(self) -> Iterator[Fault]:
        """The RTP range begins even and holds the legs."""
        if self.port_min % 2:
            yield "port_min", "必须为偶数 / must be even (RFC 3550 section 11)"
        if self.port_max - self.port_min + 1 < 4:
            yield "port_max", "端口不足两对 / the range holds fewer than two port pairs"
        if self.jitter_max_ms < self.jitter_min_ms:
            yield "jitter_max_ms", "小于 / is smaller than jitter_min_ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSettings:
    """Recording of every call."""

    sync_interval_s: float = field(
        default=5.0, metadata=meta("落盘间隔 / header update and sync", unit="s", minimum=0.5, maximum=5)
    )
    keep_free_mb: int = field(
        default=500, metadata=meta("磁盘保留 / alarm below so much free disk", unit="MB", minimum=0)
    )
    internal_calls: bool = field(
        default=True, metadata=meta("座席之间的通话也录音 / calls between seats are recorded as well")
    )
