"""Carries journal entries to one receiver, signed in the Standard Webhooks form, one after the other."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
import structlog
from standardwebhooks.webhooks import Webhook

from api.json_text import dump, iso_time
from softswitch.settings.web import WebhookSettings
from softswitch.webhooks.mail import Letter, Mail
from softswitch.webhooks.outbox import Outbox

log = structlog.get_logger(__name__)

ANSWER_WITHIN_S = 10.0
AT_ONCE = 50
STUMBLED_S = 5.0
TOLD_MOST = 50


@dataclass(slots=True)
class Courier:
    """One receiver's.  `run` goes on until it is cancelled; `wake` says that there may be something new."""

    settings: WebhookSettings
    outbox: Outbox
    mail: Mail
    client: aiohttp.ClientSession
    node: str
    wall: Callable[[], float]
    last_fault: str = ""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _told: dict[str, asyncio.Task[str]] = field(default_factory=dict)

    def wake(self) -> None:
        """Look again."""
        self._news.set()

    def tell_now(self, letter: Letter) -> None:
        """Send, once, what the journal cannot give yet; when it can and this was received, it is not sent again."""
        is_wanted = not self.settings.kinds or letter.kind in self.settings.kinds
        if is_wanted and not self.outbox.is_gone and len(self._told) < TOLD_MOST:
            self._told[letter.name] = asyncio.create_task(self._send(letter), name="webhook-at-once")

    async def close(self) -> None:
        """Give up what is being sent at once."""
        for task in self._told.values():
            task.cancel()
        await asyncio.gather(*self._told.values(), return_exceptions=True)

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            self._news.clear()
            try:
                is_idle = not await self._deliver_some()
            except Exception:  # a supervised loop: a disk that refuses once must not end all webhooks
                log.exception("webhook.stumbled", webhook=self.settings.name)
                await self._rest(STUMBLED_S)
                continue
            if is_idle:
                await self._rest(self.outbox.next_due_in_s())

    async def _deliver_some(self) -> bool:
        """Try what is due, then what is new; False when there is neither."""
        cursor = self.outbox.cursor
        if cursor is None:  # a new receiver gets what comes, not what was
            cursor = await self.mail.newest()
            self.outbox.begin(cursor)
        if (seq := self.outbox.due()) is not None:
            letter = await self.mail.letter(seq)
            if letter is None:
                self.outbox.delivered(seq)  # the journal does not have it any more
            else:
                await self._try(letter)
            return True
        if not self.outbox.may_go_on:
            return False
        letters = await self.mail.after(self.outbox.cursor or cursor, self.settings.kinds, AT_ONCE)
        for letter in letters:
            if not self.outbox.may_go_on:
                break
            await self._try(letter)
        return bool(letters)

    async def _rest(self, most_s: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await self._news.wait()

    async def _try(self, letter: Letter) -> None:
        told = self._told.pop(letter.name, None)
        self.last_fault = await self._send(letter) if told is None or await told else ""
        if not self.last_fault:
            self.outbox.delivered(letter.seq)
            return
        log.warning("webhook.failed", webhook=self.settings.name, seq=letter.seq, fault=self.last_fault)
        self.outbox.failed(letter.seq, self.last_fault)
        if self.last_fault == "410":
            self.outbox.gone()

    async def _send(self, letter: Letter) -> str:
        """Send once; what was wrong, or nothing.  Any 2xx is right (Standard Webhooks, "Delivery")."""
        message = {"type": letter.kind, "timestamp": iso_time(letter.at), "seq": letter.seq or None}
        body = dump({**message, "data": letter.data})
        message_id, now = f"{self.node}.{letter.name}", datetime.fromtimestamp(self.wall(), UTC)
        signatures = [Webhook(secret).sign(message_id, now, body) for secret in self.settings.secrets]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "softswitch",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        try:
            async with self.client.post(
                self.settings.url,
                data=body.encode(),
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S),
            ) as answer:
                return "" if 200 <= answer.status < 300 else str(answer.status)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return type(error).__name__
