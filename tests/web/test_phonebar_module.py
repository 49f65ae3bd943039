"""phonebar.js and toolbar.js as integrators use them: in a page of their own, and in a frame of another origin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Page, WebSocketRoute, async_playwright, expect

from bench.desk_phones import Manner
from bench.scratch_config import TOKEN
from tests.peers import CALLER, peers
from tests.stand import Stand, Terms, stand
from tests.web.browser import CHROMIUM, people, picture, sign_in, window

pytestmark = pytest.mark.e2e

TERMS = Terms(
    seats=2, greeting="", announce_agent=False, wrap_up_s=60.0, agent_extra=people("agent", "agent")
)

TOOLBAR = """async ({agentId, token, extension}) => {
  const { Toolbar } = await import('/web/toolbar.js');
  const toolbar = window.toolbar = new Toolbar({ agentId, token });
  window.heard = [];
  for (const name of ['onReady', 'onRinging', 'onTalking', 'onHangup', 'onAcwStart', 'onAcwEnd', 'onError', 'onResync'])
    toolbar[name] = (event) => window.heard.push([name, event?.caller ?? event?.code ?? '']);
  return toolbar.login(extension);
}"""


async def heard(page: Page, *wanted: list[str]) -> None:
    """The toolbar told exactly these, in this order."""
    await page.wait_for_function("count => window.heard.length >= count", arg=len(wanted))
    assert await page.evaluate("window.heard") == list(wanted)


async def test_a_page_written_for_an_older_toolbar_works(tmp_path: Path) -> None:
    """Its names for methods and events stand; what the server refuses is an error event, never an exception."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner(answer_s=0.5)) as around,
        window(here.api.base) as browser,
    ):
        page = await browser.open("/phonebar-example")
        terms = {"agentId": here.agent(1), "token": TOKEN, "extension": here.extension(1)}
        assert await page.evaluate(TOOLBAR, terms) is True
        assert (await here.api.agent(here.agent(1)))["presence"] == "ready"
        call, _ = await around.call()
        start = [["onResync", ""], ["onReady", ""], ["onRinging", CALLER], ["onTalking", CALLER]]
        await heard(page, *start)
        assert await page.evaluate("toolbar.logout()") is False
        await heard(page, *start, ["onError", "not_allowed"])
        await around.trunk.hang_up(call)
        ended = [*start, ["onError", "not_allowed"], ["onHangup", CALLER], ["onAcwStart", ""]]
        await here.wait_agent(1, presence="wrap_up")
        await heard(page, *ended)
        assert await page.evaluate("toolbar.setIdle()") is True
        await heard(page, *ended, ["onAcwEnd", ""])
        assert await page.evaluate("toolbar.setBusy('lunch')") is True
        assert (await here.api.agent(here.agent(1)))["reason"] == "lunch"


async def test_the_example_page_logs_calls_and_events(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", TERMS) as here, window(here.api.base) as browser:
        page = await browser.open("/phonebar-example", height=900)
        await page.get_by_label("工号").fill(here.agent(1))
        await page.get_by_label("令牌").fill(TOKEN)
        await page.get_by_role("button", name="connect()", exact=True).click()
        await expect(page.locator("#line")).to_have_text("live")
        await page.get_by_role("textbox", name="login arguments").fill('{"extension": "8001"}')
        await page.get_by_role("button", name="login()", exact=True).click()
        await expect(page.locator("#log")).to_contain_text('"presence":"not_ready"')
        await page.get_by_role("button", name="hold()", exact=True).click()
        await expect(page.locator("#log .wrong")).to_contain_text("hold() ✗")
        await picture(page, "phonebar-example")


async def test_an_address_fills_a_number_in_and_dials_nothing(tmp_path: Path) -> None:
    """`/agent/dial?number=…` is a GET: a person clicks, and the number leaves the address bar at once."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner(), Manner(answer_s=None)),
        window(here.api.base) as browser,
    ):
        page = await browser.open('/agent/dial?number=8002&data={"order":7}')
        assert page.url == f"{here.api.base}/agent"
        await sign_in(page, here.agent(1), here.extension(1))
        await expect(page.get_by_role("textbox", name="号码")).to_have_value("8002")
        assert await here.active_calls() == []
        await page.locator("#ask").get_by_role("button", name="拨号").click()
        await expect(page.locator("#caller-number")).to_have_text("8002")
        [call] = await here.active_calls()
        assert (call["called"], call["data"]) == ("8002", {"order": 7})


CUT = """async ({token, agentId}) => {
  const { PhoneBar } = await import('/web/phonebar.js');
  const bar = window.bar = new PhoneBar({ agentId, token });
  window.unknown = [];
  bar.on('commandUnknown', ({ name, key }) => window.unknown.push([name, key !== '']));
  const early = await bar.hold().catch((problem) => problem.code);
  await bar.connect();
  return early;
}"""


async def test_an_operation_whose_answer_was_lost_is_asked_again_under_its_key(tmp_path: Path) -> None:
    """The line is cut before each answer: what dials is done once and answered then, any other is told as unknown."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner(answer_s=None)),
        window(here.api.base) as browser,
    ):
        await here.login(1)
        page = await browser.open("/phonebar-example")
        is_cut = False

        async def between(line: WebSocketRoute) -> None:
            server = line.connect_to_server()

            async def to_page(message: str | bytes) -> None:
                if is_cut and '"type": "answer"' in str(message):
                    await server.close()
                    await line.close(code=1012)
                else:
                    line.send(message)

            server.on_message(to_page)

        await page.route_web_socket("**/v1/events", between)
        assert await page.evaluate(CUT, {"token": TOKEN, "agentId": here.agent(1)}) == "not_connected"
        is_cut = True
        await page.evaluate("void (window.dialled = bar.dial('8002'))")
        await page.wait_for_function("() => window.unknown.length === 1")
        is_cut = False
        call_id = (await page.evaluate("window.dialled"))["call_id"]
        assert [call["call_id"] for call in await here.active_calls()] == [call_id]
        is_cut = True
        await page.wait_for_function("() => bar.isLive")
        await page.evaluate("void (window.left = bar.hangUp().catch((problem) => problem.code))")
        assert await page.evaluate("window.left") == "outcome_unknown"
        assert await page.evaluate("window.unknown") == [["dial", True], ["hang_up_own", False]]
        await here.wait_event("CallEnded", call_id=call_id)
        await page.wait_for_function("() => bar.isLive")
        await page.evaluate("void (window.longer = bar.extendWrapUp(60).catch((problem) => problem.code))")
        await page.wait_for_function("() => window.unknown.length === 3")
        is_cut = False
        assert await page.evaluate("window.longer") == "not_allowed"
        assert await page.evaluate("window.unknown[2]") == ["extend_wrap_up", True]


PARTNER_PAGE = """<!doctype html><meta charset="utf-8"><title>orders</title>
<iframe id="bar" width="1200" height="56" src="{base}/agent"></iframe>
<script type="module">
  window.told = [];
  const ask = (method, ...args) => bar.contentWindow.postMessage(
    {{ type: 'softswitch.command', id: method, method, args }}, '{base}');
  addEventListener('message', ({{ data, origin }}) => {{ if (origin === '{base}') window.told.push(data); }});
  window.ask = ask;
  window.PhoneBar = (await import('{base}/web/phonebar.js')).PhoneBar;
</script>"""


@asynccontextmanager
async def partner(here: Stand) -> AsyncIterator[str]:
    """The pages of an integrator, on an origin of their own."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=PARTNER_PAGE.format(base=here.api.base), content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, here.stranger_address, 8080).start()
    yield f"http://{here.stranger_address}:8080"
    await runner.cleanup()


async def told(page: Page, **wanted: object) -> None:
    """The page around the bar got a message with these fields."""
    await page.wait_for_function(
        "wanted => window.told.some(one => Object.entries(wanted).every(([name, value]) => one[name] === value))",
        arg=wanted,
    )


async def test_an_integrator_frames_the_bar_and_commands_it_by_messages(tmp_path: Path) -> None:
    """A ticket signs in, events are told after `hello`, a message never dials; a site that is not named gets nothing."""
    async with (
        stand(
            tmp_path / "stand", replace(TERMS, http_extra='embedders = ["http://{network}.9:8080"]')
        ) as here,
        peers(here, Manner(answer_s=None)) as around,
        partner(here) as origin,
        window(here.api.base, origin) as browser,
    ):
        page = await browser.open(origin)
        await told(page, type="softswitch.event", name="loaded")
        ticket = (await here.api.post("/v1/tickets", {"agent_id": here.agent(1)}))["ticket"]
        terms = {"ticket": ticket, "extension": here.extension(1)}
        await page.evaluate("terms => ask('signIn', terms)", terms)
        bar = page.frame_locator("#bar")
        await expect(bar.locator("#state-word")).to_have_text("空闲")
        await told(page, type="softswitch.event", name="signedIn")
        await page.evaluate("ask('hello')")
        await told(page, id="hello", ok=True)
        await around.call()
        await told(page, type="softswitch.event", name="ringing")
        await page.evaluate("ask('dial', '13900000001')")
        await expect(bar.get_by_role("textbox", name="号码")).to_have_value("13900000001")
        assert len(await here.active_calls()) == 1, "a message dialled"
        await page.evaluate("ask('forceState', '1002', 'ready', 'x')")
        await told(page, id="forceState", ok=False)

        second = (await here.api.post("/v1/tickets", {"agent_id": here.agent(2)}))["ticket"]
        state = await page.evaluate(
            """async ({base, ticket}) => {
              const bar = new PhoneBar({ url: base, ticket });
              await bar.connect();
              return bar.agent.agent_id + ' ' + bar.state;
            }""",
            {"base": here.api.base, "ticket": second},
        )
        assert state == f"{here.agent(2)} logged_out"


async def test_a_site_that_is_not_named_cannot_frame_the_bar(tmp_path: Path) -> None:
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        partner(here) as origin,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            await page.goto(origin)
        await browser.close()
