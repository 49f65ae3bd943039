"""The stream itself: numbers, memory, buffers."""

import asyncio

from api.event_stream import EventStream, StreamSubscription


def stream(memory: int = 5) -> EventStream:
    """At 100 s wall time, always."""
    return EventStream("s1", lambda: 100.0, lambda: {"calls": []}, memory=memory)


async def numbers(subscription: StreamSubscription) -> list[int]:
    """What is left in it, up to its end."""
    subscription.close()
    return [event.number async for event in subscription]


async def test_events_are_numbered_from_one() -> None:
    """With the wall clock's time unless another is given."""
    events = stream()
    assert (events.number, events.publish("a", {}).number, events.publish("b", {}, at=7.0).at) == (0, 1, 7.0)
    assert events.number == 2
    assert events.publish("c", {}).at == 100.0


async def test_a_reader_gets_what_comes_after_it() -> None:
    """And waits for the next."""
    events = stream()
    events.publish("before", {})
    reader = events.subscribe(5)
    waiting = asyncio.ensure_future(reader.__anext__())
    await asyncio.to_thread(lambda: None)
    assert not waiting.done()
    events.publish("after", {})
    assert (await waiting).kind == "after"
    reader.close()
    reader.close()
    assert events.readers == 0


async def test_a_full_buffer_ends_the_reader_alone() -> None:
    """The publisher and the others go on."""
    events = stream()
    small, large = events.subscribe(2), events.subscribe(10)
    for _ in range(3):
        events.publish("a", {})
    assert small.is_lost
    assert not large.is_lost
    assert await numbers(small) == []
    assert await numbers(large) == [1, 2, 3]


async def test_resuming_gives_exactly_what_was_missed() -> None:
    """As far back as the memory goes; what was missed does not count against the buffer."""
    events = stream(memory=3)
    for _ in range(5):
        events.publish("a", {})
    for after, expected in ((5, []), (4, [5]), (2, [3, 4, 5])):
        reader = events.resume("s1", after, 1)
        assert reader is not None
        assert await numbers(reader) == expected
    for stream_id, after in (("s1", 1), ("s1", 6), ("s1", -1), ("s0", 4)):
        assert events.resume(stream_id, after, 1) is None
    empty = stream().resume("s1", 0, 1)
    assert empty is not None
