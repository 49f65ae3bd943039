"""What comes in, declared once: the same dataclass checks a request and describes it in the document.

Field metadata: `doc`, `example`, `pattern` (whole match), `most` (characters), `minimum`, `maximum`, `choices`, `lines`
(a text of several lines), `items_most` (of a list of texts, to which the rest applies one by one), and `name` where the
name outside is not a Python name.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from api.views import WallTime

Request = TypeVar("Request")

DEPTH_MOST = 16
"""How deep an object that callers may fill as they like can be."""

FIRST_YEAR, LAST_YEAR = 1900, 9000
"""Of a moment: calendars look some years ahead, and in another zone it may be another year."""

_SPACE_FOR_PLUS = re.compile(r"(T[\d:.]+) (\d{2}:?\d{2})\Z")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of a field; digits and letters are ASCII, and blank is what is blank in any script, as in ECMA-262."""
    return re.compile(pattern.replace(r"\S", r"(?u:\S)"), re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFault:
    """One field that is wrong; `code` is `unknown_field`, `missing`, `wrong_type`, `not_allowed`, or that of the whole answer."""

    field: str
    code: str
    detail: str


class InvalidRequest(Exception):
    """The request is well formed but its fields are not right; all of them at once."""

    def __init__(self, faults: tuple[FieldFault, ...]) -> None:
        """Keep the faults."""
        super().__init__(", ".join(fault.field for fault in faults))
        self.faults = faults


class _Wrong(Exception):
    """One value is wrong."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def bind(cls: type[Request], given: Mapping[str, Any], *, is_text: bool) -> Request:
    """A request of class `cls` from JSON values, or from texts of a query string (`is_text`).

    Raises `InvalidRequest` that names every unknown, missing and wrong field.
    """
    fields = {outside_name(field): field for field in dataclasses.fields(typing.cast("Any", cls))}
    hints = typing.get_type_hints(cls)
    faults = [
        FieldFault(field=name[:64], code="unknown_field", detail="没有此字段 / there is no such field")
        for name in given
        if name not in fields
    ]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in given:
            if not has_default(field):
                faults.append(FieldFault(field=name, code="missing", detail="必填 / is needed"))
            continue
        try:
            values[field.name] = _value(given[name], hints[field.name], field.metadata, is_text=is_text)
        except _Wrong as wrong:
            faults.append(FieldFault(field=name, code=wrong.code, detail=wrong.detail))
    if faults:
        raise InvalidRequest(tuple(faults))
    return cls(**values)


def has_default(field: "dataclasses.Field[Any]") -> bool:
    """True when the field may be left out."""
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def outside_name(field: "dataclasses.Field[Any]") -> str:
    """The field's name in JSON and query strings."""
    return str(field.metadata.get("name", field.name))


def _value(value: Any, hint: Any, checks: Mapping[str, Any], *, is_text: bool) -> Any:
    kind = plain_kind(hint)
    if value is None and hint is not kind and not is_text:
        return None
    if kind is WallTime:
        return _wall_time(value)
    if kind is bool:
        return _boolean(value, is_text=is_text)
    if kind is int:
        return _integer(value, checks, is_text=is_text)
    if typing.get_origin(kind) is dict:
        return _object(value)
    if typing.get_origin(kind) is tuple:
        return _texts(value, checks)
    if not isinstance(value, str):
        raise _Wrong("wrong_type", "应为文本 / expected a text")
    return _text(value, checks)


def plain_kind(hint: Any) -> Any:
    """The type without its `| None`."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        [kind] = [one for one in typing.get_args(hint) if one is not types.NoneType]
        return kind
    return hint


def _text(value: str, checks: Mapping[str, Any]) -> str:
    choices = checks.get("choices")
    if choices and value not in choices:
        raise _Wrong("not_allowed", f"应为 / expected one of: {', '.join(choices)}")
    if len(value) > checks.get("most", 256):
        raise _Wrong("not_allowed", f"过长 / longer than {checks.get('most', 256)} characters")
    pattern = checks.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        raise _Wrong("not_allowed", f"格式应为 / must match {pattern}")
    allowed = "\r\n\t" if checks.get("lines") else ""
    if any(
        (ord(character) < 32 and character not in allowed) or 0xD800 <= ord(character) <= 0xDFFF
        for character in value
    ):
        raise _Wrong("not_allowed", "含控制字符 / holds control characters")
    return value


def _texts(value: Any, checks: Mapping[str, Any]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _Wrong("wrong_type", "应为文本列表 / expected a list of texts")
    if len(value) > checks["items_most"]:
        raise _Wrong("not_allowed", f"多于 / holds more than {checks['items_most']}")
    return tuple(_text(item, checks) for item in value)


def _boolean(value: Any, *, is_text: bool) -> bool:
    if is_text and value in ("true", "false"):
        return bool(value == "true")
    if not is_text and isinstance(value, bool):
        return value
    raise _Wrong("wrong_type", "应为 true 或 false / expected true or false")


def _integer(value: Any, checks: Mapping[str, Any], *, is_text: bool) -> int:
    if is_text and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        value = int(value)
    if type(value) is not int:
        raise _Wrong("wrong_type", "应为整数 / expected an integer")
    if not checks["minimum"] <= value <= checks["maximum"]:
        raise _Wrong("not_allowed", f"应在 / must be within {checks['minimum']}…{checks['maximum']}")
    return value


def plain_object(value: Any) -> dict[str, Any]:
    """A body that is any object; `InvalidRequest` when it is absurdly deep."""
    try:
        return _object(value)
    except _Wrong as wrong:
        raise InvalidRequest((FieldFault(field="", code=wrong.code, detail=wrong.detail),)) from wrong


def _object(value: Any) -> dict[str, Any]:
    """A JSON object that can be written down again: not absurdly deep."""
    if not isinstance(value, dict):
        raise _Wrong("wrong_type", "应为对象 / expected an object")
    layer: list[Any] = [value]
    for _ in range(DEPTH_MOST):
        layer = [
            inner
            for outer in layer
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not layer:
            return value
    raise _Wrong("not_allowed", f"嵌套超过{DEPTH_MOST}层 / is nested more than {DEPTH_MOST} deep")


def _wall_time(value: Any) -> float:
    """ISO 8601 with a zone.  A `+` that a query string turned into a space is understood."""
    try:
        moment = datetime.fromisoformat(_SPACE_FOR_PLUS.sub(r"\1+\2", value))
        if moment.tzinfo is None:
            raise _Wrong("not_allowed", "缺少时区 / needs a zone, as in 2026-11-25T08:00:00+08:00")
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise _Wrong("not_allowed", f"年份应在 / the year must be within {FIRST_YEAR}…{LAST_YEAR}")
        return moment.timestamp()
    except (ValueError, TypeError, OverflowError) as error:
        raise _Wrong(
            "wrong_type", "应为 ISO 8601 时间 / expected a time as ISO 8601 with its zone"
        ) from error


# ---- describing ----------------------------------------------------------------------------------


def describe(hint: Any, known: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a type; dataclasses go into `known` by name and are referred to."""
    if hint is WallTime:
        return {"type": "string", "format": "date-time"}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = describe(plain_kind(hint), known)
        if "$ref" in inner:
            return {"anyOf": [inner, {"type": "null"}]}
        return {**inner, "type": [inner["type"], "null"]}
    if origin is tuple:
        return {"type": "array", "items": describe(arguments[0], known)}
    if origin is dict or hint is dict:
        return {"type": "object"}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"type": "string", "enum": [member.value for member in hint]}
    if dataclasses.is_dataclass(origin):
        name = f"{typing.cast('type', origin).__name__}Of{arguments[0].__name__}"
        return _describe_class(typing.cast("type", origin), name, known, arguments[0])
    if dataclasses.is_dataclass(hint):
        return _describe_class(typing.cast("type", hint), typing.cast("type", hint).__name__, known, None)
    return {"type": {str: "string", int: "integer", float: "number", bool: "boolean"}[hint]}


def _describe_class(cls: type, name: str, known: dict[str, Any], item: Any) -> dict[str, Any]:
    if name not in known:
        known[name] = {}  # so that a class may refer to itself
        hints = typing.get_type_hints(cls)
        fields = [field for field in dataclasses.fields(cls) if not field.metadata.get("hidden")]
        known[name] = {
            "type": "object",
            "description": (cls.__doc__ or "").strip(),
            "properties": {
                outside_name(field): describe_field(field, _with_item(hints[field.name], item), known)
                for field in fields
            },
            "required": [outside_name(field) for field in fields if not has_default(field)],
            "additionalProperties": False,
        }
    return {"$ref": f"#/components/schemas/{name}"}


def _with_item(hint: Any, item: Any) -> Any:
    """Put the item's type where a generic class has its variable."""
    arguments = typing.get_args(hint)
    if item is not None and any(isinstance(one, TypeVar) for one in arguments):
        return tuple[item, ...]
    return hint


def describe_field(field: "dataclasses.Field[Any]", hint: Any, known: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of one field with its checks and its default."""
    schema = describe(hint, known)
    checks = field.metadata
    if "doc" in checks:
        schema["description"] = checks["doc"]
    if "items_most" in checks:
        schema["maxItems"] = checks["items_most"]
    one = schema["items"] if "items_most" in checks else schema
    for ours, theirs in (("most", "maxLength"), ("minimum", "minimum"), ("maximum", "maximum")):
        if ours in checks:
            one[theirs] = checks[ours]
    if "choices" in checks:
        one["enum"] = list(checks["choices"])
    if "pattern" in checks:
        one["pattern"] = f"^(?:{checks['pattern']})$"
    if "example" in checks:
        schema["examples"] = [checks["example"]]
    if field.default not in (dataclasses.MISSING, None, "", ()):
        schema["default"] = field.default
    return schema
