"""Everything that somebody far away needs to find a fault, in one archive, and no secret in it.

Settings without passwords, the ends of the logs, alarms, figures of processes and machine, the newest entries of the
journal without numbers of callers.  What is left out is said in the archive.  Blocks; from the command line only.
"""

import dataclasses
import hashlib
import io
import json
import os
import platform
import re
import shutil
import sqlite3
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, BinaryIO

from softswitch.operations.processes import parts_of_node
from softswitch.settings.whole import Settings
from softswitch.store.backup import rows_of
from softswitch.store.data_folder import DATABASE

LOG_BYTES = 5 * 1024 * 1024
JOURNAL_MOST = 20_000
HIDDEN = "***"
_NUMBERS = re.compile(r"(?<![\w.\-:/])\+?\d{7,15}(?![\w.\-:/])")
_SECRETS = re.compile(
    r"(?i)(password|secret|token|ticket|csrf|scrypt)([\"']?\s*[:=]\s*[\"']?)(?!true\b|false\b)[^\s\"',}]+"
)
_CREDENTIALS = re.compile(
    r"(?i)(authori[sz]ation|authenticate|cookie)([\"']?\s*[:=]\s*[\"']?)(?!true\b|false\b)(?:(?!\\[rn])[^\r\n])+"
)
"""Of headers like these nothing is kept up to their end: a scheme stands before what is secret (RFC 9110 section 11.4)."""
_KEYS = re.compile(r"(whsec_|inline:)[\w+/=\-]+")
"""Of webhooks and of SRTP (RFC 4568 section 6.1)."""
_USERS = re.compile(r"(?i)(https?://)[^\s\"'/@\\]*@")
"""A name and a password before a host (RFC 3986 section 3.2.1)."""
_URLS = re.compile(r"(?i)(https?://[^\s\"'/?#\\]+)[/?#][^\s\"'\\]+")
"""Group chats give out addresses of webhooks whose path or query is all the secret there is: the host is kept."""


def write_bundle(settings: Settings, logs: tuple[Path, ...], target: Path) -> tuple[str, ...]:
    """Write the archive (tar, gzip) and return the names inside.  `FileExistsError` when `target` is there."""
    secrets = tuple(secrets_of(settings))
    opened = target.open("xb")
    try:
        with opened as file:  # a full disk may refuse as late as its end
            return _fill(file, tuple(_parts(settings, logs)), secrets)
    except BaseException:
        target.unlink(missing_ok=True)  # half of it would stand in the way of the next
        raise


def _fill(file: BinaryIO, parts: tuple[tuple[str, str], ...], secrets: tuple[str, ...]) -> tuple[str, ...]:
    names = []
    os.fchmod(file.fileno(), 0o600)
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in parts:
            data = scrubbed(text, secrets).encode()
            info = tarfile.TarInfo(f"support/{name}")
            info.size, info.mtime, info.mode = len(data), int(time.time()), 0o600
            archive.addfile(info, io.BytesIO(data))
            names.append(name)
    return tuple(names)


def secrets_of(value: object) -> Iterator[str]:
    """Every value of a field that is marked as a secret, at any depth."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            inner = getattr(value, field.name)
            if field.metadata.get("secret"):
                yield from filter(None, inner if isinstance(inner, tuple) else (inner,))
            else:
                yield from secrets_of(inner)
    elif isinstance(value, tuple):
        for item in value:
            yield from secrets_of(item)


def scrubbed(text: str, secrets: tuple[str, ...]) -> str:
    """A text without the secrets themselves, without what looks like one, and with callers' numbers made unreadable.

    A number keeps its last two digits and a short hash, so that two lines about one caller still belong together.
    """
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, HIDDEN)
    text = _SECRETS.sub(rf"\1\2{HIDDEN}", _CREDENTIALS.sub(rf"\1\2{HIDDEN}", text))
    text = _URLS.sub(rf"\1/{HIDDEN}", _USERS.sub(r"\1", text))
    text = _KEYS.sub(rf"\1{HIDDEN}", text)
    return _NUMBERS.sub(lambda match: _masked(match[0]), text)


def _masked(number: str) -> str:
    return f"<{hashlib.sha256(number.encode()).hexdigest()[:6]}..{number[-2:]}>"


def _parts(settings: Settings, logs: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    yield "README.txt", _README
    yield "settings.json", json.dumps(_plain(settings), ensure_ascii=False, indent=1)
    yield "machine.json", json.dumps(_machine(settings), ensure_ascii=False, indent=1)
    yield (
        "processes.json",
        json.dumps([dataclasses.asdict(part) for part in parts_of_node(settings.node.run_dir)], indent=1),
    )
    yield "packages.txt", "\n".join(sorted(f"{d.metadata['Name']}=={d.version}" for d in distributions()))
    for log in logs:
        yield f"logs/{log.name}", _tail(log)
    for log in sorted((settings.node.run_dir / "cells").glob("*.log")):
        yield f"cells/{log.name}", _tail(log)
    database = settings.node.data_dir / DATABASE
    try:
        found = tuple(_database(database)) if database.is_file() else ()
    except (sqlite3.Error, OSError) as fault:  # that may be the very fault that somebody far away shall find
        found = (("database-unreadable.txt", f"{database}: {fault}\n"),)
    yield from found
    if rejected := _rejected(database.with_suffix(".rejected.jsonl")):
        yield "rejected.jsonl", rejected


def _rejected(path: Path) -> str:
    """Why entries could not be written (`entry_rejected`), and of which kind they are; not what stands in them."""
    try:
        lines = [json.loads(line) for line in _tail(path).splitlines()] if path.is_file() else []
    except (OSError, ValueError) as fault:
        return f"{fault}\n"
    return "\n".join(
        json.dumps(
            {"error": line.get("error"), "kind": line.get("row", {}).get("kind", "state")}, ensure_ascii=False
        )
        for line in lines
    )


def _database(path: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as reader:
        # What documents, customers and the data of calls became is nobody's business there: passwords of phones,
        # people's addresses, what callers typed in.
        rows = reader.execute(
            "SELECT seq, at, kind, call_id, agent_id, json_remove(data, '$.changes', '$.data', '$.note') FROM journal"
            " ORDER BY seq DESC LIMIT ?",
            (JOURNAL_MOST,),
        ).fetchall()
        tables = rows_of(reader)
        alarms = [
            json.loads(value)
            for (value,) in reader.execute("SELECT value FROM state WHERE tbl = 'alarm'").fetchall()
        ]
    yield "journal.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in reversed(rows))
    yield "tables.json", json.dumps(tables, indent=1)
    yield "alarms.json", json.dumps(alarms, ensure_ascii=False, indent=1)


def _machine(settings: Settings) -> dict[str, Any]:
    try:
        disk = shutil.disk_usage(settings.node.data_dir)
    except OSError:
        disk = shutil.disk_usage("/")
    return {
        "python": sys.version,
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "load": os.getloadavg(),
        "memory": _head(Path("/proc/meminfo"), 5),
        "pressure": {name: _head(Path(f"/proc/pressure/{name}"), 2) for name in ("cpu", "io", "memory")},
        "disk_total_mb": disk.total // 1024**2,
        "disk_free_mb": disk.free // 1024**2,
        "time": time.time(),
        "zone": time.tzname,
    }


def _head(path: Path, lines: int) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").splitlines()[:lines]
    except OSError:
        return []


def _tail(path: Path) -> str:
    """The end of a log, from the beginning of a line."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            file.seek(max(0, size - LOG_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError as error:
        return f"({error.strerror})\n"
    return text if size <= LOG_BYTES else text.partition("\n")[2]


def _plain(value: object) -> Any:
    """Settings as JSON values, secrets hidden by what their fields are."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: HIDDEN if field.metadata.get("secret") else _plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


_README = """诊断包 / support bundle

没有密码、令牌、录音密钥、录音;电话号码只留末两位和一个短哈希。
No password, token, recording key or recording is in here.  Of every telephone number only its last two digits and a
short hash are left, so that lines about one caller still belong together.
"""
