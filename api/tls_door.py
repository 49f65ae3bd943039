"""Where TLS is spoken from the first byte: whoever connects is counted before they shake hands, not after.

The event loop's own server tells nobody of a peer that connects and then says nothing; for each it keeps a socket and
the state of a handshake until that has failed.  Here the address is known at the accept, and one too many is closed
before it costs anything.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import structlog

from api.certificate import Certificate
from api.standing_work import going_on

_log = structlog.get_logger(__name__)

BACKLOG = 128
NO_DESCRIPTOR_PAUSE_S = 1.0
"""After an accept that failed, since the process has no descriptor or memory left."""


class TlsDoor:
    """Listens at one address, for whoever speaks TLS."""

    def __init__(
        self,
        address: str,
        port: int,
        certificate: Certificate,
        connection: Callable[[], asyncio.Protocol],
        *,
        enter: Callable[[str], bool],
        leave: Callable[[str], None],
        handshake_s: float,
    ) -> None:
        """`port` 0 is one of the kernel's choice; raises `OSError` where nobody can listen.  Each `connection` is made for a peer that has shaken hands, within `handshake_s` seconds.

        `enter` is asked for the address of whoever connects, and says whether there is room for one more; once they
        have shaken hands, or have not, they `leave`: a connection that stands is for the caller to count.
        """
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family, backlog=BACKLOG)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        """Where it listens."""
        self._certificate = certificate
        self._connection = connection
        self._enter = enter
        self._leave = leave
        self._handshake_s = handshake_s
        self._is_closed = asyncio.Event()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.create_task(going_on(self._accept, "tls-door"), name="tls-door")

    async def close(self) -> None:
        """Let nobody in any more; handshakes under way are cut off, connections that stand are left alone."""
        self._is_closed.set()
        tasks = (self._accepting, *self._handshakes)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._is_closed.is_set():
            try:
                accepted, peer = await loop.sock_accept(self._listener)
            except ConnectionError:  # it went away again before it was taken in
                continue
            except OSError as fault:
                _log.error("tls.cannot_accept", reason=str(fault))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._is_closed.wait(), NO_DESCRIPTOR_PAUSE_S)
                continue
            address = str(peer[0])
            if self._enter(address):
                self._certificate.refresh()
                task = loop.create_task(self._shake_hands(accepted, address), name="tls-handshake")
                self._handshakes.add(task)
                task.add_done_callback(self._handshakes.discard)
            else:
                accepted.close()
            await asyncio.sleep(0)  # whoever connects without end keeps nobody else waiting

    async def _shake_hands(self, accepted: socket.socket, address: str) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._connection,
                accepted,
                ssl=self._certificate.context,
                ssl_handshake_timeout=self._handshake_s,
            )
        except OSError as fault:  # ssl.SSLError, TimeoutError and a connection that is gone are
            _log.debug("tls.no_handshake", address=address, reason=str(fault))
        finally:
            self._leave(address)
