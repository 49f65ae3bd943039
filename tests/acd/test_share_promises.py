"""Region shares under any history of calls, talks, offers in vain and agents who come and go.

Offers are within one call on every prefix, as long as all of them are answered; connections, whatever is answered, within
as many calls as phones rang at once.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from acd.agent_state import Activity
from acd.commands import Command, OfferContact, WithdrawOffer
from acd.contact_state import ContactState
from acd.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    AgentMadeNotReady,
    AgentMadeReady,
    ContactEnded,
    ContactLeft,
    ContactQueued,
    DeclineCause,
    Event,
    OfferAccepted,
    OfferDeclined,
    QueueDefined,
    SharesDefined,
    TimePassed,
)
from acd.names import AgentId, ContactId, OfferId
from acd.shares import RegionShare
from tests.acd.hotline import MAIN, Hotline

AGENTS = tuple(AgentId(name) for name in ("ana", "ben", "cid"))
REGIONS = ("north", "south", "west", "")
some_shares = st.lists(st.sampled_from((1.0, 2.0, 3.0, 7.0)), min_size=3, max_size=3)


class Caller(NamedTuple):
    """Who waits."""

    region: str
    level: int


@dataclass
class Phase:
    """The offers of one level since the regions with callers changed last."""

    present: frozenset[str]
    offers: list[str] = field(default_factory=list)
    is_whole: bool = True  # none was taken back
    connected: list[str] = field(default_factory=list)
    most_ringing: int = 0  # of these, at once

    def check_offers(self, shares: dict[str, float]) -> None:
        """Within one call of the shares by now, within two of the last hundred."""
        self._check(self.offers, 1, shares)

    def check_connected(self, shares: dict[str, float]) -> None:
        """The same, for each of the phones that rang at once."""
        self._check(self.connected, self.most_ringing, shares)

    def _check(self, regions: list[str], most: int, shares: dict[str, float]) -> None:
        whole = sum(shares[region] for region in self.present)
        for many, allowed in ((regions, most), (regions[-100:], 2 * most)):
            counts = Counter(many)
            for region in self.present:
                off = counts[region] - len(many) * shares[region] / whole
                assert abs(off) <= allowed + 1e-9, f"{region} is off by {off} in {many}, {allowed} allowed"


class Shares(RuleBasedStateMachine):
    """Agents who all serve all regions, and callers of two levels."""

    def __init__(self) -> None:
        """Begin with nobody."""
        super().__init__()
        self.line = Hotline(QueueDefined(queue=MAIN, wrap_up_s=0, limit=10_000))
        self.shares: dict[str, float] = {}
        self.phases: dict[tuple[int, frozenset[str]], Phase] = {}
        self.callers: dict[ContactId, Caller] = {}
        self.waiting: set[ContactId] = set()
        self.counted: dict[ContactId, Phase] = {}  # while they ring
        self.serial = 0

    def tell(self, event: Event) -> None:
        """Let something happen a second later, and count the offers."""
        for command in self.line.tell(event, self.line.now + 1.0):
            self.take_in(command)

    def take_in(self, command: Command) -> None:
        """Offers count where they are made, and do not where they were in vain."""
        if isinstance(command, WithdrawOffer):
            phase = self.counted.pop(command.contact, None)
            if phase is not None:
                phase.is_whole = False
            if self.line.engine.contact(command.contact) is not None:
                self.waiting.add(command.contact)
        elif isinstance(command, OfferContact):
            self.count(command.contact)
            self.waiting.discard(command.contact)

    def count(self, contact: ContactId) -> None:
        """The offer goes to the highest level, and counts among its regions that have callers."""
        region, level = self.callers[contact]
        assert level == max(self.callers[name].level for name in self.waiting)
        if region not in self.shares:
            return
        present = frozenset(
            self.callers[name].region for name in self.waiting if self.callers[name].level == level
        ).intersection(self.shares)
        there = {self.callers[name].region for name in self.waiting}.intersection(self.shares)
        key = (level, frozenset[str]() if there <= present else present)
        phase = self.phases.get(key)
        if phase is None or phase.present != present:
            phase = self.phases[key] = Phase(present)
        phase.offers.append(region)
        self.counted[contact] = phase
        ringing = sum(each is phase for each in self.counted.values())
        phase.most_ringing = max(phase.most_ringing, ringing)
        if phase.is_whole:
            phase.check_offers(self.shares)

    @initialize(shares=some_shares)
    def define(self, shares: list[float]) -> None:
        """The shares, for the first time."""
        self.share(shares)
        for agent in AGENTS:
            self.tell(AgentLoggedIn(agent=agent, queues=(MAIN,), shares="cities"))

    @rule(shares=some_shares, is_so=st.sampled_from((False, False, False, False, True)))
    def redefine(self, shares: list[float], is_so: bool) -> None:
        """Other shares, now and then: counting begins anew."""
        if is_so:
            self.share(shares)

    def share(self, shares: list[float]) -> None:
        """From now on it is so."""
        self.shares = dict(zip(REGIONS, shares, strict=False))
        self.phases.clear()
        self.counted.clear()
        parts = tuple(RegionShare(region=region, share=share) for region, share in self.shares.items())
        self.tell(SharesDefined(name="cities", shares=parts))

    @rule(
        regions=st.lists(st.sampled_from(REGIONS), min_size=1, max_size=8),
        level=st.sampled_from((0, 0, 0, 1)),
    )
    def call(self, regions: list[str], level: int) -> None:
        """Some callers."""
        for region in regions:
            self.serial += 1
            contact = ContactId(f"c{self.serial}")
            self.callers[contact] = Caller(region, level)
            self.waiting.add(contact)
            self.tell(ContactQueued(contact=contact, queue=MAIN, region=region, level=level))

    @rule(many=st.integers(1, 9))
    def serve(self, many: int) -> None:
        """Phones are answered and talks end, so many times, whoever rang first."""
        for _ in range(many):
            for agent in self.line.engine.agents():
                if agent.offer is not None and agent.contact is not None:
                    self.connect(agent.contact, agent.offer)
                elif agent.activity is Activity.TALKING and agent.contact is not None:
                    self.tell(ContactEnded(contact=agent.contact))

    @rule(agent=st.sampled_from(AGENTS))
    def answer(self, agent: AgentId) -> None:
        """One phone is answered, whenever it began to ring."""
        here = self.line.engine.agent(agent)
        if here is not None and here.offer is not None and here.contact is not None:
            self.connect(here.contact, here.offer)

    def connect(self, contact: ContactId, offer: OfferId) -> None:
        """A caller has an agent; where shares are heeded no longer, it is no connection of theirs."""
        phase = self.counted.pop(contact, None)
        self.tell(OfferAccepted(offer=offer))
        if phase is not None:
            phase.connected.append(self.callers[contact].region)
            phase.check_connected(self.shares)

    @rule(agent=st.sampled_from(AGENTS))
    def fail(self, agent: AgentId) -> None:
        """A phone cannot be rung: its caller waits again, the agent rests for a moment."""
        here = self.line.engine.agent(agent)
        if here is not None and here.offer is not None and here.contact is not None:
            phase = self.counted.pop(here.contact, None)
            if phase is not None:
                phase.is_whole = False
            self.waiting.add(here.contact)
            self.tell(OfferDeclined(offer=here.offer, cause=DeclineCause.FAILED))
            self.line.now += 2.0
            self.tell(TimePassed())

    @precondition(lambda self: self.serial)
    @rule(data=st.data())
    def hang_up(self, data: st.DataObject) -> None:
        """Somebody gives up, perhaps while a phone rings."""
        name = ContactId(f"c{data.draw(st.integers(max(1, self.serial - 20), self.serial))}")
        here = self.line.engine.contact(name)
        if here is not None and here.state is not ContactState.CONNECTED:
            self.waiting.discard(name)
            self.tell(ContactLeft(contact=name))

    @rule(agent=st.sampled_from(AGENTS), is_ready=st.booleans())
    def pause(self, agent: AgentId, is_ready: bool) -> None:
        """Somebody is ready, or not; a phone that rings stops."""
        if self.line.engine.agent(agent) is not None:
            self.tell(
                AgentMadeReady(agent=agent) if is_ready else AgentMadeNotReady(agent=agent, reason="tea")
            )

    @rule(agent=st.sampled_from(AGENTS))
    def come_or_go(self, agent: AgentId) -> None:
        """Somebody logs in, or out where nobody is on the phone."""
        here = self.line.engine.agent(agent)
        if here is None:
            self.tell(AgentLoggedIn(agent=agent, queues=(MAIN,), shares="cities"))
        elif here.activity is Activity.IDLE:
            self.tell(AgentLoggedOut(agent=agent))


TestShares = Shares.TestCase
TestShares.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)


@pytest.mark.long
def test_shares_hold_over_long_histories() -> None:
    """Long enough for windows of a hundred calls."""
    run_state_machine_as_test(
        Shares, settings=settings(max_examples=60, stateful_step_count=200, deadline=None)
    )
