"""Where answers and requests go, and what ours look like."""

from softswitch.sip.dialogs import Dialog, RemoteEnd
from softswitch.sip.events import Peer, PeerKind
from softswitch.sip.flows import Flow
from softswitch.sip.message import Request, SipUri, parse
from softswitch.sip.wiring import note_source, reply_flow
from tests.softswitch.sip.edge_stand import ATTACKER, EDGE, INNER, TRUNK, Stand, running_edge

UDP = Flow(listener=0, protocol="udp", address="127.62.0.2", port=5062)


def request(via: str) -> Request:
    message = parse(
        (
            f"OPTIONS sip:a@b SIP/2.0\r\nVia: {via}\r\nVia: SIP/2.0/UDP far;branch=z9hG4bK0\r\n"
            "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 7 OPTIONS\r\n\r\n"
        ).encode()
    )
    assert isinstance(message, Request)
    return message


def test_source_is_noted_in_the_top_via_only() -> None:
    asked = request("SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;rport")
    note_source(asked, UDP)
    assert asked.headers.all("Via") == (
        "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;rport=5062;received=127.62.0.2",
        "SIP/2.0/UDP far;branch=z9hG4bK0",
    )


def test_honest_via_without_rport_is_left_alone() -> None:
    asked = request("SIP/2.0/UDP 127.62.0.2:5062;branch=z9hG4bKx")
    note_source(asked, UDP)
    assert asked.headers.all("Via")[0] == "SIP/2.0/UDP 127.62.0.2:5062;branch=z9hG4bKx"


def test_answer_goes_to_the_source_port_with_rport_else_to_the_port_of_the_via_never_to_another_host() -> (
    None
):
    assert reply_flow(request("SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKx;rport"), UDP) == UDP
    plain = reply_flow(request("SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKx"), UDP)
    assert (plain.address, plain.port) == ("127.62.0.2", 5070)
    assert reply_flow(request("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx"), UDP).port == 5060


def leg(stand: Stand, nat_address: str | None = None) -> Dialog:
    del stand
    return Dialog(
        leg_id="leg1",
        inbound=True,
        peer=Peer(kind=PeerKind.TRUNK, name="city"),
        networks=(),
        sources=("127.62.0.2", "127.62.0.4"),
        flow=Flow(listener=0, protocol="udp", address=TRUNK, port=5062),
        nat_address=nat_address,
        call_id="call",
        local="<sip:12345@x>",
        remote="<sip:138@y>",
        local_tag="l",
        remote_tag="r",
    )


async def test_request_goes_to_an_address_of_the_peer_only() -> None:
    async with running_edge() as stand:
        wiring = stand.edge._wiring
        dialog = leg(stand)
        assert wiring.flow_of(dialog, SipUri.parse("sip:a@127.62.0.4:5080")).address == "127.62.0.4"
        for elsewhere in (
            f"sip:a@{ATTACKER}",
            f"sip:a@{EDGE}:{stand.udp[1]}",
            f"sip:a@{INNER}",
            "sip:a@name.example",
        ):
            assert wiring.flow_of(dialog, SipUri.parse(elsewhere)) == dialog.flow
        behind_nat = leg(stand, nat_address=TRUNK)
        assert wiring.flow_of(behind_nat, SipUri.parse("sip:a@127.62.0.4")) == behind_nat.flow


async def test_request_in_a_dialog_has_its_tags_turned_round_and_our_contact() -> None:
    async with running_edge() as stand:
        wiring = stand.edge._wiring
        dialog = leg(stand)
        dialog.remote_end = RemoteEnd(target=f"sip:a@{TRUNK}:5062")
        made, flow = wiring.request_outside(dialog, "UPDATE", 7, "z9hG4bKx")
        assert flow == dialog.flow
        assert made.headers.get("From") == "<sip:12345@x>;tag=l"
        assert made.headers.get("To") == "<sip:138@y>;tag=r"
        assert made.headers.get("Contact") == f"<sip:leg1@{EDGE}:{stand.udp[1]}>"
        assert made.headers.get("Via") == f"SIP/2.0/UDP {EDGE}:{stand.udp[1]};rport;branch=z9hG4bKx"


async def test_branches_follow_from_their_parts_and_from_the_secret() -> None:
    async with running_edge() as one, running_edge(secret="another") as other:
        first, second = one.edge._wiring, other.edge._wiring
        assert first.branch("a", 1) == first.branch("a", 1)
        assert (
            len({first.branch("a", 1), first.branch("a", 2), first.branch("a1"), second.branch("a", 1)}) == 4
        )
