"""Contact and agent move together, as the joint tables say."""

from acd.agent_state import Activity, AgentTrigger, Presence, next_state
from acd.contact_state import CONTACT_TRANSITIONS, ContactState, ContactTrigger
from acd.errors import InvalidTransition
from acd.joint_rules import AGENT_FOLLOWS, CONTACT_FOLLOWS

ACTIVITIES_OF = {
    ContactState.WAITING: {Activity.IDLE},
    ContactState.OFFERED: {Activity.RESERVED, Activity.RINGING},
    ContactState.CONNECTED: {Activity.TALKING},
    ContactState.LEFT: {Activity.IDLE},
    ContactState.ENDED: {Activity.IDLE},
}
"""Where the agent of a contact in this state is; of a waiting one, where the agent it lost has come to be."""


def test_after_a_contacts_trigger_both_are_where_they_belong() -> None:
    """The agent follows into the activity that goes with the contact's new state."""
    for (state, trigger), follow in AGENT_FOLLOWS.items():
        after = CONTACT_TRANSITIONS[state][trigger]
        for activity in ACTIVITIES_OF[state]:
            assert next_state(Presence.READY, activity, follow)[1] in ACTIVITIES_OF[after], (state, trigger)


def test_a_contact_with_an_agent_never_moves_alone() -> None:
    """Each trigger that fits an offered or connected contact is coupled, but for those the agent causes."""
    for state in (ContactState.OFFERED, ContactState.CONNECTED):
        for trigger in CONTACT_TRANSITIONS[state]:
            caused_by_agent = trigger is ContactTrigger.OFFER_ENDED
            assert ((state, trigger) in AGENT_FOLLOWS) is not caused_by_agent


def test_an_agent_on_offer_who_becomes_free_gives_the_contact_back() -> None:
    """Each trigger that takes a reserved or ringing agent away is coupled, but for those the contact causes."""
    caused_by_contact = set(AGENT_FOLLOWS.values())
    for activity in (Activity.RESERVED, Activity.RINGING):
        for trigger in AgentTrigger:
            try:
                after = next_state(Presence.READY, activity, trigger)[1]
            except InvalidTransition:
                continue
            if after in (Activity.IDLE, Activity.ENGAGED) and trigger not in caused_by_contact:
                assert CONTACT_FOLLOWS[activity, trigger] is ContactTrigger.OFFER_ENDED
            else:
                assert (activity, trigger) not in CONTACT_FOLLOWS


def test_what_follows_causes_nothing_further() -> None:
    """One step reaches the fixed point."""
    for activity, _ in CONTACT_FOLLOWS:
        assert all((activity, follow) not in CONTACT_FOLLOWS for follow in AGENT_FOLLOWS.values())
    for state, _ in AGENT_FOLLOWS:
        assert all((state, follow) not in AGENT_FOLLOWS for follow in CONTACT_FOLLOWS.values())
