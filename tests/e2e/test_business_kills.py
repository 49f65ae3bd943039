"""`kill -9` of control at whatever moment of a change: all of it or nothing, and what was answered stands."""

import asyncio
import io
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile

from bench.scratch_config import TOKEN
from tests.stand import Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=2, greeting="", announce_agent=False)
ROUNDS = 3
CUSTOMERS, NUMBERS = 300, 1500
CSV = {"Content-Type": "text/csv"}
KILLED_WITHIN_S = 0.4
"""A round of changes takes about as long."""


def sound(tenths: int) -> bytes:
    """A tone of so many tenths of a second."""
    target = io.BytesIO()
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(tenths * 800) / 8000)
    soundfile.write(target, wave, 8000, format="WAV")
    return target.getvalue()


class Owner:
    """Changes everything over and over; each change carries the number of its round, and is noted once it was answered."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client
        self.number = 0
        self.answered = dict.fromkeys(("business", "customers", "prompt"), 0)
        self.lists: dict[str, bool] = {}
        """Call lists by id: whether their file was answered."""

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """One request that must be taken."""
        async with self._client.request(method, path, **more) as answer:
            shown = await answer.json(content_type=None)
            assert answer.status < 300, shown
            return shown

    async def change_until_it_dies(self) -> None:
        """Until nobody answers any more."""
        with suppress(aiohttp.ClientError, OSError):
            while True:
                await self.change()

    async def change(self) -> None:
        """Everything at once."""
        self.number += 1
        await asyncio.gather(self._business(), self._customers(), self._prompt(), self._list())

    async def _business(self) -> None:
        number = self.number
        while not await self._imported(number):
            pass  # the announcement came in between: a file that knows nothing of it is not taken
        self.answered["business"] = number

    async def _imported(self, number: int) -> bool:
        """Whether nobody changed anything since the file was exported."""
        async with self._client.get("/v1/business/export") as answer:
            file, tag = await answer.json(), {"If-Match": answer.headers["ETag"]}
        del file["customers"]  # they are changed beside it
        file["documents"]["agents"][0]["name"] = str(number)
        file["documents"]["queues"][0]["limit"] = number
        async with self._client.post("/v1/business/import", json={"file": file}, headers=tag) as answer:
            shown = await answer.json(content_type=None)
            assert answer.status < 300 or shown["code"] == "business_changed", shown
            return answer.status < 300

    async def _customers(self) -> None:
        number = self.number
        lines = "".join(f"1380000{place:04d},{number}\n" for place in range(CUSTOMERS))
        path, data = "/v1/customers/import", f"numbers,level\n{lines}"
        tried = await self.ask("POST", f"{path}?dry_run=true", data=data, headers=CSV)
        headers = CSV | {"If-Match": f'"{tried["version"]}"'}
        told = await self.ask("POST", path, data=data, headers=headers)
        assert told["taken"]
        self.answered["customers"] = number

    async def _prompt(self) -> None:
        number = self.number
        async with self._client.get("/v1/prompts/storm") as answer:
            tag = {"If-Match": answer.headers["ETag"]} if answer.status == 200 else {}
        headers = {"Content-Type": "audio/wav", **tag}
        await self.ask("PUT", "/v1/prompts/storm", data=sound(number), headers=headers)
        self.answered["prompt"] = number

    async def _list(self) -> None:
        body = {"name": "回访", "queue": "hotline", "mode": "progressive"}
        list_id = (await self.ask("POST", "/v1/call-lists", json=body))["list_id"]
        self.lists[list_id] = False
        lines = "".join(f"1390000{place:04d}\n" for place in range(NUMBERS))
        told = await self.ask("POST", f"/v1/call-lists/{list_id}/numbers", json={"csv": f"number\n{lines}"})
        assert told["taken"]
        self.lists[list_id] = True

    async def assert_whole(self) -> None:
        """Of each change everything is there or nothing, and no answered one is missing."""
        documents = (await self.ask("GET", "/v1/business/export"))["documents"]
        name, limit = documents["agents"][0]["name"], documents["queues"][0]["limit"]
        assert name == str(limit)
        assert limit >= self.answered["business"]
        customers = (await self.ask("GET", "/v1/customers?limit=500"))["items"]
        assert len(customers) == CUSTOMERS
        [level] = {customer["level"] for customer in customers}
        assert level >= self.answered["customers"]
        prompt = await self.ask("GET", "/v1/prompts/storm")
        assert round(10 * prompt["duration_s"]) >= self.answered["prompt"]
        async with self._client.get("/v1/prompts/storm/sound") as answer:
            assert soundfile.info(io.BytesIO(await answer.read())).duration == pytest.approx(
                prompt["duration_s"], abs=0.01
            )
        for each in (await self.ask("GET", "/v1/call-lists"))["items"]:
            was_answered = self.lists.pop(each["list_id"], False)
            assert each["total"] in ({NUMBERS} if was_answered else {0, NUMBERS})
            await self.ask("DELETE", f"/v1/call-lists/{each['list_id']}")
        assert not any(self.lists.values()), "a list that was answered is gone"
        self.lists.clear()


async def test_a_change_that_a_kill_cuts_short_is_whole_or_not_there(tmp_path: Path) -> None:
    """The business as a file, customers as a file, a prompt and the numbers of a call list, all at once."""
    chance = random.Random(11)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        aiohttp.ClientSession(here.api.base, headers=headers) as client,
    ):
        owner = Owner(client)
        await owner.change()
        await owner.assert_whole()
        for _ in range(ROUNDS):
            changing = asyncio.get_running_loop().create_task(owner.change_until_it_dies())
            await asyncio.sleep(chance.uniform(0.02, KILLED_WITHIN_S))
            here.server.kill("control")
            await changing
            await here.wait_ready(within_s=15)
            await owner.assert_whole()
        assert owner.number > ROUNDS
