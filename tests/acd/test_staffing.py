"""Seats for a stream of calls, against published values, against sums over states, and against plain sense."""

import math
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.errors import InvalidValue
from acd.staffing import Target, Traffic, agents_needed, blocking, erlang_b, forecast, rostered

EIGHTY = Target(share=0.80, within_s=15)


@pytest.mark.parametrize(
    ("calls", "handle_s", "within_s", "for_80", "in_time", "waiting", "mean_wait_s", "occupancy", "for_95"),
    [
        (1000, 180, 15, 56, 0.8124, 0.3093, 9.28, 0.893, 61),
        (1000, 210, 20, 65, 0.8430, 0.2963, 9.33, 0.897, 69),
        (300, 180, 15, 19, 0.8250, 0.2442, 10.99, 0.789, 22),
        (600, 240, 15, 46, 0.8173, 0.2658, 10.63, 0.870, 50),
    ],
)
def test_erlang_c_gives_the_golden_values(
    calls: float,
    handle_s: float,
    within_s: float,
    for_80: int,
    in_time: float,
    waiting: float,
    mean_wait_s: float,
    occupancy: float,
    for_95: int,
) -> None:
    """Seats for 80 % and 95 %, and what is then to be expected."""
    traffic = Traffic(calls_per_hour=calls, handle_s=handle_s)
    found = agents_needed(traffic, Target(share=0.80, within_s=within_s))
    assert found.agents == for_80
    assert found.answered_in_time == pytest.approx(in_time, abs=5e-5)
    assert found.waiting == pytest.approx(waiting, abs=5e-5)
    assert found.mean_wait_s == pytest.approx(mean_wait_s, abs=5e-3)
    assert found.occupancy == pytest.approx(occupancy, abs=5e-4)
    assert agents_needed(traffic, Target(share=0.95, within_s=within_s)).agents == for_95


@pytest.mark.parametrize(
    ("calls", "handle_s", "agents", "occupancy", "waiting", "mean_wait_s", "in_time"),
    [
        (60, 180, 4, 0.75, 0.509, 91.7, 0.544),
        (100, 180, 7, 0.71, 0.324, 29.2, 0.740),
        (360, 180, 22, 0.82, 0.278, 12.5, 0.822),
        (360, 180, 20, 0.90, 0.551, 49.6, 0.559),
        (1200, 240, 90, 0.89, 0.195, 4.7, 0.915),
        (1200, 240, 85, 0.94, 0.475, 22.8, 0.687),
        (3600, 240, 255, 0.94, 0.245, 3.9, 0.930),
    ],
)
def test_erlang_c_gives_the_check_values(
    calls: float,
    handle_s: float,
    agents: int,
    occupancy: float,
    waiting: float,
    mean_wait_s: float,
    in_time: float,
) -> None:
    """From four agents to two hundred and fifty-five."""
    found = forecast(Traffic(calls_per_hour=calls, handle_s=handle_s), agents, within_s=20)
    assert found.occupancy == pytest.approx(occupancy, abs=6e-3)
    assert found.waiting == pytest.approx(waiting, abs=6e-4)
    assert found.mean_wait_s == pytest.approx(mean_wait_s, abs=6e-2)
    assert found.answered_in_time == pytest.approx(in_time, abs=6e-4)
    assert found.abandoned == 0


@pytest.mark.parametrize(("handle_s", "calls"), [(180, 1318), (210, 1122), (300, 776)])
def test_what_77_seats_carry(handle_s: float, calls: int) -> None:
    """At 95 % in 15 s: so many calls an hour need no more than the seats there are, a few more do."""
    target = Target(share=0.95, within_s=15)
    assert agents_needed(Traffic(calls_per_hour=calls, handle_s=handle_s), target).agents == 77
    assert agents_needed(Traffic(calls_per_hour=calls + 2, handle_s=handle_s), target).agents == 78


def test_erlang_b_by_its_sum() -> None:
    """The recursion gives what the definition gives."""
    load, agents = 7.5, 10
    terms = [load**k / math.factorial(k) for k in range(agents + 1)]
    assert erlang_b(load, agents) == pytest.approx(terms[-1] / sum(terms), rel=1e-12)
    assert list(islice(blocking(1.0), 3)) == [1.0, 0.5, 0.2]


def states_of(traffic: Traffic, agents: int) -> list[float]:
    """Probability of each number of calls in an M/M/n+M system, by its balance equations."""
    assert traffic.patience_s is not None
    arriving = traffic.calls_per_hour / 3600
    log_weights = [0.0]
    for calls in range(1, 6000):
        leaving = min(calls, agents) / traffic.handle_s + max(0, calls - agents) / traffic.patience_s
        log_weights.append(log_weights[-1] + math.log(arriving / leaving))
    largest = max(log_weights)
    weights = [math.exp(each - largest) for each in log_weights]
    total = sum(weights)
    return [each / total for each in weights]


ERLANG_A = [
    (Traffic(calls_per_hour=1000, handle_s=180, patience_s=120), 50),
    (Traffic(calls_per_hour=360, handle_s=180, patience_s=300), 18),
    (Traffic(calls_per_hour=2400, handle_s=210, patience_s=60), 77),  # nearly twice what they can carry
    (Traffic(calls_per_hour=60, handle_s=180, patience_s=1e6), 4),
    (Traffic(calls_per_hour=36000, handle_s=240, patience_s=300), 100),  # a storm
]


@pytest.mark.parametrize(("traffic", "agents"), ERLANG_A)
def test_erlang_a_by_sums_over_states(traffic: Traffic, agents: int) -> None:
    """Who waits, who gives up and how busy the agents are follow from the balance equations too."""
    found = forecast(traffic, agents, within_s=15)
    states = states_of(traffic, agents)
    arriving = traffic.calls_per_hour / 3600
    in_line = sum(share * max(0, calls - agents) for calls, share in enumerate(states))
    assert traffic.patience_s is not None
    assert found.waiting == pytest.approx(sum(states[agents:]), abs=1e-6)
    assert found.abandoned == pytest.approx(in_line / traffic.patience_s / arriving, abs=1e-6)
    busy = sum(share * min(calls, agents) for calls, share in enumerate(states))
    assert found.occupancy == pytest.approx(busy / agents, abs=1e-6)


def test_erlang_a_by_sums_over_states_in_time() -> None:
    """Those whom k wait before need k + 1 leavings, each at its own rate, and all before they give up."""
    traffic, agents, within_s = Traffic(calls_per_hour=1000, handle_s=180, patience_s=120), 50, 15.0
    assert traffic.patience_s is not None
    states = states_of(traffic, agents)
    in_time, step_s = sum(states[:agents]), 0.005
    line = states[agents:110]  # of those who find all busy: how many leave before it is their turn
    for step in range(round(within_s / step_s)):
        rates = [agents / traffic.handle_s + ahead / traffic.patience_s for ahead in range(len(line))]
        moved = [share * -math.expm1(-rate * step_s) for share, rate in zip(line, rates, strict=True)]
        in_time += moved[0] * math.exp(-(step + 0.5) * step_s / traffic.patience_s)
        line = [
            share - out + coming for share, out, coming in zip(line, moved, [*moved[1:], 0.0], strict=True)
        ]
    assert forecast(traffic, agents, within_s).answered_in_time == pytest.approx(in_time, abs=2e-4)


def test_endless_patience_is_the_limit() -> None:
    """Erlang A with patience of eleven days is Erlang C."""
    endless = forecast(Traffic(calls_per_hour=300, handle_s=180), 19, within_s=15)
    long = forecast(Traffic(calls_per_hour=300, handle_s=180, patience_s=1e6), 19, within_s=15)
    assert long.answered_in_time == pytest.approx(endless.answered_in_time, abs=2e-4)
    assert long.mean_wait_s == pytest.approx(endless.mean_wait_s, rel=2e-3)
    assert long.abandoned == pytest.approx(0, abs=2e-5)


def test_a_line_that_only_grows_is_said_to() -> None:
    """Too few agents for callers who never give up: nobody is answered in time, in the end."""
    found = forecast(Traffic(calls_per_hour=100, handle_s=180), 5, within_s=15)
    assert (found.waiting, found.answered_in_time, found.occupancy) == (1, 0, 1)
    assert math.isinf(found.mean_wait_s)


def test_no_calls_need_one_who_is_there() -> None:
    """Somebody must answer the first call."""
    found = agents_needed(Traffic(calls_per_hour=0, handle_s=180, patience_s=60), EIGHTY)
    assert (found.agents, found.answered_in_time, found.occupancy) == (1, 1, 0)


def test_a_bound_on_occupancy_adds_seats() -> None:
    """A large group meets the target while nearly always busy; people need pauses."""
    traffic = Traffic(calls_per_hour=3600, handle_s=240)
    busy = agents_needed(traffic, EIGHTY)
    calm = agents_needed(traffic, Target(share=0.80, within_s=15, occupancy=0.85))
    assert busy.occupancy > 0.9
    assert calm.occupancy <= 0.85
    assert calm.agents == math.ceil(240 / 0.85)


@given(
    calls=st.floats(0, 3000),
    handle_s=st.floats(10, 600),
    patience_s=st.none() | st.floats(5, 3000),
    agents=st.integers(1, 150),
    within_s=st.floats(0, 120),
)
def test_one_agent_more_never_makes_it_worse(
    calls: float, handle_s: float, patience_s: float | None, agents: int, within_s: float
) -> None:
    """Shares are shares, and grow or fall the way they must."""
    traffic = Traffic(calls_per_hour=calls, handle_s=handle_s, patience_s=patience_s)
    before, after = (forecast(traffic, count, within_s) for count in (agents, agents + 1))
    for found in (before, after):
        for share in (found.waiting, found.answered_in_time, found.abandoned, found.occupancy):
            assert -1e-9 <= share <= 1 + 1e-9
    assert after.answered_in_time >= before.answered_in_time - 1e-7
    assert after.waiting <= before.waiting + 1e-7
    assert after.abandoned <= before.abandoned + 1e-7


@pytest.mark.parametrize(("seats", "shrinkage", "people"), [(56, 0.0, 56), (56, 0.3, 80), (7, 0.3, 10)])
def test_the_rota_has_more_names_than_seats(seats: int, shrinkage: float, people: int) -> None:
    """Seven of ten are at their seats when three tenths of the time go into breaks."""
    assert rostered(seats, shrinkage) == people


def test_what_cannot_be_is_refused() -> None:
    """Each with the field that is wrong."""
    for field in (
        {"calls_per_hour": -1.0},
        {"calls_per_hour": math.nan},
        {"handle_s": 0.0},
        {"patience_s": 0.0},
        {"patience_s": math.inf},
    ):
        with pytest.raises(InvalidValue, match=next(iter(field))):
            Traffic(**{"calls_per_hour": 1.0, "handle_s": 1.0, **field})
    for field in ({"share": 1.0}, {"within_s": -1.0}, {"occupancy": 0.0}):
        with pytest.raises(InvalidValue, match=next(iter(field))):
            Target(**field)
    with pytest.raises(InvalidValue, match="agents"):
        forecast(Traffic(calls_per_hour=1, handle_s=1), 0, within_s=1)
    with pytest.raises(InvalidValue, match="shrinkage"):
        rostered(1, 1.0)
