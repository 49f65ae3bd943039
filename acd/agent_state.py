"""The state of an agent: two fields that never stand in for each other.

*Presence* is what the agent has said about being there; *activity* is what the agent's phone is doing for a
call.  An agent can talk and be not ready (the phone was lost from the registrar while the call goes on), or be
in wrap-up and on an outgoing call.

House rules:

* `next_state` reads the two tables and nothing else decides what follows a trigger.  A trigger that a table names
  in no row does not concern that field.  A trigger that concerns a field but is absent from its row is refused.
* During a conversation a wish for another presence is *deferred* (`DEFERRED`): the engine keeps the last one and
  applies it when the call and its wrap-up are over.
* What an agent's trigger means for a contact, and the other way round, stands in `joint_rules`.
"""

from collections.abc import Mapping
from enum import StrEnum

from acd.errors import InvalidTransition


class Presence(StrEnum):
    """What the agent says."""

    LOGGED_OUT = "logged_out"
    READY = "ready"
    NOT_READY = "not_ready"
    WRAP_UP = "wrap_up"


class Activity(StrEnum):
    """What the agent's phone does."""

    IDLE = "idle"
    RESERVED = "reserved"  # an offer was made, the phone does not ring yet
    RINGING = "ringing"
    TALKING = "talking"  # with a contact that the engine offered
    ENGAGED = "engaged"  # in a call that the engine did not offer: outgoing, internal


class AgentCondition(StrEnum):
    """Presence, activity and phone in one word, the strongest reason first: what keeps an agent from an offer."""

    UNREACHABLE = "unreachable"
    TALKING = "talking"
    ENGAGED = "engaged"
    NOT_READY = "not_ready"
    WRAP_UP = "wrap_up"
    RINGING = "ringing"  # or reserved
    RESTING = "resting"  # after a declined offer
    OCCUPIED = "occupied"  # with other media, as far as the capacities go
    FREE = "free"


class AgentTrigger(StrEnum):
    """What can happen to an agent."""

    LOGGED_IN_READY = "logged_in_ready"
    LOGGED_IN_NOT_READY = "logged_in_not_ready"
    LOGGED_OUT = "logged_out"
    MADE_READY = "made_ready"
    MADE_NOT_READY = "made_not_ready"
    PHONE_LOST = "phone_lost"
    RESERVED = "reserved"  # an offer was made
    RANG = "rang"
    ANSWERED = "answered"
    DECLINED = "declined"  # the phone said no
    RANG_OUT = "rang_out"  # nobody answered in time
    OFFER_ENDED = "offer_ended"  # through no doing of the agent: the contact went away
    TALK_ENDED = "talk_ended"
    WRAP_UP_BEGAN = "wrap_up_began"
    WRAP_UP_ENDED = "wrap_up_ended"
    ENGAGED = "engaged"
    DISENGAGED = "disengaged"


_T = AgentTrigger

PRESENCE_TRANSITIONS: Mapping[Presence, Mapping[AgentTrigger, Presence]] = {
    Presence.LOGGED_OUT: {
        _T.LOGGED_IN_READY: Presence.READY,
        _T.LOGGED_IN_NOT_READY: Presence.NOT_READY,
    },
    Presence.READY: {
        _T.LOGGED_OUT: Presence.LOGGED_OUT,
        _T.MADE_READY: Presence.READY,
        _T.MADE_NOT_READY: Presence.NOT_READY,
        _T.PHONE_LOST: Presence.NOT_READY,
        _T.RANG_OUT: Presence.NOT_READY,
        _T.WRAP_UP_BEGAN: Presence.WRAP_UP,
        _T.RESERVED: Presence.READY,
        _T.ENGAGED: Presence.READY,
    },
    Presence.NOT_READY: {
        _T.LOGGED_OUT: Presence.LOGGED_OUT,
        _T.MADE_READY: Presence.READY,
        _T.MADE_NOT_READY: Presence.NOT_READY,
        _T.PHONE_LOST: Presence.NOT_READY,
        _T.ENGAGED: Presence.NOT_READY,
    },
    Presence.WRAP_UP: {
        _T.LOGGED_OUT: Presence.LOGGED_OUT,
        _T.MADE_READY: Presence.READY,
        _T.MADE_NOT_READY: Presence.NOT_READY,
        _T.PHONE_LOST: Presence.NOT_READY,
        _T.WRAP_UP_ENDED: Presence.READY,
        _T.ENGAGED: Presence.WRAP_UP,
    },
}

ACTIVITY_TRANSITIONS: Mapping[Activity, Mapping[AgentTrigger, Activity]] = {
    Activity.IDLE: {
        _T.LOGGED_OUT: Activity.IDLE,
        _T.MADE_READY: Activity.IDLE,
        _T.MADE_NOT_READY: Activity.IDLE,
        _T.PHONE_LOST: Activity.IDLE,
        _T.RESERVED: Activity.RESERVED,
        _T.ENGAGED: Activity.ENGAGED,
    },
    Activity.RESERVED: {
        _T.LOGGED_OUT: Activity.IDLE,
        _T.MADE_READY: Activity.RESERVED,
        _T.MADE_NOT_READY: Activity.IDLE,
        _T.PHONE_LOST: Activity.IDLE,
        _T.RANG: Activity.RINGING,
        _T.ANSWERED: Activity.TALKING,
        _T.DECLINED: Activity.IDLE,
        _T.RANG_OUT: Activity.IDLE,
        _T.OFFER_ENDED: Activity.IDLE,
        _T.ENGAGED: Activity.ENGAGED,
    },
    Activity.RINGING: {
        _T.LOGGED_OUT: Activity.IDLE,
        _T.MADE_READY: Activity.RINGING,
        _T.MADE_NOT_READY: Activity.IDLE,
        _T.PHONE_LOST: Activity.IDLE,
        _T.RANG: Activity.RINGING,
        _T.ANSWERED: Activity.TALKING,
        _T.DECLINED: Activity.IDLE,
        _T.RANG_OUT: Activity.IDLE,
        _T.OFFER_ENDED: Activity.IDLE,
        _T.ENGAGED: Activity.ENGAGED,
    },
    Activity.TALKING: {
        _T.PHONE_LOST: Activity.TALKING,
        _T.TALK_ENDED: Activity.IDLE,
    },
    Activity.ENGAGED: {
        _T.PHONE_LOST: Activity.ENGAGED,
        _T.DISENGAGED: Activity.IDLE,
    },
}

IN_CALL = frozenset({Activity.TALKING, Activity.ENGAGED})
"""Activities during which a wish for another presence is kept for later."""

DEFERRED: Mapping[AgentTrigger, Presence] = {
    _T.MADE_READY: Presence.READY,
    _T.MADE_NOT_READY: Presence.NOT_READY,
}
"""Triggers that become the pending presence in a call."""

APPLIED_LATER: Mapping[Presence, AgentTrigger] = {presence: trigger for trigger, presence in DEFERRED.items()}
"""The trigger that a pending presence stands for."""

IDLE_RESTARTS = frozenset({_T.DECLINED, _T.RANG_OUT, _T.TALK_ENDED, _T.DISENGAGED})
"""After these an agent stands last among the idle; after an offer that the caller ended, the place is kept."""


def _joined() -> dict[tuple[Presence, Activity, AgentTrigger], tuple[Presence, Activity]]:
    """Lay both tables over each other, once: a decision then is one look-up."""
    of_presence = {trigger for row in PRESENCE_TRANSITIONS.values() for trigger in row}
    of_activity = {trigger for row in ACTIVITY_TRANSITIONS.values() for trigger in row}
    table = {}
    for presence, presence_row in PRESENCE_TRANSITIONS.items():
        for activity, activity_row in ACTIVITY_TRANSITIONS.items():
            for trigger in AgentTrigger:
                after = (
                    presence_row.get(trigger) if trigger in of_presence else presence,
                    activity_row.get(trigger) if trigger in of_activity else activity,
                )
                if after[0] is not None and after[1] is not None:
                    table[presence, activity, trigger] = (after[0], after[1])
    return table


_TABLE = _joined()


def next_state(presence: Presence, activity: Activity, trigger: AgentTrigger) -> tuple[Presence, Activity]:
    """Return the state after a trigger; raises `InvalidTransition`."""
    after = _TABLE.get((presence, activity, trigger))
    if after is None:
        raise InvalidTransition(f"{presence}, {activity}", trigger)
    return after
