"""Agents, trunks, processes, and the alarms about them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStateChanged:
    """An agent's presence, activity or seat changed; `extension` is None without a seat.

    `call_id` is the call that rings or talks there, None without one.
    """

    at: float
    agent: str
    extension: str | None
    presence: str
    activity: str
    reason: str = ""
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReturned:
    """An agent whom a lost phone had made not ready is ready again: it answers, after `away_s` seconds.

    The `AgentStateChanged` that says so follows.
    """

    at: float
    agent: str
    extension: str | None
    away_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkStateChanged:
    """A trunk came up or went down."""

    at: float
    trunk: str
    up: bool
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised:
    """Something needs a person; `alarm` is a stable name (`disk_low`, `trunk_down`…), `subject` which of them."""

    at: float
    alarm: str
    detail: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCleared:
    """The alarm's cause is gone."""

    at: float
    alarm: str
    detail: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledged:
    """Somebody looks after an alarm that stands."""

    at: float
    alarm: str
    subject: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCallEnded:
    """Somebody on duty was rung about alarms (their ids, one a word).

    `outcome` is `acknowledged`, `not_acknowledged` (heard it, pressed no key), or why nobody answered: `no_answer`,
    `busy`, `no_way` (no phone, no trunk with room), `failed`, or `cleared` when there was nothing to tell any more.
    """

    at: float
    person: str
    number: str
    alarms: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceHealed:
    """Two parts did not agree for a while, and were brought together: `what` is a stable name (`stray_leg`…)."""

    at: float
    what: str
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLost:
    """One of our processes died unasked (`cell-7`, `plane-1`…)."""

    at: float
    process: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSet:
    """The machine's clock was set by `by_s` seconds (negative: back) while a call was up or an agent was signed in.

    One entry for each of them: what began before is told in the new time from here on, so that nothing seems to last an hour
    longer than it did.  `recording_id` is the recording of the call, None without one.
    """

    at: float
    by_s: float
    call_id: str | None = None
    recording_id: str | None = None
    agent: str | None = None
