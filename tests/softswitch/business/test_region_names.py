"""A branch that asks for a region that there is not is refused with its place; what is stored so already is left."""

from typing import Any

import pytest

from softswitch.business.whole import whole_of
from tests.softswitch.business.test_whole import MACHINE, wrong


def flow(**case: str) -> tuple[str, dict[str, Any]]:
    """A flow that asks for a region."""
    ask = {"type": "branch", "cases": [{"fact": "region", "next": "end", **case}], "otherwise": "end"}
    return "flows", {"id": "main", "start": "ask", "nodes": {"ask": ask, "end": {"type": "hang_up"}}}


@pytest.mark.parametrize(
    ("case", "is_known"),
    [
        ({"value": "north"}, True),
        ({"value": "nroth"}, False),
        ({"value": "nroth", "test": "is_not"}, False),
        ({"value": "no", "test": "begins"}, True),
        ({"value": ""}, True),
        ({"value": "nroth", "fact": "trunk"}, True),
    ],
)
def test_a_branch_asks_for_a_region_that_there_is(case: dict[str, str], is_known: bool) -> None:
    found = wrong(("regions", {"id": "north", "prefixes": ["0510"]}), flow(**case))
    assert found == ([] if is_known else ["flows.main.nodes.ask.cases[0].value"])


def test_a_flow_that_is_stored_with_one_goes_on() -> None:
    kind, data = flow(value="nroth")
    assert [*whole_of({(kind, "main"): data}, MACHINE, stored=True).flows] == ["main"]
