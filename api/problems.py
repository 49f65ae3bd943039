"""Every way in which a request can fail, in one table: exception class → status and stable code (RFC 9457)."""

import json
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web

from api.faults import (
    ApiFault,
    Conflict,
    Denied,
    NotBuilt,
    NotFound,
    Outdated,
    Refused,
    TooLarge,
    Unavailable,
    VersionNeeded,
)
from api.json_text import MalformedJson, to_plain
from api.schemas import FieldFault, InvalidRequest

_log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"

_TITLES = {
    400: "请求格式错误 / malformed request",
    401: "需要登录或令牌 / sign in, or show a token",
    403: "权限不足 / not allowed",
    404: "不存在 / not found",
    405: "方法不允许 / method not allowed",
    408: "请求超时 / the request took too long",
    409: "状态冲突 / conflicts with the present state",
    412: "已被修改 / it has changed meanwhile",
    413: "请求体过大 / body too large",
    415: "内容类型不支持 / media type not supported",
    416: "范围无效 / range not satisfiable",
    421: "主机名不符 / not this server's name",
    422: "请求内容无效 / the request cannot be right",
    428: "须说明所见的版本 / say which version was looked at",
    429: "过于频繁 / too many",
    500: "内部错误 / internal error",
    501: "未实现 / not built",
    503: "暂不可用 / not available now",
}


class Unauthenticated(ApiFault):
    """No token, or none that is known; which of the two is not told."""

    def __init__(self) -> None:
        """The same text always."""
        super().__init__("令牌或会话缺失或无效 / the token or session is missing or unknown")


class Forbidden(ApiFault):
    """The token lacks a scope."""

    def __init__(self, needed: tuple[str, ...]) -> None:
        """Name the scopes of which one is needed."""
        super().__init__(f"需要权限之一 / one of these scopes is needed: {', '.join(needed)}")
        self.needed = needed


class NotYours(ApiFault):
    """The thing belongs to others (403); whether it is there is not told."""

    def __init__(self) -> None:
        """The same text always."""
        super().__init__("不在权限范围内 / it does not belong to you or your groups")


class Misdirected(ApiFault):
    """The request names a host that is not this server (421, RFC 9110 section 15.5.20)."""

    def __init__(self) -> None:
        """The same text always."""
        super().__init__("Host 不是本服务器 / the Host is not one of this server's names (http.hosts)")


class OriginRefused(ApiFault):
    """Another site's page asks for a change (403)."""

    def __init__(self) -> None:
        """The same text always."""
        super().__init__("来源网页未获准 / pages of this origin are not let in (http.origins)")


class TokenOfPageMissing(ApiFault):
    """A change with the session's cookie alone (403): it may come from a foreign page."""

    def __init__(self) -> None:
        """The same text always."""
        super().__init__("缺少 X-CSRF-Token / a change with the cookie needs X-CSRF-Token (GET /v1/session)")


class PasswordOutdated(ApiFault):
    """The person has to change the password before anything else (403)."""

    def __init__(self) -> None:
        """The same text always."""
        super().__init__("须先修改密码 / the password has to be changed first (POST /v1/session/password)")


class TooManyTries(ApiFault):
    """Too many wrong passwords (429); the next try may be made after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        """Keep the delay."""
        super().__init__("尝试过多,请稍后再试 / too many tries, come back later")
        self.retry_after_s = retry_after_s


class TooManyRequests(ApiFault):
    """One client asks too fast (429); it may go on after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        """Keep the delay."""
        super().__init__("请求过于频繁,请稍后再试 / too many requests, come back later (http.request_rate)")
        self.retry_after_s = retry_after_s


class SignInRefused(ApiFault):
    """Number and password, or the ticket, do not fit (401); which of them is not told."""

    def __init__(self) -> None:
        """The same text always."""
        super().__init__("工号、密码或票据不正确 / number, password or ticket is not right")


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
    SignInRefused: (401, "sign_in_refused"),
    Forbidden: (403, "forbidden"),
    NotYours: (403, "not_yours"),
    OriginRefused: (403, "origin_refused"),
    TokenOfPageMissing: (403, "csrf_token_missing"),
    PasswordOutdated: (403, "password_must_change"),
    Denied: (403, "{code}"),
    NotFound: (404, "{kind}_not_found"),
    BodyTimeout: (408, "body_timeout"),
    Conflict: (409, "{code}"),
    TooLarge: (413, "{code}"),
    Outdated: (412, "{code}"),
    UnsupportedBody: (415, "unsupported_media_type"),
    Misdirected: (421, "wrong_host"),
    InvalidRequest: (422, "invalid_request"),
    Refused: (422, "{code}"),
    VersionNeeded: (428, "version_needed"),
    TooManyTries: (429, "too_many_tries"),
    TooManyRequests: (429, "too_many_requests"),
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


def status_and_code(error: Exception) -> tuple[int, str]:
    """What the caller is told of an exception; 500 for one that is in no table."""
    if isinstance(error, web.HTTPException):
        return error.status, _HTTP_CODES.get(error.status, f"http_{error.status}")
    for cls in type(error).__mro__:
        if cls in FAULTS:
            status, pattern = FAULTS[cls]
            return status, pattern.format_map(_Attributes(error))
    return 500, "internal_error"


def from_exception(error: Exception) -> web.Response:
    """The response to any exception of a handler; one that is in no table is logged under an id and not shown."""
    if isinstance(error, web.HTTPException):
        return _from_http(error)
    status, code = status_and_code(error)
    if status != 500:
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
        case Refused() if error.field:
            return {"errors": to_plain([FieldFault(field=error.field, code=error.code, detail=error.detail)])}
        case Conflict():
            return {"state": error.state, "allowed": list(error.allowed)}
        case Forbidden():
            return {"needed": list(error.needed)}
        case Outdated():
            return {"current": error.current}
        case Denied():
            return {"rule": error.rule}
        case _:
            return {}


def _headers(error: Exception) -> dict[str, str]:
    match error:
        case Unauthenticated() | SignInRefused():
            return {"WWW-Authenticate": 'Bearer realm="softswitch"'}
        case Unavailable() | TooManyTries() | TooManyRequests():
            return {"Retry-After": str(error.retry_after_s)}
        case _:
            return {}


def _from_http(error: web.HTTPException) -> web.Response:
    kept = {name: error.headers[name] for name in ("Allow", "Content-Range") if name in error.headers}
    _, code = status_and_code(error)
    return response(error.status, code, _TITLES.get(error.status, ""), kept)
