"""Named sockets between the processes of one node: `SOCK_SEQPACKET`, one message a packet, both ways in order.

The serving side is synchronous and never blocks (`Server`: cells, nursery and media plane have loops of their
own); the asking side lives in control's asyncio loop (`Client`).  The folder of a socket is 0700, the
socket 0600, and each end asks the kernel who the other is: another user is turned away.
"""

import asyncio
import errno
import os
import select
import signal
import socket
import stat
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from softswitch.vocabulary import MESSAGE_MAX_BYTES, LinkFault, Vocabulary

__all__ = [
    "MESSAGE_MAX_BYTES",
    "Client",
    "LinkFault",
    "LinkRefused",
    "NoDescriptor",
    "Server",
    "Vocabulary",
    "private_folder",
]

SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
QUEUE_MAX_MESSAGES = 20_000
"""Messages kept for a peer that does not read.  Beyond it the link is cut: the peer must ask for the state anew."""
DRAIN_MAX_MESSAGES = 512
"""Messages taken in one turn, so that a flood on one link cannot starve the loop."""
_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class LinkRefused(Exception):
    """Nobody of ours serves this path at the moment."""

    def __init__(self, path: Path, detail: str) -> None:
        """Keep the path and the cause."""
        super().__init__(f"{path}: {detail}")
        self.path = path
        self.detail = detail


class NoDescriptor(Exception):
    """This process, or the machine, has nothing left to ask with: that says nothing of who serves the path."""

    def __init__(self, path: Path, detail: str) -> None:
        """Keep the path and what is short."""
        super().__init__(f"{path}: {detail}")
        self.path = path
        self.detail = detail


def private_folder(folder: Path) -> None:
    """Make `folder` with mode 0700; one that exists must be ours and is closed to others.

    Raises `LinkRefused` when it belongs to somebody else or is not a folder.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise LinkRefused(folder, "not a folder of ours")
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


class Server:
    """The serving end of a link: one client at a time, a newer one replaces the older.

    Put `filenos()` into your own select or poll, and call `service()` when one is readable or simply often.
    """

    def __init__(self, path: Path, *, receives: Vocabulary, sends: Vocabulary) -> None:
        """Bind and listen at `path`; a stale socket of a dead process is replaced."""
        self.path = path
        self.dropped = 0
        """Messages that were not sent because there was no client, or one that did not read."""
        self.faults = 0
        """Messages that arrived and made no sense; the last reason is in `last_fault`."""
        self.last_fault = ""
        self.connections = 0
        self._receives = receives
        self._sends = sends
        self._client: socket.socket | None = None
        self._waiting: deque[bytes] = deque()
        self._buffer = bytearray(MESSAGE_MAX_BYTES)
        private_folder(path.parent)
        with suppress(FileNotFoundError):
            path.unlink()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.setblocking(False)
        self._reserve = -1
        self._keep_reserve()
        _by_short_name(path, self._listener.bind)
        path.chmod(0o600)
        self._listener.listen(8)

    @property
    def connected(self) -> bool:
        """True while a client is there, as far as `service()` has seen."""
        return self._client is not None

    @property
    def wants_to_write(self) -> bool:
        """True while messages wait for room in the client's buffer: select for writing, then `service()`."""
        return bool(self._waiting)

    def filenos(self) -> tuple[int, ...]:
        """What to select on for reading; changes when clients come and go."""
        if self._client is None:
            return (self._listener.fileno(),)
        return (self._listener.fileno(), self._client.fileno())

    def service(self) -> list[Any]:
        """Accept, write what waited, and return what arrived, in order.  Never blocks, never raises."""
        messages: list[Any] = []
        self._keep_reserve()
        self._accept(messages)
        if self._client is not None:
            self._flush()
            self._drain(messages)
        return messages

    def send(self, message: object) -> None:
        """Send one message, or queue it while the client's buffer is full, or count it when nobody is there."""
        if self._client is None:
            self.dropped += 1
            return
        self._waiting.append(self._sends.encode(message))
        self._flush()
        if len(self._waiting) > QUEUE_MAX_MESSAGES:
            self._drop_client()

    def close(self) -> None:
        """Stop serving and remove the socket."""
        self._drop_client()
        self._listener.close()
        self._give_up_reserve()
        with suppress(OSError):
            self.path.unlink()

    def close_inherited(self) -> None:
        """Let go of the descriptors after a fork, in the child: the socket stays the parent's."""
        if self._client is not None:
            self._client.close()
            self._client = None
        self._listener.close()
        self._give_up_reserve()

    def _keep_reserve(self) -> None:
        """Hold a descriptor back: in a process that has used all others a new control must find somebody."""
        if self._reserve < 0:
            with suppress(OSError):
                self._reserve = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)

    def _give_up_reserve(self) -> None:
        if self._reserve >= 0:
            os.close(self._reserve)
            self._reserve = -1

    def _newcomer(self) -> socket.socket | None:
        for _ in range(2):
            try:
                return self._listener.accept()[0]
            except OSError as error:
                if error.errno not in _SHORTAGES or self._reserve < 0:
                    return None
                self._give_up_reserve()
        return None

    def _accept(self, messages: list[Any]) -> None:
        while (newcomer := self._newcomer()) is not None:
            if _peer_uid(newcomer) != os.getuid():
                newcomer.close()
                continue
            if self._client is not None:
                self._drain(messages)  # what the older one said before it was replaced still counts
                self._drop_client()
            newcomer.setblocking(False)
            _widen(newcomer)
            self._client = newcomer
            self.connections += 1

    def _drain(self, messages: list[Any]) -> None:
        client = self._client
        for _ in range(DRAIN_MAX_MESSAGES):
            if client is None:
                return
            try:
                size, flags = _receive(client, self._buffer)
            except BlockingIOError:
                return
            except OSError:
                size = 0
                flags = 0
            if size == 0:
                self._drop_client()
                return
            try:
                messages.append(_decoded(self._receives, self._buffer, size, flags))
            except LinkFault as fault:
                self.faults += 1
                self.last_fault = fault.detail

    def _flush(self) -> None:
        if self._client is None:
            return
        try:
            _send_waiting(self._client, self._waiting)
        except OSError:
            self.dropped += len(self._waiting)  # it is gone; its end is read in `_drain`
            self._waiting.clear()

    def _drop_client(self) -> None:
        self.dropped += len(self._waiting)
        self._waiting.clear()
        if self._client is not None:
            self._client.close()
            self._client = None


class Client:
    """The asking end of a link, inside an asyncio loop.  Made by `Client.connect`; retries are the caller's."""

    def __init__(
        self,
        path: Path,
        connection: socket.socket,
        *,
        sends: Vocabulary,
        receives: Vocabulary,
        on_message: Callable[[Any], None],
        on_closed: Callable[[], None],
    ) -> None:
        """Take over a connected socket; use `connect`."""
        self.path = path
        self.dropped = 0
        """Messages that were not sent since the link was closed."""
        self.faults = 0
        self.last_fault = ""
        self._connection: socket.socket | None = connection
        self._sends = sends
        self._receives = receives
        self._on_message = on_message
        self._on_closed = on_closed
        self._waiting: deque[bytes] = deque()
        self._broken = False
        self._buffer = bytearray(MESSAGE_MAX_BYTES)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(connection.fileno(), self._readable)

    @classmethod
    async def connect(
        cls,
        path: Path,
        *,
        sends: Vocabulary,
        receives: Vocabulary,
        on_message: Callable[[Any], None],
        on_closed: Callable[[], None],
    ) -> Self:
        """Connect to the server at `path`.

        Raises `LinkRefused` when there is none, or one of another user, and `NoDescriptor` when that cannot be told now.
        `on_message` gets each message in order; `on_closed` is called once when the other end goes away, in the
        same turn in which that is seen, after its last message.  It is not called after our own `close()`.
        """
        try:
            connection = _connected(path)
        except OSError as error:
            detail = error.strerror or type(error).__name__
            if error.errno in _SHORTAGES:
                raise NoDescriptor(path, detail) from error
            raise LinkRefused(path, detail) from error
        return cls(
            path, connection, sends=sends, receives=receives, on_message=on_message, on_closed=on_closed
        )

    @property
    def connected(self) -> bool:
        """False once the link was closed by either end."""
        return self._connection is not None

    @property
    def peer_pid(self) -> int:
        """Process id of the server; 0 once the link was closed."""
        return 0 if self._connection is None else _peer_pid(self._connection)

    def kill_peer(self) -> bool:
        """End a server that hangs: SIGKILL, by its process id; False when it is gone already, ourselves, or out of reach.

        It holds its end of the link while it lives, so the id is still its own when that end was not closed after
        the kernel gave us a handle of it.
        """
        pid = self.peer_pid
        if pid in (0, os.getpid()):
            return False
        try:
            handle = os.pidfd_open(pid)
        except OSError:  # it is gone, or no descriptor is left: whoever watches it asks again
            return False
        try:
            if self._connection is None or _is_hung_up(self._connection):
                return False
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    def send(self, message: object) -> bool:
        """Send one message in order, kept back while the buffer is full; False (and counted) when the link is closed."""
        data = self._sends.encode(message)
        connection = self._connection
        if connection is None or self._broken:
            self.dropped += 1
            return False
        if not self._waiting:
            try:
                connection.send(data, socket.MSG_NOSIGNAL)
            except BlockingIOError:
                self._loop.add_writer(connection.fileno(), self._writable)
            except OSError:
                self._break()  # the reader sees the end, after the messages that the other sent before it
                self.dropped += 1
                return False
            else:
                return True
        self._waiting.append(data)
        if len(self._waiting) > QUEUE_MAX_MESSAGES:
            self._end()
        return True

    def close(self) -> None:
        """Close the link now; messages that still wait are dropped, `on_closed` is not called."""
        connection = self._connection
        if connection is None:
            return
        self._connection = None
        self._loop.remove_reader(connection.fileno())
        self._loop.remove_writer(connection.fileno())
        self.dropped += len(self._waiting)
        self._waiting.clear()
        connection.close()

    def _readable(self) -> None:
        for _ in range(DRAIN_MAX_MESSAGES):
            if self._connection is None:
                return
            try:
                size, flags = _receive(self._connection, self._buffer)
            except BlockingIOError:
                return
            except OSError:
                size = 0
                flags = 0
            if size == 0:
                self._end()
                return
            try:
                message = _decoded(self._receives, self._buffer, size, flags)
            except LinkFault as fault:
                self.faults += 1
                self.last_fault = fault.detail
                continue
            self._tell(self._on_message, message)

    def _writable(self) -> None:
        if self._connection is None:
            return
        try:
            _send_waiting(self._connection, self._waiting)
        except OSError:
            self._break()
            return
        if not self._waiting:
            self._loop.remove_writer(self._connection.fileno())

    def _break(self) -> None:
        self._broken = True
        self.dropped += len(self._waiting)
        self._waiting.clear()
        if self._connection is not None:
            self._loop.remove_writer(self._connection.fileno())

    def _end(self) -> None:
        self.close()
        self._tell(self._on_closed)

    def _tell(self, listener: Callable[..., None], *arguments: Any) -> None:
        """Call a listener; its fault is reported to the loop and costs no other message."""
        try:
            listener(*arguments)
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": f"listener of {self.path.name} failed", "exception": error}
            )


def _connected(path: Path) -> socket.socket:
    """A socket that the server at `path` took in; raises `OSError`, and `LinkRefused` for a server of another user."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.setblocking(False)
        _widen(connection)
        _by_short_name(path, connection.connect)
        if _peer_uid(connection) != os.getuid():
            raise LinkRefused(path, "served by another user")
    except BaseException:
        connection.close()
        raise
    return connection


def _receive(connection: socket.socket, buffer: bytearray) -> tuple[int, int]:
    """One packet into `buffer`: its size (0 at the end of the link) and flags.

    A peer that closed with our words unread gives one ECONNRESET *before* its own last words: read on.
    """
    try:
        size, _, flags, _ = connection.recvmsg_into([buffer])
    except ConnectionResetError:
        size, _, flags, _ = connection.recvmsg_into([buffer])
    return size, flags


def _send_waiting(connection: socket.socket, waiting: deque[bytes]) -> None:
    """Send what waits, in order, until the kernel takes no more; an error of the socket is the caller's."""
    while waiting:
        try:
            connection.send(waiting[0], socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return
        waiting.popleft()


def _decoded(vocabulary: Vocabulary, buffer: bytearray, size: int, flags: int) -> Any:
    if flags & socket.MSG_TRUNC:
        raise LinkFault(f"longer than {MESSAGE_MAX_BYTES} bytes")
    return vocabulary.decode(memoryview(buffer)[:size])


def _peer_uid(connection: socket.socket) -> int:
    """User id of the process at the other end."""
    return _peer_credentials(connection)[1]


def _peer_pid(connection: socket.socket) -> int:
    """Process id of the other end: a server's is that which called `listen`."""
    return _peer_credentials(connection)[0]


def _peer_credentials(connection: socket.socket) -> tuple[int, int]:
    """Process id and user id, as the kernel has them (`SO_PEERCRED`)."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", credentials)
    return pid, uid


def _is_hung_up(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, 0)
    return bool(poll.poll(0))


def _widen(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)


def _by_short_name(path: Path, action: Callable[[str], None]) -> None:
    """Bind or connect to a path of any length: the kernel takes 107 bytes, so go by way of the open folder."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        action(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
