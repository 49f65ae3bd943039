"""Messages that callers left: look for them, hear them, say that somebody dealt with them."""

from aiohttp import web

from api.actors import Role
from api.business import asker
from api.exchange import Exchange
from api.faults import NotBuilt, Refused
from api.ports import Ports
from api.recordings import sound_file
from api.route import CHANGE_AGENTS, LOOK, SUPERVISE, Route
from api.views import Page
from api.voicemail_views import (
    CallBackBody,
    HandleBody,
    HandOverBody,
    VoicemailsPort,
    VoicemailsQuery,
    VoicemailView,
)


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
    return await _port(ports).handle(exchange.id_of("voicemail"), asker(exchange), exchange.body.note)


async def hand_over(ports: Ports, exchange: Exchange) -> VoicemailView:
    """Agents are given it."""
    return await _port(ports).hand_over(
        exchange.id_of("voicemail"), exchange.body, exchange.reach, asker(exchange)
    )


async def call_back(ports: Ports, exchange: Exchange) -> VoicemailView:
    """Whoever left it is called."""
    person = None if exchange.actor is None else exchange.actor.person
    agent = exchange.body.agent or ("" if person is None else person.agent_id)
    if not agent:
        raise Refused("agent_needed", "须指明坐席 / say which agent calls")
    return await _port(ports).call_back(
        exchange.id_of("voicemail"), agent, exchange.body.caller_id, asker(exchange)
    )


_HANDS = frozenset({Role.AGENT, Role.SUPERVISOR})
"""An agent hears the message that they are given; no other is within reach."""

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
        roles=_HANDS,
        handler=get,
        shows=VoicemailView,
        faults=(404, 501),
    ),
    Route(
        method="GET",
        path="/v1/voicemails/{voicemail_id}/sound",
        summary="留言声音,可分段 / the sound, WAV; Range is served",
        scopes=LOOK,
        roles=_HANDS,
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
        is_done_once=True,
        faults=(404, 409, 501),
    ),
    Route(
        method="POST",
        path="/v1/voicemails/{voicemail_id}/hand-over",
        summary="交给坐席:作为联系进入队列 / give it to agents, as a contact in the line",
        scopes=SUPERVISE,
        handler=hand_over,
        shows=VoicemailView,
        body=HandOverBody,
        is_done_once=True,
        faults=(404, 409, 501),
    ),
    Route(
        method="POST",
        path="/v1/voicemails/{voicemail_id}/call-back",
        summary="回拨:先振坐席,再拨主叫 / call whoever left it; the agent's own phone rings first",
        scopes=CHANGE_AGENTS,
        handler=call_back,
        shows=VoicemailView,
        status=202,
        body=CallBackBody,
        is_done_once=True,
        faults=(404, 409, 501),
    ),
)
