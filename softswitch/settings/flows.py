"""What call flows may reach outside, and who speaks their texts."""

from dataclasses import dataclass, field

from softswitch.settings.terms import meta

VOICE = r"[A-Za-z0-9+_\-]{1,40}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSettings:
    """What call flows may reach outside, and who speaks their texts."""

    lookup_hosts: tuple[str, ...] = field(
        default=(),
        metadata=meta(
            "流程可查询的主机,可带端口 / hosts that flows may look up at, with or without port",
            pattern=r"[A-Za-z0-9.\-]{1,253}(:\d{1,5})?",
        ),
    )
    lookup_private: bool = field(
        default=False, metadata=meta("允许内网地址 / private addresses may be looked up at")
    )
    voice: str = field(
        default="cmn-latn-pinyin",
        metadata=meta("中文文本的 espeak-ng 声音 / espeak-ng voice of Chinese texts", pattern=VOICE),
    )
    voice_en: str = field(
        default="en-us",
        metadata=meta("英文文本的 espeak-ng 声音 / espeak-ng voice of English texts", pattern=VOICE),
    )
    words_per_minute: int = field(
        default=165, metadata=meta("语速 / how fast texts are spoken", minimum=80, maximum=300)
    )
    speech_timeout_s: float = field(
        default=3.0,
        metadata=meta(
            "含通话数据的文本最多等多久,超时略过 / longest wait for a text with data of the call, then it is left out",
            unit="s",
            minimum=0.5,
            maximum=10,
        ),
    )
