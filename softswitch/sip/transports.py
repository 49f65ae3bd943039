"""The sockets of the edge: UDP, TCP and TLS towards the outside, one UDP socket towards the cells.

Nothing here understands SIP beyond message boundaries.  What arrives is counted (`Gate`), then handed over with
the `Flow` it came by; an answer goes back by the same flow.  A handler that raises is logged, never fatal.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from api.certificate import Certificate
from api.tls_door import BACKLOG, TlsDoor
from softswitch.clock import Clock
from softswitch.settings.sip import TransportProtocol, TransportSettings
from softswitch.sip.flows import Flow, are_of_one_version, canonical
from softswitch.sip.framing import BrokenStream
from softswitch.sip.limits import Gate
from softswitch.sip.security import HANDSHAKE_S, Trust, certificate_of
from softswitch.sip.streams import Stream, StreamTable

log = structlog.get_logger(__name__)

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
CONNECT_S = 4.0
MOST_QUEUED_MESSAGES = 64

Received = Callable[[bytes, Flow], None]
Broke = Callable[[BrokenStream, Flow], None]
Tap = Callable[[str, bytes, str], None]
"""Hears every message: `in` or `out`, its bytes, and the other side."""


@dataclass(slots=True)
class Listener:
    """One bound transport and what stands in Via, Contact and SDP for it."""

    index: int
    protocol: str
    address: str
    port: int
    advertised_address: str
    media_address: str
    media_bind_address: str
    udp: asyncio.DatagramTransport | None = None
    tcp: asyncio.Server | None = None
    door: TlsDoor | None = None
    certificate: Certificate | None = None

    def host_shown(self, address: str | None = None) -> str:
        """Host and port as Via and Contact show them: by `address` where a peer knows us by another one."""
        known_as = address or self.advertised_address
        host = f"[{known_as}]" if ":" in known_as else known_as
        return f"{host}:{self.port}"

    @property
    def uri_suffix(self) -> str:
        """What a URI of ours needs so that requests come back by this transport."""
        return "" if self.protocol == "udp" else f";transport={self.protocol}"


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams on; errors of the network are nobody's fault and change nothing."""

    def __init__(self, received: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._received(data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        log.debug("sip.socket_error", error=str(exc))


async def _bind_udp(
    address: str, port: int, received: Callable[[bytes, tuple[str, int]], None]
) -> asyncio.DatagramTransport:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family is socket.AF_INET6:  # as for TCP: IPv4 has listeners and rules of its own
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        sock.setblocking(False)
        sock.bind((address, port))
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(received), sock=sock)
    except BaseException:
        sock.close()
        raise
    return transport


class Transports:
    """The outside sockets.  `start` binds them all or raises `OSError` with the address at fault."""

    def __init__(
        self,
        settings: tuple[TransportSettings, ...],
        clock: Clock,
        gate: Gate,
        on_message: Received,
        on_broken_stream: Broke,
        is_exempt: Callable[[str], bool],
        trusted: Callable[[str], Trust | None] = lambda address: None,
        on_unreachable: Callable[[Flow], None] = lambda flow: None,
    ) -> None:
        """`trusted` says how the host at an address proves itself by TLS, None for whom we never connect to.

        `on_unreachable` is told when a connection that something was to be sent by did not come about.
        """
        self._trusted = trusted
        self._on_unreachable = on_unreachable
        self._settings = settings
        self._clock = clock
        self._gate = gate
        self._on_message = on_message
        self._on_broken_stream = on_broken_stream
        self._streams = StreamTable(is_exempt)
        self._connecting: dict[tuple[int, str, int], list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._local_of: dict[str, str] = {}
        self.listeners: list[Listener] = []
        self.answers: Counter[str] = Counter()
        """Responses that went out and came in, by direction and status: `sent_200`, `received_486`."""
        self.tap: Tap | None = None

    async def start(self) -> None:
        """Bind every transport.  A TLS certificate that cannot be used is no reason to be away: nobody gets in by it."""
        for index, setting in enumerate(self._settings):
            listener = Listener(
                index=index,
                protocol=str(setting.protocol),
                address=canonical(setting.address),
                port=setting.port,
                advertised_address=canonical(setting.signalling_shown),
                media_address=canonical(setting.media_shown),
                media_bind_address=canonical(setting.media_bound),
                certificate=certificate_of(setting, is_needed=False),
            )
            self.listeners.append(listener)
            try:
                if setting.protocol is TransportProtocol.UDP:
                    await self._listen_udp(listener)
                else:
                    await self._listen_tcp(listener)
            except OSError as fault:
                await self.stop()
                where = f"{setting.protocol} {setting.address}:{setting.port}"
                raise OSError(fault.errno, f"cannot listen on {where}: {fault.strerror}") from fault

    async def stop(self) -> None:
        """Close everything."""
        for listener in self.listeners:
            if listener.udp is not None:
                listener.udp.close()
            if listener.tcp is not None:
                listener.tcp.close()
            if listener.door is not None:
                await listener.door.close()
        self._streams.close_all()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- sending ----------------------------------------------------------------------------------------------

    def send(self, flow: Flow, data: bytes) -> None:
        """Send towards a flow; what cannot be sent is lost as on any network."""
        self._count(data, "sent")
        if self.tap is not None:
            self.tap("out", data, str(flow))
        listener = self.listeners[flow.listener]
        if listener.udp is not None:
            try:
                listener.udp.sendto(data, (flow.address, flow.port))
            except (OSError, ValueError) as fault:  # no route, or an address of the wrong family
                log.info("sip.not_sent", flow=str(flow), error=str(fault))
            return
        stream = self._streams.get(flow.connection) or self._streams.towards(flow.address, flow.port)
        if stream is not None:
            stream.write(data)
        else:
            self._connect(flow, data)

    def flow_to(self, protocol: str, address: str, port: int) -> Flow | None:
        """Return a flow to an address by the listener that the system would route through, None without any."""
        fitting = [
            listener
            for listener in self.listeners
            if listener.protocol == protocol and are_of_one_version(listener.address, address)
        ]
        if not fitting:
            return None
        local = self._local_address(address) if len(fitting) > 1 else ""
        chosen = next((listener for listener in fitting if listener.address == local), fitting[0])
        return Flow(listener=chosen.index, protocol=protocol, address=address, port=port)

    def is_connected(self, flow: Flow) -> bool:
        """Whether the connection that a flow names still stands."""
        return self._streams.get(flow.connection) is not None

    def is_own(self, address: str, port: int) -> bool:
        """Whether an address is one of ours."""
        return any(
            port == listener.port and address in (listener.address, listener.advertised_address)
            for listener in self.listeners
        )

    @property
    def connections(self) -> int:
        """TCP and TLS connections that stand."""
        return len(self._streams)

    @property
    def handshakes(self) -> int:
        """Peers that have connected for TLS and not shaken hands yet."""
        return self._streams.handshakes

    @property
    def refused(self) -> int:
        """Connections of strangers that were too many, of one address or in all."""
        return self._streams.refused

    def _local_address(self, peer: str) -> str:
        known = self._local_of.get(peer)
        if known is None:
            family = socket.AF_INET6 if ":" in peer else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                try:
                    probe.connect((peer, 9))  # sends nothing: asks the routing table
                    known = str(probe.getsockname()[0])
                except OSError:
                    known = ""
            if len(self._local_of) < 10_000:
                self._local_of[peer] = known
        return known

    # --- UDP --------------------------------------------------------------------------------------------------

    async def _listen_udp(self, listener: Listener) -> None:
        def received(data: bytes, source: tuple[str, int]) -> None:
            self._hear(
                data,
                Flow(listener=listener.index, protocol="udp", address=source[0], port=source[1]),
            )

        listener.udp = await _bind_udp(listener.address, listener.port, received)
        listener.port = listener.udp.get_extra_info("sockname")[1]

    def _hear(self, data: bytes, flow: Flow) -> None:
        if len(data) <= 4 and not data.strip(b"\r\n\0"):
            return  # a keep-alive that wants nothing
        if not self._gate.admits(flow.address, self._clock.now()):
            return
        self._count(data, "received")
        if self.tap is not None:
            self.tap("in", data, str(flow))
        try:
            self._on_message(data, flow)
        except Exception:  # a message must never end the socket that it came by
            log.exception("sip.message_failed", flow=str(flow))

    def _count(self, data: bytes, direction: str) -> None:
        """Only what can be a status is a name: a stranger cannot make up others."""
        if data.startswith(b"SIP/2.0 ") and data[8:11].isdigit() and 49 <= data[8] <= 54:
            self.answers[f"{direction}_{data[8:11].decode()}"] += 1

    # --- TCP --------------------------------------------------------------------------------------------------

    async def _listen_tcp(self, listener: Listener) -> None:
        if listener.certificate is not None:
            listener.door = TlsDoor(
                listener.address,
                listener.port,
                listener.certificate,
                lambda: self._stream(listener, has_place=True),
                enter=self._may_shake_hands,
                leave=self._streams.end_handshake,
                handshake_s=HANDSHAKE_S,
            )
            listener.port = listener.door.port
            return
        listener.tcp = await asyncio.get_running_loop().create_server(
            lambda: self._stream(listener), listener.address, listener.port, backlog=BACKLOG
        )
        listener.port = listener.tcp.sockets[0].getsockname()[1]

    def _may_shake_hands(self, address: str) -> bool:
        return not self._gate.shuts_out(address, self._clock.now()) and self._streams.begin_handshake(address)

    def _stream(self, listener: Listener, *, has_place: bool = False) -> Stream:
        number = self._streams.next_number()
        return Stream(self, self._clock, listener.index, number, listener.protocol, has_place=has_place)

    def stream_opened(self, stream: Stream) -> bool:
        """A connection stands; refused when there are too many, or to who is banned."""
        is_out = self._gate.shuts_out(stream.flow.address, self._clock.now())
        return not is_out and self._streams.add(stream)

    def stream_is_known(self, stream: Stream) -> bool:
        """Whether a trunk or a registered contact is at the other end."""
        return self._gate.knows(stream.flow.address)

    def stream_received(self, stream: Stream, data: bytes) -> None:
        """A message came by TCP."""
        self._hear(data, stream.flow)

    def stream_broke(self, stream: Stream, fault: BrokenStream) -> None:
        """Message boundaries were lost: say so if possible."""
        try:
            self._on_broken_stream(fault, stream.flow)
        except Exception:  # as for datagrams
            log.exception("sip.message_failed", flow=str(stream.flow))

    def stream_closed(self, stream: Stream) -> None:
        """A connection is gone."""
        self._streams.discard(stream)

    def _connect(self, flow: Flow, data: bytes) -> None:
        key = (flow.listener, flow.address, flow.port)
        waiting = self._connecting.get(key)
        if waiting is not None:
            if len(waiting) < MOST_QUEUED_MESSAGES:
                waiting.append(data)
            return
        self._connecting[key] = [data]
        task = asyncio.get_running_loop().create_task(self._connect_now(flow, key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect_now(self, flow: Flow, key: tuple[int, str, int]) -> None:
        loop = asyncio.get_running_loop()
        listener = self.listeners[flow.listener]
        trust = self._trusted(flow.address) if listener.certificate is not None else None
        try:
            if listener.certificate is not None and trust is None:
                raise ConnectionRefusedError("nobody vouches for this host")
            async with asyncio.timeout(CONNECT_S):
                _, stream = await loop.create_connection(
                    lambda: self._stream(listener),
                    flow.address,
                    flow.port,
                    local_addr=(listener.address, 0),
                    ssl=None if trust is None else trust.context,
                    server_hostname=None if trust is None else trust.host,
                )
            for data in self._connecting[key]:
                stream.write(data)
        except (OSError, TimeoutError) as fault:
            log.info("sip.not_connected", flow=str(flow), error=str(fault))
            is_reached = False
        else:
            is_reached = True
        finally:
            del self._connecting[key]
        if not is_reached:
            self._on_unreachable(flow)


class InnerSocket:
    """The socket towards the cells: only addresses that the nursery named are heard."""

    def __init__(self, address: str, port: int, on_message: Callable[[bytes, tuple[str, int]], None]) -> None:
        self.address = address
        self.port = port
        self.refused = 0
        self.tap: Tap | None = None
        self._on_message = on_message
        self._transport: asyncio.DatagramTransport | None = None
        self._cells: dict[str, tuple[str, int]] = {}
        self._allowed: dict[tuple[str, int], str] = {}

    async def start(self) -> None:
        """Bind the socket."""
        self._transport = await _bind_udp(self.address, self.port, self._hear)
        self.port = self._transport.get_extra_info("sockname")[1]

    def stop(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    def allow(self, cell_id: str, address: str, port: int) -> None:
        """Hear a cell from now on."""
        self.forbid(cell_id)
        self._cells[cell_id] = (address, port)
        self._allowed[address, port] = cell_id

    def forbid(self, cell_id: str) -> None:
        """Hear a cell no longer."""
        where = self._cells.pop(cell_id, None)
        if where is not None and self._allowed.get(where) == cell_id:
            del self._allowed[where]

    def address_of(self, cell_id: str) -> tuple[str, int] | None:
        """Return where a cell listens, None when it is gone."""
        return self._cells.get(cell_id)

    def cell_at(self, address: tuple[str, int]) -> str | None:
        """Return which cell speaks from an address."""
        return self._allowed.get(address)

    def is_inside(self, address: str) -> bool:
        """Whether an address belongs to a cell or to this socket."""
        return address == self.address or any(cell == address for cell, _ in self._allowed)

    def send(self, address: tuple[str, int], data: bytes) -> None:
        """Send to a cell."""
        if self._transport is None:
            return
        if self.tap is not None:
            self.tap("out", data, str(address))
        try:
            self._transport.sendto(data, address)
        except OSError as fault:
            log.info("sip.not_sent_to_cell", address=address, error=str(fault))

    def _hear(self, data: bytes, source: tuple[str, int]) -> None:
        if source not in self._allowed:
            self.refused += 1
            return
        if len(data) <= 4 and not data.strip(b"\r\n"):
            return
        if self.tap is not None:
            self.tap("in", data, str(source))
        try:
            self._on_message(data, source)
        except Exception:  # as for the outside
            log.exception("sip.cell_message_failed", source=source)
