"""Signalling cells."""

from dataclasses import dataclass, field

from softswitch.settings.terms import meta


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSettings:
    """Signalling cells."""

    network: str = field(default="127.77.1.0", metadata=meta("单元地址起点 / first cell network (loopback)"))
    legs_per_cell: int = field(default=4, metadata=meta("每单元腿数 / legs per cell", minimum=1, maximum=256))
    spare_legs: int = field(default=24, metadata=meta("备用腿数 / legs kept free", minimum=4))
    max_cells: int = field(default=160, metadata=meta("单元上限 / cells at most", minimum=1, maximum=1000))
    calls_before_retire: int = field(
        default=2000, metadata=meta("换新前腿数 / legs served before a cell is replaced", minimum=10)
    )
    memory_mb_before_retire: int = field(
        default=64,
        metadata=meta("换新前内存 / private memory before a cell is replaced", unit="MB", minimum=16),
    )
