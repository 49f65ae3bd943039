"""The plane with real sockets: who hears whom, and who is never sent anything."""

from collections.abc import Iterator

import numpy as np
import pytest

from media.commands import (
    CloseLeg,
    Codec,
    ListHoldings,
    OpenLeg,
    PermitSending,
    ReportState,
    SetHearing,
    Source,
    SourceKind,
    StartRecording,
    StopRecording,
)
from media.events import (
    DigitReceived,
    HoldingsListed,
    LegClosed,
    LegHeld,
    LegRefused,
    LegStatistics,
    MediaStarted,
    MediaStopped,
    RecordingHeld,
    StateReported,
)
from tests.media.rtp_phone import (
    AMPLITUDE,
    PLANE_ADDRESS,
    Desk,
    Phone,
    WriterInMemory,
    both,
    level_of,
    speak,
    tone,
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A plane with nobody on it."""
    made = Desk()
    yield made
    made.close()


def leg(name: str, gain: float = 1.0) -> Source:
    """The voice of a leg."""
    return Source(kind=SourceKind.LEG, name=name, gain=gain)


MUSIC = Source(kind=SourceKind.MUSIC, name="waiting")


def talk(desk: Desk, first: Phone, second: Phone, ticks: int = 60) -> None:
    """Both speak: 700 Hz and 1300 Hz; the first ten ticks of what they hear are dropped."""
    desk.do(
        SetHearing(leg_id=first.leg_id, sources=(leg(second.leg_id),)),
        SetHearing(leg_id=second.leg_id, sources=(leg(first.leg_id),)),
    )
    say = both(
        speak(first, 700, ticks, first.ptime_ms),
        speak(second, 1300, ticks, second.ptime_ms),
    )
    desk.tick(ticks, say)


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 60])
@pytest.mark.parametrize(
    "codecs", [(Codec.PCMA, Codec.PCMA), (Codec.PCMA, Codec.PCMU), (Codec.PCMU, Codec.PCMU)]
)
def test_two_legs_hear_each_other_and_not_themselves(
    desk: Desk, codecs: tuple[Codec, Codec], ptime_ms: int
) -> None:
    """Any pair of codecs and packet times: each phone hears the other's tone at its level, its own not at all."""
    caller = desk.open(Phone("caller", codec=codecs[0], ptime_ms=ptime_ms, payload_type=96))
    agent = desk.open(Phone("agent", codec=codecs[1]))
    talk(desk, caller, agent)
    for phone, other_hz, own_hz in ((caller, 1300, 700), (agent, 700, 1300)):
        heard = phone.heard_sound()[-3200:]
        assert level_of(heard, other_hz) == pytest.approx(AMPLITUDE, rel=0.05)
        assert level_of(heard, own_hz) < 30
    assert {len(packet) for packet in caller.heard} == {12 + ptime_ms * 8}
    assert np.diff([int.from_bytes(p[4:8], "big") for p in caller.heard[1:]]).tolist() == [ptime_ms * 8] * (
        len(caller.heard) - 2
    )


def test_nothing_is_sent_before_permission_or_valid_rtp(desk: Desk) -> None:
    """An offer alone makes the plane stream at nobody; the dialog's confirmation does."""
    phone = desk.open(Phone("caller"), connect=False)
    desk.do(SetHearing(leg_id="caller", sources=(MUSIC,)))
    desk.tick(10)
    desk.do(phone.remote())
    desk.tick(10)
    assert phone.heard == []
    desk.do(PermitSending(leg_id="caller"))
    desk.tick(10)
    assert len(phone.heard) == 10
    assert phone.heard[0][1] & 0x80, "the first packet has the marker"


def test_valid_rtp_from_the_sdp_address_permits_sending(desk: Desk) -> None:
    """Junk from that address does not."""
    phone = desk.open(Phone("caller"), connect=False)
    desk.do(phone.remote())
    for junk in (
        b"",
        b"x" * 11,
        b"\x00" * 172,
        phone.packet(b"\xd5" * 160, payload_type=77),
        b"\x80\x08" + b"x" * 1100,
    ):
        phone.send_raw(junk)
    desk.tick(3)
    assert phone.heard == []
    phone.send(tone(700, 160))
    desk.tick(3)
    assert len(phone.heard) == 3
    assert [event.leg_id for event in desk.told(MediaStarted)] == ["caller"]


def test_a_remote_outside_the_networks_is_refused_and_never_sent_anything(desk: Desk) -> None:
    """One forged INVITE must not make us stream at anybody."""
    victim = desk.open(Phone("caller", address="127.66.3.1"), connect=False)
    desk.do(victim.remote(), PermitSending(leg_id="caller"), SetHearing(leg_id="caller", sources=(MUSIC,)))
    desk.tick(20)
    victim.send(tone(700, 160))
    desk.tick(20)
    assert [event.code for event in desk.told(LegRefused)] == ["address_not_allowed"]
    assert victim.heard == []


@pytest.mark.parametrize("address", ["127.66.2.300", "phone.example", "::1", "224.0.0.1", "255.255.255.255"])
def test_an_address_that_is_no_unicast_ipv4_address_is_refused(desk: Desk, address: str) -> None:
    """Whatever SDP says."""
    phone = desk.open(Phone("caller"), connect=False)
    desk.do(phone.remote(address=address))
    assert [event.code for event in desk.told(LegRefused)] == ["address_not_allowed"]


def test_forged_packets_change_nothing_and_are_counted(desk: Desk) -> None:
    """200 packets from another port of the same address, and from another address, in one tick."""
    caller, agent = desk.open(Phone("caller")), desk.open(Phone("agent"))
    strangers = [Phone("x"), Phone("x", address="127.66.2.9")]
    for stranger in strangers:
        stranger.plane_at, stranger.ssrc, stranger.sequence = caller.plane_at, caller.ssrc, 1040
    desk.do(SetHearing(leg_id="agent", sources=(leg("caller"),)))
    speaking = speak(caller, 700, 60)
    forged = tone(2000, 160)

    def say(index: int) -> None:
        speaking(index)
        if index == 40:
            for stranger in strangers:
                for _ in range(100):
                    stranger.send(forged)

    desk.tick(60, say)
    sound = agent.heard_sound()[2400:]
    assert level_of(sound, 2000) < 5
    assert level_of(sound, 700) == pytest.approx(AMPLITUDE, rel=0.05)
    statistics = closing(desk, "caller")
    assert statistics.packets_received == 60
    assert statistics.packets_refused > 0
    assert statistics.packets_lost == 0
    for stranger in strangers:
        assert stranger.listen() == []
        stranger.close()


def closing(desk: Desk, leg_id: str) -> LegStatistics:
    """Close a leg and return its last figures."""
    desk.do(CloseLeg(leg_id=leg_id))
    (closed,) = [event for event in desk.told(LegClosed) if event.leg_id == leg_id]
    return closed.statistics


def test_packets_that_came_before_the_answer_are_refused_unless_they_are_the_peers(desk: Desk) -> None:
    """What strangers sent before SDP named the remote never sounds."""
    phone, stranger = desk.open(Phone("caller"), connect=False), Phone("x", address="127.66.2.7")
    stranger.plane_at = phone.plane_at
    for _ in range(5):
        stranger.send(tone(2000, 160))
    desk.do(phone.remote())
    desk.tick(3)
    assert closing(desk, "caller").packets_refused == 5
    assert phone.heard == []
    stranger.close()


def test_what_waited_for_the_answer_is_forgotten_with_its_leg(desk: Desk) -> None:
    """The peer's voice and a digit came before SDP; the leg closes before any tick, another takes its slot."""
    for _ in range(40):
        phone = desk.open(Phone("caller"), connect=False)
        phone.send(tone(700, 160))
        phone.send_raw(phone.packet(b"\x05\x8a\x03\x20", payload_type=101))
        desk.do(phone.remote(), CloseLeg(leg_id="caller"))
    desk.open(Phone("caller"))
    desk.tick(5)
    assert desk.told(MediaStarted) == []
    assert desk.told(DigitReceived) == []


def test_behind_nat_the_first_source_on_the_peers_address_is_locked(desk: Desk) -> None:
    """SDP names an address that nobody can reach; later sources on the same address are refused."""
    phone = desk.open(Phone("caller"), nat_address="127.66.2.1", connect=False)
    second = Phone("x", address="127.66.2.1")
    elsewhere = Phone("y", address="127.66.2.8")
    second.plane_at = elsewhere.plane_at = phone.plane_at
    desk.do(phone.remote(address="192.168.1.7", port=4000), PermitSending(leg_id="caller"))
    desk.do(SetHearing(leg_id="caller", sources=(MUSIC,)))
    elsewhere.send(tone(2000, 160))
    desk.tick(5)
    assert phone.heard == []
    desk.tick(20, speak(phone, 700, 20))
    assert len(phone.heard) >= 20
    for _ in range(30):
        second.send(tone(2000, 160))
    desk.tick(10)
    assert second.listen() == elsewhere.listen() == []
    statistics = closing(desk, "caller")
    assert statistics.packets_received == 20
    assert statistics.packets_refused >= 2
    second.close()
    elsewhere.close()


def test_behind_nat_a_reinvite_waits_for_the_first_source_again(desk: Desk) -> None:
    """SDP's private port changed: the old source is no peer any more, the first that comes is."""
    old, new = desk.open(Phone("caller"), nat_address="127.66.2.1", connect=False), Phone("caller")
    new.plane_at = old.plane_at
    desk.phones.append(new)
    desk.do(old.remote(address="192.168.1.7", port=4000), PermitSending(leg_id="caller"))
    desk.tick(5, speak(old, 700, 5))
    desk.do(old.remote(address="192.168.1.7", port=4002))
    heard_by_old = len(old.heard)
    desk.tick(5)
    assert len(old.heard) == heard_by_old
    desk.tick(5, speak(new, 700, 5))
    assert len(new.heard) == 5
    desk.tick(5, speak(old, 700, 5))
    assert len(old.heard) == heard_by_old
    assert closing(desk, "caller").packets_received == 10


def test_nat_alone_does_not_permit_sending(desk: Desk) -> None:
    """A source that SDP does not name proves nothing before the dialog is confirmed."""
    phone = desk.open(Phone("caller"), nat_address="127.66.2.1", connect=False)
    desk.do(phone.remote(address="192.168.1.7", port=4000))
    desk.tick(10, speak(phone, 700, 10))
    assert phone.heard == []
    desk.do(PermitSending(leg_id="caller"))
    desk.tick(2)
    assert len(phone.heard) == 2


def test_a_reinvite_may_move_the_remote(desk: Desk) -> None:
    """Sound follows to the new port, the old one is a stranger then, a forbidden one changes nothing."""
    old, new = desk.open(Phone("caller")), Phone("caller")
    new.plane_at = old.plane_at
    desk.phones.append(new)
    desk.tick(5, speak(old, 700, 5))
    desk.do(new.remote())
    desk.tick(5, speak(new, 700, 5))
    heard_by_old = len(old.heard)
    assert len(new.heard) == 5
    desk.do(new.remote(address="127.66.3.3"))
    desk.tick(5, speak(old, 700, 5))
    assert len(old.heard) == heard_by_old
    assert len(new.heard) == 10


def test_directions_hold_both_ways(desk: Desk) -> None:
    """may_send False sends nothing; may_receive False is heard by nobody; 0.0.0.0 is hold, not a destination."""
    caller, agent = desk.open(Phone("caller")), desk.open(Phone("agent"))
    desk.do(SetHearing(leg_id="agent", sources=(leg("caller"),)))
    desk.do(caller.remote(may_send=False, may_receive=False))
    desk.tick(20, speak(caller, 700, 20))
    assert caller.heard == []
    assert level_of(agent.heard_sound(), 700) < 10
    desk.do(caller.remote())
    desk.tick(5)
    assert len(caller.heard) == 5
    desk.do(caller.remote(address="0.0.0.0", may_send=True))
    desk.tick(5)
    assert len(caller.heard) == 5
    assert desk.told(LegRefused) == []


def test_every_permitted_leg_is_sent_silence_when_it_hears_nothing(desk: Desk) -> None:
    """50 packets a second of the law's silence, timestamps in step."""
    phone = desk.open(Phone("caller", codec=Codec.PCMU))
    desk.tick(10)
    assert {packet[12:] for packet in phone.heard} == {b"\xff" * 160}
    stamps = [int.from_bytes(packet[4:8], "big") for packet in phone.heard]
    assert set(np.diff(np.array(stamps, dtype=np.uint32))) == {160}


def test_a_row_is_mixed_with_saturation_and_gain(desk: Desk) -> None:
    """Three in a call hear the two others; a gain of 0.5 halves."""
    phones = [desk.open(Phone(name)) for name in ("a", "b", "c")]
    desk.do(
        SetHearing(leg_id="a", sources=(leg("b"), leg("c"))),
        SetHearing(leg_id="b", sources=(leg("a"), leg("c", 0.5))),
    )
    desk.tick(50, both(speak(phones[0], 500, 50), speak(phones[1], 900, 50), speak(phones[2], 1300, 50)))
    heard = [phone.heard_sound()[-4800:] for phone in phones]
    assert level_of(heard[0], 900) == pytest.approx(AMPLITUDE, rel=0.05)
    assert level_of(heard[0], 1300) == pytest.approx(AMPLITUDE, rel=0.05)
    assert level_of(heard[1], 1300) == pytest.approx(AMPLITUDE / 2, rel=0.05)
    assert level_of(heard[0], 500) < 60
    assert np.all(heard[2] == 8)


def test_music_is_heard_by_all_who_wait_in_the_same_phase(desk: Desk) -> None:
    """And a closed leg's voice never reaches a row that named it, not even when its slot is used again."""
    phones = [desk.open(Phone(f"leg-{i}")) for i in range(16)]
    desk.do(*(SetHearing(leg_id=phone.leg_id, sources=(MUSIC,)) for phone in phones))
    desk.tick(50)
    assert all(phone.heard_sound().tobytes() == phones[0].heard_sound().tobytes() for phone in phones)
    assert level_of(phones[0].heard_sound(), 600) == pytest.approx(AMPLITUDE, rel=0.05)
    desk.do(SetHearing(leg_id="leg-0", sources=(leg("leg-1"),)), CloseLeg(leg_id="leg-1"))
    newcomer = desk.open(Phone("leg-new"))
    phones[0].heard.clear()
    desk.tick(30, speak(newcomer, 700, 30))
    assert level_of(phones[0].heard_sound(), 700) < 10


def test_rtp_that_stops_is_silence_and_told_once(desk: Desk) -> None:
    """After a short fade; MediaStopped once per gap."""
    caller, agent = desk.open(Phone("caller")), desk.open(Phone("agent"))
    desk.do(SetHearing(leg_id="agent", sources=(leg("caller"),)))
    desk.tick(50, speak(caller, 700, 50))
    agent.heard.clear()
    desk.tick(50)
    assert np.all(agent.heard_sound()[1600:] == 8)
    desk.tick(1600)
    stopped = [event for event in desk.told(MediaStopped) if event.leg_id == "caller"]
    assert [round(event.silent_s) for event in stopped] == [30]
    desk.tick(5, speak(caller, 700, 5))
    desk.tick(1600)
    assert len([event for event in desk.told(MediaStopped) if event.leg_id == "caller"]) == 2


def test_state_is_reported_whole(desk: Desk) -> None:
    """One LegHeld a leg with its row, then the sums."""
    phone = desk.open(Phone("caller"))
    desk.do(SetHearing(leg_id="caller", sources=(MUSIC,)))
    desk.events.clear()
    desk.do(ReportState())
    (held,) = desk.told(LegHeld)
    assert (held.leg_id, held.hearing, held.port) == ("caller", (MUSIC,), phone.plane_at[1])
    assert desk.events[-1] == StateReported(legs=1, recordings=0)


class LateWriter(WriterInMemory):
    """Its files are never finished."""

    def held(self) -> list[RecordingHeld]:
        """Those that were closed as well."""
        return [
            RecordingHeld(recording_id=name, call_id=self.calls[name], path="", frames=0)
            for name in self.names
        ]


def test_holdings_are_listed_by_name_in_one_word() -> None:
    """A recording that was stopped is told of until its file is finished."""
    desk = Desk(recordings=LateWriter())
    for name in ("caller", "agent"):
        desk.open(Phone(name))
    for name in ("r1", "r2"):
        desk.do(StartRecording(recording_id=name, call_id="c1", path="", left=("caller",), right=()))
    desk.do(StopRecording(recording_id="r1"))
    desk.events.clear()
    desk.do(ListHoldings())
    assert desk.events == [
        HoldingsListed(legs=("caller", "agent"), recordings=(("r2", "c1"),), finishing=("r1",))
    ]
    desk.close()


def test_what_cannot_be_done_is_told_and_loses_nothing(desk: Desk) -> None:
    """Unknown legs, music, a second leg of one id, an address that is not ours, too many legs."""
    desk.open(Phone("caller"))
    desk.do(
        SetHearing(leg_id="ghost", sources=()),
        SetHearing(leg_id="caller", sources=(Source(kind=SourceKind.MUSIC, name="none"),)),
        OpenLeg(leg_id="caller", call_id="", local_address=PLANE_ADDRESS, networks=()),
        OpenLeg(leg_id="far", call_id="", local_address="192.0.2.1", networks=()),
        OpenLeg(leg_id="bad", call_id="", local_address=PLANE_ADDRESS, networks=("nonsense",)),
        CloseLeg(leg_id="ghost"),
    )
    codes = [event.code for event in desk.told(LegRefused)]
    assert codes == [
        "unknown_leg",
        "unknown_music",
        "leg_exists",
        "no_ports",
        "invalid_address",
        "unknown_leg",
    ]
    for index in range(15):
        desk.open(Phone(f"leg-{index}"))
    desk.do(OpenLeg(leg_id="more", call_id="", local_address=PLANE_ADDRESS, networks=()))
    assert desk.told(LegRefused)[-1].code == "no_room"
    desk.tick(2)
