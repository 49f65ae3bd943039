"""An integrator's page dials with a one-use ticket: the agent's phone rings first, then the customer's."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conversation import TERMS, conversation, outbound_terms
from tests.web.browser import people, window
from tests.web.test_phonebar_module import partner

pytestmark = [pytest.mark.e2e, pytest.mark.long]

CUSTOMER = "13900000002"

BEGIN = """async ({base, ticket, extension}) => {
  const bar = window.bar = new PhoneBar({ url: base, ticket });
  window.talks = new Promise((resolve) => bar.on('talking', ({ call }) => resolve(call.called)));
  await bar.connect();
  await bar.login({ extension });
}"""
AGAIN = """({base, ticket}) => new PhoneBar({ url: base, ticket }).connect()
  .then(() => 'signed in', ({ status, code }) => `${status} ${code}`)"""


async def test_whoever_holds_a_ticket_dials_from_the_own_page(tmp_path: Path) -> None:
    """From another origin, on real phones; the ticket is good for one sign-in, and its page needs no password."""
    terms = replace(
        outbound_terms(TERMS),
        agent_extra=people("agent"),
        seats=1,
        http_extra='embedders = ["http://{network}.9:8080"]',
    )
    async with (
        conversation(tmp_path / "stand", terms, agents=1, outside=True) as talk,
        partner(talk.here) as origin,
        window(talk.here.api.base, origin) as browser,
    ):
        here, phones = talk.here, talk.phones
        page = await browser.open(origin)
        ticket = (await here.api.post("/v1/tickets", {"agent_id": here.agent(1)}))["ticket"]
        shown = {"base": here.api.base, "ticket": ticket, "extension": here.extension(1)}
        await page.evaluate(BEGIN, shown)
        assert await page.evaluate(AGAIN, shown) == "401 sign_in_refused"

        await phones["one"].ring_only()
        await phones["outside"].ring_only()
        call = await page.evaluate("number => bar.dial(number, { data: { order: 7 } })", CUSTOMER)
        await phones["one"].wait_for("incoming")
        assert phones["outside"].seen("incoming") == [], "the customer rings before the agent is there"
        await phones["one"].answer()
        await phones["outside"].wait_for("incoming")
        await phones["outside"].answer()
        assert await page.evaluate("window.talks") == CUSTOMER
        await talk.wait_heard(one={"outside"}, outside={"one"})
        [active] = await here.active_calls()
        assert (active["call_id"], active["data"]) == (call["call_id"], {"order": 7})
        await page.evaluate("bar.hangUp()")
        await phones["outside"].wait_for("disconnected")
