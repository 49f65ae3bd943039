"""The certificate that the settings name, asked before anything starts."""

import time
from pathlib import Path

from api.certificate import Certificate, CertificateFault
from config.faults import ConfigFaults, Fault
from softswitch.settings.web import HttpSettings


def certificate_of(http: HttpSettings, *, is_needed: bool = True) -> Certificate | None:
    """The certificate of the HTTP interface, None for plain HTTP; `CertificateFault` when it `is_needed` now."""
    if not http.certificate:
        return None
    return Certificate(Path(http.certificate), Path(http.private_key), time.monotonic, is_needed=is_needed)


def check_certificate(http: HttpSettings, file: Path) -> None:
    """Load the certificate once; raises `ConfigFaults` when it cannot be used."""
    try:
        certificate_of(http)
    except CertificateFault as fault:
        found = Fault(
            path="http.certificate",
            value=f'"{http.certificate}"',
            expected=f"不可用 / cannot be used: {fault}",
        )
        raise ConfigFaults(file, [found]) from fault
