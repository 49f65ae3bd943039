"""The alarm for an agent whose phone rang out: it stands until the agent is ready again, busy by choice, or gone."""

from collections.abc import Mapping
from typing import Any

from acd.agent import NO_ANSWER
from acd.agent_state import Presence
from softswitch.operations.alarms import AlarmBoard, AlarmKind


def hear_of_agent(alarms: AlarmBoard, data: Mapping[str, Any]) -> None:
    """Take what the live stream says of an agent (`agent.state_changed`)."""
    agent = str(data["agent"])
    if data["presence"] == Presence.NOT_READY and data["reason"] == NO_ANSWER:
        alarms.raise_alarm(AlarmKind.NO_ANSWER, agent, f"seat {data['extension']}")
    elif alarms.stands(AlarmKind.NO_ANSWER, agent):
        alarms.clear(AlarmKind.NO_ANSWER, agent)
