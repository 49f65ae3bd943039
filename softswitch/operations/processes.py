"""The parts of a node as the kernel has them: found by the launcher's `pids.json`, read from /proc."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFigures:
    """One part now: CPU seconds since its start, resident memory, open descriptors (0 where they may not be seen)."""

    name: str
    pid: int
    cpu_s: float
    resident_bytes: int
    files: int


def pids_of(run_dir: Path) -> dict[str, int]:
    """Process ids by part, as the launcher keeps them; empty when nothing runs there."""
    with suppress(OSError, ValueError, AttributeError):
        return {name: int(pid) for name, pid in json.loads((run_dir / "pids.json").read_text()).items()}
    return {}


def parts_of_node(run_dir: Path) -> tuple[PartFigures, ...]:
    """Every part that lives."""
    found = []
    for name, pid in pids_of(run_dir).items():
        with suppress(OSError, ValueError, IndexError):
            found.append(_figures(name, pid))
    return tuple(found)


def _figures(name: str, pid: int) -> PartFigures:
    process = Path(f"/proc/{pid}")
    # The name in brackets may hold anything; what follows it is in fixed order (proc(5): utime is field 14).
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    files = 0
    with suppress(PermissionError):
        files = sum(1 for _ in (process / "fd").iterdir())
    return PartFigures(
        name=name,
        pid=pid,
        cpu_s=(int(fields[11]) + int(fields[12])) / _TICKS_PER_S,
        resident_bytes=int(fields[21]) * _PAGE_BYTES,
        files=files,
    )
