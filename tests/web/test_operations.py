"""Call operations by the buttons of the pages, on real phones: each is true when the phones hear it."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.conversation import MUSIC, TERMS, Conversation, conversation, outbound_terms
from tests.e2e.test_excursion import PASSWORD
from tests.e2e.test_flows import ask
from tests.web.browser import key, people, picture, sign_in, window

pytestmark = pytest.mark.e2e

STAFFED = replace(TERMS, agent_extra=people("agent", "agent", "supervisor"))


async def press(page: Page, button: str) -> None:
    """A button of the bar; it must be allowed."""
    await page.locator(".bar").get_by_role("button", name=button, exact=True).click()


async def aim(page: Page, button: str, kind: str, to: str) -> None:
    """A form of the bar that asks for a target."""
    await press(page, button)
    await page.get_by_role("combobox", name="转给").select_option(kind)
    await page.locator("#ask input").fill(to)
    await page.locator("#ask").get_by_role("button", name=button, exact=True).click()


async def call_up(talk: Conversation, page: Page) -> None:
    """Agent one signs in at the page, a caller calls, and they talk."""
    here = talk.here
    await sign_in(page, here.agent(1), here.extension(1))
    await expect(page.locator("#state-word")).to_have_text("空闲")
    await talk.phones["caller"].call(here.hotline)
    await expect(page.locator("#state-word")).to_have_text("通话")
    talk.call_id = (await here.active_calls())[0]["call_id"]


@pytest.mark.long
async def test_an_agent_holds_mutes_consults_confers_and_transfers(tmp_path: Path) -> None:
    terms = replace(STAFFED, queue_extra="hold_reminder_s = 3.0")
    async with (
        conversation(tmp_path / "stand", terms) as talk,
        window(talk.here.api.base) as browser,
    ):
        here = talk.here
        page = await browser.open("/agent")
        await call_up(talk, page)
        await here.login(2, state="not_ready")

        await press(page, "保持")
        await expect(page.locator("#state-word")).to_have_text("保持")
        await talk.wait_heard(caller={MUSIC})
        await expect(page.locator("#banner")).to_contain_text("已保持 3 秒")
        await picture(page, "agent-held")
        await key(page, "Alt+H", "取回")
        await expect(page.locator("#banner")).to_be_hidden()
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await press(page, "静音")
        await expect(page.locator("#state-note")).to_contain_text("已静音")
        await talk.wait_heard(one={"caller"}, caller={MUSIC})
        await key(page, "Alt+M", "取消静音")
        await expect(page.locator("#mute")).to_have_text("静音")
        await page.locator("#hold").focus()
        for arrow, next_one in (
            ("ArrowRight", "mute"),
            ("ArrowLeft", "hold"),
            ("Home", "hang-up"),
            ("End", "digits"),
        ):
            await page.keyboard.press(arrow)
            await expect(page.locator(f"#{next_one}")).to_be_focused()

        await key(page, "Alt+K", "按键")
        await page.locator("#ask").get_by_role("button", name="5", exact=True).click()
        await talk.phones["caller"].wait_for("digit", digit="5")
        await page.keyboard.press("#")
        await talk.phones["caller"].wait_for("digit", digit="#")
        await picture(page, "agent-keypad")
        await page.keyboard.press("Escape")

        await page.locator("#recording").click()
        await page.locator("#ask").get_by_role("button", name="市民报密码").click()
        await expect(page.locator("#call")).to_contain_text("录音暂停")
        paused = await here.wait_event("RecordingPaused", call_id=talk.call_id)
        assert paused["reason"] == "市民报密码"
        await expect(page.locator("#recording")).to_have_text("恢复录音")
        await expect(page.locator("#recording")).to_be_focused()
        await page.reload()
        await expect(page.locator("#recording")).to_have_text("恢复录音")
        await page.locator("#recording").click()
        await expect(page.locator("#recording")).to_have_text("暂停录音")
        assert (await here.api.call(talk.call_id))["call"]["recording_paused"] is False

        form = page.locator("#data-form")
        await form.get_by_placeholder("名称").fill("工单")
        await form.get_by_placeholder("内容").fill("<b>20261128</b>")
        await form.get_by_role("button", name="保存").click()
        await expect(page.locator("#data")).to_contain_text("<b>20261128</b>")

        desk = await browser.open("/supervisor")
        await sign_in(desk, here.agent(3))
        state = desk.locator(".tile").first.locator(".tile-state")
        await expect(state).to_contain_text("通话")
        await aim(page, "咨询", "agent", here.agent(2))
        await expect(page.locator(".parties li")).to_have_count(3)
        await expect(state).to_contain_text("保持")
        await expect(desk.locator(".tile").nth(1)).to_contain_text("通话中")
        await talk.wait_heard(caller={MUSIC}, one={"two"}, two={"one"})
        await key(page, "Alt+S", "切换")
        await expect(state).to_contain_text("通话")
        await talk.wait_heard(caller={"one"}, one={"caller"}, two={MUSIC})
        await key(page, "Alt+J", "三方")
        await talk.wait_heard(caller={"one", "two"}, one={"caller", "two"}, two={"caller", "one"})
        await expect(page.locator(".caller .badge").last).to_have_text("三方")
        await picture(page, "agent-conference")
        await (
            page.locator(".parties li[data-role=agent], .parties li[data-role=consultee]")
            .get_by_role("button", name="移除")
            .click()
        )
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await expect(page.locator(".caller .badge")).to_have_text("通话")

        for taken_back in (True, False):
            await key(page, "Alt+C", "咨询")
            await page.locator("#ask input").fill(here.agent(2))
            await page.keyboard.press("Enter")
            await expect(page.locator(".parties li")).to_have_count(3)
            await expect(state).to_contain_text("保持")
            if taken_back:
                await key(page, "Alt+V", "收回")
                await expect(state).to_contain_text("通话")
                await expect(page.locator(".parties li")).to_have_count(2)
        await press(page, "完成转接")
        await talk.wait_heard(caller={"two"}, two={"caller"})
        await expect(page.locator("#state-word")).to_have_text("话后处理")
        await page.locator("#extend").click()
        await expect(page.locator("#state-word")).to_have_text("话后处理")
        await here.wait_event("SeatCommand", command="extend_wrap_up", status=200)
        await expect(page.locator("#state-left")).to_contain_text("剩余 1:")

        await page.get_by_role("button", name="English").click()
        await expect(page.locator("#state-word")).to_have_text("Wrap-up")
        for button in ("End wrap-up", "Not ready", "Hang up", "Transfer"):
            await expect(page.locator(".bar").get_by_role("button", name=button, exact=True)).to_be_visible()
        await page.reload()
        await expect(page.locator("#extend")).to_have_text("60 s more wrap-up")
        assert await page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.long
async def test_a_caller_goes_through_a_flow_and_is_taken_back_by_the_bar(tmp_path: Path) -> None:
    """The form offers the flows by name; meanwhile the agent hears music, and the one button that is lit takes back."""
    async with (
        conversation(tmp_path / "stand", STAFFED, agents=1) as talk,
        window(talk.here.api.base) as browser,
    ):
        here, page = talk.here, await browser.open("/agent")
        await ask(here, "PUT", "/v1/business/documents/flows/password", json={"data": PASSWORD})
        await call_up(talk, page)
        await press(page, "转接")
        await page.get_by_role("combobox", name="转给").select_option("detour")
        await expect(page.locator("#targets option[value=password]")).to_have_count(1)
        await page.locator("#ask input").fill("password")
        await page.locator("#ask").get_by_role("button", name="转接", exact=True).click()
        await expect(page.locator("#state-note")).to_contain_text("市民在流程中")
        await talk.wait_heard(one={MUSIC})
        await expect(page.locator("#hold")).to_be_disabled()
        await press(page, "收回")
        back = await here.wait_event("CallBackFromFlow", call_id=talk.call_id)
        assert back["cause"] == "taken_back"
        await talk.wait_heard(one={"caller"}, caller={"one"})


@pytest.mark.long
async def test_a_phone_that_can_be_asked_is_answered_by_the_bar(tmp_path: Path) -> None:
    """The button is lit while the phone rings, and a key does the same; of a phone that refuses the agent is told."""
    terms = replace(STAFFED, seat_extra='answers_by = "talk"')
    async with (
        conversation(tmp_path / "stand", terms, agents=1) as talk,
        window(talk.here.api.base) as browser,
    ):
        here, page, phone = talk.here, await browser.open("/agent"), talk.phones["one"]
        await phone.ring_until_asked()
        await sign_in(page, here.agent(1), here.extension(1))
        await expect(page.locator("#state-word")).to_have_text("空闲")
        await expect(page.locator("#answer")).to_be_disabled()
        await talk.phones["caller"].call(here.hotline)
        await expect(page.locator("#state-word")).to_have_text("振铃")
        await key(page, "Alt+A", "接听")
        await expect(page.locator("#state-word")).to_have_text("通话")

        await key(page, "Alt+Q", "挂机")
        await phone.ring_only()
        await key(page, "Alt+R", "结束话后")
        await talk.phones["caller"].call(here.hotline)
        await key(page, "Alt+A", "接听")
        await expect(page.locator("#banner")).to_contain_text("请在话机上接听")
        await phone.answer()
        await expect(page.locator("#state-word")).to_have_text("通话")
        await expect(page.locator("#banner")).to_be_hidden()


@pytest.mark.long
async def test_a_number_is_dialled_by_mouse_alone(tmp_path: Path) -> None:
    """The agent's own phone rings first, then the citizen's; the bar shows whom it is with."""
    async with (
        conversation(tmp_path / "stand", outbound_terms(STAFFED), agents=1, outside=True) as talk,
        window(talk.here.api.base) as browser,
    ):
        here, page = talk.here, await browser.open("/agent")
        await sign_in(page, here.agent(1), here.extension(1))
        await expect(page.locator("#state-word")).to_have_text("空闲")
        await press(page, "拨号")
        await page.get_by_role("textbox", name="号码").fill("13900000002")
        await page.locator("#ask").get_by_role("button", name="拨号").click()
        await expect(page.locator("#caller-number")).to_have_text("13900000002")
        await talk.wait_heard(one={"outside"}, outside={"one"})
        await press(page, "挂机")
        await expect(page.get_by_role("button", name="拨号")).to_be_enabled()

        await talk.phones["outside"].decline(486)
        await key(page, "Alt+N", "拨号")
        await page.get_by_role("textbox", name="号码").fill("13900000003")
        await page.locator("#ask").get_by_role("button", name="拨号").click()
        await expect(page.locator("#banner")).to_contain_text("13900000003: 占线")


async def test_a_refusal_is_told_in_the_bar_and_changes_nothing(tmp_path: Path) -> None:
    async with (
        conversation(tmp_path / "stand", STAFFED, agents=1) as talk,
        window(talk.here.api.base) as browser,
    ):
        page = await browser.open("/agent")
        await call_up(talk, page)
        await aim(page, "转接", "agent", talk.here.agent(1))
        await expect(page.locator("#banner")).to_contain_text("不能转给自己")
        await expect(page.locator("#state-word")).to_have_text("通话")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Alt+Q")
        await expect(page.locator("#state-word")).to_have_text("话后处理")


@pytest.mark.long
async def test_a_supervisor_listens_whispers_barges_in_and_takes_the_call(tmp_path: Path) -> None:
    async with (
        conversation(
            tmp_path / "stand", replace(STAFFED, http_extra="supervision_shown = true"), agents=3
        ) as talk,
        window(talk.here.api.base) as browser,
    ):
        here = talk.here
        agent = await browser.open("/agent")
        shown = agent.locator("#call .supervised")
        await call_up(talk, agent)
        page = await browser.open("/supervisor", height=860)
        await sign_in(page, here.agent(3), here.extension(3))
        await page.locator(".tile").first.click()
        await page.get_by_role("button", name="质检").click()

        async def do(deed: str) -> None:
            await page.locator(f"[data-deed={deed}]").click()

        await press(agent, "保持")
        await expect(page.locator(".feed")).to_contain_text("操作 · 保持")
        await press(agent, "取回")
        await the_drawer_says_what_the_bar_says(agent, page.locator("#drawer .marks"))
        await do("monitor")
        await expect(page.locator("[data-deed=monitor]")).to_have_attribute("aria-pressed", "true")
        await talk.wait_heard(caller={"one"}, one={"caller"}, three={"caller", "one"})
        await picture(page, "supervisor-listening")
        await expect(shown).to_have_text(f"监听 {here.agent(3)}")
        await do("whisper")
        await talk.wait_heard(caller={"one"}, one={"caller", "three"})
        await expect(shown).to_have_text(f"密语 {here.agent(3)}")
        await do("barge")
        await talk.wait_heard(caller={"one", "three"}, one={"caller", "three"})
        await do("stop_supervising")
        await expect(page.locator("[data-deed=monitor]")).not_to_have_attribute("aria-pressed", "true")
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await expect(shown).to_have_count(0)

        # The agent alone is let go: the caller comes back to whoever is ready next, before everybody else.
        since = len(here.events)
        await page.get_by_role("combobox", name="强拆").select_option("agent_leg")
        await do("force_hang_up")
        await here.wait_event("CallRequeued", since=since, call_id=talk.call_id)
        await key(agent, "Alt+R", "结束话后")
        await expect(agent.locator("#state-word")).to_have_text("通话")
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await do("intercept")
        await expect(agent.locator("#state-word")).to_have_text("话后处理")
        await expect(agent.locator("#banner")).to_contain_text(f"强插 · {here.agent(3)}")
        await talk.wait_heard(caller={"three"}, three={"caller"})

        await page.locator(".tile").nth(2).click()
        await page.get_by_role("button", name="骚扰电话").click()
        await page.get_by_role("combobox", name="强拆").select_option("customer_leg")
        await do("force_hang_up")
        await talk.phones["caller"].wait_for("disconnected")
        targets = [one["detail"].get("target") for one in (await here.api.get("/v1/ledger"))["items"]]
        assert [target for target in targets if target] == ["customer_leg", "agent_leg"]


async def the_drawer_says_what_the_bar_says(agent: Page, marks: Locator) -> None:
    """Muted, not recorded, and what is to hold after the call: told to whoever watches the seat, and taken back."""
    await press(agent, "静音")
    await expect(marks).to_have_text("已静音")
    await agent.locator("#recording").click()
    await agent.locator("#ask").get_by_role("button", name="市民报密码").click()
    await expect(marks).to_contain_text("录音暂停")
    await press(agent, "示忙")
    await agent.get_by_role("button", name="用餐").click()
    await expect(marks).to_contain_text("通话后:示忙")
    await expect(marks.page.locator(".feed")).to_contain_text("操作 · 示忙 · 用餐")
    await picture(marks.page, "supervisor-watching")
    await press(agent, "取消静音")
    await agent.locator("#recording").click()
    await press(agent, "示闲")
    await expect(marks).to_have_count(0)


@pytest.mark.long
async def test_the_record_of_a_call_list_is_looked_at_skipped_and_dialled_by_a_click(tmp_path: Path) -> None:
    async with (
        conversation(tmp_path / "stand", outbound_terms(STAFFED), agents=1, outside=True) as talk,
        window(talk.here.api.base) as browser,
    ):
        here, page = talk.here, await browser.open("/agent", height=860)
        await sign_in(page, here.agent(1), here.extension(1))
        await expect(page.locator("#state-word")).to_have_text("空闲")
        rules = {"name": "回访", "queue": "hotline", "window": "00:00-24:00"}
        path = f"/v1/call-lists/{(await here.api.post('/v1/call-lists', rules))['list_id']}"
        csv = "number,事项\n13900000001,噪声\n13900000002,路灯\n"
        await here.api.post(f"{path}/numbers", {"csv": csv})
        await here.api.post(f"{path}/start")
        card = page.locator("#preview-card")
        await card.get_by_role("button", name="取下一条").click()
        await expect(card).to_contain_text("噪声")
        await card.get_by_role("button", name="跳过").click()
        await card.get_by_role("button", name="取下一条").click()
        await expect(card).to_contain_text("路灯")
        await picture(page, "agent-preview")
        await card.get_by_role("button", name="拨号").click()
        await expect(page.locator("#caller-number")).to_have_text("13900000002")
        await talk.wait_heard(one={"outside"}, outside={"one"})
        await expect(card).to_contain_text("已接听")
        await expect(page.locator("#call-title")).to_have_text("去电")
        await page.reload()
        await expect(page.locator("#call-title")).to_have_text("去电")
        await press(page, "挂机")
        await expect(page.locator("#mine tbody tr")).to_contain_text("去电 13900000002")
