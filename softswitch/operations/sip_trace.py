"""What passed between the node and the world, message by message: kept for some days, for whoever asks why.

Of a message only its start line, its Call-ID, CSeq, Reason and size are kept: no number but that of the start line, no
credential, no body.  Lines of JSON in one file an hour, written by a thread: control never waits for this disk.
"""

import asyncio
import json
from collections import deque
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import gmtime, strftime
from typing import Any

import structlog

from media.events import LegStatistics
from softswitch.clock import Alarm, Clock

log = structlog.get_logger(__name__)

FLUSH_EVERY_S = 1.0
WAITING_MOST = 50_000
KEPT_HOURS = 24 * 7
KEPT_BYTES = 512 * 1024 * 1024
LINE_MOST = 200
NO_CALLS = frozenset({"OPTIONS", "REGISTER"})


def folder_of(data_dir: Path) -> Path:
    """Where the files are."""
    return data_dir / "sip_trace"


class SipTrace:
    """Takes note of messages of calls; never raises, never waits.  Pings and registrations are no call's."""

    def __init__(self, data_dir: Path, clock: Clock, *, kept_hours: int = KEPT_HOURS) -> None:
        """Nothing is written before `open`."""
        self._kept_hours = kept_hours
        self._folder = folder_of(data_dir)
        self._clock = clock
        self._waiting: deque[dict[str, Any]] = deque(maxlen=WAITING_MOST)
        self._flushing: asyncio.Task[None] | None = None
        self._next_flush: Alarm | None = None
        self.lines = 0
        """Lines that were written."""

    def open(self) -> None:
        """Begin to write."""
        self._next_flush = self._clock.after(FLUSH_EVERY_S, self._flush)

    async def close(self) -> None:
        """Write what waits."""
        if self._next_flush is not None:
            self._next_flush.cancel()
        if self._flushing is not None:
            await asyncio.gather(self._flushing, return_exceptions=True)
        await self._write()

    def note_outside(self, direction: str, data: bytes, peer: str) -> None:
        """A message came (`in`) or went (`out`); `peer` is `udp 192.0.2.1:5060`."""
        self._note(direction, data, peer)

    def note_inside(self, direction: str, data: bytes, _peer: str) -> None:
        """A message between edge and cell: only an INVITE's, since it says which leg a Call-ID belongs to."""
        if data.startswith(b"INVITE "):
            leg = _header(data, b"x-leg")
            if leg:
                self._add({"kind": "leg", "leg": leg, "sip": _header(data, b"call-id", b"i")})

    def note_sound(self, leg_id: str, statistics: LegStatistics) -> None:
        """How a leg's sound was."""
        self._add({"kind": "sound", "leg": leg_id, **asdict(statistics)})

    def _note(self, direction: str, data: bytes, peer: str) -> None:
        line = data[: data.find(b"\r\n")][:LINE_MOST].decode("utf-8", "replace")
        cseq = _header(data, b"cseq")
        if line and cseq.rpartition(" ")[2] not in NO_CALLS:
            self._add(
                {
                    "kind": "sip",
                    "way": direction,
                    "peer": peer,
                    "line": line,
                    "sip": _header(data, b"call-id", b"i"),
                    "cseq": cseq,
                    "reason": _header(data, b"reason"),
                    "size": len(data),
                }
            )

    def _add(self, line: dict[str, Any]) -> None:
        self._waiting.append({"at": round(self._clock.wall(), 4), **line})

    def _flush(self) -> None:
        self._next_flush = self._clock.after(FLUSH_EVERY_S, self._flush)
        if self._waiting and (self._flushing is None or self._flushing.done()):
            self._flushing = asyncio.create_task(self._write(), name="sip-trace")

    async def _write(self) -> None:
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not lines:
            return
        try:
            await asyncio.to_thread(_append, self._folder, lines, self._kept_hours)
        except OSError as error:  # a full disk costs the trace, nothing else
            log.warning("sip_trace.not_written", lines=len(lines), error=str(error))
        else:
            self.lines += len(lines)


def _append(folder: Path, lines: list[dict[str, Any]], kept_hours: int) -> None:
    """Write lines to the file of their hour, and make room when a new one begins."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    by_hour: dict[str, list[str]] = {}
    for line in lines:
        hour = strftime("%Y%m%d%H", gmtime(line["at"]))
        by_hour.setdefault(hour, []).append(json.dumps(line, ensure_ascii=False) + "\n")
    for hour, texts in by_hour.items():
        path = folder / f"{hour}.jsonl"
        is_new = not path.exists()
        with path.open("a", encoding="utf-8") as file:
            file.writelines(texts)
        if is_new:
            path.chmod(0o600)
            _make_room(folder, kept_hours)


def _make_room(folder: Path, kept_hours: int) -> None:
    files = sorted(folder.glob("*.jsonl"))
    room = sum(file.stat().st_size for file in files)
    for index, file in enumerate(files[:-1]):
        if len(files) - index <= kept_hours and room <= KEPT_BYTES:
            return
        room -= file.stat().st_size
        with suppress(FileNotFoundError):
            file.unlink()


def _header(data: bytes, *names: bytes) -> str:
    """The first value of a header, "" without one; no parser, since a trace must also show what none can read."""
    for line in data[: data.find(b"\r\n\r\n") + 2].split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() in names:
            return value.strip()[:LINE_MOST].decode("utf-8", "replace")
    return ""
