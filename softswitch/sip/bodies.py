"""Session descriptions at the edge: taken out of what the outside sends, put into what it gets.

A cell sees one clean body or none.  The leg's offer/answer machine says what the outside reads; each new
agreement is told to call control.
"""

from softswitch.sip.dialogs import Dialog
from softswitch.sip.errors import NotAcceptable
from softswitch.sip.events import RemoteMedia, RemoteMediaAgreed
from softswitch.sip.message import Request, Response
from softswitch.sip.offer_answer import Exchange, OfferAnswer
from softswitch.sip.relays import BodyDuty, Relay
from softswitch.sip.wiring import Wiring

SDP = "application/sdp"


def has_description(message: Request | Response) -> bool:
    """Whether a message carries a session description (a body without Content-Type counts as one)."""
    return bool(message.body) and message.content_type in (SDP, "")


def takes_descriptions(request: Request) -> bool:
    """Whether an INVITE's Accept lets us answer with a session description (RFC 3261 section 20.1)."""
    accepted = [value.partition(";")[0].strip().lower() for value in request.headers.all("Accept")]
    return not accepted or any(value in (SDP, "application/*", "*/*") for value in accepted)


def duty_of(dialog: Dialog, media: OfferAnswer, request: Request) -> BodyDuty:
    """Take the body of an INVITE or UPDATE of the outside; say what its answer has to carry.

    NotAcceptable (415, 488) and OfferPending (491, 500) when it has to be refused.
    """
    if has_description(request):
        media.receive_offer(request.body, dialog.networks)
        return BodyDuty.ANSWER
    if request.body:
        raise NotAcceptable(f"only {SDP} is read here", status=415)
    return BodyDuty.OFFER if request.method == "INVITE" else BodyDuty.NONE


def take_acknowledged(wiring: Wiring, dialog: Dialog, request: Request) -> BodyDuty:
    """Take the body of an ACK or PRACK: the answer to our offer, or (in PRACK) a new offer."""
    media = dialog.media
    if media is None or not has_description(request):
        return BodyDuty.NONE
    if media.state in (Exchange.OFFERED, Exchange.REOFFERED):
        media.receive_answer(request.body, dialog.networks)
        tell(wiring, dialog, early=request.method == "PRACK")
        return BodyDuty.NONE
    if request.method == "PRACK":
        media.receive_offer(request.body, dialog.networks)
        return BodyDuty.ANSWER
    return BodyDuty.NONE


def body_for_outside(wiring: Wiring, dialog: Dialog, relay: Relay, response: Response) -> bytes:
    """Return the body of a response to the outside; empty where the cell's answer had none to replace."""
    media = dialog.media
    if media is None or relay.duty is BodyDuty.NONE or not 180 <= response.status < 300:
        return b""
    is_reliable = response.status >= 200 or "RSeq" in response.headers
    if relay.duty is BodyDuty.ANSWER:
        if not response.body and relay.method != "PRACK":
            return b""
        body = media.answer().serialise()
        tell(wiring, dialog, early=response.status < 200)
        return body
    if relay.duty is BodyDuty.OFFER and response.body and is_reliable:
        return media.make_offer().serialise()
    return b""


def offer_for_outside(dialog: Dialog, request: Request) -> tuple[bytes, BodyDuty]:
    """Return the body that replaces a cell's offer (INVITE, UPDATE) and what its answer means."""
    if dialog.media is None or not request.body or request.method not in ("INVITE", "UPDATE"):
        return b"", BodyDuty.NONE
    return dialog.media.make_offer().serialise(), BodyDuty.AWAIT


def take_answer(wiring: Wiring, dialog: Dialog, relay: Relay, response: Response) -> None:
    """Take the outside's answer to our offer out of its response; NotAcceptable when a needed one is not there."""
    media = dialog.media
    if media is None or relay.duty is not BodyDuty.AWAIT:
        return
    is_final = response.status >= 200
    if has_description(response):
        media.receive_answer(response.body, dialog.networks, final=is_final)
        tell(wiring, dialog, early=not is_final)
    elif is_final and media.state in (Exchange.OFFERED, Exchange.REOFFERED):
        raise NotAcceptable("the offer was not answered")


def drop_offer(dialog: Dialog, relay: Relay) -> None:
    """The relayed request was refused: its offer, if it had one, is off the table."""
    media = dialog.media
    if media is None or relay.duty is BodyDuty.NONE:
        return
    if media.state in (Exchange.OFFERED, Exchange.REOFFERED, Exchange.ASKED, Exchange.REASKED):
        media.drop_offer()


def tell(wiring: Wiring, dialog: Dialog, *, early: bool) -> None:
    """Tell call control what was agreed, when it differs from what it knows."""
    agreed: RemoteMedia | None = None if dialog.media is None else dialog.media.agreed
    if agreed is None or agreed == dialog.told:
        return
    dialog.told = agreed
    wiring.emit(RemoteMediaAgreed(leg_id=dialog.leg_id, media=agreed, early=early))


__all__ = [
    "BodyDuty",
    "body_for_outside",
    "drop_offer",
    "duty_of",
    "has_description",
    "offer_for_outside",
    "take_acknowledged",
    "take_answer",
    "takes_descriptions",
    "tell",
]
