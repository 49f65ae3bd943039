"""The state of a contact, as one table.

A contact is in one of five states; the last two are ends, and the engine forgets a contact that reached one.
Every way back leads to `waiting`, with the time of arrival kept.
"""

from collections.abc import Mapping
from enum import StrEnum

from acd.errors import InvalidTransition


class ContactState(StrEnum):
    """Where a contact is."""

    WAITING = "waiting"
    OFFERED = "offered"  # one agent is reserved for it or being rung
    CONNECTED = "connected"
    LEFT = "left"  # went away before an agent answered
    ENDED = "ended"  # went away after it had talked with an agent


class ContactTrigger(StrEnum):
    """What can happen to a contact."""

    MOVED = "moved"  # queued again: into another line, or at another level
    OFFERED = "offered"
    OFFER_ENDED = "offer_ended"  # the agent declined, did not answer or went away
    ACCEPTED = "accepted"
    REQUEUED = "requeued"  # the agent's leg was lost
    LEFT = "left"
    ENDED = "ended"


_S = ContactState
_T = ContactTrigger

CONTACT_TRANSITIONS: Mapping[ContactState, Mapping[ContactTrigger, ContactState]] = {
    _S.WAITING: {_T.MOVED: _S.WAITING, _T.OFFERED: _S.OFFERED, _T.LEFT: _S.LEFT},
    _S.OFFERED: {
        _T.MOVED: _S.WAITING,
        _T.OFFER_ENDED: _S.WAITING,
        _T.ACCEPTED: _S.CONNECTED,
        _T.LEFT: _S.LEFT,
    },
    _S.CONNECTED: {
        _T.MOVED: _S.WAITING,
        _T.REQUEUED: _S.WAITING,
        _T.LEFT: _S.ENDED,
        _T.ENDED: _S.ENDED,
    },
    _S.LEFT: {},
    _S.ENDED: {},
}


def next_state(state: ContactState, trigger: ContactTrigger) -> ContactState:
    """Return the state after a trigger; raises `InvalidTransition`."""
    after = CONTACT_TRANSITIONS[state].get(trigger)
    if after is None:
        raise InvalidTransition(state, trigger)
    return after
