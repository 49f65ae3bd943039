"""Answering from the bar: a phone is told to by `NOTIFY` (Event: talk), or rung anew with headers by which it answers, or
stands off the hook and is joined (`standing_lines`).

The second way is for phones that know `Call-Info: …;answer-after=0` or `Alert-Info` on an INVITE but no `talk`: the call
that rings is taken off the phone, and comes once more as one that is answered at once.
"""

from collections.abc import Callable

from softswitch.calls.call import Call
from softswitch.calls.call_table import CallTable
from softswitch.calls.leg import AUTO_ANSWER, LegState
from softswitch.calls.leg_desk import NotReachable
from softswitch.calls.party import CallParty
from softswitch.sip.dialogs import PhoneTarget


class Answering:
    """Lets ringing phones answer by themselves."""

    def __init__(self, table: CallTable, token: Callable[[int], str]) -> None:
        """`token` gives so many random bytes as text."""
        self._table = table
        self._token = token

    def ask(self, party: CallParty) -> bool:
        """Answer what rings there; False for a phone that can only be picked up."""
        if self._table.lines.answer(party.leg):
            return True
        if not party.leg.rings_anew:
            return self._table.legs.ask_to_answer(party.leg)
        if party.leg.state is LegState.RINGING and not party.is_asked:
            party.is_asked = True
            self._table.legs.hang_up(party.leg, status=487)
        return party.is_asked

    def rings_anew(self, call: Call, party: CallParty) -> bool:
        """The leg of a party is over; True when the call was taken off the phone to be answered, and rings again."""
        before = party.leg
        if not party.is_asked or not before.rings_anew or not isinstance(before.target, PhoneTarget):
            return False
        try:
            party.leg = self._table.legs.open_outbound(
                f"{call.call_id}-{self._token(3)}",
                call.call_id,
                before.role,
                before.target.account,
                from_user=before.from_user,
                headers=AUTO_ANSWER,
            )
        except NotReachable:
            return False
        party.leg.rings_anew = party.leg.can_be_asked = False
        self._table.keep(call)
        return True
