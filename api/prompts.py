"""Announcements over HTTP: uploaded, listed, heard, replaced, removed."""

import asyncio

from aiohttp import web

from api.business import asker, expected_version, tagged
from api.exchange import Exchange
from api.faults import NotBuilt, NotFound
from api.ports import Ports
from api.prompt_views import PromptQuery, PromptsPort, PromptsQuery, PromptView
from api.route import LOOK, Route
from api.schemas import compiled
from api.tokens import Scope
from api.views import Page

ADMINISTER = frozenset({Scope.ADMIN})
SOUND_MOST = 24 * 1024 * 1024
"""Two minutes at CD quality are 21 MB."""

SOUNDS = (
    "audio/wav",
    "audio/x-wav",
    "audio/vnd.wave",
    "audio/mpeg",
    "audio/mp3",
    "audio/flac",
    "audio/ogg",
    "application/octet-stream",
)
"""What browsers and programs call sounds; what it is is seen when it is read."""


def _port(ports: Ports) -> PromptsPort:
    if ports.prompts is None:
        raise NotBuilt
    return ports.prompts


def _id(exchange: Exchange) -> str:
    prompt_id = exchange.ids["prompt_id"]
    if not compiled(r"[A-Za-z0-9_\-]{1,40}").fullmatch(prompt_id):
        raise NotFound("prompt", prompt_id[:64])
    return prompt_id


async def list_some(ports: Ports, exchange: Exchange) -> Page[PromptView]:
    """A page of announcements."""
    return await _port(ports).list(exchange.query)


async def get(ports: Ports, exchange: Exchange) -> web.Response:
    """One of them with its ETag."""
    view = await _port(ports).get(_id(exchange))
    return tagged(view, view.version)


async def sound(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """What is played, whole or in parts (RFC 9110 section 14)."""
    prompt_id = _id(exchange)
    path = await _port(ports).path_of(prompt_id)
    if not await asyncio.to_thread(path.is_file):
        raise NotFound("prompt", prompt_id)
    return web.FileResponse(path, headers={"Content-Type": "audio/wav"})


async def put(ports: Ports, exchange: Exchange) -> web.Response:
    """Take an uploaded sound; needs `If-Match` where one was uploaded before."""
    expected = expected_version(exchange) or None
    view = await _port(ports).put(
        _id(exchange), exchange.body, exchange.query, expected=expected, by=asker(exchange)
    )
    return tagged(view, view.version)


async def remove(ports: Ports, exchange: Exchange) -> web.Response:
    """Remove an uploaded sound; needs `If-Match`."""
    await _port(ports).remove(_id(exchange), expected=expected_version(exchange), by=asker(exchange))
    return web.Response(status=204)


_PROMPT = "/v1/prompts/{prompt_id}"

PROMPTS: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/prompts",
        summary="提示音及其用处 / announcements and what plays them",
        scopes=LOOK,
        handler=list_some,
        shows=Page[PromptView],
        query=PromptsQuery,
        faults=(501,),
    ),
    Route(
        method="GET",
        path=_PROMPT,
        summary="一个提示音,带 ETag / one announcement with its ETag",
        scopes=LOOK,
        handler=get,
        shows=PromptView,
        faults=(404, 501),
    ),
    Route(
        method="GET",
        path=f"{_PROMPT}/sound",
        summary="提示音声音,可分段 / the sound, WAV; Range is served",
        scopes=LOOK,
        handler=sound,
        media_type="audio/wav",
        faults=(404, 416, 501),
    ),
    Route(
        method="PUT",
        path=_PROMPT,
        summary="上传提示音(WAV、MP3、FLAC、OGG),重新编码 / upload a sound, which is checked and re-encoded",
        scopes=ADMINISTER,
        handler=put,
        shows=PromptView,
        query=PromptQuery,
        takes=SOUNDS,
        body_most=SOUND_MOST,
        faults=(404, 412, 501, 503),
    ),
    Route(
        method="DELETE",
        path=_PROMPT,
        summary="删除上传的提示音,须带 If-Match / remove an uploaded sound; needs If-Match",
        scopes=ADMINISTER,
        handler=remove,
        status=204,
        faults=(404, 412, 501),
    ),
)
