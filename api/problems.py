"""Every way in which a request can fail, in one table: exception class → status and stable code (RFC 9457)."""

import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web

from api.faults import ApiFault, Conflict, Denied, NotBuilt, NotFound, Refused, TooLarge, Unavailable
from api.json_text import MalformedJson, to_plain
from api.schemas import InvalidRequest

_log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"

_TITLES = {
    400: "请求格式错误 / malformed request",
    401: "需要令牌 / a token is needed",
    403: "权限不足 / not allowed with this token",
    404: "不存在 / not found",
    405: "方法不允许 / method not allowed",
    408: "请求超时 / the request took too long",
    409: "状态冲突 / conflicts with the present state",
    413: "请求体过大 / body too large",
    415: "内容类型不支持 / media type not supported",
    416: "范围无效 / range not satisfiable",
    422: "请求内容无效 / the request cannot be right",
    500: "内部错误 / internal error",
    501: "未实现 / not built",
    503: "暂不可用 / not available now",
}


class Unauthenticated(ApiFault):
    """No token, or none that is known; which of the two is not told."""

    def __init__(self) -> None:
        """The same text always."""
        super().__init__("令牌缺失或无效 / the bearer token is missing or unknown")


class Forbidden(ApiFault):
    """The token lacks a scope."""

    def __init__(self, needed: tuple[str, ...]) -> None:
        """Name the scopes of which one is needed."""
        super().__init__(f"需要权限之一 / one of these scopes is needed: {', '.join(needed)}")
        self.needed = needed


class UnsupportedBody(ApiFault):
    """A body that is not plain JSON (415)."""


class BodyTimeout(ApiFault):
    """The body did not arrive in time (408)."""


class BodyBroken(ApiFault):
    """The body ended early or its framing is broken (400)."""


FAULTS: dict[type[Exception], tuple[int, str]] = {
    MalformedJson: (400, "malformed_json"),
    BodyBroken: (400, "broken_body"),
    Unauthenticated: (401, "unauthenticated"),
    Forbidden: (403, "forbidden"),
    Denied: (403, "{code}"),
    NotFound: (404, "{kind}_not_found"),
    BodyTimeout: (408, "body_timeout"),
    Conflict: (409, "{code}"),
    TooLarge: (413, "{code}"),
    UnsupportedBody: (415, "unsupported_media_type"),
    InvalidRequest: (422, "invalid_request"),
    Refused: (422, "{code}"),
    NotBuilt: (501, "not_built"),
    Unavailable: (503, "{code}"),
}
"""A code in braces is taken from the exception."""

_HTTP_CODES = {
    400: "bad_request",
    404: "no_such_path",
    405: "method_not_allowed",
    413: "body_too_large",
    416: "range_not_satisfiable",
}


def response(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> web.Response:
    """A problem document as response."""
    title = _TITLES.get(status) or HTTPStatus(status).phrase
    document = {
        "type": f"urn:softswitch:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    return web.Response(
        status=status,
        headers=headers,
        body=json.dumps(document, ensure_ascii=False).encode(),
        content_type=CONTENT_TYPE,
    )


def from_exception(error: Exception) -> web.Response:
    """The response to any exception of a handler; one that is in no table is logged under an id and not shown."""
    if isinstance(error, web.HTTPException):
        return _from_http(error)
    for cls in type(error).__mro__:
        if cls in FAULTS:
            status, pattern = FAULTS[cls]
            code = pattern.format_map(_Attributes(error))
            return response(status, code, _detail(error), _headers(error), **_more(error))
    incident = secrets.token_hex(8)
    _log.exception("http.failed", incident=incident, exc_info=error)
    return response(
        500, "internal_error", f"请按编号查日志 / see the log under the id {incident}", incident=incident
    )


class _Attributes(dict[str, str]):
    """The attributes of an exception as a mapping, for the codes in braces."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def __missing__(self, name: str) -> str:
        return str(getattr(self._error, name))


def _detail(error: Exception) -> str:
    match error:
        case ApiFault() | MalformedJson():
            return error.detail
        case InvalidRequest():
            return "; ".join(f"{fault.field}: {fault.detail}" for fault in error.faults[:10])
        case _:
            return ""


def _more(error: Exception) -> dict[str, Any]:
    match error:
        case InvalidRequest():
            return {"errors": to_plain(error.faults[:100])}
        case Conflict():
            return {"state": error.state, "allowed": list(error.allowed)}
        case Forbidden():
            return {"needed": list(error.needed)}
        case Denied():
            return {"rule": error.rule}
        case _:
            return {}


def _headers(error: Exception) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"WWW-Authenticate": 'Bearer realm="softswitch"'}
        case Unavailable():
            return {"Retry-After": str(error.retry_after_s)}
        case _:
            return {}


def _from_http(error: web.HTTPException) -> web.Response:
    kept = {name: error.headers[name] for name in ("Allow", "Content-Range") if name in error.headers}
    code = _HTTP_CODES.get(error.status, f"http_{error.status}")
    return response(error.status, code, _TITLES.get(error.status, ""), kept)
