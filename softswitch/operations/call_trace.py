"""What is known of one call, put together for a ladder: its journal, its SIP messages, its legs' sound.

Reads the database and the files of `sip_trace` from outside, while the system works or long after.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import gmtime, strftime
from typing import Any

from softswitch.operations.ladder import Step
from softswitch.operations.sip_trace import folder_of
from softswitch.store.data_folder import DATABASE

AFTER_S = 40.0
"""Messages of a call may follow its end for so long (64 times T1, and some)."""
_HIDDEN = frozenset({"call_id", "sip_call_id", "path", "sha256", "diversion", "presented", "data", "note"})
"""What says nothing about signalling, and what callers typed in: a trace is shown to carriers."""


class UnknownCall(Exception):
    """No call of this id was ever written down here."""

    def __init__(self, call_id: str) -> None:
        """Keep the id."""
        super().__init__(f"没有此呼叫 / there is no call {call_id}")
        self.call_id = call_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTrace:
    """One call: its steps in order, and a line for the sound of each leg."""

    title: str
    steps: tuple[Step, ...]
    sound: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    """What the trace files hold of a call."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    sound: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_trace(data_dir: Path, call_id: str) -> CallTrace:
    """Put a call together.  Raises `UnknownCall`."""
    with closing(sqlite3.connect(f"{(data_dir / DATABASE).absolute().as_uri()}?mode=ro", uri=True)) as reader:
        rows = reader.execute(
            "SELECT at, kind, data FROM journal WHERE call_id = ? ORDER BY seq", (call_id,)
        ).fetchall()
    if not rows:
        raise UnknownCall(call_id)
    entries = [(float(at), str(kind), json.loads(data)) for at, kind, data in rows]
    arrived: dict[str, Any] = next((data for _, kind, data in entries if kind == "CallArrived"), {})
    found = _search(data_dir, call_id, arrived.get("sip_call_id", ""), entries[0][0], entries[-1][0])
    steps = [Step(at=at, text=_sentence(kind, data)) for at, kind, data in entries]
    steps += [
        Step(
            at=message["at"],
            text=_label(message),
            peer=message["peer"],
            outward=message["way"] == "out",
        )
        for message in found.messages
    ]
    began = datetime.fromtimestamp(entries[0][0], UTC).isoformat(timespec="milliseconds")
    title = _printable(f"{call_id}  {arrived.get('caller', '?')} -> {arrived.get('called', '?')}  {began}")
    sound = tuple(_sound_line(leg, figures) for leg, figures in sorted(found.sound.items()))
    return CallTrace(title=title, steps=tuple(sorted(steps, key=lambda step: step.at)), sound=sound)


def _search(data_dir: Path, call_id: str, sip_call_id: str, began: float, ended: float) -> _Found:
    """Two passes over the hours of the call: which SIP dialogs were its own, then what was said in them."""
    lines = list(_lines(folder_of(data_dir), began, ended + AFTER_S))
    # Inside its dialog the far end addresses our Contact, whose user is the leg's id.
    legs = {
        line["line"].partition("sip:")[2].partition("@")[0]
        for line in lines
        if line["kind"] == "sip" and line["sip"] == sip_call_id and line["way"] == "in"
    } - {""}
    legs |= {line["leg"] for line in lines if "leg" in line and line["leg"].startswith(f"{call_id}-")}
    dialogs = {line["sip"] for line in lines if line["kind"] == "leg" and line["leg"] in legs}
    dialogs |= {sip_call_id} - {""}
    found = _Found()
    for line in lines:
        if line["kind"] == "sip" and line["sip"] in dialogs:
            found.messages.append(line)
        elif line["kind"] == "sound" and line["leg"] in legs:
            found.sound[line["leg"]] = line
    return found


def _lines(folder: Path, began: float, ended: float) -> Iterator[dict[str, Any]]:
    hour = began - began % 3600
    while hour <= ended:
        path = folder / f"{strftime('%Y%m%d%H', gmtime(hour))}.jsonl"
        if path.is_file():
            with path.open(encoding="utf-8") as file:
                for text in file:
                    try:
                        line = json.loads(text)
                    except ValueError:  # the last line before a power cut
                        continue
                    if began - 1.0 <= line["at"] <= ended:
                        yield line
        hour += 3600


def _label(message: dict[str, Any]) -> str:
    """`INVITE`, or `200 OK (BYE)`, with the Q.850 cause if one was told."""
    line = str(message["line"])
    if line.startswith("SIP/2.0 "):
        text = f"{line[8:]} ({message['cseq'].rpartition(' ')[2]})"
    else:
        text = line.partition(" ")[0]
    return _printable(f"{text} [{message['reason']}]" if message["reason"] else text)


def _sentence(kind: str, data: dict[str, Any]) -> str:
    shown = (
        f"{name}={value}" for name, value in data.items() if name not in _HIDDEN and value not in ("", None)
    )
    return _printable(f"{kind} {' '.join(shown)}".strip())


def _printable(text: str) -> str:
    """Strangers wrote some of it: nothing that a terminal would obey, and nothing that XML 1.0 section 2.2 forbids."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _sound_line(leg: str, figures: dict[str, Any]) -> str:
    received, lost = figures["packets_received"], figures["packets_lost"]
    share = lost / (received + lost) if received + lost else 0.0
    trip = figures["round_trip_ms"]
    return (
        f"RTP {leg}: received {received} sent {figures['packets_sent']} lost {lost} ({share:.2%}) "
        f"late {figures['packets_late']} refused {figures['packets_refused']} "
        f"concealed {figures['frames_concealed']} jitter {figures['jitter_ms']:.1f} ms"
        + ("" if trip is None else f" round trip {trip:.1f} ms")
    )
