"""JSON in and out: strict for what comes in, typed by the views for what goes out."""

import dataclasses
import json
import typing
from datetime import UTC, datetime
from functools import cache
from typing import Any

from api.views import WallTime


class MalformedJson(Exception):
    """The text is not one JSON value as RFC 8259 has it; `detail` says where."""

    def __init__(self, detail: str) -> None:
        """Keep the detail."""
        super().__init__(detail)
        self.detail = detail


def parse(data: bytes) -> Any:
    """One JSON value from UTF-8.  NaN, a name that stands twice and absurd depth are malformed."""
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise MalformedJson("不是 UTF-8 / not UTF-8") from error
    except RecursionError as error:
        raise MalformedJson("嵌套过深 / nested too deeply") from error
    except json.JSONDecodeError as error:
        raise MalformedJson(f"第{error.lineno}行第{error.colno}列 / {error.msg}") from error
    except ValueError as error:  # an integer of more digits than Python turns into a number
        raise MalformedJson("数字过长 / a number is too long") from error


def _no_constant(name: str) -> Any:
    raise MalformedJson(f"{name} 不是 JSON / is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise MalformedJson(f"{name[:64]!r} 出现两次 / stands there twice")
        found[name] = value
    return found


def dump(value: Any) -> str:
    """A view, or tuples and dicts of views, as JSON text that UTF-8 can carry.

    Halves of surrogate pairs (broken bytes in a caller's name) become U+FFFD.
    """
    text = json.dumps(to_plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def to_plain(value: Any) -> Any:
    """Views become dicts of JSON values; hidden fields are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            name: iso_time(item) if is_time and item is not None else to_plain(item)
            for name, is_time in _shown_fields(type(value))
            for item in (getattr(value, name),)
        }
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: to_plain(item) for name, item in value.items()}
    return value


@cache
def _shown_fields(cls: type) -> tuple[tuple[str, bool], ...]:
    hints = typing.get_type_hints(cls)
    return tuple(
        (field.name, hints[field.name] is WallTime or WallTime in typing.get_args(hints[field.name]))
        for field in dataclasses.fields(cls)
        if not field.metadata.get("hidden")
    )


def iso_time(seconds: float) -> str:
    """Wall seconds as ISO 8601 in this server's zone, to the millisecond: `2026-11-25T08:00:00.000+08:00`."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().isoformat(timespec="milliseconds")
