"""Recordings over HTTP: lists, data, and the sound in parts."""

import pytest

from api.ports import RecordingQuery
from tests.api.city import NOW, City


async def test_recordings_are_listed_by_time_agent_and_number(city: City) -> None:
    """The path of the file is nobody's business."""
    status, page = await city.ask(
        "GET",
        "/v1/recordings?from=2025-11-24T16:00:00Z&to=2025-11-24T17:00:00Z&agent=1001&number=12345&call_id=c1",
        "read",
    )
    assert status == 200
    assert [one["recording_id"] for one in page["items"]] == ["r1", "gone", "open"]
    assert "path" not in page["items"][0]
    assert city.recordings.asked == [
        RecordingQuery(since=NOW, until=NOW + 3600, agent="1001", number="12345", call_id="c1")
    ]


async def test_the_whole_sound_is_a_wav(city: City) -> None:
    """HEAD tells its length."""
    async with city.client.get("/v1/recordings/r1", headers=city.auth("supervisor")) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "audio/wav"
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="r1.wav"'
        assert answer.headers["Repr-Digest"] == f"sha-256=:{'q6ur' * 10}q6s=:"
        assert await answer.read() == city.recordings.sound
    async with city.client.head("/v1/recordings/r1", headers=city.auth()) as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, "1000")


@pytest.mark.parametrize(
    ("wanted", "first", "last"), [("bytes=0-9", 0, 9), ("bytes=500-", 500, 999), ("bytes=-10", 990, 999)]
)
async def test_a_part_of_the_sound_is_served(city: City, wanted: str, first: int, last: int) -> None:
    """206 with Content-Range, as players ask for it."""
    async with city.client.get("/v1/recordings/r1", headers={**city.auth(), "Range": wanted}) as answer:
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/1000"
        assert await answer.read() == city.recordings.sound[first : last + 1]


async def test_a_range_outside_the_file_is_416(city: City) -> None:
    """It tells the true length."""
    async with city.client.get(
        "/v1/recordings/r1", headers={**city.auth(), "Range": "bytes=2000-"}
    ) as answer:
        assert answer.status == 416
        assert answer.headers["Content-Range"] == "bytes */1000"


async def test_a_recording_that_is_being_written_has_no_sound_yet(city: City) -> None:
    """Its data is there already."""
    status, problem = await city.ask("GET", "/v1/recordings/open")
    assert (status, problem["code"], problem["allowed"]) == (409, "recording_open", ["meta"])
    status, meta = await city.ask("GET", "/v1/recordings/open/meta", "read")
    assert (status, meta["state"], meta["closed_at"], meta["agents"]) == (200, "open", None, ["1001"])


async def test_what_is_not_there_is_404(city: City) -> None:
    """An unknown recording, and a known one whose file is gone, are told apart."""
    assert (await city.ask("GET", "/v1/recordings/r9"))[1]["code"] == "recording_not_found"
    assert (await city.ask("GET", "/v1/recordings/r9/meta"))[1]["code"] == "recording_not_found"
    assert (await city.ask("GET", "/v1/recordings/gone"))[1]["code"] == "recording_file_not_found"
    assert (await city.ask("GET", "/v1/recordings/..%2F..%2Fetc%2Fpasswd"))[0] == 404
