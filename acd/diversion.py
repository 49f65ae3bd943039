"""Contacts that do not wait on where they are: by the overflow rules of their queue, or because nobody is there.

After matching, whoever still waits and has a reason to be looked at is: a newcomer, one whose wait reached a rule's, all
of a queue whose agents or hours changed.  What is done makes new reasons at most as often as there are queues to go to,
so it ends.
"""

from acd.bonds import Bonds
from acd.commands import DismissContact, DivertContact, RefuseContact, ReportOverflow
from acd.contact import Contact, Place
from acd.contact_state import ContactState, ContactTrigger
from acd.estimate import Band, Paces
from acd.floor import Queue
from acd.names import ContactId, QueueName
from acd.overflow import Overflow, Target, TargetKind
from acd.routes import Route
from acd.stay import FloorRestored


class Diversions:
    """Looks at who should be looked at, until nobody is left."""

    def __init__(self, bonds: Bonds, paces: Paces) -> None:
        """Begin with nobody to look at."""
        self._bonds = bonds
        self._floor = bonds.floor
        self._paces = paces
        self._newcomers: dict[ContactId, Contact] = {}
        self._returned: dict[ContactId, Contact] = {}  # of before a restart, not to be looked at yet

    def came(self, contact: Contact, *, is_back: bool = False) -> None:
        """A contact was given to a queue: look at it as one who just came, or, where it `is_back`, with all who are."""
        self._returned.pop(contact.id, None)
        (self._returned if is_back else self._newcomers)[contact.id] = contact

    def floor_restored(self, event: FloorRestored) -> None:
        """Whoever was to come back after a restart has: look at those who waited before."""
        returned, self._returned = self._returned, {}
        self._floor.due.update(returned)

    def run(self) -> None:
        """Divert and dismiss whoever waits in vain."""
        floor = self._floor
        while self._newcomers or floor.due or floor.changed_queues or floor.with_room:
            newcomers, self._newcomers = self._newcomers, {}
            due, floor.due = floor.due, {}
            changed, floor.changed_queues = floor.changed_queues, {}
            for contact in newcomers.values():
                self._look_at(contact, is_new=True)
            for contact in due.values():
                self._look_at(contact, is_new=False)
            for queue in changed.values():
                if queue.sends_away:
                    for contact in tuple(queue.given.values()):
                        self._look_at(contact, is_new=False)
            while floor.with_room:
                self._let_on(floor.with_room.popitem()[0])
            self._bonds.match()

    def _let_on(self, name: QueueName) -> None:
        """Look again at those who could not go to a queue, as long as it takes one."""
        turned_back = self._floor.turned_back
        while name in turned_back:
            waiting = turned_back[name]
            if not waiting:
                del turned_back[name]
            elif self._takes_one(name):
                self._look_at(waiting.pop(next(iter(waiting))), is_new=False)
            else:
                return

    def would_divert(self, contact: Contact) -> bool:
        """Whether one who comes to a full queue goes elsewhere at once."""
        return self._rule_for(contact, is_new=True, is_here=False) is not None

    def refused(self, contact: Contact, target: Target) -> None:
        """The shell cannot bring a contact to a target: it is not tried again for this one, others are."""
        contact.refused_targets.add(target)
        contact.is_diverted = False
        cause = contact.let_in_despite
        if cause is not None and contact.state is ContactState.WAITING and not self.would_divert(contact):
            self._bonds.tally["refused"] += 1
            self._bonds.order(RefuseContact(contact=contact.id, queue=contact.given, cause=cause))
            self._send_off(contact)
        else:
            self.came(contact)

    def _look_at(self, contact: Contact, *, is_new: bool) -> None:
        if contact.state is not ContactState.WAITING or contact.is_diverted or contact.id in self._returned:
            return
        queue = self._floor.queues[contact.given]
        rule = self._rule_for(contact, is_new=is_new)
        if rule is not None:
            self._follow(rule, contact)
        elif (
            not contact.is_callback
            and queue.is_forsaken(queue.definition.dismisses_when)
            and queue.is_only_hope(contact.standing)
        ):
            self._bonds.order(DismissContact(contact=contact.id, queue=queue.name))
            self._send_off(contact)

    def _rule_for(self, contact: Contact, *, is_new: bool, is_here: bool = True) -> Overflow | None:
        """The rule that sends a contact elsewhere now, the first there is.

        One that `is_here` goes on later where the target has no room now.
        """
        queue = self._floor.queues[contact.given]
        for rule in queue.definition.overflow if is_new else queue.overflow_later:
            if not (rule.is_for(contact.level, contact.strategy) and self._holds(rule, queue, contact)):
                continue
            if self._can_go(rule, contact):
                return rule
            if is_here and not rule.is_for_newcomers and self._is_queue_for(rule, contact):
                self._floor.turn_back(contact, QueueName(rule.target.name))
        return None

    def _holds(self, rule: Overflow, queue: Queue, contact: Contact) -> bool:
        now = self._bonds.now
        if rule.waited_s is not None and not contact.given_at + rule.waited_s <= now:
            return False
        if not queue.is_so(rule):
            return False
        others = len(queue.standing) - (contact.id in queue.standing)
        if rule.waiting is not None and not others > rule.waiting:
            return False
        if rule.longest_wait_s is not None:
            first = queue.longest_waiting()
            if first is None or first is contact or not first.has_waited(rule.longest_wait_s, now):
                return False
        if rule.expected_wait_s is not None:
            expected_s = self._expected_wait_s(queue, others)
            return expected_s is not None and expected_s > rule.expected_wait_s
        return True

    def expected_wait_s(self, queue: Queue) -> float | None:
        """Return the middle of the wait behind all who stand there; None while too little is known, or nobody is on duty."""
        return self._expected_wait_s(queue, len(queue.standing))

    def expected_band(self, queue: Queue, position: int) -> Band | None:
        """Return the band of the wait at a place of the line; None while too little is known, or nobody is on duty."""
        return self._paces.expected_wait(queue.name, position, len(queue.on_duty))

    def _expected_wait_s(self, queue: Queue, others: int) -> float | None:
        band = self.expected_band(queue, others + 1)
        return None if band is None else (band.low_s + band.high_s) / 2

    def _can_go(self, rule: Overflow, contact: Contact) -> bool:
        if rule.target.kind is not TargetKind.QUEUE:
            return contact.is_caller_there and rule.target not in contact.refused_targets
        return self._is_queue_for(rule, contact) and self._takes_one(QueueName(rule.target.name))

    def _is_queue_for(self, rule: Overflow, contact: Contact) -> bool:
        """Whether the target is a queue, to which the contact may still go."""
        is_queue = rule.target.kind is TargetKind.QUEUE
        return is_queue and contact.visits.get(QueueName(rule.target.name), 0) < rule.most_visits

    def _takes_one(self, name: QueueName) -> bool:
        """Whether a queue has room for one more, and somebody."""
        queue = self._floor.queues.get(name)
        return (
            queue is not None
            and len(queue.standing) < queue.definition.limit
            and not queue.is_forsaken(queue.definition.refuses_when)
        )

    def _follow(self, rule: Overflow, contact: Contact) -> None:
        if rule.target.kind is not TargetKind.QUEUE:
            contact.is_diverted = True
            self._bonds.tally["diverted"] += 1
            self._bonds.order(
                DivertContact(contact=contact.id, queue=contact.given, target=rule.target, rule=rule)
            )
            return
        target = self._floor.queues[QueueName(rule.target.name)]
        self._bonds.tally["overflowed"] += 1
        self._bonds.order(ReportOverflow(contact=contact.id, queue=contact.given, target=target.name))
        skills = () if rule.drops_skills else contact.places[0].route.skills
        self._bonds.take_out("diversion", contact)
        self._bonds.give_to(
            contact, target, (Place(target.name, Route(skills=skills), medium=contact.medium),)
        )
        self.came(contact)

    def _send_off(self, contact: Contact) -> None:
        self._bonds.tell_contact("diversion", contact, ContactTrigger.LEFT)
        self._bonds.tally["left"] += 1
        self._floor.forget(contact)
