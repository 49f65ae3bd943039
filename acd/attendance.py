"""Which agents are in which condition, and how many of a queue's are: a bit for each agent, a number for each condition.

An agent serves a dozen queues and changes condition several times a call.  Counted in every queue, each change would cost
a dozen; here it is one bit, and whoever asks lays the members of a queue over it.  That costs as much as there are
agents, at 64 of them a machine word: a thousand are asked for in the time that one dictionary is.
"""

from acd.agent_state import AgentCondition


class Attendance:
    """Agents who are logged in, by condition."""

    __slots__ = ("_in_condition", "_unused", "_used")

    def __init__(self) -> None:
        """Begin with nobody."""
        self._in_condition: dict[AgentCondition, int] = dict.fromkeys(AgentCondition, 0)
        self._unused: list[
            int
        ] = []  # bits of those who left: numbers stay as short as the most who were there
        self._used = 0

    def enter(self) -> int:
        """Return a bit for an agent, who is in no condition yet."""
        if self._unused:
            return self._unused.pop()
        self._used += 1
        return 1 << (self._used - 1)

    def leave(self, bit: int) -> None:
        """An agent who is in no condition any more gives the bit back."""
        self._unused.append(bit)

    def move(self, bit: int, was: AgentCondition | None, now: AgentCondition | None) -> None:
        """An agent goes from one condition to another; None is to be in none."""
        if was is not None:
            self._in_condition[was] ^= bit
        if now is not None:
            self._in_condition[now] ^= bit

    def are_all_in(self, members: int, conditions: tuple[AgentCondition, ...]) -> bool:
        """Whether every member is in one of these conditions; so it is when there are none."""
        for condition in conditions:
            members &= ~self._in_condition[condition]
        return not members

    def counts(self, members: int) -> dict[str, int]:
        """How many members are in each condition that somebody is in."""
        shared = ((condition, bits & members) for condition, bits in self._in_condition.items())
        return {condition: bits.bit_count() for condition, bits in shared if bits}
