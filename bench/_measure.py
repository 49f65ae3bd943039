"""What every bench prints about its machine: processors, and time that the host took away."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineTime:
    """Sums of `/proc/stat` over all processors, in ticks of the kernel's clock."""

    busy: int
    steal: int
    total: int

    @classmethod
    def read(cls) -> Self:
        """The sums since boot."""
        fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        user, nice, system, _idle, _iowait, irq, softirq, steal = fields
        return cls(busy=user + nice + system + irq + softirq, steal=steal, total=sum(fields))

    def steal_percent_since(self, earlier: Self) -> float:
        """Share of all processor time that the hypervisor gave to others, in percent."""
        total = self.total - earlier.total
        return round(100 * (self.steal - earlier.steal) / total, 3) if total else 0.0


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


def processor_model() -> str:
    """The name that the kernel gives the processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def print_table(title: str, rows: list[tuple[str, object]]) -> None:
    """A table for people."""
    print(title)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")
