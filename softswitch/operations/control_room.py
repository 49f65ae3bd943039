"""Control's own watch over the node: counts what happens, judges it every few seconds, raises and clears alarms.

It changes nothing but alarms; what it looks at is given by the composition root.  It hears of everything by the live
stream, as any other reader.
"""

import asyncio
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from acd.engine import Engine
from api.certificate import Certificate
from api.event_stream import EventStream, StreamSubscription
from api.faults import NotFound
from api.standing_work import STUMBLED, going_on
from api.views import PartView, StreamEvent, WallTime
from api.watch_port import AlarmView
from media import events as plane_news
from softswitch.calls.seats import Seats
from softswitch.calls.switchboard import Switchboard
from softswitch.calls.trunks import Trunks
from softswitch.clock import Alarm as Deadline
from softswitch.clock import Clock
from softswitch.operations.alarms import Alarm, AlarmBoard, AlarmKind, NoSuchAlarm
from softswitch.operations.conditions import JUDGED, Conditions, Figures
from softswitch.operations.errands import asked_for
from softswitch.operations.exposition import (
    EdgeFigures,
    NodeCollector,
    PlaneFigures,
    PoolFigures,
    Sources,
    StoreFigures,
    text_of,
)
from softswitch.operations.last_backup import backup_age_s
from softswitch.operations.measures import Measures
from softswitch.operations.night_watch import NightWatch
from softswitch.operations.silent_phones import hear_of_agent
from softswitch.operations.sip_trace import SipTrace
from softswitch.settings.node import NodeSettings
from softswitch.store import entries
from softswitch.store.data_folder import DATABASE, KEY, RECORDINGS
from softswitch.store.entries import Entry
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 2.0
BUFFER_EVENTS = 50_000
MEGABYTE = 1024 * 1024


class ControlRoom:
    """Alarms and metrics of one node; the `WatchPort` of the HTTP interface."""

    def __init__(
        self,
        *,
        edge: EdgeFigures,
        pool: PoolFigures,
        plane: PlaneFigures,
        store: StoreFigures,
        engine: Engine,
        seats: Seats,
        board: Switchboard,
        trunks: Trunks,
        record: Callable[[Entry], None],
        keeper: StateKeeper,
        stream: EventStream,
        clock: Clock,
        node: NodeSettings,
        keep_free_mb: float,
        certificates: Callable[[], Iterable[Certificate]] = tuple,
    ) -> None:
        """`record` writes an entry down and tells everybody; the disk of the node's data keeps `keep_free_mb` free.

        `certificates` are those that serve now.
        """
        run_dir, data_dir = node.run_dir.absolute(), node.data_dir.absolute()
        self.alarms = AlarmBoard(record, keeper, clock.wall)
        self.sip_trace = SipTrace(data_dir, clock)
        self._night_watch = NightWatch(data_dir / DATABASE, data_dir / KEY, clock, self.alarms.raise_alarm)
        self._run_dir = run_dir
        self._plane = plane
        self._pool = pool
        self._store = store
        self._trunks = trunks
        self._stream = stream
        self._clock = clock
        self._data_dir = data_dir
        self._keep_free_mb = keep_free_mb
        self.certificates = certificates
        self._conditions = Conditions(node.alarm_calm_s)
        self._registry = CollectorRegistry(auto_describe=False)
        self._measures = Measures(self._registry)
        self._sources = Sources(
            edge=edge,
            pool=pool,
            plane=plane,
            store=store,
            engine=engine,
            seats=seats,
            board=board,
            trunks=trunks,
            alarms=self.alarms,
            run_dir=run_dir,
            data_dir=data_dir,
        )
        self._registry.register(NodeCollector(self._sources))
        self._reader: asyncio.Task[None] | None = None
        self._subscription: StreamSubscription | None = None
        self._next_look: Deadline | None = None

    errands: Mapping[str, Callable[[], object]] = MappingProxyType({})
    """What the command line may ask for, by name (`softswitch.operations.errands`)."""

    # ---- life --------------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin to watch."""
        self._subscription = self._stream.subscribe(BUFFER_EVENTS)
        self._reader = asyncio.create_task(going_on(self._read, "control-room"), name="control-room")
        asyncio.get_running_loop().set_exception_handler(self._hear_fault)
        self._clock.on_fault = lambda fault: self._stumbled("deadline", fault)
        if not self._store.statistics().is_failing:
            self._clear_inherited(AlarmKind.STORE_FAILING)
        self.sip_trace.open()
        self._night_watch.open()
        self._look()

    async def close(self) -> None:
        """Stop watching; alarms that stand are kept for the control that comes next."""
        asyncio.get_running_loop().set_exception_handler(None)
        if self._next_look is not None:
            self._next_look.cancel()
        if self._subscription is not None:
            self._subscription.close()
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader
        await self.sip_trace.close()
        await self._night_watch.close()

    async def _read(self) -> None:
        while (subscription := self._subscription) is not None:
            async for event in subscription:
                try:
                    self._hear(event)
                except Exception:  # one event that is told in a strange form must not end the watch
                    log.exception("control_room.event_failed", kind=event.kind)
            if not subscription.is_lost:
                return
            log.error("control_room.too_slow")  # what was missed is gone, and the watch goes on
            self._subscription = self._stream.subscribe(BUFFER_EVENTS)

    # ---- faults of our own ----------------------------------------------------------------------------

    def _hear_fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The loop tells what nobody awaited: of standing work it is an alarm, of anything else a line of the log."""
        fault = context.get("exception")
        if STUMBLED in context and isinstance(fault, Exception):
            log.error("standing_work.stumbled", work=context[STUMBLED], exc_info=fault)
            self._stumbled(context[STUMBLED], fault)
        else:
            loop.default_exception_handler(context)

    def _stumbled(self, work: str, fault: Exception) -> None:
        self._measures.note_stumble(work)
        self._conditions.note(AlarmKind.WORK_STUMBLED, work, repr(fault), self._clock.now())

    # ---- news --------------------------------------------------------------------------------------

    def hear_plane(self, event: plane_news.Event) -> None:
        """Take what the plane says."""
        self._measures.hear_plane(event)
        if isinstance(event, plane_news.PlaneReported):
            self._conditions.note_ticks(event.ticks, event.late_ticks)
        elif isinstance(event, plane_news.LegClosed):
            self.sip_trace.note_sound(event.leg_id, event.statistics)

    def _hear(self, event: StreamEvent) -> None:
        data = event.data
        self._measures.hear(event.kind, data, float(event.at))
        now = self._clock.now()
        match event.kind:
            case "alarm.raised":
                self.alarms.hear(
                    entries.AlarmRaised(
                        at=float(event.at),
                        alarm=data["alarm"],
                        detail=data["detail"],
                        subject=data.get("subject", ""),
                    )
                )
            case "alarm.cleared":
                self.alarms.hear(
                    entries.AlarmCleared(
                        at=float(event.at), alarm=data["alarm"], subject=data.get("subject", "")
                    )
                )
            case "agent.state_changed":
                hear_of_agent(self.alarms, data)
            case "recording.closed" if data["state"] == "done":
                self._clear_inherited(AlarmKind.RECORDING_INCOMPLETE)
            case "process.lost" if str(data["process"]).startswith("cell"):
                self._conditions.note(AlarmKind.CELL_LOST, "", f"{data['process']}: {data['detail']}", now)
            case "difference.healed":
                self._conditions.note(
                    AlarmKind.STATE_HEALED, data["what"], f"{data['subject']}: {data['detail']}", now
                )
            case _:
                pass

    def _clear_inherited(self, kind: AlarmKind) -> None:
        """An alarm that an earlier process raised, whose cause is gone."""
        if (kind, "") in self.alarms.inherited:
            self.alarms.clear(kind)

    def _look(self) -> None:
        try:
            self.alarms.settle(JUDGED, self._conditions.present(self._figures()))
            for name in asked_for(self._run_dir, self.errands):
                self.errands[name]()
        except Exception:  # the watch goes on, whatever it stumbles over
            log.exception("control_room.look_failed")
        self._next_look = self._clock.after(LOOK_EVERY_S, self._look)

    def _figures(self) -> Figures:
        store = self._store.statistics()
        return Figures(
            now=self._clock.now(),
            trunks={trunk.name: trunk.up for trunk in self._trunks.statistics()},
            plane_is_there=self._plane.is_there,
            free_slots=self._pool.free_slots,
            nursery_hangs=self._pool.nursery_hangs,
            disk_free_mb=_free_mb(self._data_dir, self._data_dir / RECORDINGS),
            disk_least_mb=self._keep_free_mb,
            store_lag_s=store.last_lag_s,
            store_is_failing=store.is_failing,
            certificates=self._refused_certificates(),
            backup_age_s=backup_age_s(self._data_dir, self._clock.wall()),
        )

    def _refused_certificates(self) -> dict[str, str]:
        found = tuple(self.certificates())
        for certificate in found:
            certificate.refresh()  # nobody may have connected since it was mended
        return {certificate.name: certificate.fault for certificate in found if certificate.fault}

    def part(self) -> PartView:
        """The watch in the list of health: alarms that stand, and parts that hung and were replaced."""
        alarms = self.alarms.standing()
        hung = self._pool.hung + self._plane.hung
        return PartView(name="watch", ok=True, detail=f"alarms={len(alarms)} hung={hung}")

    # ---- what the HTTP interface asks ------------------------------------------------------------------

    async def metrics(self) -> str:
        """All metrics as text."""
        return text_of(self._registry)

    async def standing(self) -> tuple[AlarmView, ...]:
        """The alarms that stand, oldest first."""
        return tuple(_view(alarm) for alarm in self.alarms.standing())

    def drill(self) -> None:
        """Raise the test alarm, asked for at the machine itself."""
        self.alarms.raise_alarm(AlarmKind.TEST, "", "command line")

    async def test(self, detail: str) -> AlarmView:
        """Raise the test alarm, as a fire drill: it goes where every alarm goes."""
        self.alarms.raise_alarm(AlarmKind.TEST, "", detail)
        return next(_view(alarm) for alarm in self.alarms.standing() if alarm.kind is AlarmKind.TEST)

    async def acknowledge(self, alarm_id: str, by: str) -> AlarmView:
        """Somebody looks after it; `NotFound`."""
        try:
            alarm = self.alarms.acknowledge(alarm_id, by)
        except NoSuchAlarm as fault:
            raise NotFound("alarm", alarm_id) from fault
        return _view(alarm)


def _view(alarm: Alarm) -> AlarmView:
    return AlarmView(
        alarm_id=alarm.alarm_id,
        kind=alarm.kind.value,
        subject=alarm.subject,
        severity=alarm.severity.value,
        detail=alarm.detail,
        raised_at=WallTime(alarm.raised_at),
        acknowledged_by=alarm.acknowledged_by or None,
        acknowledged_at=None if alarm.acknowledged_at is None else WallTime(alarm.acknowledged_at),
    )


def _free_mb(*folders: Path) -> float | None:
    """The least room of the disks of these folders, which may be one; None when it cannot be told."""
    try:
        return min(shutil.disk_usage(folder).free for folder in folders) / MEGABYTE
    except OSError:
        return None
