"""The interface as a page to browse: made of the OpenAPI document, without scripts and without the network."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

Json = Mapping[str, Any]

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --strong: #0b62c4; }
@media (prefers-color-scheme: dark) { :root { --strong: #7db8ff; } }
body { font: 15px/1.55 system-ui, "Noto Sans CJK SC", sans-serif; max-width: 68rem; margin: 0 auto; padding: 2rem 1.5rem 6rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .6rem; }
nav { display: flex; flex-wrap: wrap; gap: .4rem 1rem; margin-top: 1rem; } a { color: var(--strong); }
details { border: 1px solid var(--line); border-radius: 8px; margin: .4rem 0; }
details > div { padding: .2rem 1rem 1rem; border-top: 1px solid var(--line); }
summary { display: grid; grid-template-columns: 4.5rem minmax(16rem, 2fr) 3fr; gap: .8rem; padding: .5rem 1rem; cursor: pointer; }
summary:hover { background: var(--soft); } summary b { color: var(--strong); }
code, pre { font: 13px/1.5 ui-monospace, "Noto Sans Mono CJK SC", monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } .quiet { opacity: .7; }
"""


def policy() -> str:
    """The page's Content-Security-Policy: its one style, by hash, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def make_page(document: Json) -> str:
    """The whole page."""
    title = escape(document["info"]["title"])
    groups = _groups(document)
    links = "".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in (*groups, "schemas"))
    parts = [
        f'<h2 id="{escape(name)}">/{escape(name)}</h2>'
        + "".join(_operation(method, path, operation) for method, path, operation in operations)
        for name, operations in groups.items()
    ]
    schemas = "".join(
        _schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())
    )
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f'<h1>{title}</h1><p class="quiet">{escape(document["info"]["version"])} · '
        f'<a href="/openapi.json">openapi.json</a></p><nav>{links}</nav>'
        f'{"".join(parts)}<h2 id="schemas">schemas</h2>{schemas}</html>'
    )


def _groups(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    """The operations by the resource that their path begins with."""
    groups: dict[str, list[tuple[str, str, Json]]] = {}
    for path, methods in document["paths"].items():
        words = [word for word in path.split("/") if word]
        name = words[1] if words[0] == "v1" and len(words) > 1 else words[0]
        groups.setdefault(name, []).extend(
            (method.upper(), path, operation) for method, operation in methods.items()
        )
    return groups


def _operation(method: str, path: str, operation: Json) -> str:
    rows = [
        (f"{one['name']}", one["in"], _kind(one["schema"]), one["schema"].get("description", ""))
        for one in operation["parameters"]
    ]
    body = operation.get("requestBody", {}).get("content", {})
    answers: dict[
        tuple[str, str], list[str]
    ] = {}  # the statuses of each form, as its faults have all but one
    for status, response in operation["responses"].items():
        for media, content in (response.get("content") or {response["description"]: {}}).items():
            answers.setdefault((media, _kind(content.get("schema", {}))), []).append(status)
    parts = [
        _who(operation),
        _table(("参数 / parameter", "", "", ""), rows),
        *(f"<p>请求体 / body: {_kind(content['schema'])}</p>" for content in body.values()),
        _table(
            ("状态 / status", "", "", ""),
            [(" ".join(statuses), media, kind, "") for (media, kind), statuses in answers.items()],
        ),
    ]
    anchor = escape(operation["operationId"])
    return (
        f"<details><summary><b>{method}</b><code>{escape(path)}</code>"
        f"<span>{escape(operation['summary'])}</span></summary>"
        f'<div id="{anchor}">{"".join(parts)}</div></details>'  # inside, so that a link to it opens it
    )


def _who(operation: Json) -> str:
    if not operation["security"]:
        return '<p class="quiet">无需登录 / open</p>'
    scopes, roles = ", ".join(operation["x-scopes"]), ", ".join(operation["x-roles"])
    return f'<p class="quiet">令牌 / scopes: {escape(scopes)} · 人员 / roles: {escape(roles)}</p>'


def _schema(name: str, schema: Json) -> str:
    needed = set(schema.get("required", ()))
    rows = [
        (field, "必填 / required" if field in needed else "", _kind(shape), shape.get("description", ""))
        for field, shape in schema.get("properties", {}).items()
    ]
    doc = escape(schema.get("description", ""))
    return (
        f"<details><summary><b></b><code>{escape(name)}</code>"
        f"<span>{doc.splitlines()[0] if doc else ''}</span></summary>"
        f'<div id="schema-{escape(name)}"><p>{doc}</p>{_table(("字段 / field", "", "", ""), rows)}</div></details>'
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, str, str, str]]) -> str:
    """A table; the third column is HTML already."""
    if not rows:
        return ""
    cells = "".join(
        f"<tr><td><code>{escape(a)}</code><td>{escape(b)}<td>{kind}<td>{escape(text)}"
        for a, b, kind, text in rows
    )
    return f"<table><tr>{''.join(f'<th>{escape(word)}' for word in head)}{cells}</table>"


def _kind(schema: Json) -> str:
    """A schema in one line, as HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_kind(schema['items'])}]"
    kinds = schema.get("type", "")
    words = [" | ".join(kinds) if isinstance(kinds, list) else kinds, *_limits(schema)]
    return f"<code>{escape(' '.join(word for word in words if word))}</code>"


def _limits(schema: Json) -> Iterator[str]:
    if "format" in schema:
        yield f"({schema['format']})"
    if "enum" in schema:
        yield "= " + " | ".join(json.dumps(word, ensure_ascii=False) for word in schema["enum"])
    for name, mark in (("minimum", "≥"), ("maximum", "≤"), ("maxLength", "长度/length ≤")):
        if name in schema:
            yield f"{mark} {schema[name]}"
    if "pattern" in schema:
        yield schema["pattern"]
    if "default" in schema:
        yield f"默认/default {json.dumps(schema['default'], ensure_ascii=False)}"
