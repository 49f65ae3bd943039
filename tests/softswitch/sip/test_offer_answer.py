"""Offer/answer of one leg: the patterns of RFC 6337 that a hotline meets, and two machines together."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.sip.errors import NotAcceptable
from softswitch.sip.offer_answer import TRANSITIONS, Exchange, LocalMedia, OfferAnswer, OfferPending, Step
from softswitch.sip.sdp import Direction, SessionDescription
from tests.softswitch.sip.test_sdp import audio

NETWORKS = ("127.61.0.2/32",)
LOCAL = LocalMedia(address="127.61.0.1", port=20000, session_id=5000)
OFFER = audio("a=rtpmap:96 telephone-event/8000", formats="0 8 96")


@pytest.fixture
def leg() -> OfferAnswer:
    """A leg on which nothing was said."""
    return OfferAnswer(LOCAL)


def answered(leg: OfferAnswer, body: bytes = OFFER) -> SessionDescription:
    """Let a leg take an offer and answer it."""
    leg.receive_offer(body, NETWORKS)
    return leg.answer()


def state_of(leg: OfferAnswer) -> Exchange:
    """Return where a leg stands now."""
    return leg.state


def direction(description: SessionDescription) -> Direction:
    """Return the direction of the stream that lives."""
    return next(description.direction_of(media) for media in description.media if media.port)


def test_offer_in_invite_is_answered_with_one_codec_and_mirrored_types(leg: OfferAnswer) -> None:
    """What goes into the 200."""
    media = leg.receive_offer(OFFER, NETWORKS)
    assert leg.agreed is None
    assert leg.answer().serialise() == (
        b"v=0\r\no=- 5000 5000 IN IP4 127.61.0.1\r\ns=-\r\nc=IN IP4 127.61.0.1\r\nt=0 0\r\n"
        b"m=audio 20000 RTP/AVP 0 96\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:96 telephone-event/8000\r\n"
        b"a=fmtp:96 0-15\r\na=ptime:20\r\na=maxptime:60\r\na=sendrecv\r\n"
    )
    assert leg.agreed == media
    assert state_of(leg) is Exchange.AGREED


def test_comfort_noise_is_answered_when_offered(leg: OfferAnswer) -> None:
    """Mirrored like the digits."""
    answer = answered(leg, audio(formats="8 13"))
    assert answer.media[0].formats == ("8", "13")
    assert ("rtpmap", "13 CN/8000") in answer.media[0].attributes


def test_the_answer_in_183_is_the_answer_in_200(leg: OfferAnswer) -> None:
    """Early media: the same body again, and for every retransmission of the INVITE."""
    early = answered(leg)
    assert leg.answer() == early
    leg.receive_offer(OFFER, NETWORKS)
    assert leg.answer() == early
    leg.receive_offer(OFFER, NETWORKS)
    leg.receive_offer(OFFER, NETWORKS)  # the INVITE came twice before we answered
    assert leg.answer() == early


def test_streams_we_do_not_take_are_refused_in_their_place(leg: OfferAnswer) -> None:
    """As many m= lines as the offer had, in its order, each with its own kind and profile."""
    body = audio("m=video 9000 RTP/AVP 31", "m=image 9002 udptl t38", "m=audio 9004 RTP/SAVP 8")
    answer = answered(leg, body)
    assert [(media.kind, media.port, media.protocol) for media in answer.media] == [
        ("audio", 20000, "RTP/AVP"),
        ("video", 0, "RTP/AVP"),
        ("image", 0, "udptl"),
        ("audio", 0, "RTP/SAVP"),
    ]
    assert len(leg.make_offer().media) == 4


def test_nothing_fits_is_488_and_changes_nothing(leg: OfferAnswer) -> None:
    """Neither at first nor in the middle of a call."""
    for bad in (audio(formats="18"), b"nonsense", OFFER.replace(b"127.61.0.2", b"127.61.0.9")):
        with pytest.raises(NotAcceptable) as caught:
            leg.receive_offer(bad, NETWORKS)
        assert caught.value.status == 488 and caught.value.warning
        assert state_of(leg) is Exchange.EMPTY
    answered(leg)
    before = leg.agreed
    with pytest.raises(NotAcceptable):
        leg.receive_offer(audio(port=0), NETWORKS)
    assert leg.agreed == before
    assert state_of(leg) is Exchange.AGREED


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("sendonly", "recvonly"), ("inactive", "inactive"), ("recvonly", "sendonly"), ("sendrecv", "sendrecv")],
)
def test_hold_and_resume_by_direction(leg: OfferAnswer, theirs: str, ours: str) -> None:
    """The version rises by one with each change and stays without one."""
    first = answered(leg)
    held = answered(leg, OFFER + f"a={theirs}\r\n".encode())
    assert direction(held) is Direction(ours)
    changed = ours != "sendrecv"
    assert held.origin.version == first.origin.version + changed
    again = answered(leg, OFFER + f"a={theirs}\r\n".encode())
    assert again == held
    resumed = answered(leg, OFFER)
    assert direction(resumed) is Direction.SENDRECV
    assert resumed.origin.version == first.origin.version + 2 * changed
    assert resumed.media == first.media


def test_hold_by_null_address(leg: OfferAnswer) -> None:
    """RFC 2543 phones: we listen, send nothing, and know where to go on."""
    first = answered(leg)
    held = answered(leg, OFFER.replace(b"c=IN IP4 127.61.0.2", b"c=IN IP4 0.0.0.0"))
    assert direction(held) is Direction.RECVONLY
    assert leg.agreed is not None
    assert (leg.agreed.held, leg.agreed.may_send, leg.agreed.address) == (True, False, "127.61.0.2")
    assert answered(leg).origin.version == first.origin.version + 2
    assert not leg.agreed.held


def test_delayed_offer_is_ours_and_its_answer_comes_in_ack(leg: OfferAnswer) -> None:
    """INVITE without SDP: all our codecs in the 200, the same in each retransmission."""
    offer = leg.make_offer()
    assert offer.media[0].formats == ("8", "0", "101")
    assert leg.make_offer() == offer
    assert state_of(leg) is Exchange.OFFERED
    media = leg.receive_answer(audio("a=rtpmap:101 telephone-event/8000", formats="8 101"), NETWORKS)
    assert (media.codec, media.dtmf_payload_type) == ("PCMA", 101)
    assert leg.agreed == media
    assert state_of(leg) is Exchange.AGREED


def test_answer_in_183_may_be_corrected_by_the_200_and_by_nothing_later(leg: OfferAnswer) -> None:
    """A gateway's announcement comes from elsewhere than its call."""
    leg.make_offer()
    early = leg.receive_answer(audio(port=7000), NETWORKS, final=False)
    assert state_of(leg) is Exchange.EARLY and leg.agreed == early
    assert leg.receive_answer(audio(port=7000), NETWORKS, final=False) == early
    final = leg.receive_answer(audio(port=7002), NETWORKS)
    assert (early.port, final.port) == (7000, 7002)
    assert leg.receive_answer(audio(port=7004), NETWORKS) == final
    assert leg.agreed == final


def test_same_answer_in_183_and_200_is_one_answer(leg: OfferAnswer) -> None:
    """Nothing changes with the 200."""
    leg.make_offer()
    early = leg.receive_answer(audio(), NETWORKS, final=False)
    assert leg.receive_answer(audio(), NETWORKS) == early
    assert state_of(leg) is Exchange.AGREED


@pytest.mark.parametrize(
    "body",
    [
        audio(port=0),
        audio(formats="18"),
        audio("m=video 9000 RTP/AVP 31"),
        b"",
        audio().replace(b"127.61.0.2", b"127.61.0.9"),
        audio().replace(b"m=audio", b"m=video"),
    ],
)
def test_an_answer_that_does_not_fit_our_offer_is_refused(leg: OfferAnswer, body: bytes) -> None:
    """The call cannot go on; the offer still stands until it is dropped."""
    leg.make_offer()
    with pytest.raises(NotAcceptable):
        leg.receive_answer(body, NETWORKS)
    assert state_of(leg) is Exchange.OFFERED
    leg.drop_offer()
    assert state_of(leg) is Exchange.EMPTY


def test_an_answer_takes_no_more_than_was_offered() -> None:
    """No codec, digits or noise that we left out."""
    leg = OfferAnswer(
        LocalMedia(address="127.61.0.1", port=20000, session_id=1, codecs=("PCMA",), digits=False)
    )
    assert leg.make_offer().media[0].formats == ("8",)
    media = leg.receive_answer(audio("a=rtpmap:101 telephone-event/8000", formats="0 8 13 101"), NETWORKS)
    assert (media.codec, media.dtmf_payload_type, media.comfort_noise_payload_type) == ("PCMA", None, None)


def test_session_refresh_repeats_what_holds(leg: OfferAnswer) -> None:
    """Our re-INVITE: the same description, the same version; its answer counts again."""
    held = answered(leg)
    assert leg.make_offer() == held
    assert state_of(leg) is Exchange.REOFFERED
    moved = leg.receive_answer(audio(port=8000, formats="0"), NETWORKS)
    assert moved.port == 8000
    assert leg.make_offer() == held


def test_a_new_place_for_our_sound_is_one_version_more(leg: OfferAnswer) -> None:
    """And a refused re-INVITE leaves the old agreement."""
    held = answered(leg)
    agreed = leg.agreed
    leg.move_local("127.61.0.1", 22000)
    offer = leg.make_offer()
    assert (offer.media[0].port, offer.origin.version) == (22000, held.origin.version + 1)
    leg.drop_offer()
    assert leg.agreed == agreed
    assert state_of(leg) is Exchange.AGREED
    assert leg.make_offer() == offer


def test_both_offer_at_once_is_491(leg: OfferAnswer) -> None:
    """Theirs while ours waits; ours while theirs waits."""
    leg.make_offer()
    with pytest.raises(OfferPending) as caught:
        leg.receive_offer(OFFER, NETWORKS)
    assert caught.value.status == 491
    leg.drop_offer()
    leg.receive_offer(OFFER, NETWORKS)
    with pytest.raises(OfferPending) as caught:
        leg.make_offer()
    assert caught.value.status == 491


def test_a_second_offer_before_our_answer_is_500(leg: OfferAnswer) -> None:
    """RFC 3261 section 14.2; the first still gets its answer."""
    leg.receive_offer(OFFER, NETWORKS)
    with pytest.raises(OfferPending) as caught:
        leg.receive_offer(audio(port=9000), NETWORKS)
    assert caught.value.status == 500
    leg.answer()
    assert leg.agreed is not None and leg.agreed.port == 6000


def test_update_before_the_call_is_answered(leg: OfferAnswer) -> None:
    """A new offer in the early dialog replaces what the 183 agreed; the 200's body then adds nothing."""
    leg.make_offer()
    leg.receive_answer(audio(port=7000), NETWORKS, final=False)
    answered(leg, audio(port=7002))
    assert leg.agreed is not None and leg.agreed.port == 7002
    assert leg.receive_answer(audio(port=7000), NETWORKS).port == 7002


def test_dropping_nothing_does_nothing(leg: OfferAnswer) -> None:
    """Safe to call whenever a request fails."""
    leg.drop_offer()
    assert state_of(leg) is Exchange.EMPTY
    answered(leg)
    leg.drop_offer()
    assert state_of(leg) is Exchange.AGREED and leg.agreed is not None


def test_an_answer_out_of_turn_is_refused(leg: OfferAnswer) -> None:
    """Nothing was offered."""
    with pytest.raises(OfferPending):
        leg.answer()
    with pytest.raises(OfferPending):
        leg.receive_answer(audio(), NETWORKS)


def test_the_table_covers_every_state() -> None:
    """Each state can be left, each target exists, and what a step allows is a state with a row."""
    assert set(TRANSITIONS) == set(Exchange)
    for row in TRANSITIONS.values():
        assert row and set(row) <= set(Step) and set(row.values()) <= set(Exchange)


def test_a_leg_survives_a_restart_in_every_state(leg: OfferAnswer) -> None:
    """Through JSON, with the same next words."""
    places = [leg]
    offered = OfferAnswer(LOCAL)
    offered.make_offer()
    early = OfferAnswer(LOCAL)
    early.make_offer()
    early.receive_answer(audio(), NETWORKS, final=False)
    asked = OfferAnswer(LOCAL)
    asked.receive_offer(OFFER.replace(b"s=-", b"s=\xff\xe6"), NETWORKS)
    agreed = OfferAnswer(LOCAL)
    answered(agreed)
    reasked = OfferAnswer(LOCAL)
    answered(reasked)
    reasked.receive_offer(OFFER + b"a=sendonly\r\n", NETWORKS)
    reoffered = OfferAnswer(LOCAL)
    answered(reoffered)
    reoffered.make_offer()
    places += [offered, early, asked, agreed, reasked, reoffered]
    assert {place.state for place in places} == set(Exchange)
    for place in places:
        record = json.loads(json.dumps(place.to_record()))
        again = OfferAnswer.from_record(record)
        assert again.to_record() == record
        assert (again.state, again.agreed, again.local) == (place.state, place.agreed, place.local)
        if place.state in (Exchange.ASKED, Exchange.REASKED, Exchange.AGREED):
            assert again.answer() == place.answer()
        else:
            assert again.make_offer() == place.make_offer()


actions = st.lists(
    st.tuples(
        st.sampled_from(["offer", "refuse", "move", "restart", "glare"]), st.booleans(), st.integers(0, 3)
    ),
    max_size=14,
)


@settings(max_examples=120, deadline=None)
@given(actions)
def test_two_machines_always_understand_each_other(steps: list[tuple[str, bool, int]]) -> None:
    """Whatever either side does: ports agree, directions mirror, versions rise by one with each change."""
    ends = [
        OfferAnswer(LocalMedia(address="127.61.0.1", port=20000, session_id=10)),
        OfferAnswer(LocalMedia(address="127.61.0.2", port=30000, session_id=90, codecs=("PCMU", "PCMA"))),
    ]
    networks = (("127.61.0.2/32",), ("127.61.0.1/32",))
    said: list[SessionDescription | None] = [None, None]

    def hear(who: int, description: SessionDescription) -> bytes:
        before = said[who]
        if before is not None:
            same = description.with_version(before.origin.version) == before
            assert description.origin.version == before.origin.version + (not same)
            assert len(description.media) == len(before.media)
        said[who] = description
        return description.serialise()

    for action, swap, port in steps:
        one, other = (1, 0) if swap else (0, 1)
        if action == "move":
            ends[one].move_local(ends[one].local.address, 20000 + 10000 * one + 2 * port)
            continue
        if action == "restart":
            ends[one] = OfferAnswer.from_record(json.loads(json.dumps(ends[one].to_record())))
            continue
        body = hear(one, ends[one].make_offer())
        if action == "glare":
            counter = ends[other].make_offer()
            hear(other, counter)
            with pytest.raises(OfferPending) as caught:
                ends[other].receive_offer(body, networks[other])
            assert caught.value.status == 491
            ends[one].drop_offer()
            ends[other].drop_offer()
        elif action == "refuse":
            ends[other].receive_offer(body, networks[other])
            ends[other].drop_offer()
            ends[one].drop_offer()
        else:
            ends[other].receive_offer(body, networks[other])
            ends[one].receive_answer(hear(other, ends[other].answer()), networks[one])
            mine, theirs = ends[one].agreed, ends[other].agreed
            assert mine is not None and theirs is not None
            assert mine.codec == theirs.codec and mine.payload_type == theirs.payload_type
            assert mine.dtmf_payload_type == theirs.dtmf_payload_type
            assert (mine.may_send, mine.may_receive) == (theirs.may_receive, theirs.may_send)
            assert theirs.port == ends[one].local.port
            assert mine.port == said[other].media[0].port  # type: ignore[union-attr]
        assert all(end.state in (Exchange.EMPTY, Exchange.AGREED) for end in ends)
