"""The command line: `softswitch WORD`, or `python -m softswitch WORD`.

Here are the processes and the documents; the analyses and what operators need come from rooms of their own.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from config.example import example_text
from config.faults import ConfigFaults
from media.prompts import PromptFaults
from softswitch.addresses import check_addresses
from softswitch.analysis.desk import add_analyses
from softswitch.command_line import CommandLine
from softswitch.exit_codes import CONFIG_EXIT, DRAINED_EXIT, FAILED
from softswitch.file_limit import raise_file_limit
from softswitch.https import check_certificate
from softswitch.launching.launcher import AlreadyLaunched, CannotLaunch, Launcher
from softswitch.launching.living_parts import living_part
from softswitch.launching.parts import parts_of
from softswitch.log_setup import set_up_logs
from softswitch.operations.desk import add_operations
from softswitch.operations.examination import Verdict, examine
from softswitch.password_entry import PasswordRefused, entered_hash
from softswitch.settings.whole import Settings
from softswitch.sip.security import check_security
from softswitch.sounds import load_sounds
from softswitch.urgency import go_first, yield_when_runaway


def main(words: list[str] | None = None) -> int:
    """Run one command and return its exit code (`softswitch.exit_codes`)."""
    return command_line().run(words)


def command_line() -> CommandLine:
    """All words."""
    line = CommandLine("softswitch", "12345 热线软交换 / hotline softswitch")
    line.add_with_settings("run", "启动全部进程并保持运行 / start all processes and keep them alive", _run)
    line.add_with_settings(
        "check", "检查配置、提示音与本机 / look at configuration, prompts and machine", _check
    )
    line.add_with_settings(
        "control", "仅控制进程,由启动器启动 / the control process alone, as the launcher starts it", _control
    )
    for word, text, page in (
        (
            "example",
            "列出全部配置键 / print a configuration with every key and its default",
            lambda: example_text(Settings),
        ),
        ("openapi", "接口描述 / print the OpenAPI document of the HTTP interface", _openapi),
        ("asyncapi", "实时接口描述 / print the AsyncAPI document of the live connection", _asyncapi),
        ("states", "状态图 / print docs/states.md, drawn from the tables of transitions", _states),
    ):
        line.add(word, text, _printed(page))
    line.add("password", "为登录密码生成 scrypt 值 / print the hash of a password", _password)
    add_analyses(line)
    add_operations(line)
    return line


# ---- the processes ---------------------------------------------------------------------------------------


def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    # Control may live although its launcher was killed: the next one takes it over.
    is_running = living_part(settings.node.run_dir, "control") is not None
    # What runs goes on, with an alarm, though its certificate is bad by now: it must not stay unwatched.
    if not _fits_machine(settings, arguments.config, is_running=is_running, looks_at_keys=not is_running):
        return CONFIG_EXIT
    set_up_logs("launcher", settings.node.log_level)
    try:
        return Launcher(settings.node.run_dir, parts_of(settings, arguments.config)).run()
    except AlreadyLaunched as fault:
        sys.stderr.write(f"{fault}\n")
        return CONFIG_EXIT
    except CannotLaunch as fault:  # a full disk may have room again
        sys.stderr.write(f"{fault}\n")
        return FAILED


def _check(settings: Settings, arguments: argparse.Namespace) -> int:
    if not _fits_machine(settings, arguments.config, is_running=True, looks_at_keys=True):
        return CONFIG_EXIT
    findings = examine(settings)
    sys.stdout.writelines(f"{finding}\n" for finding in findings)
    if any(finding.verdict is Verdict.FAULT for finding in findings):
        return CONFIG_EXIT
    sys.stdout.write("配置无误 / the configuration is sound\n")
    return 0


def _fits_machine(settings: Settings, config: Path, *, is_running: bool, looks_at_keys: bool) -> bool:
    """Whether this machine has the sounds and addresses that the settings name; says all that it has not.

    `is_running`: ports may be taken, by ourselves.  `looks_at_keys`: certificates and their keys are to be sound, too.
    """
    fits = True
    checks: list[Callable[[], object]] = [
        lambda: load_sounds(settings),
        lambda: check_addresses(settings, config, is_running=is_running),
    ]
    if looks_at_keys:
        checks += [
            lambda: check_certificate(settings.http, config),
            lambda: check_security(settings.sip, settings.trunks, config),
        ]
    for check in checks:
        try:
            check()
        except (ConfigFaults, PromptFaults) as faults:
            sys.stderr.write(f"{faults}\n")
            fits = False
    return fits


def _control(settings: Settings, _arguments: argparse.Namespace) -> int:
    set_up_logs("control", settings.node.log_level)
    import uvloop  # noqa: PLC0415  only this process has a loop

    from softswitch.control import run_control  # noqa: PLC0415  it imports all that control needs

    async def work() -> int:
        leaving, closing, draining = asyncio.Event(), asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, leaving.set)  # another control will go on with the calls
        loop.add_signal_handler(signal.SIGINT, closing.set)  # the launcher's word: the whole system stops
        loop.add_signal_handler(signal.SIGUSR1, draining.set)  # after the last call
        await run_control(settings, leaving, closing, draining)
        return DRAINED_EXIT if draining.is_set() and not (leaving.is_set() or closing.is_set()) else 0

    raise_file_limit()
    yield_when_runaway()
    go_first()
    return int(uvloop.run(work()))


# ---- the documents: each imports half of the product, which the processes have no use for -------------------


def _printed(page: Callable[[], str]) -> Callable[[argparse.Namespace], int]:
    def run(_arguments: argparse.Namespace) -> int:
        sys.stdout.write(page())
        return 0

    return run


def _openapi() -> str:
    from api.document import make_document  # noqa: PLC0415  as said above
    from api.json_text import dump  # noqa: PLC0415  as said above
    from softswitch.overview import product_version  # noqa: PLC0415  as said above

    return f"{dump(make_document(product_version()))}\n"


def _asyncapi() -> str:
    from api.async_document import make_async_document  # noqa: PLC0415  as said above
    from api.json_text import dump  # noqa: PLC0415  as said above
    from softswitch.calls.chronicle import shown_kinds  # noqa: PLC0415  as said above
    from softswitch.overview import product_version  # noqa: PLC0415  as said above

    return f"{dump(make_async_document(product_version(), shown_kinds()))}\n"


def _states() -> str:
    from softswitch.state_diagrams import state_diagrams  # noqa: PLC0415  as said above

    return state_diagrams()


def _password(_arguments: argparse.Namespace) -> int:
    try:
        sys.stdout.write(f"{entered_hash()}\n")
    except PasswordRefused as refused:
        sys.stderr.write(f"{refused}\n")
        return CONFIG_EXIT
    return 0


if __name__ == "__main__":
    sys.exit(main())
