"""A hotline for tests: an engine, the time, and verbs in the words of the floor."""

from collections.abc import Iterable
from typing import TypeVar

from acd.agent_state import Activity, Presence
from acd.commands import Command, OfferContact, RefuseContact, ReportAgent, ReportContact, WithdrawOffer
from acd.contact_state import ContactState
from acd.engine import Engine
from acd.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    AgentMadeNotReady,
    AgentMadeReady,
    AgentReachabilityChanged,
    AgentReassigned,
    ContactEnded,
    ContactLeft,
    ContactQueued,
    DeclineCause,
    Event,
    OfferAccepted,
    OfferDeclined,
    PhoneRang,
    QueueDefined,
)
from acd.names import AgentId, ContactId, OfferId, QueueName, SkillName
from acd.skills import SkillLevel
from acd.snapshots import AgentSnapshot

C = TypeVar("C", bound=Command)

MAIN = QueueName("main")


def skilled(**levels: int) -> tuple[SkillLevel, ...]:
    """Skills at these levels, had or asked for."""
    return tuple(SkillLevel(skill=SkillName(name), level=level) for name, level in levels.items())


class Hotline:
    """One queue `main` (ring 20 s, wrap-up 10 s, decline delay 2 s) unless told otherwise."""

    def __init__(self, *queues: QueueDefined) -> None:
        """Define the queues at 0.0."""
        self.engine = Engine()
        self.now = 0.0
        self.answer: tuple[Command, ...] = ()
        for queue in queues or (QueueDefined(queue=MAIN),):
            self.tell(queue)

    # ---- events ----

    def tell(self, event: Event, at: float | None = None) -> tuple[Command, ...]:
        """Let something happen, now or at a later time."""
        self.now = self.now if at is None else at
        self.answer = self.engine.handle(event, self.now)
        return self.answer

    def wait(self, until: float) -> tuple[Command, ...]:
        """Let time pass."""
        self.now = until
        self.answer = self.engine.advance(until)
        return self.answer

    def login(
        self, agent: str, at: float | None = None, queues: Iterable[str] = (MAIN,), **more: object
    ) -> None:
        """An agent sits down, ready unless told otherwise."""
        names = tuple(QueueName(name) for name in queues)
        self.tell(AgentLoggedIn(agent=AgentId(agent), queues=names, **more), at)  # type: ignore[arg-type]

    def logout(self, agent: str, at: float | None = None) -> None:
        """An agent leaves."""
        self.tell(AgentLoggedOut(agent=AgentId(agent)), at)

    def ready(self, agent: str, at: float | None = None) -> None:
        """An agent is ready."""
        self.tell(AgentMadeReady(agent=AgentId(agent)), at)

    def not_ready(self, agent: str, reason: str = "lunch", at: float | None = None) -> None:
        """An agent is not."""
        self.tell(AgentMadeNotReady(agent=AgentId(agent), reason=reason), at)

    def phone(self, agent: str, reachable: bool, at: float | None = None) -> None:
        """An agent's phone is lost or back."""
        self.tell(AgentReachabilityChanged(agent=AgentId(agent), reachable=reachable), at)

    def reassign(
        self, agent: str, at: float | None = None, queues: Iterable[str] = (MAIN,), **more: object
    ) -> None:
        """An agent serves other queues or has other skills."""
        names = tuple(QueueName(name) for name in queues)
        self.tell(AgentReassigned(agent=AgentId(agent), queues=names, **more), at)  # type: ignore[arg-type]

    def call(
        self, contact: str, at: float | None = None, queue: str = MAIN, level: int = 0, **more: object
    ) -> None:
        """A caller wants somebody."""
        name = ContactId(contact)
        self.tell(ContactQueued(contact=name, queue=QueueName(queue), level=level, **more), at)  # type: ignore[arg-type]

    def hang_up(self, contact: str, at: float | None = None) -> None:
        """A caller goes away."""
        self.tell(ContactLeft(contact=ContactId(contact)), at)

    def end(self, contact: str, at: float | None = None) -> None:
        """A conversation is over."""
        self.tell(ContactEnded(contact=ContactId(contact)), at)

    def ring(self, contact: str, at: float | None = None) -> None:
        """The phone that is being tried for a contact rings."""
        self.tell(PhoneRang(offer=self.offer_of(contact)), at)

    def accept(self, contact: str, at: float | None = None) -> None:
        """The agent who is offered the contact answers."""
        self.tell(OfferAccepted(offer=self.offer_of(contact)), at)

    def decline(
        self, contact: str, at: float | None = None, cause: DeclineCause = DeclineCause.DECLINED
    ) -> None:
        """The phone of the agent who is offered the contact says no."""
        self.tell(OfferDeclined(offer=self.offer_of(contact), cause=cause), at)

    def talk(self, contact: str, at: float | None = None) -> None:
        """A caller wants somebody and is answered at once."""
        self.call(contact, at)
        self.accept(contact)

    # ---- what stands ----

    def orders(self, kind: type[C]) -> list[C]:
        """The orders of one kind in the last answer."""
        return [command for command in self.answer if isinstance(command, kind)]

    def assert_answer(self, *commands: Command) -> None:
        """The last answer was this, whole and in order."""
        assert self.answer == commands

    def offered(self) -> list[tuple[str, str]]:
        """Contact and agent of the offers in the last answer."""
        return [(order.contact, order.agent) for order in self.orders(OfferContact)]

    def withdrawn(self) -> list[tuple[str, str]]:
        """Agent and cause of the offers that the last answer took back."""
        return [(order.agent, order.cause) for order in self.orders(WithdrawOffer)]

    def refused(self) -> list[tuple[str, str]]:
        """Contact and cause of those whom the last answer did not let in."""
        return [(order.contact, order.cause) for order in self.orders(RefuseContact)]

    def reported(self, agent: str) -> ReportAgent:
        """The report of an agent in the last answer."""
        (report,) = [order for order in self.orders(ReportAgent) if order.agent == agent]
        return report

    def reported_contact(self, contact: str) -> ReportContact:
        """The report of a contact in the last answer."""
        (report,) = [order for order in self.orders(ReportContact) if order.contact == contact]
        return report

    def agent(self, agent: str) -> AgentSnapshot:
        """An agent now."""
        found = self.engine.agent(AgentId(agent))
        assert found is not None
        return found

    def state(self, agent: str) -> tuple[Presence, Activity, str]:
        """An agent's state now."""
        found = self.agent(agent)
        return found.presence, found.activity, found.reason

    def contact_state(self, contact: str) -> ContactState | None:
        """A contact's state now; None when it is not here."""
        found = self.engine.contact(ContactId(contact))
        return None if found is None else found.state

    def offer_of(self, contact: str) -> OfferId:
        """The running offer of a contact."""
        found = self.engine.contact(ContactId(contact))
        assert found is not None
        assert found.offer is not None, f"{contact} is not on offer"
        return found.offer

    def agent_of(self, contact: str) -> AgentId:
        """The agent who is offered the contact, or talks with it."""
        found = self.engine.contact(ContactId(contact))
        assert found is not None
        assert found.agent is not None, f"{contact} has no agent"
        return found.agent

    def line(self, queue: str = MAIN) -> list[str]:
        """Who waits, in order."""
        return [each.contact for each in self.engine.waiting(QueueName(queue))]
