"""One telling for journal, stream and log."""

from typing import get_args

from structlog.testing import capture_logs

from api.event_stream import EventStream
from softswitch.calls.chronicle import KINDS, Chronicle
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason, Entry
from softswitch.store.errors import StoreClosed
from tests.softswitch.calls.node import Journal, done

ENDED = entries.CallEnded(
    at=1000.5, call_id="c1", ended_by=EndedBy.CALLER, end_reason=EndReason.ABANDONED, sip_status=487
)


class ClosedJournal:
    """A store that has closed."""

    def record(self, entry: Entry) -> None:
        raise StoreClosed(0)


def make_stream() -> EventStream:
    return EventStream("test", lambda: 0.0, dict)


def test_every_kind_of_entry_has_a_name_for_the_stream() -> None:
    assert set(get_args(Entry)) == KINDS.keys()
    assert len(set(KINDS.values())) == len(KINDS)


def test_an_entry_stands_in_the_journal_on_the_stream_and_in_the_log_with_its_call() -> None:
    journal, stream = Journal(), make_stream()
    reader = stream.subscribe(10)
    with capture_logs() as logs:
        Chronicle(journal, stream).record(ENDED)
    assert journal.entries == [ENDED]
    event = done(anext(reader))
    assert (event.kind, float(event.at), event.data["end_reason"]) == ("call.ended", 1000.5, "abandoned")
    assert [(line["event"], line["call_id"]) for line in logs] == [("call.ended", "c1")]


def test_paths_of_files_are_no_business_of_readers() -> None:
    stream = make_stream()
    reader = stream.subscribe(10)
    Chronicle(Journal(), stream).record(
        entries.RecordingStarted(at=1.0, recording_id="r1", call_id="c1", path="/recordings/r1.wav")
    )
    assert done(anext(reader)).data == {"recording_id": "r1", "call_id": "c1"}


def test_a_journal_that_takes_nothing_stops_no_call_and_is_in_the_log() -> None:
    stream = make_stream()
    reader = stream.subscribe(10)
    with capture_logs() as logs:
        Chronicle(ClosedJournal(), stream).record(ENDED)
    assert done(anext(reader)).kind == "call.ended"
    assert "chronicle.not_written" in [line["event"] for line in logs]
