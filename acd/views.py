"""Pictures of the floor: the reports that go with every answer, and the snapshots that queries return."""

from collections.abc import Mapping

from acd.agent import Agent
from acd.agent_state import Activity, Presence
from acd.commands import ReportAgent, ReportContact
from acd.contact import Contact
from acd.contact_state import ContactState
from acd.floor import Floor, Queue
from acd.names import ContactId
from acd.snapshots import (
    AgentSnapshot,
    ContactSnapshot,
    QueueStatistics,
    Standing,
    Statistics,
    Tally,
    TaskSnapshot,
)
from acd.waiting_line import WaitingLine


def contact_report(contact: Contact) -> ReportContact:
    """Return the report of a contact as it is now."""
    return ReportContact(
        contact=contact.id,
        state=contact.state,
        queue=contact.queue,
        level=contact.level,
        agent=contact.agent,
        arrived_at=contact.arrived_at,
        medium=contact.medium,
        is_callback=contact.is_callback,
    )


def is_reported(contact: Contact) -> bool:
    """Whether a contact is as it was last reported; of many that wait on and are looked at, most are."""
    last = contact.reported
    return (
        last is not None
        and last.state is contact.state
        and last.queue == contact.queue
        and last.level == contact.level
        and last.agent == contact.agent
        and last.is_callback is contact.is_callback
        and last.arrived_at == contact.arrived_at
    )


def agent_report(agent: Agent, wrap_up_until: float | None) -> ReportAgent:
    """Return the report of an agent as it is now."""
    return ReportAgent(
        agent=agent.id,
        presence=agent.presence,
        activity=agent.activity,
        reason=agent.reason,
        contact=agent.contact,
        reachable=agent.reachable,
        since=agent.since,
        pending=agent.pending,
        pending_reason=agent.pending_reason,
        wrap_up_until=wrap_up_until,
        tasks=tuple(agent.tasks),
    )


def is_agent_reported(agent: Agent, wrap_up_until: float | None) -> bool:
    """Whether an agent is as last reported.  What differs mostly is looked at first."""
    last = agent.reported
    return (
        last is not None
        and last.activity is agent.activity
        and last.presence is agent.presence
        and last.contact == agent.contact
        and last.since == agent.since
        and last.reason == agent.reason
        and last.reachable is agent.reachable
        and last.pending is agent.pending
        and last.pending_reason == agent.pending_reason
        and last.wrap_up_until == wrap_up_until
        and last.tasks == tuple(agent.tasks)
    )


def position(floor: Floor, name: ContactId, now: float) -> int | None:
    """Return a contact's place in its line, None when it does not wait."""
    contact = floor.contacts.get(name)
    if contact is None or contact.state is not ContactState.WAITING:
        return None
    return floor.line(contact.place).position(contact, contact.place, now)


def contact_snapshot(contact: Contact, place: int | None) -> ContactSnapshot:
    """Return a picture of a contact at the place that it was found in."""
    return ContactSnapshot(
        contact=contact.id,
        queue=contact.queue,
        given=contact.given,
        level=contact.level,
        state=contact.state,
        arrived_at=contact.arrived_at,
        position=place,
        agent=contact.agent,
        offer=contact.offer,
        declined_by=tuple(sorted(contact.declined_by)),
        lines=tuple(Standing(place.queue, place.agent, place.need) for place in contact.standing),
        offers=tuple(contact.offers),
        medium=contact.medium,
        is_callback=contact.is_callback,
        given_at=contact.given_at,
        visits=tuple(contact.visits.items()),
    )


def line_snapshot(line: WaitingLine, now: float) -> tuple[ContactSnapshot, ...]:
    """Return a picture of a line, the next contact first."""
    return tuple(
        contact_snapshot(contact, place) for place, contact in enumerate(line.in_order(now), start=1)
    )


def agent_snapshot(agent: Agent, wrap_up_until: float | None) -> AgentSnapshot:
    """Return a picture of an agent."""
    return AgentSnapshot(
        agent=agent.id,
        queues=agent.queues,
        presence=agent.presence,
        activity=agent.activity,
        reason=agent.reason,
        pending=agent.pending,
        pending_reason=agent.pending_reason,
        reachable=agent.reachable,
        delayed=agent.is_delayed,
        contact=agent.contact,
        offer=agent.offer,
        since=agent.since,
        idle_since=agent.idle_since,
        wrap_up_until=wrap_up_until,
        skills=tuple(sorted(agent.skills.items())),
        priorities=tuple(sorted(agent.priorities.items())),
        rank=agent.rank,
        selection=agent.selection,
        shares=agent.shares,
        taken=agent.taken,
        talk_s=agent.talk_s,
        occupancy=agent.occupancy,
        tasks=tuple(TaskSnapshot(each.contact, each.medium, each.offer) for each in agent.tasks.values()),
        open_media=tuple(sorted(agent.open_media)),
        capacities=agent.capacities_name,
        no_answers=agent.no_answers,
    )


def queue_statistics(queue: Queue, now: float) -> QueueStatistics:
    """Return the figures of a queue.  Costs as much as there are contacts."""
    states = [contact.state for contact in queue.contacts.values()]
    return QueueStatistics(
        queue=queue.name,
        limit=queue.definition.limit,
        waiting=states.count(ContactState.WAITING),
        standing=len(queue.standing),
        offered=states.count(ContactState.OFFERED),
        connected=states.count(ContactState.CONNECTED),
        longest_wait_s=max((now - contact.arrived_at for contact in queue.standing.values()), default=0.0),
        agents_on_duty=len(queue.on_duty),
        agents_free=len(queue.free),
        callbacks=len(queue.callbacks),
    )


def statistics(floor: Floor, now: float, deadlines: int, tally: Mapping[str, int]) -> Statistics:
    """Return the figures of everything."""
    floor.file_free()
    return Statistics(
        now=now,
        queues=tuple(queue_statistics(queue, now) for _, queue in sorted(floor.queues.items())),
        agents=len(floor.agents),
        deadlines=deadlines,
        tally=Tally(**tally),
    )


def summary(floor: Floor) -> str:
    """Return everything in one line."""
    agents = [*floor.agents.values()]
    waiting = sum(contact.state is ContactState.WAITING for contact in floor.contacts.values())
    counts = {
        "queues": len(floor.queues),
        "waiting": waiting,
        "agents": len(agents),
        "free": sum(agent.is_available for agent in agents),
        "ringing": sum(agent.offer is not None for agent in agents),
        "talking": sum(agent.activity is Activity.TALKING for agent in agents),
        "wrap_up": sum(agent.presence is Presence.WRAP_UP for agent in agents),
    }
    return f"<Acd {' '.join(f'{name}={count}' for name, count in counts.items())}>"
