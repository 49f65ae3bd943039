"""The business of a softswitch that does not run: load a business file, or print the one that stands.

    python -m softswitch.business load FILE --config CONFIG
    python -m softswitch.business export --config CONFIG

A softswitch that runs takes the same file by `POST /v1/business/import`.  Exit codes are those of
`softswitch.exit_codes`: `FAILED` when the file cannot be taken, `CONFIG_EXIT` for words or files that cannot be used.
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
from softswitch.business.desk import BusinessDesk
from softswitch.business.seed import machine_of, seeded, uploads_of
from softswitch.business.sound_folder import SoundFolder
from softswitch.command_line import CommandLine
from softswitch.customers.desk import CustomerDesk
from softswitch.exit_codes import CONFIG_EXIT, FAILED
from softswitch.settings.whole import Settings
from softswitch.store.business import StoredVersions
from softswitch.store.customers import StoredCustomers
from softswitch.store.data_folder import DATABASE, KEY
from softswitch.store.errors import StoreError
from softswitch.store.reader import Reader
from softswitch.store.writer import Store

BY = "command line"


def main(words: list[str]) -> int:
    """Run one command; returns the exit code."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    return command_line().run(words)


def command_line() -> CommandLine:
    """Both words."""
    line = CommandLine("python -m softswitch.business", "业务数据 / the business")
    loading = line.add_with_settings("load", "载入业务文件 / load a business file", _load)
    loading.add_argument("file", type=Path, metavar="FILE", help="业务文件 / the business file (JSON)")
    line.add_with_settings(
        "export", "导出业务数据 / print the business", lambda settings, arguments: _done(settings, None)
    )
    return line


def _load(settings: Settings, arguments: argparse.Namespace) -> int:
    try:
        file = json.loads(arguments.file.read_bytes())
    except (OSError, ValueError) as error:
        print(f"{arguments.file}: 无法读取 / cannot be read: {error}", file=sys.stderr)
        return CONFIG_EXIT
    return _done(settings, file)


def _done(settings: Settings, file: dict[str, Any] | None) -> int:
    """Load the file, or print what stands when there is none; returns the exit code."""
    try:
        return asyncio.run(_run(settings, file))
    except InvalidRequest as refused:
        for fault in refused.faults:
            print(f"{fault.field}: {fault.detail}", file=sys.stderr)
        return FAILED
    except StoreError as error:
        print(
            f"数据库不可用(正在运行?) / the database cannot be used (does it run?): {error}", file=sys.stderr
        )
        return FAILED


async def _run(settings: Settings, file: dict[str, Any] | None) -> int:
    folder = settings.node.data_dir.absolute()
    database = folder / DATABASE
    async with AsyncExitStack() as stack:
        store = await Store.open(database, key_path=folder / KEY, wall=time.time)
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
