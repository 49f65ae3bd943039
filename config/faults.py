"""What is wrong with a configuration file: every mistake, each with its place and a way out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ConfigFaults", "Fault"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One mistake.

    `path` is the key's way from the top of the file: `trunks.city.port`, `sip.transports[0].port` (counted from 0
    where a table has no name), empty for the file as a whole.  `value` is how the value is shown, empty where it says
    nothing or where it may be a secret.  `suggestion` is a key or a value that was probably meant, or what to do.
    """

    path: str
    value: str = ""
    expected: str
    suggestion: str = ""

    def __str__(self) -> str:
        place = " = ".join(part for part in (self.path, self.value) if part)
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{place}: {self.expected}{hint}" if place else f"{self.expected}{hint}"


class ConfigFaults(Exception):
    """The file cannot be used; `faults` names all of its mistakes in the order of the settings.

    `complete` is False when checks between tables could not be made yet: mending these mistakes may show more.
    """

    def __init__(self, file: Path, faults: Sequence[Fault], *, complete: bool = True) -> None:
        super().__init__(file, faults)
        self.file = file
        self.faults = tuple(faults)
        self.complete = complete

    def __str__(self) -> str:
        count = len(self.faults)
        lines = [f"{self.file}: {count} 处错误 / {count} fault{'' if count == 1 else 's'}"]
        lines += [f"  {fault}" for fault in self.faults]
        if not self.complete:
            lines.append(
                "  (改正后再检查表间引用 / references between tables are checked when these are mended)"
            )
        return "\n".join(lines)
