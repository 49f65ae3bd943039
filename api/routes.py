"""One table of what the HTTP interface offers: the router and the document are both made of it."""

from typing import Any

from api import (
    agents,
    calls,
    event_source,
    explanations,
    health,
    ledger,
    listening,
    live,
    recordings,
    sign_in,
    webhooks,
)
from api.actors import Role
from api.admin import OBJECTS
from api.business_routes import BUSINESS
from api.call_lists import CALL_LISTS
from api.callbacks import CALLBACKS
from api.contacts import CONTACTS
from api.customers import CUSTOMERS
from api.decision_views import ExplainQuery, ExplanationView
from api.emergency import EMERGENCY
from api.figure_routes import FIGURES
from api.flow_callers import FLOW_CALLERS
from api.listening import ListenQuery
from api.operation_routes import OPERATIONS
from api.prompts import PROMPTS
from api.requests import (
    CallsQuery,
    EventsQuery,
    LedgerListQuery,
    LoginBody,
    NotReadyBody,
    OwnPasswordBody,
    PasswordBody,
    RecordingsQuery,
    SignInBody,
    TicketBody,
)
from api.route import (
    ANYBODY,
    CHANGE_AGENTS,
    LOOK,
    LOOK_AT_AGENTS,
    OPEN,
    SUPERVISE,
    Handler,
    Route,
)
from api.screen_pop import SCREEN_POP
from api.sign_in import SessionView, SignedOut, TicketView
from api.tokens import Scope
from api.views import (
    AgentView,
    CallDetail,
    CallView,
    ColleagueView,
    ForcedActionView,
    HealthView,
    Page,
    RecordingView,
)
from api.voicemails import VOICEMAILS
from api.watch_routes import WATCH
from api.webhook_port import WebhookView
from api.webhooks import ReplayBody
from api.what_if import WHAT_IF

ADMINISTER = frozenset({Scope.ADMIN})
NO_PERSON: frozenset[Role] = frozenset()
EVERY_PERSON = frozenset(Role)


def _get(path: str, summary: str, handler: Handler, shows: Any, **more: Any) -> Route:
    return Route(
        method="GET", path=path, summary=summary, handler=handler, shows=shows, **{"scopes": LOOK, **more}
    )


def _agent(verb: str, command: str, summary: str, handler: Handler, body: type | None = None) -> Route:
    return Route(
        method="POST",
        path=f"/v1/agents/{{agent_id}}/{verb}",
        summary=summary,
        scopes=CHANGE_AGENTS,
        handler=handler,
        shows=AgentView,
        body=body,
        faults=(404, 409),
        command=command,
        is_done_once=True,
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/session",
        summary="登录 / sign in, with number and password or with a ticket",
        scopes=OPEN,
        handler=sign_in.sign_in,
        shows=SessionView,
        status=201,
        body=SignInBody,
        faults=(401, 403, 429, 503),
    ),
    _get(
        "/v1/session",
        "当前登录者 / who is signed in",
        sign_in.show,
        SessionView,
        scopes=ANYBODY,
        roles=EVERY_PERSON,
        is_before_change=True,
    ),
    Route(
        method="DELETE",
        path="/v1/session",
        summary="退出登录 / sign out",
        scopes=ANYBODY,
        roles=EVERY_PERSON,
        handler=sign_in.sign_out,
        shows=SignedOut,
        is_before_change=True,
    ),
    Route(
        method="POST",
        path="/v1/session/password",
        summary="修改自己的密码 / change one's own password",
        scopes=ANYBODY,
        roles=EVERY_PERSON,
        handler=sign_in.change_password,
        shows=SessionView,
        body=OwnPasswordBody,
        faults=(401, 404, 429, 501, 503),
        is_before_change=True,
    ),
    Route(
        method="POST",
        path="/v1/admin/agents/{agent_id}/password",
        summary="设置坐席密码,其会话随之结束 / set an agent's password; their session ends",
        scopes=ADMINISTER,
        handler=sign_in.set_password,
        status=204,
        body=PasswordBody,
        faults=(404, 501, 503),
    ),
    Route(
        method="POST",
        path="/v1/tickets",
        summary="一次性票据,60 秒有效 / a one-use ticket, good for 60 s",
        scopes=CHANGE_AGENTS,
        roles=NO_PERSON,
        handler=sign_in.mint_ticket,
        shows=TicketView,
        status=201,
        body=TicketBody,
        faults=(404,),
    ),
    _get("/v1/agents", "全部坐席 / all agents", agents.list_all, Page[AgentView], scopes=LOOK_AT_AGENTS),
    _get(
        "/v1/agents/{agent_id}",
        "一个坐席 / one agent",
        agents.get,
        AgentView,
        scopes=LOOK_AT_AGENTS,
        faults=(404,),
    ),
    _get(
        "/v1/colleagues",
        "在座的同事 / who sits at a seat and whether they are free, to consult or transfer",
        agents.colleagues,
        Page[ColleagueView],
        scopes=LOOK_AT_AGENTS,
    ),
    _agent("login", "login", "签入 / sign in at a seat", agents.login, LoginBody),
    _agent("logout", "logout", "签出 / sign out", agents.logout),
    _agent("ready", "ready", "示闲 / ready for calls", agents.ready),
    _agent("not-ready", "not_ready", "示忙 / not ready", agents.not_ready, NotReadyBody),
    _agent("wrap-up/end", "end_wrap_up", "结束话后处理 / end the wrap-up", agents.end_wrap_up),
    _get(
        "/v1/calls",
        "呼叫记录 / calls",
        calls.list_some,
        Page[CallView],
        query=CallsQuery,
        roles=EVERY_PERSON,
    ),
    _get(
        "/v1/calls/{call_id}",
        "一个呼叫及其经过 / one call with its history",
        calls.get,
        CallDetail,
        roles=EVERY_PERSON,
        faults=(404,),
    ),
    _get(
        "/v1/calls/{call_id}/explain",
        "为何分给该坐席,为何还在等待 / why a call came to its agent, or why it waits",
        explanations.explain,
        ExplanationView,
        query=ExplainQuery,
        faults=(404, 501, 503),
    ),
    _get(
        "/v1/contacts/{contact_id}/explain",
        "联系为何分给该坐席,为何还在等待 / why a contact came to its agent, or why it waits",
        explanations.explain_contact,
        ExplanationView,
        query=ExplainQuery,
        faults=(404, 501, 503),
    ),
    *OPERATIONS,
    _get(
        "/v1/calls/{call_id}/listen",
        "在浏览器中监听 WebSocket / hear a call without a phone: A-law at 8 kHz, 20 ms a message",
        listening.listen,
        None,
        scopes=SUPERVISE,
        query=ListenQuery,
        status=101,
        faults=(400, 404, 409, 501, 503),
        is_upgrade=True,
        is_forced=True,
    ),
    _get(
        "/v1/ledger",
        "强制操作台账 / the ledger of forced actions",
        ledger.list_some,
        Page[ForcedActionView],
        scopes=SUPERVISE,
        query=LedgerListQuery,
        faults=(501,),
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
    *FIGURES,
    *BUSINESS,
    *OBJECTS,
    *CUSTOMERS,
    *SCREEN_POP,
    *PROMPTS,
    *EMERGENCY,
    *VOICEMAILS,
    *CALLBACKS,
    *CONTACTS,
    *CALL_LISTS,
    *WHAT_IF,
    *FLOW_CALLERS,
    *WATCH,
    _get(
        "/v1/webhooks",
        "Webhook 接收方 / receivers of webhooks and how they are",
        webhooks.list_all,
        Page[WebhookView],
        scopes=ADMINISTER,
        faults=(501,),
    ),
    Route(
        method="POST",
        path="/v1/webhooks/{webhook_id}/replay",
        summary="重新投递 / send again what came since a moment, and what was given up",
        scopes=ADMINISTER,
        handler=webhooks.replay,
        shows=WebhookView,
        body=ReplayBody,
        is_done_once=True,
        faults=(404, 501),
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
        "实时事件 WebSocket / live events: a snapshot, then numbered events; operations as commands",
        live.stream,
        None,
        scopes=LOOK_AT_AGENTS,
        query=EventsQuery,
        status=101,
        faults=(503,),
        is_upgrade=True,
    ),
    _get(
        "/v1/events/stream",
        "实时事件 SSE / the same events as server-sent events",
        event_source.stream,
        None,
        scopes=LOOK_AT_AGENTS,
        query=EventsQuery,
        media_type="text/event-stream",
        faults=(503,),
    ),
)
