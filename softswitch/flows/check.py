"""Whether a flow can be run: looked at as a whole before it is taken.  Every fault with its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from config.faults import Fault
from softswitch.flows.graph import Edge, edges
from softswitch.flows.nodes import (
    FACTS,
    Branch,
    Callback,
    Collect,
    Flow,
    HangUp,
    Menu,
    Node,
    Play,
    Queue,
    SetData,
    Survey,
    Voicemail,
)
from softswitch.speech.item import TEXT_MOST, item_of

TEXTS_MOST: Final = 10_000
"""Characters of all texts of one flow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a flow may name: prompts that there are, queues, hours, lists and regions."""

    prompts: frozenset[str]
    queues: frozenset[str]
    hours: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()


def flow_faults(flow: Flow, around: Surroundings, path: str = "") -> tuple[Fault, ...]:
    """Everything that is wrong with a flow; empty for one that can be run."""
    place = f"{path}.nodes" if path else "nodes"
    ways = edges(flow)
    faults = [
        *_holes(flow, ways, place, f"{path}.start" if path else "start"),
        *(fault for name, node in flow.nodes.items() for fault in _names(node, around, f"{place}.{name}")),
        *_talkative(flow, place),
    ]
    if not any(fault.expected.startswith("没有此节点") for fault in faults):
        faults += _unreachable(flow, ways, place)
        faults += _loops(flow, ways, place)
    return tuple(faults)


def _talkative(flow: Flow, place: str) -> Iterator[Fault]:
    """A flow is spoken before it is taken: there is an end to what it says."""
    items = [item_of(written) for node in flow.nodes.values() for _, written in spoken(node)]
    length = sum(len(item.value) for item in items if item is not None and item.kind == "text")
    if length > TEXTS_MOST:
        expected = f"文本共 {length} 字,最多 {TEXTS_MOST} / its texts have more characters than that together"
        yield Fault(path=place, value=str(length), expected=expected)


def item_faults(written: str, prompts: frozenset[str], path: str) -> Iterator[Fault]:
    """What is wrong with one item that is said: a prompt that is not there, a text that is none or too long."""
    item = item_of(written)
    if item is None:
        if written not in prompts:
            yield Fault(path=path, value=written, expected="没有此提示音 / there is no such prompt")
    elif not item.value.strip():
        yield Fault(path=path, value=written, expected="冒号后为空 / nothing stands after the colon")
    elif len(item.value) > TEXT_MOST:
        expected = f"最多 {TEXT_MOST} 字 / at most {TEXT_MOST} characters"
        yield Fault(path=path, value=f"{written[:20]}…", expected=expected)


def _holes(flow: Flow, ways: tuple[Edge, ...], place: str, start: str) -> Iterator[Fault]:
    if flow.start not in flow.nodes:
        yield Fault(path=start, value=flow.start, expected="没有此节点 / there is no such node")
    for edge in ways:
        if edge.target not in flow.nodes:
            yield Fault(
                path=f"{place}.{edge.source}.{edge.key}",
                value=edge.target,
                expected="没有此节点 / there is no such node",
            )


def spoken(node: Node) -> Iterator[tuple[str, str]]:
    """Everything that a node says: the key it stands under and the item."""
    match node:
        case Play() | Collect() | Survey() | HangUp():
            yield from (("say", item) for item in node.say)
        case Menu():
            yield from (("say", item) for item in node.say)
            yield from (("invalid", item) for item in node.invalid)
        case Voicemail():
            yield from (("say", item) for item in node.say)
            yield from (("review", item) for item in node.review)
        case _:
            return


def _names(node: Node, around: Surroundings, path: str) -> Iterator[Fault]:
    """What a node names outside of the flow."""
    for key, item in spoken(node):
        yield from item_faults(item, around.prompts, f"{path}.{key}")
    if isinstance(node, Queue | Callback) and node.queue not in around.queues:
        yield Fault(path=f"{path}.queue", value=node.queue, expected="没有此队列 / there is no such queue")
    if isinstance(node, SetData) and node.region and node.region not in around.regions:
        yield Fault(path=f"{path}.region", value=node.region, expected="没有此地区 / there is no such region")
    if isinstance(node, Branch):
        known = {"queues": around.queues, "hours": around.hours, "lists": around.lists}
        for number, case in enumerate(node.cases):
            kind = FACTS[case.fact]
            if kind in known and case.of not in known[kind]:
                yield Fault(
                    path=f"{path}.cases[{number}].of",
                    value=case.of,
                    expected=f"没有此项 / there is none of this name among the {kind}",
                )


def _unreachable(flow: Flow, ways: tuple[Edge, ...], place: str) -> Iterator[Fault]:
    seen, left = {flow.start}, [flow.start]
    while left:
        here = left.pop()
        for edge in ways:
            if edge.source == here and edge.target not in seen:
                seen.add(edge.target)
                left.append(edge.target)
    for name in flow.nodes:
        if name not in seen:
            yield Fault(path=f"{place}.{name}", expected="不可到达 / nothing leads to this node")


def _loops(flow: Flow, ways: tuple[Edge, ...], place: str) -> Iterator[Fault]:
    """Circles that a caller who does nothing would go round for ever: one fault a circle, at its first node."""
    quiet: dict[str, list[str]] = {name: [] for name in flow.nodes}
    for edge in ways:
        if not edge.by_caller and not _waits_for_agent(flow.nodes[edge.source], edge):
            quiet[edge.source].append(edge.target)
    finished: set[str] = set()
    for root in flow.nodes:
        trail: list[str] = []
        todo = [(root, iter(quiet[root]))] if root not in finished else []
        if todo:
            trail.append(root)
        while todo:
            here, targets = todo[-1]
            target = next(targets, None)
            if target is None:
                todo.pop()
                trail.pop()
                finished.add(here)
            elif target in trail:
                circle = " → ".join((*trail[trail.index(target) :], target))
                yield Fault(
                    path=f"{place}.{target}",
                    expected=f"无按键也会循环 / loops without any input: {circle}",
                )
            elif target not in finished:
                todo.append((target, iter(quiet[target])))
                trail.append(target)


def _waits_for_agent(node: Node, edge: Edge) -> bool:
    """After a talk with an agent a caller may well be asked again."""
    return isinstance(node, Queue) and edge.key == "after"
