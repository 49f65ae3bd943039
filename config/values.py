"""Single values of a configuration file: what TOML gives, turned into the declared type and checked."""

import difflib
import ipaddress
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

__all__ = ["ABSENT", "ANY", "Checked", "Secret", "check", "choice", "close_match", "shown", "words_of"]

ABSENT: Final = object()
"""Stands for a value that could not be made."""

ANY: Final = ".+"
"""The pattern of a text that must not be empty."""

_SHOWN_LENGTH = 60
_NUMBER = re.compile(r"\+?[0-9]{1,32}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Secret(str):
    """A password or key: a string everywhere, but its `repr` (logs, traces, settings shown whole) hides it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'****'" if self else "''"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The result for one value: `value` (or `ABSENT`), and when `expected` is not empty, what is wrong."""

    value: Any = ABSENT
    expected: str = ""
    suggestion: str = ""


def shown(raw: Any) -> str:
    """A TOML value for a message: tables and lists only by their kind, as they may hold secrets."""
    match raw:
        case dict():
            return "表/table"
        case list():
            return f"{len(raw)} 项列表/list"
        case bool():
            return str(raw).lower()
        case str():
            text = '"' + _CONTROL.sub("\N{REPLACEMENT CHARACTER}", raw) + '"'
        case _:
            text = str(raw)
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…"


def close_match(word: str, words: Iterable[str]) -> str:
    """The word that was probably meant, or an empty string; case, `-` and missing `_` count little."""
    plain = {_plain(candidate): candidate for candidate in words}
    found = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=0.6)
    return plain[found[0]] if found else ""


def _plain(word: str) -> str:
    return re.sub(r"[\s_\-.]", "", word.lower())


def check(kind: Any, raw: Any, terms: Mapping[str, Any]) -> Checked:
    """Turn a TOML value into `kind` (str, int, float, bool, Path or an Enum) and check it against `terms`.

    A value of the right type that breaks a term comes back beside its fault, so that later checks can go on.
    """
    if isinstance(kind, type) and issubclass(kind, Enum):
        return choice([member.value for member in kind], raw, make=kind)
    if kind is bool:
        return (
            Checked(value=raw)
            if isinstance(raw, bool)
            else Checked(expected="应为 true 或 false / true or false")
        )
    if kind is int or kind is float:
        return _number(kind, raw, terms)
    if kind is str or kind is Path:
        return _text(kind, raw, terms)
    raise TypeError(f"config cannot bind {kind!r}")


def words_of(pattern: str) -> list[str]:
    """The words that a pattern like `red|green` allows; none for any other pattern."""
    words = pattern.split("|")
    return words if all(re.fullmatch(r"[\w\-]+", word) for word in words) else []


def choice(options: Iterable[Any], raw: Any, *, make: Any = lambda value: value) -> Checked:
    """One of a few values."""
    allowed = list(options)
    # True == 1 in Python, not in TOML.
    if any(type(raw) is type(option) and raw == option for option in allowed):
        return Checked(value=make(raw))
    words = [str(option) for option in allowed]
    likely = close_match(raw, words) if isinstance(raw, str) else ""
    return Checked(expected=f"应为其一 / one of {', '.join(words)}", suggestion=_meant(likely))


def _meant(likely: str) -> str:
    return f"是否为 / did you mean {likely}?" if likely else ""


def _number(kind: type[int] | type[float], raw: Any, terms: Mapping[str, Any]) -> Checked:
    noun = "整数 / an integer" if kind is int else "数 / a number"
    lowest, highest = terms.get("minimum"), terms.get("maximum")
    if terms.get("kind") == "port":
        lowest, highest = 1 if lowest is None else lowest, 65535 if highest is None else highest
    unit = f" ({terms['unit']})" if terms.get("unit") else ""
    limits = [f"≥ {lowest}"] * (lowest is not None) + [f"≤ {highest}"] * (highest is not None)
    expected = f"应为{noun}{unit}{', ' * bool(limits)}{', '.join(limits)}"
    right = isinstance(raw, int) or (kind is float and isinstance(raw, float) and math.isfinite(raw))
    if isinstance(raw, bool) or not right:
        unquoted = isinstance(raw, str) and re.fullmatch(r"-?\d+(\.\d+)?", raw) is not None
        return Checked(expected=expected, suggestion="去掉引号 / without quotes" if unquoted else "")
    try:
        value = kind(raw)
    except OverflowError:
        return Checked(expected=expected)
    broken = (lowest is not None and value < lowest) or (highest is not None and value > highest)
    return Checked(value=value, expected=expected if broken else "")


def _text(kind: type[str] | type[Path], raw: Any, terms: Mapping[str, Any]) -> Checked:
    if not isinstance(raw, str):
        scalar = isinstance(raw, int | float) and not isinstance(raw, bool)
        return Checked(
            expected="应为字符串 / a string", suggestion="加引号 / put it in quotes" if scalar else ""
        )
    if _CONTROL.search(raw):
        return Checked(expected="不得含控制字符 / a string without control characters")
    if kind is Path:
        return Checked(value=Path(raw)) if raw else Checked(expected="应为路径 / a path, not empty")
    value = Secret(raw) if terms.get("secret") else raw
    fault = _form(raw, terms)
    return Checked(value=value, expected=fault.expected, suggestion=fault.suggestion)


def _form(raw: str, terms: Mapping[str, Any]) -> Checked:
    pattern = terms.get("pattern")
    if pattern is not None and re.fullmatch(pattern, raw, re.ASCII) is None:
        if words := words_of(pattern):
            return choice(words, raw)
        if not raw:
            return Checked(expected="不可为空 / must not be empty")
        form = terms.get("form")  # the pattern in words, as people read it
        return Checked(expected=f"应为{form}" if form else f"应符合 / must match {pattern}")
    match terms.get("kind"):
        case "address":
            return _address(raw)
        case "network":
            return _network(raw)
        case "number":
            return Checked(
                expected="" if _NUMBER.fullmatch(raw) else "应为电话号码 / digits, + allowed first"
            )
        case None | "port":
            return Checked()
        case unknown:
            raise TypeError(f"config knows no kind {unknown!r}")


def _address(raw: str) -> Checked:
    try:
        ipaddress.ip_address(raw)
    except ValueError:
        return Checked(expected="应为 IP 地址 / an IP address, e.g. 192.0.2.1")
    return Checked()


def _network(raw: str) -> Checked:
    expected = "应为 IP 地址或网段 / an IP address or network, e.g. 192.0.2.0/24"
    try:
        ipaddress.ip_network(raw)
    except ValueError:
        try:
            likely = str(ipaddress.ip_network(raw, strict=False))
        except ValueError:
            likely = ""
        return Checked(expected=expected, suggestion=_meant(likely))
    return Checked()
