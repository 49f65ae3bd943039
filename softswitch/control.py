"""The control process from its first to its last step: store and business are opened, `Control` runs between them."""

import asyncio
import gc
import time

import structlog

from softswitch.app import Control
from softswitch.business.desk import BusinessDesk
from softswitch.business.seed import machine_of, seeded
from softswitch.cells.boot_secret import boot_secret
from softswitch.customers.desk import CustomerDesk
from softswitch.launching.launcher import drain_mark
from softswitch.log_setup import name_calls
from softswitch.settings.whole import Settings
from softswitch.store import entries
from softswitch.store.business import StoredVersions
from softswitch.store.caller_past import CallerPast
from softswitch.store.customers import StoredCustomers
from softswitch.store.data_folder import DATABASE, KEY, RECORDINGS
from softswitch.store.reader import Reader
from softswitch.store.writer import Store

log = structlog.get_logger(__name__)


async def run_control(
    settings: Settings, leaving: asyncio.Event, closing: asyncio.Event, draining: asyncio.Event
) -> None:
    """Run control until `leaving` is set, where calls go on for the next control, or `closing`, where they are ended.

    When `draining` is set, nobody is let in any more and it ends after the last call.
    """
    data_dir = settings.node.data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / RECORDINGS).mkdir(exist_ok=True)
    database = data_dir / DATABASE
    ears = [_log_alarm]  # the store is there before anybody who could hear of it

    def hear(alarm: entries.AlarmRaised | entries.AlarmCleared) -> None:
        ears[-1](alarm)

    store = await Store.open(database, key_path=data_dir / KEY, wall=time.time, on_alarm=hear)
    reader = await Reader.open(database, store.committed)
    past = CallerPast(await Reader.open(database), settings.node.caller_history_days)
    try:
        desk = BusinessDesk(store, StoredVersions(reader), machine_of(settings), time.time)
        await desk.open(seeded(settings))
        customers = CustomerDesk(
            store,
            StoredCustomers(reader),
            lambda: desk.business.fields,
            area_code=settings.node.area_code,
            wall=time.time,
        )
        await customers.open()
        desk.customers = customers
        control = Control(settings, store, reader, boot_secret(settings.node.run_dir), desk, customers, past)
        name_calls(control.call_of)
        ears.append(control.hear_store)
        await control.start()
        gc.collect()
        gc.freeze()  # what stays for ever is not walked through again in front of a caller
        log.info("control.serves", cpu_s=round(time.process_time(), 2))
        try:
            if drain_mark(settings.node.run_dir).exists():
                draining.set()  # control was replaced while the node drained
            await _first_of(leaving, closing, draining)
            if draining.is_set() and not (leaving.is_set() or closing.is_set()):
                drained = asyncio.ensure_future(control.closing.drain())
                await _first_of(leaving, closing, drained)
                drained.cancel()
            if closing.is_set():
                await control.closing.close_calls()
        finally:
            await control.stop()
    finally:
        await past.close()
        await reader.close()
        await store.close()


async def _first_of(*events: asyncio.Event | asyncio.Future[None]) -> None:
    waits = [
        asyncio.ensure_future(event.wait() if isinstance(event, asyncio.Event) else event) for event in events
    ]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _log_alarm(alarm: entries.AlarmRaised | entries.AlarmCleared) -> None:
    log.error("store.alarm", alarm=alarm.alarm, detail=alarm.detail)
