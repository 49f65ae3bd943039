"""Addresses that the machine has not, or that another process has, are named before anything starts."""

import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from config.faults import ConfigFaults
from softswitch.__main__ import main
from softswitch.addresses import check_addresses
from softswitch.settings.sip import SipSettings, TransportProtocol, TransportSettings
from softswitch.settings.web import HttpSettings
from softswitch.settings.whole import Settings

HERE = "127.65.210.1"
ELSEWHERE = "203.0.113.5"
FILE = Path("machine.toml")


def machine(*transports: TransportSettings, http: str = HERE) -> Settings:
    """Settings of a machine that listens at these transports."""
    return Settings(
        sip=SipSettings(transports=transports, inner_address="127.65.210.7"),
        http=HttpSettings(address=http, port=8080),
    )


UDP = TransportSettings(protocol=TransportProtocol.UDP, address=HERE)
TCP = TransportSettings(protocol=TransportProtocol.TCP, address=HERE)


def faults(settings: Settings, *, is_running: bool = False) -> list[str]:
    """What is said of a machine."""
    with pytest.raises(ConfigFaults) as refused:
        check_addresses(settings, FILE, is_running=is_running)
    return [str(fault) for fault in refused.value.faults]


def test_addresses_of_this_machine_pass() -> None:
    check_addresses(machine(UDP, TCP), FILE)


def test_tls_is_asked_for_as_the_stream_that_it_is_and_ipv6_apart_from_ipv4() -> None:
    """A datagram socket on the same port is in nobody's way; nor is the other version's wildcard."""
    tls = replace(TCP, protocol=TransportProtocol.TLS, certificate="a", private_key="b")
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as datagrams:
        datagrams.bind((HERE, tls.port))
        check_addresses(machine(tls), FILE)
    both = (replace(UDP, address="0.0.0.0", port=5099), replace(UDP, address="::", port=5099))
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taken:
        taken.bind(("0.0.0.0", 5099))
        (named,) = faults(machine(*both))
    assert named.startswith("sip.transports[0].address")


def test_every_address_that_this_machine_has_not_is_named_in_one_go() -> None:
    named = faults(
        machine(
            UDP,
            replace(TCP, address=ELSEWHERE),
            replace(UDP, port=5070, media_address=ELSEWHERE),
            http=ELSEWHERE,
        )
    )
    assert [fault.split(" = ")[0] for fault in named] == [
        "sip.transports[1].address",
        "sip.transports[2].media_address",
        "http.address",
    ]
    assert "is no address of this machine" in named[0]
    assert "media_bind_address" in named[1], "who stands behind NAT is told what to do"


def test_behind_nat_the_shown_addresses_need_not_be_ours() -> None:
    check_addresses(machine(replace(UDP, advertised_address=ELSEWHERE)), FILE)
    check_addresses(machine(replace(UDP, media_address=ELSEWHERE, media_bind_address=HERE)), FILE)


def test_a_port_that_another_process_has_is_named_but_not_while_we_run_ourselves() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind((HERE, 5060))
        assert "taken by another process" in faults(machine(UDP, TCP))[0]
        check_addresses(machine(UDP, TCP), FILE, is_running=True)


def test_the_command_line_names_addresses_and_sounds_together_and_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "machine.toml"
    path.write_text(
        f"""
[sip]
inner_address = "127.65.210.7"
[[sip.transports]]
protocol = "udp"
address = "{ELSEWHERE}"
[http]
address = "{HERE}"
[media]
prompt_dirs = ["{tmp_path}"]
""",
        encoding="utf-8",
    )
    assert main(["check", "--config", str(path)]) == 2
    said = capsys.readouterr().err
    assert f'sip.transports[0].address = "{ELSEWHERE}"' in said
    assert "agent_serves" in said
