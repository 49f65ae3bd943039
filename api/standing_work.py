"""Work that goes on as long as its process does: a fault in it is told to the loop, and it begins again.

A task that ends by an exception ends in silence, and what it kept is kept by nobody from then on.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

STUMBLED: Final = "standing_work"
"""The key, in what the loop's exception handler is told, of the name of the work that stumbled."""
AGAIN_S: Final = 1.0


async def going_on(
    work: Callable[[], Coroutine[Any, Any, None]], name: str, *, again_s: float = AGAIN_S
) -> None:
    """Do `work` until it returns by itself; after a fault it is begun anew, `again_s` seconds later.

    The loop's exception handler is told each fault with `STUMBLED`.  Cancelling ends it.
    """
    never = asyncio.Event()
    while True:
        try:
            await work()
        except Exception as fault:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"{name} stumbled and begins again", "exception": fault, STUMBLED: name}
            )
        else:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(again_s):
                await never.wait()
