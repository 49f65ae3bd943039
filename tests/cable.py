"""A cable of one's own: a network namespace at the far end of a veth pair, which can be pulled out (root only)."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cable:
    """`here` is the server's address on it, `there` the far end's; `under` runs a command at the far end."""

    name: str
    here: str
    there: str
    under: tuple[str, ...]

    def pull(self) -> None:
        """The link is down: what is sent has no route, what comes is lost."""
        _ip("link", "set", self.name, "down")

    def plug(self) -> None:
        """The link is up again."""
        _ip("link", "set", self.name, "up")

    @contextmanager
    def without_route(self) -> Iterator[None]:
        """Meanwhile the kernel refuses whatever is sent to the far end (EHOSTUNREACH)."""
        route = ("unreachable", f"{self.there}/32")
        _ip("route", "add", *route)
        try:
            yield
        finally:
            _ip("route", "delete", *route)


@asynccontextmanager
async def cable(number: int) -> AsyncIterator[Cable]:
    """Lay it: 198.18.number.1 here, .2 there (RFC 2544, for tests); it goes with the block."""
    name, far = f"cable{number}", f"far{number}"
    holder = await asyncio.create_subprocess_exec("unshare", "--net", "sleep", "infinity")
    try:
        await _until_apart(holder.pid)
        _ip("link", "add", name, "type", "veth", "peer", "name", far, "netns", str(holder.pid))
        under = ("nsenter", f"--net=/proc/{holder.pid}/ns/net")
        made = Cable(name, f"198.18.{number}.1", f"198.18.{number}.2", under)
        _ip("address", "add", f"{made.here}/24", "dev", name)
        made.plug()
        for words in (
            ("address", "add", f"{made.there}/24", "dev", far),
            ("link", "set", far, "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip(*words, under=under)
        yield made
    finally:
        holder.kill()  # the namespace ends with it, and the pair with the namespace
        await holder.wait()


async def _until_apart(pid: int) -> None:
    """Until the holder is in a namespace of its own."""
    ours = Path("/proc/self/ns/net").readlink()
    async with asyncio.timeout(5):
        while Path(f"/proc/{pid}/ns/net").readlink() == ours:
            await asyncio.sleep(0.01)


def _ip(*words: str, under: tuple[str, ...] = ()) -> None:
    subprocess.run([*under, "ip", *words], check=True)
