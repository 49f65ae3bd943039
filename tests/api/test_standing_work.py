"""What must never end: a fault is told and the work begins again; its own end and a cancellation are the end."""

import asyncio
from typing import Any

import pytest

from api.standing_work import STUMBLED, going_on


class Work:
    """Fails so many times, then does what it is told to."""

    def __init__(self, failures: int) -> None:
        self.begun = 0
        self.failures = failures
        self.may_end = asyncio.Event()

    async def do(self) -> None:
        self.begun += 1
        if self.begun <= self.failures:
            raise OSError(24, "no descriptor")
        await self.may_end.wait()


def listen() -> list[dict[str, Any]]:
    """From now on the running loop's faults go to the list."""
    heard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    return heard


async def test_each_fault_is_told_and_the_work_is_begun_again() -> None:
    heard, work = listen(), Work(failures=2)
    task = asyncio.create_task(going_on(work.do, "rounds", again_s=0.0))
    async with asyncio.timeout(5):
        while work.begun < 3:
            await asyncio.sleep(0)
    assert [context[STUMBLED] for context in heard] == ["rounds", "rounds"]
    assert all(isinstance(context["exception"], OSError) for context in heard)
    assert not task.done()
    work.may_end.set()
    async with asyncio.timeout(5):
        await task
    assert work.begun == 3, "work that returns is done"


async def test_a_cancellation_ends_it_in_the_work_and_in_the_pause() -> None:
    heard = listen()
    for work, again_s in ((Work(failures=0), 0.0), (Work(failures=1), 60.0)):
        task = asyncio.create_task(going_on(work.do, "rounds", again_s=again_s))
        while not work.begun:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert work.begun == 1
    assert len(heard) == 1
