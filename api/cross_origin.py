"""What pages of other sites may ask (CORS): those that were named, with a bearer token, never with a cookie."""

from aiohttp import web

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID"
_KEPT_S = "600"


class CrossOrigin:
    """Writes the headers; a site that was not named gets none, so its browser keeps the answer from it."""

    def __init__(self, origins: frozenset[str]) -> None:
        """These are let in."""
        self._origins = origins

    async def prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Name the origin in every answer to its pages."""
        if not self._origins:
            return
        response.headers.setdefault("Vary", "Origin")
        origin = request.headers.get("Origin", "")
        if origin in self._origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"

    def preflight(self, request: web.Request) -> web.Response | None:
        """The answer to a browser that asks before it asks (Fetch standard, CORS-preflight); None for others."""
        origin = request.headers.get("Origin", "")
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return None
        if origin not in self._origins:
            return None
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _HEADERS,
                "Access-Control-Max-Age": _KEPT_S,
            },
        )
