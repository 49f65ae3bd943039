"""Listening without a phone: what is heard, what the plane is told, and when it ends.  On the real machinery of calls."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from api.event_stream import EventStream
from api.faults import Conflict, NotFound, Unavailable
from media import commands as plane_words
from media import events as plane_news
from softswitch.calls.call import Call
from softswitch.calls.chronicle import Chronicle
from softswitch.calls.hearing import Role, Supervising
from softswitch.calls.party import CallParty
from softswitch.ears import EARS_MOST, Ear, Ears, is_audible, is_ear
from softswitch.store import entries
from tests.softswitch.calls.node import Journal


def party(leg_id: str, role: Role = Role.AGENT, *, is_joined: bool = True, **more: Any) -> CallParty:
    """A party as the ears see it."""
    leg: Any = SimpleNamespace(leg_id=leg_id)
    return CallParty(leg=leg, role=role, joined_at=1.0 if is_joined else None, **more)


class Hotline:
    """One call of a customer and an agent, a plane that writes orders down, a journal and a stream."""

    def __init__(self) -> None:
        self.parties = [party("in", Role.CUSTOMER), party("out")]
        self.call: Any = SimpleNamespace(
            parties=self.parties, agent=self.parties[1], state=None, masked=False
        )
        self.calls: dict[str, Call] = {"c": cast("Call", self.call)}
        self.orders: list[plane_words.Command] = []
        self.answers = True
        self.journal = Journal()
        self.stream = EventStream("s", lambda: 5.0, dict)
        names = iter(range(1000))
        self.ears = Ears(
            find=self.calls.get,
            tell_plane=self._order,
            chronicle=Chronicle(self.journal, self.stream),
            stream=self.stream,
            wall=lambda: 5.0,
            token=lambda: str(next(names)),
        )

    def _order(self, order: plane_words.Command) -> None:
        self.orders.append(order)
        if isinstance(order, plane_words.OpenLeg) and self.answers:
            opened = plane_news.LegOpened(leg_id=order.leg_id, address="127.0.0.1", port=20_000)
            asyncio.get_running_loop().call_soon(self.ears.hear_plane, opened)

    def rows(self) -> list[list[str]]:
        """The hearing rows that the plane was told, by the names of their sources."""
        return [
            [source.name for source in order.sources]
            for order in self.orders
            if isinstance(order, plane_words.SetHearing)
        ]

    async def happens(self, kind: str) -> None:
        """Something is told of the call."""
        self.stream.publish(kind, {"call_id": "c"})
        await asyncio.sleep(0)
        await asyncio.sleep(0)


@pytest.fixture
async def hotline() -> AsyncIterator[Hotline]:
    """It follows its calls."""
    here = Hotline()
    here.ears.open()
    await asyncio.sleep(0)
    yield here
    here.ears.close()


async def test_an_ear_hears_who_talks_and_sends_to_us_alone(hotline: Hotline) -> None:
    """Its leg takes nothing in; the journal has who listens and why, and that it ended."""
    ear = await hotline.ears.listen("c", "2001", "training")
    opened, remote = hotline.orders[:2]
    assert isinstance(opened, plane_words.OpenLeg)
    assert isinstance(remote, plane_words.SetRemote)
    assert (opened.networks, remote.may_receive, remote.may_send) == (("127.0.0.1/32",), False, True)
    assert hotline.rows() == [["in", "out"]]
    ear.close()
    ear.close()
    assert hotline.orders[-1] == plane_words.CloseLeg(leg_id=ear.leg_id)
    started, ended = hotline.journal.entries
    assert isinstance(started, entries.SupervisionStarted)
    assert (started.supervisor, started.mode, started.reason) == ("2001", "monitor", "training")
    assert isinstance(ended, entries.SupervisionEnded)


async def test_the_row_follows_the_call_and_the_ear_ends_with_it(hotline: Hotline) -> None:
    """Told only what changed."""
    ear = await hotline.ears.listen("c", "2001", "x")
    await hotline.happens("call.data_changed")
    assert len(hotline.rows()) == 1
    hotline.parties[0].held = True
    await hotline.happens("call.held")
    assert hotline.rows()[-1] == ["out"]
    hotline.parties.append(party("new", Role.CONSULTEE))
    await hotline.happens("consult.answered")
    assert hotline.rows()[-1] == ["out", "new"]
    del hotline.calls["c"]
    await hotline.happens("call.ended")
    assert ear.is_closed
    assert [frame async for frame in ear] == []


@pytest.mark.parametrize(
    ("who", "is_heard"),
    [
        (party("a"), True),
        (party("a", muted=True), False),
        (party("a", held=True), False),
        (party("a", is_joined=False), False),
        (party("a", Role.SUPERVISOR, supervising=Supervising.MONITOR), False),
        (party("a", Role.SUPERVISOR, supervising=Supervising.WHISPER), False),
        (party("a", Role.SUPERVISOR, supervising=Supervising.BARGE), True),
    ],
)
def test_all_that_is_said_aloud_is_heard_and_no_whisper(who: CallParty, is_heard: bool) -> None:
    """Another supervisor's whisper is for the agent alone."""
    assert is_audible(who) == is_heard


async def test_what_cannot_be_listened_to_is_said(hotline: Hotline) -> None:
    """No such call, nobody who talks, too many ears: the plane is not asked."""
    with pytest.raises(NotFound):
        await hotline.ears.listen("none", "2001", "x")
    hotline.call.agent, hotline.call.state = None, SimpleNamespace(value="waiting")
    with pytest.raises(Conflict):
        await hotline.ears.listen("c", "2001", "x")
    hotline.call.agent = hotline.parties[1]
    orders = len(hotline.orders)
    open_ones = [await hotline.ears.listen("c", "2001", "x") for _ in range(EARS_MOST)]
    with pytest.raises(Unavailable):
        await hotline.ears.listen("c", "2001", "x")
    assert orders == 0
    open_ones[0].close()
    await hotline.ears.listen("c", "2001", "x")


async def test_a_plane_that_refuses_leaves_nothing_behind(hotline: Hotline) -> None:
    """The leg is given back, and the journal says nothing: nobody listened."""
    hotline.answers = False
    asking = asyncio.ensure_future(hotline.ears.listen("c", "2001", "x"))
    async with asyncio.timeout(5):
        while not hotline.orders:
            await asyncio.sleep(0.01)
    [order] = hotline.orders
    assert isinstance(order, plane_words.OpenLeg)
    refusal = plane_news.LegRefused(leg_id=order.leg_id, code="no_ports", detail="none is free")
    assert hotline.ears.hear_plane(refusal)
    with pytest.raises(Unavailable):
        await asking
    assert hotline.orders[-1] == plane_words.CloseLeg(leg_id=order.leg_id)
    assert hotline.journal.entries == []


async def test_only_news_of_ears_are_taken(hotline: Hotline) -> None:
    """A leg that opens after all is closed; one that the plane closed ends the listening."""
    assert not hotline.ears.hear_plane(plane_news.LegOpened(leg_id="in1", address="127.0.0.1", port=1))
    late = plane_news.LegOpened(leg_id="ear-late", address="127.0.0.1", port=1)
    assert hotline.ears.hear_plane(late)
    assert hotline.orders == [plane_words.CloseLeg(leg_id="ear-late")]
    ear = await hotline.ears.listen("c", "2001", "x")
    assert is_ear(ear.leg_id)
    closed = plane_news.LegClosed(leg_id=ear.leg_id, statistics=plane_news.LegStatistics())
    assert hotline.ears.hear_plane(closed)
    assert ear.is_closed


async def test_frames_come_without_their_headers_and_the_newest_stay() -> None:
    """Who does not fetch them in time hears what is said now."""
    ear = Ear("ear-1", "c")
    for number in range(60):
        ear.datagram_received(bytes(12) + bytes([number]) * 160, ("127.0.0.1", 1))
    ear.datagram_received(bytes(12), ("127.0.0.1", 1))
    ear.close()
    frames = [frame async for frame in ear]
    assert (len(frames), frames[0], frames[-1]) == (50, bytes([10]) * 160, bytes([59]) * 160)
