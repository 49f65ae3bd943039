"""The server's certificate, taken up again when its files change: no connection is cut for it."""

import ssl
from collections.abc import Callable
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0


class CertificateFault(Exception):
    """A certificate that cannot be used; the text names the files and the reason."""


class Certificate:
    """A chain and its private key as PEM files.  TLS 1.2 at least."""

    def __init__(
        self,
        chain: Path,
        key: Path,
        clock: Callable[[], float],
        *,
        protocols: tuple[str, ...] = ("http/1.1",),
        is_needed: bool = True,
    ) -> None:
        """Load both; `CertificateFault`.  `clock` gives steady seconds; `protocols` are those of ALPN (RFC 7301).

        One that is not needed at once may be broken: then nobody can shake hands until its files are mended.
        """
        self._protocols = protocols
        self._chain = chain
        self._key = key
        self._clock = clock
        self._looked_at = clock()
        self.fault = ""
        """Why the files as they are now cannot be used; empty when they are."""
        self._seen = self._stamp()
        self.context = self._empty()
        try:
            self._load()
        except CertificateFault as error:
            if is_needed:
                raise
            self._refuse(error)

    @property
    def name(self) -> str:
        """Which one it is: the file of its chain."""
        return str(self._chain)

    def refresh(self) -> None:
        """Called when somebody connects: use new files, if there are any and they fit together.

        What cannot be used is logged once, and the old certificate serves on.
        """
        now = self._clock()
        if now - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = now
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._load()
        except CertificateFault as error:
            self._refuse(error)
        else:
            self.fault = ""
            _log.info("certificate.renewed", chain=self.name)

    def _refuse(self, error: CertificateFault) -> None:
        self.fault = str(error)
        _log.error("certificate.refused", fault=self.fault)

    def _empty(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._protocols:
            context.set_alpn_protocols(list(self._protocols))
        return context

    def _load(self) -> None:
        """Into a context of its own first: a half-written pair must not spoil the one in use."""
        try:
            for context in (self._empty(), self.context):
                context.load_cert_chain(self._chain, self._key, password=_no_password)
        except OSError as error:  # ssl.SSLError is one
            raise CertificateFault(f"{self._chain}, {self._key}: {error}") from error

    def _stamp(self) -> tuple[tuple[int, int], ...]:
        """Changes when a file is written or replaced; a missing one counts as a state of its own."""
        found = []
        for path in (self._chain, self._key):
            try:
                status = path.stat()
                found.append((status.st_ino, status.st_mtime_ns))
            except OSError:
                found.append((0, 0))
        return tuple(found)


def _no_password() -> str:
    """A key with a pass phrase would make OpenSSL ask at the terminal: it is refused instead."""
    return ""
