"""Addresses within networks."""

import pytest

from softswitch.sip.flows import Flow, canonical, is_ip_literal, is_within


@pytest.mark.parametrize(
    ("host", "networks", "inside"),
    [
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("10.1.2.3", ("10.1.2.4", "10.1.2.3"), True),
        ("11.1.2.3", ("10.0.0.0/8",), False),
        ("2001:db8::1", ("2001:db8::/32", "10.0.0.0/8"), True),
        ("10.1.2.3", ("2001:db8::/32",), False),
        ("name.example", ("0.0.0.0/0",), False),
        ("10.1.2.3", (), False),
    ],
)
def test_address_is_within_its_networks_only(host: str, networks: tuple[str, ...], inside: bool) -> None:
    assert is_within(host, networks) is inside


def test_numeric_hosts_need_no_name_service() -> None:
    assert is_ip_literal("127.0.0.1")
    assert is_ip_literal("::1")
    assert not is_ip_literal("localhost")


def test_an_address_has_one_spelling() -> None:
    """That of the kernel (RFC 5952); names are left alone."""
    assert canonical("2001:DB8:0:0::0001") == "2001:db8::1"
    assert canonical("127.0.0.1") == "127.0.0.1"
    assert canonical("trunk.example") == "trunk.example"
    assert str(Flow(listener=0, protocol="udp", address="::1", port=5060)) == "udp:[::1]:5060"


def test_only_udp_loses() -> None:
    assert not Flow(listener=0, protocol="udp", address="a", port=1).is_reliable
    assert Flow(listener=0, protocol="tcp", address="a", port=1).is_reliable
