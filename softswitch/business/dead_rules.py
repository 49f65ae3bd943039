"""Rules that never have a say: another one always goes before, or nobody is ever as they ask.

Of overflow it is asked what every caller meets.  Somebody else may come first by the order of the rules, where whatever
brings a rule about brings about the other one too; or by time, where the other one asks for nothing but a shorter wait.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from acd.criteria import Selection
from acd.medium import Medium
from config.faults import Fault
from softswitch.business.documents import KINDS, Group
from softswitch.business.staff import staff_of
from softswitch.business.strategies import AgentCapacities, SelectionOrder, StrategyDocument
from softswitch.calendars.opening import Opening
from softswitch.settings.agents import AgentSettings
from softswitch.settings.overflow import NOBODY, OverflowSettings, OverflowTo
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import RouteSettings

FINAL: Final = frozenset({OverflowTo.BUSY, OverflowTo.VOICEMAIL})
"""Where a call that is sent there always goes; other targets may be full, not answer, or take a caller only once."""


class Ruled(Protocol):
    """The business as far as it has rules, and says for whom."""

    @property
    def queues(self) -> tuple[QueueSettings, ...]:
        """Every line."""
        ...

    @property
    def routes(self) -> tuple[RouteSettings, ...]:
        """Every route point."""
        ...

    @property
    def agents(self) -> tuple[AgentSettings, ...]:
        """Everybody who can be given callers."""
        ...

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups that they belong to."""
        ...

    @property
    def strategies(self) -> tuple[tuple[str, StrategyDocument], ...]:
        """Shares, orders and capacities, each with its kind."""
        ...

    def opening_of(self, queue: QueueSettings) -> Opening | None:
        """The hours of a queue; None for always."""
        ...


def dead_rules(business: Ruled) -> Iterator[Fault]:
    """Each such rule or row, with its place and why."""
    numbers = frozenset({0, *(route.strategy for route in business.routes)})
    for queue in business.queues:
        path = f"queues.{queue.name}"
        for name, why in queue.distribution.in_vain():
            yield Fault(path=f"{path}.distribution.{name}", expected=why)
        yield from _overtaken(queue, has_calls_alone=not _has_other_media(business))
        for place, rule in enumerate(queue.overflow):
            for number in sorted(set(rule.strategies) - numbers):
                expected = "没有路由点用此策略号 / no route point has this strategy number"
                yield Fault(path=f"{path}.overflow[{place}].strategies", value=str(number), expected=expected)
            opening = business.opening_of(queue) if rule.when_closed else None
            if opening is not None and opening.never_closes:
                expected = "工作时间为全天,从不关闭 / its hours never close"
                yield Fault(path=f"{path}.overflow[{place}].when_closed", expected=expected)
    for route in business.routes:
        for name, why in route.in_vain():
            yield Fault(path=f"routes.{KINDS['routes'].id_of(route)}.{name}", expected=why)
    yield from _shares_in_vain(business)


def _has_other_media(business: Ruled) -> bool:
    """Whether agents take what is no call, which busy and voicemail are not for."""
    capacities = (each for _, each in business.strategies if isinstance(each, AgentCapacities))
    return any(part.medium is not Medium.VOICE for each in capacities for part in each.media)


# ---- overflow ------------------------------------------------------------------------------------


def _overtaken(queue: QueueSettings, *, has_calls_alone: bool) -> Iterator[Fault]:
    """Overflow rules that another one always comes before."""
    rules = queue.overflow
    for place, rule in enumerate(rules):
        path = f"queues.{queue.name}.overflow[{place}]"
        if rule.to is OverflowTo.QUEUE and rule.name == queue.name and rule.most_visits == 1:
            expected = "来话已在此队列:most_visits 须大于 1 / who waits here has been here once: most_visits needs to be more"
            yield Fault(path=f"{path}.name", value=rule.name, expected=expected)
        for other, first in enumerate(rules):
            is_before = other < place and _holds_whenever(first, rule)
            if not (is_before or _comes_sooner(first, rule)):
                continue
            is_end = first.to in FINAL and (has_calls_alone or rule.to is not OverflowTo.QUEUE)
            is_same = is_before or first.drops_skills is rule.drops_skills
            if is_end or (is_same and _leads_as_far(first, rule)):
                why = f"来话总是先按第 {other + 1} 条离开,此条永不生效 / rule {other + 1} always takes them first: it never has a say"
                yield Fault(path=path, value=rule.to.value, expected=why)
                break


def _holds_whenever(first: OverflowSettings, rule: OverflowSettings) -> bool:
    """Whether all that one rule asks for is so whenever another holds."""
    least, most = first.level_bounds
    own_least, own_most = rule.level_bounds
    agents, own_agents = _states(first), _states(rule)
    return (
        _is_for_all_numbers_of(first, rule)
        and (least is None or (own_least is not None and own_least >= least))
        and (most is None or (own_most is not None and own_most <= most))
        and first.waited_s <= rule.waited_s
        and first.longest_wait_s <= rule.longest_wait_s
        and first.waiting <= rule.waiting
        and first.expected_wait_s <= rule.expected_wait_s
        and (agents is None or (own_agents is not None and own_agents <= agents))
        and (rule.when_closed or not first.when_closed)
    )


def _comes_sooner(first: OverflowSettings, rule: OverflowSettings) -> bool:
    """Whether time alone brings one rule, wherever it stands, before another can hold."""
    is_for_newcomers = first.longest_wait_s or first.waiting >= 0 or first.expected_wait_s
    return (
        first.waited_s < rule.waited_s
        and _is_for_all_numbers_of(first, rule)
        and first.level_bounds == (None, None)
        and not (is_for_newcomers or _states(first) is not None or first.when_closed)
    )


def _is_for_all_numbers_of(first: OverflowSettings, rule: OverflowSettings) -> bool:
    return not first.strategies or (bool(rule.strategies) and {*rule.strategies} <= {*first.strategies})


def _states(rule: OverflowSettings) -> frozenset[str] | None:
    """What all agents have to be in, nothing for nobody signed in; None for whatever they are in."""
    if rule.when_nobody:
        return frozenset()
    return frozenset(rule.when_agents) - {NOBODY} if rule.when_agents else None


def _leads_as_far(first: OverflowSettings, rule: OverflowSettings) -> bool:
    """Whether whoever cannot go where one rule leads could not by another either."""
    return (first.to, first.name) == (rule.to, rule.name) and first.most_visits >= rule.most_visits


# ---- shares --------------------------------------------------------------------------------------


def _shares_in_vain(business: Ruled) -> Iterator[Fault]:
    """Region shares of agents who look at callers in an order without regions."""
    orders = {each.id: each for _, each in business.strategies if isinstance(each, SelectionOrder)}
    sharing: Iterable[AgentSettings] = (each for each in business.agents if each.shares)
    for agent in staff_of(sharing, business.groups):
        order = orders.get(agent.selection)
        if order is not None and Selection.REGION not in order.criteria:
            expected = f"选呼策略 {order.id} 没有 region,份额无作用 / its selection {order.id!r} has no region: shares change nothing"
            yield Fault(path=f"agents.{agent.id}.shares", value=agent.shares, expected=expected)
