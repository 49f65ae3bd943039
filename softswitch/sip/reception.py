"""What arrives at the sockets: read, classified, and handed to the part whose business it is.

Who sends is settled before what is asked.  A stranger gets the same challenge whatever it names; nothing that
arrives can raise out of here.
"""

import secrets

import structlog

from softswitch.settings.accounts import AccountSettings
from softswitch.settings.trunks import TrunkSettings
from softswitch.sip import bodies
from softswitch.sip.allow_list import ALLOW, identity_headers, printable, unsupported_tags
from softswitch.sip.cell_requests import CellRequests
from softswitch.sip.dialogs import Dialog
from softswitch.sip.events import InviteReceived
from softswitch.sip.far_end import phone_end, trunk_end
from softswitch.sip.flows import Flow
from softswitch.sip.framing import BrokenStream
from softswitch.sip.identity import Identity
from softswitch.sip.location import Location
from softswitch.sip.message import MalformedMessage, Request, Response, SipUri, parse, parse_uri
from softswitch.sip.outside_requests import OutsideRequests
from softswitch.sip.registrar import Registrar
from softswitch.sip.relays import Side
from softswitch.sip.transactions import transaction_key
from softswitch.sip.wiring import Wiring, note_source

log = structlog.get_logger(__name__)

# Requests outside of any dialog that are never done, and what they are told once their sender is known.
_NEVER_DONE = {
    "SUBSCRIBE": 489,
    "PUBLISH": 489,
    "BYE": 481,
    "UPDATE": 481,
    "PRACK": 481,
    "MESSAGE": 405,
    "NOTIFY": 405,
    "INFO": 405,
    "REFER": 405,
}


class Reception:
    """Classifies what the outside and the cells send."""

    def __init__(
        self,
        wiring: Wiring,
        identity: Identity,
        location: Location,
        registrar: Registrar,
        outside: OutsideRequests,
        cells: CellRequests,
    ) -> None:
        self._wiring = wiring
        self._identity = identity
        self._location = location
        self._registrar = registrar
        self._outside = outside
        self._cells = cells

    def hear_broken_stream(self, fault: BrokenStream, flow: Flow) -> None:
        """Take what was left of a stream that lost its boundaries."""
        try:
            read: object = parse(fault.head, stream=True)  # nothing is wrong but that its end cannot be told
        except MalformedMessage as malformed:
            read = malformed.partial
        self._refuse_malformed(MalformedMessage(fault.reason, fault.status, read), flow)

    def hear_outside(self, data: bytes, flow: Flow) -> None:
        """Take one message of the outside."""
        try:
            message = parse(data, stream=flow.is_reliable)
            if isinstance(message, Response):
                self._hear_response(message, flow)
                return
            note_source(message, flow)
        except MalformedMessage as fault:
            self._refuse_malformed(fault, flow)
            return
        try:
            self._hear_request(message, flow)
        except MalformedMessage as fault:  # a part that is only read when needed
            if message.method != "ACK":
                self._wiring.answer_stateless(message, flow, fault.status)

    def _refuse_malformed(self, fault: MalformedMessage, flow: Flow) -> None:
        request = fault.partial
        if not isinstance(request, Request) or request.method == "ACK":
            return
        note_source(request, flow)
        if self._identity.trunk_at(flow.address) or self._wiring.lines.take(self._wiring.clock.now()):
            log.info("sip.malformed", flow=str(flow), reason=fault.reason)
        warning = ("Warning", f'399 hotline "{_quotable(fault.reason)}"')
        self._wiring.answer_stateless(request, flow, fault.status, (warning,))

    def _hear_response(self, response: Response, flow: Flow) -> None:
        wiring = self._wiring
        via, method = response.top_via, response.cseq.method
        transaction = wiring.clients.find(via.branch, method)
        if transaction is not None:
            transaction.receive(response, flow.address)
            return
        relay = wiring.relays.of_response(Side.CELL, via.branch, method)
        if relay is not None and method != "INVITE":
            self._cells.outside_answered(relay, response, flow.address)

    def _hear_request(self, request: Request, flow: Flow) -> None:
        if request.method == "ACK":
            self._outside.acknowledge(request, flow)
            return
        if request.method == "CANCEL":
            if not self._wiring.servers.absorb((*transaction_key(request)[:2], "CANCEL")):
                self._outside.cancel(request, flow)
            return
        if self._wiring.servers.absorb(transaction_key(request)) or self._outside.is_repeated(request, flow):
            return
        if request.to.tag is not None:
            self._outside.in_dialog(request, flow)
            return
        self._hear_stranger(request, flow)

    def _hear_stranger(self, request: Request, flow: Flow) -> None:
        """Take a request outside of any dialog: who sends comes first, what is asked second."""
        wiring = self._wiring
        now = wiring.clock.now()
        if request.method == "REGISTER":
            proof = self._identity.prove(request, flow, now, as_registrar=True)
            if proof.account is None:
                wiring.answer_stateless(request, flow, 401, proof.challenge)
            elif self._demands_too_much(request, flow):
                return
            else:
                self._registrar.register(request, flow, proof.account)
            return
        trunk = self._identity.trunk_at(flow.address)
        account = None
        if trunk is None and not self._is_ping_of_a_phone(request, flow):
            proof = self._identity.prove(request, flow, now, as_registrar=False)
            if proof.account is None:
                wiring.answer_stateless(request, flow, 407, proof.challenge)
                return
            account = wiring.accounts[proof.account]
        if request.method not in ("INVITE", "OPTIONS"):
            status = _NEVER_DONE.get(request.method, 501)
            wiring.answer(request, flow, status, headers=(("Allow", ALLOW),))
            return
        target = parse_uri(request.uri)
        if not isinstance(target, SipUri):
            wiring.answer(request, flow, 416)
        elif self._demands_too_much(request, flow):
            return
        elif request.method == "OPTIONS":
            self._answer_options(request, flow)
        else:
            self._invite(request, target, flow, trunk, account)

    def _is_ping_of_a_phone(self, request: Request, flow: Flow) -> bool:
        return request.method == "OPTIONS" and self._location.account_at(flow.address, flow.port) is not None

    def _demands_too_much(self, request: Request, flow: Flow) -> bool:
        """Refuse what asks for an extension or a kind of body that we do not have."""
        unsupported = unsupported_tags(request.headers)
        if unsupported:
            lines = tuple([("Unsupported", tag) for tag in unsupported])
            self._wiring.answer(request, flow, 420, headers=lines)
            return True
        if request.method != "INVITE":
            return False
        if request.body and not bodies.has_description(request):
            self._wiring.answer(request, flow, 415, headers=(("Accept", bodies.SDP),))
            return True
        if not bodies.takes_descriptions(request):
            self._wiring.answer(request, flow, 406)
            return True
        return False

    def _answer_options(self, request: Request, flow: Flow) -> None:
        lines = (("Allow", ALLOW), ("Accept", bodies.SDP), ("Supported", "100rel, timer"))
        self._wiring.answer(request, flow, 200, headers=lines)

    def _invite(
        self,
        request: Request,
        target: SipUri,
        flow: Flow,
        trunk: TrunkSettings | None,
        account: AccountSettings | None,
    ) -> None:
        wiring = self._wiring
        if "Replaces" in request.headers:
            request.headers.remove("Replaces")  # control does what it means for itself
        leg_id = f"i{secrets.token_hex(8)}"
        if account is not None:
            caller = request.from_.uri
            if not isinstance(caller, SipUri) or caller.decoded_user != account.username:
                wiring.answer(request, flow, 403)
                return
            far = phone_end(account, flow)
        elif trunk is not None:
            far = trunk_end(trunk)
        else:
            return
        dialog = Dialog(
            leg_id=leg_id,
            inbound=True,
            peer=far.peer,
            networks=far.networks,
            sources=far.sources,
            flow=flow,
            nat_address=far.nat_address,
            codecs=far.codecs,
        )
        self._outside.arrive(dialog, request)
        wiring.emit(
            InviteReceived(
                leg_id=leg_id,
                peer=far.peer,
                source_address=flow.address,
                source_port=flow.port,
                transport=flow.protocol,
                sip_call_id=printable(request.call_id),
                request_user=printable(target.decoded_user),
                headers=identity_headers(request.headers),
                has_offer=bodies.has_description(request),
                networks=far.networks,
                nat_address=far.nat_address,
            )
        )

    def hear_cell(self, data: bytes, source: tuple[str, int]) -> None:
        """Take one message of a cell."""
        wiring = self._wiring
        cell_id = wiring.inner.cell_at(source)
        if cell_id is None:
            return
        message = parse(data)
        if isinstance(message, Request):
            self._cells.receive(message, source, cell_id)
            return
        branch, method = message.top_via.branch, message.cseq.method
        transaction = wiring.inner_clients.find(branch, method)
        if transaction is not None:
            transaction.receive(message, source[0])
            return
        relay = wiring.relays.of_response(Side.OUTSIDE, branch, method)
        if relay is not None and relay.cell == source:
            self._outside.cell_answered(relay, message)


def _quotable(text: str) -> str:
    return "".join([char for char in text if char.isprintable() and char not in '"\\'])[:120]
