"""Ending legs without waiting for anybody: BYE, CANCEL and final answers that the edge carries through by itself.

Whoever ends a leg is answered at once; the other side is told by a transaction of the edge.  So a dead far end
never holds a cell's slot, and a dead cell never leaves the outside ringing.
"""

import secrets
from collections.abc import Iterable

import structlog

from softswitch.sip.allow_list import Header, q850_cause, reason_header
from softswitch.sip.bodies import drop_offer
from softswitch.sip.dialogs import Dialog, EndCause, Phase, RemoteEnd
from softswitch.sip.digest import Credentials, best_challenge, respond
from softswitch.sip.events import CallerWithdrew, FarEndLeft
from softswitch.sip.flows import Flow
from softswitch.sip.message import Headers, Request, Response, parse
from softswitch.sip.relays import Relay, Side
from softswitch.sip.transactions import transaction_key
from softswitch.sip.wiring import Wiring, reply_flow

log = structlog.get_logger(__name__)

CANCEL_PATIENCE_S = 2.0
WAITED_FOR_ACK = 0.9
"""Share of 64 T1 from which on a cell's BYE means that it gave the ACK up; the cell's clock is not ours."""


def acknowledgement(invite: Request, response: Response) -> Request:
    """Write the ACK for a final refusal (RFC 3261 section 17.1.1.3): hop by hop, same branch."""
    ack = Request("ACK", invite.uri, headers=Headers())
    ack.headers.add("Via", invite.headers.get("Via") or "")
    for route in invite.headers.all("Route"):
        ack.headers.add("Route", route)
    ack.headers.add("Max-Forwards", "70")
    ack.headers.add("From", invite.headers.get("From") or "")
    ack.headers.add("To", response.headers.get("To") or "")
    ack.headers.add("Call-ID", invite.call_id)
    ack.headers.add("CSeq", f"{invite.cseq.number} ACK")
    return ack


def cancellation(invite: Request) -> Request:
    """Write the CANCEL of an INVITE of ours (RFC 3261 section 9.1)."""
    cancel = Request("CANCEL", invite.uri, headers=Headers())
    cancel.headers.add("Via", invite.headers.get("Via") or "")
    for route in invite.headers.all("Route"):
        cancel.headers.add("Route", route)
    cancel.headers.add("Max-Forwards", "70")
    for name in ("From", "To", "Call-ID"):
        cancel.headers.add(name, invite.headers.get(name) or "")
    cancel.headers.add("CSeq", f"{invite.cseq.number} CANCEL")
    return cancel


class Endings:
    """Ends legs towards either side."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    # --- the outside ends -------------------------------------------------------------------------------------

    def outside_bye(self, dialog: Dialog, request: Request, flow: Flow) -> None:
        """Answer a BYE of the outside at once and pass it to the cell."""
        wiring = self._wiring
        cause = q850_cause(request.headers)
        wiring.answer(request, flow, 200)
        dialog.close(EndCause(status=200, q850_cause=cause, reason="BYE", method="BYE"))
        for relay in wiring.relays.of_leg(dialog.leg_id):
            if relay.side is Side.OUTSIDE and not relay.is_final and relay.method == "INVITE":
                self.refuse_outside(dialog, relay, 487)
        self.bye_cell(dialog, request.cseq.number)
        wiring.keep_dialog(dialog)
        wiring.emit(FarEndLeft(leg_id=dialog.leg_id, method="BYE", q850_cause=cause))

    def outside_cancel(self, dialog: Dialog, relay: Relay | None, request: Request, flow: Flow) -> None:
        """Answer a CANCEL at once; a leg not yet carried ends here, another by its cell's 487."""
        wiring = self._wiring
        branch, sent_by, _ = transaction_key(request)
        cause = q850_cause(request.headers)
        wiring.answer(request, flow, 200, to_tag=dialog.local_tag or None, key=(branch, sent_by, "CANCEL"))
        if relay is None:
            if dialog.phase is Phase.ARRIVED and dialog.arrival is not None:
                wiring.answer(dialog.arrival, flow, 487)
                dialog.close(EndCause(status=487, q850_cause=cause, reason="CANCEL", method="CANCEL"))
                wiring.keep_dialog(dialog)
                wiring.emit(CallerWithdrew(leg_id=dialog.leg_id))
            return
        if relay.is_final or relay.is_cancelled:
            return
        relay.is_cancelled, relay.cancel_cause = True, cause
        self.cancel_cell(dialog, relay)
        if relay is dialog.invite:
            wiring.emit(FarEndLeft(leg_id=dialog.leg_id, method="CANCEL", q850_cause=cause))
        wiring.clock.after(CANCEL_PATIENCE_S, lambda: self._outside_waited(dialog, relay, cause))

    def _outside_waited(self, dialog: Dialog, relay: Relay, cause: int | None) -> None:
        """The cell did not end a cancelled INVITE in time: end it for the outside."""
        if relay.is_final:
            return
        self.refuse_outside(dialog, relay, 487)
        if relay is dialog.invite:
            dialog.close(EndCause(status=487, q850_cause=cause, reason="CANCEL", method="CANCEL"))
        self._wiring.keep_dialog(dialog)

    def refuse_outside(
        self,
        dialog: Dialog,
        relay: Relay,
        status: int,
        *,
        reason: str | None = None,
        headers: Iterable[Header] = (),
    ) -> None:
        """Give an INVITE of the outside its final refusal, repeated until its ACK."""
        self._wiring.settle(relay)
        drop_offer(dialog, relay)
        self._wiring.answer(
            relay.request,
            relay.flow,
            status,
            reason=reason,
            to_tag=dialog.local_tag or None,
            headers=headers,
            key=relay.key,
        )

    # --- towards a cell ---------------------------------------------------------------------------------------

    def bye_cell(self, dialog: Dialog, cseq: int, headers: Iterable[Header] = ()) -> None:
        """Say BYE to the cell in the outside's name."""
        wiring = self._wiring
        cell = wiring.inner.address_of(dialog.cell_id) if dialog.cell_id else None
        if cell is None:
            dialog.owes_cell = "BYE"
            return
        branch = wiring.fresh_branch()
        data = wiring.request_cell(dialog, "BYE", cseq, branch, cell, headers=headers).serialise()
        wiring.inner_clients.begin(
            branch, "BYE", lambda: wiring.inner.send(cell, data), _answered, _unanswered
        )

    def cancel_cell(self, dialog: Dialog, relay: Relay) -> None:
        """Cancel an INVITE that a cell holds."""
        wiring = self._wiring
        if dialog.cell_id is None or wiring.inner.address_of(dialog.cell_id) is None:
            dialog.owes_cell = "CANCEL"
            wiring.keep_dialog(dialog)
            return
        forwarded = _request(relay.forwarded)
        data = cancellation(forwarded).serialise()
        cell = relay.cell
        wiring.inner_clients.begin(
            relay.branch, "CANCEL", lambda: wiring.inner.send(cell, data), _answered, _unanswered
        )

    def catch_up(self, dialog: Dialog) -> None:
        """The cell of a leg is known (again): tell it what happened while it was not."""
        owed, dialog.owes_cell = dialog.owes_cell, ""
        if owed == "BYE":
            self.bye_cell(dialog, dialog.remote_cseq)
        elif owed == "CANCEL" and dialog.invite is not None:
            self.cancel_cell(dialog, dialog.invite)

    # --- towards the outside ----------------------------------------------------------------------------------

    def bye_outside(
        self,
        dialog: Dialog,
        headers: Iterable[Header] = (),
        *,
        cseq: int | None = None,
        end: RemoteEnd | None = None,
        remote_tag: str | None = None,
    ) -> None:
        """Say BYE to the outside and see it through; a trunk's challenge is answered once."""
        number = dialog.next_local_cseq() if cseq is None else cseq
        dialog.local_cseq = max(dialog.local_cseq, number)
        lines = tuple(headers)
        self._send_bye(dialog, number, lines, end, remote_tag, credentials=None)

    def _send_bye(
        self,
        dialog: Dialog,
        cseq: int,
        headers: tuple[Header, ...],
        end: RemoteEnd | None,
        remote_tag: str | None,
        credentials: Header | None,
    ) -> None:
        wiring = self._wiring
        branch = wiring.fresh_branch()
        lines = headers if credentials is None else (*headers, credentials)
        request, flow = wiring.request_outside(
            dialog, "BYE", cseq, branch, end=end, remote_tag=remote_tag, headers=lines
        )
        data = request.serialise()

        def answered(response: Response, source: str) -> None:
            del source
            if response.status in (401, 407) and credentials is None:
                proof = self._proof(dialog, request, response)
                if proof is not None:
                    self._send_bye(dialog, dialog.next_local_cseq(), headers, end, remote_tag, proof)

        wiring.clients.begin(
            branch,
            "BYE",
            lambda: wiring.transports.send(flow, data),
            answered,
            _unanswered,
            is_reliable=flow.is_reliable,
        )

    def _proof(self, dialog: Dialog, request: Request, response: Response) -> Header | None:
        """Return the credentials that a trunk's challenge asks for, None for anybody else's."""
        wiring = self._wiring
        if not wiring.is_trusted_for_credentials(dialog):
            return None
        trunk = wiring.trunks[dialog.peer.name]
        is_proxy = response.status == 407
        values = response.headers.all("Proxy-Authenticate" if is_proxy else "WWW-Authenticate")
        challenge = best_challenge(values, trunk.realm)
        if challenge is None:
            return None
        proof = respond(
            challenge,
            Credentials(username=trunk.username, password=trunk.password),
            request.method,
            request.uri,
            1,
            secrets.token_hex(8),
        )
        return ("Proxy-Authorization" if is_proxy else "Authorization", proof)

    def cancel_outside(self, dialog: Dialog, relay: Relay, headers: Iterable[Header] = ()) -> None:
        """Cancel an INVITE that the outside holds, as soon as it said anything about it."""
        wiring = self._wiring
        relay.is_cancelled = True
        headers = relay.cancel_headers = tuple(headers) or relay.cancel_headers
        transaction = relay.transaction
        if transaction is None or not transaction.is_pending or not transaction.has_provisional:
            return  # `CellRequests` comes back here at the first provisional answer
        if wiring.clients.find(relay.branch, "CANCEL") is not None:
            return
        cancel = cancellation(_request(relay.forwarded))
        for name, value in headers:
            cancel.headers.add(name, value)
        data, flow = cancel.serialise(), relay.flow
        wiring.clients.begin(
            relay.branch,
            "CANCEL",
            lambda: wiring.transports.send(flow, data),
            _answered,
            _unanswered,
            is_reliable=flow.is_reliable,
        )
        transaction.expect_final_within(wiring.clients.life_s)

    def leave_late_answer(self, dialog: Dialog, relay: Relay, response: Response) -> None:
        """A 2xx for which nobody waits any more (cancelled, another fork, bad body): ACK it and say BYE."""
        contacts = response.contacts
        target = str(contacts[0].uri) if contacts != "*" and contacts else dialog.request_uri
        routes = tuple([str(route.uri) for route in reversed(response.record_routes)])
        end = RemoteEnd(target=target, routes=routes)
        tag = response.to.tag or ""
        self.ack_outside(dialog, relay.cseq, end=end, remote_tag=tag)
        if tag in relay.left_tags:
            return  # its 2xx again: it did not hear our ACK
        relay.left_tags.add(tag)
        self.bye_outside(dialog, end=end, remote_tag=tag, cseq=max(dialog.local_cseq, relay.cseq) + 1)

    def ack_outside(
        self, dialog: Dialog, cseq: int, *, end: RemoteEnd | None = None, remote_tag: str | None = None
    ) -> None:
        """Acknowledge a 2xx of the outside."""
        wiring = self._wiring
        branch = wiring.branch("ack", dialog.leg_id, cseq, remote_tag or dialog.remote_tag)
        ack, flow = wiring.request_outside(dialog, "ACK", cseq, branch, end=end, remote_tag=remote_tag)
        wiring.transports.send(flow, ack.serialise())

    # --- the cell is gone -------------------------------------------------------------------------------------

    def finish(self, dialog: Dialog, status: int, cause: int | None) -> None:
        """End the outside's side of a leg whose cell is gone, whatever stands open."""
        wiring = self._wiring
        headers = reason_header(cause)
        if dialog.is_over:
            self._finish_open_relays(dialog, status, headers)
            return
        phase = dialog.phase
        self._finish_open_relays(dialog, status, headers)
        if phase is Phase.ARRIVED and dialog.arrival is not None:
            wiring.answer(dialog.arrival, dialog.flow, status, headers=headers)
        elif phase is Phase.ANSWERED and dialog.inbound:
            self.bye_once_acknowledged(dialog, headers)
        elif phase is Phase.ANSWERED and dialog.invite is not None:
            self.ack_outside(dialog, dialog.invite.cseq)
            self.bye_outside(dialog, headers)
        elif phase is Phase.CONFIRMED:
            self.bye_outside(dialog, headers)
        method = "BYE" if phase in (Phase.ANSWERED, Phase.CONFIRMED) else "INVITE"
        dialog.close(EndCause(status=status, q850_cause=cause, reason="the cell ended", method=method))
        wiring.dialogs.unindex_cell(dialog)
        dialog.cell_id = None
        wiring.keep_dialog(dialog)

    def _finish_open_relays(self, dialog: Dialog, status: int, headers: list[Header]) -> None:
        for relay in self._wiring.relays.of_leg(dialog.leg_id):
            if relay.side is Side.CELL:
                if relay.method == "INVITE" and not relay.is_final:
                    self.cancel_outside(dialog, relay, headers)
            elif not relay.is_final:
                if relay.method == "INVITE":
                    self.refuse_outside(dialog, relay, status, headers=headers)
                else:
                    self._wiring.settle(relay)
                    self._wiring.answer(relay.request, relay.flow, 481, key=relay.key)

    def bye_once_acknowledged(self, dialog: Dialog, headers: Iterable[Header]) -> None:
        """A 2xx went out and its ACK is still to come: repeat it in the cell's place, then say BYE (section 15)."""
        wiring, relay = self._wiring, dialog.invite
        lines = tuple(headers)
        if relay is None or relay.last_response is None or self._has_waited_for_ack(relay):
            self.bye_outside(dialog, lines)
            return
        data, back = relay.last_response, reply_flow(relay.request, relay.flow)
        wiring.servers.answer(
            relay.key,
            lambda: wiring.transports.send(back, data),
            until_acked=True,
            on_unacknowledged=lambda: self.bye_outside(dialog, lines),
        )

    def _has_waited_for_ack(self, relay: Relay) -> bool:
        """Whether the cell has repeated its 2xx for 64 T1 already: then nobody will acknowledge (13.3.1.4)."""
        waited_s = 0.0 if relay.answered_at is None else self._wiring.clock.now() - relay.answered_at
        return waited_s > WAITED_FOR_ACK * self._wiring.clients.life_s

    def outside_acknowledged(self, dialog: Dialog) -> bool:
        """An ACK came for a 2xx that is repeated in a dead cell's place: say BYE now.  True when it was that."""
        relay = dialog.invite
        if relay is None or not dialog.is_over or not dialog.inbound:
            return False
        if not self._wiring.servers.acknowledge(relay.key):
            return False
        self._wiring.servers.forget(relay.key)
        self.bye_outside(dialog)
        return True

    def abandon(self, dialog: Dialog) -> None:
        """The outside broke the exchange of descriptions: end both sides of a confirmed leg."""
        if dialog.close(EndCause(status=488, q850_cause=None, reason="no common media", method="BYE")):
            self.bye_outside(dialog)
            self.bye_cell(dialog, dialog.remote_cseq + 1)
            self._wiring.keep_dialog(dialog)
            self._wiring.emit(FarEndLeft(leg_id=dialog.leg_id, method="BYE", q850_cause=None))


def _request(data: bytes) -> Request:
    message = parse(data)
    if not isinstance(message, Request):
        raise TypeError("a response was forwarded as a request")
    return message


def _answered(response: Response, source: str) -> None:
    """Whatever the answer is, the leg is over."""
    del response, source


def _unanswered() -> None:
    """Nobody there: the leg is over all the same."""
