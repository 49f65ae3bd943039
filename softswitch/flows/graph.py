"""A flow as a graph: which node can follow which, and whether the caller has to do something for it."""

from collections.abc import Iterator
from dataclasses import dataclass

from softswitch.flows.nodes import (
    Branch,
    Callback,
    Collect,
    Flow,
    HangUp,
    LookUp,
    Menu,
    Node,
    Play,
    Queue,
    SetData,
    Survey,
    Transfer,
    Voicemail,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """From a node to the next.  `key` is the field that names it; `by_caller`: a key of the caller leads there."""

    source: str
    target: str
    key: str
    by_caller: bool = False


def edges_of(name: str, node: Node) -> Iterator[Edge]:
    """The ways out of a node; an end has none."""
    match node:
        case Play() | SetData():
            yield Edge(source=name, target=node.next, key="next")
        case Menu():
            for key, target in node.keys.items():
                yield Edge(source=name, target=target, key=f"keys.{key}", by_caller=True)
            yield Edge(source=name, target=node.otherwise, key="otherwise")
        case Collect():
            yield Edge(source=name, target=node.next, key="next", by_caller=True)
            yield Edge(source=name, target=node.otherwise, key="otherwise")
        case Branch():
            for number, case in enumerate(node.cases):
                yield Edge(source=name, target=case.next, key=f"cases[{number}].next")
            yield Edge(source=name, target=node.otherwise, key="otherwise")
        case LookUp():
            yield Edge(source=name, target=node.next, key="next")
            yield Edge(source=name, target=node.on_error, key="on_error")
        case Queue():
            for key, target in (("on_full", node.on_full), ("after", node.after)):
                if target:
                    yield Edge(source=name, target=target, key=key)
        case Callback():
            if node.next:
                yield Edge(source=name, target=node.next, key="next")
            yield Edge(source=name, target=node.otherwise, key="otherwise")
        case Transfer():
            yield Edge(source=name, target=node.otherwise, key="otherwise")
        case Voicemail() | Survey():
            if node.next:
                yield Edge(source=name, target=node.next, key="next")
        case HangUp():
            return


def edges(flow: Flow) -> tuple[Edge, ...]:
    """All ways of a flow, in the order of its nodes."""
    return tuple(edge for name, node in flow.nodes.items() for edge in edges_of(name, node))


def ends(flow: Flow, *, keys_too: bool) -> Iterator[Node]:
    """Where callers are served or leave: without `keys_too` those who press nothing."""
    seen, ahead = {flow.start}, [flow.start]
    while ahead:
        name = ahead.pop()
        node = flow.nodes[name]
        ways = [edge.target for edge in edges_of(name, node) if keys_too or not edge.by_caller]
        if not ways or isinstance(node, Queue | Voicemail | Callback | Transfer):
            yield node
            continue
        ahead += [way for way in ways if way not in seen]
        seen.update(ways)
