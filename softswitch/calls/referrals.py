"""Transfers by the keys of a desk phone (REFER): the same transfers by the same rules as those of the bar.

A REFER without Replaces is a blind transfer to the number in Refer-To; one with Replaces (RFC 3891) joins the caller of
this call and whom the agent talks with in the other one.  The phone is told of the outcome, no sooner than it is known,
by NOTIFY with a sipfrag (RFC 3515 section 2.4.5).
"""

from urllib.parse import unquote

import structlog

from api.faults import ApiFault
from softswitch.calls.allowance import allowed
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable
from softswitch.calls.consultations import Consultations
from softswitch.calls.departures import Departures
from softswitch.calls.directory import Directory, status_of
from softswitch.calls.hearing import Role
from softswitch.calls.numbers import number_of_uri
from softswitch.calls.party import CallParty, Errand
from softswitch.sip.errors import MalformedMessage
from softswitch.sip.message import NameAddr, SipUri
from softswitch.store.entries import EndedBy, EndReason

log = structlog.get_logger(__name__)

NOT_IMPLEMENTED, NO_CALL = 501, 481


class Referrals:
    """Carries out what a phone asks for by REFER."""

    def __init__(
        self,
        table: CallTable,
        directory: Directory,
        consultations: Consultations,
        departures: Departures,
    ) -> None:
        """Work on these calls."""
        self._table = table
        self._directory = directory
        self._consultations = consultations
        self._departures = departures

    def refer(self, call: Call, party: CallParty, refer_to: str) -> None:
        """A phone asks that its call be transferred; a far end that is no agent of ours is told that it is not done."""
        status = NOT_IMPLEMENTED
        if party.agent and party.role is not Role.SUPERVISOR:
            status = self._done(call, party, refer_to)
        if status:
            self._table.legs.report_referral(party.leg, status)

    def _done(self, call: Call, party: CallParty, refer_to: str) -> int:
        """Begin the transfer; the SIP status of a refusal, 0 when its outcome is told later or was told."""
        try:
            uri = NameAddr.parse(refer_to).uri
        except MalformedMessage:
            return 400
        replaced = _replaced(uri.headers) if isinstance(uri, SipUri) else ""
        if replaced:
            return self._join(call, party, replaced)
        if "transfer" not in allowed(call, party) or call.consultee is not None:
            return NO_CALL
        try:
            to = self._directory.number(number_of_uri(uri), party.extension)
            target = self._consultations.ring(call, party, to, Errand.TRANSFER)
        except ApiFault as fault:
            log.info("referral.refused", call_id=call.call_id, agent=party.agent, fault=fault.detail)
            return status_of(fault)
        target.is_referred = True
        self._table.keep(call)  # a control that finds the call has to tell the phone
        self._table.legs.report_referral(party.leg, 100)
        return 0

    def _join(self, call: Call, party: CallParty, sip_call_id: str) -> int:
        """Join the callers of two calls of one agent, who leaves both."""
        found = self._other_call(call, party, sip_call_id)
        if found is None:
            return NO_CALL
        (kept, own), (given, _) = sorted(
            ((call, party), found), key=lambda pair: pair[1].errand is Errand.DIAL
        )
        other = given.agent if given.customer is own or given.customer is None else given.customer
        if other is None or not other.is_joined or kept.state is not CallState.TALKING:
            return NO_CALL
        self._table.legs.report_referral(party.leg, 200)
        given.parties.remove(other)
        other.leg.call_id = kept.call_id
        other.role, other.errand, other.by = Role.CONSULTEE, Errand.CONSULT, own.leg_id
        kept.parties.append(other)
        self._table.end(given, EndedBy.AGENT, EndReason.COMPLETED)
        self._departures.hand_over(kept, own, other)
        return 0

    def _other_call(self, call: Call, party: CallParty, sip_call_id: str) -> tuple[Call, CallParty] | None:
        for other in self._table.all():
            own = None if other is call else other.seat_of(party.agent)
            if own is not None and own.is_joined and self._table.legs.sip_call_id(own.leg) == sip_call_id:
                return other, own
        return None


def _replaced(headers: str) -> str:
    """The Call-ID in the Replaces header of a URI; empty without one."""
    for header in headers.split("&"):
        name, _, value = header.partition("=")
        if name.lower() == "replaces":
            return unquote(value).partition(";")[0]
    return ""
