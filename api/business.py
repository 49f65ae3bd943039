"""The hotline's business over HTTP: documents with their versions, and the whole as one file."""

import json
from typing import Any

from aiohttp import web

from api.business_ports import BusinessPort
from api.business_requests import CUSTOMERS
from api.business_views import (
    CheckView,
    DocumentView,
    ImportView,
    KindView,
    ReasonView,
    VersionDetail,
    VersionView,
)
from api.exchange import Exchange
from api.faults import NotBuilt, NotFound, Outdated, VersionNeeded
from api.json_text import dump
from api.ports import Ports
from api.schemas import FieldFault, InvalidRequest, compiled
from api.views import Page

REASONS_MOST = 100
"""Nobody chooses from more."""

DOCUMENT_ID = r"[A-Za-z0-9\u3400-\u9fff（）·_.+\-]{1,80}"
"""What a new document may be named by: queues and outbound rules have no other name, so Chinese ones are as good.

One that is there already is found by whatever name the settings file gave it.
"""


def business_of(ports: Ports) -> BusinessPort:
    """The business; `NotBuilt` where there is none."""
    if ports.business is None:
        raise NotBuilt
    return ports.business


def usable_id(kind: str, key: str, expected: int | None = None) -> str:
    """An id that a document may be kept under; `InvalidRequest` tells what one is made of.

    What replaces a document (`expected` is its version) has the name that this has.
    """
    if expected is None and not compiled(DOCUMENT_ID).fullmatch(key):
        detail = "编号须为 1–80 个汉字、字母、数字或 _ - . + · （） / an id is 1 to 80 Chinese characters, letters, digits or _ - . + · （）"
        raise InvalidRequest((FieldFault(field=f"{kind}.{key}"[:128], code="not_allowed", detail=detail),))
    return key


def _place(exchange: Exchange) -> tuple[str, str]:
    return exchange.ids["kind"], exchange.ids["document_id"]


def expected_version(exchange: Exchange) -> int | None:
    """The version in `If-Match` (RFC 9110 section 13.1.1); None without it.  A tag that is none of ours is outdated."""
    header = exchange.request.headers.get("If-Match")
    if header is None:
        return None
    tag = header.strip().removeprefix("W/").strip('"')
    if not (tag.isascii() and tag.isdigit() and len(tag) < 16):
        raise Outdated("document_changed", "?")
    return int(tag)


def looked_at(exchange: Exchange, *, dry_run: bool = False) -> int | None:
    """The version in `If-Match`, for a change of much at once: nobody does that to what they have not seen.

    Only a try needs none; `VersionNeeded`.
    """
    version = expected_version(exchange)
    if version is None and not dry_run:
        raise VersionNeeded("If-Match")
    return version


def asker(exchange: Exchange) -> str:
    """Who asks: a person's number or a token's name."""
    return "" if exchange.actor is None else exchange.actor.name


def tagged(view: Any, version: int, status: int = 200) -> web.Response:
    """A view as JSON with its ETag."""
    return web.json_response(text=dump(view), status=status, headers={"ETag": f'"{version}"'})


async def kinds(ports: Ports, _exchange: Exchange) -> Page[KindView]:
    """Which kinds there are."""
    return Page(items=await business_of(ports).kinds(), next_cursor=None)


async def schemas(ports: Ports, _exchange: Exchange) -> dict[str, Any]:
    """What forms are made of."""
    return await business_of(ports).schemas()


async def reasons(ports: Ports, _exchange: Exchange) -> Page[ReasonView]:
    """What agents choose from when they show busy: no reason that is the system's own."""
    page = await business_of(ports).list("reasons", "", REASONS_MOST)
    items = tuple(
        ReasonView(reason_id=one.id, name=str(one.data.get("name") or one.id), category=category)
        for one in page.items
        if (category := str(one.data.get("category") or "break")) != "system"
    )
    return Page(items=items, next_cursor=None)


async def list_some(ports: Ports, exchange: Exchange) -> Page[DocumentView]:
    """A page of documents."""
    query = exchange.query
    return await business_of(ports).list(exchange.ids["kind"], query.cursor, query.limit)


async def get(ports: Ports, exchange: Exchange) -> web.Response:
    """One document with its ETag."""
    view = await business_of(ports).get(*_place(exchange))
    return tagged(view, view.version)


async def check(ports: Ports, exchange: Exchange) -> CheckView:
    """What would be wrong with a document."""
    kind, key = exchange.ids["kind"], exchange.ids["document_id"]
    return await business_of(ports).check(kind, usable_id(kind, key), exchange.body.data)


async def put(ports: Ports, exchange: Exchange) -> web.Response:
    """Make or replace a document; one that is there needs `If-Match`."""
    kind, key = exchange.ids["kind"], exchange.ids["document_id"]
    body = exchange.body
    expected = expected_version(exchange)
    view = await business_of(ports).put(
        kind,
        usable_id(kind, key, expected),
        body.data,
        expected=expected,
        by=asker(exchange),
        reason=body.reason,
    )
    return tagged(view, view.version, 201 if expected is None else 200)


async def remove(ports: Ports, exchange: Exchange) -> web.Response:
    """Remove a document; needs `If-Match`."""
    await business_of(ports).remove(
        *_place(exchange),
        expected=expected_version(exchange),
        by=asker(exchange),
        reason=exchange.query.reason,
    )
    return web.Response(status=204)


async def versions(ports: Ports, exchange: Exchange) -> Page[VersionView]:
    """A page of versions, newest first."""
    return await business_of(ports).versions(exchange.query.cursor, exchange.query.limit)


def _version(exchange: Exchange) -> int:
    text = exchange.ids["version"]
    if not compiled(r"\d{1,15}").fullmatch(text):
        raise NotFound("version", text[:32])
    return int(text)


async def version(ports: Ports, exchange: Exchange) -> VersionDetail:
    """One version with its differences."""
    return await business_of(ports).version_of(_version(exchange))


async def restore(ports: Ports, exchange: Exchange) -> VersionDetail:
    """Roll back: the whole business becomes what it was with this version; needs `If-Match`, the whole that was looked at."""
    return await business_of(ports).restore(
        _version(exchange),
        expected=looked_at(exchange),
        by=asker(exchange),
        reason=exchange.body.reason,
    )


async def export(ports: Ports, _exchange: Exchange) -> web.Response:
    """The whole as a file to keep, with the ETag by which a change of it may be imported."""
    business = business_of(ports)
    version = business.version
    text = json.dumps(await business.export(), ensure_ascii=False, indent=1)
    return web.json_response(
        text=text,
        headers={
            "Content-Disposition": 'attachment; filename="business.json"',
            "ETag": f'"{version}"',
        },
    )


async def load(ports: Ports, exchange: Exchange) -> ImportView:
    """Replace the whole by a file, or with `dry_run` say what would change; needs the versions that were looked at."""
    body = exchange.body
    expected = looked_at(exchange, dry_run=body.dry_run)
    if CUSTOMERS in body.file and body.customers_version is None and not body.dry_run:
        raise VersionNeeded("customers_version")
    return await business_of(ports).load(
        body.file,
        dry_run=body.dry_run,
        expected=expected,
        expected_customers=body.customers_version,
        by=asker(exchange),
        reason=body.reason,
    )
