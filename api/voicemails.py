"""Messages that callers left: look for them, hear them, say that somebody dealt with them."""

from aiohttp import web

from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import Ports
from api.recordings import sound_file
from api.route import LOOK, SUPERVISE, Route
from api.views import Page
from api.voicemail_views import HandleBody, VoicemailsPort, VoicemailsQuery, VoicemailView


def _port(ports: Ports) -> VoicemailsPort:
    if ports.voicemails is None:
        raise NotBuilt
    return ports.voicemails


async def list_some(ports: Ports, exchange: Exchange) -> Page[VoicemailView]:
    """A page of messages within reach."""
    return await _port(ports).list(exchange.query, exchange.reach)


async def get(ports: Ports, exchange: Exchange) -> VoicemailView:
    """One message."""
    return await _port(ports).get(exchange.id_of("voicemail"))


async def sound(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """The message, whole or in parts; while the caller speaks there is none."""
    message = await _port(ports).get(exchange.id_of("voicemail"))
    return await sound_file(message.voicemail_id, message.state, message.path)


async def handle(ports: Ports, exchange: Exchange) -> VoicemailView:
    """Whoever asks dealt with it."""
    by = "" if exchange.actor is None else exchange.actor.name
    return await _port(ports).handle(exchange.id_of("voicemail"), by, exchange.body.note)


VOICEMAILS: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/voicemails",
        summary="语音留言 / messages that callers left",
        scopes=LOOK,
        handler=list_some,
        shows=Page[VoicemailView],
        query=VoicemailsQuery,
        faults=(501,),
    ),
    Route(
        method="GET",
        path="/v1/voicemails/{voicemail_id}",
        summary="一条留言 / one message",
        scopes=LOOK,
        handler=get,
        shows=VoicemailView,
        faults=(404, 501),
    ),
    Route(
        method="GET",
        path="/v1/voicemails/{voicemail_id}/sound",
        summary="留言声音,可分段 / the sound, WAV; Range is served",
        scopes=LOOK,
        handler=sound,
        media_type="audio/wav",
        faults=(404, 409, 416, 501),
    ),
    Route(
        method="POST",
        path="/v1/voicemails/{voicemail_id}/handled",
        summary="标记已处理 / somebody dealt with it",
        scopes=SUPERVISE,
        handler=handle,
        shows=VoicemailView,
        body=HandleBody,
        faults=(404, 501),
    ),
)
