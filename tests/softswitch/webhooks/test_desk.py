"""Webhooks end to end: the journal, the couriers, and a receiver that checks every signature with the library."""

import asyncio
import base64
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from api.event_stream import EventStream
from api.faults import NotFound
from softswitch.calls.chronicle import Chronicle
from softswitch.settings.web import WebhookSettings
from softswitch.store.entries import AlarmCleared, AlarmRaised
from softswitch.store.reader import Reader
from softswitch.store.writer import Store
from softswitch.webhooks.desk import WebhookDesk
from softswitch.webhooks.outbox import PAUSES_S
from tests.softswitch.store.samples import arrived, ended, open_store
from tests.softswitch.store.samples import closed as recording_closed

ADDRESS = "127.63.0.5"
Json = dict[str, Any]


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class Receiver:
    """An integrator's server: believes what is signed, answers as it is told."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.got: list[Json] = []
        self.ids: list[str] = []
        self.tries = 0
        self.answers: list[int] = []
        self.port = 0

    async def take(self, request: web.Request) -> web.Response:
        """Verify with the library; an answer from the list, 200 after that."""
        self.tries += 1
        try:
            message = Webhook(self.secret).verify(await request.read(), dict(request.headers))
        except WebhookVerificationError:
            return web.Response(status=401)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.got.append(message)
            self.ids.append(request.headers["webhook-id"])
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else {})

    async def wait(self, found: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):  # a second try comes 5 s after the first
            while not found():
                await asyncio.sleep(0.01)


class Clock:
    """Wall time that tests put forward; signatures must be of about now."""

    ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


class Hotline:
    """Journal, stream and desk as control has them."""

    def __init__(self, store: Store, reader: Reader, settings: tuple[WebhookSettings, ...]) -> None:
        self.store = store
        self.clock = Clock()
        self.stream = EventStream("s", self.clock, dict)
        self.chronicle = Chronicle(store, self.stream)
        self.desk = WebhookDesk(
            settings, reader=reader, keeper=store, stream=self.stream, node="city", wall=self.clock
        )


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Listening."""
    receiver = Receiver(new_secret())
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, ADDRESS, 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    yield receiver
    await runner.cleanup()


@asynccontextmanager
async def hotline(folder: Path, receiver: Receiver, **more: Any) -> AsyncIterator[Hotline]:
    """A hotline that tells this receiver; the database in the folder is gone on with."""
    store = await open_store(folder)
    reader = await Reader.open(folder / "hotline.db", store.committed)
    settings = WebhookSettings(
        **{
            "name": "crm",
            "url": f"http://{ADDRESS}:{receiver.port}/hook",
            "secrets": (receiver.secret,),
            **more,
        }
    )
    here = Hotline(store, reader, (settings,))
    here.desk.open()
    async with asyncio.timeout(10):
        while not store.load("webhook_cursor"):
            await asyncio.sleep(0.01)
    try:
        yield here
    finally:
        await here.desk.close()
        await reader.close()
        await store.close()


async def test_every_event_comes_signed_and_in_order(tmp_path: Path, receiver: Receiver) -> None:
    """With its public name, its journal number as id, and without the server's own paths."""
    async with hotline(tmp_path, receiver) as here:
        for entry in (arrived("c1"), ended("c1"), recording_closed()):
            here.chronicle.record(entry)
        await receiver.wait(lambda: len(receiver.got) == 3)
    assert [one["type"] for one in receiver.got] == ["call.arrived", "call.ended", "recording.closed"]
    assert receiver.got[0]["data"]["call_id"] == "c1"
    assert receiver.ids == [f"city.{one['seq']}" for one in receiver.got]
    assert "path" not in receiver.got[2]["data"]


async def test_only_the_wanted_kinds_come(tmp_path: Path, receiver: Receiver) -> None:
    """A kind that no event has brings nothing."""
    async with hotline(tmp_path, receiver, kinds=("call.ended", "no.such_kind")) as here:
        for entry in (arrived("c1"), ended("c1"), arrived("c2"), ended("c2")):
            here.chronicle.record(entry)
        await receiver.wait(lambda: len(receiver.got) == 2)
    assert [one["data"]["call_id"] for one in receiver.got] == ["c1", "c2"]


@pytest.mark.parametrize("status", [500, 302, 404])
async def test_what_failed_is_tried_again_and_holds_up_nothing(
    tmp_path: Path, receiver: Receiver, status: int
) -> None:
    """The next event comes first; the id stays, so that a receiver knows what it has had.  Redirects are not followed."""
    receiver.answers = [status]
    async with hotline(tmp_path, receiver) as here:
        here.chronicle.record(arrived("c1"))
        here.chronicle.record(arrived("c2"))
        await receiver.wait(lambda: len(receiver.got) == 1)
        [view] = await here.desk.list()
        assert (view.waiting, receiver.got[0]["data"]["call_id"]) == (1, "c2")
        here.clock.ahead_s += PAUSES_S[0]
        here.chronicle.record(arrived("c3"))
        await receiver.wait(lambda: len(receiver.got) == 3)
        [view] = await here.desk.list()
        assert (view.waiting, view.given_up, view.last_fault) == (0, (), "")
    assert {one["data"]["call_id"] for one in receiver.got} == {"c1", "c2", "c3"}


async def test_what_was_not_delivered_outlives_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    """Also what happened while nobody delivered; nothing comes twice."""
    receiver.answers = [503]
    async with hotline(tmp_path, receiver) as here:
        here.chronicle.record(arrived("c1"))
        await receiver.wait(lambda: receiver.tries == 1)
        await here.desk.close()
        here.chronicle.record(arrived("c2"))
    async with hotline(tmp_path, receiver) as here:
        await receiver.wait(lambda: len(receiver.got) == 1)
        here.clock.ahead_s += PAUSES_S[0]
        here.chronicle.record(arrived("c3"))
        await receiver.wait(lambda: len(receiver.got) == 3)
    assert sorted(one["data"]["call_id"] for one in receiver.got) == ["c1", "c2", "c3"]


async def test_a_new_receiver_gets_what_comes_and_by_replay_what_was(
    tmp_path: Path, receiver: Receiver
) -> None:
    """From a moment on; the ids are the same again."""
    store = await open_store(tmp_path)
    for number in range(3):
        store.record(arrived(f"old{number}", at=1000.0 * number))
    await store.close()
    async with hotline(tmp_path, receiver) as here:
        here.chronicle.record(arrived("new", at=9000.0))
        await receiver.wait(lambda: len(receiver.got) == 1)
        await here.desk.replay("crm", 1000.0)
        await receiver.wait(lambda: len(receiver.got) == 4)
        with pytest.raises(NotFound):
            await here.desk.replay("nobody", None)
    assert [one["data"]["call_id"] for one in receiver.got] == ["new", "old1", "old2", "new"]
    assert receiver.ids[0] == receiver.ids[3]


async def test_a_receiver_that_is_gone_is_left_alone(tmp_path: Path, receiver: Receiver) -> None:
    """410 ends it, a replay begins it again."""
    receiver.answers = [410]
    async with hotline(tmp_path, receiver) as here:
        here.chronicle.record(arrived("c1"))
        await receiver.wait(lambda: receiver.tries == 1)
        here.chronicle.record(arrived("c2"))
        await asyncio.sleep(0.1)
        [view] = await here.desk.list()
        assert (receiver.tries, view.is_gone) == (1, True)
        await here.desk.replay("crm", None)
        await receiver.wait(lambda: len(receiver.got) == 2)


def alarm(name: str, subject: str = "") -> AlarmRaised:
    return AlarmRaised(at=time.time(), alarm=name, detail="it is so", subject=subject)


@pytest.mark.parametrize("is_there", [True, False], ids=["received", "refused"])
async def test_alarms_come_while_the_disk_refuses_and_never_twice(
    tmp_path: Path, receiver: Receiver, is_there: bool
) -> None:
    """From memory, and once the journal has them only those that were not received; under the same ids."""
    receiver.answers = [] if is_there else [503, 503]
    async with hotline(tmp_path, receiver, kinds=("alarm.raised", "alarm.cleared")) as here:
        with closing(sqlite3.connect(tmp_path / "hotline.db", isolation_level=None)) as thief:
            thief.execute("BEGIN IMMEDIATE")
            here.chronicle.record(alarm("trunk_down", "before"))
            here.chronicle.record(alarm("store_failing"))
            here.chronicle.record(alarm("trunk_down", "市话"))
            await receiver.wait(lambda: receiver.tries == 2)
            at_once = receiver.ids[:]
            assert [one["seq"] for one in receiver.got] == ([None, None] if is_there else [])
            thief.execute("ROLLBACK")
        here.chronicle.record(AlarmCleared(at=time.time(), alarm="store_failing"))
        await receiver.wait(lambda: len(receiver.got) == 4)
        told = {(one["data"]["alarm"], one["data"]["subject"]): one for one in receiver.got}
        await here.desk.replay("crm", 0.0)
        await receiver.wait(lambda: len(receiver.got) == 8)
    assert len(told) == 3, "the alarm and its end have one name"
    assert sorted(receiver.ids[4:]) == sorted(receiver.ids[:4])
    assert set(at_once) <= set(receiver.ids[4:])
    for again in receiver.got[4:]:
        [first] = [one for one in receiver.got[:4] if {**one, "seq": 0} == {**again, "seq": 0}]
        assert first["seq"] in (None, again["seq"])


async def test_both_secrets_sign_while_one_is_replaced(tmp_path: Path, receiver: Receiver) -> None:
    """A receiver that knows either believes it."""
    async with hotline(tmp_path, receiver, secrets=(new_secret(), receiver.secret)) as here:
        here.chronicle.record(arrived("c1"))
        await receiver.wait(lambda: len(receiver.got) == 1)


async def test_a_receiver_that_is_not_there_is_a_fault_and_no_crash(
    tmp_path: Path, receiver: Receiver
) -> None:
    """Its name is shown, and the couriers go on."""
    async with hotline(tmp_path, receiver, url=f"http://{ADDRESS}:1/hook") as here:
        here.chronicle.record(arrived("c1"))
        async with asyncio.timeout(10):
            while not (await here.desk.list())[0].last_fault:
                await asyncio.sleep(0.01)
        [view] = await here.desk.list()
        assert (view.waiting, view.last_fault) == (1, "ClientConnectorError")
