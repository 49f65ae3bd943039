"""The daily self-check: a test call, a look at the machine, and a report that is kept.

It fails an alarm's way: `self_check_failed` stands until a later check is well.
"""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from api.faults import Conflict, NotFound, Unavailable
from api.self_check_port import SelfCheckView
from api.views import Page, WallTime
from softswitch.calls.trunks import Trunks
from softswitch.clock import Clock
from softswitch.operations.alarms import AlarmBoard, AlarmKind
from softswitch.operations.daily_work import DailyWork
from softswitch.operations.last_backup import backup_fact
from softswitch.operations.self_check_report import FOLDER, Fact, SelfCheckReport, Step, as_html, as_text
from softswitch.operations.test_call import TestCall
from softswitch.settings.self_check import SelfCheckSettings
from softswitch.store.half_hours import TEST_LINE
from softswitch.store.reader import Reader

log = structlog.get_logger(__name__)

SLOTS_LEFT: Final = 4
"""A check is put off while fewer native slots are free: it takes two, and callers go first."""
DAYS_OF_A_CERTIFICATE: Final = 21
"""One that ends sooner is pointed out."""
GIGABYTE: Final = 1024**3


class SelfCheck:
    """Checks once a day, and whenever somebody asks."""

    def __init__(
        self,
        settings: SelfCheckSettings,
        *,
        node: str,
        data_dir: Path,
        call: TestCall,
        alarms: AlarmBoard,
        trunks: Trunks,
        free_slots: Callable[[], int],
        certificates: Callable[[], Iterable[str]],
        reader: Reader,
        clock: Clock,
    ) -> None:
        """`certificates` gives the files of those that serve now."""
        self._settings = settings
        self._node = node
        self._data_dir = data_dir
        self._call = call
        self._alarms = alarms
        self._trunks = trunks
        self._free_slots = free_slots
        self._certificates = certificates
        self._reader = reader
        self._clock = clock
        self._daily = DailyWork(
            self._check, name="self-check", at=settings.at, clock=clock, may_begin=self._has_room
        )

    # ---- life --------------------------------------------------------------------------------------

    def open(self) -> None:
        """Wait for the time of day."""
        self._daily.open()

    async def close(self) -> None:
        """Check no more; a test call that is up is ended."""
        await self._daily.close()

    def begin(self) -> None:
        """Check now, unless that is done already or cannot be."""
        with suppress(Conflict):
            self._begin()

    def _begin(self) -> "asyncio.Task[SelfCheckReport]":
        if not self._settings.at:
            raise Conflict("self_check_off", "自检未启用 / self_check.at is empty")
        work = self._daily.begin()
        if work is None:
            raise Conflict("self_check_runs", "自检正在进行 / a check is under way")
        return work

    def _has_room(self) -> bool:
        return self._free_slots() >= SLOTS_LEFT

    # ---- the check -----------------------------------------------------------------------------------

    async def _check(self) -> SelfCheckReport:
        started_at = self._clock.wall()
        if not self._has_room():
            steps: tuple[Step, ...] = (
                Step(name="room", is_well=False, took_ms=0, detail=f"free_slots={self._free_slots()}"),
            )
        else:
            steps = await self._call.make()
        report = SelfCheckReport(
            node=self._node, started_at=started_at, steps=steps, facts=await self._facts()
        )
        log.info("self_check.done", is_well=report.is_well, fault=report.fault)
        if report.is_well:
            self._alarms.clear(AlarmKind.SELF_CHECK_FAILED)
        else:
            self._alarms.raise_alarm(AlarmKind.SELF_CHECK_FAILED, "", report.fault)
        try:
            await asyncio.to_thread(self._keep, report)
        except OSError:  # a full disk, which may be why the check failed: its alarm is raised by now
            log.exception("self_check.not_kept")
        return report

    async def _facts(self) -> tuple[Fact, ...]:
        facts = [_disk(self._data_dir)]
        for trunk in self._trunks.statistics():
            if trunk.name != TEST_LINE:
                state = "正常 / up" if trunk.up else "中断 / down"
                value = f"{state}, {trunk.in_use}/{trunk.limit}"
                facts.append(Fact(name=f"中继 / trunk {trunk.name}", value=value, is_well=trunk.up))
        now = self._clock.wall()
        facts += [await asyncio.to_thread(_certificate, path, now) for path in self._certificates()]
        facts.append(await asyncio.to_thread(backup_fact, self._data_dir, now))
        standing = [alarm.alarm_id for alarm in self._alarms.standing()]
        text = ", ".join(standing) or "无 / none"
        facts.append(Fact(name="告警 / alarms", value=text, is_well=not standing))
        facts.append(await self._yesterday())
        return tuple(facts)

    async def _yesterday(self) -> Fact:
        today = datetime.fromtimestamp(self._clock.wall()).astimezone().replace(hour=0, minute=0, second=0)
        since = today - timedelta(days=1)
        try:
            [sums] = await self._reader.rows(
                "SELECT SUM(offered) AS offered, SUM(answered) AS answered, SUM(abandoned) AS abandoned "
                "FROM half_hours WHERE began_at >= ? AND began_at < ?",
                [int(since.timestamp()), int(today.timestamp())],
            )
        except Unavailable as fault:
            return Fact(name=f"{since:%Y-%m-%d}", value=str(fault), is_well=False)
        value = (
            f"来话 / offered {sums['offered'] or 0}, 接听 / answered {sums['answered'] or 0}, "
            f"放弃 / abandoned {sums['abandoned'] or 0}"
        )
        return Fact(name=f"{since:%Y-%m-%d}", value=value)

    # ---- what is kept ----------------------------------------------------------------------------------

    def _keep(self, report: SelfCheckReport) -> None:
        folder = self._data_dir / FOLDER
        folder.mkdir(exist_ok=True)
        made = folder / f".{report.check_id}.part"
        made.write_text(json.dumps(report.to_record(), ensure_ascii=False), encoding="utf-8")
        made.replace(folder / f"{report.check_id}.json")
        for old in sorted(folder.glob("*.json"))[: -self._settings.kept]:
            old.unlink(missing_ok=True)

    def _read(self, path: Path) -> SelfCheckReport | None:
        try:
            return SelfCheckReport.restored(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            log.warning("self_check.unreadable", path=str(path))
            return None

    def _newest(self, cursor: str, limit: int) -> Page[SelfCheckView]:
        found = (self._data_dir / FOLDER).glob("*.json")
        paths = sorted((path for path in found if not cursor or path.stem < cursor), reverse=True)
        items = tuple(map(_view, filter(None, map(self._read, paths[:limit]))))
        return Page(items=items, next_cursor=paths[limit - 1].stem if len(paths) > limit else None)

    # ---- what the HTTP interface asks --------------------------------------------------------------------

    async def newest(self, cursor: str, limit: int) -> Page[SelfCheckView]:
        """A page of checks, the last one first; a report that cannot be read is left out."""
        return await asyncio.to_thread(self._newest, cursor, limit)

    async def page(self, check_id: str) -> str:
        """The report of one as HTML; `NotFound`."""
        path = self._data_dir / FOLDER / f"{check_id}.json"
        report = await asyncio.to_thread(self._read, path) if path.is_file() else None
        if report is None:
            raise NotFound("self_check", check_id)
        return as_html(report)

    async def check(self) -> SelfCheckView:
        """Check now, and return what came of it; `Conflict` while one is under way, or where there is none."""
        return _view(await asyncio.shield(self._begin()))


def _view(report: SelfCheckReport) -> SelfCheckView:
    return SelfCheckView(
        check_id=report.check_id,
        started_at=WallTime(report.started_at),
        is_well=report.is_well,
        fault=report.fault,
        text=as_text(report),
    )


def _disk(folder: Path) -> Fact:
    name = "磁盘剩余 / disk free"
    try:
        return Fact(name=name, value=f"{shutil.disk_usage(folder).free / GIGABYTE:.1f} GB")
    except OSError as fault:
        return Fact(name=name, value=str(fault), is_well=False)


def _certificate(path: str, now: float) -> Fact:
    """How many days a certificate has left, as openssl says.  Blocks."""
    name = f"证书 / certificate {Path(path).name}"
    try:
        said = subprocess.run(
            ["openssl", "x509", "-noout", "-enddate", "-in", path],
            capture_output=True,
            check=True,
            timeout=10,
        ).stdout.decode()
        ends = datetime.strptime(said.strip().partition("=")[2], "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)
    except (OSError, subprocess.SubprocessError, ValueError) as fault:
        return Fact(name=name, value=str(fault), is_well=False)
    days = int(ends.timestamp() - now) // 86_400
    return Fact(name=name, value=f"{days} 天 / days", is_well=days >= DAYS_OF_A_CERTIFICATE)
