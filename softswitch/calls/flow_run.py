"""Where one caller is in one flow, as the call keeps it."""

from dataclasses import asdict, dataclass
from typing import Any

from softswitch.clock import Alarm
from softswitch.flows.interpreter import FlowState
from softswitch.flows.nodes import Flow


@dataclass(slots=True)
class LeftMessage:
    """The message that the caller speaks, or has spoken and may look over: where its file is, how long it may be and is.

    Times are wall seconds.
    """

    message_id: str
    path: str
    began_at: float
    most_until: float
    length_s: float = 0.0


@dataclass(slots=True)
class FlowRun:
    """The flow that the call began (in which `version` of the business), its state, and the timer that runs.

    `is_detour`: its end brings the caller back to the agent, or into the line, and to the flow that was `before` it.
    `because`: the conditions of the overflow rule that brought the caller here, none where none did.
    """

    flow: Flow
    state: FlowState
    version: int = 0
    alarm: Alarm | None = None
    is_detour: bool = False
    before: "FlowRun | None" = None
    message: LeftMessage | None = None
    because: tuple[str, ...] = ()

    def to_record(self) -> dict[str, Any]:
        """Return what a restarted control needs; no digit that the caller pressed is in it."""
        return {
            "flow": self.flow.id,
            "version": self.version,
            "is_detour": self.is_detour,
            "message": None if self.message is None else asdict(self.message),
            "before": None if self.before is None else self.before.to_record(),
            "because": list(self.because),
            **self.state.to_record(),
        }
