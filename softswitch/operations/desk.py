"""The commands of whoever operates a node: what is added to the command line for them."""

import argparse
import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import suppress
from pathlib import Path

from softswitch.command_line import CommandLine, RunWithSettings, WordParser
from softswitch.exit_codes import FAILED
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
from softswitch.store.data_folder import KEY
from softswitch.store.errors import StoreError

LOOK_EVERY_S = 0.2
HEARD_MOST_S = 10.0
CHECK_MOST_S = 120.0


def add_operations(line: CommandLine) -> None:
    """Add their words."""

    def add(word: str, text: str, run: RunWithSettings) -> WordParser:
        return line.add_with_settings(word, text, _told(run))

    trace = add("trace", "一个呼叫的信令图 / the SIP ladder of one call", _trace)
    trace.add_argument("call_id", metavar="CALL_ID", help="呼叫编号 / the id of the call")
    trace.add_argument("--svg", type=Path, metavar="FILE", help="另写 SVG / write it as SVG too")
    saving = add("backup", "在线备份 / copy database and recordings while it works", _backup)
    saving.add_argument("target", type=Path, metavar="FOLDER", help="备份写到此处 / where it is written to")
    saving.add_argument("--with-key", action="store_true", help="含录音链密钥 / the recording key as well")
    restoring = add("restore", "恢复备份并比对 / put a backup back and compare", _restore)
    restoring.add_argument("source", type=Path, metavar="FOLDER", help="备份所在处 / where the backup lies")
    bundle = add("support-bundle", "诊断包,不含秘密 / all that support needs, no secret in it", _bundle)
    bundle.add_argument(
        "target", type=Path, metavar="FILE", help="诊断包写到此处 / where it is written to (.tar.gz)"
    )
    bundle.add_argument(
        "--log",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="放入日志,可多次 / a log to put in; may be given again",
    )
    add("alarm-test", "告警演习 / raise the test alarm, which rings whoever is on duty", _alarm_test)
    add("self-check", "立即自检 / make a test call now, and print the report", _self_check)
    drain = add(
        "drain", "不接新呼叫,最后一个呼叫结束后停止 / no new calls, and a stop after the last one", _drain
    )
    drain.add_argument(
        "--most-s",
        type=float,
        default=3600.0,
        metavar="S",
        help="最多等待的秒数,默认 3600 / seconds to wait at most, 3600 if not given",
    )


def _told(run: RunWithSettings) -> RunWithSettings:
    """A fault of the data or of the disk is told in a line."""

    def told(settings: Settings, arguments: argparse.Namespace) -> int:
        try:
            return run(settings, arguments)
        except (StoreError, UnknownCall, OSError) as fault:
            sys.stderr.write(f"{fault}\n")
        except sqlite3.Error as fault:
            sys.stderr.write(
                f"{settings.node.data_dir}: 数据库不可读 / the database cannot be read: {fault}\n"
            )
        return FAILED

    return told


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
    if not (settings.node.data_dir / KEY).exists():
        sys.stderr.write(
            f"! {settings.node.data_dir / KEY}: 启动前放回,否则另建一把,此前的录音链不能再校验 / put it back before the start:"
            " with a new one the chain of recordings up to now can no longer be verified\n"
        )
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
        sys.stderr.write(_nobody(settings))
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


def _nobody(settings: Settings) -> str:
    """Why nobody was found: who may not look does not know that nothing runs.  Raises `OSError`."""
    run_dir = settings.node.run_dir
    if run_dir.exists() and not os.access(run_dir, os.R_OK | os.X_OK, effective_ids=True):
        return f"{run_dir}: 无权查看,请以服务的用户运行 / may not be looked into: run this as the user of the service\n"
    return "没有在运行 / nothing runs here\n"


def _drain(settings: Settings, arguments: argparse.Namespace) -> int:
    """Tell the launcher, and wait for its end."""
    # A number that a power cut left behind may be somebody else's now.
    launcher = living_part(settings.node.run_dir, "launcher")
    if launcher is None:
        sys.stderr.write(_nobody(settings))
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
