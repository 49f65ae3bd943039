"""The certificate of the settings is asked for before anything starts."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.faults import ConfigFaults
from softswitch.https import certificate_of, check_certificate
from softswitch.settings.web import HttpSettings
from tests.api.test_certificate import make_certificate


def test_plain_http_needs_none() -> None:
    """On loopback."""
    assert certificate_of(HttpSettings()) is None
    check_certificate(HttpSettings(), Path("x.toml"))


def test_a_pair_that_fits_serves(tmp_path: Path) -> None:
    """And one that is not there, or does not fit, is named with its key."""
    chain, key = make_certificate(tmp_path, "hotline")
    http = HttpSettings(certificate=str(chain), private_key=str(key))
    assert certificate_of(http) is not None
    with pytest.raises(ConfigFaults, match=r"http\.certificate"):
        check_certificate(replace(http, private_key=str(chain)), tmp_path / "x.toml")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.64.3.1", "::1"])
def test_loopback_may_be_served_in_the_clear(address: str) -> None:
    """Nobody else can listen there."""
    assert list(HttpSettings(address=address).faults()) == []


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::"])
def test_beyond_loopback_a_certificate_is_needed(address: str) -> None:
    """Passwords and tokens never cross a network in the clear."""
    assert [path for path, _ in HttpSettings(address=address).faults()] == ["address"]
    assert list(HttpSettings(address=address, certificate="a", private_key="b").faults()) == []
    assert [path for path, _ in HttpSettings(certificate="a").faults()] == ["certificate"]
