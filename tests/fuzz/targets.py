"""What comes from the wire, from a settings file or from another process, fed with anything at all.

A target returns whatever the octets are, or an assertion says what went wrong: no exception but the typed one leaves
a reader, what was accepted can be written and read again, and nothing is held that should have been refused.
"""

import asyncio
import contextlib
import json
from functools import cache
from pathlib import Path

import numpy as np

from config.faults import ConfigFaults
from config.load import load
from media import rtcp
from media.arrivals import Arrivals
from media.digits import DIGITS, DigitReceiver
from media.jitter import JitterBuffers
from media.packets import INBOX_BYTES, Batch
from softswitch.business.documents import KINDS
from softswitch.calls.numbers import called_number, caller_of
from softswitch.plane_words import PLANE_COMMANDS, PLANE_EVENTS
from softswitch.settings.trunks import NumberSettings
from softswitch.settings.whole import Settings
from softswitch.sip.allow_list import headers_for_cell, headers_for_outside, identity_headers, printable
from softswitch.sip.dialogs import local_media
from softswitch.sip.digest import Challenge, authorization_for, parse_authorization
from softswitch.sip.errors import MalformedSdp, NotAcceptable
from softswitch.sip.events import InviteReceived
from softswitch.sip.flows import Flow
from softswitch.sip.framing import BrokenStream, KeepAlive, StreamFramer
from softswitch.sip.message import MalformedMessage, Request, Response, parse, response_to
from softswitch.sip.offer_answer import OfferAnswer, OfferPending
from softswitch.sip.sdp import SessionDescription
from softswitch.vocabulary import LinkFault
from tests.fuzz.scratch import scratch
from tests.softswitch.sip.edge_stand import ATTACKER, TRUNK, Stand


def _parsed(data: bytes) -> Request | Response | MalformedMessage:
    try:
        return parse(data)
    except MalformedMessage as fault:
        return fault


def message(data: bytes) -> None:
    """One SIP message: refused with the typed error, or written and read again as the same."""
    found = _parsed(data)
    if isinstance(found, MalformedMessage):
        assert 400 <= found.status < 600
        if isinstance(found.partial, Request):
            assert response_to(found.partial, found.status, to_tag="t").serialise()
        return
    again = parse(found.serialise())
    assert type(again) is type(found)
    assert again.body == found.body
    for one, other in ((found, again), (again, found)):
        assert (one.call_id, one.cseq, one.from_.tag, one.to.tag) == (
            *(other.call_id, other.cseq, other.from_.tag),
            other.to.tag,
        )
    assert [str(via) for via in again.vias] == [str(via) for via in found.vias]
    with contextlib.suppress(MalformedMessage):
        assert found.contacts == again.contacts
    with contextlib.suppress(MalformedMessage):
        assert headers_for_cell(found.headers) == headers_for_cell(again.headers)
        assert headers_for_outside(found) == headers_for_outside(again)
        assert identity_headers(found.headers) == identity_headers(again.headers)
    if isinstance(found, Request):
        assert isinstance(parse(response_to(found, 200, to_tag="t").serialise()), Response)


def stream(data: bytes) -> None:
    """A byte stream: cut alike however it arrives, and never more held than one message may be."""
    step = 1 + (data[0] if data else 0) % 64
    whole, pieces = StreamFramer(), StreamFramer()
    at_once = whole.feed(data)
    bit_by_bit = [frame for at in range(0, len(data), step) for frame in pieces.feed(data[at : at + step])]
    ends = [
        [frame for frame in frames if not isinstance(frame, BrokenStream)] for frames in (at_once, bit_by_bit)
    ]
    assert ends[0] == ends[1]
    assert whole.is_broken == pieces.is_broken
    assert whole.pending_bytes <= len(data)
    for frame in at_once:
        if not isinstance(frame, KeepAlive | BrokenStream):
            with contextlib.suppress(MalformedMessage):
                parse(frame, stream=True)


def description(data: bytes) -> None:
    """A session description: as an offer it is refused, or answered with what can be read again."""
    with contextlib.suppress(MalformedSdp):
        text = SessionDescription.parse(data).serialise()
        assert SessionDescription.parse(text).serialise() == text
    networks = ("127.0.0.0/8", "192.0.2.0/24")
    media = OfferAnswer(local_media(("127.62.0.5", 20000), 7, ("PCMA", "PCMU")))
    try:
        agreed = media.receive_offer(data, networks)
        answer = media.answer()
    except (NotAcceptable, OfferPending):
        answer = None
    if answer is not None:
        assert SessionDescription.parse(answer.serialise()) == answer
        assert agreed.address == "0.0.0.0" or agreed.address.startswith(("127.", "192.0.2."))
    asked = OfferAnswer(local_media(("127.62.0.5", 20000), 7, ("PCMA",)))
    asked.make_offer()
    with contextlib.suppress(NotAcceptable, OfferPending):
        asked.receive_answer(data, networks)


def credentials(data: bytes) -> None:
    """The values of the digest headers, theirs and ours."""
    text = data.decode("utf-8", "surrogateescape")
    for read in (parse_authorization, Challenge.parse):
        with contextlib.suppress(MalformedMessage):
            read(text)
    with contextlib.suppress(MalformedMessage):
        authorization_for(text.split("\n"), "hotline")


def caller(data: bytes) -> None:
    """Who calls and what was dialled, out of headers: any text, and only text that can be written down."""
    lines = [line.partition(":")[::2] for line in data.decode("utf-8", "surrogateescape").split("\n")]
    rules = NumberSettings()
    found = caller_of([(name, printable(value)) for name, value in lines], rules, "0510")
    assert (found.number + found.display).isprintable()
    called_number(lines[0][0], rules, "0510")


def packets(data: bytes) -> None:
    """RTP, in a row as it came: lengths by one octet each, the rest are the packets."""
    jitter = JitterBuffers(2)
    arrivals = Arrivals(2, jitter)
    arrivals.audio_type[:], arrivals.event_type[:], arrivals.noise_type[:] = 8, 101, 13
    sounds = np.zeros((4, 160), dtype=np.int16)
    slots = np.array([0, 1], dtype=np.int64)
    at, tick = 0, 0
    while at < len(data) and tick < 64:
        length = min(data[at] * 4, INBOX_BYTES)
        row = np.zeros((1, INBOX_BYTES), dtype=np.uint8)
        piece = data[at + 1 : at + 1 + length]
        row[0, : len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        slot = np.array([tick & 1], dtype=np.int64)
        arrivals.take(Batch(packets=row, lengths=np.array([len(piece)]), slots=slot), tick)
        jitter.take(slots, arrivals.quiet[slots], sounds, 0, tick)
        at, tick = at + 1 + length, tick + 1
    receiver = DigitReceiver()
    for event in arrivals.events:
        receiver.receive(event.payload, event.timestamp, tick)
    for slot_number in (0, 1):
        assert arrivals.lost(slot_number) >= 0
        assert arrivals.received[slot_number] >= 0


def reports(data: bytes) -> None:
    """RTCP: reports within the octets that came, or refused."""
    with contextlib.suppress(rtcp.MalformedReport):
        found = rtcp.parse(data)
        assert sum(len(report.blocks) for report in found) * 24 <= len(data)


def digits(data: bytes) -> None:
    """Telephone events in any order and of any length: keys that exist, each with a length."""
    receiver = DigitReceiver()
    for at in range(0, len(data) - 6, 7):
        timestamp = int.from_bytes(data[at : at + 2], "big")
        for key in receiver.receive(data[at + 2 : at + 7], timestamp, at // 7):
            assert key.digit in DIGITS
            assert key.duration_ms >= 0
    receiver.expire(1 << 30)


def _loaded(path: Path) -> Settings | ConfigFaults:
    try:
        return load(Settings, path)
    except ConfigFaults as faults:
        return faults


def configuration(data: bytes) -> None:
    """A settings file: settings, or every fault by name."""
    path = scratch("file.toml")
    path.write_bytes(data)
    found = _loaded(path)
    assert isinstance(found, Settings) or (found.faults and str(found))


def document(data: bytes) -> None:
    """A document of the business, its kind in the first line: a value, or every fault by name."""
    name, _, text = data.partition(b"\n")
    kind = KINDS.get(name.decode("latin-1")) or next(iter(KINDS.values()))
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return
    value, faults = kind.value(given, "document")
    assert faults or value is not None
    assert all(str(fault) for fault in faults)


def words(data: bytes) -> None:
    """A message on a link between our processes."""
    for vocabulary in (PLANE_COMMANDS, PLANE_EVENTS):
        try:
            found = vocabulary.decode(data)
        except LinkFault:
            continue
        told = vocabulary.encode(found)
        assert vocabulary.encode(vocabulary.decode(told)) == told


class _House:
    """An edge that never saw a socket but its own, on a loop of its own."""

    MOST = 3000

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.stand: Stand | None = None
        self.served = 0

    async def _fresh(self) -> Stand:
        if self.stand is not None:
            await self.stand.edge.stop()
        stand = Stand()
        await stand.start()
        return stand

    async def hear(self, data: bytes) -> None:
        if self.stand is None or self.served >= self.MOST:
            self.stand, self.served = await self._fresh(), 0
        self.served += 1
        edge = self.stand.edge
        for source in (TRUNK, ATTACKER):
            flow = Flow(listener=0, protocol="udp", address=source, port=9)
            edge._hear_outside(data, flow)
        if len(data) % 2:
            broken = BrokenStream("fuzzed", 400, data)
            edge._hear_broken_stream(broken, Flow(listener=0, protocol="udp", address=TRUNK, port=9))
        for event in self.stand.events:
            if isinstance(event, InviteReceived):
                edge.reject(event.leg_id, 404, "Not Found")
                edge.forget(event.leg_id)
        self.stand.events.clear()


_house = cache(_House)


def edge(data: bytes) -> None:
    """A datagram at the whole edge, from a trunk and from a stranger: nothing raises, no call stays."""
    house = _house()
    house.loop.run_until_complete(house.hear(data))
    assert house.stand is not None
    assert not house.stand.edge.legs()
