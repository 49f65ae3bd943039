"""Whether this machine has the addresses that the settings bind, asked of the kernel before anything starts."""

import errno
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from config.faults import ConfigFaults, Fault
from softswitch.settings.sip import TransportProtocol
from softswitch.settings.whole import Settings

_TAKEN = "已被其他进程占用 / is taken by another process"
_REASONS = {
    errno.EADDRNOTAVAIL: "本机没有此地址 / is no address of this machine",
    errno.EADDRINUSE: _TAKEN,
    errno.EACCES: "无权监听 / may not be bound by this user",
}


def check_addresses(settings: Settings, file: Path, *, is_running: bool = False) -> None:
    """Bind every address once and let it go; raises `ConfigFaults` that names all that cannot be bound.

    With `is_running` ports may be taken, since it is probably this softswitch that has them.
    """
    faults = [fault for fault in _faults(settings) if not (is_running and fault.expected.endswith(_TAKEN))]
    if faults:
        raise ConfigFaults(file, faults)


def _faults(settings: Settings) -> Iterator[Fault]:
    sip, http = settings.sip, settings.http
    for number, transport in enumerate(sip.transports):
        place = f"sip.transports[{number}]"
        is_tcp = transport.protocol is not TransportProtocol.UDP  # TLS is a stream as well
        yield from _refused(f"{place}.address", transport.address, transport.port, is_tcp=is_tcp)
        hint = "" if transport.media_bind_address else "NAT 时填 media_bind_address / behind NAT, set it"
        key = "media_bind_address" if transport.media_bind_address else "media_address"
        if transport.media_bound != transport.address:
            yield from _refused(f"{place}.{key}", transport.media_bound, 0, hint=hint)
    yield from _refused("sip.inner_address", sip.inner_address, sip.inner_port)
    yield from _refused("http.address", http.address, http.port, is_tcp=True)


def _refused(path: str, address: str, port: int, *, is_tcp: bool = False, hint: str = "") -> Iterator[Fault]:
    """The fault of one address, if it cannot be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM if is_tcp else socket.SOCK_DGRAM)) as probe:
        if family is socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if is_tcp:  # a connection that was closed a moment ago is in nobody's way
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as refusal:
            reason = _REASONS.get(refusal.errno or 0, refusal.strerror or "cannot be bound")
            where = f"{address}:{port}" if port else address
            yield Fault(path=path, value=f'"{address}"', expected=f"{where} {reason}", suggestion=hint)
