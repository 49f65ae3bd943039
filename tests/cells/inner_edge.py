"""The other side of cells in tests: a plain UDP end that speaks raw SIP text, and a nursery of real processes."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from bench.leash import LEASH
from bench.loopback import claimed
from softswitch.cells.boot_secret import boot_secret
from softswitch.cells.messages import CellEvent, MakeLeg
from softswitch.cells.pool import Cell, CellPool, NoCellFree
from tests.softswitch.sip.raw_peer import header, start_line, values
from tests.softswitch.sip.raw_peer import status as status_of

INACTIVE_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.78.0.1\r\ns=-\r\nc=IN IP4 127.78.0.1\r\nt=0 0\r\n"
    "m=audio 9 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=inactive\r\n"
)
PATIENCE_S = 10.0
E = TypeVar("E", bound=CellEvent)
NETWORKS = range(1, 251)
"""127.79.n.0 belongs to the cells of one nursery."""


class InnerEdge(asyncio.DatagramProtocol):
    """A UDP end that keeps what arrives, in order, and sends what it is told."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, tuple[str, int]]] = []
        self.address = ("", 0)
        self.to_values: dict[str, str] = {}  # To with the cell's tag, by Call-ID
        self._transport: asyncio.DatagramTransport | None = None
        self._news = asyncio.Event()

    @classmethod
    async def open(cls, address: str = "127.78.0.1") -> "InnerEdge":
        _, edge = await asyncio.get_running_loop().create_datagram_endpoint(cls, local_addr=(address, 0))
        return edge

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.address = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.arrived.append((data.decode(), addr))
        self._news.set()

    def wake(self, address: str, port: int) -> None:
        self.send("\r\n\r\n", (address, port))

    def send(self, text: str, to: tuple[str, int]) -> None:
        assert self._transport is not None
        self._transport.sendto(text.encode(), to)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def wait_for(self, wanted: Callable[[str], bool]) -> tuple[str, tuple[str, int]]:
        """Take the first message that fits, out of order if need be."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for index, (text, source) in enumerate(self.arrived):
                    if wanted(text):
                        del self.arrived[index]
                        return text, source
                self._news.clear()
                await self._news.wait()

    async def wait_status(self, status: int, call_id: str) -> str:
        text, _ = await self.wait_for(lambda m: status_of(m) == status and header(m, "Call-ID") == call_id)
        return text

    async def wait_request(self, method: str, **wanted: str) -> tuple[str, tuple[str, int]]:
        """A request of this method whose headers (underscore for dash) have these values."""
        return await self.wait_for(
            lambda m: (
                start_line(m).startswith(f"{method} ")
                and all(header(m, name.replace("_", "-")) == value for name, value in wanted.items())
            )
        )

    # ---- towards a cell ----------------------------------------------------------------------------

    def invite(self, cell: Cell, leg_id: str, secret: str, *, call_id: str = "", extra: str = "") -> str:
        """Send an INVITE as the edge builds it; its Call-ID."""
        call_id = call_id or f"call-{leg_id}"
        self.send(self.request("INVITE", cell, call_id, sdp=True, extra=(
            f"X-Leg: {leg_id}\r\nX-Secret: {secret}\r\nSupported: 100rel, timer\r\n{extra}"
        )), (cell.address, cell.port))  # fmt: skip
        return call_id

    def request(
        self,
        method: str,
        cell: Cell,
        call_id: str,
        *,
        to: str = "",
        cseq: int = 1,
        sdp: bool = False,
        extra: str = "",
    ) -> str:
        """A request as text.  `to` is the whole To header value once the cell gave it a tag."""
        body = INACTIVE_SDP if sdp else ""
        branch = cseq if method in ("INVITE", "CANCEL") else f"{method}{cseq}"
        host, port = self.address
        return (
            f"{method} sip:12345@{cell.address}:{cell.port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{call_id}{branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:13800000000@hotline>;tag=far-{call_id}\r\n"
            f"To: {to or '<sip:12345@hotline>'}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:{call_id}@{host}:{port}>\r\n{extra}"
            + ("Content-Type: application/sdp\r\n" if sdp else "")
            + f"Content-Length: {len(body)}\r\n\r\n{body}"
        )  # fmt: skip

    def answer(
        self, request: str, status: int, source: tuple[str, int], *, sdp: bool = False, extra: str = ""
    ) -> None:
        """Answer a request of a cell."""
        body = INACTIVE_SDP if sdp else ""
        host, port = self.address
        lines = [f"SIP/2.0 {status} Whatever"]
        for name in ("Via", "From", "Call-ID", "CSeq"):
            lines += [f"{name}: {value}" for value in values(request, name)]
        to = header(request, "To")
        tag = "" if "tag=" in to or status == 100 else f";tag=far-{header(request, 'Call-ID')}"
        lines.append(f"To: {to}{tag}")
        lines.append(f"Contact: <sip:phone@{host}:{port}>")
        if sdp:
            lines.append("Content-Type: application/sdp")
        head = "\r\n".join(lines) + "\r\n" + extra
        self.send(f"{head}Content-Length: {len(body)}\r\n\r\n{body}", source)

    async def call(self, cell: Cell, leg_id: str, secret: str) -> str:
        """INVITE and wait for the cell's 100; the Call-ID."""
        call_id = self.invite(cell, leg_id, secret)
        await self.wait_status(100, call_id)
        return call_id

    async def take_answer(self, cell: Cell, call_id: str) -> str:
        """Wait for 200 and send ACK; the To value with the cell's tag."""
        ok = await self.wait_status(200, call_id)
        to = self.to_values[call_id] = header(ok, "To")
        self.send(self.request("ACK", cell, call_id, to=to), (cell.address, cell.port))
        return to

    async def be_called(self, leg_id: str) -> tuple[str, tuple[str, int]]:
        """Wait for the INVITE of a leg that control ordered."""
        return await self.wait_request("INVITE", X_Leg=leg_id)


def make_leg(leg_id: str, **more: Any) -> MakeLeg:
    """The order to call a phone."""
    return MakeLeg(leg_id=leg_id, request_uri="sip:8001@10.9.9.9", from_uri="sip:12345@hotline", **more)


@dataclass
class Cells:
    """A running nursery, a pool on it, and everything that was said."""

    run_dir: Path
    edge: InnerEdge
    network: str
    process: asyncio.subprocess.Process
    pool: CellPool
    secret: str
    events: list[tuple[str, CellEvent]]
    lost: list[tuple[str, tuple[str, ...]]]
    news: asyncio.Event
    cells: list[Cell]  # every cell that was ever announced

    async def wait_event(self, kind: type[E], leg_id: str) -> E:
        """Take the first event of this class for this leg."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for index, (_, event) in enumerate(self.events):
                    if isinstance(event, kind) and getattr(event, "leg_id", "") == leg_id:
                        del self.events[index]
                        return event
                self.news.clear()
                await self.news.wait()

    async def wait_until(self, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Poll a condition that no event tells of."""
        async with asyncio.timeout(patience_s):
            while not condition():
                await asyncio.sleep(0.01)

    def place(self, leg_id: str, avoid: frozenset[str] = frozenset()) -> Cell:
        return self.pool.place(leg_id, asyncio.get_running_loop().time(), avoid)

    async def wait_place(self, leg_id: str) -> Cell:
        """Place as soon as the rate limit lets us."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    return self.place(leg_id)
                except NoCellFree:
                    await asyncio.sleep(0.02)

    def make(self, leg_id: str, **more: Any) -> Cell:
        cell = self.place(leg_id)
        self.pool.send(leg_id, make_leg(leg_id, **more))
        return cell

    def new_pool(self, **options: float) -> CellPool:
        """A pool as a restarted control would make it, telling into the same lists."""

        def on_event(cell_id: str, event: CellEvent) -> None:
            self.events.append((cell_id, event))
            self.news.set()

        def on_lost(cell_id: str, legs: tuple[str, ...]) -> None:
            self.lost.append((cell_id, legs))
            self.news.set()

        return CellPool(
            self.run_dir,
            wake=self.edge.wake,
            on_event=on_event,
            on_lost=on_lost,
            on_started=self.cells.append,
            spare_legs=4,
            **options,  # type: ignore[arg-type]  # patience and rounds in seconds
        )


def sockets_of(pid: int) -> list[tuple[str, str, int]]:
    """Every internet socket of a process: protocol, local address, port."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = str(entry.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = []
    for protocol in ("udp", "udp6", "tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{protocol}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                host, _, port = fields[1].partition(":")
                address = ".".join(str(byte) for byte in reversed(bytes.fromhex(host)))
                found.append((protocol, address, int(port, 16)))
    return found


async def start_nursery(
    run_dir: Path, edge: tuple[str, int], network: str, *options: str
) -> asyncio.subprocess.Process:
    """A nursery process of its own whose cells live in `network` and speak to `edge`."""
    host, port = edge
    return await asyncio.create_subprocess_exec(
        *LEASH,
        sys.executable,
        "-m",
        "softswitch.cells.nursery",
        "--run-dir",
        str(run_dir),
        "--edge",
        f"{host}:{port}",
        "--network",
        network,
        *options,
        stdout=asyncio.subprocess.DEVNULL,
    )


async def end_nursery(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, and wait for its end; one that does not heed it is killed and fails the test."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise


@asynccontextmanager
async def running_cells(run_dir: Path, *options: str, spare_legs: int = 4) -> AsyncIterator[Cells]:
    """Nursery, cells and pool, ended in good order."""
    with claimed("cells", NETWORKS) as number:
        async with _cells(run_dir, f"127.79.{number}.0", spare_legs, options) as cells:
            yield cells


@asynccontextmanager
async def _cells(
    run_dir: Path, network: str, spare_legs: int, options: tuple[str, ...]
) -> AsyncIterator[Cells]:
    edge = await InnerEdge.open()
    process = await start_nursery(run_dir, edge.address, network, "--spare-legs", str(spare_legs), *options)
    cells = Cells(
        run_dir=run_dir,
        edge=edge,
        network=network,
        process=process,
        pool=None,  # type: ignore[arg-type]  # made in the next line, with the callbacks of this object
        secret=boot_secret(run_dir),
        events=[],
        lost=[],
        news=asyncio.Event(),
        cells=[],
    )
    cells.pool = cells.new_pool()
    try:
        await cells.pool.start()
        await cells.wait_until(lambda: cells.pool.free_slots >= spare_legs)
        yield cells
    finally:
        await cells.pool.stop()
        await end_nursery(cells.process)  # the test may have started another
        edge.close()
