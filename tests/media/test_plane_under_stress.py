"""Whatever packets and commands come, the plane neither breaks nor stops."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from media import commands
from media.commands import Codec, SetHearing, Source, SourceKind
from tests.media.rtp_phone import AMPLITUDE, NETWORKS, PLANE_ADDRESS, Desk, Phone, level_of, speak


def test_junk_from_the_peer_itself_breaks_nothing() -> None:
    """2,000 packets, each a valid one with some bytes changed, cut off or added; then the voice is heard again."""
    desk, rng = Desk(), random.Random(11)
    caller, agent = desk.open(Phone("caller")), desk.open(Phone("agent"))
    desk.do(SetHearing(leg_id="agent", sources=(Source(kind=SourceKind.LEG, name="caller"),)))

    def junk(_: int) -> None:
        for _ in range(10):
            data = bytearray(caller.packet(rng.randbytes(rng.choice([0, 1, 4, 80, 160, 161, 480, 481]))))
            for _ in range(rng.randrange(4)):
                data[rng.randrange(min(len(data), 16))] = rng.randrange(256)
            caller.send_raw(bytes(data[: rng.randrange(1, len(data) + 1)] if rng.random() < 0.2 else data))
            caller.advance(rng.choice([0, 80, 160, 480]))

    desk.tick(200, junk)
    agent.heard.clear()
    caller.sequence, caller.timestamp, caller.ssrc = 7, 7, 7
    desk.tick(60, speak(caller, 700, 60))
    assert abs(level_of(agent.heard_sound()[3200:], 700) - AMPLITUDE) < 400
    desk.close()


names = st.sampled_from(["a", "b", "c"])
recordings = st.sampled_from(["r", "s"])
legs = st.lists(names, max_size=3).map(tuple)
sources = st.builds(
    Source,
    kind=st.sampled_from(SourceKind),
    name=st.sampled_from(["a", "b", "c", "waiting", "none"]),
    gain=st.sampled_from([0.0, 0.5, 1.0, 3.0, -1.0]),
)
any_command = st.one_of(
    st.builds(
        commands.OpenLeg,
        leg_id=names,
        call_id=st.just("call"),
        local_address=st.just(PLANE_ADDRESS),
        networks=st.just(NETWORKS),
        nat_address=st.sampled_from([None, "127.66.2.1", "junk"]),
    ),
    st.builds(
        commands.SetRemote,
        leg_id=names,
        address=st.sampled_from(["127.66.2.1", "192.0.2.1", "0.0.0.0", "", "x"]),
        port=st.sampled_from([-1, 0, 4000, 65535, 70000]),
        codec=st.sampled_from(Codec),
        payload_type=st.sampled_from([0, 8, 127]),
        dtmf_payload_type=st.sampled_from([None, 101]),
        comfort_noise_payload_type=st.sampled_from([None, 13]),
        ptime_ms=st.sampled_from([0, 10, 20, 25, 30, 50, 60, 1000]),
        may_send=st.booleans(),
        may_receive=st.booleans(),
    ),
    st.builds(commands.PermitSending, leg_id=names),
    st.builds(commands.SetHearing, leg_id=names, sources=st.lists(sources, max_size=4).map(tuple)),
    st.builds(
        commands.PlayPrompts,
        leg_id=names,
        playlist_id=st.just("list"),
        prompts=st.lists(st.sampled_from(["welcome", "beep", "none"]), max_size=3).map(tuple),
    ),
    st.builds(commands.StopPrompts, leg_id=names),
    st.builds(
        commands.SendDigits,
        leg_id=names,
        digits=st.sampled_from(["", "1", "12#", "x"]),
        duration_ms=st.sampled_from([-5, 40, 160, 99999]),
    ),
    st.builds(
        commands.StartRecording,
        recording_id=recordings,
        call_id=st.just("call"),
        path=st.just("/nowhere"),
        left=legs,
        right=legs,
    ),
    st.builds(commands.SetRecordingSources, recording_id=recordings, left=legs, right=legs),
    st.builds(commands.StopRecording, recording_id=recordings),
    st.builds(commands.CloseLeg, leg_id=names),
    st.builds(commands.ReportState),
    st.builds(commands.ListHoldings),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(any_command, st.integers(0, 3)), max_size=40))
def test_any_commands_in_any_order_are_answered_and_never_raised(
    steps: list[tuple[commands.Command, int]],
) -> None:
    """And in the end every leg can be closed, exactly those that were opened and not closed before."""
    desk = Desk(max_legs=2)
    for command, ticks in steps:
        desk.do(command)
        desk.tick(ticks)
    held = desk.plane.legs
    desk.events.clear()
    for name in ("a", "b", "c"):
        desk.do(commands.CloseLeg(leg_id=name))
    assert sum(type(event).__name__ == "LegClosed" for event in desk.events) == held
    desk.tick(2)
    assert desk.plane.legs == 0
    desk.close()
