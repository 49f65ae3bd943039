"""Who is there: all queues, agents and contacts, indexed for the questions that matching asks.

The indexes follow the states, never the other way round: after a change of an agent `settle` files it anew, a
contact that waits is put in its lines by `stand` and taken out of all of them by `leave`.  What was filed anew is
*fresh*: only a pair with a fresh agent or a fresh contact can have become possible, so matching looks at nothing else.
"""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from acd.agent import Agent
from acd.agent_state import AgentCondition, Presence
from acd.attendance import Attendance
from acd.contact import TIMELESS, Ageing, Contact, Era, Place
from acd.criteria import RING_ALL, SELECTION, Order, Selection
from acd.errors import UnknownQueue
from acd.events import QueueDefined
from acd.free_agents import FreeAgents
from acd.levels import Raises, Rise, raises_by, rises_of
from acd.medium import VOICE_ALONE, Capacities
from acd.names import AgentId, ContactId, QueueName
from acd.overflow import Overflow
from acd.shares import Ledger
from acd.stay import Stay
from acd.waiting_line import WaitingLine

DEFAULT = ""
"""The name of the selection and of the capacities of agents who were given no other."""


class Queue:
    """A queue with its line and its agents."""

    __slots__ = (
        "_agent_rules",
        "ageing",
        "attendance",
        "callbacks",
        "contacts",
        "definition",
        "eras",
        "free",
        "given",
        "is_open",
        "level_rules",
        "line",
        "lined_up",
        "members",
        "name",
        "on_duty",
        "overflow_later",
        "overflow_waits_s",
        "raises",
        "ringing",
        "routed",
        "standing",
        "turns",
    )

    def __init__(self, definition: QueueDefined, order: Order, attendance: Attendance) -> None:
        """Begin without anybody, to look for agents in an order."""
        self.name = definition.queue
        self.definition = definition
        self.eras: tuple[Era, ...] = ()  # of other ageing than that of now
        gains = raises_by(definition.level_rules)
        self.raises: tuple[Raises, ...] = (Raises(gains),) if gains else ()  # by all rules that ever held
        self.line = WaitingLine()
        self.routed: dict[ContactId, Contact] = {}  # with a row for this queue, whatever their state
        self.given: dict[ContactId, Contact] = {}  # those whom the rules of this queue hold for
        self.contacts: dict[ContactId, Contact] = {}  # those who count here: waiting, offered or connected
        self.standing: dict[ContactId, Contact] = {}  # waiting here for its agents, or for one by its rules
        self.free = FreeAgents(self.name, order)
        self.on_duty: dict[AgentId, Agent] = {}
        self.ringing: dict[ContactId, Contact] = {}  # offered to all who are free, and to those who come free
        self.callbacks: dict[ContactId, Contact] = {}  # under way: offered, or with an agent
        self.attendance = attendance  # of all agents
        self.members = 0  # the bits of those who serve here and are logged in
        self.is_open = True
        self._regard(definition)
        self.lined_up = 0  # of those whom the rules hold for: who wait, wherever they stand
        self.turns = 0  # offers made

    def redefine(self, definition: QueueDefined, order: Order, now: float) -> None:
        """Take new rules and a new order; who waits stays."""
        was = self.ageing
        free = FreeAgents(self.name, order)
        for agent in self.free:
            free.admit(agent, agent.open_media)
        self.definition = definition
        self._regard(definition)
        if self.ageing != was:
            self.eras += (Era(was.level_s, was.priority_s, now),)
        gains = raises_by(definition.level_rules)
        old = self.raises[-1].gains if self.raises else ()
        if gains != old:
            self.raises = (*self.raises[:-1], Raises(old, now), Raises(gains))
        self.free = free

    def _regard(self, rules: QueueDefined) -> None:
        """Note by which rules who waits may have to go, later on and when agents come or go."""
        is_timeless = rules.ageing_s is None and rules.promotion_s is None
        self.ageing = TIMELESS if is_timeless else Ageing(rules.ageing_s, rules.promotion_s)  # of newcomers
        self.level_rules = tuple(each for each in rules.level_rules if not each.regards_wait_alone)
        self._agent_rules = tuple(each for each in rules.overflow if each.regards_agents)
        self.overflow_later = tuple(each for each in rules.overflow if not each.is_for_newcomers)
        self.overflow_waits_s = tuple(each.waited_s for each in rules.overflow if each.waited_s is not None)

    def heeds(self, condition: AgentCondition | None) -> bool:
        """Whether who waits may have to go when an agent comes into a condition, or logs out (None).

        While one agent is in a condition that a rule does not list, the rule does not hold.
        """
        lists = [each.agents_all for each in self._agent_rules if not (each.is_closed and self.is_open)]
        if self.definition.dismisses_when is not None:
            lists.append(self.definition.dismisses_when)
        return any(each is None or condition is None or condition in each for each in lists)

    @property
    def has_callbacks_enough(self) -> bool:
        """Whether no further callback may be offered now."""
        most = self.definition.callbacks_most
        return most is not None and len(self.callbacks) >= most

    @property
    def rings_all(self) -> bool:
        """Whether all who are free ring together."""
        return self.definition.strategy == RING_ALL

    @property
    def sends_away(self) -> bool:
        """Whether some who wait here may have to go for that now."""
        if not self.lined_up:
            return False
        return self.is_forsaken(self.definition.dismisses_when) or any(map(self.is_so, self._agent_rules))

    def is_so(self, rule: Overflow) -> bool:
        """Whether agents and hours are as an overflow rule says."""
        if rule.is_closed and self.is_open:
            return False
        return rule.agents_all is None or self.is_forsaken(rule.agents_all)

    def is_forsaken(self, conditions: tuple[AgentCondition, ...] | None) -> bool:
        """Whether every agent who is logged in is in one of these conditions; None for never."""
        return conditions is not None and self.attendance.are_all_in(self.members, conditions)

    def is_only_hope(self, places: Iterable[Place]) -> bool:
        """Whether nobody but the agents of this queue can serve in any of these places."""
        return all(place.line == (self.name, None) for place in places)

    def longest_waiting(self) -> Contact | None:
        """Who of the line came first."""
        return min(self.line.heads(), key=lambda contact: contact.arrival, default=None)

    def ageing_since(self, arrived_at: float) -> Ageing:
        """What waiting is worth to who came then, by the rules of now and by those that held meanwhile."""
        before = tuple(era for era in self.eras if era.until > arrived_at)
        return self.ageing._replace(before=before) if before else self.ageing

    def rises_of(self, arrived_at: float) -> tuple[Rise, ...]:
        """When waiting alone raises the level of who came then, by the rules that held since."""
        if not self.raises:
            return ()
        return rises_of((each for each in self.raises if each.until > arrived_at), arrived_at)


class Floor:
    """All of them."""

    def __init__(self) -> None:
        """Begin empty."""
        self.queues: dict[QueueName, Queue] = {}
        self.routings: dict[str, Order] = {}
        self.selections: dict[str, tuple[Selection, ...]] = {DEFAULT: SELECTION}
        self.capacities: dict[str, Capacities] = {DEFAULT: VOICE_ALONE}
        self.shares: dict[str, dict[str, float]] = {}
        self.ledgers: dict[
            tuple[str, int, AbstractSet[str]], Ledger
        ] = {}  # by shares, level, and part of the regions
        self.regions: Counter[str] = Counter()  # of those who wait
        self.agents: dict[AgentId, Agent] = {}
        self.attendance = Attendance()
        self.contacts: dict[ContactId, Contact] = {}
        self.own_lines: dict[AgentId, WaitingLine] = {}  # of who waits for one agent; none of them empty
        self.wanted: dict[AgentId, dict[ContactId, Contact]] = {}  # by agent, who has a row for that one
        self.kept_places: dict[str, float] = {}  # arrivals of those who gave up, by queue and number
        self.declined: dict[ContactId, Contact] = {}  # waiting, and declined by somebody
        self.fresh_agents: dict[AgentId, Agent] = {}
        self.unfiled: dict[AgentId, Agent] = {}  # available, and not among the free of their queues yet
        self.fresh_contacts: dict[ContactId, Contact] = {}
        self.due: dict[ContactId, Contact] = {}  # whose wait has reached that of a rule
        self.changed_queues: dict[QueueName, Queue] = {}  # where agents came or went, and rules regard it
        self.turned_back: dict[QueueName, dict[ContactId, Contact]] = {}  # who could not go on to a queue
        self.with_room: dict[QueueName, None] = {}  # of those, where they perhaps can now
        self._heeding: dict[AgentCondition | None, set[QueueName]] = {
            condition: set() for condition in (*AgentCondition, None)
        }  # which queues regard it that an agent comes into a condition

    def queue(self, name: QueueName) -> Queue:
        """Return a queue; raises `UnknownQueue`."""
        queue = self.queues.get(name)
        if queue is None:
            raise UnknownQueue(name)
        return queue

    def heed(self, queue: Queue) -> None:
        """Take note of what a queue regards, by its rules and hours of now."""
        for condition, names in self._heeding.items():
            if queue.heeds(condition):
                names.add(queue.name)
            else:
                names.discard(queue.name)

    def close(self, queue: Queue) -> None:
        """Have a queue no more; nobody is in it."""
        del self.queues[queue.name]
        for names in self._heeding.values():
            names.discard(queue.name)
        for agent in self.agents.values():
            agent.queues = tuple(name for name in agent.queues if name != queue.name)
            agent.turns.pop(queue.name, None)  # one of the same name counts its offers anew

    def ledger(self, shares: str, level: int, present: AbstractSet[str]) -> Ledger:
        """Return the calls by region of the agents who have these shares, at one level: of those who have a choice of all
        regions with callers, or of those for whom no more of them are `present`.  Else the latter would have the count
        of the former begin anew.
        """
        serves_all = all(region in present or not self.regions[region] for region in self.shares[shares])
        key = (shares, level, frozenset() if serves_all else frozenset(present))
        if key not in self.ledgers:
            self.ledgers[key] = Ledger(self.shares[shares])
        return self.ledgers[key]

    # ---- agents ----------------------------------------------------------------------------------

    def settle(self, agent: Agent) -> None:
        """File an agent by the state that it has now."""
        if agent.capacities is not VOICE_ALONE:
            self._unfile(agent)  # what may be offered can differ though something may, as before
        is_available, is_on_duty = agent.is_available, agent.is_on_duty
        condition = None if agent.presence is Presence.LOGGED_OUT else agent.condition
        if agent.filed is not condition:
            self._count(agent, condition)
        is_filed = False
        for name in agent.queues:
            queue = self.queues[name]
            is_filed = agent.id in queue.free
            if is_on_duty is (agent.id in queue.on_duty) and (is_available or not is_filed):
                break  # all queues have an agent filed alike
            if is_on_duty:
                queue.on_duty[agent.id] = agent
            else:
                queue.on_duty.pop(agent.id, None)
            if is_filed and not is_available:
                queue.free.withdraw(agent)
        if not is_available:
            self.unfiled.pop(agent.id, None)
        elif not is_filed:
            self.unfiled[agent.id] = agent
        if is_available:
            self.fresh_agents[agent.id] = agent
        if not is_on_duty:
            self._recall_declined()

    def _unfile(self, agent: Agent) -> None:
        for name in agent.queues:
            if agent.id in self.queues[name].free:
                self.queues[name].free.withdraw(agent)

    def file_free(self) -> None:
        """File those who came free and were not taken at once: mostly they are, and the filing would be for nothing."""
        for agent in self.unfiled.values():
            agent.figures = None
            open_media = agent.open_media
            for name in agent.queues:
                self.queues[name].free.admit(agent, open_media)
        self.unfiled.clear()

    def recall_free(self, place: Place) -> None:
        """Those who are free for a place of a queue may take part in what they could not before."""
        self.file_free()
        able = self.queues[place.queue].free.best_first(place.need)
        self.fresh_agents.update({agent.id: agent for agent in able})

    def _count(self, agent: Agent, condition: AgentCondition | None) -> None:
        """Count an agent in another condition; None for no more."""
        if agent.filed is None:
            agent.bit = self.attendance.enter()
            for name in agent.queues:
                self.queues[name].members |= agent.bit
        self.attendance.move(agent.bit, agent.filed, condition)
        if self.turned_back:
            self.make_room(agent.queues)
        if condition is None:
            for name in agent.queues:
                self.queues[name].members &= ~agent.bit
            self.attendance.leave(agent.bit)
        heeding = self._heeding[condition]
        if heeding:
            for name in agent.queues:
                if name in heeding:
                    self.changed_queues[name] = self.queues[name]
        agent.filed = condition

    def take_off(self, agent: Agent) -> None:
        """Take an agent out of all files of their queues, until settled again."""
        self.unfiled.pop(agent.id, None)
        self._count(agent, None)
        self._unfile(agent)
        for name in agent.queues:
            self.queues[name].on_duty.pop(agent.id, None)
        self._recall_declined()

    def _recall_declined(self) -> None:
        """Nobody else may be left for what others declined."""
        self.fresh_contacts.update(self.declined)

    def may_serve(self, agent: Agent, contact: Contact) -> bool:
        """Whether the agent may be offered this contact again, or was not yet.

        One who declined it is left out as long as somebody else is on duty who can serve it: that one will come free.
        When nobody else is, the contact is better offered again than never.
        """
        declined_by = contact.declined_by
        if agent.id not in declined_by:
            return True
        return all(
            each.id in declined_by or each.fit(place.need) is None
            for place in contact.standing
            for each in self._on_duty(place)
        )

    def _on_duty(self, place: Place) -> Iterable[Agent]:
        if place.agent is None:
            return self.queues[place.queue].on_duty.values()
        agent = self.agents.get(place.agent)
        return () if agent is None or not agent.is_on_duty else (agent,)

    # ---- contacts --------------------------------------------------------------------------------

    def give(self, contact: Contact, queue: QueueName, now: float, stay: Stay | None = None) -> None:
        """From now on the rules of a queue hold for a contact, which is in no line; with a `stay` they held before."""
        contact.given, contact.given_at = queue, now
        contact.judge_by(self.queues[queue].level_rules, contact.caller)
        contact.rises = self.queues[queue].rises_of(contact.arrived_at)
        if stay is None:
            contact.visits[queue] = contact.visits.get(queue, 0) + 1
        else:
            contact.given_at = min(stay.since, now)
            contact.visits = {queue: 1} | {visit.queue: visit.times for visit in stay.visits}
        contact.is_diverted, contact.let_in_despite = False, None

    def enter(self, contact: Contact) -> None:
        """A contact is here, and of its queue."""
        self.contacts[contact.id] = contact
        self.queues[contact.given].given[contact.id] = contact
        self.queues[contact.queue].contacts[contact.id] = contact
        self.queues[contact.given].routed[contact.id] = contact
        for place in contact.places:
            queue = self.queues[place.queue]
            queue.routed[contact.id] = contact
            place.ageing = queue.ageing_since(contact.arrived_at) if queue.eras else queue.ageing
            if place.agent is not None:
                self.wanted.setdefault(place.agent, {})[contact.id] = contact

    def forget(self, contact: Contact) -> None:
        """A contact that is in no line is not here any more."""
        self._end_callback(contact)
        for waiting in self.turned_back.values():
            waiting.pop(contact.id, None)
        for name in {contact.given, *(place.queue for place in contact.places)}:
            del self.queues[name].routed[contact.id]
        for agent in {place.agent for place in contact.places if place.agent is not None}:
            del self.wanted[agent][contact.id]
            if not self.wanted[agent]:
                del self.wanted[agent]
        del self.queues[contact.given].given[contact.id]
        del self.queues[contact.queue].contacts[contact.id]
        del self.contacts[contact.id]

    def turn_back(self, contact: Contact, target: QueueName) -> None:
        """A contact would go on to a queue that has no room for it, or nobody there; it is told when that may change."""
        self.turned_back.setdefault(target, {})[contact.id] = contact

    def make_room(self, queues: Iterable[QueueName]) -> None:
        """There may be room in these queues, or somebody, for those who were turned back."""
        self.with_room.update(dict.fromkeys(name for name in queues if name in self.turned_back))

    def belong(self, contact: Contact, place: Place) -> None:
        """From now on a contact counts where this place is."""
        del self.queues[contact.queue].contacts[contact.id]
        contact.place = place
        self.queues[place.queue].contacts[contact.id] = contact

    def open_places(self, contact: Contact, now: float) -> tuple[Place, ...]:
        """Where a contact should stand now, in the order of its table; never nowhere."""
        if len(contact.places) == 1:  # mostly: there it stands, whether the row is open or not
            (only,) = contact.places
            only.is_open = only.is_open or self._is_possible(only, contact, now)
            return contact.places
        possible = [place for place in contact.places if self._is_possible(place, contact, now)]
        for place in possible:
            place.is_open = place.is_open or contact.has_waited(place.route.after_s, now)
        found = [place for place in possible if place.is_open]
        if possible and not found:
            soonest_s = min(place.route.after_s for place in possible)
            found = [place for place in possible if place.route.after_s == soonest_s]
            for place in found:
                place.is_open = True
        return tuple({place.line: place for place in found or contact.places[-1:]}.values())

    def _is_possible(self, place: Place, contact: Contact, now: float) -> bool:
        route = place.route
        if route.until_s is not None and contact.has_waited(route.until_s, now):
            return False
        if route.least_level is not None and contact.level < route.least_level:
            return False
        return route.agent is None or (route.agent in self.agents and route.agent not in contact.declined_by)

    def line(self, place: Place) -> WaitingLine:
        """Return the line of a place."""
        if place.agent is None:
            return self.queues[place.queue].line
        return self.own_lines.setdefault(place.agent, WaitingLine())

    def stand(self, contact: Contact, places: tuple[Place, ...]) -> None:
        """Put a waiting contact in these lines, all at once."""
        self._end_callback(contact)
        contact.standing = places
        self.belong(contact, places[0])
        for place in places:
            self.line(place).join(contact, place)
            self.queues[place.queue].standing[contact.id] = contact
        if contact.declined_by:
            self.declined[contact.id] = contact
        self.fresh_contacts[contact.id] = contact
        self.queues[contact.given].lined_up += 1
        self.regions[contact.region] += 1

    def begin_callback(self, contact: Contact) -> None:
        """A callback is under way, in the queue where it counts."""
        self.queues[contact.queue].callbacks[contact.id] = contact

    def _end_callback(self, contact: Contact) -> None:
        """If a contact was a callback under way, it is not any more, and another one may be."""
        queue = self.queues[contact.queue]
        if queue.callbacks.pop(contact.id, None) is not None:
            self.recall_callbacks(queue)

    def recall_callbacks(self, queue: Queue) -> None:
        """More callbacks of a queue may be under way than before."""
        for bucket in queue.line.buckets():
            if bucket.is_callback:
                self.fresh_contacts.update({contact.id: contact for contact in bucket.contacts})

    def leave(self, contact: Contact) -> None:
        """Take a contact out of all lines; it stays one of its queue."""
        for place in contact.standing:
            line = self.line(place)
            line.leave(contact, place)
            if place.agent is not None and not len(line):
                del self.own_lines[place.agent]
            self.queues[place.queue].standing.pop(contact.id, None)
        if self.turned_back:
            self.make_room(place.queue for place in contact.standing)
        self.queues[contact.given].lined_up -= 1
        self.regions[contact.region] -= 1
        self.declined.pop(contact.id, None)
        self.fresh_contacts.pop(contact.id, None)
