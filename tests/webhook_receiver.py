"""An integrator's server for webhooks: believes what is signed, and keeps it in a queue."""

import asyncio
import base64
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ADDRESS = "127.63.0.6"

Heard = asyncio.Queue[dict[str, Any]]


@asynccontextmanager
async def webhook_receiver(kinds: Collection[str]) -> AsyncIterator[tuple[str, Heard]]:
    """The settings of a receiver `crm` of these kinds of events, and what it hears."""
    heard: Heard = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        heard.put_nowait(Webhook(SECRET).verify(await request.read(), dict(request.headers)))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, ADDRESS, 0).start()
    wanted = ", ".join(f'"{kind}"' for kind in kinds)
    settings = (
        f'[[http.webhooks]]\nname = "crm"\nurl = "http://{ADDRESS}:{runner.addresses[0][1]}/hook"\n'
        f'secrets = ["{SECRET}"]\nkinds = [{wanted}]'
    )
    try:
        yield settings, heard
    finally:
        await runner.cleanup()
