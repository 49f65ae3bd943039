"""Sockets of the plane behind one small interface: a batch of packets in, a batch out.

Plain sockets today; an io_uring ring could stand behind the same `receive` and `send`, since both already
speak of rows in one matrix.

Each leg has three sockets on an even/odd port pair (RFC 3550 section 11):
* *voice* is connected to the leg's remote, so the kernel itself drops everybody else from the hot path;
* the *sentry* is bound to the same port and unconnected: it catches what voice may not hear, for counting and
  for finding the first source behind NAT.  A flood fills only its small buffer;
* *control* carries RTCP on the odd port.
"""

import fcntl
import os
import select
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from media.secrecy import Seal

Address = tuple[str, int]  # of IPv6 as well: flow label and scope of a source are nobody's business here
Bytes2D = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

INBOX_BYTES: Final = 1024  # a packet that fills a row is refused as too long
OUTBOX_BYTES: Final = 512  # header and 60 ms
DSCP_EF: Final = 46 << 2  # expedited forwarding, RFC 3246
SENTRY_BUFFER_BYTES: Final = 8192
WAITING_BEFORE_CONNECT: Final = 1024
SO_TIMESTAMPNS: Final = 35  # Linux; not in the socket module
TIMESPEC: Final = struct.Struct("qq")
FILES_OF_A_LEG: Final = 4  # three sockets, and half of a recording rounded up
PACKETS_OF_A_LEG: Final = 8  # taken in one tick
STRANGERS_A_TICK: Final = 16  # packets read from one sentry or control socket in one tick


class NoPorts(Exception):
    """No port pair of the range is free on this address."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"no free RTP port pair on {address}: {reason}")
        self.address = address
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Packets that came: row i of `packets` holds `lengths[i]` bytes for leg slot `slots[i]`.

    No slot stands twice in one batch.  The matrix is used again by the next `receive`.
    """

    packets: Bytes2D
    lengths: Ints
    slots: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """One packet outside the hot path."""

    slot: int
    source: Address
    data: bytes
    received_at_s: float | None = None  # seconds since 1970 by the kernel, control packets only


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSockets:
    """The three sockets of a leg; `port` is the even RTP port."""

    address: str
    port: int
    voice: socket.socket
    sentry: socket.socket
    control: socket.socket

    def close(self) -> None:
        """Close all three."""
        self.voice.close()
        self.sentry.close()
        self.control.close()


class PortRange:
    """Even RTP ports from `low` to `high`, handed out in turn so that a port rests long before its next use."""

    def __init__(self, low: int, high: int) -> None:
        self._evens = range(low + low % 2, high, 2)
        self._cursor = 0

    def __len__(self) -> int:
        return len(self._evens)

    def bind(self, address: str) -> LegSockets:
        """Bind the next free pair on an address of this machine, or raise `NoPorts`."""
        reason = "the range is empty"
        for _ in self._evens:
            port = self._evens[self._cursor]
            self._cursor = (self._cursor + 1) % len(self._evens)
            try:
                return _bind_pair(address, port)
            except OSError as fault:
                reason = str(fault)
                if fault.errno not in _PORT_TAKEN:
                    break
        raise NoPorts(address, reason)


_PORT_TAKEN: Final = frozenset({98, 13})  # EADDRINUSE, EACCES (a port that the system keeps)


def _bind_pair(address: str, port: int) -> LegSockets:
    """Bind voice and control alone (a taken port must fail), then let the sentry share the voice port."""
    is_v6 = ":" in address
    family = socket.AF_INET6 if is_v6 else socket.AF_INET
    sockets = [socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) for _ in range(3)]
    voice, sentry, control = sockets
    try:
        if is_v6:  # an IPv4 source must not come in as ::ffff:…, past the rules for IPv4
            for each in sockets:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        voice.bind((address, port))
        control.bind((address, port + 1))
        voice.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sentry.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sentry.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SENTRY_BUFFER_BYTES)
        sentry.bind((address, port))
        control.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        level, option = (
            (socket.IPPROTO_IPV6, socket.IPV6_TCLASS) if is_v6 else (socket.IPPROTO_IP, socket.IP_TOS)
        )
        for each in (voice, control):
            each.setsockopt(level, option, DSCP_EF)
    except OSError:
        for each in sockets:
            each.close()
        raise
    return LegSockets(address=address, port=port, voice=voice, sentry=sentry, control=control)


def _grow_file_table(some_file: int, files: int) -> None:
    """Let the kernel grow this process's table of open files now.

    While a process has threads, each doubling of the table waits for all processors (up to 20 ms), which no tick
    can bear.  Duplicating a descriptor to a high number does it once.
    """
    with suppress(OSError):  # a lower limit of open files: then the table does not grow beyond it either
        os.close(fcntl.fcntl(some_file, fcntl.F_DUPFD_CLOEXEC, files))


def _in_batches(packets: Bytes2D, counts: Ints, slots: Ints) -> list[Batch]:
    """Split rows so that no slot stands twice in a batch; rows with a negative count are left out."""
    if counts.min() >= 0 and np.bincount(slots).max() == 1:
        return [Batch(packets=packets, lengths=counts, slots=slots)]
    kept = np.flatnonzero(counts >= 0)
    order = kept[np.argsort(slots[kept], kind="stable")]
    ordered = slots[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    turn = np.arange(len(order)) - np.repeat(begins, np.diff(np.r_[begins, len(order)]))
    batches = []
    for index in range(int(turn.max()) + 1 if len(turn) else 0):
        rows = np.sort(order[turn == index])
        batches.append(Batch(packets=packets[rows], lengths=counts[rows], slots=slots[rows]))
    return batches


def _arrival(ancillary: list[tuple[int, int, bytes]]) -> float | None:
    """The kernel's time stamp of a packet, seconds since 1970."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= TIMESPEC.size:
            seconds, nanoseconds = TIMESPEC.unpack_from(data)
            return float(seconds) + float(nanoseconds) * 1e-9
    return None


class PacketExchange:
    """Every socket of a plane, by leg slot.

    `outbox` is the matrix that packets are sent from: row = slot, written by the caller before `send`.
    """

    def __init__(self, max_legs: int) -> None:
        self.outbox: Bytes2D = np.zeros((max_legs, OUTBOX_BYTES), dtype=np.uint8)
        self._inbox: Bytes2D = np.zeros((2 * max_legs + 64, INBOX_BYTES), dtype=np.uint8)
        self._in_views = [memoryview(row) for row in self._inbox]
        self._out_views = [memoryview(row) for row in self.outbox]
        self._sockets: dict[int, LegSockets] = {}
        self._voices = select.epoll()
        _grow_file_table(self._voices.fileno(), FILES_OF_A_LEG * max_legs + 256)
        self._others = select.epoll()
        self._receive_of: dict[int, Callable[[memoryview], int]] = {}
        self._seals: dict[int, Seal] = {}
        self._slot_of: Ints = np.zeros(256, dtype=np.int64)
        self._other_of: dict[int, tuple[int, bool, socket.socket]] = {}
        self._send_plan: list[tuple[Callable[[memoryview], int], memoryview]] = []
        self._planned: tuple[Ints, Ints] | None = None
        self.send_failures = 0

    def join(self, slot: int, sockets: LegSockets) -> None:
        """Take a leg's sockets; until `connect`, what comes to voice is as strange as what comes to the sentry."""
        self._sockets[slot] = sockets
        for each in (sockets.voice, sockets.sentry, sockets.control):
            is_control = each is sockets.control
            self._other_of[each.fileno()] = (slot, is_control, each)
            self._others.register(each, select.EPOLLIN)

    def seal(self, slot: int, seal: Seal | None) -> None:
        """Encrypt and decrypt whatever this leg sends and hears from now on; None: in the clear."""
        if seal is None:
            self._seals.pop(slot, None)
        else:
            self._seals[slot] = seal
        self._planned = None
        voice = self._sockets[slot].voice
        if voice.fileno() in self._receive_of:
            self._receive_of[voice.fileno()] = self._receiver(slot, voice)

    def seal_of(self, slot: int) -> Seal | None:
        """How this leg's packets are encrypted."""
        return self._seals.get(slot)

    def _receiver(self, slot: int, voice: socket.socket) -> Callable[[memoryview], int]:
        seal = self._seals.get(slot)
        if seal is None:
            return voice.recv_into

        def receive(view: memoryview) -> int:
            plain = seal.open(voice.recv(INBOX_BYTES))
            view[: len(plain)] = plain
            return len(plain)  # what was not sealed is an empty packet, refused and counted as one

        return receive

    def _sender(self, slot: int) -> Callable[[memoryview], int]:
        seal, send = self._seals.get(slot), self._sockets[slot].voice.send
        return send if seal is None else lambda view: send(seal.close(bytes(view)))

    def _opened(self, slot: int, data: bytes, *, is_control: bool = False) -> bytes:
        seal = self._seals.get(slot)
        if seal is None:
            return data
        return seal.open_control(data) if is_control else seal.open(data)

    def connect(self, slot: int, remote: Address) -> list[Datagram]:
        """Hear this remote alone from now on; returns what others had already put into the voice socket.

        Packets of the remote that waited there are lost: at most those of one tick.
        """
        voice = self._sockets[slot].voice
        voice.connect(remote)
        waiting = []
        with suppress(OSError):
            for _ in range(WAITING_BEFORE_CONNECT):
                data, source = voice.recvfrom(INBOX_BYTES)
                waiting.append(Datagram(slot=slot, source=source[:2], data=self._opened(slot, data)))
        fd = voice.fileno()
        if fd not in self._receive_of:
            del self._other_of[fd]
            self._others.unregister(fd)
            self._voices.register(fd, select.EPOLLIN)
            self._receive_of[fd] = self._receiver(slot, voice)
            if fd >= len(self._slot_of):
                self._slot_of = np.concatenate([self._slot_of, np.zeros(fd + 256, dtype=np.int64)])
            self._slot_of[fd] = slot
        return waiting

    def deafen(self, slot: int) -> None:
        """Hear nobody through voice until the next `connect`: it is connected to itself."""
        sockets = self._sockets[slot]
        sockets.voice.connect((sockets.address, sockets.port))

    def leave(self, slot: int) -> None:
        """Close a leg's sockets."""
        sockets = self._sockets.pop(slot)
        self._seals.pop(slot, None)
        self._planned = None
        if self._receive_of.pop(sockets.voice.fileno(), None) is not None:
            self._voices.unregister(sockets.voice)
        for each in (sockets.voice, sockets.sentry, sockets.control):
            if self._other_of.pop(each.fileno(), None) is not None:
                self._others.unregister(each)
        sockets.close()

    def close(self) -> None:
        """Close everything."""
        for slot in list(self._sockets):
            self.leave(slot)
        self._voices.close()
        self._others.close()

    def receive(self) -> list[Batch]:
        """Everything that waits, as far as the inbox has room; a leg's packets are in successive batches, in order.

        A leg that has more waiting than `PACKETS_OF_A_LEG` keeps the rest for the next time.
        """
        lengths: list[int] = []
        fds: list[int] = []
        note = lengths.append
        receive_of = self._receive_of
        views = self._in_views
        for _ in range(PACKETS_OF_A_LEG):
            taken = len(lengths)
            ready = self._voices.poll(0, len(views) - taken or 1)
            if not ready or taken == len(views):
                break
            for (fd, _), view in zip(ready, views[taken:] if taken else views, strict=False):
                try:
                    note(receive_of[fd](view))
                except OSError:  # an ICMP error of an earlier send surfaces here
                    note(-1)
            fds += [fd for fd, _ in ready]
        if not lengths:
            return []
        counts = np.array(lengths, dtype=np.int64)
        slots = self._slot_of[np.array(fds, dtype=np.int64)]
        return _in_batches(self._inbox[: len(counts)], counts, slots)

    def receive_others(self) -> Iterator[tuple[bool, Datagram]]:
        """What sentries (False) and control sockets (True) hold; a bounded number from each."""
        for fd, _ in self._others.poll(0):
            slot, is_control, sock = self._other_of[fd]
            for _ in range(STRANGERS_A_TICK):
                try:
                    data, ancillary, _, source = sock.recvmsg(INBOX_BYTES, 64)
                except OSError:
                    break
                opened = self._opened(slot, data, is_control=is_control)
                yield (
                    is_control,
                    Datagram(slot=slot, source=source[:2], data=opened, received_at_s=_arrival(ancillary)),
                )

    def send(self, slots: Ints, lengths: Ints) -> None:
        """Send `lengths[i]` bytes of outbox row `slots[i]` to that leg's remote, for all i.

        The same two arrays (the same objects) again cost no preparation.
        """
        if self._planned is None or self._planned[0] is not slots or self._planned[1] is not lengths:
            self._send_plan = [
                (self._sender(slot), self._out_views[slot][:length])
                for slot, length in zip(slots.tolist(), lengths.tolist(), strict=True)
            ]
            self._planned = (slots, lengths)
        self._send_all(self._send_plan)

    def send_once(self, slots: Ints, length: int) -> None:
        """Send outbox rows that will not be the same next time."""
        self._send_all([(self._sender(slot), self._out_views[slot][:length]) for slot in slots.tolist()])

    def _send_all(self, plan: list[tuple[Callable[[memoryview], int], memoryview]]) -> None:
        for send, view in plan:
            try:
                send(view)
            except OSError:  # closed port, full buffer, no route: RTP is not repeated
                self.send_failures += 1

    def send_one(self, slot: int, data: bytes) -> None:
        """Send one RTP packet outside the batch."""
        try:
            self._sender(slot)(memoryview(data))
        except OSError:
            self.send_failures += 1

    def send_control(self, slot: int, data: bytes, remote: Address) -> None:
        """Send one RTCP packet."""
        try:
            seal = self._seals.get(slot)
            self._sockets[slot].control.sendto(data if seal is None else seal.close_control(data), remote)
        except OSError:
            self.send_failures += 1
