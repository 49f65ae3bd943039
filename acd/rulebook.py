"""The rules in force: what the engine is told of queues, orders, shares and capacities, and whom it concerns at once."""

from acd import events
from acd.bonds import Bonds
from acd.contact_state import ContactState
from acd.errors import QueueOccupied
from acd.floor import Queue
from acd.medium import Capacities
from acd.strategies import order_named

_RULES_OF_WAITING = ("widening", "overflow", "dismisses_when")
"""Rules of a queue that hold at once for those who wait already."""


class Rulebook:
    """Takes definitions; each raises before anything has changed."""

    def __init__(self, bonds: Bonds) -> None:
        """Begin with the rules that hold where nothing was said."""
        self._bonds = bonds
        self._floor = bonds.floor

    def define_queue(self, event: events.QueueDefined) -> None:
        """Have a queue, or other rules for one; who waits stays."""
        queue = self._floor.queues.get(event.queue)
        order = order_named(event.strategy, self._floor.routings)
        if queue is None:
            queue = self._floor.queues[event.queue] = Queue(event, order, self._floor.attendance)
            self._floor.heed(queue)
        else:
            was, eras, raises = queue.definition, queue.eras, queue.raises
            queue.redefine(event, order, self._bonds.now)
            if queue.eras != eras:
                self._age_anew(queue)
            self._ring_anew(queue)
            self._floor.heed(queue)
            self._floor.recall_callbacks(queue)
            is_other = queue.raises != raises
            if is_other:
                for contact in queue.given.values():
                    contact.rises = queue.rises_of(contact.arrived_at)
            if is_other or any(getattr(was, rules) != getattr(event, rules) for rules in _RULES_OF_WAITING):
                for contact in tuple({**queue.given, **queue.standing}.values()):
                    if contact.state is ContactState.WAITING:
                        self._bonds.line_up_anew(contact)
        self._floor.make_room((event.queue,))

    def _age_anew(self, queue: Queue) -> None:
        """Whoever has a row for a queue wins by its new ageing from now on, and keeps what they won before."""
        for contact in tuple(queue.routed.values()):
            is_waiting = contact.state is ContactState.WAITING
            if is_waiting:
                self._bonds.step_out(contact)
            for place in contact.places:
                place.ageing = self._floor.queues[place.queue].ageing_since(contact.arrived_at)
            if is_waiting:
                self._bonds.line_up(contact)

    def _ring_anew(self, queue: Queue) -> None:
        """Who is on offer is so to all who are free if all ring together now, else to those alone whose phones ring."""
        queue.ringing.clear()
        if not queue.rings_all:
            return
        for contact in queue.contacts.values():
            if contact.offers and contact.place.agent is None:
                queue.ringing[contact.id] = contact
                self._floor.recall_free(contact.place)

    def define_routing(self, event: events.RoutingDefined) -> None:
        """Have an order in which contacts look at agents; queues that name it follow."""
        self._floor.routings[event.name] = event.criteria
        for queue in self._floor.queues.values():
            if queue.definition.strategy == event.name:
                queue.redefine(queue.definition, event.criteria, self._bonds.now)

    def define_selection(self, event: events.SelectionDefined) -> None:
        """Have an order in which agents look at contacts."""
        self._floor.selections[event.name] = event.criteria

    def define_shares(self, event: events.SharesDefined) -> None:
        """Have shares between regions; counting begins anew."""
        self._floor.shares[event.name] = {each.region: each.share for each in event.shares}
        for key in [key for key in self._floor.ledgers if key[0] == event.name]:
            del self._floor.ledgers[key]

    def define_capacities(self, event: events.CapacitiesDefined) -> None:
        """Have a rule of what agents may have in hand at once; those who have it follow."""
        self._floor.capacities[event.name] = Capacities(event.capacities, event.most_in_all)
        for agent in self._floor.agents.values():
            if agent.capacities_name == event.name:
                self._floor.take_off(agent)
                agent.allow(event.name, self._floor.capacities[event.name])
                self._bonds.settle(agent)

    def open_or_close(self, event: events.QueueHoursChanged) -> None:
        """A queue opens or closes."""
        queue = self._floor.queue(event.queue)
        queue.is_open = event.is_open
        self._floor.heed(queue)
        self._floor.changed_queues[queue.name] = queue

    def remove_queue(self, event: events.QueueRemoved) -> None:
        """Have a queue no more; raises `QueueOccupied` while it has contacts."""
        queue = self._floor.queue(event.queue)
        if queue.routed:
            raise QueueOccupied(event.queue, len(queue.routed))
        self._floor.close(queue)
