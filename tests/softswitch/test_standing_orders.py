"""What a cut link swallowed is said again, and nothing else."""

from dataclasses import replace

from media import commands, events
from media.commands import Codec, Source, SourceKind
from softswitch.standing_orders import StandingOrders

MUSIC = (Source(kind=SourceKind.MUSIC, name="waiting"),)


def held(leg_id: str, hearing: tuple[Source, ...] = ()) -> dict[str, events.LegHeld]:
    return {
        leg_id: events.LegHeld(
            leg_id=leg_id,
            call_id="c1",
            address="127.65.0.5",
            port=20000,
            hearing=hearing,
            statistics=events.LegStatistics(),
        )
    }


def recorded(recording_id: str) -> dict[str, events.RecordingHeld]:
    return {
        recording_id: events.RecordingHeld(recording_id=recording_id, call_id="c1", path="/r.wav", frames=10)
    }


def remote(leg_id: str) -> commands.SetRemote:
    return commands.SetRemote(
        leg_id=leg_id,
        address="127.65.0.9",
        port=4000,
        codec=Codec.PCMA,
        payload_type=8,
        dtmf_payload_type=101,
        comfort_noise_payload_type=None,
        ptime_ms=20,
    )


def test_a_row_that_the_plane_has_is_not_repeated_and_one_that_it_lacks_is() -> None:
    orders = StandingOrders()
    order = commands.SetHearing(leg_id="a", sources=MUSIC)
    orders.note(order)
    assert orders.missing(held("a", MUSIC), {}) == ()
    assert orders.missing(held("a"), {}) == (order,)
    assert orders.missing(held("b"), {}) == ()


def test_where_a_leg_sends_to_is_said_again_with_the_last_word_only() -> None:
    orders = StandingOrders()
    orders.note(remote("a"))
    orders.note(commands.PermitSending(leg_id="a"))
    orders.note(commands.SetHearing(leg_id="a", sources=MUSIC))
    orders.note(commands.SetHearing(leg_id="a", sources=()))
    assert orders.missing(held("a"), {}) == (remote("a"), commands.PermitSending(leg_id="a"))


def test_a_closed_leg_needs_nothing() -> None:
    orders = StandingOrders()
    orders.note(remote("a"))
    orders.note(commands.CloseLeg(leg_id="a"))
    assert orders.missing(held("a"), {}) == ()


def test_a_recording_that_should_have_ended_is_stopped_and_one_that_goes_on_has_its_sources() -> None:
    orders = StandingOrders()
    sources = commands.SetRecordingSources(recording_id="r1", left=("a",), right=("b",))
    orders.note(sources)
    assert orders.missing({}, recorded("r1")) == (sources,)
    stop = commands.StopRecording(recording_id="r1")
    orders.note(stop)
    assert orders.missing({}, recorded("r1")) == (stop,)
    orders.hear(
        events.RecordingClosed(
            recording_id="r1",
            path="/r.wav",
            frames=10,
            size_bytes=3258,
            sha256="0" * 64,
            incomplete=False,
            fault="",
            left_dbfs=None,
            right_dbfs=None,
        )
    )
    assert orders.missing({}, recorded("r1")) == ()


def test_a_recording_that_never_began_is_begun_and_one_that_runs_is_left_alone() -> None:
    """With the sources that were named last; not when its end was ordered, or its fault was told."""
    orders = StandingOrders()
    start = commands.StartRecording(recording_id="r1", call_id="c1", path="/r.wav", left=("a",), right=())
    sources = commands.SetRecordingSources(recording_id="r1", left=("a",), right=("b",))
    orders.note(start)
    orders.note(sources)
    assert orders.missing({}, recorded("r1")) == (sources,)
    assert orders.missing({}, {}) == (start, sources)
    orders.note(commands.StopRecording(recording_id="r1"))
    assert orders.missing({}, {}) == ()
    orders.note(start)
    orders.hear(events.RecordingFaulted(recording_id="r1", fault="no_room"))
    assert orders.missing({}, {}) == ()


def test_prompts_that_never_began_are_played_and_those_that_play_or_are_over_are_not() -> None:
    orders = StandingOrders()
    prompts = commands.PlayPrompts(leg_id="a", playlist_id="c1:1", prompts=("welcome",))
    orders.note(prompts)
    (plays,) = held("a").values()
    assert orders.missing({"a": replace(plays, playlist_id="c1:1")}, {}) == ()
    assert orders.missing({"a": replace(plays, playlist_id="c1:0")}, {}) == (prompts,)
    orders.hear(events.PlaylistFinished(leg_id="a", playlist_id="c1:0", completed=False))
    assert orders.missing(held("a"), {}) == (prompts,)
    orders.hear(events.PlaylistFinished(leg_id="a", playlist_id="c1:1", completed=True))
    assert orders.missing(held("a"), {}) == ()


def test_a_dead_plane_takes_its_orders_with_it() -> None:
    orders = StandingOrders()
    orders.note(remote("a"))
    orders.note(commands.StopRecording(recording_id="r1"))
    orders.clear()
    assert orders.missing(held("a"), recorded("r1")) == ()
