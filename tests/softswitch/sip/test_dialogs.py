"""A leg's phases are one table; a leg written down is the leg that is read back; routes as RFC 3261 wants them."""

import json

import pytest

from softswitch.sip.dialogs import (
    TRANSITIONS,
    Dialog,
    DialogTable,
    EndCause,
    Phase,
    RemoteEnd,
    Step,
    UnknownLeg,
    WrongPhase,
    addressed,
    local_media,
)
from softswitch.sip.events import Peer, PeerKind
from softswitch.sip.flows import Flow
from softswitch.sip.message import Request
from softswitch.sip.offer_answer import OfferAnswer

FLOW = Flow(listener=0, protocol="udp", address="127.62.0.2", port=5060)


def dialog(leg_id: str = "leg1", phase: Phase = Phase.ARRIVED) -> Dialog:
    return Dialog(
        leg_id=leg_id,
        inbound=True,
        peer=Peer(kind=PeerKind.TRUNK, name="city"),
        networks=("127.62.0.0/24",),
        sources=("127.62.0.2",),
        flow=FLOW,
        phase=phase,
    )


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("step", list(Step))
def test_every_phase_and_step_is_in_the_table_or_refused_without_change(phase: Phase, step: Step) -> None:
    leg = dialog(phase=phase)
    following = TRANSITIONS[phase].get(step)
    if following is None:
        with pytest.raises(WrongPhase):
            leg.move(step)
        assert leg.phase is phase
    else:
        leg.move(step)
        assert leg.phase is following


def test_a_leg_ends_once_and_its_first_cause_stays() -> None:
    leg = dialog()
    first = EndCause(status=487, q850_cause=16, reason="CANCEL", method="CANCEL")
    assert leg.close(first)
    assert not leg.close(EndCause(status=503, q850_cause=None, reason="", method="BYE"))
    assert leg.end == first


def test_record_read_back_is_the_same_leg() -> None:
    leg = dialog(phase=Phase.EARLY)
    leg.call_id, leg.local_tag, leg.remote_tag = "call", "l", "r"
    leg.local, leg.remote = '"坐席" <sip:12345@x>', "<sip:138@y>"
    leg.remote_end = RemoteEnd(target="sip:a@127.62.0.2", routes=("sip:p;lr",))
    leg.early_ends = {"r2": RemoteEnd(target="sip:b@127.62.0.2")}
    leg.media = OfferAnswer(local_media(("127.62.0.5", 20000), 7, ("PCMA",)))
    leg.extra_headers = (("Alert-Info", "<x>"),)
    leg.close(EndCause(status=486, q850_cause=17, reason="Busy Here", method="INVITE"))
    record = json.loads(json.dumps(leg.to_record()))
    assert Dialog.from_record(record).to_record() == leg.to_record()


def test_table_finds_a_leg_by_call_id_and_both_tags_only() -> None:
    table, leg = DialogTable(), dialog()
    leg.call_id, leg.local_tag, leg.remote_tag = "call", "l", "r"
    table.add(leg)
    assert table.of_outside("call", "l", "r") is leg
    assert table.of_outside("call", "r", "l") is None
    assert table.of_outside("call", "l", None) is None
    assert table.of_outside("other", "l", "r") is None


def test_table_forgets_everything_of_a_leg() -> None:
    table, leg = DialogTable(), dialog()
    leg.call_id, leg.local_tag, leg.remote_tag, leg.cell_call_id = "call", "l", "r", "cell"
    table.add(leg)
    table.discard(leg)
    assert table.of_outside("call", "l", "r") is None
    assert table.of_cell("cell") is None
    assert len(table) == 0
    with pytest.raises(UnknownLeg):
        table.need("leg1")


def test_request_goes_to_the_target_when_there_is_no_route() -> None:
    request = Request("BYE", "")
    hop = addressed(request, RemoteEnd(target="sip:a@h:5070"))
    assert (request.uri, str(hop), request.headers.all("Route")) == ("sip:a@h:5070", "sip:a@h:5070", ())


def test_loose_route_is_kept_whole_and_its_first_is_the_next_hop() -> None:
    request = Request("BYE", "")
    hop = addressed(request, RemoteEnd(target="sip:a@h", routes=("sip:p1;lr", "sip:p2")))
    assert (request.uri, str(hop)) == ("sip:a@h", "sip:p1;lr")
    assert request.headers.all("Route") == ("<sip:p1;lr>", "<sip:p2>")


def test_strict_route_takes_the_request_uri_and_the_target_goes_last() -> None:
    request = Request("BYE", "")
    hop = addressed(request, RemoteEnd(target="sip:a@h", routes=("sip:p1", "sip:p2;lr")))
    assert (request.uri, str(hop)) == ("sip:p1", "sip:p1")
    assert request.headers.all("Route") == ("<sip:p2;lr>", "<sip:a@h>")


def test_a_caller_of_rfc_2543_without_a_tag_can_hang_up_and_an_outbound_leg_is_never_found_that_way() -> None:
    """RFC 3261 section 12.1.1: a From without a tag is a null tag; our own far end has one once it answered."""
    table = DialogTable()
    for leg_id, inbound in (("in", True), ("out", False)):
        leg = dialog(leg_id)
        leg.inbound, leg.call_id, leg.local_tag = inbound, f"call-{leg_id}", "ours"
        table.add(leg)
    found = table.of_outside("call-in", "ours", None)
    assert found is not None
    assert found.leg_id == "in"
    assert table.of_outside("call-in", "ours", "theirs") is None
    assert table.of_outside("call-out", "ours", None) is None
