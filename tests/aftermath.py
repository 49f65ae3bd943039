"""What a fault leaves in the books: nothing open, nothing twice, and every recording playable and as long as its call.

Every test that breaks something ends with `judge_aftermath`; `faults_in` is the part that reads the disk alone.
"""

import asyncio
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import soundfile

from softswitch.store import chain
from softswitch.store.rebuild import compare
from tests.bad_weather import left_over
from tests.stand import Stand

QUIET_WITHIN_S = 25.0
LENGTH_WITHIN_S = 1.5
"""A recording begins and ends a moment after what the record says: the word to the plane takes its time on a busy machine."""
CRASH_COSTS_S = 2.5
"""The last second that was not on the disk, and the moment until the death is noticed."""

_QUEUED = """
    SELECT call_id, MAX(kind = 'CallConnected') AS answered, MAX(json_extract(data, '$.end_reason')) AS reason
    FROM journal WHERE call_id IN (SELECT call_id FROM journal WHERE kind = 'CallQueued') GROUP BY call_id"""
_SUMS = """
    SELECT TOTAL(offered) AS offered, TOTAL(answered) AS answered, TOTAL(abandoned) AS abandoned FROM half_hours"""
_TWICE = {
    "a caller's INVITE became two calls": """
        SELECT json_extract(data, '$.sip_call_id') AS what FROM journal WHERE kind = 'CallArrived' AND what <> ''
        GROUP BY what HAVING COUNT(*) > 1""",
    "an offer was made, accepted or ended twice": """
        SELECT kind || ' ' || json_extract(data, '$.offer') AS what FROM journal
        WHERE kind IN ('CallOffered', 'OfferAccepted', 'OfferEnded') GROUP BY what HAVING COUNT(*) > 1""",
    "a call arrived, was answered or ended twice": """
        SELECT kind || ' ' || call_id AS what FROM journal
        WHERE kind IN ('CallArrived', 'CallDialled', 'CallAnswered', 'CallEnded') GROUP BY what HAVING COUNT(*) > 1""",
    "a recording began or was closed twice": """
        SELECT kind || ' ' || json_extract(data, '$.recording_id') AS what FROM journal
        WHERE kind IN ('RecordingStarted', 'RecordingClosed') GROUP BY what HAVING COUNT(*) > 1""",
    "an agent is in two states at once": """
        SELECT agent AS what FROM agent_intervals WHERE ended_at IS NULL GROUP BY agent HAVING COUNT(*) > 1""",
}


async def judge_aftermath(here: Stand, *, crash_costs_s: float = CRASH_COSTS_S) -> None:
    """Wait until the last call is gone, which the test has hung up; then the books must be in order.

    `crash_costs_s`: so much of a call's end its recording may lack when the plane that wrote it died.
    """
    left: dict[str, float] = {"not looked yet": 1}
    with suppress(TimeoutError):
        async with asyncio.timeout(QUIET_WITHIN_S):
            while left:
                await asyncio.sleep(0.1)
                left = await left_over(here)
    assert not left, f"left over by the fault: {left}"
    data = here.server.data_dir
    faults = await asyncio.to_thread(faults_in, data, crash_costs_s=crash_costs_s)
    assert not faults, "\n".join(faults)
    counted = await asyncio.to_thread(counts_of, data / "hotline.sqlite")
    told = await here.api.get("/v1/figures", **{"from": "2020-01-01T00:00:00Z"})
    assert {name: told[name] for name in counted} == counted, "the figures are not those of the journal"


def faults_in(data: Path, *, crash_costs_s: float = CRASH_COSTS_S) -> list[str]:
    """What is wrong in a data folder of whose calls none is up, in words; blocks."""
    database = data / "hotline.sqlite"
    with closing(_opened(database)) as books:
        return [
            *(f"{each.table} is not what follows from the journal: {each}" for each in compare(database)),
            *(f"{what}: {row['what']}" for what, sql in _TWICE.items() for row in books.execute(sql)),
            *_faults_of_calls(books),
            *_faults_of_sums(books, database),
            *_faults_of_recordings(books, data, crash_costs_s),
            *(str(each) for each in chain.breaks(books, chain.load_key(data / "recording.key"))),
        ]


def counts_of(database: Path) -> dict[str, int]:
    """How many stood in a line, were answered, gave up or wait still: by the journal alone, each call once."""
    with closing(_opened(database)) as books:
        calls = books.execute(_QUEUED).fetchall()
    fates = Counter("answered" if call["answered"] else call["reason"] or "waiting" for call in calls)
    return {"offered": len(calls), **{name: fates[name] for name in ("answered", "abandoned", "waiting")}}


def _opened(database: Path) -> sqlite3.Connection:
    books = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    books.row_factory = sqlite3.Row
    return books


def _faults_of_calls(books: sqlite3.Connection) -> Iterator[str]:
    for call in books.execute("SELECT * FROM calls"):
        name, ended_at = call["call_id"], call["ended_at"]
        if ended_at is None:
            yield f"call {name} has no end"
            continue
        for span in ("wait_s", "ring_s", "talk_s"):
            if not 0 <= (call[span] or 0.0) <= ended_at - call["arrived_at"] + 0.01:
                yield f"call {name}: {span} is {call[span]} of {ended_at - call['arrived_at']:.2f} s"
        talks = books.execute("SELECT * FROM segments WHERE call_id = ? ORDER BY number", (name,)).fetchall()
        if any(talk["ended_at"] is None for talk in talks):
            yield f"call {name}: a talk has no end"
        elif abs(sum(talk["duration_s"] for talk in talks) - (call["talk_s"] or 0.0)) > 0.01:
            yield f"call {name}: its talks are not its talk_s"
        if any(talk["began_at"] < before["ended_at"] for before, talk in pairwise(talks)):
            yield f"call {name}: two talks at once"


def _faults_of_sums(books: sqlite3.Connection, database: Path) -> Iterator[str]:
    counted = counts_of(database)
    for name, summed in dict(books.execute(_SUMS).fetchone()).items():
        if summed != counted[name]:
            yield f"half hours: {name} is {summed:.0f}, by the journal {counted[name]}"


def _faults_of_recordings(books: sqlite3.Connection, data: Path, crash_costs_s: float) -> Iterator[str]:
    for row in books.execute(
        "SELECT call_id FROM calls WHERE answered_at IS NOT NULL AND call_id NOT IN (SELECT call_id FROM recordings)"
    ):
        yield f"call {row['call_id']} was answered and is not recorded"
    yield from (f"still being written: {part.name}" for part in data.rglob("*.wav.part"))
    for row in books.execute(
        """SELECT r.*, c.answered_at AS began_at, c.ended_at FROM recordings r LEFT JOIN calls c USING (call_id)
           WHERE r.state <> 'deleted' AND r.recording_id NOT IN
           (SELECT json_extract(data, '$.recording_id') FROM journal WHERE kind = 'RecordingPaused')"""
    ):
        fault = _fault_of_file(dict(row), crash_costs_s)
        if fault:
            yield f"recording {row['recording_id']} ({row['state']}) of {row['call_id']}: {fault}"


def _fault_of_file(row: dict[str, Any], crash_costs_s: float) -> str:
    path = Path(row["path"])
    if row["state"] == "open":
        return "is not closed"
    if row["state"] == "incomplete" and not row["frames"]:  # the disk was full before its first frame
        return "" if row["fault"] else "is empty, and nothing says why"
    try:
        sound = soundfile.info(str(path))
    except soundfile.LibsndfileError as error:
        return f"cannot be played: {error}"
    if (sound.samplerate, sound.channels) != (8000, 2):
        return f"is {sound.samplerate} Hz, {sound.channels} channels"
    if hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
        return "is not the file that was closed"
    if abs(sound.duration - row["duration_s"]) > 0.02:
        return f"lasts {sound.duration:.2f} s, and is told to last {row['duration_s']:.2f} s"
    if row["began_at"] is None or row["ended_at"] is None:
        return ""
    length_s = row["ended_at"] - row["began_at"]
    may_lack_s = {"done": LENGTH_WITHIN_S, "crash": crash_costs_s}.get(row["state"], length_s)
    if not length_s - may_lack_s <= sound.duration <= length_s + LENGTH_WITHIN_S:
        return f"lasts {sound.duration:.2f} s of a call of {length_s:.2f} s"
    return ""
