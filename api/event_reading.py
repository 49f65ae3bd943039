"""Reading the live stream: where one begins, what one may see, and the texts that all readers share."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import structlog

from api.json_text import dump, iso_time
from api.ports import EventsPort, Subscription
from api.reach import Reach
from api.requests import EventsQuery
from api.views import StreamEvent

_log = structlog.get_logger(__name__)

_KEPT = 1000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """A reader's subscription, and the message with which it begins (`snapshot` or `resumed`)."""

    subscription: Subscription
    head: dict[str, Any]


def begin_reading(events: EventsPort, reach: Reach, begin: EventsQuery, buffer_size: int) -> Reading:
    """Go on after `begin`, or begin with what is within reach of everything as it stands.

    Subscribed, numbered and shown in one turn of the loop: nothing falls between.
    """
    subscription = events.resume(begin.stream, begin.after, buffer_size) if begin.stream else None
    if subscription is not None:
        head = {"type": "resumed", "stream": events.stream_id, "number": begin.after}
        return Reading(subscription=subscription, head=head)
    snapshot = reach.shown(events.snapshot())
    subscription = events.subscribe(buffer_size)
    head = {
        "type": "snapshot",
        "stream": events.stream_id,
        "number": events.number,
        "data": snapshot,
    }
    return Reading(subscription=subscription, head=head)


class EventTexts:
    """Events as JSON: each made once, however many read it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._texts: OrderedDict[int, str] = OrderedDict()

    def text_of(self, event: StreamEvent) -> str:
        """The event as one message."""
        text = self._texts.get(event.number)
        if text is None:
            head = {
                "type": "event",
                "number": event.number,
                "at": iso_time(event.at),
                "kind": event.kind,
            }
            try:
                text = dump({**head, "data": event.data})
            except (TypeError, ValueError):  # one event that is no JSON must not cost every reader the stream
                _log.exception("live.event_not_json", kind=event.kind, number=event.number)
                text = dump({**head, "data": {}})
            self._texts[event.number] = text
            if len(self._texts) > _KEPT:
                self._texts.popitem(last=False)
        return text

    def sparse_text_of(self, event: StreamEvent) -> str:
        """The same for a reader who does not see all: numbers grow, but not by one."""
        return self.text_of(event)[:-1] + ',"sparse":true}'
