"""Answering from the bar: a phone is told to by `NOTIFY` (Event: talk), or rung anew with headers by which it answers, or
stands off the hook and is joined (`standing_lines`).

The second way is for phones that know `Call-Info: …;answer-after=0` or `Alert-Info` on an INVITE but no `talk`: the call
that rings is taken off the phone, and comes once more as one that is answered at once.

A phone that will not answer when it is told to is told of: who pressed the button has to pick it up.
"""

from collections.abc import Callable
from typing import Final

from softswitch.calls.call import Call
from softswitch.calls.call_table import CallTable
from softswitch.calls.leg import AUTO_ANSWER, Leg, LegState
from softswitch.calls.leg_desk import NotReachable
from softswitch.calls.party import CallParty
from softswitch.clock import Alarm
from softswitch.sip.dialogs import PhoneTarget
from softswitch.store import entries

PATIENCE_S: Final = 4.0
"""So long a phone that was told to answer may ring on; one that does not hear of it (RFC 3261 timer F) takes 32 s."""

_TIMEOUT: Final = 408


class Answering:
    """Lets ringing phones answer by themselves."""

    def __init__(self, table: CallTable, token: Callable[[int], str]) -> None:
        """`token` gives so many random bytes as text."""
        self._table = table
        self._token = token
        self._asked: dict[str, Alarm] = {}  # by leg

    def ask(self, party: CallParty) -> bool:
        """Answer what rings there; False for a phone that can only be picked up."""
        if self._table.lines.answer(party.leg):
            return True
        if not party.leg.rings_anew:
            return self._tell(party.leg)
        if party.leg.state is LegState.RINGING and not party.is_asked:
            party.is_asked = True
            self._table.legs.hang_up(party.leg, status=487)
        return party.is_asked

    def _tell(self, leg: Leg) -> bool:
        if not self._table.legs.ask_to_answer(leg):
            return False
        self._hear_no_more(leg)
        self._asked[leg.leg_id] = self._table.clock.after(PATIENCE_S, lambda: self.was_asked(leg, _TIMEOUT))
        return True

    def was_asked(self, leg: Leg, status: int) -> None:
        """What a ringing phone said to being told to answer; 408 for nothing.  After a 2xx it still has to do so."""
        if status < 300 or leg.leg_id not in self._asked:
            return
        self._hear_no_more(leg)
        call = self._table.find(leg.call_id)
        party = None if call is None else call.party_of(leg)
        if call is None or party is None or leg.state is not LegState.RINGING:
            return
        is_silent = status == _TIMEOUT
        leg.can_be_asked = is_silent  # it may hear it the next time; one that said no would say so again
        self._table.chronicle.record(
            entries.AnswerRefused(
                at=self._table.clock.wall(),
                call_id=call.call_id,
                agent=party.agent,
                cause="timeout" if is_silent else "refused",
                sip_status=status,
            )
        )

    def _hear_no_more(self, leg: Leg) -> None:
        alarm = self._asked.pop(leg.leg_id, None)
        if alarm is not None:
            alarm.cancel()

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
