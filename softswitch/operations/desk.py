"""The commands of whoever operates a node: what is added to the command line for them."""

import argparse
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from config.faults import ConfigFaults
from config.load import load
from softswitch.launching.launcher import drain_mark
from softswitch.launching.living_parts import living_part
from softswitch.operations.call_trace import UnknownCall, read_trace
from softswitch.operations.errands import ALARM_TEST, SELF_CHECK, wish
from softswitch.operations.ladder import as_svg, as_text
from softswitch.operations.last_backup import LastBackup, note_backup
from softswitch.operations.self_check_report import FOLDER, SelfCheckReport
from softswitch.operations.self_check_report import as_text as as_page
from softswitch.operations.support_bundle import write_bundle
from softswitch.settings.whole import Settings
from softswitch.store.backup import backup, restore
from softswitch.store.errors import StoreError

FAILED, CONFIG_EXIT = 1, 2
LOOK_EVERY_S = 0.2
HEARD_MOST_S = 10.0
CHECK_MOST_S = 120.0


def add_operations(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add their words; afterwards `arguments.analysis(arguments)` runs the one that was chosen."""

    def add(word: str, text: str, run: Any) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(word, help=text)
        parser.add_argument("--config", type=Path, required=True)
        parser.set_defaults(analysis=lambda arguments: _with_settings(arguments, run))
        return parser

    trace = add("trace", "一个呼叫的信令图 / the SIP ladder of one call", _trace)
    trace.add_argument("call_id")
    trace.add_argument("--svg", type=Path, help="另写 SVG / write it as SVG too")
    saving = add("backup", "在线备份 / copy database and recordings while it works", _backup)
    saving.add_argument("target", type=Path)
    saving.add_argument("--with-key", action="store_true", help="含录音链密钥 / the recording key as well")
    add("restore", "恢复并比对 / put a backup back and compare", _restore).add_argument("source", type=Path)
    bundle = add("support-bundle", "支持包,不含秘密 / all that support needs, no secret in it", _bundle)
    bundle.add_argument("target", type=Path)
    bundle.add_argument("--log", type=Path, action="append", default=[], help="日志 / a log file to put in")
    add("alarm-test", "告警演习 / raise the test alarm, which rings whoever is on duty", _alarm_test)
    add("self-check", "立即自检 / make a test call now, and print the report", _self_check)
    drain = add("drain", "不接新呼叫,等现有呼叫结束后停止 / stop after the last call", _drain)
    drain.add_argument("--most-s", type=float, default=3600.0, help="最多等待 / wait at most so long")


def _with_settings(arguments: argparse.Namespace, run: Any) -> int:
    try:
        settings = load(Settings, arguments.config)
    except ConfigFaults as faults:
        sys.stderr.write(f"{faults}\n")
        return CONFIG_EXIT
    try:
        code: int = run(settings, arguments)
    except (StoreError, UnknownCall, OSError) as fault:
        sys.stderr.write(f"{fault}\n")
        return FAILED
    return code


def _trace(settings: Settings, arguments: argparse.Namespace) -> int:
    trace = read_trace(settings.node.data_dir, arguments.call_id)
    sys.stdout.write(as_text(trace.steps, trace.title, trace.sound))
    if arguments.svg is not None:
        arguments.svg.write_text(as_svg(trace.steps, trace.title, trace.sound), encoding="utf-8")
    return 0


def _backup(settings: Settings, arguments: argparse.Namespace) -> int:
    saved = backup(settings.node.data_dir, arguments.target, with_key=arguments.with_key)
    try:
        note_backup(
            settings.node.data_dir, LastBackup(at=time.time(), folder=str(arguments.target.absolute()))
        )
    except OSError as fault:  # somebody who may only read made it: it is whole all the same
        sys.stderr.write(f"! {fault}\n")
    sys.stdout.write(
        f"日志至 / journal up to {saved.journal}, 文件 / files {len(saved.files)}, "
        f"录音缺失 / recordings missing {len(saved.missing)}\n"
    )
    return 0


def _restore(settings: Settings, arguments: argparse.Namespace) -> int:
    restored = restore(arguments.source, settings.node.data_dir)
    for difference in restored.differences:
        sys.stdout.write(f"{difference}\n")
    sys.stdout.write("有差异 / differs\n" if restored.differences else "已恢复,一致 / restored, equal\n")
    return FAILED if restored.differences else 0


def _bundle(settings: Settings, arguments: argparse.Namespace) -> int:
    names = write_bundle(settings, tuple(arguments.log), arguments.target)
    sys.stdout.write(f"{arguments.target}: {len(names)} 个文件 / files\n")
    return 0


def _alarm_test(settings: Settings, _arguments: argparse.Namespace) -> int:
    return 0 if _heard(settings, ALARM_TEST) else FAILED


def _self_check(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Wait for the report that comes of it."""
    if not settings.self_check.at:
        sys.stderr.write("自检未启用 / self_check.at is empty\n")
        return FAILED
    folder = settings.node.data_dir / FOLDER
    before = set(folder.glob("*.json"))
    if not _heard(settings, SELF_CHECK):
        return FAILED
    until = time.monotonic() + CHECK_MOST_S
    while time.monotonic() < until:
        for path in sorted(set(folder.glob("*.json")) - before):
            report = SelfCheckReport.restored(json.loads(path.read_text(encoding="utf-8")))
            sys.stdout.write(as_page(report))
            return 0 if report.is_well else FAILED
        time.sleep(LOOK_EVERY_S)
    sys.stderr.write("没有报告 / no report came\n")
    return FAILED


def _heard(settings: Settings, errand: str) -> bool:
    """Ask running control for something; False, and said so, when nobody hears."""
    if living_part(settings.node.run_dir, "control") is None:
        sys.stderr.write("没有在运行 / nothing runs here\n")
        return False
    asked = wish(settings.node.run_dir, errand)
    until = time.monotonic() + HEARD_MOST_S
    while asked.exists():
        if time.monotonic() > until:
            asked.unlink(missing_ok=True)
            sys.stderr.write("没有应答 / nobody hears\n")
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def _drain(settings: Settings, arguments: argparse.Namespace) -> int:
    """Tell the launcher, and wait for its end."""
    launcher = living_part(
        settings.node.run_dir, "launcher"
    )  # a number left by a power cut may be somebody else's now
    if launcher is None:
        sys.stderr.write("没有在运行 / nothing runs here\n")
        return FAILED
    drain_mark(settings.node.run_dir).touch()
    os.kill(launcher, signal.SIGUSR1)
    until = time.monotonic() + arguments.most_s
    while time.monotonic() < until:
        if not _lives(launcher):
            sys.stdout.write("已停止 / stopped\n")
            return 0
        time.sleep(LOOK_EVERY_S)
    sys.stderr.write("仍有呼叫 / there are still calls\n")
    return FAILED


def _lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent to read that does not."""
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
