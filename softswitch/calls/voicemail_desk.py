"""Messages for whoever asks by HTTP: hear them, give them to agents, call back.  Implements `api.voicemail_views.VoicemailsPort`.

A message that agents are given is a contact of its own medium in the one queue (媒体统一排队), with the same ranking,
capacities and offers as any other.  Its id follows from the message's, so it is given once however often somebody asks.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from acd.medium import Medium
from api.faults import Conflict, NotFound, Refused
from api.problems import NotYours
from api.reach import EVERYTHING, Reach
from api.views import Page
from api.voicemail_views import HandOverBody, VoicemailsQuery, VoicemailView
from softswitch.business.strategies import AgentCapacities
from softswitch.business.whole import Business
from softswitch.calls.call_table import CallTable
from softswitch.contacts.contact import MediaContact, WorkState
from softswitch.contacts.contacts import Contacts
from softswitch.store import entries
from softswitch.store.voicemails import StoredVoicemails

NAMED: Final = "vm-"
"""What the id of a message's contact begins with; the id of the message follows."""

Dial = Callable[[str, str, dict[str, Any], str], Coroutine[Any, Any, str]]


class VoicemailDesk:
    """Messages, and what is done with them."""

    def __init__(
        self,
        stored: StoredVoicemails,
        contacts: Contacts,
        table: CallTable,
        dial: Dial,
        business: Callable[[], Business],
    ) -> None:
        """`dial` has an agent call a number, with data and a number to present, by the rules of the agent's seat."""
        self._stored = stored
        self._contacts = contacts
        self._table = table
        self._dial = dial
        self._business = business
        contacts.closed = self._closed

    async def list(self, query: VoicemailsQuery, reach: Reach = EVERYTHING) -> Page[VoicemailView]:
        """A page of messages within reach, newest first; `Refused("bad_cursor")`."""
        return await self._stored.list(query, reach)

    async def get(self, voicemail_id: str) -> VoicemailView:
        """One message; `NotFound`."""
        return await self._stored.get(voicemail_id)

    def hands(self, voicemail_id: str) -> frozenset[str]:
        """The agents who have it in hand, or are shown it."""
        contact = self._open_contact(voicemail_id)
        if contact is None:
            return frozenset()
        return frozenset(filter(None, (contact.agent, *contact.offers)))

    async def handle(self, voicemail_id: str, by: str, note: str) -> VoicemailView:
        """Mark it as dealt with; nobody is asked to work on it any more."""
        message = await self.get(voicemail_id)
        if message.handled_by not in (None, by):
            raise Conflict("already_handled", "已处理 / somebody dealt with it already", "handled")
        self._handled(voicemail_id, by, note)
        contact = self._open_contact(voicemail_id)
        if contact is not None:
            self._contacts.cancel(contact.contact_id, by)
        return await self.get(voicemail_id)

    # ---- to agents -----------------------------------------------------------------------------------

    async def hand_over(self, voicemail_id: str, body: HandOverBody, reach: Reach, by: str) -> VoicemailView:
        """Put it in line as a contact; while that is open, asking again changes nothing."""
        message = await self.get(voicemail_id)
        queue = body.queue or await self._stored.queue_of(voicemail_id) or self._line_for(message, body.agent)
        if not (reach.is_all or queue in reach.queues):
            raise NotYours
        if self._open_contact(voicemail_id) is not None:
            return message
        _check_open(message)
        self._check_taker(queue, body.agent)
        self._contacts.queue(
            Medium.VOICEMAIL.value,
            queue,
            level=0,
            address=message.caller,
            data={"voicemail_id": voicemail_id, "box": message.box},
            by=by,
            contact_id=NAMED + voicemail_id,
            wanted=body.agent,
        )
        self._table.chronicle.record(
            entries.VoicemailHandedOver(
                at=self._table.clock.wall(),
                voicemail_id=voicemail_id,
                contact_id=NAMED + voicemail_id,
                queue=queue,
                agent=body.agent,
                by=by,
            )
        )
        return await self.get(voicemail_id)

    def _line_for(self, message: VoicemailView, agent: str) -> str:
        """The queue with the name of the box, else the first of the agent."""
        business = self._business()
        if message.box in {queue.name for queue in business.queues}:
            return message.box
        served = {one.id: one.queues for one in business.agents}
        if agent and agent not in served:
            raise NotFound("agent", agent)
        if not served.get(agent):
            raise Refused("queue_needed", "须指明队列 / say which queue")
        return served[agent][0]

    def _check_taker(self, queue: str, agent: str) -> None:
        """Somebody must be able to have it, else it would wait for ever."""
        business = self._business()
        able = {
            each.id
            for _, each in business.strategies
            if isinstance(each, AgentCapacities)
            and any(part.medium is Medium.VOICEMAIL for part in each.media)
        }
        takers = [one for one in business.agents if (one.id == agent if agent else queue in one.queues)]
        if agent and not takers:
            raise NotFound("agent", agent)
        if not any(one.capacities in able for one in takers):
            raise Refused(
                "no_capacity",
                "没有坐席的媒体容量含语音留言(voicemail) / nobody there has a capacity for the medium voicemail",
            )

    def _open_contact(self, voicemail_id: str) -> MediaContact | None:
        contact = self._contacts.find(NAMED + voicemail_id)
        return contact if contact is not None and contact.is_open else None

    def _closed(self, contact: MediaContact, by: str) -> None:
        """The agent who is done with the contact has dealt with the message."""
        if contact.state is WorkState.COMPLETED and contact.contact_id.startswith(NAMED):
            self._handled(contact.contact_id.removeprefix(NAMED), by, "")

    def _handled(self, voicemail_id: str, by: str, note: str) -> None:
        self._table.chronicle.record(
            entries.VoicemailHandled(at=self._table.clock.wall(), voicemail_id=voicemail_id, by=by, note=note)
        )

    # ---- to the caller -------------------------------------------------------------------------------

    async def call_back(self, voicemail_id: str, agent: str, caller_id: str, by: str) -> VoicemailView:
        """Ring the agent's phone, then whoever left it."""
        message = await self.get(voicemail_id)
        if not message.caller:
            raise Conflict("no_number", "来电没有号码 / the caller's number is not known", message.state)
        call_id = await self._dial(agent, message.caller, {"voicemail_id": voicemail_id}, caller_id)
        self._table.chronicle.record(
            entries.VoicemailCalledBack(
                at=self._table.clock.wall(),
                voicemail_id=voicemail_id,
                call_id=call_id,
                agent=agent,
                by=by,
            )
        )
        return await self.get(voicemail_id)


def _check_open(message: VoicemailView) -> None:
    if message.state == "open":
        raise Conflict("recording_open", "正在留言 / the message is still being left", message.state)
    if message.handled_at is not None:
        raise Conflict("already_handled", "已处理 / somebody dealt with it already", "handled")
