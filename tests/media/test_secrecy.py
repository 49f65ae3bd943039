"""SRTP at the plane: sealed on the wire, in the clear in the mix; what is not sealed rightly is not heard."""

import os
from base64 import b64encode
from collections.abc import Iterator

import pytest

from media.commands import Secrecy, SetHearing, Source, SourceKind
from media.events import LegRefused
from media.legs import Leg
from media.rtcp import parse, receiver_report
from media.secrecy import Seal, UnusableKey
from tests.media.rtp_phone import AMPLITUDE, PHONE_ADDRESS, Desk, Phone, both, level_of, speak

SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32")
TAG_BYTES = {"AES_CM_128_HMAC_SHA1_80": 10, "AES_CM_128_HMAC_SHA1_32": 4}


def key() -> str:
    """A key as SDP has it."""
    return b64encode(os.urandom(30)).decode()


class SecretPhone(Phone):
    """A far end that seals what it sends and opens what it hears; what does not open is kept apart."""

    def __init__(self, leg_id: str, suite: str = SUITES[0], address: str = PHONE_ADDRESS) -> None:
        super().__init__(leg_id, address=address)
        self.secrecy = Secrecy(suite=suite, send_key=key(), receive_key=key())
        mirrored = Secrecy(suite=suite, send_key=self.secrecy.receive_key, receive_key=self.secrecy.send_key)
        self.seal = Seal(mirrored)
        self.raw: list[bytes] = []
        self.sent: list[bytes] = []

    def send_raw(self, data: bytes) -> None:
        self.sent.append(self.seal.close(data))
        super().send_raw(self.sent[-1])

    def listen(self) -> list[bytes]:
        before = len(self.heard)
        packets = super().listen()
        self.raw += packets
        self.heard[before:] = [plain for packet in packets if (plain := self.seal.open(packet))]
        return packets


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A plane with nobody on it."""
    made = Desk()
    yield made
    made.close()


def hear_each_other(desk: Desk, one: Phone, other: Phone) -> None:
    """Both ways."""
    desk.do(
        SetHearing(leg_id=one.leg_id, sources=(Source(kind=SourceKind.LEG, name=other.leg_id),)),
        SetHearing(leg_id=other.leg_id, sources=(Source(kind=SourceKind.LEG, name=one.leg_id),)),
    )


@pytest.mark.parametrize("suite", SUITES)
def test_an_encrypted_phone_talks_with_one_in_the_clear(desk: Desk, suite: str) -> None:
    agent, caller = desk.open(SecretPhone("agent", suite)), desk.open(Phone("caller"))
    assert isinstance(agent, SecretPhone)
    desk.do(agent.remote(secrecy=agent.secrecy))
    hear_each_other(desk, agent, caller)
    agent.raw.clear()
    agent.heard.clear()
    desk.tick(60, both(speak(agent, 700, 60), speak(caller, 1300, 60)))
    assert level_of(caller.heard_sound()[-3200:], 700) == pytest.approx(AMPLITUDE, rel=0.05)
    assert level_of(agent.heard_sound()[-3200:], 1300) == pytest.approx(AMPLITUDE, rel=0.05)
    assert {len(packet) for packet in agent.raw} == {172 + TAG_BYTES[suite]}
    octets = [
        (plain, wire)
        for sealed, opened in zip(agent.raw, agent.heard, strict=True)
        for plain, wire in zip(opened[12:], sealed[12:], strict=False)
    ]
    alike = sum(plain == wire for plain, wire in octets) / len(octets)
    assert alike < 0.02, "the sound can be read on the wire"  # chance makes it 1 in 256


def test_what_is_not_sealed_with_the_right_key_is_not_heard_and_neither_is_a_packet_twice(desk: Desk) -> None:
    """In the clear, with another key, damaged, replayed: refused and counted, and the true stream goes on."""
    agent, caller = desk.open(SecretPhone("agent")), desk.open(Phone("caller"))
    assert isinstance(agent, SecretPhone)
    desk.do(agent.remote(secrecy=agent.secrecy))
    hear_each_other(desk, agent, caller)
    other = SecretPhone("other")

    say = speak(agent, 700, 60)

    def attack(index: int) -> None:
        say(index)
        plain, sealed = agent.packet(bytes([0x2A]) * 160), agent.sent[-1]
        damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
        for packet in (plain, other.seal.close(plain), damaged, sealed, agent.sent[0]):
            agent.socket.sendto(packet, agent.plane_at)

    desk.tick(60, attack)
    sound = caller.heard_sound()[-3200:]
    assert level_of(sound, 700) == pytest.approx(AMPLITUDE, rel=0.05)
    assert desk.plane._statistics(_leg(desk, "agent")).packets_refused >= 5 * 55
    other.close()


def _leg(desk: Desk, leg_id: str) -> Leg:
    leg = desk.plane._legs.get(leg_id)
    assert leg is not None
    return leg


def test_a_stranger_behind_nat_is_locked_on_to_only_with_the_key(desk: Desk) -> None:
    agent = SecretPhone("agent")
    desk.open(agent, nat_address=PHONE_ADDRESS, connect=False)
    desk.do(agent.remote(address="10.0.0.9", port=4000, secrecy=agent.secrecy))
    thief = SecretPhone("thief")
    thief.plane_at = agent.plane_at
    desk.tick(5, speak(thief, 700, 5))
    assert _leg(desk, "agent").peer is None
    desk.tick(5, speak(agent, 700, 5))
    assert _leg(desk, "agent").peer == (agent.address, agent.port)
    thief.close()


def test_hold_and_resume_with_the_same_keys_go_on_with_the_same_counters(desk: Desk) -> None:
    """And a key that changes takes only its own direction with it."""
    agent, caller = desk.open(SecretPhone("agent")), desk.open(Phone("caller"))
    assert isinstance(agent, SecretPhone)
    desk.do(agent.remote(secrecy=agent.secrecy))
    hear_each_other(desk, agent, caller)
    desk.tick(20, both(speak(agent, 700, 20), speak(caller, 1300, 20)))
    seal = desk.plane._exchange.seal_of(0)
    desk.do(agent.remote(secrecy=agent.secrecy, may_receive=False), agent.remote(secrecy=agent.secrecy))
    assert desk.plane._exchange.seal_of(0) is seal
    changed = Secrecy(suite=SUITES[0], send_key=agent.secrecy.send_key, receive_key=key())
    desk.do(agent.remote(secrecy=changed))
    renewed = desk.plane._exchange.seal_of(0)
    assert seal is not None
    assert renewed is not None
    assert renewed.outbound is seal.outbound
    assert renewed.inbound is not seal.inbound
    agent.seal = Seal(
        Secrecy(suite=SUITES[0], send_key=changed.receive_key, receive_key=changed.send_key), agent.seal
    )
    caller.heard.clear()
    desk.tick(40, both(speak(agent, 700, 40), speak(caller, 1300, 40)))
    assert level_of(caller.heard_sound()[-3200:], 700) == pytest.approx(AMPLITUDE, rel=0.05)
    assert level_of(agent.heard_sound()[-3200:], 1300) == pytest.approx(AMPLITUDE, rel=0.05)


def test_reports_are_sealed_too(desk: Desk) -> None:
    agent = desk.open(SecretPhone("agent"))
    assert isinstance(agent, SecretPhone)
    desk.do(agent.remote(secrecy=agent.secrecy))
    host, port = agent.plane_at
    before = _leg(desk, "agent").reported_at
    desk.tick(50)
    report = receiver_report(ssrc=1, block=None, cname="x")
    agent.socket.sendto(report, (host, port + 1))
    desk.tick(1)
    assert _leg(desk, "agent").reported_at == before
    agent.socket.sendto(agent.seal.close_control(report), (host, port + 1))
    desk.tick(1)
    assert _leg(desk, "agent").reported_at > before
    sealed = desk.plane._exchange.seal_of(0)
    assert sealed is not None
    assert parse(agent.seal.open_control(sealed.close_control(report)))


def test_a_key_that_cannot_be_used_is_refused_and_changes_nothing(desk: Desk) -> None:
    agent = desk.open(Phone("agent"))
    for bad in (
        Secrecy(suite="NULL", send_key=key(), receive_key=key()),
        Secrecy(suite=SUITES[0], send_key="AAAA", receive_key=key()),
        Secrecy(suite=SUITES[0], send_key=key(), receive_key="!"),
    ):
        with pytest.raises(UnusableKey):
            Seal(bad)
        desk.do(agent.remote(secrecy=bad))
        assert desk.told(LegRefused)[-1].code == "unusable_key"
        assert bad.receive_key not in repr(bad)
    assert desk.plane._exchange.seal_of(0) is None
