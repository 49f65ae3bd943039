"""What an agent may do with the call at the phone now, by name.  Pure.

The names are the last parts of the paths of the HTTP interface; a bar enables its buttons from them, and what is not
among them is refused with them.
"""

from softswitch.calls.call import Call, CallState
from softswitch.calls.hearing import Role
from softswitch.calls.party import CallParty


def allowed(call: Call, party: CallParty) -> tuple[str, ...]:
    """Return what this party of the call may ask for."""
    if not party.is_joined:
        return ("hang-up", "answer") if party.leg.can_be_asked else ("hang-up",)
    own = ("hang-up", "unmute" if party.muted else "mute")
    if party.role is Role.SUPERVISOR:
        return (*own, "stop-supervising")
    if call.is_away and party.role is Role.AGENT:
        return (*own, "reconnect")
    if call.state is not CallState.TALKING:
        return own
    if party.role is not Role.AGENT:
        return (*own, "digits")
    return (*own, "digits", *_with_the_caller(call), *(("drop",) if _has_others(call) else ()))


def _has_others(call: Call) -> bool:
    """Whether there is anybody beside caller and agent; a supervisor is not given away by what may be done."""
    return sum(each.role is not Role.SUPERVISOR for each in call.parties) > 2


def _with_the_caller(call: Call) -> tuple[str, ...]:
    """What the agent whose call it is may do with the caller, by how far a consult has come."""
    asked = call.consultee
    if asked is not None and asked.is_joined:
        return ("alternate", "reconnect", "conference", "transfer")
    if asked is not None or call.queue_consult is not None:
        return ("reconnect", "transfer")
    is_held = call.customer is not None and call.customer.held
    is_caller = call.customer is not None and not call.customer.agent
    to_flow = ("to-flow",) if is_caller else ()
    return ("retrieve" if is_held else "hold", "consult", "transfer", *to_flow)


def state_of(call: Call, party: CallParty) -> str:
    """Say in one word where this party is, for whoever asked for what is not allowed."""
    if not party.is_joined:
        return "ringing"
    if party.role is Role.SUPERVISOR:
        return "supervising"
    if call.consultee is not None or call.queue_consult is not None:
        return "consulting"
    return "held" if call.is_held else call.state.value
