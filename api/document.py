"""The OpenAPI 3.1 document, made of the route table so that it cannot drift from the router."""

import dataclasses
import re
import typing
from typing import Any

from api.actors import Role
from api.object_document import Shapes, add_objects
from api.route import Route
from api.routes import ROUTES
from api.schemas import describe, describe_field, outside_name
from api.single_use import HEADER, KEY_PATTERN

_ANY_FAULTS = (401, 403, 422)
PROBLEM = {
    "type": "object",
    "description": "RFC 9457; `code` is stable, texts are for people",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldFault"}},
        "state": {"type": "string"},
        "allowed": {"type": "array", "items": {"type": "string"}},
        "incident": {"type": "string"},
    },
}
FIELD_FAULT = {
    "type": "object",
    "required": ["field", "code", "detail"],
    "properties": {name: {"type": "string"} for name in ("field", "code", "detail")},
}


def make_document(
    version: str, routes: tuple[Route, ...] = ROUTES, shapes: Shapes | None = None
) -> dict[str, Any]:
    """The whole document; `shapes` are those of the business's objects, by kind."""
    known: dict[str, Any] = {"Problem": PROBLEM, "FieldFault": FIELD_FAULT}
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, known)
    if shapes is not None:
        add_objects(paths, known, shapes)
    return {
        "openapi": "3.1.0",
        "info": {"title": "12345 热线软交换 / hotline softswitch", "version": version},
        "paths": paths,
        "components": {
            "schemas": known,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, known: dict[str, Any]) -> dict[str, Any]:
    name = re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_")
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": route.summary,
        "parameters": [
            *_path_parameters(route),
            *_query_parameters(route, known),
            *_headers(route),
        ],
        "responses": {str(route.status): _success(route, known)},
    }
    faults = {*route.faults, *(_ANY_FAULTS if route.scopes else (422,)), 429}
    if route.method != "GET":
        faults |= {400, 408, 413, 415}
    if route.is_done_once:
        faults.add(409)
    if route.path == "/health":
        operation["responses"]["503"] = _success(route, known)
    for status in sorted(faults):
        operation["responses"][str(status)] = {
            "description": "problem",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": describe(route.body, known)}},
        }
    elif route.takes:
        file = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(route.takes, file)}
    operation["security"] = [{"bearer": []}] if route.scopes else []
    if route.scopes:
        operation["x-scopes"] = sorted(route.scopes)
        operation["x-roles"] = sorted({*route.people, Role.ADMIN})
        operation["x-upgrade"] = route.is_upgrade
        operation["x-forced"] = route.is_forced
    return operation


def _success(route: Route, known: dict[str, Any]) -> dict[str, Any]:
    if route.status == 101:
        return {"description": "WebSocket"}
    if route.status == 204:
        return {"description": route.summary}
    schema = {"type": "string", "format": "binary"} if route.shows is None else describe(route.shows, known)
    return {"description": route.summary, "content": {route.media_type: {"schema": schema}}}


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _headers(route: Route) -> list[dict[str, Any]]:
    known = {
        HEADER: (
            route.is_done_once,
            KEY_PATTERN,
            "同一键只执行一次,24 小时 / done once per key, for 24 hours",
        ),
        "If-Match": (
            412 in route.faults,
            r'"\d{1,15}"',
            "所见版本的 ETag / the ETag of what was looked at",
        ),
    }
    return [
        {
            "name": name,
            "in": "header",
            "required": False,
            "description": text,
            "schema": {"type": "string", "pattern": f"^{pattern}$"},
        }
        for name, (counts, pattern, text) in known.items()
        if counts
    ]


def _query_parameters(route: Route, known: dict[str, Any]) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    hints = typing.get_type_hints(route.query)
    found = []
    for field in dataclasses.fields(route.query):
        schema = describe_field(field, hints[field.name], known)
        if isinstance(schema.get("type"), list):  # an absent parameter is not the same as null
            schema["type"] = schema["type"][0]
        found.append({"name": outside_name(field), "in": "query", "required": False, "schema": schema})
    return found
