"""A flow that asks the world before it speaks: hours, days, lists, levels, data and the line, proven by what its caller hears."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.running_server import ROOT, Json
from softswitch.calendars.opening import SHANGHAI
from tests import spectrum
from tests.conversation import outbound_terms
from tests.e2e.test_flows import AGENT_HZ, CALLER_HZ, ask, hears
from tests.phones.handset import Handset, handset
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

CUSTOMER = "13800000001"
PIECES = {
    "n_0": 700,
    "n_1": 900,
    "n_2": 1100,
    "n_3": 1300,
    "n_4": 1500,
    "n_6": 1700,
    "n_10": 1900,
    "unit_year": 2100,
    "unit_month": 2300,
    "unit_day": 2500,
}
"""What each piece of a number or a date sounds like here."""
PIECE_S = 0.4
READ = [
    "n_4",
    "n_10",
    "n_3",
    "n_2",
    "n_0",
    "n_2",
    "n_6",
    "unit_year",
    "n_10",
    "unit_month",
    "n_1",
    "unit_day",
]
"""四十三, 二零二六年十月一日."""
NOTICES = {"busy_later": 2700, "rate_us": 2900}


def only(fact: str, value: str, then: str, **more: str) -> Json:
    """A branch whose caller goes on where the fact is so, and hears no more where it is not."""
    return {
        "type": "branch",
        "cases": [{"fact": fact, "value": value, "next": then, **more}],
        "otherwise": "wrong",
    }


FLOW: Json = {
    "id": "facts",
    "start": "know",
    "nodes": {
        "know": {"type": "set", "data": {"kind": "elder"}, "level": 3, "next": "shut"},
        "shut": only("open", "false", "open", of="never"),
        "open": only("open", "true", "holiday", of="ever"),
        "holiday": only("holiday", "true", "caller"),
        "caller": only("caller", "138", "trunk", test="begins"),
        "trunk": only("trunk", "city", "region"),
        "region": only("region", "here", "listed"),
        "listed": only("listed", "true", "level", of="vip"),
        "level": only("level", "3", "data", test="at_least"),
        "data": only("data", "elder", "line", of="kind"),
        "line": {
            "type": "branch",
            "cases": [
                {
                    "fact": "expected_wait_s",
                    "of": "hotline",
                    "test": "at_least",
                    "value": "1000",
                    "next": "wrong",
                },
                {"fact": "waiting", "of": "hotline", "test": "at_least", "value": "1", "next": "crowded"},
                {"fact": "ready", "of": "hotline", "test": "at_least", "value": "1", "next": "served"},
            ],
            "otherwise": "read",
        },
        "read": {"type": "play", "say": ["number:43", "date:2026-10-01"], "next": "offer"},
        "offer": {"type": "callback", "queue": "hotline", "otherwise": "wrong"},
        "crowded": {"type": "hang_up", "say": ["busy_later"]},
        "served": {"type": "hang_up", "say": ["rate_us"]},
        "wrong": {"type": "hang_up"},
    },
}


def terms(folder: Path) -> Terms:
    """One seat; every piece and every notice of the flow is a tone."""
    prompts = folder / "prompts"
    prompts.mkdir(parents=True)
    for name, hz in {**PIECES, **NOTICES}.items():
        time = np.arange(int(8000 * (PIECE_S if name in PIECES else 1.5))) / 8000
        soundfile.write(prompts / f"{name}.wav", 0.3 * np.sin(2 * np.pi * hz * time), 8000, subtype="PCM_16")
    shipped = ROOT / "config/prompts/zh"
    return replace(
        outbound_terms(Terms(seats=1, announce_agent=False, wrap_up_s=0.5)),
        media_extra=f'prompt_dirs = ["{shipped}", "{prompts}"]',
    )


async def prepare(here: Stand) -> None:
    """Hours, a list, a region and a holiday that hold today (and tomorrow, should midnight come); the flow at the number."""
    day = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    always = {"id": "ever", "observes_holidays": False, **{each: ["00:00-24:00"] for each in day}}
    for path, data in (
        ("hours/ever", always),
        ("hours/never", {"id": "never"}),
        ("lists/vip", {"id": "vip", "numbers": [{"number": CUSTOMER}]}),
        ("regions/here", {"id": "here", "prefixes": ["1380"]}),
        ("flows/facts", FLOW),
    ):
        await ask(here, "PUT", f"/v1/business/documents/{path}", json={"data": data})
    today = datetime.now(UTC).astimezone(SHANGHAI).date()
    for date in (today, today + timedelta(days=1)):
        await ask(here, "PUT", f"/v1/calendars/days/{date.isoformat()}", json={"kind": "holiday"})
    path = f"/v1/business/documents/routes/{HOTLINE}"
    route = await ask(here, "GET", path)
    data = route["data"] | {"flow": "facts"}
    await ask(here, "PUT", path, f'"{route["version"]}"', json={"data": data})


def pieces_in(heard: spectrum.Samples) -> list[str]:
    """The pieces of a reading, in their order."""
    names = {hz: name for name, hz in PIECES.items()}
    found: list[str] = []
    for start in range(0, len(heard) - 800, 400):
        block = heard[start : start + 800]
        loud = [hz for hz in names if spectrum.tone_level_dbfs(block, hz) > -17]
        if len(loud) == 1 and found[-1:] != [names[loud[0]]]:
            found.append(names[loud[0]])
    return found


async def whole_call(here: Stand, caller: Handset) -> spectrum.Samples:
    """All that a caller hears from the answer to the end of the flow."""
    since = len(here.events)
    await caller.call(here.hotline)
    await here.wait_event("CallEnded", since=since, end_reason="served", within_s=20)
    await asyncio.sleep(0.2)
    return await caller.recording()


async def test_a_caller_goes_where_the_facts_say_hears_values_read_and_is_called_back(tmp_path: Path) -> None:
    """Nobody is there: values are read, a callback noted.  Somebody waits: busy.  Called back, then an agent is ready."""
    async with (
        stand(tmp_path / "stand", terms(tmp_path)) as here,
        handset(here.trunk_address, port=5060, account=CUSTOMER, tone_hz=CALLER_HZ) as customer,
        handset(
            here.phone_address,
            account=here.account(1)[0],
            password=here.account(1)[1],
            registrar=here.registrar,
            tone_hz=AGENT_HZ,
        ) as phone,
    ):
        await prepare(here)
        await customer.auto_answer(0.1)
        since = len(here.events)
        assert pieces_in(await whole_call(here, customer)) == READ
        wanted = await here.wait_event("CallbackRequested", since=since, number=CUSTOMER)
        crowded = await whole_call(here, customer)
        assert len(spectrum.find_tone_spans(crowded, NOTICES["busy_later"], bridge_s=0.3)) == 1
        assert pieces_in(crowded) == []

        assert await phone.register() == 200
        await phone.auto_answer(0.0)
        since = len(here.events)
        await here.login(1)
        await here.wait_event("CallConnected", since=since, agent=here.agent(1), within_s=20)
        await hears(customer, AGENT_HZ)
        await hears(phone, CALLER_HZ)
        await customer.hang_up()
        await here.wait_event("CallbackClosed", since=since, callback_id=wanted["callback_id"], state="done")
        await here.wait_agent(1, presence="ready", activity="idle")
        served = await whole_call(here, customer)
        assert len(spectrum.find_tone_spans(served, NOTICES["rate_us"], bridge_s=0.3)) == 1
