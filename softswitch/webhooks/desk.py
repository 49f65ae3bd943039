"""All receivers of webhooks: their couriers, what the HTTP interface shows of them, and replaying."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable

import aiohttp
import structlog

from api.event_stream import EventStream
from api.faults import NotFound
from api.sessions import KeeperPort
from api.standing_work import going_on
from api.views import StreamEvent
from api.webhook_port import WebhookView
from softswitch.calls.chronicle import KINDS
from softswitch.settings.web import WebhookSettings
from softswitch.store.entries import AlarmCleared
from softswitch.store.reader import Reader
from softswitch.store.writer import FAILING_ALARM
from softswitch.webhooks.courier import Courier
from softswitch.webhooks.mail import RAISED, Letter, Mail, unknown_kinds
from softswitch.webhooks.outbox import Outbox

log = structlog.get_logger(__name__)

WAKE_BUFFER = 1000
_ALARMS = frozenset({RAISED, KINDS[AlarmCleared]})


class WebhookDesk:
    """The `WebhooksPort` of the HTTP interface."""

    def __init__(
        self,
        receivers: Iterable[WebhookSettings],
        *,
        reader: Reader,
        keeper: KeeperPort,
        stream: EventStream,
        node: str,
        wall: Callable[[], float],
    ) -> None:
        """`node` names this server in the messages' ids; nothing is sent before `open`."""
        self._receivers = tuple(receivers)
        self._mail = Mail(reader)
        self._keeper = keeper
        self._stream = stream
        self._node = node
        self._wall = wall
        self._client: aiohttp.ClientSession | None = None
        self._couriers: dict[str, Courier] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._is_failing = False

    def open(self) -> None:
        """Begin to deliver."""
        if not self._receivers:
            return
        self._client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        loop = asyncio.get_running_loop()
        for settings in self._receivers:
            if unknown := unknown_kinds(settings.kinds):
                log.error("webhook.unknown_kinds", webhook=settings.name, kinds=unknown)
            courier = self._couriers[settings.name] = Courier(
                settings=settings,
                outbox=Outbox(settings.name, self._keeper, self._wall),
                mail=self._mail,
                client=self._client,
                node=self._node,
                wall=self._wall,
            )
            self._tasks.append(loop.create_task(courier.run(), name=f"webhook-{settings.name}"))
        self._tasks.append(loop.create_task(going_on(self._listen, "webhook-news"), name="webhook-news"))

    async def close(self) -> None:
        """Stop; what was not delivered is delivered after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for courier in self._couriers.values():
            await courier.close()
        if self._client is not None:
            await self._client.close()

    async def _listen(self) -> None:
        """The live stream says that there is something new; the journal says what."""
        while True:
            subscription = self._stream.subscribe(WAKE_BUFFER)
            with contextlib.closing(subscription):
                async for event in subscription:
                    self._tell_now(event)
                    self._wake()
            self._wake()

    def _tell_now(self, event: StreamEvent) -> None:
        """While the disk refuses, alarms do not wait until it is well again: that they come now is what they are for."""
        if event.kind in _ALARMS and event.data["alarm"] == FAILING_ALARM:
            self._is_failing = event.kind == RAISED
        if event.kind == RAISED and self._is_failing:
            letter = Letter(seq=0, at=float(event.at), kind=event.kind, data=event.data)
            for courier in self._couriers.values():
                courier.tell_now(letter)

    def _wake(self) -> None:
        for courier in self._couriers.values():
            courier.wake()

    async def list(self) -> tuple[WebhookView, ...]:
        """Every receiver and how it is."""
        newest = await self._mail.newest()
        return tuple(self._view(courier, newest) for courier in self._couriers.values())

    async def replay(self, name: str, since: float | None) -> WebhookView:
        """Send again what came since a moment, and what was given up; `NotFound`."""
        courier = self._couriers.get(name)
        if courier is None:
            raise NotFound("webhook", name)
        courier.outbox.replay(None if since is None else await self._mail.last_before(since))
        courier.wake()
        return self._view(courier, await self._mail.newest())

    def _view(self, courier: Courier, newest: int) -> WebhookView:
        outbox = courier.outbox
        return WebhookView(
            name=courier.settings.name,
            url=courier.settings.url,
            kinds=courier.settings.kinds,
            seq=outbox.cursor or 0,
            newest_seq=newest,
            waiting=outbox.waiting,
            given_up=outbox.given_up[-100:],
            is_gone=outbox.is_gone,
            last_fault=courier.last_fault,
        )
