"""What a cell asks, carried to the outside, and the outside's answers carried back.

The edge owns the transaction towards the outside of every INVITE: the cell gets 100 at once and is told the final
answer; retransmission, ACK of refusals and CANCEL are done here.  Other requests pass as often as the cell
repeats them.
"""

import hmac

import structlog

from softswitch.sip import bodies
from softswitch.sip.allow_list import (
    Header,
    add_all,
    headers_for_cell,
    headers_for_outside,
    printable,
    q850_cause,
    tag_for_cell,
)
from softswitch.sip.dialogs import Dialog, EndCause, Phase, RemoteEnd, Step
from softswitch.sip.digest import best_challenge
from softswitch.sip.endings import CANCEL_PATIENCE_S, Endings, acknowledgement
from softswitch.sip.errors import NotAcceptable
from softswitch.sip.events import DialogConfirmed, FarEndAnswered, PeerKind
from softswitch.sip.flows import Flow, is_within
from softswitch.sip.message import MalformedMessage, Request, Response, parse, response_to
from softswitch.sip.offer_answer import OfferPending
from softswitch.sip.relays import BodyDuty, Relay, Side
from softswitch.sip.transactions import transaction_key
from softswitch.sip.wiring import Wiring

log = structlog.get_logger(__name__)

MOST_TRIES = 2


class CellRequests:
    """Requests of cells towards the outside."""

    def __init__(self, wiring: Wiring, endings: Endings) -> None:
        self._wiring = wiring
        self._endings = endings

    def receive(self, request: Request, cell: tuple[str, int], cell_id: str) -> None:
        """Take a request that a cell sent."""
        wiring = self._wiring
        key = transaction_key(request)
        if request.method == "ACK":
            if not wiring.inner_servers.acknowledge(key):
                self._acknowledge(request, cell_id)
            return
        if request.method == "CANCEL":
            self._cancel(request, cell)
            return
        if wiring.inner_servers.absorb(key):
            return
        relay = wiring.relays.of_request(Side.CELL, key)
        if relay is not None:
            self._repeat(relay, cell)
            return
        if request.method == "INVITE" and request.to.tag is None:
            self._first_invite(request, cell, cell_id)
            return
        dialog = wiring.dialogs.of_cell(request.call_id)
        if dialog is None or dialog.cell_id != cell_id:
            wiring.answer_cell(request, cell, 481)
            return
        dialog.local_cseq = max(dialog.local_cseq, request.cseq.number)
        if request.method == "BYE":
            self._bye(dialog, request, cell)
        elif dialog.is_over:
            wiring.answer_cell(request, cell, 481)
        else:
            self._carry(dialog, request, cell)

    # --- requests -------------------------------------------------------------------------------------------------

    def _first_invite(self, request: Request, cell: tuple[str, int], cell_id: str) -> None:
        wiring = self._wiring
        secret = request.headers.get("X-Secret") or ""
        dialog = wiring.dialogs.get(request.headers.get("X-Leg") or "")
        is_ours = hmac.compare_digest(secret.encode("utf-8", "surrogateescape"), wiring.secret.encode())
        if not is_ours or dialog is None or dialog.inbound or dialog.cell_id != cell_id:
            wiring.answer_cell(request, cell, 403)
            return
        if dialog.phase not in (Phase.PREPARED, Phase.EARLY) or dialog.media is None:
            wiring.answer_cell(request, cell, 487)
            return
        dialog.call_id = dialog.cell_call_id = request.call_id
        dialog.local_tag = request.from_.tag or ""
        dialog.local_cseq = request.cseq.number
        dialog.remote_tag = ""
        dialog.early_ends.clear()
        contacts = request.contacts
        dialog.cell_target = str(contacts[0].uri) if contacts and contacts != "*" else ""
        dialog.move(Step.CARRIED)
        self._carry(dialog, request, cell)

    def _carry(self, dialog: Dialog, request: Request, cell: tuple[str, int]) -> None:
        wiring = self._wiring
        key = transaction_key(request)
        is_first = request.method == "INVITE" and request.to.tag is None
        try:
            body, duty = bodies.offer_for_outside(dialog, request)
        except OfferPending as fault:
            wiring.answer_cell(request, cell, fault.status)
            return
        content_type = bodies.SDP
        if duty is BodyDuty.NONE and request.body and request.content_type not in (bodies.SDP, ""):
            body, content_type = request.body, request.headers.get("Content-Type") or request.content_type
        lines: list[Header] = list(dialog.extra_headers) if is_first else []
        lines += headers_for_outside(request, with_credentials=wiring.is_trusted_for_credentials(dialog))
        branch = wiring.branch("outside", *key, dialog.leg_id)
        remote_tag = "" if is_first else self._outside_tag(dialog, request)
        message, flow = wiring.request_outside(
            dialog,
            request.method,
            request.cseq.number,
            branch,
            remote_tag=remote_tag,
            end=RemoteEnd(target=dialog.request_uri) if is_first else None,
            headers=lines,
            body=body,
            content_type=content_type,
        )
        if is_first:
            flow = dialog.flow
        relay = Relay(
            leg_id=dialog.leg_id,
            side=Side.CELL,
            request=request,
            key=key,
            branch=branch,
            flow=flow,
            cell=cell,
            forwarded=message.serialise(),
            duty=duty,
        )
        wiring.relays.add(relay)
        if request.method == "INVITE":
            wiring.inner.send(cell, response_to(request, 100).serialise())
            if is_first:
                dialog.invite = relay
                wiring.invites.note(dialog.leg_id, dialog.to_record())
            self.begin(dialog, relay)
        else:
            wiring.transports.send(flow, relay.forwarded)
        wiring.keep_dialog(dialog)

    def begin(self, dialog: Dialog, relay: Relay, *, proceeding: bool = False) -> None:
        """Start (or, after a restart of control, go on with) the outside transaction of a cell's INVITE."""
        wiring = self._wiring
        relay.transaction = wiring.clients.begin(
            relay.branch,
            "INVITE",
            lambda: wiring.transports.send(relay.flow, relay.forwarded),
            lambda response, source: self._invite_answered(dialog, relay, response, source),
            lambda: self._invite_unanswered(dialog, relay),
            is_reliable=relay.flow.is_reliable,
            proceeding=proceeding,
        )
        if dialog.patience_s is not None and relay.request.to.tag is None and not proceeding:
            wiring.clock.after(
                dialog.patience_s, lambda: self._pass_over(dialog, relay, 408, "No Answer At All")
            )

    def not_connected(self, flow: Flow) -> None:
        """No connection came about: calls that have heard nothing yet will not be answered by it."""
        for dialog in tuple(self._wiring.dialogs):
            relay = dialog.invite
            if relay is not None and relay.side is Side.CELL and relay.flow == flow:
                self._pass_over(dialog, relay, 503, "Not Connected")

    def _pass_over(self, dialog: Dialog, relay: Relay, status: int, reason: str) -> None:
        """Give up a first INVITE that nothing was said to.  It is not sent again; an answer that comes late is undone."""
        transaction = relay.transaction
        if relay.is_final or transaction is None or not transaction.is_pending or transaction.has_provisional:
            return
        transaction.stop_repeating()
        if dialog.peer.kind is PeerKind.TRUNK:  # while the leg is there: it may be over when this is told
            log.warning("sip.trunk_passed_over", leg_id=dialog.leg_id, trunk=dialog.peer.name, reason=reason)
        relay_was_cancelled, relay.is_cancelled = relay.is_cancelled, True
        bodies.drop_offer(dialog, relay)
        if not relay_was_cancelled:
            dialog.close(EndCause(status=status, q850_cause=None, reason=reason, method="INVITE"))
            self._tell(dialog, status, reason, None)
        self._answer_cell(dialog, relay, 487 if relay_was_cancelled else status)
        self._wiring.keep_dialog(dialog)
        if dialog.peer.kind is PeerKind.TRUNK:
            self._wiring.doubt(dialog.peer.name)

    def adopt(self, dialog: Dialog) -> None:
        """Go on with the first INVITE of a restored leg."""
        relay = dialog.invite
        if relay is None or relay.side is not Side.CELL or dialog.is_over:
            return
        self._wiring.relays.add(relay)
        if not relay.is_final:
            self.begin(dialog, relay, proceeding=True)

    def _outside_tag(self, dialog: Dialog, request: Request) -> str:
        """Return the outside's tag that a cell's To tag stands for."""
        tag = request.to.tag or ""
        for known in (dialog.remote_tag, *dialog.early_ends):
            if tag_for_cell(known) == tag:
                return known
        return dialog.remote_tag

    def _repeat(self, relay: Relay, cell: tuple[str, int]) -> None:
        """The cell repeats itself: repeat the answer if there is one, else the request where things get lost."""
        wiring = self._wiring
        if relay.last_response is not None:
            wiring.inner.send(cell, relay.last_response)
        elif relay.method == "INVITE":
            wiring.inner.send(cell, response_to(relay.request, 100).serialise())
        elif not relay.flow.is_reliable:
            wiring.transports.send(relay.flow, relay.forwarded)

    def _acknowledge(self, request: Request, cell_id: str) -> None:
        """The cell acknowledged a 2xx: so do we, as often as it does."""
        wiring = self._wiring
        dialog = wiring.dialogs.of_cell(request.call_id)
        if dialog is None or dialog.cell_id != cell_id:
            return
        self._endings.ack_outside(dialog, request.cseq.number)
        if dialog.phase is Phase.ANSWERED and not dialog.inbound:
            dialog.move(Step.ACKNOWLEDGED)
            wiring.keep_dialog(dialog)
            wiring.emit(DialogConfirmed(leg_id=dialog.leg_id))

    def _bye(self, dialog: Dialog, request: Request, cell: tuple[str, int]) -> None:
        """Answer the cell at once, so that its slot is free again, and see the BYE through alone."""
        wiring = self._wiring
        wiring.answer_cell(request, cell, 200)
        if dialog.is_over:
            return
        phase, invite = dialog.phase, dialog.invite
        dialog.close(EndCause(status=200, q850_cause=q850_cause(request.headers), reason="BYE", method="BYE"))
        lines = [line for line in headers_for_outside(request) if line[0] == "Reason"]
        if phase is Phase.ANSWERED and dialog.inbound:
            self._endings.bye_once_acknowledged(dialog, lines)
        elif phase in (Phase.ANSWERED, Phase.CONFIRMED):
            self._endings.bye_outside(dialog, lines, cseq=request.cseq.number)
        elif invite is not None and invite.side is Side.OUTSIDE and not invite.is_final:
            # Its 2xx came while control was away: the outside has no answer yet.
            self._endings.refuse_outside(dialog, invite, 503, headers=lines)
        wiring.keep_dialog(dialog)

    def _cancel(self, request: Request, cell: tuple[str, int]) -> None:
        wiring = self._wiring
        relay = wiring.relays.of_request(Side.CELL, transaction_key(request))
        if relay is None:
            self._cancel_unknown(request, cell)
            return
        wiring.answer_cell(request, cell, 200)
        dialog = wiring.dialogs.get(relay.leg_id)
        if dialog is None or relay.is_final or relay.is_cancelled:
            return
        lines = [line for line in headers_for_outside(request) if line[0] == "Reason"]
        relay.is_cancelled = True
        relay.cancel_headers = tuple(lines)
        if relay is dialog.invite:
            cause = q850_cause(request.headers)
            dialog.close(EndCause(status=487, q850_cause=cause, reason="CANCEL", method="CANCEL"))
        self._endings.cancel_outside(dialog, relay, lines)
        wiring.keep_dialog(dialog)
        wiring.clock.after(CANCEL_PATIENCE_S, lambda: self._answer_cell(dialog, relay, 487))

    def _cancel_unknown(self, request: Request, cell: tuple[str, int]) -> None:
        """An earlier control took this INVITE and died before it wrote it down: end it, or the slot is held for 32 s."""
        wiring = self._wiring
        wiring.answer_cell(request, cell, 200)
        refusal = response_to(request, 487, to_tag=wiring.stateless_tag(request))
        refusal.headers.set("CSeq", f"{request.cseq.number} INVITE")
        wiring.inner.send(cell, refusal.serialise())

    # --- answers of the outside -------------------------------------------------------------------------------------

    def outside_answered(self, relay: Relay, response: Response, source: str) -> None:
        """Carry the answer to any request but INVITE back to the cell."""
        wiring = self._wiring
        dialog = wiring.dialogs.get(relay.leg_id)
        if dialog is None or response.status == 100 or not is_within(source, dialog.sources):
            return
        if relay.is_final:
            return
        status = response.status
        try:
            bodies.take_answer(wiring, dialog, relay, response)
        except (NotAcceptable, OfferPending) as fault:
            log.info("sip.answer_refused", leg_id=dialog.leg_id, reason=str(fault))
            bodies.drop_offer(dialog, relay)
        if status >= 300:
            bodies.drop_offer(dialog, relay)
        if status in (401, 407):
            status = 403  # a challenge is passed on only for a first INVITE
        with_body = relay.duty is BodyDuty.AWAIT and 200 <= status < 300
        self._send_to_cell(dialog, relay, response, status, with_body=with_body)
        if status >= 200:
            wiring.settle(relay)
        self._follow_target(dialog, relay, response)
        wiring.keep_dialog(dialog)

    def _invite_answered(self, dialog: Dialog, relay: Relay, response: Response, source: str) -> None:
        if not is_within(source, dialog.sources) or response.status == 100:
            return
        try:
            if response.status < 200:
                self._progressed(dialog, relay, response)
            elif response.status < 300:
                self._accepted(dialog, relay, response)
            else:
                self._refused(dialog, relay, response)
        except MalformedMessage as fault:
            log.info("sip.answer_malformed", leg_id=dialog.leg_id, reason=fault.reason)
        self._wiring.keep_dialog(dialog)

    def _progressed(self, dialog: Dialog, relay: Relay, response: Response) -> None:
        if relay.is_cancelled:
            self._endings.cancel_outside(dialog, relay, relay.cancel_headers)
            return
        if relay.is_final:
            return
        tag = response.to.tag or ""
        is_first = relay is dialog.invite
        if is_first and tag:
            if len(dialog.early_ends) < 16 or tag in dialog.early_ends:
                dialog.early_ends[tag] = _remote_end(response, dialog)
            dialog.remote_tag = tag
        try:
            bodies.take_answer(self._wiring, dialog, relay, response)
        except (NotAcceptable, OfferPending) as fault:
            log.info("sip.early_media_refused", leg_id=dialog.leg_id, reason=str(fault))
        is_reliable = "RSeq" in response.headers
        has_body = is_reliable and bodies.has_description(response)
        self._send_to_cell(dialog, relay, response, response.status, with_body=has_body)
        if is_first:
            self._tell_answer(dialog, response)

    def _accepted(self, dialog: Dialog, relay: Relay, response: Response) -> None:
        wiring = self._wiring
        tag = response.to.tag or ""
        if relay.is_final:
            if tag == dialog.remote_tag and not dialog.is_over and relay.last_response is not None:
                wiring.inner.send(relay.cell, relay.last_response)
            elif tag != dialog.remote_tag or relay.is_cancelled:
                self._endings.leave_late_answer(dialog, relay, response)
            else:
                self._endings.ack_outside(dialog, relay.cseq)
            return
        if relay.is_cancelled:
            # It answered while our CANCEL was under way.
            self._endings.leave_late_answer(dialog, relay, response)
            self._answer_cell(dialog, relay, 487)
            return
        is_first = relay is dialog.invite
        try:
            bodies.take_answer(wiring, dialog, relay, response)
        except (NotAcceptable, OfferPending) as fault:
            log.info("sip.answer_refused", leg_id=dialog.leg_id, reason=str(fault))
            if is_first:
                self._endings.leave_late_answer(dialog, relay, response)
                dialog.close(EndCause(status=488, q850_cause=None, reason=str(fault), method="INVITE"))
                self._answer_cell(dialog, relay, 488)
                self._tell(dialog, 488, "Not Acceptable Here", None)
                return
            bodies.drop_offer(dialog, relay)
        if is_first:
            dialog.remote_tag = tag
            dialog.remote_end = _remote_end(response, dialog)
            dialog.early_ends.clear()
            dialog.move(Step.ACCEPTED)
        else:
            self._follow_target(dialog, relay, response)
        wiring.settle(relay)
        wiring.dialogs.index(dialog)
        self._send_to_cell(dialog, relay, response, response.status, with_body=True)
        if is_first:
            self._tell_answer(dialog, response)

    def _refused(self, dialog: Dialog, relay: Relay, response: Response) -> None:
        wiring = self._wiring
        sent = parse(relay.forwarded)
        if isinstance(sent, Request):
            wiring.transports.send(relay.flow, acknowledgement(sent, response).serialise())
        if relay.is_final:
            return
        is_first = relay is dialog.invite
        if relay.is_cancelled:
            self._answer_cell(dialog, relay, 487)
            return
        if is_first and self._may_try_again(dialog, relay, response):
            return
        status = 403 if response.status in (401, 407) else response.status
        bodies.drop_offer(dialog, relay)
        cause = q850_cause(response.headers)
        if is_first:
            dialog.close(
                EndCause(
                    status=response.status,
                    q850_cause=cause,
                    reason=printable(response.reason),
                    method="INVITE",
                )
            )
        self._answer_cell(dialog, relay, status)
        if is_first:
            self._tell(dialog, response.status, response.reason, cause)

    def _may_try_again(self, dialog: Dialog, relay: Relay, response: Response) -> bool:
        """Let the cell send its INVITE again: with credentials (401, 407), or a longer session (422).

        A challenge is written anew and passes only from a trunk, only for its own realm; twice at most.
        """
        wiring = self._wiring
        if dialog.challenges >= MOST_TRIES:
            return False
        lines: list[Header] = []
        if response.status == 422:
            lines = [line for line in headers_for_cell(response.headers) if line[0] == "Min-SE"]
        elif response.status in (401, 407) and wiring.is_trusted_for_credentials(dialog):
            name = "Proxy-Authenticate" if response.status == 407 else "WWW-Authenticate"
            realm = wiring.trunks[dialog.peer.name].realm
            challenge = best_challenge(response.headers.all(name), realm)
            lines = [] if challenge is None else [(name, str(challenge))]
        if not lines:
            return False
        dialog.challenges += 1
        self._answer_cell(dialog, relay, response.status, tuple(lines))
        return True

    def _invite_unanswered(self, dialog: Dialog, relay: Relay) -> None:
        is_first = relay is dialog.invite
        if is_first and not relay.is_cancelled:
            dialog.close(EndCause(status=408, q850_cause=None, reason="Request Timeout", method="INVITE"))
            self._tell(dialog, 408, "Request Timeout", None)
        bodies.drop_offer(dialog, relay)
        self._answer_cell(dialog, relay, 487 if relay.is_cancelled else 408)
        self._wiring.keep_dialog(dialog)

    # --- towards the cell -------------------------------------------------------------------------------------------

    def _answer_cell(
        self, dialog: Dialog, relay: Relay, status: int, headers: tuple[Header, ...] = ()
    ) -> None:
        """Give a cell's INVITE its final refusal, once."""
        del dialog
        if relay.is_final:
            return
        self._wiring.settle(relay)
        self._wiring.answer_cell(relay.request, relay.cell, status, headers)

    def _send_to_cell(
        self, dialog: Dialog, relay: Relay, response: Response, status: int, *, with_body: bool
    ) -> None:
        wiring = self._wiring
        lines = headers_for_cell(response.headers)
        if relay.method in ("INVITE", "UPDATE"):
            lines.insert(0, ("Contact", wiring.inner_contact(dialog.leg_id)))
        tag = tag_for_cell(response.to.tag or dialog.remote_tag)
        answer = response_to(relay.request, status, to_tag=tag or None)
        add_all(answer.headers, lines)
        if with_body:
            answer.headers.add("Content-Type", bodies.SDP)
            answer.body = wiring.clean_body
        data = answer.serialise()
        if status >= 200:
            relay.last_response = data
        wiring.inner.send(relay.cell, data)

    def _follow_target(self, dialog: Dialog, relay: Relay, response: Response) -> None:
        """A re-INVITE or UPDATE was accepted: the remote target may be another (RFC 3261 section 12.2.1.2)."""
        if relay.method not in ("INVITE", "UPDATE") or not 200 <= response.status < 300:
            return
        routes = dialog.remote_end.routes if dialog.remote_end is not None else ()
        dialog.remote_end = RemoteEnd(target=_remote_end(response, dialog).target, routes=routes)

    def _tell_answer(self, dialog: Dialog, response: Response) -> None:
        self._tell(dialog, response.status, response.reason, q850_cause(response.headers))

    def _tell(self, dialog: Dialog, status: int, reason: str, cause: int | None) -> None:
        self._wiring.emit(
            FarEndAnswered(leg_id=dialog.leg_id, status=status, reason=printable(reason), q850_cause=cause)
        )


def _remote_end(response: Response, dialog: Dialog) -> RemoteEnd:
    """Return where later requests go: Contact and, reversed, the Record-Routes of a response (section 12.1.2)."""
    contacts = response.contacts
    target = dialog.remote_end.target if dialog.remote_end is not None else dialog.request_uri
    if contacts and contacts != "*" and contacts[0].uri.is_sip:
        target = str(contacts[0].uri)
    routes = tuple([str(route.uri) for route in reversed(response.record_routes) if route.uri.is_sip])
    return RemoteEnd(target=target, routes=routes)
