"""How many seats a stream of calls needs: Erlang B, Erlang C, and Erlang A with callers who lose patience.

The formulas, with A = calls an hour ÷ 3600 × handle time, the load in erlang, and n agents:

* Erlang B, the share that a group without a line turns away: B(0) = 1, B(k) = A·B(k-1) / (k + A·B(k-1)).
* Erlang C, nobody gives up: P(wait) = n·B / (n - A·(1 - B)), mean wait = P(wait) · handle time / (n - A), answered
  within T: 1 - P(wait) · exp(-(n - A)·T / handle time).
* Erlang A (M/M/n+M), each caller gives up after an exponential time with the mean `patience_s`.  A caller with endless
  patience would wait V; with arrival, service and patience rates λ, μ, θ its density for u > 0 is
  λ·p(n-1)·exp(λ/θ·(1 - exp(-θu)) - nμu) (Zeltyn and Mandelbaum, "Call centers with impatient customers", 2005).  Every
  figure is an integral of it, taken by Simpson's rule.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from acd.errors import InvalidValue

HOUR_S = 3600.0

_STEPS = 2000  # of Simpson's rule; the densities are smooth, and errors are below 1e-8
_NEGLIGIBLE = 40.0  # a density e^40 times smaller than at its peak counts as nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Calls as they come.

    `handle_s` is all that a call takes of an agent: ring, talk, hold and wrap-up.  `patience_s` is the mean time after
    which a caller who waits gives up; None for never.
    """

    calls_per_hour: float
    handle_s: float
    patience_s: float | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check(self, "calls_per_hour", self.calls_per_hour, 0 <= self.calls_per_hour < math.inf, "at least 0")
        _check(self, "handle_s", self.handle_s, 0 < self.handle_s < math.inf, "more than 0")
        patience_s = self.patience_s
        if patience_s is not None:
            _check(self, "patience_s", patience_s, 0 < patience_s < math.inf, "more than 0")

    @property
    def load(self) -> float:
        """Agents that would be busy all the time, in erlang."""
        return self.calls_per_hour / HOUR_S * self.handle_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A share of all calls (0 to 1) is to be answered within a time.

    `occupancy` bounds how busy agents may be, as a share of their time: above nine tenths people tire.
    """

    share: float = 0.95
    within_s: float = 15.0
    occupancy: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check(self, "share", self.share, 0 < self.share < 1, "between 0 and 1")
        _check(self, "within_s", self.within_s, 0 <= self.within_s < math.inf, "at least 0")
        _check(self, "occupancy", self.occupancy, 0 < self.occupancy <= 1, "above 0, at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is to be expected of so many agents.

    `waiting` is the share of calls that no free agent takes at once, `answered_in_time` and `abandoned` shares of all
    calls, `mean_wait_s` the mean wait of those who are answered (infinite where the line only grows).
    """

    agents: int
    waiting: float
    answered_in_time: float
    mean_wait_s: float
    abandoned: float
    occupancy: float

    def meets(self, target: Target) -> bool:
        """Whether that is good enough."""
        return self.answered_in_time >= target.share and self.occupancy <= target.occupancy


def _check(of: object, field: str, value: float, is_right: bool, expected: str) -> None:
    if not is_right:
        raise InvalidValue(type(of).__name__, field, value, expected)


def blocking(load: float) -> Iterator[float]:
    """Erlang B for 0, 1, 2 … agents, without end."""
    turned_away = 1.0
    agents = 0
    while True:
        yield turned_away
        agents += 1
        turned_away = load * turned_away / (agents + load * turned_away)


def erlang_b(load: float, agents: int) -> float:
    """Share of calls that find all agents busy where nobody may wait."""
    for count, turned_away in enumerate(blocking(load)):
        if count == agents:
            return turned_away
    raise AssertionError  # pragma: no cover  blocking() has no end


def forecast(traffic: Traffic, agents: int, within_s: float) -> Forecast:
    """What so many agents make of the traffic; "in time" is a wait of at most `within_s`."""
    if agents < 1:
        raise InvalidValue("forecast", "agents", agents, "at least 1")
    return _forecast(traffic, agents, within_s, erlang_b(traffic.load, agents - 1))


def agents_needed(traffic: Traffic, target: Target) -> Forecast:
    """The smallest number of agents that meets the target, and what is then to be expected."""
    for count, one_less in enumerate(blocking(traffic.load), start=1):
        if count < target.share * traffic.load:  # so few cannot even answer the share; spare the integrals
            continue
        found = _forecast(traffic, count, target.within_s, one_less)
        if found.meets(target):
            return found
    raise AssertionError  # pragma: no cover  blocking() has no end


def rostered(seats: int, shrinkage: float) -> int:
    """People to be put on the rota for so many seats, when a share of the paid time goes into breaks and training."""
    if not 0 <= shrinkage < 1:
        raise InvalidValue("rostered", "shrinkage", shrinkage, "at least 0, below 1")
    return math.ceil(seats / (1 - shrinkage) - 1e-9)


def _forecast(traffic: Traffic, agents: int, within_s: float, one_less: float) -> Forecast:
    """As `forecast`; `one_less` is Erlang B for one agent fewer."""
    if traffic.calls_per_hour == 0:
        return Forecast(
            agents=agents, waiting=0.0, answered_in_time=1.0, mean_wait_s=0.0, abandoned=0.0, occupancy=0.0
        )
    if traffic.patience_s is None:
        return _endless_patience(traffic, agents, within_s, one_less)
    return _some_patience(traffic, traffic.patience_s, agents, within_s, one_less)


def _endless_patience(traffic: Traffic, agents: int, within_s: float, one_less: float) -> Forecast:
    """Erlang C."""
    load = traffic.load
    if agents <= load:
        return Forecast(
            agents=agents,
            waiting=1.0,
            answered_in_time=0.0,
            mean_wait_s=math.inf,
            abandoned=0.0,
            occupancy=1.0,
        )
    turned_away = load * one_less / (agents + load * one_less)
    waiting = agents * turned_away / (agents - load * (1 - turned_away))
    spare = (agents - load) / traffic.handle_s  # how fast the line empties, callers a second
    return Forecast(
        agents=agents,
        waiting=waiting,
        answered_in_time=1 - waiting * math.exp(-spare * within_s),
        mean_wait_s=waiting / spare,
        abandoned=0.0,
        occupancy=load / agents,
    )


def _some_patience(
    traffic: Traffic, patience_s: float, agents: int, within_s: float, one_less: float
) -> Forecast:
    """Erlang A."""
    arriving = traffic.calls_per_hour / HOUR_S
    serving = agents / traffic.handle_s

    def exponent(wait_s: float) -> float:
        return -arriving * patience_s * math.expm1(-wait_s / patience_s) - serving * wait_s

    peak_s = patience_s * math.log(max(1.0, arriving / serving))
    peak = exponent(peak_s)
    longest_s = peak_s + 1 / serving
    while exponent(longest_s) > peak - _NEGLIGIBLE:
        longest_s *= 1.5
    mass = _integral(lambda wait_s: math.exp(exponent(wait_s) - peak), longest_s)
    # `at_once` is P(V = 0); the density integrates to P(V > 0) = e^odds · at_once.
    chance = arriving * one_less * mass  # 0 where it is too small for a float
    odds = math.log(chance) + peak if chance else -math.inf
    at_once = 1 / (1 + math.exp(odds)) if odds < _NEGLIGIBLE else math.exp(-odds)
    scale = (1 - at_once) / mass

    def answered(wait_s: float) -> float:
        return scale * math.exp(exponent(wait_s) - peak - wait_s / patience_s)

    answered_at_all = at_once + _integral(answered, longest_s)
    return Forecast(
        agents=agents,
        waiting=1 - at_once,
        answered_in_time=at_once + _integral(answered, min(within_s, longest_s)),
        mean_wait_s=_integral(lambda wait_s: wait_s * answered(wait_s), longest_s) / answered_at_all,
        abandoned=1 - answered_at_all,
        occupancy=traffic.load * answered_at_all / agents,
    )


def _integral(density: Callable[[float], float], upper: float) -> float:
    """From 0 to `upper` by Simpson's rule."""
    width = upper / _STEPS
    odd = sum(density(step * width) for step in range(1, _STEPS, 2))
    even = sum(density(step * width) for step in range(2, _STEPS, 2))
    return (density(0.0) + 4 * odd + 2 * even + density(upper)) * width / 3
