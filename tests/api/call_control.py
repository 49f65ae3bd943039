"""Call control as the HTTP side sees it: remembers what it was asked, and knows which agents and calls there are."""

from typing import Any

from api.faults import Conflict, Denied, NotFound
from api.ports import ForcedState, HangUpTarget, SuperviseMode, Target

AGENTS = frozenset({"1001", "1002", "1003", "2001"})


class CallControl:
    """An `OperationsPort`.  Agent 1003 has no call; 114 may not be dialled."""

    def __init__(self) -> None:
        """Nothing was asked yet; call c2 runs."""
        self.asked: list[tuple[Any, ...]] = []
        self.data: dict[str, dict[str, Any]] = {"c2": {"order": 7}}

    def _agent(self, *what: Any) -> None:
        if what[1] not in AGENTS:
            raise NotFound("agent", what[1])
        if what[1] == "1003":
            raise Conflict("no_call", "没有通话 / no call", "idle", ("dial",))
        self.asked.append(what)

    def _call(self, call_id: str, *what: Any) -> None:
        if call_id not in self.data:
            raise NotFound("call", call_id)
        self.asked.append(what)

    async def dial(self, agent_id: str, number: str, data: dict[str, Any], caller_id: str = "") -> str:
        if number == "114":
            raise Denied("number_not_allowed", "不可拨打 / not allowed", "outbound.no_information_services")
        self._agent("dial", agent_id, number, data, caller_id)
        return "c9"

    async def answer(self, agent_id: str) -> None:
        self._agent("answer", agent_id)

    async def hang_up_own(self, agent_id: str) -> None:
        self._agent("hang_up_own", agent_id)

    async def hold(self, agent_id: str) -> None:
        self._agent("hold", agent_id)

    async def retrieve(self, agent_id: str) -> None:
        self._agent("retrieve", agent_id)

    async def mute(self, agent_id: str) -> None:
        self._agent("mute", agent_id)

    async def unmute(self, agent_id: str) -> None:
        self._agent("unmute", agent_id)

    async def send_digits(self, agent_id: str, digits: str) -> None:
        self._agent("send_digits", agent_id, digits)

    async def consult(self, agent_id: str, target: Target) -> None:
        self._agent("consult", agent_id, target.kind.value, target.to)

    async def alternate(self, agent_id: str) -> None:
        self._agent("alternate", agent_id)

    async def reconnect(self, agent_id: str) -> None:
        self._agent("reconnect", agent_id)

    async def transfer(self, agent_id: str, target: Target | None) -> None:
        self._agent("transfer", agent_id, *(() if target is None else (target.kind.value, target.to)))

    async def to_flow(self, agent_id: str, flow: str) -> None:
        self._agent("to_flow", agent_id, flow)

    async def flows(self) -> dict[str, str]:
        return {"password": "密码"}

    async def conference(self, agent_id: str) -> None:
        self._agent("conference", agent_id)

    async def drop(self, agent_id: str, leg_id: str) -> None:
        self._agent("drop", agent_id, leg_id)

    async def set_data(self, call_id: str, data: dict[str, Any], *, merge: bool = False) -> dict[str, Any]:
        self._call(call_id, "set_data", call_id, data, merge)
        before = self.data[call_id] if merge else {}
        self.data[call_id] = {name: value for name, value in {**before, **data}.items() if value is not None}
        return self.data[call_id]

    async def pause_recording(self, call_id: str, reason: str) -> None:
        self._call(call_id, "pause_recording", call_id, reason)

    async def resume_recording(self, call_id: str, reason: str) -> None:
        self._call(call_id, "resume_recording", call_id, reason)

    async def supervise(self, supervisor_id: str, call_id: str, mode: SuperviseMode, reason: str) -> None:
        self._call(call_id, "supervise", supervisor_id, call_id, mode.value, reason)

    async def stop_supervising(self, supervisor_id: str) -> None:
        self._agent("stop_supervising", supervisor_id)

    async def intercept(self, supervisor_id: str, call_id: str, reason: str) -> None:
        self._call(call_id, "intercept", supervisor_id, call_id, reason)

    async def force_hang_up(self, call_id: str, target: HangUpTarget, reason: str) -> None:
        self._call(call_id, "force_hang_up", call_id, target.value, reason)

    async def force_state(self, agent_id: str, state: ForcedState, reason: str) -> None:
        self._agent("force_state", agent_id, state.value, reason)

    async def pick_up(self, agent_id: str, call_id: str, reason: str) -> None:
        self._call(call_id, "pick_up", agent_id, call_id, reason)

    async def move(self, call_id: str, queue: str, reason: str) -> None:
        self._call(call_id, "move", call_id, queue, reason)

    async def set_level(self, call_id: str, level: int, reason: str) -> None:
        self._call(call_id, "set_level", call_id, level, reason)

    async def extend_wrap_up(self, agent_id: str, seconds: int) -> None:
        self._agent("extend_wrap_up", agent_id, seconds)
