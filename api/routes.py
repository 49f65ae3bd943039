"""One table of what the HTTP interface offers: the router and the document are both made of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from api import agents, calls, health, live, recordings
from api.ports import Ports
from api.requests import (
    CallsQuery,
    EventsQuery,
    HangUpBody,
    LoginBody,
    NotReadyBody,
    RecordingsQuery,
)
from api.tokens import Scope
from api.views import AgentView, CallDetail, CallView, HealthView, Page, RecordingView

LOOK = frozenset({Scope.READ, Scope.SUPERVISOR})
LOOK_AT_AGENTS = frozenset({Scope.READ, Scope.AGENT, Scope.SUPERVISOR})
CHANGE_AGENTS = frozenset({Scope.AGENT, Scope.SUPERVISOR})
SUPERVISE = frozenset({Scope.SUPERVISOR})
OPEN: frozenset[Scope] = frozenset()
"""No token is asked for."""

Handler = Callable[[Ports, Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint.  `faults` lists the statuses that its port may cause, beside those that any request may.

    A handler takes the ports and an `api.exchange.Exchange` and returns a view or a finished response.
    """

    method: str
    path: str
    summary: str
    scopes: frozenset[Scope]
    handler: Handler
    shows: Any = None
    status: int = 200
    body: type | None = None
    query: type | None = None
    faults: tuple[int, ...] = ()
    media_type: str = "application/json"


def _get(path: str, summary: str, handler: Handler, shows: Any, **more: Any) -> Route:
    return Route(
        method="GET", path=path, summary=summary, handler=handler, shows=shows, **{"scopes": LOOK, **more}
    )


def _agent(verb: str, summary: str, handler: Handler, body: type | None = None) -> Route:
    return Route(
        method="POST",
        path=f"/v1/agents/{{agent_id}}/{verb}",
        summary=summary,
        scopes=CHANGE_AGENTS,
        handler=handler,
        shows=AgentView,
        body=body,
        faults=(404, 409),
    )


ROUTES: tuple[Route, ...] = (
    _get("/v1/agents", "全部坐席 / all agents", agents.list_all, Page[AgentView], scopes=LOOK_AT_AGENTS),
    _get(
        "/v1/agents/{agent_id}",
        "一个坐席 / one agent",
        agents.get,
        AgentView,
        scopes=LOOK_AT_AGENTS,
        faults=(404,),
    ),
    _agent("login", "签入 / sign in at a seat", agents.login, LoginBody),
    _agent("logout", "签出 / sign out", agents.logout),
    _agent("ready", "示闲 / ready for calls", agents.ready),
    _agent("not-ready", "示忙 / not ready", agents.not_ready, NotReadyBody),
    _agent("wrap-up/end", "结束话后处理 / end the wrap-up", agents.end_wrap_up),
    _get("/v1/calls", "呼叫记录 / calls", calls.list_some, Page[CallView], query=CallsQuery),
    _get(
        "/v1/calls/{call_id}",
        "一个呼叫及其经过 / one call with its history",
        calls.get,
        CallDetail,
        faults=(404,),
    ),
    Route(
        method="POST",
        path="/v1/calls/{call_id}/hang-up",
        summary="强拆 / end a call by force",
        scopes=SUPERVISE,
        handler=calls.hang_up,
        shows=calls.HangUpAccepted,
        status=202,
        body=HangUpBody,
        faults=(404, 409),
    ),
    _get(
        "/v1/recordings",
        "录音 / recordings",
        recordings.list_some,
        Page[RecordingView],
        query=RecordingsQuery,
    ),
    _get(
        "/v1/recordings/{recording_id}",
        "录音文件,可分段 / the sound, stereo A-law WAV; Range is served",
        recordings.sound,
        None,
        media_type="audio/wav",
        faults=(404, 409, 416),
    ),
    _get(
        "/v1/recordings/{recording_id}/meta",
        "一个录音的数据 / what is known of a recording",
        recordings.meta,
        RecordingView,
        faults=(404,),
    ),
    _get(
        "/health",
        "健康状态 / whether it lives and takes calls; 503 when not",
        health.health,
        HealthView,
        scopes=OPEN,
    ),
    _get(
        "/v1/events",
        "实时事件 WebSocket / live events: a snapshot, then numbered events",
        live.stream,
        None,
        scopes=LOOK_AT_AGENTS,
        query=EventsQuery,
        status=101,
    ),
)

UPGRADES = frozenset({"/v1/events"})
"""Endpoints that check the token themselves: a browser sends it in its first message."""
