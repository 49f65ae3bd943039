"""Offer/answer for one leg (RFC 3264, RFC 6337), pure: descriptions in, descriptions and agreed media out.

One machine a leg.  It says what we write into each SDP body, what the other side's body means for the media
plane, and what is refused with which warning.  Repeated bodies (retransmissions, the same answer in 183 and
200) lead to the same result.  The o= version rises by exactly one when what we send differs from what we sent
last.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from softswitch.sip.errors import MalformedSdp, NotAcceptable
from softswitch.sip.events import RemoteMedia
from softswitch.sip.media_choice import PLAIN, SECURE, Choice, LocalMedia, choose
from softswitch.sip.sdes import CryptoLine, Secrecy, offered_lines
from softswitch.sip.sdp import Attribute, Direction, MediaDescription, Origin, SessionDescription

__all__ = ["Exchange", "LocalMedia", "NotAcceptable", "OfferAnswer", "OfferPending", "Step"]

TELEPHONE_EVENT_PAYLOAD_TYPE = 101
OFFERED_PTIME_MS = 20
LONGEST_PTIME_MS = 60
_STATIC_PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8}


class Exchange(StrEnum):
    """Where the exchange of descriptions stands."""

    EMPTY = "empty"  # nothing was said yet
    OFFERED = "offered"  # our first offer is out
    EARLY = "early"  # a provisional response answered it; the final one may still differ
    ASKED = "asked"  # their first offer waits for our answer
    AGREED = "agreed"
    REOFFERED = "reoffered"  # a new offer of ours is out, the old agreement holds
    REASKED = "reasked"  # a new offer of theirs waits, the old agreement holds


class Step(StrEnum):
    """What happened to an offer."""

    OFFER_MADE = "offer_made"
    OFFER_RECEIVED = "offer_received"
    ANSWER_MADE = "answer_made"
    ANSWER_PREVIEWED = "answer_previewed"  # in a provisional response
    ANSWER_RECEIVED = "answer_received"
    OFFER_DROPPED = "offer_dropped"  # refused, cancelled or never answered


TRANSITIONS: dict[Exchange, dict[Step, Exchange]] = {
    Exchange.EMPTY: {
        Step.OFFER_MADE: Exchange.OFFERED,
        Step.OFFER_RECEIVED: Exchange.ASKED,
        Step.OFFER_DROPPED: Exchange.EMPTY,
    },
    Exchange.OFFERED: {
        Step.OFFER_MADE: Exchange.OFFERED,
        Step.ANSWER_PREVIEWED: Exchange.EARLY,
        Step.ANSWER_RECEIVED: Exchange.AGREED,
        Step.OFFER_DROPPED: Exchange.EMPTY,
    },
    Exchange.EARLY: {
        Step.OFFER_MADE: Exchange.REOFFERED,
        Step.OFFER_RECEIVED: Exchange.REASKED,
        Step.ANSWER_PREVIEWED: Exchange.EARLY,
        Step.ANSWER_RECEIVED: Exchange.AGREED,
        Step.OFFER_DROPPED: Exchange.EMPTY,
    },
    Exchange.ASKED: {
        Step.OFFER_RECEIVED: Exchange.ASKED,
        Step.ANSWER_MADE: Exchange.AGREED,
        Step.OFFER_DROPPED: Exchange.EMPTY,
    },
    Exchange.AGREED: {
        Step.OFFER_MADE: Exchange.REOFFERED,
        Step.OFFER_RECEIVED: Exchange.REASKED,
        Step.ANSWER_MADE: Exchange.AGREED,
        Step.ANSWER_RECEIVED: Exchange.AGREED,
        Step.ANSWER_PREVIEWED: Exchange.AGREED,
        Step.OFFER_DROPPED: Exchange.AGREED,
    },
    Exchange.REOFFERED: {
        Step.OFFER_MADE: Exchange.REOFFERED,
        Step.ANSWER_RECEIVED: Exchange.AGREED,
        Step.ANSWER_PREVIEWED: Exchange.AGREED,
        Step.OFFER_DROPPED: Exchange.AGREED,
    },
    Exchange.REASKED: {
        Step.OFFER_RECEIVED: Exchange.REASKED,
        Step.ANSWER_MADE: Exchange.AGREED,
        Step.OFFER_DROPPED: Exchange.AGREED,
    },
}


class OfferPending(Exception):
    """A step that the rules of offer/answer forbid now; `status` is the answer to the request that took it.

    491 when both sides offer at once, 500 for a second offer before the first was answered (RFC 3261 section
    14.2).
    """

    def __init__(self, state: Exchange, step: Step, status: int) -> None:
        super().__init__(f"{step} while {state}")
        self.state = state
        self.step = step
        self.status = status


@dataclass(frozen=True, slots=True)
class _Pending:
    """An offer of theirs that waits for our answer: the offer's text, the answer to give, what will hold."""

    offer: bytes
    answer: SessionDescription
    media: RemoteMedia


class OfferAnswer:
    """The offer/answer machine of one leg.

    `receive_offer` then `answer`; or `make_offer` then `receive_answer`.  `agreed` is what holds now.
    """

    def __init__(self, local: LocalMedia) -> None:
        self._local = local
        self._state = Exchange.EMPTY
        self._agreed: RemoteMedia | None = None
        self._held_local: SessionDescription | None = None  # ours, of the agreement that holds
        self._sent: SessionDescription | None = None  # whatever we sent last: its version counts
        self._offer: SessionDescription | None = None  # ours, while it waits
        self._pending: _Pending | None = None
        self._last_remote = b""  # their last accepted body, to know a repetition

    @property
    def state(self) -> Exchange:
        """Where the exchange stands."""
        return self._state

    @property
    def agreed(self) -> RemoteMedia | None:
        """The media that hold now, None before the first agreement."""
        return self._agreed

    @property
    def local(self) -> LocalMedia:
        """Our side."""
        return self._local

    def move_local(self, address: str, port: int) -> None:
        """Our sound lives elsewhere now; the next description says so."""
        self._local = replace(self._local, address=address, port=port)

    # --- they offer ---------------------------------------------------------------------------------------

    def receive_offer(self, body: bytes, networks: tuple[str, ...]) -> RemoteMedia:
        """Take an offer; the result holds once `answer` was called.

        NotAcceptable when nothing fits (the agreement that holds stays), OfferPending (491, 500) out of turn.
        """
        if self._pending is not None and self._pending.offer == body:
            return self._pending.media
        if self._pending is not None:
            raise OfferPending(self._state, Step.OFFER_RECEIVED, 500)
        following = self._following(Step.OFFER_RECEIVED)
        remote = self._read(body)
        choice = choose(remote, self._local, networks, self._agreed)
        answer = self._numbered(self._answer_to(remote, choice))
        self._pending = _Pending(body, answer, choice.media)
        self._assign(following)
        return choice.media

    def answer(self) -> SessionDescription:
        """Return our answer; the same again each time it has to be sent again."""
        following = self._following(Step.ANSWER_MADE)
        if self._pending is not None:
            self._agreed = self._pending.media
            self._last_remote = self._pending.offer
            self._held_local = self._sent = self._pending.answer
            self._pending = self._offer = None
        self._assign(following)
        if self._held_local is None:
            raise OfferPending(self._state, Step.ANSWER_MADE, 500)
        return self._held_local

    # --- we offer -----------------------------------------------------------------------------------------

    def make_offer(self) -> SessionDescription:
        """Return an offer of ours: the first, or later one that repeats what holds (a session refresh).

        The offer that waits already is returned again unchanged.
        """
        if self._pending is not None:
            raise OfferPending(self._state, Step.OFFER_MADE, 491)
        following = self._following(Step.OFFER_MADE)
        if self._offer is None or self._state is Exchange.EARLY:
            self._offer = self._sent = self._numbered(
                self._first_offer() if self._held_local is None else self._moved(self._held_local)
            )
        self._assign(following)
        return self._offer

    def receive_answer(self, body: bytes, networks: tuple[str, ...], *, final: bool = True) -> RemoteMedia:
        """Take the answer to our offer.  `final` is False for one in a provisional response.

        A final answer may differ from the provisional one before it (another branch answered); once one is
        final, repetitions are ignored.  NotAcceptable when it does not fit the offer: the call cannot go on.
        """
        following = self._following(Step.ANSWER_RECEIVED if final else Step.ANSWER_PREVIEWED)
        if self._state is Exchange.AGREED and self._agreed is not None:
            return self._agreed
        if self._offer is None:
            raise OfferPending(self._state, Step.ANSWER_RECEIVED, 500)
        if self._state is Exchange.EARLY and body == self._last_remote and self._agreed is not None:
            media = self._agreed
        else:
            remote = self._read(body)
            if len(remote.media) != len(self._offer.media):
                raise NotAcceptable("answer has another number of m= lines than the offer")
            media = choose(remote, self._local, networks, self._agreed, offered=self._offer).media
        self._agreed = media
        self._last_remote = body
        self._held_local = self._offer
        if following is Exchange.AGREED:
            self._offer = None
        self._assign(following)
        return media

    def drop_offer(self) -> None:
        """The offer that waits (of either side) was refused or withdrawn; what held before holds on.

        Without one that waits this does nothing.
        """
        following = self._following(Step.OFFER_DROPPED)
        self._pending = self._offer = None
        if following is Exchange.EMPTY:
            self._agreed = self._held_local = None
        self._assign(following)

    # --- restart ------------------------------------------------------------------------------------------

    def to_record(self) -> dict[str, Any]:
        """Return everything as plain JSON types."""
        pending = self._pending
        return {
            "local": self._local.to_record(),
            "state": str(self._state),
            "agreed": _media_record(self._agreed),
            "held_local": _text(self._held_local),
            "sent": _text(self._sent),
            "offer": _text(self._offer),
            "last_remote": _body_text(self._last_remote),
            "pending": None
            if pending is None
            else {
                "offer": _body_text(pending.offer),
                "answer": _text(pending.answer),
                "media": _media_record(pending.media),
            },
        }

    @staticmethod
    def from_record(record: dict[str, Any]) -> "OfferAnswer":
        """Return the machine that `to_record` described."""
        machine = OfferAnswer(LocalMedia.from_record(record["local"]))
        machine._agreed = _media(record["agreed"])
        machine._held_local = _description(record["held_local"])
        machine._sent = _description(record["sent"])
        machine._offer = _description(record["offer"])
        machine._last_remote = _body(record["last_remote"])
        pending = record["pending"]
        if pending is not None:
            answer, media = _description(pending["answer"]), _media(pending["media"])
            if answer is not None and media is not None:
                machine._pending = _Pending(_body(pending["offer"]), answer, media)
        machine._assign(Exchange(record["state"]))
        return machine

    def __repr__(self) -> str:
        return f"<OfferAnswer {self._state} {self._agreed}>"

    # --- inside -------------------------------------------------------------------------------------------

    def _following(self, step: Step) -> Exchange:
        following = TRANSITIONS[self._state].get(step)
        if following is None:
            status = 491 if step in (Step.OFFER_MADE, Step.OFFER_RECEIVED) else 500
            raise OfferPending(self._state, step, status)
        return following

    def _assign(self, state: Exchange) -> None:
        self._state = state

    def _read(self, body: bytes) -> SessionDescription:
        try:
            return SessionDescription.parse(body)
        except MalformedSdp as fault:
            raise NotAcceptable(fault.reason) from None

    def _numbered(self, description: SessionDescription) -> SessionDescription:
        """Give a description the version it has to have: that of the last we sent, one more if it differs."""
        if self._sent is None:
            return description
        same = description.with_version(self._sent.origin.version)
        return same if same == self._sent else same.with_version(self._sent.origin.version + 1)

    def _origin(self) -> Origin:
        return Origin(
            session_id=self._local.session_id, version=self._local.session_id, address=self._local.address
        )

    def _described(self, media: tuple[MediaDescription, ...]) -> SessionDescription:
        return SessionDescription(origin=self._origin(), connection=self._local.address, media=media)

    def _first_offer(self) -> SessionDescription:
        local = self._local
        codecs = [(_STATIC_PAYLOAD_TYPES[codec], codec) for codec in local.codecs]
        audio = _audio_line(
            port=local.port,
            codecs=codecs,
            digits=TELEPHONE_EVENT_PAYLOAD_TYPE if local.digits else None,
            comfort_noise=None,
            ptime_ms=OFFERED_PTIME_MS,
            direction=Direction.SENDRECV,
            crypto=() if local.secrecy is Secrecy.OFF else offered_lines(local.key),
        )
        return self._described((audio,))

    def _moved(self, held: SessionDescription) -> SessionDescription:
        """The description that holds, at our present address and port."""
        media = tuple([replace(line, port=self._local.port) if line.port else line for line in held.media])
        return self._described(media)

    def _answer_to(self, remote: SessionDescription, choice: Choice) -> SessionDescription:
        lines: list[MediaDescription] = []
        for at, theirs in enumerate(remote.media):
            if at != choice.index:
                # Refused streams keep their kind, protocol and formats (RFC 3264 section 6).
                lines.append(
                    MediaDescription(
                        kind=theirs.kind, port=0, protocol=theirs.protocol, formats=theirs.formats
                    )
                )
                continue
            media, crypto = choice.media, choice.crypto
            lines.append(
                _audio_line(
                    port=self._local.port,
                    codecs=[(media.payload_type, media.codec)],
                    digits=media.dtmf_payload_type,
                    comfort_noise=media.comfort_noise_payload_type,
                    ptime_ms=media.ptime_ms,
                    direction=Direction.of(sends=media.may_send, receives=media.may_receive),
                    crypto=() if crypto is None else (replace(crypto, key=self._local.key),),
                )
            )
        return self._described(tuple(lines))


def _audio_line(
    *,
    port: int,
    codecs: list[tuple[int, str]],
    digits: int | None,
    comfort_noise: int | None,
    ptime_ms: int,
    direction: Direction,
    crypto: tuple[CryptoLine, ...] = (),
) -> MediaDescription:
    payload_types = [payload_type for payload_type, _ in codecs]
    attributes: list[Attribute] = [("crypto", line.value) for line in crypto]
    attributes += [("rtpmap", f"{payload_type} {name}/8000") for payload_type, name in codecs]
    if comfort_noise is not None:
        payload_types.append(comfort_noise)
        attributes.append(("rtpmap", f"{comfort_noise} CN/8000"))
    if digits is not None:
        payload_types.append(digits)
        attributes.append(("rtpmap", f"{digits} telephone-event/8000"))
        attributes.append(("fmtp", f"{digits} 0-15"))
    attributes += [("ptime", str(ptime_ms)), ("maxptime", str(LONGEST_PTIME_MS)), (str(direction), None)]
    return MediaDescription(
        kind="audio",
        port=port,
        protocol=SECURE if crypto else PLAIN,
        formats=tuple([str(payload_type) for payload_type in payload_types]),
        attributes=tuple(attributes),
    )


def _media_record(media: RemoteMedia | None) -> dict[str, Any] | None:
    return None if media is None else {name: getattr(media, name) for name in RemoteMedia.__slots__}


def _media(record: dict[str, Any] | None) -> RemoteMedia | None:
    return None if record is None else RemoteMedia(**record)


def _text(description: SessionDescription | None) -> str | None:
    return None if description is None else _body_text(description.serialise())


def _description(text: str | None) -> SessionDescription | None:
    return None if text is None else SessionDescription.parse(_body(text))


def _body_text(body: bytes) -> str:
    """Bodies go into JSON as Latin-1: every octet is a character, whatever the sender's charset."""
    return body.decode("latin-1")


def _body(text: str) -> bytes:
    return text.encode("latin-1")
