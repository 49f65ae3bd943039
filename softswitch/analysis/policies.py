"""A policy file: queues, agents and orders in the words of the distributor's events.

    [[queues]]                  # the fields of QueueDefined
    queue = "main"
    strategy = "fewest_calls"
    wrap_up_s = 20.0

    [[agents]]                  # the fields of AgentLoggedIn
    agent = "1001"
    queues = ["main", "tax"]
    skills = [{skill = "tax", level = 2}]

    [[routings]]                # of RoutingDefined; [[selections]], [[shares]], [[capacities]] likewise
    name = "fair"
    criteria = ["skill", "idle"]

Played as they stand they open a simulation; laid over a journal they change the keys that are given and leave the rest
as it was.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from acd.errors import AcdError, JournalFault
from acd.events import (
    AgentLoggedIn,
    AgentReassigned,
    AgentRestored,
    CapacitiesDefined,
    Event,
    QueueDefined,
    RoutingDefined,
    SelectionDefined,
    SharesDefined,
)
from acd.journal import decode_event
from acd.names import AgentId, QueueName

E = TypeVar("E", bound=Event)

Order = RoutingDefined | SelectionDefined | SharesDefined | CapacitiesDefined
"""What queues and agents name."""

_TABLES: Mapping[str, type[QueueDefined | AgentLoggedIn | Order]] = {
    "queues": QueueDefined,
    "agents": AgentLoggedIn,
    "routings": RoutingDefined,
    "selections": SelectionDefined,
    "shares": SharesDefined,
    "capacities": CapacitiesDefined,
}
_TABLE_OF: Mapping[type[Event], str] = {
    **{event: table for table, event in _TABLES.items()},
    AgentRestored: "agents",
    AgentReassigned: "agents",
}


def place_of(event: Event) -> str:
    """Where a policy has what an event tells: "queues.NAME", "agents.NAME", …; empty where it says nothing of it."""
    table = _TABLE_OF.get(type(event), "")
    key = {"queues": "queue", "agents": "agent"}.get(table, "name")
    return f"{table}.{getattr(event, key)}" if table else ""


class PolicyFault(Exception):
    """A policy file that cannot be used: where in it, and why."""

    def __init__(self, path: Path, place: str, reason: str) -> None:
        """Keep the place."""
        super().__init__(f"{path}: {place}: {reason}" if place else f"{path}: {reason}")
        self.path = path
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Queues, agents and orders, and which of their keys the file at `path` gave: by `place_of`."""

    path: Path
    rules: Mapping[str, QueueDefined | AgentLoggedIn | Order]
    given: Mapping[str, frozenset[str]]

    @property
    def orders(self) -> Mapping[str, Order]:
        """What queues and agents may name."""
        return {place: each for place, each in self.rules.items() if isinstance(each, Order)}

    @property
    def queues(self) -> Mapping[QueueName, QueueDefined]:
        """By name."""
        return {each.queue: each for each in self.rules.values() if isinstance(each, QueueDefined)}

    @property
    def agents(self) -> Mapping[AgentId, AgentLoggedIn]:
        """By name."""
        return {each.agent: each for each in self.rules.values() if isinstance(each, AgentLoggedIn)}

    def check(self, fault: tuple[Event, AcdError] | None) -> None:
        """Raise `PolicyFault` when the distributor refused what this policy says."""
        if fault is not None:
            event, error = fault
            raise PolicyFault(
                self.path, place_of(event), f"分配引擎不接受 / the distributor refuses it: {error}"
            )

    def over(self, event: Event) -> Event:
        """Return what the event would have been under this policy."""
        place = place_of(event)
        return self._laid(self.rules[place], event, place) if place in self.rules else event

    def _laid(self, rules: Event, event: E, place: str) -> E:
        known = type(event).__dataclass_fields__
        return replace(event, **{key: getattr(rules, key) for key in self.given[place] if key in known})


def load_policy(path: Path) -> Policy:
    """Read a policy file; raises `PolicyFault` and `OSError`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyFault(path, "", f"TOML 语法错误 / not TOML: {error}") from error
    rules: dict[str, QueueDefined | AgentLoggedIn | Order] = {}
    given: dict[str, frozenset[str]] = {}
    for table, rows in document.items():
        if table not in _TABLES or not isinstance(rows, list):
            known = ", ".join(f"[[{name}]]" for name in _TABLES)
            raise PolicyFault(path, table, f"应为其一 / expected one of {known}")
        for number, row in enumerate(rows):
            place = f"{table}[{number}]"
            event = _read(path, place, _TABLES[table], row)
            named = place_of(event)
            if named in rules:
                name = named.partition(".")[2]
                raise PolicyFault(path, place, f"{name!r} 重复 / stands here twice")
            rules[named], given[named] = event, frozenset(row)
    return Policy(path=path, rules=rules, given=given)


def _read(
    path: Path, place: str, kind: type[QueueDefined | AgentLoggedIn | Order], row: Any
) -> QueueDefined | AgentLoggedIn | Order:
    """One table as the event that it stands for, by the journal's own reader."""
    needed: dict[str, Any] = {"queues": []} if kind is AgentLoggedIn else {}
    try:
        line = json.dumps({**needed, **row, "at": 0.0, "event": kind.__name__}).encode()
        event, _ = decode_event(line)
    except JournalFault as fault:
        raise PolicyFault(path, place, fault.detail) from fault
    except TypeError as error:
        raise PolicyFault(path, place, f"{error}") from error
    assert isinstance(event, QueueDefined | AgentLoggedIn | Order)  # noqa: S101  `kind` said so
    return event
