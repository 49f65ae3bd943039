"""An edge on loopback addresses of its own, with raw peers outside and scripted cells inside."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from softswitch.clock import Clock
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.sip import SipSettings, TransportProtocol, TransportSettings
from softswitch.settings.trunks import TrunkKind, TrunkSettings
from softswitch.sip.edge import Edge
from softswitch.sip.events import EdgeEvent
from tests.softswitch.sip.raw_peer import RawPeer

EDGE = "127.62.0.1"
INNER = "127.62.77.1"
TRUNK = "127.62.0.2"
PHONE = "127.62.0.3"
ATTACKER = "127.62.0.9"
PLANE = ("127.62.0.5", 20000)
SECRET = "the-secret-of-this-boot"

E = TypeVar("E", bound=EdgeEvent)

SETTINGS = SipSettings(
    transports=(
        TransportSettings(protocol=TransportProtocol.UDP, address=EDGE, port=0, media_address=PLANE[0]),
        TransportSettings(protocol=TransportProtocol.TCP, address=EDGE, port=0, media_address=PLANE[0]),
    ),
    inner_address=INNER,
    inner_port=0,
    t1_s=0.1,
    registration_min_s=2,
)

TRUNKS = (
    TrunkSettings(
        name="city",
        addresses=(TRUNK,),
        media_networks=("127.62.0.0/24",),
        options_ping=False,
    ),
    TrunkSettings(
        name="e1",
        kind=TrunkKind.E1_GATEWAY,
        spans=1,
        addresses=("127.62.0.4",),
        media_networks=("127.62.0.4",),
        options_ping=False,
    ),
)

ACCOUNTS = (
    AccountSettings(
        username="phone1001", password="secret-1001", extension="1001", media_networks=("127.62.0.0/24",)
    ),
    AccountSettings(
        username="phone1002",
        password="secret-1002",
        extension="1002",
        media_networks=("127.62.0.0/24",),
        max_contacts=2,
        nat=True,
    ),
)


class MemoryKeeper:
    """Keeps state as the store would: through JSON."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Any]] = {"binding": {}, "dialog": {}, "trunk_address": {}}

    def put(self, table: str, key: str, value: dict[str, Any]) -> None:
        self.tables[table][key] = json.loads(json.dumps(value))

    def put_later(self, table: str, key: str, value: Callable[[], dict[str, Any]]) -> None:
        """At once: each change must be told, whenever it is written."""
        self.put(table, key, value())

    def remove(self, table: str, key: str) -> None:
        self.tables[table].pop(key, None)


class Stand:
    """The edge under test and everything it said."""

    def __init__(
        self,
        settings: SipSettings = SETTINGS,
        trunks: tuple[TrunkSettings, ...] = TRUNKS,
        accounts: tuple[AccountSettings, ...] = ACCOUNTS,
        keeper: MemoryKeeper | None = None,
        secret: str = SECRET,
        clock: Clock | None = None,
    ) -> None:
        self.settings, self.trunks, self.accounts, self.secret = settings, trunks, accounts, secret
        self.keeper = keeper or MemoryKeeper()
        self.clock = clock or Clock(asyncio.get_running_loop())
        self.events: list[EdgeEvent] = []
        self.also: Callable[[EdgeEvent], None] | None = None
        self._news = asyncio.Event()
        self.edge = self._make()
        self.peers: list[RawPeer] = []

    def _make(self) -> Edge:
        return Edge(
            self.settings,
            self.trunks,
            self.accounts,
            node_name="hotline",
            secret=self.secret,
            clock=self.clock,
            on_event=self._on_event,
            keep=self.keeper,
        )

    def _on_event(self, event: EdgeEvent) -> None:
        self.events.append(event)
        self._news.set()
        if self.also is not None:
            self.also(event)

    async def start(self) -> None:
        await self.edge.start()
        ports = self.edge.ports
        # A restarted edge comes back where it was.
        self.settings = replace(
            self.settings,
            transports=tuple(
                [replace(t, port=port) for t, port in zip(self.settings.transports, ports, strict=True)]
            ),
            inner_port=self.edge.inner_port,
        )

    async def restart(self) -> None:
        """Kill control and start another on what was written down."""
        await self.edge.stop()
        await asyncio.sleep(0.01)
        self.edge = self._make()
        tables = json.loads(json.dumps(self.keeper.tables))
        self.edge.restore(tables["binding"], tables["dialog"], tables["trunk_address"])
        await self.edge.start()

    @property
    def udp(self) -> tuple[str, int]:
        return (EDGE, self.edge.ports[0])

    @property
    def tcp(self) -> tuple[str, int]:
        return (EDGE, self.edge.ports[1])

    @property
    def inner(self) -> tuple[str, int]:
        return (self.settings.inner_address, self.edge.inner_port)

    def uri(self, user: str = "12345") -> str:
        return f"sip:{user}@{EDGE}:{self.edge.ports[0]}"

    async def peer(self, address: str) -> RawPeer:
        peer = await RawPeer.open(address)
        self.peers.append(peer)
        return peer

    async def cell(self, cell_id: str, address: str = "127.62.77.10") -> RawPeer:
        """A scripted cell that the edge knows."""
        peer = await self.peer(address)
        self.edge.cell_started(cell_id, peer.address, peer.port)
        return peer

    async def wait_event(self, kind: type[E], wanted: Callable[[E], bool] = lambda _: True) -> E:
        """Take the first event of a class that fits."""
        try:
            async with asyncio.timeout(5.0):
                while True:
                    for index, event in enumerate(self.events):
                        if isinstance(event, kind) and wanted(event):
                            del self.events[index]
                            return event
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {kind.__name__}; there is {self.events}") from None

    def has_event(self, kind: type[EdgeEvent]) -> bool:
        return any(isinstance(event, kind) for event in self.events)


@asynccontextmanager
async def running_edge(**options: Any) -> AsyncIterator[Stand]:
    """An edge, stopped in the end with all its peers."""
    stand = Stand(**options)
    await stand.start()
    try:
        yield stand
    finally:
        await stand.edge.stop()
        for peer in stand.peers:
            peer.close()
