"""Which agents are in which condition, and how many of a queue's are: a bit for each agent, a number for each condition.

An agent serves a dozen queues and changes condition several times a call.  Counted in every queue, each change would cost
a dozen; here it is one bit, and whoever asks lays the members of a queue over it.  That costs as much as there are
agents, at 64 of them a machine word: a thousand are asked for in the time that one dictionary is.
"""

from acd.agent_state import AgentCondition

Picture = tuple[int, ...]
"""The bits of those in each condition, in the order of `AgentCondition`."""


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

    def count(self, members: int, condition: AgentCondition) -> int:
        """How many members are in a condition."""
        return (self._in_condition[condition] & members).bit_count()

    def picture(self) -> Picture:
        """Who is in which condition now; it does not change when they do."""
        return tuple(self._in_condition.values())


def counts(picture: Picture, members: int) -> dict[str, int]:
    """How many members were in each condition that any of them was in."""
    shared = ((condition, bits & members) for condition, bits in zip(AgentCondition, picture, strict=True))
    return {condition: bits.bit_count() for condition, bits in shared if bits}
