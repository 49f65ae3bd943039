"""The endpoints of whoever operates the node: alarms and metrics."""

from typing import Any

from api import self_checks, watch
from api.route import LOOK, SUPERVISE, Route
from api.self_check_port import SelfCheckView
from api.self_checks import SelfChecksQuery
from api.views import Page
from api.watch import AcknowledgeBody, TestAlarmBody
from api.watch_port import AlarmView


def _over_alarms(path: str, summary: str, **more: Any) -> Route:
    return Route(method="POST", path=path, summary=summary, scopes=SUPERVISE, shows=AlarmView, **more)


WATCH: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/metrics",
        summary="度量 / metrics in the text form of Prometheus",
        scopes=LOOK,
        roles=frozenset(),  # they are of the whole node: for programs, and of people for administrators
        handler=watch.metrics,
        media_type="text/plain",
        faults=(501,),
    ),
    Route(
        method="GET",
        path="/v1/alarms",
        summary="当前告警 / alarms that stand",
        scopes=LOOK,
        handler=watch.standing,
        shows=Page[AlarmView],
        faults=(501,),
    ),
    _over_alarms(
        "/v1/alarms/test",
        "测试告警 / raise the test alarm",
        handler=watch.test,
        body=TestAlarmBody,
        is_done_once=True,
        faults=(501,),
    ),
    _over_alarms(
        "/v1/alarms/{alarm_id}/acknowledge",
        "确认告警 / acknowledge an alarm",
        handler=watch.acknowledge,
        body=AcknowledgeBody,
        faults=(404, 501),
    ),
    Route(
        method="GET",
        path="/v1/self-checks",
        summary="每日自检 / daily self-checks, the last one first",
        scopes=LOOK,
        handler=self_checks.newest,
        query=SelfChecksQuery,
        shows=Page[SelfCheckView],
        faults=(501,),
    ),
    Route(
        method="GET",
        path="/v1/self-checks/{check_id}",
        summary="自检报告(HTML) / the report of a self-check as a page",
        scopes=LOOK,
        handler=self_checks.page,
        media_type="text/html",
        faults=(404, 501),
    ),
    Route(
        method="POST",
        path="/v1/self-checks",
        summary="立即自检 / check now, with a test call",
        scopes=SUPERVISE,
        handler=self_checks.check,
        shows=SelfCheckView,
        is_done_once=True,
        faults=(409, 501),
    ),
)
