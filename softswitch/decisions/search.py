"""Plays journals of decisions again for one call: every decision on it, with everybody who had to do with it.

Costs as much as all that was decided since a journal began, so it is no work for a process that answers somebody
(`softswitch.decisions.worker`).
"""

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from acd.commands import Command
from acd.contact import Place
from acd.decision import RecordDecision, RecordJoin
from acd.engine import Engine
from acd.errors import AcdError, JournalFault
from acd.events import Event, QueueEvent, QueueHoursChanged, QueueRemoved
from acd.floor import Floor
from acd.journal import decode_event, encode_event
from acd.matching import Pairing
from acd.names import ContactId
from acd.roll_call import RollCall, call_the_roll
from api.decision_views import DecisionView
from softswitch.decisions.journal import head_of
from softswitch.decisions.sheet import KeptDecision, Source, decision_view, whole_list

MOST_DECISIONS: Final = 50
"""Of one call; the first of more are left out, and that is said."""
MOST_LISTS: Final = 10
"""Decisions with everybody; the last ones, or that of the one offer that was asked for."""
CLOCKS_APART_S: Final = 5.0
"""How far the time of day may have been set since a journal began."""

_RULES = tuple(each for each in get_args(QueueEvent) if each is not QueueHoursChanged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """What the journals say of a call; `is_whole` where they hold every decision on it."""

    decisions: tuple[DecisionView, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """One decision, where it was made, and everybody while it was."""

    kept: KeptDecision
    source: Source
    roll: RollCall


class _Rules:
    """The rules that hold, as a journal tells of them."""

    def __init__(self) -> None:
        self.line = 0
        self._said: dict[tuple[str, str], bytes] = {}

    def take(self, event: Event, line: int) -> None:
        """Note an event that changes a rule."""
        self.line = line
        name = str(getattr(event, "queue", None) or getattr(event, "name", ""))
        if isinstance(event, QueueRemoved):
            self._said.pop(("QueueDefined", name), None)
        else:
            self._said[type(event).__name__, name] = encode_event(event, 0.0)

    def digest(self) -> str:
        """Equal for equal rules."""
        return hashlib.sha256(b"\n".join(said for _, said in sorted(self._said.items()))).hexdigest()[:16]


class Search:
    """For one call (or contact) through one journal after the other."""

    def __init__(self, call_id: str) -> None:
        """Nothing was found yet."""
        self._call_id = call_id
        self._found: deque[_Found] = deque(maxlen=MOST_DECISIONS)
        self._rolls: list[RollCall] = []
        self._is_complete = True

    def play(self, path: Path, until: float) -> None:
        """Play a journal up to a moment (wall seconds), or to a line that cannot be read."""
        if not _mentions(path, self._call_id):
            return
        with path.open("rb") as lines:
            head = head_of(next(lines, b"")) or {}
            engine = Engine(str(head.get("run", "")), explains=True, witness=self._witness)
            apart = float(head.get("wall", 0.0)) - float(head.get("at", 0.0))
            rules = _Rules()
            for number, line in enumerate(lines, 2):
                try:
                    event, now = decode_event(line)
                except JournalFault:
                    self._is_complete = False
                    return
                if now + apart > until:
                    return
                if isinstance(event, _RULES):
                    rules.take(event, number)
                try:
                    answer = engine.handle(event, now)
                except AcdError:  # as it was then
                    continue
                if any(isinstance(order, RecordDecision | RecordJoin) for order in answer):
                    self._note(answer, path, number, rules, now, now + apart)

    def result(self, offer: str, *, is_covered: bool) -> Derivation:
        """What was found; everybody for one offer, or for the last ones where it is empty."""
        lists_from = len(self._found) - MOST_LISTS
        return Derivation(
            decisions=tuple(
                decision_view(
                    each.kept,
                    whole_list(each.roll, each.source, each.kept.now)
                    if (each.kept.order.offer == offer if offer else place >= lists_from)
                    else None,
                )
                for place, each in enumerate(self._found)
            ),
            is_whole=is_covered and self._is_complete,
        )

    def _witness(self, floor: Floor, pairing: Pairing, place: Place, now: float) -> None:
        del place
        if self._is_ours(pairing.contact.id):
            self._rolls.append(call_the_roll(floor, pairing, now))

    def _is_ours(self, contact: ContactId) -> bool:
        """A consulted queue's contact, `<call id>+<n>`, belongs to its call."""
        return contact.partition("+")[0] == self._call_id

    def _note(
        self, answer: tuple[Command, ...], path: Path, line: int, rules: _Rules, now: float, wall: float
    ) -> None:
        for order in answer:
            if isinstance(order, RecordDecision) and self._is_ours(order.contact):
                self._is_complete &= len(self._found) < MOST_DECISIONS
                source = Source(path.name, line, rules.digest(), rules.line)
                self._found.append(_Found(KeptDecision(order, wall, now, []), source, self._rolls.pop(0)))
            elif isinstance(order, RecordJoin) and self._is_ours(order.contact) and self._found:
                self._found[-1].kept.joined.append(order.agent)


def _mentions(path: Path, call_id: str) -> bool:
    """Whether a journal tells of a call at all: reading is far cheaper than playing."""
    wanted = call_id.encode()
    with path.open("rb") as lines:
        return any(wanted in line for line in lines)


def derived(folder: Path, call_id: str, *, since: float, until: float, offer: str = "") -> Derivation:
    """What the journals of a folder say of a call that was there from `since` to `until` (wall seconds)."""
    journals = sorted(_begun(folder))
    search = Search(call_id)
    for began, path in journals:
        if began <= until + CLOCKS_APART_S:
            search.play(path, until + CLOCKS_APART_S)
    is_covered = bool(journals) and journals[0][0] <= since + CLOCKS_APART_S
    return search.result(offer, is_covered=is_covered)


def _begun(folder: Path) -> Iterator[tuple[float, Path]]:
    """Each journal and when it began; what has no head is none."""
    for path in folder.glob("*.jsonl"):
        with path.open("rb") as lines:
            head = head_of(next(lines, b""))
        if head is not None and isinstance(head.get("wall"), float):
            yield head["wall"], path
