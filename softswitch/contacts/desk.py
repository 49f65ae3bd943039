"""Contacts for whoever asks by HTTP.  Implements `api.contact_views.ContactsPort`."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from api.contact_views import ContactBody, ContactsQuery, ContactView
from api.faults import NotFound, Refused
from api.reach import Reach
from api.views import Page, WallTime
from softswitch.calls import attached_data
from softswitch.contacts.contact import MediaContact, WorkState
from softswitch.contacts.contacts import Contacts
from softswitch.settings.agents import AgentSettings
from softswitch.store.pages import from_cursor, page_of, to_cursor

LEVEL_MOST: Final = 100
"""As for the skills of agents."""


class ContactDesk:
    """Shows contacts, takes new ones, and what agents do with them.

    Whoever is told that something was done can rely on it: it is on the disk before the answer goes out.
    """

    def __init__(
        self,
        contacts: Contacts,
        agents: Callable[[], Iterable[AgentSettings]],
        written: Callable[[], Awaitable[None]],
    ) -> None:
        """Over these contacts; `agents` gives those of the business as it stands, `written` waits for the disk."""
        self._contacts = contacts
        self._agents = agents
        self._written = written

    async def list(self, query: ContactsQuery, reach: Reach) -> Page[ContactView]:
        """A page of contacts within reach, newest first; `Refused("bad_cursor")`."""
        before = from_cursor(query.cursor) if query.cursor else None
        found = [
            each
            for each in reversed(self._contacts.all())
            if _is_within(reach, each)
            and query.state in ("", each.state)
            and query.medium in ("", each.medium)
            and query.queue in ("", each.queue)
            and query.agent in ("", each.agent, *each.offers)
            and (before is None or (each.arrived_at, each.contact_id) < before)
        ]
        shown = [self._shown(each) for each in found[: query.limit + 1]]
        return page_of(shown, query.limit, lambda last: to_cursor(last.arrived_at, last.contact_id))

    async def get(self, contact_id: str, reach: Reach) -> ContactView:
        """One contact; `NotFound`."""
        return self._shown(self._need(contact_id, reach))

    async def queue(self, body: ContactBody, by: str) -> ContactView:
        """A contact came; `Refused`, `Conflict`."""
        attached_data.checked(body.data)
        return await self._done(
            self._contacts.queue(
                body.medium,
                body.queue,
                level=body.level,
                address=body.address,
                data=body.data,
                by=by,
                wanted=self._known_agent(body.agent),
                skills=self._known_skills(body.skills),
                route=body.route,
            )
        )

    def _known_agent(self, agent_id: str) -> str:
        """An agent of the business, or empty; `Refused`."""
        if agent_id and agent_id not in {each.id for each in self._agents()}:
            raise Refused("unknown_agent", f"没有此坐席 / there is no agent {agent_id!r}")
        return agent_id

    def _known_skills(self, skills: dict[str, Any]) -> dict[str, int]:
        """Levels by skills that some agent has; `Refused` names the one that is wrong."""
        known = {skill.name for agent in self._agents() for skill in agent.skills}
        for name, level in skills.items():
            if name not in known:
                raise Refused("unknown_skill", f"没有坐席有此技能 / no agent has the skill {name[:64]!r}")
            if type(level) is not int or not 1 <= level <= LEVEL_MOST:
                raise Refused(
                    "skill_level",
                    f"{name!r} 的级别应为 1 至 {LEVEL_MOST} / needs a level of 1 to {LEVEL_MOST}",
                )
        return skills

    async def cancel(self, contact_id: str, reach: Reach, by: str) -> ContactView:
        """It is not wanted any more; `NotFound`, `Conflict`."""
        self._need(contact_id, reach)
        return await self._done(self._contacts.cancel(contact_id, by))

    async def accept(self, agent_id: str, contact_id: str) -> ContactView:
        """The agent takes it; `NotFound`, `Conflict`."""
        return await self._done(self._contacts.accept(agent_id, contact_id))

    async def decline(self, agent_id: str, contact_id: str) -> ContactView:
        """The agent does not; `NotFound`, `Conflict`."""
        return await self._done(self._contacts.decline(agent_id, contact_id))

    async def complete(self, agent_id: str, contact_id: str) -> ContactView:
        """The agent is done with it; `NotFound`, `Conflict`."""
        return await self._done(self._contacts.complete(agent_id, contact_id))

    async def _done(self, contact: MediaContact) -> ContactView:
        await self._written()
        return self._shown(contact)

    def _need(self, contact_id: str, reach: Reach) -> MediaContact:
        contact = self._contacts.get(contact_id)
        if not _is_within(reach, contact):
            raise NotFound("contact", contact_id)
        return contact

    def _shown(self, contact: MediaContact) -> ContactView:
        return ContactView(
            contact_id=contact.contact_id,
            medium=contact.medium,
            queue=contact.queue,
            level=contact.level,
            skills=dict(contact.skills),
            route=contact.route,
            address=contact.address,
            state=contact.state.value,
            position=self._contacts.position(contact),
            offered_to=tuple(contact.offers),
            agent=contact.agent,
            arrived_at=WallTime(contact.arrived_at),
            accepted_at=None if contact.accepted_at is None else WallTime(contact.accepted_at),
            closed_at=None if contact.closed_at is None else WallTime(contact.closed_at),
            allowed=_allowed(contact),
            data=dict(contact.data),
        )


def _allowed(contact: MediaContact) -> tuple[str, ...]:
    match contact.state:
        case WorkState.WAITING:
            return ("cancel",)
        case WorkState.OFFERED:
            return ("accept", "decline", "cancel")
        case WorkState.ACCEPTED:
            return ("complete", "cancel")
        case _:
            return ()


def _is_within(reach: Reach, contact: MediaContact) -> bool:
    """Agents see what they have or are shown, supervisors what stands in their queues."""
    agents = {contact.agent, *contact.offers}
    return (
        reach.is_all or bool(agents & reach.agents) or (reach.sees_queued and contact.queue in reach.queues)
    )
