"""How the callers of a queue are called back, as settings and business documents have it."""

from dataclasses import dataclass, field

from softswitch.settings.terms import meta


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackSettings:
    """Calling back: how often, how long it rings, and how long until it is tried again."""

    tries: int = field(default=3, metadata=meta("最多呼叫次数 / calls at most", minimum=1, maximum=20))
    most: int = field(
        default=0,
        metadata=meta(
            "同时进行的回呼上限,0 不限 / callbacks under way at most, 0 = as agents are free", minimum=0
        ),
    )
    gap_s: float = field(
        default=900.0, metadata=meta("未接通后再呼间隔 / until it is tried again", unit="s", minimum=1)
    )
    ring_s: float = field(
        default=30.0, metadata=meta("客户振铃时限 / ring time of the customer", unit="s", minimum=5)
    )
