"""Who is in which condition: the bits against plain sets."""

from hypothesis import given
from hypothesis import strategies as st

from acd.agent_state import AgentCondition
from acd.attendance import Attendance, counts

CONDITIONS = tuple(AgentCondition)
steps = st.lists(
    st.tuples(st.integers(0, 9), st.none() | st.sampled_from(CONDITIONS)), min_size=1, max_size=60
)


@given(steps, st.sets(st.integers(0, 9)), st.lists(st.sampled_from(CONDITIONS), max_size=4))
def test_members_are_counted_as_if_one_by_one(
    moves: list[tuple[int, AgentCondition | None]], served_by: set[int], listed: list[AgentCondition]
) -> None:
    """Whoever comes, changes and goes."""
    attendance = Attendance()
    bits: dict[int, int] = {}
    there: dict[int, AgentCondition] = {}
    for agent, condition in moves:
        if agent not in there and condition is not None:
            bits[agent] = attendance.enter()
        if agent in bits:
            attendance.move(bits[agent], there.get(agent), condition)
        if condition is not None:
            there[agent] = condition
        elif there.pop(agent, None) is not None:
            attendance.leave(bits.pop(agent))
    members = [there[agent] for agent in sorted(served_by) if agent in there]
    mask = sum(bits[agent] for agent in served_by if agent in bits)
    assert counts(attendance.picture(), mask) == {one: members.count(one) for one in members}
    assert all(attendance.count(mask, one) == members.count(one) for one in CONDITIONS)
    assert attendance.are_all_in(mask, tuple(listed)) is all(one in listed for one in members)


def test_bits_of_those_who_left_are_used_again() -> None:
    """A year of logins makes no longer numbers than a day of them."""
    attendance = Attendance()
    first, second = attendance.enter(), attendance.enter()
    attendance.leave(first)
    assert attendance.enter() == first
    assert attendance.enter() == second * 2
