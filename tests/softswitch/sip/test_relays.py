"""Carried requests: found from both sides, written down, forgotten."""

import json

from softswitch.sip.flows import Flow
from softswitch.sip.message import Request, parse
from softswitch.sip.relays import BodyDuty, Relay, RelayTable, Side
from softswitch.sip.transactions import transaction_key

TEXT = (
    "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.62.0.2;branch=z9hG4bKx\r\n"
    'From: "\xff" <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 7 INVITE\r\n\r\n'
)


def relay(branch: str = "z9hG4bKours") -> Relay:
    request = parse(TEXT.encode("latin-1"))
    assert isinstance(request, Request)
    return Relay(
        leg_id="leg1",
        side=Side.OUTSIDE,
        request=request,
        key=transaction_key(request),
        branch=branch,
        flow=Flow(listener=1, protocol="tcp", address="127.62.0.2", port=5, connection=9),
        cell=("127.77.1.1", 5060),
        forwarded=b"INVITE \xff",
        duty=BodyDuty.ANSWER,
        last_response=b"SIP/2.0 180 \xfe",
    )


def test_relay_is_found_by_its_request_and_by_our_branch_of_its_own_side() -> None:
    table, carried = RelayTable(), relay()
    table.add(carried)
    assert table.of_request(Side.OUTSIDE, carried.key) is carried
    assert table.of_request(Side.CELL, carried.key) is None
    assert table.of_response(Side.OUTSIDE, "z9hG4bKours", "INVITE") is carried
    assert table.of_response(Side.OUTSIDE, "z9hG4bKours", "CANCEL") is None
    assert table.of_leg("leg1") == (carried,)


def test_relay_of_the_same_transaction_replaces_the_former() -> None:
    table = RelayTable()
    table.add(relay("one"))
    table.add(relay("two"))
    assert table.of_response(Side.OUTSIDE, "one", "INVITE") is None
    assert len(table) == 1
    assert len(table.of_leg("leg1")) == 1


def test_forgotten_relay_leaves_nothing() -> None:
    table, carried = RelayTable(), relay()
    table.add(carried)
    table.discard(carried)
    table.discard(carried)
    assert len(table) == 0
    assert table.of_leg("leg1") == ()


def test_relay_read_back_is_the_same_but_for_its_connection() -> None:
    carried = relay()
    found = Relay.from_record(json.loads(json.dumps(carried.to_record())))
    assert found.flow == Flow(listener=1, protocol="tcp", address="127.62.0.2", port=5)
    assert found.request.serialise() == carried.request.serialise()
    found.flow, found.request = carried.flow, carried.request
    assert found == carried
