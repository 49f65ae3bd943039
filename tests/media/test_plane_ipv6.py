"""The plane over IPv6: the same sound and the same rules as over IPv4, and both in one call."""

import socket
from collections.abc import Iterator

import pytest

from media.commands import CloseLeg, OpenLeg, PermitSending, SetHearing, Source, SourceKind
from media.events import LegClosed, LegRefused, MediaStarted
from tests.media.rtp_phone import AMPLITUDE, Desk, Phone, both, level_of, speak, tone

HERE = "::1"
NETWORKS = ("::1/128",)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A plane with nobody on it."""
    made = Desk()
    yield made
    made.close()


def open_v6(
    desk: Desk,
    leg_id: str,
    *,
    networks: tuple[str, ...] = NETWORKS,
    nat_address: str | None = None,
    connect: bool = True,
) -> Phone:
    """A phone with an IPv6 address and its leg."""
    phone = Phone(leg_id, address=HERE)
    return desk.open(phone, at=HERE, networks=networks, nat_address=nat_address, connect=connect)


def hears(leg_id: str, other: str) -> SetHearing:
    """One leg hears the voice of another."""
    return SetHearing(leg_id=leg_id, sources=(Source(kind=SourceKind.LEG, name=other),))


def test_a_phone_on_ipv6_and_a_trunk_on_ipv4_hear_each_other(desk: Desk) -> None:
    """Sound is samples in between: nothing of one side's addresses reaches the other."""
    phone, trunk = open_v6(desk, "agent"), desk.open(Phone("caller"))
    desk.do(hears("agent", "caller"), hears("caller", "agent"))
    desk.tick(60, both(speak(phone, 700, 60), speak(trunk, 1300, 60)))
    for listener, other_hz, own_hz in ((phone, 1300, 700), (trunk, 700, 1300)):
        heard = listener.heard_sound()[-3200:]
        assert level_of(heard, other_hz) == pytest.approx(AMPLITUDE, rel=0.05)
        assert level_of(heard, own_hz) < 30


def test_packets_carry_the_class_of_voice_and_reports_go_to_the_next_port(desk: Desk) -> None:
    """Expedited forwarding (RFC 3246) is the traffic class of IPv6; the last RTCP packet says goodbye."""
    phone = open_v6(desk, "caller")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
        control.bind((HERE, phone.port + 1))
        control.settimeout(2)
        phone.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
        desk.do(SetHearing(leg_id="caller", sources=(Source(kind=SourceKind.MUSIC, name="waiting"),)))
        desk.plane.tick(desk.now)
        _, ancillary, _, source = phone.socket.recvmsg(2048, 64)
        assert [data[0] for _, kind, data in ancillary if kind == socket.IPV6_TCLASS] == [46 << 2]
        assert source[:2] == phone.plane_at
        desk.tick(2)
        desk.do(CloseLeg(leg_id="caller"))
        data, source = control.recvfrom(2048)
    assert data[1] == 201
    assert source[1] == phone.plane_at[1] + 1


@pytest.mark.parametrize(
    "address", ["127.66.2.1", "::ffff:127.66.2.1", "fd00::7", "ff02::1", "::1%lo", "phone.example", ":::1"]
)
def test_media_goes_only_to_an_ipv6_host_of_its_networks(desk: Desk, address: str) -> None:
    """Not to IPv4, plain or in IPv6 dress, not elsewhere, not to a group."""
    phone = open_v6(desk, "caller", connect=False)
    desk.do(phone.remote(address=address), PermitSending(leg_id="caller"))
    assert [event.code for event in desk.told(LegRefused)] == ["address_not_allowed"]


def test_one_address_in_another_spelling_is_the_same_peer(desk: Desk) -> None:
    """SDP may write it at length; its packets are heard all the same, and come by the connected socket."""
    phone = open_v6(desk, "caller", connect=False)
    desk.do(phone.remote(address="0:0:0:0:0:0:0:0001"), PermitSending(leg_id="caller"))
    phone.send(tone(700, 160))
    desk.tick(3)
    assert [event.leg_id for event in desk.told(MediaStarted)] == ["caller"]
    desk.do(CloseLeg(leg_id="caller"))
    (closed,) = desk.told(LegClosed)
    assert (closed.statistics.packets_received, closed.statistics.packets_refused) == (1, 0)


def test_forged_packets_change_nothing_and_are_counted(desk: Desk) -> None:
    """200 packets with the right SSRC from another port of the same host, in one tick."""
    phone, stranger = open_v6(desk, "caller"), Phone("x", address=HERE)
    stranger.plane_at = phone.plane_at
    phone.send(tone(700, 160))
    desk.tick()
    stranger.sequence = phone.sequence
    for _ in range(200):
        stranger.send(tone(1900, 160))
    desk.tick(20)
    assert stranger.listen() == []
    desk.do(CloseLeg(leg_id="caller"))
    (closed,) = desk.told(LegClosed)
    assert closed.statistics.packets_received == 1
    assert closed.statistics.packets_refused > 0
    stranger.close()


def test_behind_a_firewall_the_first_source_on_the_peers_address_is_locked(desk: Desk) -> None:
    """As behind NAT: SDP names what nobody can reach; who comes second is refused."""
    phone = open_v6(desk, "caller", nat_address=HERE, connect=False)
    second = Phone("x", address=HERE)
    second.plane_at = phone.plane_at
    desk.do(
        phone.remote(address="fd00::99", port=4000),
        PermitSending(leg_id="caller"),
        SetHearing(leg_id="caller", sources=(Source(kind=SourceKind.MUSIC, name="waiting"),)),
    )
    phone.send(tone(700, 160))
    desk.tick(2)
    second.send(tone(1900, 160))
    desk.tick(10)
    assert len(phone.heard) >= 10
    assert second.listen() == []
    second.close()


def test_the_null_address_of_ipv6_is_a_hold(desk: Desk) -> None:
    """`c=IN IP6 ::` keeps the peer and stops our sound until the next description."""
    phone = open_v6(desk, "caller")
    desk.do(SetHearing(leg_id="caller", sources=(Source(kind=SourceKind.MUSIC, name="waiting"),)))
    desk.tick(5)
    desk.do(phone.remote(address="::"))
    phone.heard.clear()
    desk.tick(5)
    assert phone.heard == []
    desk.do(phone.remote())
    desk.tick(5)
    assert len(phone.heard) == 5


def test_an_ipv6_address_that_is_not_ours_is_said_so(desk: Desk) -> None:
    """And networks of both kinds may stand in one list."""
    desk.do(OpenLeg(leg_id="far", call_id="", local_address="2001:db8::1", networks=("192.0.2.0/24", "::1")))
    assert [event.code for event in desk.told(LegRefused)] == ["no_ports"]
