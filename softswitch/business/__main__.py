"""The business of a softswitch that does not run: load a business file, or print the one that stands.

    python -m softswitch.business load FILE --config CONFIG
    python -m softswitch.business export --config CONFIG

A softswitch that runs takes the same file by `POST /v1/business/import`.  Exit code 0 when it is done, 1 when the file
cannot be taken, 2 for a wrong call.
"""
# ruff: noqa: T201 - the command line speaks to people

import argparse
import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import structlog

from api.schemas import InvalidRequest
from config.faults import ConfigFaults
from config.load import load
from softswitch.business.desk import BusinessDesk
from softswitch.business.seed import machine_of, seeded, uploads_of
from softswitch.business.sound_folder import SoundFolder
from softswitch.customers.desk import CustomerDesk
from softswitch.settings.whole import Settings
from softswitch.store.business import StoredVersions
from softswitch.store.customers import StoredCustomers
from softswitch.store.errors import StoreError
from softswitch.store.reader import Reader
from softswitch.store.writer import Store

BY = "command line"


def main(words: list[str]) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m softswitch.business", description="业务数据 / the business"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    loading = commands.add_parser("load", help="载入业务文件 / load a business file")
    loading.add_argument("file", type=Path)
    exporting = commands.add_parser("export", help="导出业务数据 / print the business")
    for command in (loading, exporting):
        command.add_argument("--config", type=Path, required=True)
    chosen = parser.parse_args(words)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        settings = load(Settings, chosen.config)
        file = json.loads(chosen.file.read_bytes()) if chosen.command == "load" else None
    except ConfigFaults as faults:
        print(faults, file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"{chosen.file}: 无法读取 / cannot be read: {error}", file=sys.stderr)
        return 2
    try:
        return asyncio.run(_run(settings, file))
    except InvalidRequest as refused:
        for fault in refused.faults:
            print(f"{fault.field}: {fault.detail}", file=sys.stderr)
        return 1
    except StoreError as error:
        print(
            f"数据库不可用(正在运行?) / the database cannot be used (does it run?): {error}", file=sys.stderr
        )
        return 1


async def _run(settings: Settings, file: dict[str, Any] | None) -> int:
    folder = settings.node.data_dir.absolute()
    database = folder / "hotline.sqlite"
    async with AsyncExitStack() as stack:
        store = await Store.open(database, key_path=folder / "recording.key", wall=time.time)
        stack.push_async_callback(store.close)
        reader = await Reader.open(database, store.committed)
        stack.push_async_callback(reader.close)
        desk = BusinessDesk(store, StoredVersions(reader), machine_of(settings), time.time)
        desk.sounds = SoundFolder(uploads_of(settings))
        await desk.open(seeded(settings))
        desk.customers = CustomerDesk(
            store,
            StoredCustomers(reader),
            lambda: desk.business.fields,
            area_code=settings.node.area_code,
            wall=time.time,
        )
        await desk.customers.open()
        if file is None:
            print(json.dumps(await desk.export(), ensure_ascii=False, indent=1))
            return 0
        done = await desk.load(file, dry_run=False, expected=None, by=BY, reason="load")
        print(f"版本 / version {done.version}: {len(done.changes)} 处改动 / documents changed")
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
