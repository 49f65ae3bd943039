"""A policy file: queues and agents in the words of the distributor's events.

    [[queues]]                  # the fields of QueueDefined
    queue = "main"
    strategy = "fewest_calls"
    wrap_up_s = 20.0

    [[agents]]                  # the fields of AgentLoggedIn
    agent = "1001"
    queues = ["main", "tax"]
    skills = [{skill = "tax", level = 2}]

Played as they stand they open a simulation; laid over a journal they change the keys that are given and leave the rest
as it was.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from acd.errors import JournalFault
from acd.events import AgentLoggedIn, AgentReassigned, AgentRestored, Event, QueueDefined
from acd.journal import decode_event
from acd.names import AgentId, QueueName

E = TypeVar("E", bound=Event)


class PolicyFault(Exception):
    """A policy file that cannot be used: where in it, and why."""

    def __init__(self, path: Path, place: str, reason: str) -> None:
        """Keep the place."""
        super().__init__(f"{path}: {place}: {reason}" if place else f"{path}: {reason}")
        self.path = path
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Queues and agents, and which of their keys the file gave."""

    queues: Mapping[QueueName, QueueDefined]
    agents: Mapping[AgentId, AgentLoggedIn]
    given: Mapping[str, frozenset[str]]  # by "queues.NAME" and "agents.NAME"

    def over(self, event: Event) -> Event:
        """Return what the event would have been under this policy."""
        if isinstance(event, QueueDefined) and event.queue in self.queues:
            return self._laid(self.queues[event.queue], event, f"queues.{event.queue}")
        if isinstance(event, AgentLoggedIn | AgentRestored | AgentReassigned) and event.agent in self.agents:
            return self._laid(self.agents[event.agent], event, f"agents.{event.agent}")
        return event

    def _laid(self, rules: Event, event: E, place: str) -> E:
        known = type(event).__dataclass_fields__
        return replace(event, **{key: getattr(rules, key) for key in self.given[place] if key in known})


def load_policy(path: Path) -> Policy:
    """Read a policy file; raises `PolicyFault` and `OSError`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyFault(path, "", f"TOML 语法错误 / not TOML: {error}") from error
    queues: dict[QueueName, QueueDefined] = {}
    agents: dict[AgentId, AgentLoggedIn] = {}
    given: dict[str, frozenset[str]] = {}
    for table, rows in document.items():
        if table not in {"queues", "agents"} or not isinstance(rows, list):
            raise PolicyFault(path, table, "应为 / expected [[queues]] or [[agents]]")
        for number, row in enumerate(rows):
            place = f"{table}[{number}]"
            event = _read(path, place, "QueueDefined" if table == "queues" else "AgentLoggedIn", row)
            name = event.queue if isinstance(event, QueueDefined) else event.agent
            if f"{table}.{name}" in given:
                raise PolicyFault(path, place, f"{name!r} 重复 / stands here twice")
            given[f"{table}.{name}"] = frozenset(row)
            if isinstance(event, QueueDefined):
                queues[event.queue] = event
            else:
                agents[event.agent] = event
    return Policy(queues=queues, agents=agents, given=given)


def _read(path: Path, place: str, kind: str, row: Any) -> QueueDefined | AgentLoggedIn:
    """One table as the event that it stands for, by the journal's own reader."""
    needed: dict[str, Any] = {} if kind == "QueueDefined" else {"queues": []}
    try:
        line = json.dumps({**needed, **row, "at": 0.0, "event": kind}).encode()
        event, _ = decode_event(line)
    except JournalFault as fault:
        raise PolicyFault(path, place, fault.detail) from fault
    except TypeError as error:
        raise PolicyFault(path, place, f"{error}") from error
    assert isinstance(event, QueueDefined | AgentLoggedIn)  # noqa: S101  `kind` said so
    return event
