"""TLS of the edge (RFC 3261 section 26.3.1): our certificate for who connects, and whom we believe when we connect.

pjsua2 has no part in it.  A trunk is believed when its certificate names the host that the settings name and comes
from the authority that they name; nobody else is ever connected to.
"""

import ssl
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from api.certificate import Certificate, CertificateFault
from config.faults import ConfigFaults, Fault
from softswitch.settings.sip import SipSettings, TransportProtocol, TransportSettings
from softswitch.settings.trunks import TrunkSettings

__all__ = ["CertificateFault", "Trust", "certificate_of", "check_security", "trust_of", "trust_or_nobody"]

log = structlog.get_logger(__name__)

HANDSHAKE_S = 10.0


@dataclass(frozen=True, slots=True)
class Trust:
    """How a host proves itself to us: who vouches for it, and the name that it has to show."""

    context: ssl.SSLContext
    host: str


def certificate_of(transport: TransportSettings, *, is_needed: bool = True) -> Certificate | None:
    """The certificate of a transport, None where it is not TLS; `CertificateFault` when it `is_needed` now."""
    if transport.protocol is not TransportProtocol.TLS:
        return None
    chain, key = Path(transport.certificate), Path(transport.private_key)
    return Certificate(chain, key, time.monotonic, protocols=(), is_needed=is_needed)


def trust_of(trunk: TrunkSettings) -> Trust:
    """How a trunk proves itself; `CertificateFault` when the file of its authority cannot be used."""
    try:
        context = ssl.create_default_context(cafile=trunk.certificate_authority or None)
    except OSError as fault:  # ssl.SSLError is one
        raise CertificateFault(f"{trunk.certificate_authority}: {fault}") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return Trust(context, trunk.host)


def trust_or_nobody(trunk: TrunkSettings) -> Trust:
    """The same for a node that runs already: with a file that cannot be used nobody is believed, and the trunk is down."""
    try:
        return trust_of(trunk)
    except CertificateFault as fault:
        log.error("certificate.authority_refused", trunk=trunk.name, fault=str(fault))
        return Trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trunk.host)


def check_security(sip: SipSettings, trunks: tuple[TrunkSettings, ...], file: Path) -> None:
    """Load all that TLS needs once; raises `ConfigFaults` with everything that cannot be used."""
    found: list[Fault] = []
    for index, transport in enumerate(sip.transports):
        try:
            certificate_of(transport)
        except CertificateFault as fault:
            found.append(_unusable(f"sip.transports[{index}].certificate", transport.certificate, fault))
    for trunk in trunks:
        if trunk.protocol is TransportProtocol.TLS and trunk.host:
            try:
                trust_of(trunk)
            except CertificateFault as fault:
                path = f"trunks.{trunk.name}.certificate_authority"
                found.append(_unusable(path, trunk.certificate_authority, fault))
    if found:
        raise ConfigFaults(file, found)


def _unusable(path: str, value: str, fault: CertificateFault) -> Fault:
    return Fault(path=path, value=f'"{value}"', expected=f"不可用 / cannot be used: {fault}")
