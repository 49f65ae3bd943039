"""A flow's JSON document read into nodes; every key that is wrong is named."""

from dataclasses import dataclass, field
from typing import Any

from config.binding import Binding
from config.faults import Fault
from config.values import ABSENT, close_match
from softswitch.flows.nodes import NODES, Flow
from softswitch.settings.terms import ID

NODES_MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """A flow's document without the nodes."""

    id: str = field(metadata={"doc": "编号 / id", **ID})
    name: str = field(default="", metadata={"doc": "名称 / name"})
    start: str = field(metadata={"doc": "起始节点 / first node", **ID})


def read_flow(raw: Any, path: str = "") -> tuple[Flow | None, tuple[Fault, ...]]:
    """The flow of a document, None when a node or key could not be made; and all mistakes found on the way."""
    if not isinstance(raw, dict):
        return None, (Fault(path=path, expected="应为对象 / an object"),)
    binding = Binding()
    head = binding.table(_Head, {key: value for key, value in raw.items() if key != "nodes"}, path)
    place = f"{path}.nodes" if path else "nodes"
    given = raw.get("nodes")
    if not isinstance(given, dict) or not given:
        binding.faults.append(Fault(path=place, expected="应为节点表,不可空 / a table of nodes, not empty"))
        return None, tuple(binding.faults)
    if len(given) > NODES_MOST:
        binding.faults.append(Fault(path=place, expected=f"最多 / at most {NODES_MOST} 节点 / nodes"))
        return None, tuple(binding.faults)
    nodes = {name: _node(binding, value, f"{place}.{name}") for name, value in given.items()}
    if head is ABSENT or any(node is ABSENT for node in nodes.values()):
        return None, tuple(binding.faults)
    return Flow(id=head.id, name=head.name, start=head.start, nodes=nodes), tuple(binding.faults)


def _node(binding: Binding, raw: Any, path: str) -> Any:
    if not isinstance(raw, dict):
        binding.faults.append(Fault(path=path, expected="应为对象 / an object"))
        return ABSENT
    kind = raw.get("type")
    cls = NODES.get(kind) if isinstance(kind, str) else None
    if cls is None:
        likely = close_match(kind, NODES) if isinstance(kind, str) else ""
        binding.faults.append(
            Fault(
                path=f"{path}.type",
                expected=f"应为其一 / one of {', '.join(NODES)}",
                suggestion=f"是否为 / did you mean {likely}?" if likely else "",
            )
        )
        return ABSENT
    # `next` is a field of the class like any other; what a node is called belongs to its place.
    return binding.table(cls, {key: value for key, value in raw.items() if key != "type"}, path)
