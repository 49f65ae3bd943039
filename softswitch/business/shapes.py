"""The shapes of documents as JSON Schema, for whoever makes forms of them: made of the classes that read the documents.

Beside the words of JSON Schema (2020-12) a field may have `unit`, and `names`: the kind of thing that its text (or each
of its texts) names, a kind of document, or `prompts`, `music`, `trunks` of this machine, or `nodes` of the same flow.
A name of `prompts` in a flow may also be a spoken item (`digits:…`), so it is advice where a text is free.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from config.values import words_of
from softswitch.business.documents import KINDS
from softswitch.business.whole import Machine
from softswitch.flows.nodes import NODE_NAME, NODES

_NAMES: Final[Mapping[str, str]] = {
    "agent": "agents",
    "agents": "agents",
    "flow": "flows",
    "greeting": "prompts",
    "groups": "groups",
    "hours": "hours",
    "invalid": "prompts",
    "listed": "lists",
    "music": "music",
    "notice": "prompts",
    "queue": "queues",
    "queues": "queues",
    "region": "regions",
    "routing": "routings",
    "say": "prompts",
    "selection": "selections",
    "trunk": "trunks",
}
"""What the texts of a field name, by the field's name: it is the same wherever such a field stands."""

_NAMES_HERE: Final[Mapping[tuple[str, str], str]] = {
    ("SkillSettings", "name"): "skills",
    ("AgentSettings", "shares"): "shares",
    ("AgentSettings", "capacities"): "capacities",
}
"""The same for names that mean something else in other places."""

_TEXT_OF_NODES: Final = frozenset({"box"})
"""Fields that look like the name of a node and are none."""

_PLAIN: Final[Mapping[type, str]] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def shapes(machine: Machine) -> dict[str, Any]:
    """Every kind of document, every node of a flow, and the names that this machine knows."""
    return {
        "kinds": kind_shapes(),
        "nodes": {name: shape_of(cls) for name, cls in NODES.items()},
        "machine": {
            "trunks": sorted(machine.trunks),
            "prompts": sorted(machine.prompts),
            "music": sorted(machine.music),
        },
    }


def kind_shapes() -> dict[str, dict[str, Any]]:
    """Every kind of document but flows, whose nodes have shapes of their own."""
    return {kind.name: shape_of(kind.cls) for kind in KINDS.values() if kind.cls is not None}


def flow_shape() -> dict[str, Any]:
    """A flow: its nodes by name, each of the kind that its `type` says."""
    nodes = [shape_of(cls) for cls in NODES.values()]
    for name, node in zip(NODES, nodes, strict=True):
        node["properties"] = {"type": {"const": name}, **node["properties"]}
        node["required"] = ["type", *node["required"]]
    texts = {name: {"type": "string"} for name in ("id", "name", "start")}
    table = {"type": "object", "additionalProperties": {"oneOf": nodes}}
    return {
        "type": "object",
        "properties": texts | {"nodes": table},
        "required": ["id", "start", "nodes"],
        "additionalProperties": False,
    }


def shape_of(cls: Any) -> dict[str, Any]:
    """The JSON Schema of one class that `config.binding` reads; classes inside stand where they are used."""
    hints = typing.get_type_hints(cls)
    return {
        "type": "object",
        "description": (cls.__doc__ or "").strip().partition("\n\n")[0],
        "properties": {
            item.name: _field(cls, item, hints[item.name]) for item in dataclasses.fields(cls) if item.init
        },
        "required": [
            item.name
            for item in dataclasses.fields(cls)
            if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        ],
        "additionalProperties": False,
    }


def _field(cls: type, item: "dataclasses.Field[Any]", hint: Any) -> dict[str, Any]:
    terms = item.metadata
    schema = _value(hint, terms)
    inner = _innermost(schema)
    if names := _names_of(cls, item):
        inner["names"] = names
    if "doc" in terms:
        schema["description"] = terms["doc"]
    if "unit" in terms:
        schema["unit"] = terms["unit"]
    if terms.get("secret"):
        schema["writeOnly"] = True
    default = _default(item)
    if default is not dataclasses.MISSING:
        schema["default"] = default
    return schema


def _value(hint: Any, terms: Mapping[str, Any]) -> dict[str, Any]:
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        [kind] = [one for one in inside if one is not types.NoneType]
        present = _value(kind, terms)
        return {**present, "type": [present["type"], "null"]}
    if origin is tuple:
        return {"type": "array", "items": _value(inside[0], terms)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _value(inside[1], terms)}
    if origin is typing.Literal:
        return {"type": "string", "enum": list(inside)}
    if dataclasses.is_dataclass(hint):
        return shape_of(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"type": "string", "enum": [member.value for member in hint]}
    schema: dict[str, Any] = {"type": _PLAIN[hint]}
    schema |= {name: terms[name] for name in ("minimum", "maximum") if name in terms}
    pattern = terms.get("pattern")
    if pattern:
        words = words_of(pattern) if "|" in pattern else []
        schema |= {"enum": words} if words else {"pattern": f"^(?:{pattern})$"}
    return schema


def _innermost(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of each single text of a field: of the list's items, of the table's values, or the field's own."""
    inner = schema.get("items") or schema.get("additionalProperties")
    return inner if isinstance(inner, dict) else schema


def _names_of(cls: type, item: "dataclasses.Field[Any]") -> str:
    pattern = item.metadata.get("pattern", "")
    if NODE_NAME in pattern and cls in NODES.values() and item.name not in _TEXT_OF_NODES:
        return "nodes"
    if item.name == "next":
        return "nodes"
    return _NAMES_HERE.get((cls.__name__, item.name)) or _NAMES.get(item.name, "")


def _default(item: "dataclasses.Field[Any]") -> Any:
    """A default as JSON has it."""
    if item.default is not dataclasses.MISSING:
        value = item.default
    elif item.default_factory is not dataclasses.MISSING:
        value = item.default_factory()
    else:
        return dataclasses.MISSING
    return _json(value)


def _json(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _json(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_json(one) for one in value]
    return value
