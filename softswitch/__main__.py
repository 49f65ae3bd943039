"""The command line: `python -m softswitch run --config FILE`, `check`, `control`, `example`, `password`, `openapi`, `asyncapi`, and the analyses."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from config.example import example_text
from config.faults import ConfigFaults
from config.load import load
from media.prompts import PromptFaults
from softswitch.addresses import check_addresses
from softswitch.analysis.desk import add_analyses
from softswitch.file_limit import raise_file_limit
from softswitch.https import check_certificate
from softswitch.launching.launcher import DRAINED_EXIT, AlreadyLaunched, Launcher
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

CONFIG_EXIT = 2


def main(words: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 2 for a configuration that cannot be used."""
    parser = argparse.ArgumentParser(prog="softswitch", description="12345 热线软交换 / hotline softswitch")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("run", "启动全部进程 / start all processes and keep them alive"),
        ("check", "检查配置与提示音 / check the configuration and the prompts"),
        ("control", "仅控制进程 / the control process alone (the launcher starts it)"),
    ):
        commands.add_parser(name, help=text).add_argument("--config", type=Path, required=True)
    commands.add_parser(
        "example", help="列出全部配置键 / print a configuration with every key and its default"
    )
    commands.add_parser("password", help="为登录密码生成 scrypt 值 / print the hash of a password")
    commands.add_parser("openapi", help="接口描述 / print the OpenAPI document of the HTTP interface")
    commands.add_parser("asyncapi", help="实时接口描述 / print the AsyncAPI document of the live connection")
    commands.add_parser("states", help="状态图 / print docs/states.md, drawn from the tables of transitions")
    add_analyses(commands)
    add_operations(commands)
    arguments = parser.parse_args(words)
    if "analysis" in arguments:
        code: int = arguments.analysis(arguments)
        return code
    if arguments.command == "example":
        sys.stdout.write(example_text(Settings))
        return 0
    if arguments.command in ("openapi", "asyncapi"):
        sys.stdout.write(f"{_interface(is_live=arguments.command == 'asyncapi')}\n")
        return 0
    if arguments.command == "states":
        from softswitch.state_diagrams import state_diagrams  # noqa: PLC0415  it imports half of the product

        sys.stdout.write(state_diagrams())
        return 0
    if arguments.command == "password":
        try:
            sys.stdout.write(entered_hash() + "\n")
        except PasswordRefused as refused:
            sys.stderr.write(f"{refused}\n")
            return CONFIG_EXIT
        return 0
    try:
        settings = load(Settings, arguments.config)
    except ConfigFaults as faults:
        sys.stderr.write(f"{faults}\n")
        return CONFIG_EXIT
    if arguments.command != "control" and not _fits_machine(settings, arguments):
        return CONFIG_EXIT
    match arguments.command:
        case "check":
            findings = examine(settings)
            sys.stdout.writelines(f"{finding}\n" for finding in findings)
            if any(finding.verdict is Verdict.FAULT for finding in findings):
                return CONFIG_EXIT
            sys.stdout.write("配置无误 / the configuration is sound\n")
            return 0
        case "control":
            return _control(settings)
        case _:
            set_up_logs("launcher", settings.node.log_level)
            try:
                return Launcher(settings.node.run_dir, parts_of(settings, arguments.config)).run()
            except AlreadyLaunched as fault:
                sys.stderr.write(f"{fault}\n")
                return CONFIG_EXIT


def _interface(*, is_live: bool) -> str:
    from api.async_document import make_async_document  # noqa: PLC0415  the launcher has no use for the interface
    from api.document import make_document  # noqa: PLC0415  as above
    from api.json_text import dump  # noqa: PLC0415  as above
    from softswitch.calls.chronicle import shown_kinds  # noqa: PLC0415  as above
    from softswitch.overview import product_version  # noqa: PLC0415  as above

    version = product_version()
    return dump(make_async_document(version, shown_kinds()) if is_live else make_document(version))


def _fits_machine(settings: Settings, arguments: argparse.Namespace) -> bool:
    """Whether this machine has the sounds and addresses that the settings name; says all that it has not."""
    fits = True
    # Control may live although its launcher was killed: the next one takes it over.
    may_run = arguments.command == "check" or living_part(settings.node.run_dir, "control") is not None
    checks: list[Callable[[], object]] = [
        lambda: load_sounds(settings),
        lambda: check_addresses(settings, arguments.config, is_running=may_run),
    ]
    if (
        arguments.command == "check" or not may_run
    ):  # what runs goes on, with an alarm: it must not stay unwatched
        checks += [
            lambda: check_certificate(settings.http, arguments.config),
            lambda: check_security(settings.sip, settings.trunks, arguments.config),
        ]
    for check in checks:
        try:
            check()
        except (ConfigFaults, PromptFaults) as faults:
            sys.stderr.write(f"{faults}\n")
            fits = False
    return fits


def _control(settings: Settings) -> int:
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


if __name__ == "__main__":
    sys.exit(main())
