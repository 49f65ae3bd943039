"""What the outside asks, carried to the leg's cell, and the cell's answers carried back.

Only requests of known dialogs and INVITEs that call control admitted come this far; OPTIONS, INFO, MESSAGE, REFER
and everything unknown is answered here and never reaches a cell.
"""

import re
import secrets
from collections.abc import Iterable

import structlog

from softswitch.sip import bodies
from softswitch.sip.allow_list import (
    ALLOW,
    Header,
    headers_for_cell,
    headers_for_outside,
    q850_cause,
    without_tag,
)
from softswitch.sip.bodies import BodyDuty
from softswitch.sip.dialogs import Dialog, EndCause, Phase, RemoteEnd, Step, WrongPhase, local_media
from softswitch.sip.endings import Endings, acknowledgement
from softswitch.sip.errors import NotAcceptable
from softswitch.sip.events import CellRefused, DialogConfirmed, InDialogRequestReceived
from softswitch.sip.flows import Flow, is_within
from softswitch.sip.message import MalformedMessage, Request, Response, parse, response_to
from softswitch.sip.offer_answer import OfferAnswer, OfferPending
from softswitch.sip.relays import Relay, Side
from softswitch.sip.transactions import TransactionKey, transaction_key
from softswitch.sip.wiring import KeysInTheClear, Wiring, reply_flow

log = structlog.get_logger(__name__)

MOST_BODY_CHARACTERS = 4096
_relayed_digit = re.compile(r"^[ \t]*Signal[ \t]*=[ \t]*([0-9*#A-Da-d])", re.MULTILINE).search


class UnknownCell(Exception):
    """Control named a cell that the edge does not know (or that ended)."""

    def __init__(self, cell_id: str) -> None:
        super().__init__(f"no cell {cell_id}")
        self.cell_id = cell_id


class OutsideRequests:
    """Requests from outside towards cells."""

    def __init__(self, wiring: Wiring, endings: Endings) -> None:
        self._wiring = wiring
        self._endings = endings
        self._arrivals: dict[TransactionKey, str] = {}

    # --- the first INVITE -------------------------------------------------------------------------------------

    def arrive(self, dialog: Dialog, request: Request) -> None:
        """Hold a first INVITE for call control.

        100 goes out when the leg is on the disk: who has heard it does not repeat the INVITE to the next control.
        """
        dialog.arrival = request
        dialog.call_id = request.call_id
        dialog.local = without_tag(request.to)
        dialog.remote = without_tag(request.from_)
        dialog.remote_tag = request.from_.tag or ""
        dialog.remote_cseq = request.cseq.number
        dialog.remote_end = _remote_end(request, dialog.flow)
        key = transaction_key(request)
        self._arrivals[key] = dialog.leg_id
        self._wiring.dialogs.add(dialog)
        self._wiring.keep_dialog(dialog)
        self._wiring.when_kept(lambda: self._try(dialog, request))

    def _try(self, dialog: Dialog, request: Request) -> None:
        if dialog.phase in (Phase.ARRIVED, Phase.EARLY, Phase.ANSWERED):
            self._wiring.reply(request, dialog.flow, response_to(request, 100))

    def adopt(self, dialog: Dialog) -> None:
        """Know the first INVITE of a restored leg again."""
        if dialog.arrival is not None:
            self._arrivals[transaction_key(dialog.arrival)] = dialog.leg_id
        if dialog.invite is not None and dialog.invite.side is Side.OUTSIDE:
            self._wiring.relays.add(dialog.invite)

    def leave(self, dialog: Dialog) -> None:
        """Forget the first INVITE of a leg."""
        if dialog.arrival is not None:
            self._arrivals.pop(transaction_key(dialog.arrival), None)

    def admit(self, dialog: Dialog, cell_id: str, local: tuple[str, int]) -> None:
        """Carry a first INVITE to a cell.  NotAcceptable when its offer does not fit: nothing was carried then."""
        wiring = self._wiring
        request = dialog.arrival
        if dialog.phase is not Phase.ARRIVED or request is None:
            raise WrongPhase(dialog.leg_id, dialog.phase, "be admitted")
        cell = wiring.inner.address_of(cell_id)
        if cell is None:
            raise UnknownCell(cell_id)
        former = dialog.media.local.session_id if dialog.media is not None else secrets.randbits(48) + 1
        try:
            secrecy = wiring.secrecy_of(dialog.peer, dialog.flow)
        except KeysInTheClear as fault:
            raise NotAcceptable(str(fault)) from fault
        media = OfferAnswer(local_media(local, former, dialog.codecs, secrecy))
        duty = bodies.duty_of(dialog, media, request)
        dialog.media = media
        dialog.attempt += 1
        dialog.cell_id = cell_id
        wiring.dialogs.unindex_cell(dialog)
        dialog.cell_call_id = f"{dialog.leg_id}.{dialog.attempt}"
        dialog.move(Step.CARRIED)
        dialog.invite = self._carry(dialog, request, dialog.flow, cell, duty)
        wiring.keep_dialog(dialog)

    def reject(self, dialog: Dialog, status: int, reason: str, headers: Iterable[Header]) -> None:
        """Refuse a first INVITE that is not carried (yet)."""
        if dialog.phase is not Phase.ARRIVED or dialog.arrival is None:
            raise WrongPhase(dialog.leg_id, dialog.phase, "be rejected")
        lines = tuple(headers)
        self._wiring.answer(dialog.arrival, dialog.flow, status, reason=reason, headers=lines)
        dialog.close(EndCause(status=status, q850_cause=None, reason=reason, method="INVITE"))
        self._wiring.keep_dialog(dialog)

    # --- everything else the outside sends -----------------------------------------------------------------------

    def is_repeated(self, request: Request, flow: Flow) -> bool:
        """Answer a retransmission of a carried or waiting request; False when the request is new."""
        wiring = self._wiring
        key = transaction_key(request)
        relay = wiring.relays.of_request(Side.OUTSIDE, key)
        if relay is not None:
            if relay.flow.address != flow.address:
                return True  # a guessed branch from elsewhere: say nothing
            if relay.last_response is not None:
                wiring.transports.send(reply_flow(request, flow), relay.last_response)
            elif request.method == "INVITE":
                wiring.reply(request, flow, response_to(request, 100))
            if not relay.is_final and request.method != "INVITE":
                wiring.inner.send(relay.cell, relay.forwarded)
            return True
        if request.method == "INVITE" and key in self._arrivals:
            dialog = wiring.dialogs.get(self._arrivals[key])
            if dialog is not None and dialog.flow.address == flow.address:
                wiring.reply(request, flow, response_to(request, 100))
            return True
        return False

    def cancel(self, request: Request, flow: Flow) -> None:
        """Take a CANCEL: matched by transaction and source, never challenged (RFC 3261 section 22.1)."""
        wiring = self._wiring
        key = transaction_key(request)
        relay = wiring.relays.of_request(Side.OUTSIDE, key)
        leg_id = relay.leg_id if relay is not None else self._arrivals.get(key)
        dialog = wiring.dialogs.get(leg_id) if leg_id is not None else None
        known = relay.flow if relay is not None else dialog.flow if dialog is not None else None
        if dialog is None or known is None or known.address != flow.address:
            wiring.answer_stateless(request, flow, 481)
            return
        self._endings.outside_cancel(dialog, relay, request, flow)

    def acknowledge(self, request: Request, flow: Flow) -> None:
        """Take an ACK: for a refusal of ours it ends here, for a 2xx it goes on to the cell."""
        wiring = self._wiring
        if wiring.servers.acknowledge(transaction_key(request)):
            return
        dialog = self._dialog_of(request, flow)
        if dialog is None:
            return
        if self._endings.outside_acknowledged(dialog) or dialog.is_over:
            return
        is_broken = False
        try:
            bodies.take_acknowledged(wiring, dialog, request)
        except (NotAcceptable, OfferPending) as fault:
            log.info("sip.answer_refused", leg_id=dialog.leg_id, reason=str(fault))
            is_broken = dialog.media is None or dialog.media.agreed is None
        cell = wiring.inner.address_of(dialog.cell_id) if dialog.cell_id else None
        if cell is not None:
            branch = wiring.branch("to cell", request.headers.get("Via"), dialog.leg_id, request.cseq)
            ack = wiring.request_cell(dialog, "ACK", request.cseq.number, branch, cell)
            wiring.inner.send(cell, ack.serialise())
        if dialog.phase is Phase.ANSWERED:
            dialog.move(Step.ACKNOWLEDGED)
            wiring.keep_dialog(dialog)
            wiring.emit(DialogConfirmed(leg_id=dialog.leg_id))
        if is_broken:
            self._endings.abandon(dialog)

    def in_dialog(self, request: Request, flow: Flow) -> None:
        """Take any other request with a To tag."""
        wiring = self._wiring
        dialog = self._dialog_of(request, flow)
        if dialog is None:
            wiring.answer_stateless(request, flow, 481)
            return
        if dialog.is_over:
            # Our BYE and theirs may cross: theirs is welcome all the same.
            wiring.answer(request, flow, 200 if request.method == "BYE" else 481)
            return
        number = request.cseq.number
        if number < dialog.remote_cseq:
            wiring.answer(request, flow, 500, headers=(("Retry-After", "1"),))
            return
        dialog.remote_cseq = number
        self._follow(dialog, flow)
        if request.method == "BYE":
            self._endings.outside_bye(dialog, request, flow)
        elif request.method in ("INVITE", "UPDATE", "PRACK"):
            self._carry_in_dialog(dialog, request, flow)
        else:
            self._serve(dialog, request, flow)
            wiring.keep_dialog(dialog)

    def _follow(self, dialog: Dialog, flow: Flow) -> None:
        """Answer by the connection that the peer has now: ours ended with a former control, or on the way."""
        known = dialog.flow
        is_lost = flow.is_reliable and not self._wiring.transports.is_connected(known)
        if is_lost and flow.protocol == known.protocol:
            dialog.flow = flow

    def _dialog_of(self, request: Request, flow: Flow) -> Dialog | None:
        dialog = self._wiring.dialogs.of_outside(request.call_id, request.to.tag, request.from_.tag)
        if dialog is None or not is_within(flow.address, dialog.sources):
            return None
        return dialog

    def _serve(self, dialog: Dialog, request: Request, flow: Flow) -> None:
        """Answer what never reaches a cell, and tell call control what is its business."""
        wiring, method = self._wiring, request.method
        tag = dialog.local_tag or None
        if method == "OPTIONS":
            allow = (("Allow", ALLOW), ("Accept", "application/sdp"), ("Supported", "100rel, timer"))
            wiring.answer(request, flow, 200, to_tag=tag, headers=allow)
            return
        if method not in ("INFO", "MESSAGE", "REFER"):
            status = {"NOTIFY": 481, "SUBSCRIBE": 489}.get(method, 501)
            wiring.answer(request, flow, status, to_tag=tag, headers=(("Allow", ALLOW),))
            return
        refer_to = _refer_to(request) if method == "REFER" else None
        if method == "REFER" and refer_to is None:
            wiring.answer(request, flow, 400, to_tag=tag)
            return
        wiring.answer(request, flow, 202 if method == "REFER" else 200, to_tag=tag)
        text = request.body[:MOST_BODY_CHARACTERS].decode("utf-8", "replace")
        digit = None
        if request.content_type == "application/dtmf-relay" and (match := _relayed_digit(text)):
            digit = match[1].upper()
        elif request.content_type == "application/dtmf" and text.strip()[:1] in "0123456789*#ABCD":
            digit = text.strip()[:1] or None
        wiring.emit(
            InDialogRequestReceived(
                leg_id=dialog.leg_id,
                method=method,
                content_type=request.content_type,
                body=text,
                refer_to=refer_to,
                digit=digit,
            )
        )

    # --- carrying -----------------------------------------------------------------------------------------------

    def _carry_in_dialog(self, dialog: Dialog, request: Request, flow: Flow) -> None:
        wiring = self._wiring
        cell = wiring.inner.address_of(dialog.cell_id) if dialog.cell_id else None
        tag = dialog.local_tag or None
        if cell is None:
            wiring.answer(request, flow, 500, to_tag=tag, headers=(("Retry-After", "2"),))
            return
        if request.method == "INVITE":
            status = self._glare(dialog)
            if status is not None:
                wiring.answer(request, flow, status, to_tag=tag, headers=(("Retry-After", "2"),))
                return
        duty = BodyDuty.NONE
        try:
            if request.method == "PRACK":
                duty = bodies.take_acknowledged(wiring, dialog, request)
            elif dialog.media is not None:
                duty = bodies.duty_of(dialog, dialog.media, request)
        except NotAcceptable as fault:
            lines = (("Accept", bodies.SDP),) if fault.status == 415 else (("Warning", fault.warning),)
            wiring.answer(request, flow, fault.status, to_tag=tag, headers=lines)
            return
        except OfferPending as fault:
            wiring.answer(request, flow, fault.status, to_tag=tag, headers=(("Retry-After", "2"),))
            return
        if request.method in ("INVITE", "UPDATE") and request.headers.get("Contact") is not None:
            routes = dialog.remote_end.routes if dialog.remote_end is not None else ()
            dialog.remote_end = RemoteEnd(target=_remote_end(request, flow).target, routes=routes)
        if request.method == "INVITE":
            wiring.reply(request, flow, response_to(request, 100))
        self._carry(dialog, request, flow, cell, duty)
        wiring.keep_dialog(dialog)

    def _glare(self, dialog: Dialog) -> int | None:
        """Return the refusal for a re-INVITE that comes while another is open (RFC 3261 section 14.2)."""
        for relay in self._wiring.relays.of_leg(dialog.leg_id):
            if relay.method == "INVITE" and not relay.is_final:
                return 491 if relay.side is Side.CELL else 500
        return None

    def _carry(
        self, dialog: Dialog, request: Request, flow: Flow, cell: tuple[str, int], duty: BodyDuty
    ) -> Relay:
        wiring = self._wiring
        key = transaction_key(request)
        branch = wiring.branch("to cell", *key, dialog.leg_id, dialog.attempt)
        needs_body = request.method == "INVITE" or request.method == "UPDATE" and duty is BodyDuty.ANSWER
        message = wiring.request_cell(
            dialog,
            request.method,
            request.cseq.number,
            branch,
            cell,
            headers=headers_for_cell(request.headers),
            body=wiring.clean_body if needs_body else b"",
        )
        relay = Relay(
            leg_id=dialog.leg_id,
            side=Side.OUTSIDE,
            request=request,
            key=key,
            branch=branch,
            flow=flow,
            cell=cell,
            forwarded=message.serialise(),
            duty=duty,
        )
        wiring.relays.add(relay)
        wiring.inner.send(cell, relay.forwarded)
        return relay

    # --- the cell's answers ---------------------------------------------------------------------------------------

    def cell_answered(self, relay: Relay, response: Response) -> None:
        """Carry a cell's response back to the outside."""
        wiring = self._wiring
        dialog = wiring.dialogs.get(relay.leg_id)
        if response.status == 100 or dialog is None:
            return
        is_invite = relay.method == "INVITE"
        if is_invite and response.status >= 300:
            self._acknowledge_cell(relay, response)
        if relay.is_final:
            is_again = is_invite and 200 <= response.status < 300 and not relay.flow.is_reliable
            if is_again and relay.last_response is not None:
                wiring.transports.send(reply_flow(relay.request, relay.flow), relay.last_response)
            return
        is_first = relay is dialog.invite and dialog.is_first_invite_open
        if (
            is_first
            and response.status == 486
            and "X-Ordered" not in response.headers
            and not relay.is_cancelled
        ):
            self._cell_was_full(dialog, relay)
            return
        if is_first:
            self._note_cell(dialog, response)
        if is_invite and response.status >= 300:
            self._refuse(dialog, relay, response, is_first=is_first)
            return
        body = bodies.body_for_outside(wiring, dialog, relay, response)
        answer = self._answer(dialog, relay, response, body)
        relay.last_response = answer.serialise()
        if response.status >= 200:
            wiring.settle(relay)
            if response.status >= 300:
                bodies.drop_offer(dialog, relay)
            if is_first and not dialog.is_over:
                relay.answered_at = wiring.clock.now()
                dialog.move(Step.ACCEPTED)
        wiring.keep_dialog(dialog)
        self._send_answer(relay, relay.last_response, is_promise=is_first and response.status >= 200)

    def _send_answer(self, relay: Relay, answer: bytes, *, is_promise: bool) -> None:
        """Send an answer; a first 2xx only when the dialog is on the disk, so that a BYE to it is always known."""
        wiring = self._wiring
        flow = reply_flow(relay.request, relay.flow)
        if is_promise:
            wiring.when_kept(lambda: wiring.transports.send(flow, answer))
        else:
            wiring.transports.send(flow, answer)

    def _answer(self, dialog: Dialog, relay: Relay, response: Response, body: bytes) -> Response:
        wiring = self._wiring
        lines: list[Header] = []
        if 101 <= response.status < 300 and relay.method in ("INVITE", "UPDATE"):
            if relay is dialog.invite:
                lines += [("Record-Route", route) for route in relay.request.headers.all("Record-Route")]
            lines.append(("Contact", wiring.outside_contact(dialog.leg_id, relay.flow)))
        lines += headers_for_outside(response)
        if body:
            lines.append(("Content-Type", bodies.SDP))
        answer = response_to(
            relay.request, response.status, response.reason, to_tag=dialog.local_tag or None, headers=lines
        )
        answer.body = body
        return answer

    def _refuse(self, dialog: Dialog, relay: Relay, response: Response, *, is_first: bool) -> None:
        self._endings.refuse_outside(
            dialog, relay, response.status, reason=response.reason, headers=headers_for_outside(response)
        )
        if is_first:
            dialog.close(
                EndCause(
                    status=response.status,
                    q850_cause=relay.cancel_cause or q850_cause(response.headers),
                    reason=response.reason,
                    method="CANCEL" if relay.is_cancelled else "INVITE",
                )
            )
        self._wiring.keep_dialog(dialog)

    def _note_cell(self, dialog: Dialog, response: Response) -> None:
        """Learn the cell's tag and where it wants its requests."""
        tag = response.to.tag
        if tag:
            dialog.local_tag = tag
        contacts = response.contacts
        if contacts and contacts != "*":
            dialog.cell_target = str(contacts[0].uri)

    def _cell_was_full(self, dialog: Dialog, relay: Relay) -> None:
        """A 486 that nobody ordered: the leg goes back to call control, the outside hears nothing of it."""
        wiring = self._wiring
        cell_id = dialog.cell_id or ""
        wiring.relays.discard(relay)
        wiring.dialogs.unindex_cell(dialog)
        dialog.cell_id = None
        dialog.invite = None
        dialog.move(Step.RETURNED)
        wiring.keep_dialog(dialog)
        wiring.emit(CellRefused(leg_id=dialog.leg_id, cell_id=cell_id))

    def _acknowledge_cell(self, relay: Relay, response: Response) -> None:
        forwarded = parse(relay.forwarded)
        if isinstance(forwarded, Request):
            self._wiring.inner.send(relay.cell, acknowledgement(forwarded, response).serialise())


def _remote_end(request: Request, flow: Flow) -> RemoteEnd:
    """Return where requests to the sender of an INVITE go; its source when it named no usable Contact."""
    target = ""
    try:
        contacts = request.contacts
        if contacts and contacts != "*" and contacts[0].uri.is_sip:
            target = str(contacts[0].uri)
    except MalformedMessage:
        target = ""
    if not target:
        host = f"[{flow.address}]" if ":" in flow.address else flow.address
        target = f"sip:{host}:{flow.port}"
    routes = tuple([str(route.uri) for route in request.record_routes if route.uri.is_sip])
    return RemoteEnd(target=target, routes=routes)


def _refer_to(request: Request) -> str | None:
    values = request.headers.all("Refer-To")
    return values[0] if len(values) == 1 and values[0] else None
