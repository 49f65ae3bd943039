"""Connections that idle, trickle or do not read are closed; the table of connections is bounded."""

import asyncio
from typing import Any, cast

from softswitch.sip.framing import BrokenStream
from softswitch.sip.streams import (
    FIRST_MESSAGE_S,
    IDLE_S,
    MOST_PER_ADDRESS,
    MOST_UNSENT_BYTES,
    STRANGER_IDLE_S,
    Stream,
    StreamTable,
)
from tests.softswitch.sip.stepped_clock import SteppedLoop, stepped_clock

MESSAGE = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"


class _Wire:
    """The transport of a connection, as far as a stream uses it."""

    def __init__(self) -> None:
        self.is_closed = self.is_aborted = False
        self.unsent = 0

    def get_extra_info(self, name: str) -> Any:
        return ("127.62.0.9", 4711) if name == "peername" else None

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True

    def write(self, data: bytes) -> None:
        self.unsent += len(data)

    def get_write_buffer_size(self) -> int:
        return self.unsent


class _Owner:
    def __init__(self, table: StreamTable) -> None:
        self.table = table
        self.messages: list[bytes] = []
        self.faults: list[BrokenStream] = []
        self.is_known = True

    def stream_is_known(self, stream: Stream) -> bool:
        return self.is_known

    def stream_opened(self, stream: Stream) -> bool:
        return self.table.add(stream)

    def stream_received(self, stream: Stream, data: bytes) -> None:
        assert stream.flow.address == "127.62.0.9"
        self.messages.append(data)

    def stream_broke(self, stream: Stream, fault: BrokenStream) -> None:
        assert stream.flow.connection > 0
        self.faults.append(fault)

    def stream_closed(self, stream: Stream) -> None:
        self.table.discard(stream)


def opened() -> tuple[SteppedLoop, _Owner, Stream, _Wire]:
    loop, clock = stepped_clock()
    owner = _Owner(StreamTable(lambda _: False))
    stream, wire = Stream(owner, clock, 0, owner.table.next_number()), _Wire()
    stream.connection_made(cast("asyncio.Transport", wire))
    return loop, owner, stream, wire


def test_connection_that_says_nothing_is_closed_after_ten_seconds() -> None:
    loop, _, _, wire = opened()
    loop.turn_to(FIRST_MESSAGE_S - 0.1)
    assert not wire.is_closed
    loop.turn_to(FIRST_MESSAGE_S)
    assert wire.is_closed


def test_trickled_header_and_keep_alives_do_not_hold_a_connection_open() -> None:
    loop, owner, stream, wire = opened()
    for second in range(1, 10):
        loop.turn_to(float(second))
        stream.data_received(b"\r\n\r\n" if second < 5 else b"O")
    assert owner.messages == []
    loop.turn_to(FIRST_MESSAGE_S)
    assert wire.is_closed


def test_connection_that_spoke_may_be_idle_for_longer_than_a_registration() -> None:
    loop, owner, stream, wire = opened()
    stream.data_received(MESSAGE)
    assert owner.messages == [MESSAGE]
    loop.turn_to(IDLE_S - 1)
    assert not wire.is_closed
    stream.data_received(MESSAGE)
    loop.turn_to(IDLE_S + 100)
    assert not wire.is_closed
    loop.turn_to(2 * IDLE_S)
    assert wire.is_closed


def test_stranger_that_spoke_has_half_a_minute_to_become_somebody() -> None:
    loop, owner, stream, wire = opened()
    owner.is_known = False
    stream.data_received(MESSAGE)
    loop.turn_to(STRANGER_IDLE_S)
    assert wire.is_closed
    loop, owner, stream, wire = opened()
    owner.is_known = False
    stream.data_received(MESSAGE)
    loop.turn_to(STRANGER_IDLE_S - 1)
    owner.is_known = True
    loop.turn_to(IDLE_S - 1)
    assert not wire.is_closed
    loop.turn_to(IDLE_S)
    assert wire.is_closed


def test_broken_stream_is_told_and_closed() -> None:
    _, owner, stream, wire = opened()
    stream.data_received(b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999\r\n\r\n")
    assert [fault.status for fault in owner.faults] == [513]
    assert wire.is_closed


def test_peer_that_does_not_read_is_cut_off() -> None:
    _, _, stream, wire = opened()
    stream.write(b"x" * MOST_UNSENT_BYTES)
    assert not wire.is_aborted
    stream.write(b"x")
    assert wire.is_aborted


def test_table_caps_one_address_and_gives_places_back() -> None:
    _, owner, first, _ = opened()
    _, clock = stepped_clock()
    for _ in range(MOST_PER_ADDRESS - 1):
        Stream(owner, clock, 0, owner.table.next_number()).connection_made(cast("asyncio.Transport", _Wire()))
    assert len(owner.table) == MOST_PER_ADDRESS
    assert not owner.table.begin_handshake("127.62.0.9")
    refused = _Wire()
    Stream(owner, clock, 0, owner.table.next_number()).connection_made(cast("asyncio.Transport", refused))
    assert refused.is_aborted
    first.connection_lost(None)
    Stream(owner, clock, 0, owner.table.next_number()).connection_made(cast("asyncio.Transport", _Wire()))
    assert len(owner.table) == MOST_PER_ADDRESS


def test_handshakes_are_counted_with_the_connections_of_an_address_and_become_some() -> None:
    """The last place is for who was there first; all addresses of a host by IPv6 are one."""
    table = StreamTable(lambda address: address == "127.62.0.1")
    for last in range(MOST_PER_ADDRESS):
        assert table.begin_handshake(f"2001:db8::{last:x}")
    assert not table.begin_handshake("2001:db8::ffff")
    assert table.begin_handshake("2001:db8:0:1::1")
    assert (table.handshakes, table.refused) == (MOST_PER_ADDRESS + 1, 1)
    for _ in range(MOST_PER_ADDRESS + 1):
        assert table.begin_handshake("127.62.0.1"), "a trunk has no bound"
    owner = _Owner(table)
    _, clock = stepped_clock()
    for _ in range(MOST_PER_ADDRESS):
        assert table.begin_handshake("127.62.0.9")
    wire = _Wire()
    shaken = Stream(owner, clock, 0, table.next_number(), "tls", has_place=True)
    shaken.connection_made(cast("asyncio.Transport", wire))
    table.end_handshake("127.62.0.9")
    assert not wire.is_aborted
    assert len(table) == 1
    assert not table.begin_handshake("127.62.0.9")
    shaken.connection_lost(None)
    assert table.begin_handshake("127.62.0.9")
