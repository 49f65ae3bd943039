"""What call flows may reach outside."""

from dataclasses import dataclass, field

from softswitch.settings.terms import meta


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSettings:
    """What call flows may reach outside."""

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
