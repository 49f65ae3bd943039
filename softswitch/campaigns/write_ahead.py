"""Does a thing only once all that was recorded before is on the disk: whom we call is written down before we call."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from softswitch.store.errors import StoreClosed

log = structlog.get_logger(__name__)


class WriteAhead:
    """Actions that wait for the disk, in the order in which they were asked for."""

    def __init__(self, committed: Callable[[], Awaitable[None]]) -> None:
        """`committed` returns when what was recorded is on the disk (`Store.committed`)."""
        self._committed = committed
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, action: Callable[[], None]) -> None:
        """Do it after the disk; never, when the store closes first."""
        task = asyncio.get_running_loop().create_task(self._do(action))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, action: Callable[[], None]) -> None:
        try:
            await self._committed()
        except StoreClosed:
            return
        try:
            action()
        except Exception:  # one call that fails must not stop the others
            log.exception("call_list.call_failed")
