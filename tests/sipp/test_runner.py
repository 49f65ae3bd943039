"""Each scenario plays its part against another scenario, so that a failure later is the product's."""

import asyncio
from xml.dom import minidom

import pytest

from tests.sipp.runner import FOLDER, sipp, sipp_running

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("caller", "phone", "port"),
    [("caller_silent", "phone_answers", 5061), ("caller_without_offer", "phone_answers", 5062)],
)
async def test_caller_and_phone_complete_a_call(caller: str, phone: str, port: int) -> None:
    async with sipp_running(
        phone, ("127.64.4.2", 5060), address="127.64.4.3", port=port, pause_ms=50
    ) as there:
        await asyncio.sleep(0.2)
        here = await sipp(
            caller, ("127.64.4.3", port), address="127.64.4.2", port=port, pause_ms=100, timeout_s=10
        )
        assert (here.code, here.successful, here.failed) == (0, 1, 0), here.errors + here.messages
        result = await there.wait(5)
        assert result.code == 0, result.errors
        assert 200 in here.statuses()


async def test_a_busy_phone_refuses_and_the_caller_knows() -> None:
    async with sipp_running("phone_busy", ("127.64.4.2", 5060), address="127.64.4.3", port=5063) as there:
        await asyncio.sleep(0.2)
        here = await sipp("caller_refused", ("127.64.4.3", 5063), address="127.64.4.2", timeout_s=10)
        assert here.code == 0, here.errors + here.messages
        assert here.statuses()[-1] == 486
        assert (await there.wait(5)).code == 0


async def test_a_call_to_nobody_fails_and_says_so() -> None:
    result = await sipp("caller_silent", ("127.64.4.9", 5060), address="127.64.4.2", timeout_s=2)
    assert result.code != 0
    assert result.successful == 0


def test_every_scenario_is_well_formed_and_says_what_it_is() -> None:
    names = sorted(path.stem for path in FOLDER.glob("*.xml"))
    assert len(names) >= 10
    for name in names:
        document = minidom.parse(str(FOLDER / f"{name}.xml"))
        assert document.documentElement is not None
        assert document.documentElement.getAttribute("name") == name
        assert any(node.nodeType == node.COMMENT_NODE and node.data.strip() for node in document.childNodes)
