"""What a change of a contact means for its agent, and the other way round.

The two machines do not know each other; here, and only here, they are coupled.  One step is always enough: a
trigger that follows is never the cause of a further one.
"""

from collections.abc import Mapping

from acd.agent_state import Activity, AgentTrigger
from acd.contact_state import ContactState, ContactTrigger

AGENT_FOLLOWS: Mapping[tuple[ContactState, ContactTrigger], AgentTrigger] = {
    (ContactState.WAITING, ContactTrigger.OFFERED): AgentTrigger.RESERVED,
    (ContactState.OFFERED, ContactTrigger.ACCEPTED): AgentTrigger.ANSWERED,
    (ContactState.OFFERED, ContactTrigger.MOVED): AgentTrigger.OFFER_ENDED,
    (ContactState.OFFERED, ContactTrigger.LEFT): AgentTrigger.OFFER_ENDED,
    (ContactState.CONNECTED, ContactTrigger.MOVED): AgentTrigger.TALK_ENDED,
    (ContactState.CONNECTED, ContactTrigger.REQUEUED): AgentTrigger.TALK_ENDED,
    (ContactState.CONNECTED, ContactTrigger.LEFT): AgentTrigger.TALK_ENDED,
    (ContactState.CONNECTED, ContactTrigger.ENDED): AgentTrigger.TALK_ENDED,
}
"""A contact in this state meets this trigger: its agent meets that one."""

CONTACT_FOLLOWS: Mapping[tuple[Activity, AgentTrigger], ContactTrigger] = {
    (activity, trigger): ContactTrigger.OFFER_ENDED
    for activity in (Activity.RESERVED, Activity.RINGING)
    for trigger in (
        AgentTrigger.DECLINED,
        AgentTrigger.RANG_OUT,
        AgentTrigger.MADE_NOT_READY,
        AgentTrigger.LOGGED_OUT,
        AgentTrigger.PHONE_LOST,
        AgentTrigger.ENGAGED,
    )
}
"""An agent with this activity meets this trigger: the contact on offer meets that one."""
