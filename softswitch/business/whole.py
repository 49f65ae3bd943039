"""The business as one typed whole: made of documents, checked together before any of it is taken."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from config.faults import Fault
from softswitch.business.changes import Data, Documents, Key
from softswitch.business.dead_ends import dead_ends
from softswitch.business.dead_rules import dead_rules
from softswitch.business.documents import KINDS, Emergency, Group, NumberList, Prompt, Region, Service
from softswitch.business.duty import OnDuty
from softswitch.business.number_forms import never_matching
from softswitch.business.reach import out_of_reach
from softswitch.business.region_names import unknown_regions
from softswitch.business.straight_back import straight_back
from softswitch.business.strategies import Shares, StrategyDocument
from softswitch.calendars.days import Days
from softswitch.calendars.hours import Hours
from softswitch.calendars.opening import Opening, days_of
from softswitch.customers.customer import CustomerField
from softswitch.flows.check import Surroundings, flow_faults, item_faults
from softswitch.flows.nodes import Flow
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.agents import AgentSettings
from softswitch.settings.outbound import OutboundSettings
from softswitch.settings.overflow import OverflowTo
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import RouteSettings
from softswitch.settings.trunks import NumberSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What documents may name that is not of the business: trunks, prompts and music of this node.

    `has_sound` says whether a file of such content was uploaded; `area_code` is our own, for numbers as people dial them.
    """

    trunks: frozenset[str]
    prompts: frozenset[str]
    music: frozenset[str]
    has_sound: Callable[[str], bool] = lambda sha256: False
    area_code: str = ""


class BusinessFaults(Exception):
    """The business would not be whole; `faults` names all that is wrong.  Nothing was taken."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Keep the faults."""
        super().__init__("; ".join(str(fault) for fault in faults[:5]))
        self.faults = faults


class Business:
    """All documents as typed values.  Made by `whole_of`; never changes."""

    def __init__(self, values: Mapping[Key, tuple[Data, Any]]) -> None:
        """Keep each document with the value that it was read into."""
        self._values = values
        self.days: Days = days_of(self._all("days"))
        self.openings: Mapping[str, Opening] = {
            hours.id: Opening(hours, self.days) for hours in self._all("hours")
        }
        self._listed = {
            each.id: {entry.number: entry.ends_at for entry in each.numbers} for each in self.lists
        }
        self._served = {each.queue: each.hours for each in self.services if each.hours}
        self._routings = {each.queue: each.routing for each in self.services if each.routing}
        prefixes = ((prefix, region.id) for region in self.regions for prefix in region.prefixes)
        self._prefixes = sorted(prefixes, key=lambda pair: -len(pair[0]))

    def known(self, key: Key, data: Data) -> Any:
        """The value of a document that is just as it was; None when it is another one."""
        held = self._values.get(key)
        return held[1] if held is not None and held[0] == data else None

    @property
    def agents(self) -> tuple[AgentSettings, ...]:
        """By 工号."""
        return self._all("agents")

    @property
    def accounts(self) -> tuple[AccountSettings, ...]:
        """By user name."""
        return self._all("accounts")

    @property
    def outbound(self) -> tuple[OutboundSettings, ...]:
        """By name."""
        return self._all("outbound")

    @property
    def trunk_numbers(self) -> Mapping[str, NumberSettings]:
        """The number rules of trunks, by the trunk's name."""
        return {each.id: each for each in self._all("trunk_numbers")}

    @property
    def queues(self) -> tuple[QueueSettings, ...]:
        """By name."""
        return self._all("queues")

    @property
    def routes(self) -> tuple[RouteSettings, ...]:
        """By number and trunk."""
        return self._all("routes")

    @property
    def services(self) -> tuple[Service, ...]:
        """By service key."""
        return self._all("services")

    def hours_of(self, queue: QueueSettings) -> str:
        """The hours of a queue: its own, else those of the services that it serves; empty for always."""
        return queue.hours or self._served.get(queue.name, "")

    def opening_of(self, queue: QueueSettings) -> Opening | None:
        """The same laid over the calendar; None for always, and for hours that are not there."""
        return self.openings.get(self.hours_of(queue))

    def routing_of(self, queue: QueueSettings) -> str:
        """The named order in which callers of the services of a queue look at agents; empty for none."""
        return self._routings.get(queue.name, "")

    @property
    def groups(self) -> tuple[Group, ...]:
        """By id."""
        return self._all("groups")

    @property
    def hours(self) -> tuple[Hours, ...]:
        """By id."""
        return self._all("hours")

    @property
    def regions(self) -> tuple[Region, ...]:
        """By id."""
        return self._all("regions")

    @property
    def shares(self) -> tuple[Shares, ...]:
        """By id."""
        return self._all("shares")

    @property
    def lists(self) -> tuple[NumberList, ...]:
        """By id."""
        return self._all("lists")

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """Uploaded announcements, by id."""
        return self._all("prompts")

    @property
    def fields(self) -> tuple[CustomerField, ...]:
        """The hotline's own columns of its customers, by id."""
        return self._all("fields")

    @property
    def duty(self) -> tuple[OnDuty, ...]:
        """Who is rung about alarms, in that order."""
        return tuple(sorted(self._all("duty"), key=lambda each: (each.position, each.id)))

    @property
    def strategies(self) -> tuple[tuple[str, StrategyDocument], ...]:
        """Region shares and combined strategies, each with its kind; by kind and id."""
        return tuple((kind, value) for kind in STRATEGIES for value in self._all(kind))

    def names_of(self, kind: str) -> frozenset[str]:
        """The ids of the documents of a kind."""
        return frozenset(key for of, key in self._values if of == kind)

    @property
    def list_ids(self) -> frozenset[str]:
        """The ids of the lists."""
        return frozenset(self._listed)

    @property
    def emergency(self) -> Emergency | None:
        """The emergency switch while it is on."""
        return next((switch for switch in self.emergencies if switch.is_on), None)

    @property
    def emergencies(self) -> tuple[Emergency, ...]:
        """The emergency switch, on or off: the one there is, or none."""
        return self._all("emergency")

    @property
    def flows(self) -> Mapping[str, Flow]:
        """By id."""
        return {flow.id: flow for flow in cast("tuple[Flow, ...]", self._all("flows"))}

    def is_listed(self, number: str, list_id: str, at: float = 0.0) -> bool:
        """Whether a number stands on a list."""
        return self._listed.get(list_id, {}).get(number, at) > at

    def lists_of(self, number: str, at: float = 0.0) -> tuple[str, ...]:
        """The lists that a number stands on at a moment (wall seconds), by id; without one, expired entries count."""
        return tuple(each for each, numbers in self._listed.items() if numbers.get(number, at) > at)

    def region_of(self, number: str) -> str:
        """The id of the region that a number belongs to, empty for none."""
        return next((region for prefix, region in self._prefixes if number.startswith(prefix)), "")

    def _all(self, kind: str) -> tuple[Any, ...]:
        return tuple(value for (of, _), (_, value) in sorted(self._values.items(), key=_by_key) if of == kind)


def _by_key(item: tuple[Key, Any]) -> Key:
    return item[0]


EMPTY = Business({})
STRATEGIES = ("routings", "selections", "shares", "capacities")
"""Kinds that the distributor is told of before the queues and agents that use them."""


def whole_of(
    documents: Documents, machine: Machine, before: Business = EMPTY, *, stored: bool = False
) -> Business:
    """The business of these documents; raises `BusinessFaults`.

    Documents that are as they were in `before` are not read again: a change costs what it changes.  What is
    `once_legal` is no fault of `stored` documents, nor where it stood in `before` already.
    """
    values: dict[Key, tuple[Data, Any]] = {}
    faults: list[Fault] = []
    for (kind, key), data in documents.items():
        value = before.known((kind, key), data)
        if value is None:
            value, wrong = _read(kind, key, data)
            faults += wrong
        if value is not None:
            values[kind, key] = (data, value)
    if faults:
        raise BusinessFaults(tuple(faults))
    business = Business(values)
    faults += _cross_faults(business, machine)
    if not stored:
        stood = frozenset(once_legal(before, machine))
        faults += [fault for fault in once_legal(business, machine) if fault not in stood]
    if faults:
        raise BusinessFaults(tuple(faults))
    return business


def _read(kind: str, key: str, data: Data) -> tuple[Any, tuple[Fault, ...]]:
    path = f"{kind}.{key}"
    if kind not in KINDS:
        return None, (Fault(path=path, expected=f"应为其一 / one of {', '.join(KINDS)}"),)
    value, faults = KINDS[kind].value(data, path)
    if value is not None and not faults:
        own = KINDS[kind].id_of(value)
        if own != key:
            return None, (
                Fault(path=path, value=own, expected="编号与路径不符 / its id is not that of its place"),
            )
    return value, faults


def _cross_faults(business: Business, machine: Machine) -> Iterator[Fault]:
    """References between documents, and to what the machine has."""
    for prompt in business.prompts:
        if not machine.has_sound(prompt.sha256):
            expected = "没有此声音,请先上传 / its sound is not here: upload it first"
            yield Fault(path=f"prompts.{prompt.id}.sha256", value=prompt.sha256[:8], expected=expected)
    machine = replace(machine, prompts=machine.prompts | business.names_of("prompts"))
    queues = frozenset(queue.name for queue in business.queues)
    groups = frozenset(group.id for group in business.groups)
    hours = frozenset(business.openings)
    for queue in business.queues:
        yield from _queue_faults(queue, business, machine, queues)
    for agent in business.agents:
        yield from _absent(f"agents.{agent.id}.queues", agent.queues, queues, "队列 / queue")
        yield from _absent(f"agents.{agent.id}.groups", agent.groups, groups, "班组 / group")
        for name, used, kind in (
            ("selection", agent.selection, "selections"),
            ("shares", agent.shares, "shares"),
            ("capacities", agent.capacities, "capacities"),
        ):
            known = business.names_of(kind)
            yield from _absent(f"agents.{agent.id}.{name}", (used,) if used else (), known, "策略 / strategy")
    for group in business.groups:
        path, selection = f"groups.{group.id}", (group.selection,) if group.selection else ()
        yield from _absent(f"{path}.selection", selection, business.names_of("selections"), "策略 / strategy")
        ranked = tuple(each.queue for each in group.priorities)
        yield from _absent(f"{path}.priorities", ranked, queues, "队列 / queue")
    regions = business.names_of("regions")
    for shares in business.shares:
        named = tuple(part.region for part in shares.parts)
        yield from _absent(f"shares.{shares.id}.parts", named, regions, "地区 / region")
    for service in business.services:
        yield from _absent(f"services.{service.id}.queue", (service.queue,), queues, "队列 / queue")
        if service.hours:
            yield from _absent(f"services.{service.id}.hours", (service.hours,), hours, "工作时间 / hours")
        routing = (service.routing,) if service.routing else ()
        known = business.names_of("routings")
        yield from _absent(f"services.{service.id}.routing", routing, known, "策略 / strategy")
    for rule in business.outbound:
        if rule.hours:
            yield from _absent(f"outbound.{rule.name}.hours", (rule.hours,), hours, "工作时间 / hours")
    yield from _duty_faults(business, hours)
    yield from _route_faults(business, machine, queues)
    yield from _prefixes_twice(business)
    yield from _seat_faults(business, machine)
    for switch in business.emergencies:
        yield from _emergency_faults(switch, machine, business)
    around = Surroundings(
        prompts=machine.prompts,
        queues=queues,
        hours=hours,
        lists=business.list_ids,
        regions=regions,
    )
    for flow in business.flows.values():
        yield from flow_faults(flow, around, f"flows.{flow.id}")


def _queue_faults(
    queue: QueueSettings, business: Business, machine: Machine, queues: frozenset[str]
) -> Iterator[Fault]:
    path = f"queues.{queue.name}"
    if queue.music not in machine.music:
        yield _missing(f"{path}.music", queue.music, "音乐 / music")
    if queue.hours:
        yield from _absent(f"{path}.hours", (queue.hours,), frozenset(business.openings), "工作时间 / hours")
    ways = queue.distribution
    named = (ways.routing,) if ways.routing else ()
    yield from _absent(
        f"{path}.distribution.routing", named, business.names_of("routings"), "策略 / strategy"
    )
    listed = tuple(rule.listed for rule in queue.distribution.level_rules if rule.listed)
    yield from _absent(f"{path}.distribution.level_rules", listed, business.list_ids, "名单 / list")
    for number, rule in enumerate(queue.overflow):
        place = f"{path}.overflow[{number}]"
        if rule.to is OverflowTo.QUEUE:
            yield from _absent(f"{place}.name", (rule.name,), queues, "队列 / queue")
        if rule.to is OverflowTo.FLOW:
            yield from _absent(f"{place}.name", (rule.name,), frozenset(business.flows), "流程 / flow")
        if rule.to is OverflowTo.EXTERNAL and not any(each.takes(rule.name) for each in business.outbound):
            expected = (
                "没有外呼规则适用于此号码(标准形式) / no outbound rule takes this number, in its normal form"
            )
            yield Fault(path=f"{place}.name", value=rule.name, expected=expected)
        if rule.when_closed and not business.hours_of(queue):
            yield Fault(
                path=f"{place}.when_closed", expected="队列没有工作时间 / the queue has no opening hours"
            )


def _route_faults(business: Business, machine: Machine, queues: frozenset[str]) -> Iterator[Fault]:
    flows = frozenset(business.flows)
    agents = frozenset(agent.id for agent in business.agents)
    for route in business.routes:
        path = f"routes.{KINDS['routes'].id_of(route)}"
        yield from _absent(f"{path}.queue", (route.queue,), queues, "队列 / queue")
        if route.trunk:
            yield from _absent(f"{path}.trunk", (route.trunk,), machine.trunks, "中继 / trunk")
        if route.greeting:
            yield from _absent(f"{path}.greeting", (route.greeting,), machine.prompts, "提示音 / prompt")
        if route.flow:
            yield from _absent(f"{path}.flow", (route.flow,), flows, "流程 / flow")
        region = (route.region,) if route.region else ()
        yield from _absent(f"{path}.region", region, business.names_of("regions"), "地区 / region")
        for number, row in enumerate(route.table):
            place = f"{path}.table[{number}]"
            yield from _absent(f"{place}.queue", (row.queue,) if row.queue else (), queues, "队列 / queue")
            yield from _absent(f"{place}.agent", (row.agent,) if row.agent else (), agents, "坐席 / agent")
            of_row = (row.listed,) if row.listed else ()
            yield from _absent(f"{place}.listed", of_row, business.list_ids, "名单 / list")
        listed = tuple(row.listed for row in route.callers if row.listed)
        yield from _absent(f"{path}.callers", listed, business.list_ids, "名单 / list")


def once_legal(business: Business, machine: Machine) -> Iterator[Fault]:
    """What a program of before did not look at, names and rules in vain: nothing that is stored with it is left out."""
    yield from _served_in_two_ways(business)
    queues = business.names_of("queues")
    for agent in business.agents:
        priorities = tuple(each.queue for each in agent.priorities)
        yield from _absent(f"agents.{agent.id}.priorities", priorities, queues, "队列 / queue")
    yield from _unlisted_skills(business)
    yield from dead_rules(business)
    yield from dead_ends(business)
    yield from straight_back(business)
    yield from never_matching(business, machine.area_code)
    yield from out_of_reach(business, machine.area_code)
    yield from unknown_regions(business)


def _unlisted_skills(business: Business) -> Iterator[Fault]:
    """Skills are those that there are; a business that lists none, as a settings file seeds it, may use any name."""
    known = business.names_of("skills")
    if not known:
        return
    used = [(f"agents.{agent.id}.skills", agent.skills) for agent in business.agents]
    used += [
        (f"queues.{queue.name}.distribution.skills", queue.distribution.skills) for queue in business.queues
    ]
    for route in business.routes:
        path = f"routes.{KINDS['routes'].id_of(route)}.table"
        used += [(f"{path}[{number}].skills", row.skills) for number, row in enumerate(route.table)]
    for path, skills in used:
        yield from _absent(path, tuple(skill.name for skill in skills), known, "技能 / skill")


def _served_in_two_ways(business: Business) -> Iterator[Fault]:
    """Services of one queue have one time and one order, which are the queue's where it has none of its own."""
    queues = {queue.name: queue for queue in business.queues}
    first: dict[str, Service] = {}
    for service in business.services:
        other, queue = first.setdefault(service.queue, service), queues.get(service.queue)
        differs = f"与同队列的业务键 {other.id} 不同 / service {other.id} of the same queue has"
        if service.hours != other.hours and not (queue and queue.hours):
            expected = f"{differs} other hours"
            yield Fault(path=f"services.{service.id}.hours", value=service.hours, expected=expected)
        if service.routing != other.routing:
            expected = f"{differs} another order"
            yield Fault(path=f"services.{service.id}.routing", value=service.routing, expected=expected)
        if service.routing and queue is not None and queue.distribution.has_own_order:
            expected = "队列已有自己的策略 / its queue has a strategy or an order of its own"
            yield Fault(path=f"services.{service.id}.routing", value=service.routing, expected=expected)


def _duty_faults(business: Business, hours: frozenset[str]) -> Iterator[Fault]:
    """Everybody on the roster can be rung."""
    for person in business.duty:
        path = f"duty.{person.id}"
        yield from _absent(
            f"{path}.hours", (person.hours,) if person.hours else (), hours, "工作时间 / hours"
        )
        yield from _out_of_reach(f"{path}.number", person.number, business)


def _out_of_reach(path: str, number: str, business: Business) -> Iterator[Fault]:
    """A number that nobody can be rung at."""
    extensions = (account.extension for account in business.accounts)
    if number not in extensions and not any(rule.takes(number) for rule in business.outbound):
        expected = "既非分机,也无外呼规则适用 / no extension, and no outbound rule takes it"
        yield Fault(path=path, value=number, expected=expected)


def _emergency_faults(switch: Emergency, machine: Machine, business: Business) -> Iterator[Fault]:
    """Also while it is off: there is no time to mend it when it is needed."""
    extensions = frozenset(account.extension for account in business.accounts)
    yield from _absent("emergency.switch.phones", switch.phones, extensions, "分机 / extension")
    if switch.number:
        yield from _out_of_reach("emergency.switch.number", switch.number, business)
    for written in switch.notice:
        yield from item_faults(written, machine.prompts, "emergency.switch.notice")
    if switch.flow:
        yield from _absent("emergency.switch.flow", (switch.flow,), frozenset(business.flows), "流程 / flow")


def _seat_faults(business: Business, machine: Machine) -> Iterator[Fault]:
    """A seat has one account, and calls by rules that there are over trunks that there are."""
    rules = business.names_of("outbound")
    for rule in business.outbound:
        yield from _absent(f"outbound.{rule.name}.trunk", (rule.trunk,), machine.trunks, "中继 / trunk")
    for trunk in business.trunk_numbers:
        yield from _absent(f"trunk_numbers.{trunk}", (trunk,), machine.trunks, "中继 / trunk")
    seats: dict[str, str] = {}
    for account in business.accounts:
        path = f"accounts.{account.username}"
        yield from _absent(f"{path}.outbound", account.outbound, rules, "外呼规则 / outbound rule")
        other = seats.setdefault(account.extension, account.username)
        if other != account.username:
            expected = f"分机已属账号 {other} / the extension belongs to account {other} already"
            yield Fault(path=f"{path}.extension", value=account.extension, expected=expected)


def _prefixes_twice(business: Business) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for region in business.regions:
        for prefix in region.prefixes:
            if prefix in seen:
                expected = (
                    f"前缀已属地区 {seen[prefix]} / the prefix belongs to region {seen[prefix]} already"
                )
                yield Fault(path=f"regions.{region.id}.prefixes", value=prefix, expected=expected)
            seen[prefix] = region.id


def _absent(path: str, wanted: tuple[str, ...], known: frozenset[str], what: str) -> Iterator[Fault]:
    for name in wanted:
        if name not in known:
            yield _missing(path, name, what)


def _missing(path: str, name: str, what: str) -> Fault:
    chinese, _, english = what.partition(" / ")
    return Fault(path=path, value=name, expected=f"没有此{chinese} / there is no such {english}")
