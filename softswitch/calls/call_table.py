"""The calls that are up, and what every room of call control does with them: say, settle, write down, end.

Sound is never wired here: after each change the hearing table is computed, and the rows that differ are sent.
"""

from collections.abc import Callable, Iterable

import structlog

from acd import events as acd_facts
from acd.names import ContactId
from media import commands as plane_words
from softswitch.calls.call import Call, CallState, Offer
from softswitch.calls.chronicle import Chronicle
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.hangup import NORMAL_CLEARING
from softswitch.calls.hearing import changed_rows
from softswitch.calls.leg_desk import LegDesk
from softswitch.calls.trunks import Trunks
from softswitch.clock import Clock
from softswitch.settings import QueueSettings
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

TABLE = "live_call"

TellPlane = Callable[[plane_words.Command], None]


class CallTable:
    """Every call that is up, by id."""

    legs: LegDesk

    def __init__(
        self,
        *,
        tell_plane: TellPlane,
        dispatcher: Dispatcher,
        chronicle: Chronicle,
        keeper: StateKeeper,
        clock: Clock,
        trunks: Trunks,
        queues: Iterable[QueueSettings],
    ) -> None:
        """`legs` is set by whoever makes the leg desk, which needs a listener first."""
        self.tell_plane = tell_plane
        self.dispatcher = dispatcher
        self.chronicle = chronicle
        self.clock = clock
        self.trunks = trunks
        self.queues = {queue.name: queue for queue in queues}
        self._keeper = keeper
        self._calls: dict[str, Call] = {}

    # ---- which calls there are -------------------------------------------------------------------

    def add(self, call: Call) -> None:
        """A call is up from now on."""
        self._calls[call.call_id] = call

    def find(self, call_id: str) -> Call | None:
        """Return a call that is up."""
        return self._calls.get(call_id)

    def has(self, call: Call) -> bool:
        """Whether this very call is up still: what was told in between may have ended it."""
        return self._calls.get(call.call_id) is call

    def all(self) -> tuple[Call, ...]:
        """Every call that is up."""
        return tuple(self._calls.values())

    # ---- what is done with one -------------------------------------------------------------------

    def settle(self, call: Call) -> None:
        """Bring what the plane plays to what the hearing table says."""
        rows = call.hearing(self.queues[call.route.queue].music)
        self.legs.set_hearing(changed_rows(call.rows, rows))
        call.rows = rows

    def announce(self, call: Call, prompts: tuple[str, ...]) -> None:
        """Play prompts to everybody in the call; the plane says when they are over."""
        if call.customer is None:
            return
        call.playlists += 1
        call.prompted = True
        log.info("call.announcing", call_id=call.call_id, state=call.state.value, prompts=prompts)
        if call.state is CallState.INTRODUCED and call.offer is not None:
            self.legs.play(call.offer.leg, f"{call.playlist_id}:agent", prompts)
        self.legs.play(call.customer, call.playlist_id, prompts)
        self.settle(call)

    def record_right(self, call: Call, right: tuple[str, ...]) -> None:
        """Say whose voice goes into the recording's right channel."""
        if call.is_recorded and call.customer is not None:
            self.tell_plane(
                plane_words.SetRecordingSources(
                    recording_id=call.recording_id, left=(call.customer.leg_id,), right=right
                )
            )

    def record_offer_end(self, call: Call, offer: Offer, cause: str) -> None:
        """Write down that an offer came to nothing."""
        self.chronicle.record(
            entries.OfferEnded(
                at=self.clock.wall(),
                call_id=call.call_id,
                offer=offer.offer_id,
                agent=offer.agent,
                cause=cause,
            )
        )

    def keep(self, call: Call) -> None:
        """Write the call down for a control that starts after this one."""
        if call.state is not CallState.ENDED and self.has(call):
            self._keeper.put(TABLE, call.call_id, call.to_record())

    def end(
        self, call: Call, by: EndedBy, reason: EndReason, *, status: int = 0, cause: int | None = None
    ) -> None:
        """The one end of a call: record, channel, the agent's leg, engine, recording, the caller's leg."""
        if self._calls.pop(call.call_id, None) is None:
            return
        was = call.state
        call.become(CallState.ENDED)
        if call.next_position is not None:
            call.next_position.cancel()
        self.chronicle.record(
            entries.CallEnded(
                at=self.clock.wall(),
                call_id=call.call_id,
                ended_by=by,
                end_reason=reason,
                sip_status=status,
                q850_cause=cause,
            )
        )
        self._keeper.remove(TABLE, call.call_id)
        self.trunks.free(call.trunk, call.call_id)
        offer, call.offer = call.offer, None
        if offer is not None:
            if was is CallState.WAITING:
                self.record_offer_end(call, offer, "contact_left")
            self.legs.hang_up(offer.leg, status=487, cause=16)
        # The agent who is free now gets the next caller before the rest of this call is cleared away.
        if self.dispatcher.engine.contact(ContactId(call.call_id)) is not None:
            contact = ContactId(call.call_id)
            talked = was in (CallState.TALKING, CallState.INTRODUCED)
            self.dispatcher.tell_late(
                acd_facts.ContactEnded(contact=contact) if talked else acd_facts.ContactLeft(contact=contact)
            )
        if call.is_recorded:
            self.tell_plane(plane_words.StopRecording(recording_id=call.recording_id))
        if call.customer is not None:
            self.legs.hang_up(
                call.customer,
                status=486 if reason is EndReason.QUEUE_FULL else 503,
                cause=NORMAL_CLEARING if cause is None else cause,
            )

    def __repr__(self) -> str:
        """How many calls there are."""
        return f"<CallTable calls={len(self._calls)}>"
