"""The paths of the business's objects in the document: one for each kind, with the shape of what stands there."""

import copy
from collections.abc import Mapping
from typing import Any

from api.admin import KIND, OBJECT

Shapes = Mapping[str, Mapping[str, Any]]
"""JSON Schemas by kind."""


def add_objects(paths: dict[str, Any], known: dict[str, Any], shapes: Shapes) -> None:
    """Put a path for each kind in place of those for any kind; `known` are the schemas of the document."""
    templates = {path: paths.pop(path) for path in (KIND, OBJECT) if path in paths}
    for kind, shape in shapes.items():
        name = f"Object_{kind}"
        known[name] = _shown(shape)
        for path, operations in templates.items():
            paths[path.replace("{kind}", kind)] = {
                method: _of_kind(operation, kind, name) for method, operation in operations.items()
            }


def _shown(schema: Any) -> Any:
    """A shape whose secrets are shown hidden, and may come back so: `****`, which fits no pattern of theirs."""
    if isinstance(schema, Mapping):
        left_out = ("writeOnly", "pattern") if schema.get("writeOnly") else ()
        return {key: _shown(inner) for key, inner in schema.items() if key not in left_out}
    return [_shown(inner) for inner in schema] if isinstance(schema, list) else schema


def _of_kind(operation: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    made = copy.deepcopy(operation)
    made["operationId"] = made["operationId"].replace("admin_kind", f"admin_{kind}")
    made["parameters"] = [one for one in made["parameters"] if one["name"] != "kind"]
    shown = {"$ref": f"#/components/schemas/{name}"}
    if "requestBody" in made:
        made["requestBody"]["content"]["application/json"]["schema"] = shown
    content = made["responses"].get("200", {}).get("content", {}).get("application/json")
    if content is not None and "$ref" in content["schema"]:  # a page of them
        page = {"type": "object", "required": ["items", "next_cursor"], "properties": {}}
        page["properties"] = {
            "items": {"type": "array", "items": shown},
            "next_cursor": {"type": ["string", "null"]},
        }
        content["schema"] = page
    elif content is not None:
        content["schema"] = shown
    return made
