"""All contacts of other media than voice: in the distributor's lines with the calls, and in their agents' hands.

What an agent accepted is written down before the answer goes out, and is theirs again after a restart; what was only
offered stands in its line again, with the place it had.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import structlog

from acd import commands as acd_orders
from acd import events as acd_facts
from acd.contact_state import ContactState
from acd.levels import CallerHistory
from acd.medium import Medium
from acd.names import AgentId, ContactId, OfferId, QueueName, SkillName
from acd.routes import Route
from acd.skills import SkillLevel
from api.faults import Conflict, NotFound, Refused
from softswitch.calls.call_table import CallTable
from softswitch.calls.kept_stays import KeptStay
from softswitch.contacts.contact import MediaContact, WorkState
from softswitch.store import entries
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

TABLE: Final = "contact"
REMEMBERED: Final = 2_000
"""Contacts that are over and still shown; beyond that the oldest are forgotten (the journal has them all)."""

_SEEN: Final[Mapping[ContactState, WorkState]] = {
    ContactState.WAITING: WorkState.WAITING,
    ContactState.OFFERED: WorkState.OFFERED,
    ContactState.CONNECTED: WorkState.ACCEPTED,
}


class Contacts:
    """Tells the distributor of them, and does what it orders."""

    closed: Callable[[MediaContact, str], None] = staticmethod(lambda contact, by: None)
    """Told of each contact that is over, and who said so; set by the room that brought it."""

    def __init__(self, table: CallTable, keeper: StateKeeper, token: Callable[[int], str]) -> None:
        """`token` gives so many random bytes as text."""
        self._table = table
        self._keeper = keeper
        self._token = token
        self._contacts: dict[str, MediaContact] = {}

    # ---- what integrators ask ------------------------------------------------------------------------

    def all(self) -> tuple[MediaContact, ...]:
        """Every contact that is remembered, the oldest first."""
        return tuple(self._contacts.values())

    def get(self, contact_id: str) -> MediaContact:
        """One contact; `NotFound`."""
        found = self._contacts.get(contact_id)
        if found is None:
            raise NotFound("contact", contact_id)
        return found

    def has_open(self, contact_id: str) -> bool:
        """Whether it is one of these, and not over."""
        found = self._contacts.get(contact_id)
        return found is not None and found.is_open

    def position(self, contact: MediaContact) -> int | None:
        """The place in the line, 1 for the next; None when it does not wait."""
        return self._table.dispatcher.engine.position(ContactId(contact.contact_id))

    def find(self, contact_id: str) -> MediaContact | None:
        """One contact, None for one that is not remembered."""
        return self._contacts.get(contact_id)

    def queue(
        self,
        medium: str,
        queue: str,
        *,
        level: int,
        address: str,
        data: dict[str, Any],
        by: str,
        contact_id: str = "",
        wanted: str = "",
        skills: Mapping[str, int] = MappingProxyType({}),
        route: str = "",
    ) -> MediaContact:
        """A contact has come; `Refused` for an unknown queue or route, `Conflict` when the queue takes nobody.

        It is for the agent who is `wanted` alone, whatever queues they serve.  By a `route` (a dialled number in its normal
        form) it comes as a call would: to its queue where no other is named, at its level, in the lines of its table.  Who
        gives it a `contact_id` knows that no open contact has it.
        """
        if route:
            point = self._table.callers.route_point(route)
            if point is None:
                raise Refused("unknown_route", f"没有此路由点 / there is no route point {route!r}")
            queue = queue or point.queue
            level += point.level_of(address, self._table.callers.lists_of(address, self._table.clock.wall()))
        if QueueName(queue) not in {each.queue for each in self._table.dispatcher.engine.statistics().queues}:
            raise Refused("unknown_queue", f"没有此队列 / there is no queue {queue!r}")
        now = self._table.clock.wall()
        contact = MediaContact(
            contact_id=contact_id or f"ct-{int(now * 1000):011x}-{self._token(3)}",
            medium=medium,
            queue=queue,
            arrived_at=now,
            level=level,
            given_level=level,
            address=address,
            data=data,
            wanted=wanted,
            skills=dict(skills),
            route=route,
        )
        self._contacts.pop(contact.contact_id, None)  # of before: the newest stands last
        self._contacts[contact.contact_id] = contact  # an agent may be offered it at once
        self._table.chronicle.record(
            entries.ContactQueued(
                at=now, contact_id=contact.contact_id, medium=medium, queue=queue, address=address, by=by
            )
        )
        self._keep(contact)
        self._table.dispatcher.tell(self._queued(contact))
        if contact.state is WorkState.REFUSED:
            raise Conflict("queue_refused", "队列不接纳 / the queue takes nobody", contact.state.value)
        self._forget_old()
        return contact

    def cancel(self, contact_id: str, by: str) -> MediaContact:
        """It is not wanted any more, whoever has it; `NotFound`, or `Conflict` when it is over."""
        return self._over(self.get(contact_id), WorkState.CANCELLED, by)

    # ---- what agents do --------------------------------------------------------------------------------

    def accept(self, agent: str, contact_id: str) -> MediaContact:
        """An agent takes what they are offered; `Conflict` when they are not (any more)."""
        contact = self.get(contact_id)
        offer = self._offer_to(agent, contact)
        self._table.dispatcher.tell(acd_facts.OfferAccepted(offer=offer))
        return contact

    def decline(self, agent: str, contact_id: str) -> MediaContact:
        """An agent does not take it: it goes to somebody else."""
        contact = self.get(contact_id)
        offer = self._offer_to(agent, contact)
        contact.offers.pop(agent)
        self._table.dispatcher.tell(
            acd_facts.OfferDeclined(offer=offer, cause=acd_facts.DeclineCause.DECLINED)
        )
        return contact

    def complete(self, agent: str, contact_id: str) -> MediaContact:
        """The agent who has it is done with it."""
        contact = self.get(contact_id)
        if contact.state is not WorkState.ACCEPTED or contact.agent != agent:
            raise _not_theirs(contact)
        return self._over(contact, WorkState.COMPLETED, agent)

    def _offer_to(self, agent: str, contact: MediaContact) -> OfferId:
        offer = contact.offers.get(agent)
        if offer is None or not self._table.dispatcher.engine.has_offer(OfferId(offer)):
            raise _not_theirs(contact)
        return OfferId(offer)

    def _over(self, contact: MediaContact, state: WorkState, by: str) -> MediaContact:
        if not contact.is_open:
            raise _not_theirs(contact)
        contact.become(state)
        self._close(contact, by)
        self._table.dispatcher.tell_late(
            acd_facts.ContactLeft(contact=ContactId(contact.contact_id), cause=state.value)
        )
        return contact

    # ---- what the distributor orders ---------------------------------------------------------------------

    def carry_out(self, order: acd_orders.Command) -> bool:
        """Do an order that concerns a contact of ours; False for all others."""
        contact = self._contacts.get(getattr(order, "contact", None) or "")
        if contact is None:
            return False
        match order:
            case acd_orders.OfferContact():
                contact.offers[order.agent] = order.offer
                self._record(entries.ContactOffered, contact, order.agent)
            case acd_orders.WithdrawOffer():
                contact.offers.pop(order.agent, None)
                self._record(entries.ContactWithdrawn, contact, order.agent)
            case acd_orders.DivertContact():
                self._table.dispatcher.tell_late(
                    acd_facts.DiversionRefused(contact=order.contact, target=order.target)
                )
            case acd_orders.RefuseContact() | acd_orders.DismissContact():
                contact.become(WorkState.REFUSED)
                self._close(contact, "")
            case acd_orders.ReportContact():
                self._seen(contact, order)
            case acd_orders.ReportOverflow() | acd_orders.ReportWidening():
                pass  # the report of the contact tells the queue
            case _:
                return False
        return True

    def _seen(self, contact: MediaContact, order: acd_orders.ReportContact) -> None:
        state = _SEEN.get(order.state)
        if state is None or not contact.is_open:
            return
        was = contact.state
        contact.become(state)
        contact.queue, contact.level = order.queue, order.level
        if state is WorkState.ACCEPTED and was is not WorkState.ACCEPTED:
            contact.agent, contact.accepted_at = order.agent or "", self._table.clock.wall()
            contact.offers.clear()
            self._record(entries.ContactAccepted, contact, contact.agent)
        self._keep(contact)

    # ---- a restart -----------------------------------------------------------------------------------------

    def restore(self) -> None:
        """Know everything of before a restart; who waited stands in line again.  Before the agents are back."""
        for contact_id, record in self._keeper.load(TABLE).items():
            try:
                self._contacts[contact_id] = MediaContact.restored(record)
            except (KeyError, TypeError, ValueError, AttributeError):
                log.exception("contact.unreadable", contact_id=contact_id)
                self._keeper.remove(TABLE, contact_id)
        for contact in sorted(self._contacts.values(), key=lambda each: each.arrived_at):
            if contact.state is WorkState.WAITING:
                self._wait_again(contact)

    def clock_set(self, by_s: float) -> None:
        """The wall clock was set: who came before somebody else still did."""
        for contact in self._contacts.values():
            if contact.is_open:
                contact.arrived_at += by_s
                contact.accepted_at = None if contact.accepted_at is None else contact.accepted_at + by_s
                self._keep(contact)

    def in_hand(self, agent: str) -> tuple[acd_facts.ContactRestored, ...]:
        """What an agent had accepted before a restart, of queues that there are: they come back with it."""
        queues = self._table.dispatcher.engine.statistics().queues
        names = {each.queue for each in queues}
        return tuple(
            acd_facts.ContactRestored(
                contact=ContactId(contact.contact_id),
                queue=QueueName(contact.queue),
                agent=AgentId(agent),
                medium=Medium(contact.medium),
                level=contact.given_level,
                arrived_at=self._table.clock.moment_of(contact.arrived_at),
            )
            for contact in self._contacts.values()
            if contact.state is WorkState.ACCEPTED and contact.agent == agent and contact.queue in names
        )

    def hand_back(self) -> None:
        """What was accepted by agents who are not back waits again.  After the agents are back."""
        for contact in self._contacts.values():
            is_back = self._table.dispatcher.engine.contact(ContactId(contact.contact_id)) is not None
            if contact.state is WorkState.ACCEPTED and not is_back:
                contact.become(WorkState.WAITING)
                contact.agent, contact.accepted_at = "", None
                self._wait_again(contact)
                self._keep(contact)

    def _wait_again(self, contact: MediaContact) -> None:
        """In the line of before a restart, for as long as it has; nobody turns it away though no agent is back yet."""
        stood = contact.stay or KeptStay(since=contact.arrived_at, visits={})
        fact = replace(self._queued(contact), stay=stood.told(self._table.clock))
        self._table.dispatcher.tell_late(fact)

    # ---- traces --------------------------------------------------------------------------------------------

    def _queued(self, contact: MediaContact) -> acd_facts.ContactQueued:
        callers, now = self._table.callers, self._table.clock.wall()
        point = callers.route_point(contact.route) if contact.route else None
        skills = tuple(
            SkillLevel(skill=SkillName(name), level=level) for name, level in contact.skills.items()
        )
        rows: tuple[Route, ...] = ()
        if contact.wanted:
            rows = (Route(agent=AgentId(contact.wanted), skills=skills),)
        elif point is not None and point.queue == contact.queue:
            rows = tuple(
                replace(row, skills=skills or row.skills)
                for row in callers.rows_of(point, contact.address, now)
            )
        return acd_facts.ContactQueued(
            contact=ContactId(contact.contact_id),
            queue=QueueName(contact.queue),
            level=contact.given_level,
            arrived_at=self._table.clock.moment_of(contact.arrived_at),
            medium=Medium(contact.medium),
            skills=() if rows else skills,
            routes=rows,
            caller=CallerHistory(lists=callers.lists_of(contact.address, now)),
            strategy=0 if point is None else point.strategy,
            region=callers.region_of(contact.address, point),
        )

    def _close(self, contact: MediaContact, by: str) -> None:
        contact.closed_at = self._table.clock.wall()
        contact.offers.clear()
        self._table.chronicle.record(
            entries.ContactClosed(
                at=contact.closed_at,
                contact_id=contact.contact_id,
                queue=contact.queue,
                agent=contact.agent,
                state=contact.state.value,
                by=by,
            )
        )
        self._keep(contact)
        self.closed(contact, by)

    def _record(
        self,
        kind: type[entries.ContactOffered | entries.ContactWithdrawn | entries.ContactAccepted],
        contact: MediaContact,
        agent: str,
    ) -> None:
        self._table.chronicle.record(
            kind(
                at=self._table.clock.wall(),
                contact_id=contact.contact_id,
                medium=contact.medium,
                queue=contact.queue,
                agent=agent,
            )
        )

    def _keep(self, contact: MediaContact) -> None:
        table = self._table
        contact.stay = KeptStay.now(table.dispatcher.engine, table.clock, contact.contact_id)
        self._keeper.put(TABLE, contact.contact_id, contact.to_record())

    def _forget_old(self) -> None:
        over = [each.contact_id for each in self._contacts.values() if not each.is_open]
        for contact_id in over[: max(0, len(over) - REMEMBERED)]:
            del self._contacts[contact_id]
            self._keeper.remove(TABLE, contact_id)


def _not_theirs(contact: MediaContact) -> Conflict:
    return Conflict(
        "contact_not_theirs",
        "此联系不在此坐席手中,或已结束 / it is not with this agent, or over",
        contact.state.value,
    )
