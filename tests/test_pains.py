"""The table of what users of other engines complain of names tests that are there and that assert something."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TABLE = TESTS.parent / "docs" / "pains.md"

_ROW = re.compile(r"\| (\d+) \| ([^|]+) \| ([^|]+) \|")


def rows() -> list[tuple[int, list[str]]]:
    """Each pain with its tests."""
    found = _ROW.findall(TABLE.read_text(encoding="utf-8"))
    return [(int(number), re.findall(r"`([^`]+)`", tests)) for number, _, tests in found]


def test_every_pain_has_its_row_with_a_test() -> None:
    """In order, none left out."""
    table = rows()
    assert [number for number, _ in table] == list(range(1, 36))
    assert [number for number, tests in table if not tests] == []


NAMED = sorted({name for _, tests in rows() for name in tests})


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_is_there_and_asserts(name: str) -> None:
    """Never skipped; a machine of rules asserts in its rules and promises."""
    path, _, wanted = name.partition("::")
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    if wanted == "TestFloor":
        assert any(
            isinstance(node, ast.Assign) and ast.unparse(node).startswith("TestFloor = ")
            for node in tree.body
        )
        return
    (found,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == wanted
    )
    assert not any(
        "skip" in ast.unparse(each) or "xfail" in ast.unparse(each) for each in found.decorator_list
    )
    assert any(isinstance(node, ast.Assert) or "assert" in ast.unparse(node) for node in ast.walk(found))
