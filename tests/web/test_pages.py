"""How the pages are served: which they are, what they may load, who may frame them, and how heavy they are."""

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from api.pages import FOLDER, PAGES, TERMS_PATH, add_pages

PARTNER = "https://orders.example"
WEIGHT_MOST = 300_000


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """A server of the pages alone, which one partner may embed."""
    app = web.Application()
    add_pages(app, (PARTNER,), f"{PARTNER}/{{caller}}")
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.63.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
        yield session
    await runner.cleanup()


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_has_a_policy_that_allows_nothing_inline_and_one_partner(
    client: aiohttp.ClientSession, path: str
) -> None:
    async with client.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert answer.status == 200
        assert answer.content_type == "text/html"
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert f"frame-ancestors 'self' {PARTNER}" in policy
    assert "require-trusted-types-for 'script'" in policy


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_light_and_all_that_it_names_is_there(
    client: aiohttp.ClientSession, path: str
) -> None:
    """The document, its styles and every module that is imported on the way: less than 300 kB."""
    seen: dict[str, int] = {}
    todo = [path]
    while todo:
        wanted = todo.pop()
        if wanted in seen:
            continue
        async with client.get(wanted) as answer:
            assert answer.status == 200, f"{wanted}, named by {path}"
            text = await answer.text()
        seen[wanted] = len(text.encode())
        todo += re.findall(r'(?:src|href)="(/[^"]+)"', text) if wanted == path else []
        todo += [f"/web/{name}" for name in re.findall(r"from '\./([^']+)'", text)]
    assert sum(seen.values()) < WEIGHT_MOST, seen
    assert len(seen) > 3, "a page has styles and modules"


async def test_who_has_a_file_is_told_that_it_is_unchanged(client: aiohttp.ClientSession) -> None:
    async with client.get("/web/phonebar.js") as first:
        tag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "no-cache"
        assert first.content_type == "text/javascript"
    async with client.get("/web/phonebar.js", headers={"If-None-Match": tag}) as again:
        assert again.status == 304
        assert await again.read() == b""
    async with client.get("/web/phonebar.js", headers={"If-None-Match": '"other"'}) as other:
        assert other.status == 200


async def test_a_page_is_told_whose_messages_it_may_heed(client: aiohttp.ClientSession) -> None:
    async with client.get(TERMS_PATH) as answer:
        assert await answer.json() == {"origins": [PARTNER], "screen_pop": f"{PARTNER}/{{caller}}"}


@pytest.mark.parametrize(
    "path", ["/web/", "/web/agent.html", "/web/../app.py", "/web/%2e%2e/app.py", "/web/x.js"]
)
async def test_nothing_else_of_the_disk_is_served(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 404


def test_no_file_holds_what_the_policy_forbids() -> None:
    """No inline script, style or handler in a document; no way to turn text into HTML in a module."""
    for page in FOLDER.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text), page.name
    for module in FOLDER.glob("*.js"):
        text = module.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        ), module.name


def test_colours_stand_in_the_file_of_design_tokens_alone() -> None:
    for style in FOLDER.glob("*.css"):
        if style.name != "tokens.css":
            found = re.findall(r"#[0-9a-fA-F]{3,8}\b", style.read_text(encoding="utf-8"))
            assert not [colour for colour in found if colour != "#fff"], style.name
