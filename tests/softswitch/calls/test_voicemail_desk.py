"""Messages in the hands of agents: given to them as contacts of the one queue, dealt with, and their callers called back."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from api.faults import Conflict, Denied, NotFound, Refused
from api.problems import NotYours
from api.reach import EVERYTHING, Reach
from api.voicemail_views import HandOverBody, VoicemailsQuery, VoicemailView
from softswitch.business.whole import Business
from softswitch.calls.operations import Operations
from softswitch.calls.voicemail_desk import VoicemailDesk
from softswitch.contacts.contact import WorkState
from softswitch.store import entries
from softswitch.store.entries import Entry, VoicemailStarted
from softswitch.store.reader import Reader
from softswitch.store.voicemails import StoredVoicemails
from softswitch.store.writer import Store
from tests.softswitch.business.test_strategies import PLAIN, Documents, Town
from tests.softswitch.store.samples import closed, open_store

CALLER = "13800001111"
MESSAGE = "ab" * 16
CONTACT = f"vm-{MESSAGE}"
CAPACITIES: Documents = {
    ("capacities", "desk"): {
        "id": "desk",
        "media": [{"medium": "voice"}, {"medium": "voicemail", "beside": ["voice"]}],
    },
    ("agents", "1001"): {"id": "1001", "queues": ["hotline"], "capacities": "desk"},
    ("queues", "night"): {"name": "night"},
    ("agents", "1002"): {"id": "1002", "queues": ["hotline", "night"]},
}


class Office:
    """A town whose journal is written to a database, with one finished message of the box `hotline`."""

    def __init__(self, store: Store, reader: Reader) -> None:
        self.town = Town(PLAIN, CAPACITIES)
        self.node = self.town.node
        self._in_memory: Callable[[Entry], None] = self.node.journal.record
        self._store = store
        self.node.chronicle._store = self
        self.desk = VoicemailDesk(
            StoredVoicemails(reader),
            self.node.board.contacts,
            self.node.board.table,
            Operations(self.node.board, self.node.seats).dial,
            self._business,
        )
        self.leave()

    def _business(self) -> Business:
        assert self.town.business is not None
        return self.town.business

    def record(self, entry: Entry) -> None:
        """Keep it, here and there."""
        self._in_memory(entry)
        self._store.record(entry)

    def leave(self, name: str = MESSAGE, caller: str = CALLER, box: str = "hotline") -> None:
        """A caller leaves a message before any queue."""
        self.record(VoicemailStarted(at=1.0, voicemail_id=name, call_id="c1", box=box, caller=caller))
        self.record(entries.RecordingStarted(at=1.0, recording_id=name, call_id="c1", path="/x.wav"))
        self.record(replace(closed(name, "c1", 21.0), duration_s=20.0))

    async def hand(self, queue: str = "", agent: str = "", reach: Reach = EVERYTHING) -> VoicemailView:
        """A supervisor gives the message to agents."""
        body = HandOverBody(queue=queue, agent=agent)
        return await self.desk.hand_over(MESSAGE, body, reach, "lead")


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Two agents, one of whom may have a message in hand."""
    async with AsyncExitStack() as stack:
        store = await open_store(tmp_path)
        stack.push_async_callback(store.close)
        reader = await Reader.open(tmp_path / "hotline.db", store.committed)
        stack.push_async_callback(reader.close)
        yield Office(store, reader)


async def test_a_message_is_given_taken_and_dealt_with(office: Office) -> None:
    """It rings nobody's phone, is in hand beside calls, and who completes it has dealt with it."""
    office.node.login("1001", "8001")
    office.node.login("1002", "8002")
    shown = await office.hand()
    assert (shown.handed_by, shown.handed_queue, shown.handed_agent) == ("lead", "hotline", None)
    assert shown.contact_id == CONTACT
    contacts = office.node.board.contacts
    contact = contacts.get(CONTACT)
    assert (contact.medium, contact.address, [*contact.offers]) == ("voicemail", CALLER, ["1001"])
    assert contact.data["voicemail_id"] == MESSAGE
    assert office.desk.hands(MESSAGE) == {"1001"}
    contacts.accept("1001", CONTACT)
    call_id = office.node.call_in()
    assert office.node.leg_of_agent(call_id)
    contacts.complete("1001", CONTACT)
    done = await office.desk.get(MESSAGE)
    assert (done.handled_by, office.desk.hands(MESSAGE)) == ("1001", frozenset())
    with pytest.raises(Conflict) as refused:
        await office.hand()
    assert refused.value.code == "already_handled"


async def test_it_is_given_once_however_often_somebody_asks(office: Office) -> None:
    """Until it is taken back: then it may be given anew, and waits in a line again."""
    first, again = await office.hand(), await office.hand(agent="1001")
    assert first == again
    assert len(office.node.entries(entries.VoicemailHandedOver)) == 1
    contacts = office.node.board.contacts
    contacts.cancel(CONTACT, "lead")
    assert (await office.desk.get(MESSAGE)).handled_at is None
    assert (await office.hand(agent="1001")).handed_agent == "1001"
    assert contacts.position(contacts.get(CONTACT)) == 1
    assert len(contacts.all()) == 1


async def test_a_message_for_one_agent_is_shown_to_no_other(office: Office) -> None:
    """Not even when that one comes later, or says no; after a restart it is still that one's."""
    office.town.take(
        {("agents", "1002"): {"id": "1002", "queues": ["hotline"], "capacities": "desk"}},
    )
    office.node.login("1002", "8002")
    await office.hand(agent="1001")
    contact = office.node.board.contacts.get(CONTACT)
    assert contact.state is WorkState.WAITING
    office.node.login("1001", "8001")
    assert [*contact.offers] == ["1001"]
    office.node.board.contacts.decline("1001", CONTACT)
    assert "1002" not in contact.offers
    assert type(contact).restored(contact.to_record()).wanted == "1001"


async def test_whom_it_cannot_reach_it_is_not_given_to(office: Office) -> None:
    """Nobody there may have one, no such agent or queue, or a queue that is not the asker's."""
    for queue, agent, fault in (
        ("night", "", Refused),
        ("", "1002", Refused),
        ("", "1999", NotFound),
        ("nowhere", "", Refused),
    ):
        with pytest.raises(fault):
            await office.hand(queue, agent)
    with pytest.raises(NotYours):
        await office.hand(reach=Reach(queues=frozenset({"night"}), sees_queued=True))
    with pytest.raises(NotFound):
        await office.desk.hand_over("none", HandOverBody(), EVERYTHING, "lead")
    office.record(VoicemailStarted(at=2.0, voicemail_id="m2", call_id="c2", box="hotline", caller=CALLER))
    office.record(entries.RecordingStarted(at=2.0, recording_id="m2", call_id="c2", path="/y.wav"))
    with pytest.raises(Conflict) as speaking:
        await office.desk.hand_over("m2", HandOverBody(), EVERYTHING, "lead")
    assert speaking.value.code == "recording_open"
    assert not office.node.board.contacts.all()


async def test_without_a_queue_of_its_own_a_message_stands_in_the_first_of_its_agent(office: Office) -> None:
    """Its caller stood in none, and no queue has the name of its box."""
    office.leave("m2", box="elsewhere")
    shown = await office.desk.hand_over("m2", HandOverBody(agent="1001"), EVERYTHING, "lead")
    assert (shown.handed_queue, shown.handed_agent) == ("hotline", "1001")
    with pytest.raises(Refused) as unsaid:
        await office.desk.hand_over(MESSAGE, HandOverBody(queue="night"), EVERYTHING, "lead")
    assert unsaid.value.code == "no_capacity"


async def test_who_deals_with_it_elsewhere_takes_it_out_of_the_line(office: Office) -> None:
    """Nobody works on what is done."""
    await office.hand()
    done = await office.desk.handle(MESSAGE, "lead", "短信答复")
    assert (done.handled_by, done.note) == ("lead", "短信答复")
    assert office.node.board.contacts.get(CONTACT).state is WorkState.CANCELLED
    assert [one.by for one in office.node.entries(entries.VoicemailHandled)] == ["lead"]
    with pytest.raises(Conflict) as refused:
        await office.desk.handle(MESSAGE, "1001", "")
    assert refused.value.code == "already_handled"
    again = await office.desk.handle(MESSAGE, "lead", "已上门")  # who did it may add to the note
    assert (again.handled_by, again.note) == ("lead", "已上门")


async def test_whoever_left_it_is_called_back_by_the_rules_of_the_seat(office: Office) -> None:
    """The agent's own phone rings first; a seat that may not call outside is refused, and nothing is noted."""
    office.node.login("1001", "8003")
    shown = await office.desk.call_back(MESSAGE, "1001", "", "1001")
    assert (shown.called_back_by, shown.called_back_at is None) == ("1001", False)
    call = office.node.call(str(shown.called_back_in))
    assert (call.called, call.data) == (CALLER, {"voicemail_id": MESSAGE})
    office.node.settle()
    [own] = office.node.ringing()
    assert [(party.leg_id, party.extension) for party in call.parties] == [(own.leg_id, "8003")]
    office.node.login("1002", "8002")
    with pytest.raises(Denied):
        await office.desk.call_back(MESSAGE, "1002", "", "1002")
    office.leave("m2", caller="")
    with pytest.raises(Conflict) as unknown:
        await office.desk.call_back("m2", "1001", "", "1001")
    assert unknown.value.code == "no_number"
    assert len(office.node.entries(entries.VoicemailCalledBack)) == 1


async def test_messages_are_found_by_whether_agents_were_given_them(office: Office) -> None:
    """And one that its caller spoke anew is not found at all."""
    office.leave("m2")
    await office.hand()
    for handed, found in ((True, [MESSAGE]), (False, ["m2"])):
        page = await office.desk.list(VoicemailsQuery(handed=handed))
        assert [one.voicemail_id for one in page.items] == found
    office.record(entries.VoicemailDiscarded(at=3.0, voicemail_id="m2", call_id="c1"))
    assert [one.voicemail_id for one in (await office.desk.list(VoicemailsQuery())).items] == [MESSAGE]
    with pytest.raises(NotFound):
        await office.desk.get("m2")
