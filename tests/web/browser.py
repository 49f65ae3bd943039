"""Debian's Chromium, driven by Playwright: one browser a test, pages that must load nothing foreign and fail at nothing."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, ConsoleMessage, Error, Page, Request, async_playwright, expect

from api.passwords import hash_password

CHROMIUM = "/usr/bin/chromium"
PASSWORD = "correct horse battery"
PATIENCE_MS = 10_000.0
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"

expect.set_options(timeout=PATIENCE_MS)

# What the browser says of a line that was cut or of a refusal is not a fault of the page.
_NETWORK = ("net::ERR", "WebSocket connection to", "the server responded with a status of")


@dataclass  # Playwright keeps its wrappers of our methods on the object
class Faults:
    """What went wrong in a page: exceptions, refused scripts and styles, errors of its console, foreign requests."""

    allowed: tuple[str, ...]
    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Note everything that this page does wrong."""
        page.on("pageerror", self._failed)
        page.on("console", self._said)
        page.on("request", self._asked)

    def _failed(self, error: Error) -> None:
        self.found.append(f"exception: {error}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(known in message.text for known in _NETWORK):
            self.found.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:", *self.allowed)):
            self.found.append(f"request to {request.url}")


@dataclass(slots=True)
class Window:
    """A browser for the pages of one server."""

    browser: Browser
    base: str
    faults: Faults

    async def open(self, path: str, *, width: int = 1280, height: int = 800, language: str = "zh-CN") -> Page:
        """A page of its own, as if on a machine of its own (nothing is shared with the others)."""
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, locale=language, timezone_id="Asia/Shanghai"
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        self.faults.watch(page)
        await page.goto(path if path.startswith("http") else self.base + path)
        return page


@asynccontextmanager
async def window(base: str, *also: str) -> AsyncIterator[Window]:
    """A browser for the server at `base`; at the end of the block no page may have had a fault.

    `also`: origins of other servers from which pages load.
    """
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        faults = Faults((*also, base, base.replace("http", "ws", 1)))
        try:
            yield Window(browser, base, faults)
        finally:
            await browser.close()
        assert not faults.found, "\n".join(faults.found)


def people(*roles: str) -> tuple[str, ...]:
    """TOML of the first agents: who may sign in with `PASSWORD`, in which role; all are of one group."""
    hashed = hash_password(PASSWORD)
    return tuple(f'role = "{role}"\ngroups = ["city"]\npassword_scrypt = "{hashed}"' for role in roles)


async def sign_in(
    page: Page, agent: str, extension: str = "", password: str = PASSWORD, *, state: str = ""
) -> None:
    """Fill the form in as a person does; `state` where the agent begins otherwise than ready."""
    await page.get_by_label("工号").fill(agent)
    await page.get_by_label("密码").fill(password)
    if extension:
        await page.get_by_label("分机").fill(extension)
    if state:
        await page.get_by_label("签入后").select_option(state)
    await page.get_by_role("button", name="登录").click()


async def sign_in_by_token(page: Page, token: str, agent: str = "") -> None:
    """The same with an access token of the configuration."""
    await page.get_by_role("button", name="使用访问令牌").click()
    if agent:
        await page.get_by_label("工号").fill(agent)
    await page.get_by_label("访问令牌").fill(token)
    await page.get_by_role("button", name="登录").click()


async def key(page: Page, keys: str, says: str) -> None:
    """A shortcut of the bar, once its button says this and is lit."""
    button = page.locator(f".bar [aria-keyshortcuts='{keys}']")
    await expect(button).to_have_text(says)
    await expect(button).to_be_enabled()
    await page.keyboard.press(keys)


async def picture(page: Page, name: str) -> None:
    """With PICTURES=1 keep what the page looks like, for people who read the documentation (`make pictures`)."""
    if os.environ.get("PICTURES"):
        await page.screenshot(path=PICTURES / f"{name}.png")
