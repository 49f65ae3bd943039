"""A new version of the business reaches the running system: nobody who waits is moved, no call is touched."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

import structlog

from acd.errors import QueueOccupied, UnknownQueue
from acd.events import QueueRemoved
from acd.names import QueueName
from softswitch.business.changes import Change
from softswitch.business.staff import staff_of
from softswitch.business.whole import EMPTY, Business
from softswitch.calls.directory import Directory
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.queue_definition import definition_of
from softswitch.calls.queue_desk import QueueDesk
from softswitch.calls.routes import Routes
from softswitch.calls.seats import Seats
from softswitch.calls.trunks import Trunks
from softswitch.people import People
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.outbound import OutboundSettings
from softswitch.settings.queues import QueueSettings

log = structlog.get_logger(__name__)

Publish = Callable[[str, dict[str, Any]], object]


class Board(Protocol):
    """Call control as far as it keeps the queues' rules, and asks who a caller is."""

    def take_queues(self, queues: Iterable[QueueSettings]) -> None:
        """These rules hold from now on; those of a queue that is gone serve the callers who wait in it."""
        ...

    def take_callers(self, business: Business) -> None:
        """This is known of callers from now on."""
        ...

    @property
    def queue_desk(self) -> QueueDesk:
        """Whoever lets callers wait."""
        ...


class Phones(Protocol):
    """Whoever knows SIP accounts by their names: the edge, and the desk of the legs."""

    def take_accounts(self, accounts: Iterable[AccountSettings]) -> None:
        """These are the accounts from now on."""
        ...


class LiveBusiness:
    """Tells each part what is new for it."""

    def __init__(
        self,
        *,
        dispatcher: Dispatcher,
        seats: Seats,
        routes: Routes,
        board: Board,
        people: People,
        trunks: Trunks,
        directory: Directory,
        phones: tuple[Phones, ...],
        publish: Publish,
    ) -> None:
        """`publish` tells the live stream."""
        self._dispatcher = dispatcher
        self._seats = seats
        self._routes = routes
        self._board = board
        self._people = people
        self._trunks = trunks
        self._directory = directory
        self._phones = phones
        self._publish = publish
        self._business = EMPTY
        self._leaving: set[str] = set()
        self._accounts: tuple[AccountSettings, ...] = ()
        self._outbound: tuple[OutboundSettings, ...] = ()
        seats.seat_left = self._take_accounts

    def remove_queues(self) -> None:
        """Take away the queues that are gone, once nobody is in them; who waits there waits where the number leads now."""
        self._board.queue_desk.clear(self._leaving)
        for name in sorted(self._leaving):
            try:
                with suppress(UnknownQueue):
                    self._dispatcher.tell(QueueRemoved(queue=QueueName(name)))
            except QueueOccupied:
                continue
            self._leaving.discard(name)
            self._board.queue_desk.past_rules.forget(name)
            log.info("business.queue_removed", queue=name)
        self._dispatcher.line_changed = self.remove_queues if self._leaving else None

    def define_queues(self, business: Business) -> None:
        """At the start: the engine knows no queue yet, and nobody who a caller is."""
        self._business = business
        self._accounts, self._outbound = business.accounts, business.outbound
        self._trunks.take_numbers(business.trunk_numbers)
        self._directory.permits.take_openings(business.openings)
        self._board.take_callers(business)
        definitions = [definition_of(queue, business.routing_of(queue)) for queue in business.queues]
        past = self._board.queue_desk.past_rules.told(definitions)
        for _, strategy in business.strategies:
            self._dispatcher.tell(strategy.told(), past[0][0] if past else None)
        for at, definition in past:
            self._dispatcher.tell(definition, at)
        for definition in definitions:
            self._dispatcher.tell(definition)

    def _take_accounts(self) -> None:
        """Accounts that are new may register; those that are gone go once nobody sits there."""
        accounts = self._seats.take_accounts(self._business.accounts)
        if accounts == self._accounts and self._business.outbound == self._outbound:
            return
        self._accounts, self._outbound = accounts, self._business.outbound
        for phones in self._phones:
            phones.take_accounts(accounts)
        self._directory.take_accounts(accounts, self._outbound)

    def take(self, business: Business, changes: tuple[Change, ...], version: int) -> None:
        """A version is on the disk.  Strategies and queues go first: agents and routes name them.

        A strategy that is gone is not taken from the distributor: nobody names it any more.
        """
        changed = {change.id for change in changes if change.kind == "queues"}
        before = {queue.name: self._business.routing_of(queue) for queue in self._business.queues}
        changed |= {
            queue.name for queue in business.queues if before.get(queue.name) != business.routing_of(queue)
        }
        documents = {(change.kind, change.id) for change in changes}
        self._board.take_queues(business.queues)
        self._board.take_callers(business)
        for kind, strategy in business.strategies:
            if (kind, strategy.id) in documents:
                self._dispatcher.tell_late(strategy.told())
        for queue in business.queues:
            if queue.name in changed:
                definition = definition_of(queue, business.routing_of(queue))
                if self._dispatcher.tell_late(definition):
                    self._board.queue_desk.past_rules.take(definition)
                changed.discard(queue.name)
        self._business = business
        if any(kind in ("accounts", "outbound") for kind, _ in documents):
            self._take_accounts()
        self._trunks.take_numbers(business.trunk_numbers)
        self._directory.permits.take_openings(business.openings)
        self._routes.take(business.routes)
        self._seats.take(staff_of(business.agents, business.groups))
        self._people.take(business.agents)
        self._leaving = (self._leaving | changed) - {queue.name for queue in business.queues}
        self.remove_queues()
        if any(change.kind == "emergency" for change in changes):
            self._publish("emergency.switched", {"is_on": business.emergency is not None, "version": version})
        self._publish(
            "business.changed",
            {"version": version, "documents": [f"{change.kind}/{change.id}" for change in changes]},
        )
