"""The table of call operations: what agents and supervisors do, over HTTP and over the live connection alike."""

from typing import Any

from api import operations
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
    ToFlowBody,
    TransferBody,
)
from api.operations import CallAccepted, CallData, FlowName
from api.route import CHANGE_AGENTS, LOOK_AT_AGENTS, SUPERVISE, Handler, Route
from api.views import AgentView, Page

_LATER: dict[str, Any] = {"status": 202}
"""Phones have to ring first."""

_OVER_OTHERS: dict[str, Any] = {"scopes": SUPERVISE, "is_forced": True}
_OF_THE_DATA: dict[str, Any] = {
    "scopes": CHANGE_AGENTS,
    "shows": CallData,
    "status": 200,
    "is_done_once": False,
    "faults": (404, 409, 413, 501),
}


def _agent(
    verb: str, command: str, summary: str, handler: Handler, body: type | None = None, **more: Any
) -> Route:
    return Route(
        method="POST",
        path=f"/v1/agents/{{agent_id}}/{verb}",
        command=command,
        summary=summary,
        handler=handler,
        body=body,
        is_done_once=True,  # it is done to the call of the moment, and asked again it would find another
        **{"scopes": CHANGE_AGENTS, "shows": AgentView, "faults": (404, 409, 501), **more},
    )


def _call(verb: str, command: str, summary: str, handler: Handler, body: type, **more: Any) -> Route:
    return Route(
        path=f"/v1/calls/{{call_id}}/{verb}",
        command=command,
        summary=summary,
        handler=handler,
        body=body,
        **{
            "method": "POST",
            "is_done_once": True,
            "scopes": CHANGE_AGENTS,
            "shows": CallAccepted,
            "status": 202,
            "faults": (404, 409, 501),
            **more,
        },
    )


OPERATIONS: tuple[Route, ...] = (
    _agent(
        "dial",
        "dial",
        "外呼与内部呼叫 / call somebody",
        operations.dial,
        DialBody,
        shows=CallAccepted,
        faults=(404, 409, 413, 501),
        **_LATER,
    ),
    _agent("answer", "answer", "应答 / answer the ringing call", operations.answer, **_LATER),
    _agent("hang-up", "hang_up_own", "挂机 / leave the call", operations.hang_up),
    _agent("hold", "hold", "保持 / hold the caller, who hears music", operations.hold),
    _agent("retrieve", "retrieve", "取回 / take the held caller back", operations.retrieve),
    _agent("mute", "mute", "静音 / be heard by nobody", operations.mute),
    _agent("unmute", "unmute", "取消静音 / be heard again", operations.unmute),
    _agent("digits", "send_digits", "发送按键 / send DTMF", operations.send_digits, DigitsBody),
    _agent(
        "consult",
        "consult",
        "咨询 / ask somebody while the caller is held",
        operations.consult,
        ConsultBody,
        **_LATER,
    ),
    _agent("alternate", "alternate", "切换 / change between caller and consulted", operations.alternate),
    _agent(
        "reconnect", "reconnect", "咨询取回 / drop the consulted, back to the caller", operations.reconnect
    ),
    _agent(
        "transfer",
        "transfer",
        "转接 / hand the caller over",
        operations.transfer,
        TransferBody,
        **_LATER,
    ),
    _agent(
        "to-flow",
        "to_flow",
        "转流程后返回 / let the caller through a call flow and back, the agent waits",
        operations.to_flow,
        ToFlowBody,
    ),
    Route(
        method="GET",
        path="/v1/flows",
        summary="可转入的流程 / the call flows that a caller can be sent to",
        scopes=LOOK_AT_AGENTS,
        handler=operations.flows,
        shows=Page[FlowName],
        faults=(501,),
    ),
    _agent("conference", "conference", "三方通话 / join caller, agent and consulted", operations.conference),
    _agent("drop", "drop", "移除一方 / drop one party", operations.drop, DropBody),
    _agent(
        "wrap-up/extend",
        "extend_wrap_up",
        "延长话后处理 / make the wrap-up longer",
        operations.extend_wrap_up,
        ExtendWrapUpBody,
    ),
    _agent(
        "stop-supervising",
        "stop_supervising",
        "结束监听 / leave the supervised call",
        operations.stop_supervising,
        scopes=SUPERVISE,
    ),
    _agent(
        "force",
        "force_state",
        "强制示闲、示忙、签出 / make an agent ready, not ready or signed out",
        operations.force_state,
        ForceStateBody,
        **_OVER_OTHERS,
    ),
    Route(
        method="GET",
        path="/v1/calls/{call_id}/data",
        summary="随路数据 / the attached data",
        scopes=LOOK_AT_AGENTS,
        handler=operations.get_data,
        shows=CallData,
        faults=(404,),
    ),
    _call(
        "data",
        "set_data",
        "替换随路数据 / replace the attached data",
        operations.put_data,
        DataBody,
        method="PUT",
        **_OF_THE_DATA,
    ),
    _call(
        "data",
        "merge_data",
        "合并随路数据,null 删除 / merge into the attached data, null removes",
        operations.merge_data,
        DataBody,
        method="PATCH",
        **_OF_THE_DATA,
    ),
    _call(
        "recording/pause",
        "pause_recording",
        "暂停录音 / record silence",
        operations.pause_recording,
        ReasonBody,
    ),
    _call(
        "recording/resume",
        "resume_recording",
        "恢复录音 / record again",
        operations.resume_recording,
        ReasonBody,
    ),
    _call(
        "supervise",
        "supervise",
        "监听、密语、插话 / listen to a call, whisper or barge in",
        operations.supervise,
        SuperviseBody,
        **_OVER_OTHERS,
    ),
    _call(
        "intercept",
        "intercept",
        "强插 / take the caller from the agent",
        operations.intercept,
        InterceptBody,
        **_OVER_OTHERS,
    ),
    _call(
        "hang-up",
        "force_hang_up",
        "强拆 / end a call or a leg by force",
        operations.force_hang_up,
        HangUpBody,
        **_OVER_OTHERS,
    ),
    _call(
        "pick-up",
        "pick_up",
        "代接 / give a waiting call to an agent",
        operations.pick_up,
        PickUpBody,
        **_OVER_OTHERS,
    ),
    _call("move", "move", "移到其他队列 / move a waiting call", operations.move, MoveBody, **_OVER_OTHERS),
    _call(
        "level",
        "set_level",
        "调整级别 / change the level of a waiting call",
        operations.set_level,
        LevelBody,
        **_OVER_OTHERS,
    ),
)
