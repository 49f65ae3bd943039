"""The pages and the phone bar's modules: the files of `api/web`, read once, each with an ETag and a strict policy.

A page is a document that only loads scripts and styles of this server; what it shows it asks for like any other client.
"""

import hashlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from api.json_text import dump

FOLDER = Path(__file__).parent / "web"
PAGES = {
    "/agent": "agent.html",
    "/agent/dial": "agent.html",
    "/supervisor": "supervisor.html",
    "/wallboard": "wallboard.html",
    "/admin": "admin.html",
    "/voicemails": "voicemails.html",
    "/phonebar-example": "phonebar_example.html",
}
"""Where each page is served.  `/agent/dial?number=…&data=…` only fills the number in: a GET never dials."""

TERMS_PATH = "/web/terms.json"
"""What a page is told beside its files: `origins` that it exchanges messages with, and the `screen_pop` template."""

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

Step = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebFile:
    """One file as it is sent."""

    content_type: str
    body: bytes
    etag: str

    @classmethod
    def read(cls, path: Path) -> "WebFile":
        """Read a file of a known type."""
        return cls.of(_TYPES[path.suffix], path.read_bytes())

    @classmethod
    def of(cls, content_type: str, body: bytes) -> "WebFile":
        """A file made of its content."""
        return cls(content_type=content_type, body=body, etag=hashlib.sha256(body).hexdigest()[:32])


def content_policy(embedders: Collection[str]) -> str:
    """The Content-Security-Policy of a page: its own scripts and styles, no inline ones, framed by `embedders` only.

    Trusted Types are asked for and none are made: a browser that knows them refuses text that would become HTML.
    """
    ancestors = " ".join(["'self'", *embedders])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "media-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
            f"frame-ancestors {ancestors}",
        )
    )


def add_pages(app: web.Application, embedders: Collection[str] = (), screen_pop: str = "") -> None:
    """Serve the pages and their files.

    `embedders`: origins that may frame them and exchange messages with them.  `screen_pop`: the address that a call
    opens, with places to be filled in.
    """
    allowed = tuple(embedders)
    policy = content_policy(allowed)
    files = {path.name: WebFile.read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}
    for path, name in PAGES.items():
        app.router.add_get(path, _step(files[name], policy))
    for name, file in files.items():
        if file.content_type != "text/html":
            app.router.add_get(f"/web/{name}", _step(file, policy))
    terms = WebFile.of("application/json", dump({"origins": allowed, "screen_pop": screen_pop}).encode())
    app.router.add_get(TERMS_PATH, _step(terms, policy))


def _step(file: WebFile, policy: str) -> Step:
    """Answer with the file, or with 304 to whoever has it."""

    async def step(request: web.Request) -> web.StreamResponse:
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": policy}
        is_known = any(tag.value in (file.etag, "*") for tag in request.if_none_match or ())
        answer = (
            web.Response(status=304, headers=headers)
            if is_known
            else web.Response(
                body=file.body, content_type=file.content_type, charset="utf-8", headers=headers
            )
        )
        answer.etag = file.etag
        return answer

    return step
