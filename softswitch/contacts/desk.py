"""Contacts for whoever asks by HTTP.  Implements `api.contact_views.ContactsPort`."""

from api.contact_views import ContactBody, ContactsQuery, ContactView
from api.faults import NotFound
from api.reach import Reach
from api.views import Page, WallTime
from softswitch.calls import attached_data
from softswitch.contacts.contact import MediaContact, WorkState
from softswitch.contacts.contacts import Contacts
from softswitch.store.reader import from_cursor, to_cursor


class ContactDesk:
    """Shows contacts, takes new ones, and what agents do with them."""

    def __init__(self, contacts: Contacts) -> None:
        """Over these contacts."""
        self._contacts = contacts

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
        page = found[: query.limit]
        more = to_cursor(page[-1].arrived_at, page[-1].contact_id) if len(found) > query.limit else None
        return Page(items=tuple(self._shown(each) for each in page), next_cursor=more)

    async def get(self, contact_id: str, reach: Reach) -> ContactView:
        """One contact; `NotFound`."""
        return self._shown(self._need(contact_id, reach))

    async def queue(self, body: ContactBody, by: str) -> ContactView:
        """A contact came; `Refused`, `Conflict`."""
        attached_data.checked(body.data)
        return self._shown(
            self._contacts.queue(
                body.medium, body.queue, level=body.level, address=body.address, data=body.data, by=by
            )
        )

    async def cancel(self, contact_id: str, reach: Reach, by: str) -> ContactView:
        """It is not wanted any more; `NotFound`, `Conflict`."""
        self._need(contact_id, reach)
        return self._shown(self._contacts.cancel(contact_id, by))

    async def accept(self, agent_id: str, contact_id: str) -> ContactView:
        """The agent takes it; `NotFound`, `Conflict`."""
        return self._shown(self._contacts.accept(agent_id, contact_id))

    async def decline(self, agent_id: str, contact_id: str) -> ContactView:
        """The agent does not; `NotFound`, `Conflict`."""
        return self._shown(self._contacts.decline(agent_id, contact_id))

    async def complete(self, agent_id: str, contact_id: str) -> ContactView:
        """The agent is done with it; `NotFound`, `Conflict`."""
        return self._shown(self._contacts.complete(agent_id, contact_id))

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
