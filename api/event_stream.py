"""The live stream: events numbered from 1, a bounded memory to resume from, and a bounded buffer per reader.

Publishing never waits: a reader whose buffer is full loses its subscription, not the publisher its time.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from api.call_index import CallIndex, Concern
from api.views import StreamEvent, WallTime


class StreamSubscription:
    """One reader of an `EventStream`; made by it.  Use it from the stream's own loop."""

    def __init__(
        self, buffer_size: int, first: tuple[StreamEvent, ...], on_close: Callable[[], object]
    ) -> None:
        """Begin with `first` in the buffer; `buffer_size` counts what comes after."""
        self._events = deque(first)
        self._limit = buffer_size + len(first)
        self._arrived = asyncio.Event()
        self._on_close = on_close
        self._is_open = True
        self._is_lost = False
        if first:
            self._arrived.set()

    @property
    def is_lost(self) -> bool:
        """True when the buffer overflowed: what came since is gone and the iteration ends."""
        return self._is_lost

    def push(self, event: StreamEvent) -> None:
        """Keep an event for the reader, or give the reader up."""
        if not self._is_open:
            return
        if len(self._events) >= self._limit:
            self._is_lost = True
            self._events.clear()
            self.close()
            return
        self._events.append(event)
        self._arrived.set()

    def close(self) -> None:
        """End the iteration after what is in the buffer; may be called twice."""
        if self._is_open:
            self._is_open = False
            self._arrived.set()
            self._on_close()

    def __aiter__(self) -> "StreamSubscription":
        """Itself."""
        return self

    async def __anext__(self) -> StreamEvent:
        """The next event; waits for one."""
        while not self._events:
            if not self._is_open:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()


class EventStream:
    """Numbers events, remembers the last `memory` of them and hands them to every reader."""

    def __init__(
        self,
        stream_id: str,
        wall: Callable[[], float],
        snapshot: Callable[[], dict[str, Any]],
        memory: int = 10_000,
    ) -> None:
        """`stream_id` must differ from every earlier start's; `snapshot` gives the state now as JSON values."""
        self._stream_id = stream_id
        self._wall = wall
        self._snapshot = snapshot
        self._index = CallIndex(snapshot)
        self._ring: deque[StreamEvent] = deque(maxlen=memory)
        self._number = 0
        self._readers: dict[int, StreamSubscription] = {}
        self._reader_count = 0

    @property
    def stream_id(self) -> str:
        """Changes with every start of the process."""
        return self._stream_id

    @property
    def number(self) -> int:
        """The number of the last event, 0 before the first."""
        return self._number

    @property
    def readers(self) -> int:
        """How many subscriptions are open."""
        return len(self._readers)

    def publish(self, kind: str, data: dict[str, Any], at: float | None = None) -> StreamEvent:
        """Number an event and hand it out; `data` must not be changed afterwards, `at` is wall time.

        An event that makes a phone ring gains `call` (see `api.call_index`).
        """
        self._number += 1
        moment = self._wall() if at is None else at
        concern, data = self._index.take(kind, data)
        event = StreamEvent(number=self._number, at=WallTime(moment), kind=kind, data=data, concern=concern)
        self._ring.append(event)
        for reader in tuple(self._readers.values()):
            reader.push(event)
        return event

    def snapshot(self) -> dict[str, Any]:
        """The state after event `number`."""
        return self._snapshot()

    def concern_of(self, call_id: str) -> Concern | None:
        """Whom a running call concerns; None for one that is not known here any more."""
        return self._index.concern_of(call_id)

    def subscribe(self, buffer_size: int) -> StreamSubscription:
        """The events after the present one."""
        return self._open(buffer_size, ())

    def resume(self, stream_id: str, after: int, buffer_size: int) -> StreamSubscription | None:
        """The events after number `after`; None when they are not kept or never were."""
        oldest_kept = self._ring[0].number if self._ring else self._number + 1
        if stream_id != self._stream_id or not oldest_kept - 1 <= after <= self._number:
            return None
        return self._open(buffer_size, tuple(event for event in self._ring if event.number > after))

    def _open(self, buffer_size: int, first: tuple[StreamEvent, ...]) -> StreamSubscription:
        self._reader_count += 1
        key = self._reader_count
        reader = StreamSubscription(buffer_size, first, lambda: self._readers.pop(key, None))
        self._readers[key] = reader
        return reader
