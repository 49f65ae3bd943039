"""Recordings: look for them, and hear them."""

import asyncio
import base64
from pathlib import Path

from aiohttp import web

from api.exchange import Exchange
from api.faults import Conflict, NotFound
from api.ports import Ports, RecordingQuery
from api.views import Page, RecordingView


async def list_some(ports: Ports, exchange: Exchange) -> Page[RecordingView]:
    """A page of recordings."""
    query = exchange.query
    return await ports.recordings.list(
        RecordingQuery(
            since=query.since,
            until=query.until,
            agent=query.agent,
            number=query.number,
            call_id=query.call_id,
            cursor=query.cursor,
            limit=query.limit,
            reach=exchange.reach,
        )
    )


async def meta(ports: Ports, exchange: Exchange) -> RecordingView:
    """What is known of a recording."""
    return await ports.recordings.get(exchange.id_of("recording"))


async def sound(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """The file, whole or in parts (RFC 9110 section 14); while it is being written there is none."""
    recording = await ports.recordings.get(exchange.id_of("recording"))
    return await sound_file(recording.recording_id, recording.state, recording.path, recording.sha256)


async def sound_file(
    recording_id: str, state: str, file: str, sha256: str | None = None
) -> web.StreamResponse:
    """The file of a recording; `Conflict` while it is open, `NotFound` when it is gone.

    Its SHA-256, in hexadecimal, goes along as `Repr-Digest` (RFC 9530): whoever keeps a copy can prove what it is of.
    """
    if state == "open":
        raise Conflict(
            "recording_open",
            "录音进行中 / the recording is still being written",
            state=state,
            allowed=("meta",),
        )
    path = Path(file)
    if not await asyncio.to_thread(path.is_file):
        raise NotFound("recording_file", recording_id)
    headers = {
        "Content-Type": "audio/wav",
        "Content-Disposition": f'attachment; filename="{recording_id}.wav"',
    }
    if sha256:
        headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
    return web.FileResponse(path, headers=headers)
