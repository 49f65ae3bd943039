"""One table of what the HTTP interface offers: the router and the document are both made of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from api import agents, calls, health, live, operations, recordings, watch
from api.operation_requests import (
    ConsultBody,
    DataBody,
    DialBody,
    DigitsBody,
    DropBody,
    ExtendWrapUpBody,
    ForceStateBody,
    HangUpBody,
    InterceptBody,
    LevelBody,
    MoveBody,
    PickUpBody,
    ReasonBody,
    SuperviseBody,
    TransferBody,
)
from api.operations import CallAccepted, CallData
from api.ports import Ports
from api.requests import (
    CallsQuery,
    EventsQuery,
    LoginBody,
    NotReadyBody,
    RecordingsQuery,
)
from api.tokens import Scope
from api.views import AgentView, CallDetail, CallView, HealthView, Page, RecordingView
from api.watch import AcknowledgeBody, TestAlarmBody
from api.watch_port import AlarmView

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


def _agent(verb: str, summary: str, handler: Handler, body: type | None = None, **more: Any) -> Route:
    return Route(
        method="POST",
        path=f"/v1/agents/{{agent_id}}/{verb}",
        summary=summary,
        handler=handler,
        body=body,
        **{"scopes": CHANGE_AGENTS, "shows": AgentView, "faults": (404, 409), **more},
    )


def _softphone(verb: str, summary: str, handler: Handler, body: type | None = None, **more: Any) -> Route:
    return _agent(verb, summary, handler, body, **{"faults": (404, 409, 501), **more})


def _call(verb: str, summary: str, handler: Handler, body: type, **more: Any) -> Route:
    return Route(
        path=f"/v1/calls/{{call_id}}/{verb}",
        summary=summary,
        handler=handler,
        body=body,
        **{
            "method": "POST",
            "scopes": SUPERVISE,
            "shows": CallAccepted,
            "status": 202,
            "faults": (404, 409, 501),
            **more,
        },
    )


_ACCEPTED: dict[str, Any] = {"status": 202}
"""Phones have to ring first."""

_OF_THE_DATA: dict[str, Any] = {"scopes": CHANGE_AGENTS, "shows": CallData, "status": 200}

OPERATIONS: tuple[Route, ...] = (
    _softphone(
        "dial", "外呼与内部呼叫 / call somebody", operations.dial, DialBody, shows=CallAccepted, **_ACCEPTED
    ),
    _softphone("answer", "应答 / answer the ringing call", operations.answer, **_ACCEPTED),
    _softphone("hang-up", "挂机 / leave the call", operations.hang_up),
    _softphone("hold", "保持 / hold the caller, who hears music", operations.hold),
    _softphone("retrieve", "取回 / take the held caller back", operations.retrieve),
    _softphone("mute", "静音 / be heard by nobody", operations.mute),
    _softphone("unmute", "取消静音 / be heard again", operations.unmute),
    _softphone("digits", "发送按键 / send DTMF", operations.send_digits, DigitsBody),
    _softphone(
        "consult",
        "咨询 / ask somebody while the caller is held",
        operations.consult,
        ConsultBody,
        **_ACCEPTED,
    ),
    _softphone("alternate", "切换 / change between caller and consulted", operations.alternate),
    _softphone("reconnect", "咨询取回 / drop the consulted, back to the caller", operations.reconnect),
    _softphone("transfer", "转接 / hand the caller over", operations.transfer, TransferBody, **_ACCEPTED),
    _softphone("conference", "三方通话 / join caller, agent and consulted", operations.conference),
    _softphone("drop", "移除一方 / drop one party", operations.drop, DropBody),
    _softphone(
        "wrap-up/extend",
        "延长话后处理 / make the wrap-up longer",
        operations.extend_wrap_up,
        ExtendWrapUpBody,
    ),
    _softphone(
        "stop-supervising",
        "结束监听 / leave the supervised call",
        operations.stop_supervising,
        scopes=SUPERVISE,
    ),
    _softphone(
        "force",
        "强制示闲、示忙、签出 / make an agent ready, not ready or signed out",
        operations.force_state,
        ForceStateBody,
        scopes=SUPERVISE,
    ),
    _get(
        "/v1/calls/{call_id}/data",
        "随路数据 / the attached data",
        operations.get_data,
        CallData,
        scopes=LOOK_AT_AGENTS,
        faults=(404,),
    ),
    _call(
        "data",
        "替换随路数据 / replace the attached data",
        operations.put_data,
        DataBody,
        method="PUT",
        **_OF_THE_DATA,
    ),
    _call(
        "data",
        "合并随路数据,null 删除 / merge into the attached data, null removes",
        operations.merge_data,
        DataBody,
        method="PATCH",
        **_OF_THE_DATA,
    ),
    _call(
        "recording/pause",
        "暂停录音 / record silence",
        operations.pause_recording,
        ReasonBody,
        scopes=CHANGE_AGENTS,
    ),
    _call(
        "recording/resume",
        "恢复录音 / record again",
        operations.resume_recording,
        ReasonBody,
        scopes=CHANGE_AGENTS,
    ),
    _call(
        "supervise",
        "监听、密语、强插 / listen to a call, whisper or barge in",
        operations.supervise,
        SuperviseBody,
    ),
    _call("intercept", "拦截 / take the caller from the agent", operations.intercept, InterceptBody),
    _call("hang-up", "强拆 / end a call or a leg by force", operations.force_hang_up, HangUpBody),
    _call("pick-up", "代接 / give a waiting call to an agent", operations.pick_up, PickUpBody),
    _call("move", "移到其他队列 / move a waiting call", operations.move, MoveBody),
    _call("level", "调整级别 / change the level of a waiting call", operations.set_level, LevelBody),
)
"""What agents and supervisors do with calls."""

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
    *OPERATIONS,
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
    _get("/metrics", "度量 / metrics", watch.metrics, None, media_type="text/plain", faults=(501,)),
    _get("/v1/alarms", "当前告警 / alarms that stand", watch.standing, Page[AlarmView], faults=(501,)),
    Route(
        method="POST",
        path="/v1/alarms/test",
        summary="测试告警 / raise the test alarm",
        scopes=SUPERVISE,
        handler=watch.test,
        shows=AlarmView,
        body=TestAlarmBody,
        faults=(501,),
    ),
    Route(
        method="POST",
        path="/v1/alarms/{alarm_id}/acknowledge",
        summary="确认告警 / acknowledge an alarm",
        scopes=SUPERVISE,
        handler=watch.acknowledge,
        shows=AlarmView,
        body=AcknowledgeBody,
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
