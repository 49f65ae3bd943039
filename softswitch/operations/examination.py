"""What can be known of a machine before anything is started: folders, disk, descriptors, the SIP stack, the clock.

A fault keeps the system from working; a warning is what an operator should know.  Blocks: from the command line only.
"""

import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from softswitch.business.seed import machine_of, seeded
from softswitch.business.whole import BusinessFaults, whole_of
from softswitch.settings.whole import Settings
from softswitch.store import schema
from softswitch.store.data_folder import DATABASE, KEY
from softswitch.store.errors import MigrationFault

STACK_MOST_S = 30.0
EARLIEST = 1_700_000_000.0
"""A clock before this (November 2023) was never set."""
BACK_MOST_S = 60.0
MEGABYTE = 1024 * 1024
OTHER_FILES = 400
_STACK = "import pjsua2; print(pjsua2.Endpoint.__name__)"


class Verdict(StrEnum):
    """How it is."""

    WELL = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    text: str

    def __str__(self) -> str:
        mark = {Verdict.WELL: "  ", Verdict.WARNING: "! ", Verdict.FAULT: "X "}[self.verdict]
        return f"{mark}{self.subject}: {self.text}"


def examine(settings: Settings, now: Callable[[], float] = time.time) -> tuple[Finding, ...]:
    """Look at everything."""
    return (
        *_folders(settings),
        *_disk(settings),
        *_secrets(settings),
        *_database(settings),
        *_descriptors(settings),
        *_ports(settings),
        *_stack(),
        *_clock(settings, now()),
        *_business(settings),
    )


def _well(subject: str, text: str) -> Finding:
    return Finding(subject=subject, verdict=Verdict.WELL, text=text)


def _warning(subject: str, text: str) -> Finding:
    return Finding(subject=subject, verdict=Verdict.WARNING, text=text)


def _fault(subject: str, text: str) -> Finding:
    return Finding(subject=subject, verdict=Verdict.FAULT, text=text)


def _folders(settings: Settings) -> Iterator[Finding]:
    for name, folder in (("node.data_dir", settings.node.data_dir), ("node.run_dir", settings.node.run_dir)):
        nearest = folder.absolute()
        while not _is_there(nearest):
            nearest = nearest.parent
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK, effective_ids=True):
            yield _fault(name, f"{folder}: 不可写 / cannot be written")
        else:
            yield _well(name, str(folder))


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.node.data_dir.absolute()
    while not _is_there(folder):
        folder = folder.parent
    free = shutil.disk_usage(folder).free // MEGABYTE
    least = settings.recording.keep_free_mb
    text = f"剩余 / free {free} MB"
    yield _well("disk", text) if free >= least else _warning("disk", f"{text}, 少于 / below {least} MB")


def _secrets(settings: Settings) -> Iterator[Finding]:
    key = settings.node.data_dir / KEY
    if _is_there(key) and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield _fault("recording.key", f"{key}: 须为 0600 / must be 0600")


def _database(settings: Settings) -> Iterator[Finding]:
    """Whether control could open it.  Not read as a whole: a start waits for this."""
    path = settings.node.data_dir / DATABASE
    if not _is_there(path):
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as reader:
            steps = schema.missing(reader, schema.shipped_migrations())
            (links,) = reader.execute(
                "SELECT count(*) FROM (SELECT 1 FROM recording_chain LIMIT 1)"
            ).fetchone()
    except MigrationFault as fault:
        yield _fault("database", f"{path}: 与本程序不符 / does not fit this program: {fault}")
        return
    except sqlite3.Error as fault:
        is_held = getattr(fault, "sqlite_errorcode", 0) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        says = _warning if is_held else _fault
        yield says("database", f"{path}: 不可读 / cannot be read: {fault}")
        return
    later = f", 启动时升级 {len(steps)} 步 / so many steps of migration at the start" if steps else ""
    yield _well("database", f"可用 / can be used{later}")
    if links and not _is_there(settings.node.data_dir / KEY):
        yield _warning(
            "recording.key",
            f"{settings.node.data_dir / KEY}: 不在;启动将另建一把,此前的录音链不能再校验"
            " / is not there: a start makes a new one, and the chain of recordings up to now can no longer be verified",
        )


def _is_there(path: Path) -> bool:
    """Whether there is something that we may see."""
    try:
        return path.exists()
    except OSError:
        return False


def _descriptors(settings: Settings) -> Iterator[Finding]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * settings.media.max_legs + OTHER_FILES
    text = f"上限 / limit {most}, 需要 / needed {needed}"
    is_enough = most in (resource.RLIM_INFINITY, -1) or most >= needed
    yield _well("descriptors", text) if is_enough else _warning("descriptors", text)


def _ports(settings: Settings) -> Iterator[Finding]:
    media = settings.media
    pairs = (media.port_max - media.port_min + 1) // 2
    if pairs < media.max_legs:
        yield _warning(
            "media.port_min", f"端口对 {pairs} 少于腿数 / {pairs} port pairs for {media.max_legs} legs"
        )


def _stack() -> Iterator[Finding]:
    """In a process of its own: a native library that cannot be loaded may take its process with it."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _STACK], capture_output=True, text=True, timeout=STACK_MOST_S, check=False
        )
    except subprocess.TimeoutExpired:
        yield _fault("pjsua2", f"{STACK_MOST_S:.0f} s 未加载 / not loaded")
        return
    except OSError as fault:
        yield _fault("pjsua2", f"不可用 / cannot be used: {fault}")
        return
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit {done.returncode}"]
        yield _fault("pjsua2", f"不可用 / cannot be used: {last[0]}")
    else:
        yield _well("pjsua2", "可用 / can be used")


def _business(settings: Settings) -> Iterator[Finding]:
    """The business that the settings file names: it is taken where there is none yet, and of no account afterwards."""
    says = _warning if _is_there(settings.node.data_dir / DATABASE) else _fault
    try:
        whole_of(seeded(settings), machine_of(settings))
    except BusinessFaults as refused:
        yield from (says("business", str(fault)) for fault in refused.faults)
    else:
        yield _well("business", "可用 / can be used")


def _clock(settings: Settings, now: float) -> Iterator[Finding]:
    """Never a fault: with a wrong clock records are wrong, without a hotline nobody is served."""
    shown = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(now))
    if now < EARLIEST:
        yield _warning("clock", f"{shown}: 未校准 / was never set")
        return
    newest = _newest_entry(settings.node.data_dir / DATABASE)
    if newest is not None and newest > now + BACK_MOST_S:
        yield _warning(
            "clock", f"{shown}: 比最后的日志早 {newest - now:.0f} 秒 / is that much before the last entry"
        )
        return
    yield _well("clock", shown)


def _newest_entry(path: Path) -> float | None:
    if not _is_there(path):
        return None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as reader:
            (at,) = reader.execute("SELECT at FROM journal ORDER BY seq DESC LIMIT 1").fetchone() or (None,)
    except sqlite3.Error:
        return None
    return at
