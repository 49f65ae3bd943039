"""Every few seconds what the parts of the node say is compared, and what does not agree is brought together.

Nothing of this should ever be needed: each healing is counted, written down and shown as an alarm.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import structlog

from acd import events as acd_facts
from acd.agent_state import Activity
from acd.engine import Engine
from acd.names import AgentId, ContactId, OfferId
from media import commands as plane_words
from media import events as plane_news
from softswitch.calls.call import CallState
from softswitch.calls.call_table import call_id_of
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.leg import LegState
from softswitch.calls.leg_desk import LegDesk
from softswitch.calls.ports import EdgePort
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.calls.switchboard import Switchboard
from softswitch.calls.trunks import Trunks
from softswitch.cells.messages import CellCommand, HangUpLeg
from softswitch.cells.pool import UnknownLeg as NoCellHasLeg
from softswitch.clock import Alarm, Clock
from softswitch.ears import is_ear
from softswitch.operations.reconciliation import Confirmations, Difference, Held, Picture, What, differences
from softswitch.store import entries
from softswitch.store.entries import Entry

log = structlog.get_logger(__name__)

ROUND_S = 5.0
_TALKS = frozenset({Activity.TALKING, Activity.ENGAGED})
_IN_CELL = frozenset({LegState.RINGING, LegState.CONFIRMED})


class Cells(Protocol):
    """The cells, seen from here."""

    def live_legs(self) -> frozenset[str]:
        """Every leg that a cell has."""

    def send(self, leg_id: str, command: CellCommand) -> None:
        """Give a command to the leg's cell."""


class Plane(Protocol):
    """The link to the plane, seen from here."""

    def inquire(self, answer: Callable[[plane_news.HoldingsListed], None]) -> None:
        """Ask what it holds; one that is not there answers nothing."""

    def send(self, command: plane_words.Command) -> None:
        """Give an order."""


class Healer:
    """The comparison of one node."""

    def __init__(
        self,
        *,
        edge: EdgePort,
        pool: Cells,
        plane: Plane,
        legs: LegDesk,
        board: Switchboard,
        trunks: Trunks,
        recordings: RecordingDesk,
        dispatcher: Dispatcher,
        record: Callable[[Entry], None],
        clock: Clock,
    ) -> None:
        """Know the parts that are compared."""
        self._edge = edge
        self._pool = pool
        self._plane = plane
        self._legs = legs
        self._board = board
        self._trunks = trunks
        self._recordings = recordings
        self._dispatcher = dispatcher
        self._record = record
        self._clock = clock
        self._of_control = Confirmations()
        self._of_plane = Confirmations()
        self._next: Alarm | None = None
        self.healed = 0
        """Differences that were healed since control started."""

    def open(self) -> None:
        """Compare from now on."""
        self._next = self._clock.after(ROUND_S, self._round)

    def close(self) -> None:
        """Compare no more."""
        if self._next is not None:
            self._next.cancel()

    def _round(self) -> None:
        self._next = self._clock.after(ROUND_S, self._round)
        try:
            self._heal_all(self._of_control.confirm(differences(self.picture())))
        except Exception:  # a comparison that fails must not stop the next one
            log.exception("healer.round_failed")
        asked_legs = frozenset(
            leg.leg_id for leg in self._legs.all() if leg.has_media and leg.local is not None
        )
        asked_recordings = self._recordings.open_ids
        self._plane.inquire(
            lambda held: self._meet_plane(
                Held(
                    legs=frozenset(leg_id for leg_id in held.legs if not is_ear(leg_id)),
                    recordings=dict(held.recordings),
                    finishing=frozenset(held.finishing),
                    asked_legs=asked_legs,
                    asked_recordings=asked_recordings,
                )
            )
        )

    def _meet_plane(self, held: Held) -> None:
        found = differences(self.picture(held))
        plane_only = (one for one in found if one[0] in _OF_PLANE)
        self._heal_all(self._of_plane.confirm(plane_only))

    def picture(self, plane: Held | None = None) -> Picture:
        """What each part says now."""
        calls = self._board.calls()
        legs = self._legs.all()
        engine = self._dispatcher.engine
        agents = engine.agents()
        parties = [party for call in calls for party in call.parties]
        waiting = frozenset(
            call.call_id
            for call in calls
            if call.state is CallState.WAITING
            and not any(party is not call.customer and not party.is_joined for party in call.parties)
        )
        return Picture(
            calls=frozenset(call.call_id for call in calls),
            waiting_calls=waiting,
            placed_calls=frozenset(call for call in waiting if engine.contact(ContactId(call)) is not None),
            legs=frozenset(leg.leg_id for leg in legs),
            placed_legs=frozenset(leg.leg_id for leg in legs if leg.state in _IN_CELL),
            cell_legs=self._pool.live_legs(),
            edge_legs=frozenset(self._edge.legs()),
            contacts={
                contact: call_id_of(contact)
                for contact in _contacts(engine)
                if not self._board.contacts.has_open(contact)  # a chat or an email has no call
            },
            agent_calls=self._agent_calls(engine),
            talks={
                one.contact: one.agent
                for one in agents
                if one.activity is Activity.TALKING and one.contact is not None
            },
            offers={
                one.offer: call_id_of(one.contact)
                for one in agents
                if one.offer is not None and one.contact is not None
            },
            party_agents=frozenset(party.agent for party in parties),
            party_offers=frozenset(party.offer_id for party in parties),
            joined={party.leg_id: party.agent for party in parties if party.agent and party.is_joined},
            idle_agents=frozenset(one.agent for one in agents if one.activity is Activity.IDLE),
            channels=self._trunks.holders(),
            recordings=self._recordings.open_ids,
            plane=plane,
        )

    def _agent_calls(self, engine: Engine) -> dict[str, str]:
        """Agents who talk or are engaged, and the call that they are in."""
        of_agent = {party.agent: call.call_id for call in self._board.calls() for party in call.parties}
        return {
            agent.agent: of_agent.get(agent.agent, "") if agent.contact is None else call_id_of(agent.contact)
            for agent in engine.agents()
            if agent.activity in _TALKS
        }

    # ---- healing -----------------------------------------------------------------------------------

    def _heal_all(self, found: tuple[Difference, ...]) -> None:
        for what, subject in found:
            log.error("difference.healing", what=what.value, subject=subject)
            try:
                detail = self._heal(what, subject)
            except Exception:  # one that cannot be healed must not keep the others
                log.exception("difference.not_healed", what=what.value, subject=subject)
                continue
            self.healed += 1
            self._record(
                entries.DifferenceHealed(
                    at=self._clock.wall(), what=what.value, subject=subject, detail=detail
                )
            )

    def _heal(self, what: What, subject: str) -> str:
        """Bring one difference together; what was done."""
        match what:
            case What.STRAY_IN_CELL:
                with suppress(NoCellHasLeg):
                    self._pool.send(subject, HangUpLeg(leg_id=subject, status=503))
                self._edge.forget(subject)  # nobody else will: its end is nobody's news
                return "hung up"
            case What.LEG_WITHOUT_CELL:
                self._legs.cell_lost("", (subject,))
                return "ended"
            case What.STRAY_OUTSIDE:
                self._edge.finish(subject, 503, 41)
                self._edge.forget(subject)
                return "finished"
            case What.STRAY_IN_PLANE:
                self._plane.send(plane_words.CloseLeg(leg_id=subject))
                return "closed"
            case What.LEG_WITHOUT_SOUND:
                leg = self._legs.find(subject)
                if leg is not None:
                    self._legs.hang_up(leg, status=503, cause=41)
                return "hung up"
            case What.STRAY_CONTACT:
                self._dispatcher.tell_late(acd_facts.ContactLeft(contact=ContactId(subject)))
                return "left the line"
            case What.CALL_WITHOUT_PLACE:
                return self._put_in_line(subject)
            case What.AGENT_IN_NO_CALL:
                return self._free_agent(subject)
            case What.AGENT_NOT_IN_CALL:
                return self._end_talk(ContactId(subject))
            case What.OFFER_WITHOUT_LEG:
                # Not held against the agent; the caller keeps the place and is offered to the next.
                failed = acd_facts.DeclineCause.FAILED
                self._dispatcher.tell_late(acd_facts.OfferDeclined(offer=OfferId(subject), cause=failed))
                return "called off"
            case What.AGENT_IDLE_IN_CALL:
                return self._engage(subject)
            case What.STRAY_CHANNEL:
                for trunk in self._trunks.statistics():
                    self._trunks.free(trunk.name, subject)
                return "freed"
            case What.STRAY_RECORDING:
                self._plane.send(plane_words.StopRecording(recording_id=subject))
                return "stopped"
            case What.LOST_RECORDING:
                self._recordings.repair_all_but(self._recordings.open_ids - {subject})
                return "repaired"

    def _put_in_line(self, call_id: str) -> str:
        call = next(call for call in self._board.calls() if call.call_id == call_id)
        wall = self._clock.wall()
        arrived_at = self._clock.now() - max(0.0, wall - (call.queued_at or call.arrived_at))
        self._dispatcher.tell_late(self._board.table.callers.queued(call, call.route.queue, arrived_at, wall))
        return "put in line"

    def _free_agent(self, agent_id: str) -> str:
        agent = self._dispatcher.engine.agent(AgentId(agent_id))
        if agent is not None and agent.contact is not None:
            self._dispatcher.tell_late(acd_facts.ContactEnded(contact=agent.contact))
        else:
            self._dispatcher.tell_late(acd_facts.AgentDisengaged(agent=AgentId(agent_id)))
        return "freed"

    def _end_talk(self, contact: ContactId) -> str:
        """The agent is free; a caller who waits for somebody stands at the head of the line again."""
        call = self._board.table.find(contact)  # a consulted queue's contact is no call's
        if call is not None and call.state is CallState.WAITING:
            self._dispatcher.tell_late(acd_facts.ContactRequeued(contact=contact))
            return "put in line"
        self._dispatcher.tell_late(acd_facts.ContactEnded(contact=contact))
        return "freed"

    def _engage(self, leg_id: str) -> str:
        """Keep the engine from offering calls to an agent who is in one; the end of that call frees the agent."""
        leg = self._legs.find(leg_id)
        call = None if leg is None else self._board.table.find(leg.call_id)
        party = None if call is None else call.party_at(leg_id)
        if call is None or party is None:
            return "left alone: it is over"
        if party.contact and self._dispatcher.engine.contact(ContactId(party.contact)) is not None:
            return "left alone: the engine has its contact elsewhere"  # nobody can tell here who is right
        if party.contact == call.call_id:
            party.served = call.route.queue  # wrap-up follows, as after any talk with a caller
        party.contact = ""
        self._board.table.engage(party)
        return "engaged"


_OF_PLANE = frozenset(
    {What.STRAY_IN_PLANE, What.LEG_WITHOUT_SOUND, What.STRAY_RECORDING, What.LOST_RECORDING}
)


def _contacts(engine: Engine) -> set[str]:
    """Everybody who waits, is offered or talks."""
    found: set[str] = set()
    for queue in engine.statistics().queues:
        found.update(str(one.contact) for one in engine.waiting(queue.queue))
    for agent in engine.agents():
        if agent.contact is not None:
            found.add(str(agent.contact))
    return found
