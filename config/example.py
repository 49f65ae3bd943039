"""The example file of a settings class: every key with what it means, its unit, its limits and its default."""

import json
import types
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from config.values import ANY, words_of

__all__ = ["example_text"]

TOP = """\
# 全部键及其默认值;由程序生成:python -m softswitch example
# Every key with its default, made by: python -m softswitch example
# 含密码的文件须为 0600 / a file that holds passwords must be 0600
"""


def example_text(cls: Any) -> str:
    """TOML that `config.load` accepts for the dataclass `cls`, with every one of its keys.

    A field's metadata `doc`, `unit`, `minimum`, `maximum` and `pattern` become its comment.  A key without a default
    shows its metadata `example`; a key that may be absent stands commented out.
    """
    return f"{TOP}\n{chr(10).join(_lines(cls, '')).strip()}\n"


def _lines(cls: Any, path: str) -> Iterator[str]:
    """Plain keys come first: in TOML a key after a table header belongs to that table."""
    hints = get_type_hints(cls)
    below: list[tuple[Field[Any], Any]] = []
    for item in fields(cls):
        if _table_of(hints[item.name]) is not None:
            below.append((item, hints[item.name]))
        else:
            yield from _key_lines(item, hints[item.name])
    for item, kind in below:
        inner = f"{path}.{item.name}" if path else item.name
        many = get_origin(kind) is tuple
        yield ""
        yield f"# {item.metadata.get('doc', item.name)}" + (";可有多个 / any number of these" if many else "")
        yield f"[[{inner}]]" if many else f"[{inner}]"
        yield from _lines(_table_of(kind), inner)


def _table_of(kind: Any) -> Any:
    """The dataclass of a table or of a list of tables, None for plain values."""
    inside = get_args(kind)[0] if get_origin(kind) is tuple else kind
    return inside if is_dataclass(inside) else None


def _key_lines(item: Field[Any], kind: Any) -> Iterator[str]:
    default = item.default if item.default_factory is MISSING else item.default_factory()
    notes = [str(item.metadata.get("doc", item.name)), *_terms(item, kind, required=default is MISSING)]
    yield f"# {'; '.join(notes)}"
    value = item.metadata.get("example", MISSING) if default in (MISSING, None) else default
    if value is MISSING:
        raise TypeError(f"{item.name} has neither a default nor an example")
    yield f"{'# ' if default is None else ''}{item.name} = {_toml(value)}"


def _terms(item: Field[Any], kind: Any, *, required: bool) -> Iterator[str]:
    terms = item.metadata
    if required:
        yield "必填 / required"
    elif get_origin(kind) in (Union, types.UnionType):
        yield "可省略 / may be left out"
    if terms.get("unit"):
        yield f"单位 / unit {terms['unit']}"
    lowest, highest = terms.get("minimum"), terms.get("maximum")
    if lowest is not None and highest is not None:
        yield f"{lowest} … {highest}"
    elif lowest is not None or highest is not None:
        yield f"≥ {lowest}" if highest is None else f"≤ {highest}"
    words = _words(kind)
    if words:
        yield " | ".join(words)
    elif pattern := str(terms.get("pattern", "")):
        choices = words_of(pattern)
        yield (
            " | ".join(choices)
            if choices
            else "不可为空 / not empty"
            if pattern == ANY
            else f"格式 / form {pattern}"
        )


def _words(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(word) for word in get_args(kind)]
    return [str(member.value) for member in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Enum():
            return _toml(value.value)
        case str() | Path():
            return json.dumps(str(value), ensure_ascii=False)
        case int() | float():
            return str(value)
        case tuple() | list():
            return f"[{', '.join(_toml(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{json.dumps(str(k))} = {_toml(v)}' for k, v in value.items())}}}"
    raise TypeError(f"TOML has no form for {value!r}")
