"""Which processes of a node live, as its launcher wrote them down: another launcher finds them by this.

A process id alone says little: the kernel gives it to somebody else later.  So the moment of birth is kept beside it.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PIDS = "pids.json"
_BIRTHS = "births.json"


def note_parts(run_dir: Path, pids: Mapping[str, int]) -> None:
    """Leave the process ids for people, tools and the next launcher."""
    births = {str(pid): born for pid in pids.values() if (born := _birth(pid)) is not None}
    _write(run_dir / _BIRTHS, births)  # before the ids that it vouches for
    _write(run_dir / _PIDS, pids)


def forget_parts(run_dir: Path) -> None:
    """Nothing lives here any more."""
    for name in (_PIDS, _BIRTHS):
        (run_dir / name).unlink(missing_ok=True)


def living_part(run_dir: Path, name: str, command: Sequence[str] = ()) -> int | None:
    """The process id of a part that lives, whatever its command line; of another process under that number it is None.

    Where no birth was written down (an older launcher), one with this very command line is believed to be it, or,
    without a `command`, any of ours.
    """
    try:
        pid = int(json.loads((run_dir / _PIDS).read_text())[name])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    told = command_of(pid)
    looks_so = told == list(command) if command else any("softswitch" in word for word in told)
    noted = None
    with suppress(OSError, ValueError, AttributeError):
        noted = json.loads((run_dir / _BIRTHS).read_text()).get(str(pid))
    if noted is None:
        return pid if looks_so else None
    return pid if told and _is_born(pid, noted, looks_so=looks_so) else None


def command_of(pid: int) -> list[str]:
    """The command line of a process, [] when it is gone."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return []
    return [word.decode("utf-8", "surrogateescape") for word in words]


def _is_born(pid: int, noted: str, *, looks_so: bool) -> bool:
    """Whether it is the process that was noted.

    Of one that looks like ours the tick is enough: in a container the service that noted it may see another number of
    the boot than a shell does (systemd-nspawn covers it, and ProtectKernelTunables of the unit uncovers it).
    """
    born = _birth(pid)
    if born is None:
        return False
    return born == noted or (looks_so and born.rpartition(" ")[2] == noted.rpartition(" ")[2])


def _birth(pid: int) -> str | None:
    """The boot and the tick after it that a process began in (proc(5): starttime is field 22)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # The name in brackets may hold anything; what follows it is in fixed order.
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None
    return f"{boot} {ticks}"


def _write(path: Path, table: Mapping[str, object]) -> None:
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(json.dumps(table))
    draft.rename(path)
