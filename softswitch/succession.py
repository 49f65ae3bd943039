"""A new control takes over from the one before: calls, agents and recordings, as far as they can go on.

What can go on is decided in `softswitch.calls.adoption`, from what was written down and what cells and plane still hold;
here it is done, in the order that the engine wants: waiting callers first, then agents.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog

from acd import events as acd_facts
from acd.errors import UnknownQueue
from acd.names import ContactId, QueueName
from acd.stay import FloorRestored
from api.faults import Unavailable
from media import commands as plane_words
from softswitch.calls.adoption import Adoption, Fate, decide
from softswitch.calls.call import Call, CallState
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.kept_stays import KeptStay
from softswitch.calls.leg_desk import LegDesk
from softswitch.calls.message_desk import SPOKEN_ANEW
from softswitch.calls.ports import CellsPort, EdgePort
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.calls.seats import Seats
from softswitch.calls.switchboard import TABLE as LIVE_CALLS
from softswitch.calls.switchboard import Switchboard
from softswitch.cells.messages import HangUpLeg, LegHeld
from softswitch.cells.pool import UnknownLeg as NoCellHasLeg
from softswitch.clock import Clock
from softswitch.plane_link import Held
from softswitch.store.reader import Reader
from softswitch.store.service_paces import service_paces
from softswitch.store.writer import Store

log = structlog.get_logger(__name__)

READING_MOST_S = 1.0
TRANSFER_CUT_SHORT = 503
"""What a phone is told of a transfer whose target rang when control died (RFC 3515 section 2.4.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A call's record, read whole before anything is done about it."""

    call: Call
    state: CallState
    served: tuple[tuple[str, str], ...]  # agents and the contacts that the engine had them talk with
    referring: frozenset[str]  # legs whose phones asked for a transfer, whose target rang and was let go


def _read(record: Mapping[str, Any], adoption: Adoption) -> _Read:
    """Raises KeyError, TypeError, ValueError or AttributeError for what is no record of ours."""
    call_id = record["call_id"]
    return _Read(
        call=Call.restored(record, adoption.kept_legs, is_arriving=adoption.fate is Fate.ARRIVES),
        state=CallState(record["state"]),
        served=tuple(
            (party["agent"], party["contact"])
            for party in record["parties"]
            if party["contact"]
            and party["joined_at"] is not None
            and (party["contact"] == call_id or party["leg"]["leg_id"] in adoption.kept_legs)
        ),
        referring=frozenset(
            party["by"]
            for party in record["parties"]
            if party.get("is_referred") and party["leg"]["leg_id"] not in adoption.kept_legs
        ),
    )


class Succession:
    """One take-over, at the start of control."""

    def __init__(
        self,
        *,
        edge: EdgePort,
        pool: CellsPort,
        tell_plane: Callable[[plane_words.Command], None],
        legs: LegDesk,
        board: Switchboard,
        seats: Seats,
        recordings: RecordingDesk,
        dispatcher: Dispatcher,
        store: Store,
        reader: Reader,
        clock: Clock,
    ) -> None:
        """Know the parts that take over."""
        self._edge = edge
        self._pool = pool
        self._tell_plane = tell_plane
        self._legs = legs
        self._board = board
        self._seats = seats
        self._recordings = recordings
        self._dispatcher = dispatcher
        self._store = store
        self._reader = reader
        self._clock = clock

    async def take_over(self, in_cells: Mapping[str, LegHeld], held: Held) -> None:
        """Adopt what cells and plane hold; end what cannot go on; close what a crash left open."""
        confirmed = {leg_id for leg_id, leg in in_cells.items() if leg.phase == "confirmed"}
        early = {leg_id for leg_id, leg in in_cells.items() if leg.phase == "early"}
        await self._restore_paces()
        records = self._store.load(LIVE_CALLS)
        talking: dict[str, tuple[str, str, float]] = {}  # agent → the call as the engine last had it
        waiting: list[Call] = []
        adopted: set[str] = set()
        over: list[str] = []
        for call_id, record in records.items():
            try:
                adoption = decide(record, confirmed, held.legs, early)
                read = _read(record, adoption)
            except (KeyError, TypeError, ValueError, AttributeError):
                # What nobody can read costs this call alone: its legs are strays, its record is closed as a crash.
                log.exception("call.unreadable", call_id=call_id)
                self._store.remove(LIVE_CALLS, call_id)
                continue
            if read.call.route.queue:
                with suppress(UnknownQueue):  # it was removed, and its number leads nowhere now
                    self._board.queue_desk.line_of(read.call)
            for agent, contact in read.served:
                arrival = self._clock.moment_of(read.call.queued_at or read.call.arrived_at)
                talking[agent] = (contact, read.call.route.queue, arrival)
            if adoption.fate is Fate.IS_OVER:
                self._store.remove(LIVE_CALLS, call_id)
                over.append(call_id)
                continue
            call = self._rebuilt(read, held, adoption.fate)
            adopted.add(call_id)
            if adoption.fate is Fate.WAITS and call.state is CallState.WAITING:
                waiting.append(call)
            log.info("call.adopted", call_id=call_id, fate=adoption.fate.value)
        self._board.lines.restore(confirmed & held.legs.keys())
        self._end_strays({leg.leg_id for leg in self._legs.all()}, in_cells, held)
        talked = {call_id for call_id, _, _ in talking.values()}
        for call in waiting:
            if call.call_id not in talked:
                self._dispatcher.tell_late(self._queued(call))
        self._board.callbacks.restore()  # they wait as well
        self._board.contacts.restore()  # and so do messages
        self._seats.restore(talking, self._board.contacts.in_hand)
        self._board.contacts.hand_back()
        self._board.engage_adopted()
        for call_id in over:
            if call_id in talked:
                self._dispatcher.tell_late(acd_facts.ContactEnded(contact=ContactId(call_id)))
        for call in waiting:
            requeued = acd_facts.ContactRequeued(contact=ContactId(call.call_id))
            if call.call_id in talked and not self._dispatcher.tell_late(requeued):
                self._dispatcher.tell_late(self._queued(call))
            self._board.resume(call)
        self._dispatcher.tell_late(FloorRestored())
        orphans = await self._store.close_orphans(self._clock.wall(), adopted)
        for recording_id, call_id, path in orphans.recordings:
            self._recordings.opened(recording_id, call_id, path)
        self._recordings.repair_all_but(frozenset(held.recordings))
        for recording_id, call_id, path in orphans.discarded:
            self._recordings.discard(recording_id, call_id, path, SPOKEN_ANEW)

    async def _restore_paces(self) -> None:
        """What callers are told of their wait does not begin anew; a disk that does not answer in time costs only that."""
        try:
            async with asyncio.timeout(READING_MOST_S):
                paces = await service_paces(self._reader, self._clock.wall())
        except (TimeoutError, Unavailable):
            log.exception("pace.not_read")
            return
        for queue, pace in paces.items():
            self._dispatcher.tell_late(
                acd_facts.QueuePaceRestored(
                    queue=QueueName(queue), busy_s=tuple(pace.busy_s), ring_s=tuple(pace.ring_s)
                )
            )

    def _queued(self, call: Call) -> acd_facts.ContactQueued:
        """An adopted call's place in its line: the one that its arrival gives, and its time there goes on.

        A record of before that does not say since when it is there counts from the arrival.
        """
        arrival = call.queued_at or call.arrived_at
        stood = call.stood or KeptStay(since=arrival, visits={})
        arrived_at = self._clock.moment_of(arrival)
        fact = self._board.table.callers.queued(call, call.route.queue, arrived_at, self._clock.wall())
        return replace(fact, stay=stood.told(self._clock))

    def _rebuilt(self, read: _Read, held: Held, fate: Fate) -> Call:
        """Let everybody know a call that goes on."""
        call = read.call
        for party in call.parties:
            self._legs.adopt(party.leg)
            call.rows[party.leg_id] = held.legs[party.leg_id].hearing
            if party.leg_id in read.referring:
                # A phone that waits for the outcome may take no other key meanwhile.
                self._legs.report_referral(party.leg, TRANSFER_CUT_SHORT)
        if call.recording_id:
            self._recordings.opened(call.recording_id, call.call_id, call.recording_path)
        self._board.adopt(call)
        if fate is Fate.ARRIVES:
            return call  # its ACK takes it further
        if fate is Fate.TALKS and call.was_away:
            self._board.excursions.resume(call)
        elif fate is Fate.TALKS:
            self._board.resume_flow(call)  # which it comes back to after the talk
            self._board.resume_talk(call, was_talking=read.state is CallState.TALKING)
        elif not self._board.resume_flow(call):
            self._board.resume_wait(call, had_agent=bool(read.served))
        return call

    def _end_strays(self, known: set[str], in_cells: Mapping[str, LegHeld], held: Held) -> None:
        """End the legs that live in a cell, in the plane or outside, and belong to no call any more."""
        for leg_id in in_cells.keys() - known:
            try:
                self._pool.send(leg_id, HangUpLeg(leg_id=leg_id, status=503))
            except NoCellHasLeg:
                log.info("adoption.leg_gone", leg_id=leg_id)
            # The cell ends the outside, if the edge was told of it in time; else the edge does, a little later.
            self._edge.forget(leg_id)
        for leg_id in set(self._edge.legs()) - known - in_cells.keys():
            self._edge.finish(leg_id, 503, 41)
            self._edge.forget(leg_id)
        for leg_id in held.legs.keys() - known:
            self._tell_plane(plane_words.CloseLeg(leg_id=leg_id))
        live = {each for call in self._board.calls() for each in (call.recording_id, call.message_id)}
        for recording_id, recording in held.recordings.items():
            if recording_id not in live:
                self._recordings.opened(recording_id, recording.call_id, recording.path)
                self._tell_plane(plane_words.StopRecording(recording_id=recording_id))
