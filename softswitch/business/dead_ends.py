"""Lines in which a caller would wait for ever: what is asked for there nobody has, and no overflow is sure to help.

Certain is an overflow that only time brings, or nothing at all; what depends on how many wait, on agents or on the
hour may never come.  Of rules that are certain a caller follows the one that holds first.  Rules by strategy number or by
level are certain for those callers only, so it is asked which there are: by the route points, and what flows and the
queue's own rules add.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from config.faults import Fault
from softswitch.business.documents import KINDS, Emergency
from softswitch.flows.graph import ends
from softswitch.flows.nodes import Callback, Flow, Queue, SetData
from softswitch.settings.agents import AgentSettings
from softswitch.settings.distribution import SkillSettings
from softswitch.settings.overflow import LEVELS, OverflowSettings, OverflowTo
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import CallerLevelSettings, RouteRowSettings, RouteSettings

Need = Mapping[str, int]
"""The least level of each skill that is asked for."""


class Distribution(Protocol):
    """The business as far as it says who waits where, and for whom."""

    @property
    def agents(self) -> tuple[AgentSettings, ...]:
        """Everybody who can be given callers."""
        ...

    @property
    def queues(self) -> tuple[QueueSettings, ...]:
        """Every line."""
        ...

    @property
    def routes(self) -> tuple[RouteSettings, ...]:
        """Every route point."""
        ...

    @property
    def flows(self) -> Mapping[str, Flow]:
        """Every call flow, by id."""
        ...

    @property
    def emergencies(self) -> tuple[Emergency, ...]:
        """The emergency switch, on or off, where there is one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """Those who come alike: the strategy number of their route point, and the levels that they may have."""

    strategy: int = 0
    levels: frozenset[int] = frozenset({0})


TRIED: Final = 10
"""Of more conditions than this it is not tried which can hold together."""

FARTHEST: Final = LEVELS + 1
"""No rule tells levels apart that are farther from 0."""

ANYBODY = Callers()
"""Who is put into a line that no route point leads to."""


def dead_ends(business: Distribution) -> Iterator[Fault]:
    """Where callers would wait for ever."""
    floor = _Floor(business)
    for queue in business.queues:
        yield from floor.faults_of_queue(queue)
    for route in business.routes:
        yield from floor.faults_of_table(route)


class _Floor:
    """Who serves what, and who comes where."""

    def __init__(self, business: Distribution) -> None:
        self._queues = {queue.name: queue for queue in business.queues}
        self._flows = business.flows
        self._routes = business.routes
        of_numbers = {route.flow for route in business.routes}
        named = {switch.flow for switch in business.emergencies}
        for queue in business.queues:
            named |= {rule.name for rule in queue.overflow if rule.to is OverflowTo.FLOW}
        self._lines_of_others = {
            node.queue
            for name, flow in business.flows.items()
            if name not in of_numbers or name in named
            for node in flow.nodes.values()
            if isinstance(node, Queue | Callback)
        }
        self._agents = [(agent, _need(agent.skills)) for agent in business.agents]

    # ---- faults ------------------------------------------------------------------------------------

    def faults_of_queue(self, queue: QueueSettings) -> Iterator[Fault]:
        """Callers who need what none of its agents has, and rules that take them to where nobody has it."""
        need = _need(queue.distribution.skills)
        value = ", ".join(f"{name} {level}" for name, level in need.items())
        if not self._is_served(queue, need):
            for callers in self._callers_of(queue):
                lost = self._lost(queue, need, callers)
                if lost is not None:
                    expected = (
                        f"无坐席具备所需技能,策略号 {callers.strategy}、级别 {lost} 的来话也无必然的溢出 / no agent of the "
                        f"queue has the skills, and no overflow is sure for strategy {callers.strategy}, level {lost}"
                    )
                    path = f"queues.{queue.name}.distribution.skills"
                    yield Fault(path=path, value=value, expected=expected)
                    break
        for number, rule in enumerate(queue.overflow):
            target = self._queues.get(rule.name) if rule.to is OverflowTo.QUEUE else None
            if target is None or rule.drops_skills or target is queue:
                continue
            came = frozenset({queue.name})
            added = sorted(_added_in(queue))
            going = [_followers(rule, callers, added) for callers in self._callers_of(queue)]
            if any(each.levels and self._lost(target, need, each, came) is not None for each in going):
                expected = (
                    f"来话带来的技能要求({value})在该队列无坐席具备:请用 drops_skills / callers bring their need ({value}) "
                    "and no agent there has it: drops_skills takes it from them"
                )
                yield Fault(
                    path=f"queues.{queue.name}.overflow[{number}].name", value=rule.name, expected=expected
                )

    def faults_of_table(self, route: RouteSettings) -> Iterator[Fault]:
        """Rows of a table that nobody can ever serve, where no overflow takes those who stand there."""
        for number, row in enumerate(route.table):
            queue = self._queues.get(row.queue or route.queue)
            own = self._queues.get(route.queue)
            need = _need(row.skills)
            if queue is None or own is None or self._is_row_served(queue, row, need):
                continue
            first = _need(next(each for each in route.table if each.is_for_all_of(row)).skills)
            callers = Callers(strategy=route.strategy, levels=self._levels_of(route))
            if self._left_behind(own, first, callers) is None:
                continue
            yield Fault(
                path=f"routes.{KINDS['routes'].id_of(route)}.table[{number}].skills",
                value=", ".join(f"{name} {level}" for name, level in need.items()),
                expected="此行无坐席具备所需技能,且无必然的溢出 / nobody whom this row is for has the skills, and no overflow is sure",
            )

    # ---- who serves ----------------------------------------------------------------------------------

    def _is_served(self, queue: QueueSettings, need: Need) -> bool:
        """Whether an agent of a queue has what is asked for once the wait has made it as easy as it gets."""
        need = _eased(need, queue)
        agents = (skills for agent, skills in self._agents if queue.name in agent.queues)
        return not need or any(_has(skills, need) for skills in agents)

    def _is_row_served(self, queue: QueueSettings, row: RouteRowSettings, need: Need) -> bool:
        need = _eased(need, queue, row.until_s)
        if not need:
            return True
        for agent, skills in self._agents:
            is_meant = (
                agent.id == row.agent if row.agent else bool(row.last_agent_s) or queue.name in agent.queues
            )
            if is_meant and _has(skills, need):
                return True
        return False

    # ---- who is lost ---------------------------------------------------------------------------------

    def _lost(
        self, queue: QueueSettings, need: Need, callers: Callers, came: frozenset[str] = frozenset()
    ) -> int | None:
        """A level of callers who wait for ever in a queue or in those that it sends them on to; None for nobody.

        `came` are the queues where they were before: to come there again helps only who then asks for less.
        """
        return None if self._is_served(queue, need) else self._left_behind(queue, need, callers, came)

    def _left_behind(
        self, queue: QueueSettings, need: Need, callers: Callers, came: frozenset[str] = frozenset()
    ) -> int | None:
        """The same for a queue that nobody serves them in."""
        certain = sorted(filter(_is_certain, queue.overflow), key=lambda rule: rule.waited_s)
        added = sorted(_added_in(queue))
        came |= {queue.name}
        looked_at: set[tuple[int, ...]] = set()
        for level in sorted({given + some for given in callers.levels for some in added}):
            own = tuple(place for place, rule in enumerate(certain) if _is_for(rule, callers, level))
            if own in looked_at:
                continue  # as callers of a level before
            looked_at.add(own)
            if not self._leads_on([certain[place] for place in own], need, callers, added, came):
                return level
        return None

    def _leads_on(
        self,
        rules: Iterable[OverflowSettings],
        need: Need,
        callers: Callers,
        added: list[int],
        came: frozenset[str],
    ) -> bool:
        """Whether the first of these rules that can be followed takes callers to an end."""
        for rule in rules:
            if rule.to is OverflowTo.FLOW and self._only_loses(rule, callers, added, came):
                continue
            if rule.to is not OverflowTo.QUEUE:
                return True
            target = self._queues.get(rule.name)
            is_new = rule.name not in came or (rule.most_visits > 1 and rule.drops_skills)
            if target is not None and is_new:
                asked = {} if rule.drops_skills else need
                return self._lost(target, asked, _followers(rule, callers, added), came) is None
        return False

    def _only_loses(
        self, rule: OverflowSettings, callers: Callers, added: list[int], came: frozenset[str]
    ) -> bool:
        """Whether the flow of a rule leads nowhere but into queues where such callers would wait for ever."""
        flow = self._flows.get(rule.name)
        going = _followers(rule, callers, added)
        return flow is not None and all(
            isinstance(end, Queue) and self._loses(end.queue, going, came)
            for end in ends(flow, keys_too=True)
        )

    def _loses(self, name: str, callers: Callers, came: frozenset[str]) -> bool:
        """The same for a queue that a flow leads into, with the queue's own need."""
        queue = self._queues.get(name)
        if queue is None or any(route.table and route.queue == name for route in self._routes):
            return name in came
        need = _need(queue.distribution.skills)
        if name in came:
            return not self._is_served(queue, need)
        return self._lost(queue, need, callers, came) is not None

    # ---- who comes -----------------------------------------------------------------------------------

    def _callers_of(self, queue: QueueSettings) -> tuple[Callers, ...]:
        """Who comes to a queue with the queue's own need: by a number without a table, or out of a flow.

        A flow that is not that of a number has anybody: by an overflow, by an agent, or while the emergency switch is on.
        """
        found = [
            Callers(strategy=route.strategy, levels=self._levels_of(route))
            for route in self._routes
            if queue.name in self._lines_of(route)
        ]
        if not found or queue.name in self._lines_of_others:
            found.append(ANYBODY)
        return tuple(found)

    def _lines_of(self, route: RouteSettings) -> Iterator[str]:
        """The queues that a number leads to, but for the one whose place is taken by its table."""
        if not route.table:
            yield route.queue
        for node in self._nodes_of(route):
            if isinstance(node, Queue) and not (route.table and node.queue == route.queue):
                yield node.queue

    def _nodes_of(self, route: RouteSettings) -> Iterable[object]:
        flow = self._flows.get(route.flow)
        return () if flow is None else flow.nodes.values()

    def _levels_of(self, route: RouteSettings) -> frozenset[int]:
        """The levels with which callers of a number come into a line."""
        nodes = self._nodes_of(route)
        raised = {0} | {node.level for node in nodes if isinstance(node, SetData) and node.level is not None}
        return frozenset(
            route.level + by_number + by_flow for by_number in _added_by(route.callers) for by_flow in raised
        )


def _need(skills: tuple[SkillSettings, ...]) -> dict[str, int]:
    return {skill.name: skill.level for skill in skills}


def _eased(need: Need, queue: QueueSettings, until_s: float = 0.0) -> dict[str, int]:
    """What is asked for at the end of a wait, which may itself end before some steps are reached."""
    steps = (step for step in queue.distribution.widening if not until_s or step.after_s < until_s)
    lowered = max((step.lower_by for step in steps), default=0)
    return {name: level - lowered for name, level in need.items() if level > lowered}


def _has(skills: Need, need: Need) -> bool:
    return all(skills.get(name, 0) >= level for name, level in need.items())


def _is_certain(rule: OverflowSettings) -> bool:
    """Whether nothing but time has to come for a rule to hold."""
    is_for_newcomers = rule.longest_wait_s or rule.waiting >= 0 or rule.expected_wait_s
    return not (is_for_newcomers or rule.when_nobody or rule.when_agents or rule.when_closed)


def _added_by(rows: tuple[CallerLevelSettings, ...]) -> frozenset[int]:
    """What the rows of a route point can add: for a number of each prefix, on any of the lists."""
    prefixes = {row.prefix for row in rows} | {""}
    sums: set[int] = set()
    for number in prefixes:
        by_list: dict[str, int] = {}
        for row in rows:
            if number.startswith(row.prefix):
                by_list[row.listed] = by_list.get(row.listed, 0) + row.add
        always = by_list.pop("", 0)
        sums |= {always + some for some in _sums(by_list.values())}
    return frozenset(sums)


def _added_in(queue: QueueSettings) -> set[int]:
    """What a queue can add to the level of its callers once time adds nothing more."""
    rules = queue.distribution.level_rules
    always = sum(rule.add for rule in rules if not (rule.listed or rule.regards_past))
    some = _sums([rule.add for rule in rules if rule.listed or rule.regards_past])
    return {always + each for each in some}


def _followers(rule: OverflowSettings, callers: Callers, added: list[int]) -> Callers:
    """Those of the callers whom a rule is for, where their queue adds so much to their levels."""
    levels = (
        given for given in callers.levels if any(_is_for(rule, callers, given + some) for some in added)
    )
    return replace(callers, levels=frozenset(levels))


def _is_for(rule: OverflowSettings, callers: Callers, level: int) -> bool:
    has_number = not rule.strategies or callers.strategy in rule.strategies
    least, most = rule.level_bounds
    return has_number and (least is None or least <= level) and (most is None or level <= most)


def _sums(values: Collection[int]) -> set[int]:
    """The sums of some of them, or of none; of too many to try, whatever lies between the least and the most."""
    if len(values) > TRIED:
        least, most = (sum(sign(value, 0) for value in values) for sign in (min, max))
        return set(range(max(least, -FARTHEST), min(most, FARTHEST) + 1))
    sums = {0}
    for value in values:
        sums |= {each + value for each in sums}
    return sums
