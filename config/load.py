"""A TOML file read into typed settings: complete and checked, or refused with every mistake at once."""

import os
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from config.binding import Binding
from config.faults import ConfigFaults, Fault
from config.values import ABSENT

__all__ = ["load"]

Settings = TypeVar("Settings")

OTHERS = 0o066
"""Permission bits that let group or others read or change a file."""


def load(cls: type[Settings], path: Path) -> Settings:
    """The settings in the file at `path` as an instance of the frozen dataclass `cls`.

    Raises `ConfigFaults` with all mistakes.  Relative paths in the file stay relative to the working folder.  A
    file that holds secrets must be closed to group and others (0600).
    """
    document, mode = _read(path)
    binding = Binding()
    made = binding.table(cls, document)
    faults = list(binding.faults)
    if binding.has_secrets and mode & OTHERS:
        faults.insert(
            0,
            Fault(
                path="",
                expected=f"文件含密码,权限 {mode:04o} 过宽 / the file holds secrets and its mode {mode:04o} is too open",
                suggestion=f"chmod 600 {path}",
            ),
        )
    if faults or made is ABSENT:
        raise ConfigFaults(path, faults, complete=binding.complete)
    assert isinstance(made, cls)  # noqa: S101  Binding is untyped inside; this is its promise
    return made


def _read(path: Path) -> tuple[dict[str, Any], int]:
    """The document and the permission bits of the file that was really read."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            raw = file.read()
    except OSError as broken:
        reason = broken.strerror or type(broken).__name__
        raise _refused(path, f"无法读取 / cannot be read: {reason}") from broken
    try:
        # Editors on Windows put a byte order mark before the text.
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = raw.count(b"\n", 0, broken.start) + 1
        raise _refused(path, f"第 {line} 行不是 UTF-8 / line {line} is not UTF-8") from broken
    try:
        return tomllib.loads(text), mode
    except tomllib.TOMLDecodeError as broken:
        raise _refused(path, f"TOML 语法错误 / not TOML: {broken}") from broken
    except RecursionError as broken:
        raise _refused(path, "TOML 嵌套过深 / TOML nested too deeply") from broken
    except (
        ValueError
    ) as broken:  # e.g. an integer of more digits than Python converts, a date without meaning
        raise _refused(path, f"TOML 值不可用 / a value cannot be used: {broken}") from broken


def _refused(path: Path, expected: str) -> ConfigFaults:
    return ConfigFaults(path, [Fault(path="", expected=expected)], complete=False)
