"""When requests and answers of the edge are sent again, and when it gives up (RFC 3261 section 17)."""

import pytest

from softswitch.sip.message import Request, Response, parse
from softswitch.sip.transactions import (
    ClientState,
    ClientTransactions,
    ServerTransactions,
    transaction_key,
)
from tests.softswitch.sip.stepped_clock import stepped_clock


class Wire:
    """What was sent and reported, with its time."""

    def __init__(self) -> None:
        self.loop, self.clock = stepped_clock()
        self.sent: list[float] = []
        self.answers: list[int] = []
        self.timeouts = 0
        self.clients = ClientTransactions(self.clock, 0.5)
        self.servers = ServerTransactions(self.clock, 0.5)

    def send(self) -> None:
        self.sent.append(self.loop.time())

    def answered(self, response: Response, source: str) -> None:
        assert source == "127.0.0.2"
        self.answers.append(response.status)

    def timed_out(self) -> None:
        self.timeouts += 1

    def begin(self, method: str, **options: bool) -> None:
        self.clients.begin("z9hG4bK1", method, self.send, self.answered, self.timed_out, **options)

    def receive(self, status: int, method: str) -> None:
        transaction = self.clients.find("z9hG4bK1", method)
        assert transaction is not None
        transaction.receive(Response(status, "Any"), "127.0.0.2")


def test_invite_is_repeated_at_doubling_intervals_and_given_up_after_64_t1() -> None:
    wire = Wire()
    wire.begin("INVITE")
    wire.loop.turn_to(100.0)
    assert wire.sent == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert wire.timeouts == 1
    assert len(wire.clients) == 0


def test_invite_that_was_answered_provisionally_is_neither_repeated_nor_given_up() -> None:
    wire = Wire()
    wire.begin("INVITE")
    wire.receive(180, "INVITE")
    wire.loop.turn_to(1000.0)
    assert wire.sent == [0.0]
    assert wire.timeouts == 0
    assert wire.answers == [180]


def test_other_requests_are_repeated_up_to_every_4_s_also_after_a_provisional_answer() -> None:
    wire = Wire()
    wire.begin("BYE")
    wire.loop.turn_to(4.0)
    assert wire.sent == [0.0, 0.5, 1.5, 3.5]
    wire.receive(100, "BYE")
    wire.loop.turn_to(16.0)
    assert wire.sent == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5]
    wire.loop.turn_to(40.0)
    assert wire.timeouts == 1


def test_nothing_is_repeated_on_a_reliable_way() -> None:
    wire = Wire()
    wire.begin("BYE", is_reliable=True)
    wire.loop.turn_to(31.0)
    assert wire.sent == [0.0]
    wire.loop.turn_to(33.0)
    assert wire.timeouts == 1


def test_repeated_final_answers_are_reported_for_as_long_as_they_may_come() -> None:
    wire = Wire()
    wire.begin("INVITE")
    wire.receive(200, "INVITE")
    wire.receive(200, "INVITE")
    assert wire.answers == [200, 200]
    wire.loop.turn_to(33.0)
    assert wire.clients.find("z9hG4bK1", "INVITE") is None
    assert wire.timeouts == 0


def test_what_was_answered_is_kept_for_repeats_but_waits_for_nothing() -> None:
    wire = Wire()
    wire.begin("BYE")
    assert wire.clients.pending == 1
    wire.receive(200, "BYE")
    assert (wire.clients.pending, len(wire.clients)) == (0, 1)


def test_provisional_answer_after_the_final_one_is_ignored() -> None:
    wire = Wire()
    wire.begin("INVITE")
    wire.receive(486, "INVITE")
    wire.receive(180, "INVITE")
    assert wire.answers == [486]


def test_cancelled_invite_is_given_up_when_no_final_answer_follows() -> None:
    wire = Wire()
    wire.begin("INVITE")
    wire.receive(180, "INVITE")
    transaction = wire.clients.find("z9hG4bK1", "INVITE")
    assert transaction is not None
    assert transaction.state is ClientState.PROCEEDING
    transaction.expect_final_within(32.0)
    wire.loop.turn_to(31.9)
    assert wire.timeouts == 0
    wire.loop.turn_to(32.0)
    assert wire.timeouts == 1


def test_adopted_invite_waits_without_sending() -> None:
    wire = Wire()
    wire.begin("INVITE", proceeding=True)
    wire.receive(200, "INVITE")
    assert wire.sent == []
    assert wire.answers == [200]


KEY = ("z9hG4bK1", "127.0.0.2:5060", "INVITE")


def test_refusal_is_repeated_until_its_ack_then_keeps_silent() -> None:
    wire = Wire()
    wire.servers.answer(KEY, wire.send, until_acked=True)
    wire.loop.turn_to(8.0)
    assert wire.sent == [0.0, 0.5, 1.5, 3.5, 7.5]
    assert wire.servers.acknowledge(KEY)
    wire.loop.turn_to(20.0)
    assert wire.servers.absorb(KEY)
    assert len(wire.sent) == 5
    wire.loop.turn_to(33.0)
    assert not wire.servers.absorb(KEY)
    assert len(wire.servers) == 0


def test_refusal_that_is_never_acknowledged_ends_after_64_t1() -> None:
    wire = Wire()
    wire.servers.answer(KEY, wire.send, until_acked=True, on_unacknowledged=wire.timed_out)
    wire.loop.turn_to(100.0)
    assert wire.sent[-1] < 32.0
    assert wire.timeouts == 1


def test_retransmitted_request_gets_its_answer_again() -> None:
    wire = Wire()
    wire.servers.answer(KEY, wire.send)
    assert wire.servers.absorb(KEY)
    wire.loop.turn_to(31.0)
    assert len(wire.sent) == 2


def _request(method: str, branch: str) -> Request:
    message = parse(
        (
            f"{method} sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2;branch={branch}\r\n"
            f"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 7 {method}\r\n\r\n"
        ).encode()
    )
    assert isinstance(message, Request)
    return message


def test_ack_and_cancel_belong_to_the_transaction_of_their_invite() -> None:
    keys = {transaction_key(_request(method, "z9hG4bKx")) for method in ("INVITE", "ACK", "CANCEL")}
    assert keys == {("z9hG4bKx|x|7|1", "127.0.0.2:5060", "INVITE")}
    assert transaction_key(_request("BYE", "z9hG4bKx")) not in keys


@pytest.mark.parametrize("branch", ["z9hG4bKx", "1"], ids=["with the magic cookie", "without"])
def test_call_id_cseq_and_tag_tell_transactions_apart_whatever_the_branch(branch: str) -> None:
    known = _request("BYE", branch)
    assert transaction_key(known) != transaction_key(_request("BYE", branch + "2"))
    for name, value in (("Call-ID", "y"), ("CSeq", "8 BYE"), ("From", "<sip:a@b>;tag=2")):
        other = _request("BYE", branch)
        other.headers.set(name, value)
        assert transaction_key(other) != transaction_key(known), name
