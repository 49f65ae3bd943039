"""Commands on a database file: rebuild and compare the projections, verify the recording chain.

    python -m softswitch.store rebuild DATABASE
    python -m softswitch.store compare DATABASE
    python -m softswitch.store verify DATABASE KEYFILE

Exit code 0 when all is well, 1 when a difference or a break was found, 2 for a wrong call.
"""
# ruff: noqa: T201 - the command line speaks to people

import argparse
import sqlite3
import sys
from pathlib import Path

from softswitch.command_line import WordParser
from softswitch.store import chain
from softswitch.store.errors import StoreError
from softswitch.store.rebuild import compare, rebuild


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit code."""
    parser = WordParser(prog="python -m softswitch.store", description="数据库文件 / a database file")
    commands = parser.add_subparsers(title="命令 / commands", dest="command", required=True)
    for name, text in (
        ("rebuild", "由日志重建话单与统计 / make records and sums anew from the journal"),
        ("compare", "与日志比对,不改动 / compare records and sums with the journal, change nothing"),
        ("verify", "校验录音链 / verify the chain of recordings"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("database", type=Path, metavar="DATABASE", help="数据库文件 / the database")
        if name == "verify":
            command.add_argument(
                "key", type=Path, metavar="KEYFILE", help="录音链密钥 / the key of the recordings"
            )
    chosen = parser.parse_args(arguments)
    if not chosen.database.is_file():
        print(f"没有此数据库 / no such database: {chosen.database}", file=sys.stderr)
        return 2
    try:
        return _run(chosen)
    except (sqlite3.Error, StoreError) as error:
        print(f"失败 / failed: {error}", file=sys.stderr)
        return 2


def _run(chosen: argparse.Namespace) -> int:
    if chosen.command == "rebuild":
        print(f"已重建 / rebuilt from {rebuild(chosen.database)} entries")
        return 0
    if chosen.command == "compare":
        differences = compare(chosen.database)
        for difference in differences:
            print(
                f"{difference.table}: 仅现有 / only live {difference.only_live}, "
                f"仅重建 / only rebuilt {difference.only_rebuilt}"
            )
        print("有差异 / differences found" if differences else "一致 / equal")
        return 1 if differences else 0
    if not chosen.key.is_file():
        print(f"没有此密钥文件 / no such key file: {chosen.key}", file=sys.stderr)
        return 2
    key = chain.load_key(chosen.key)
    connection = sqlite3.connect(f"{chosen.database.absolute().as_uri()}?mode=ro", uri=True)
    try:
        found = list(chain.breaks(connection, key))
    finally:
        connection.close()
    for one in found:
        print(f"{one.position}: {one.code} {one.recording_id}")
    print("链条断裂 / the chain is broken" if found else "链条完整 / the chain holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
