"""What most tests of call control begin with; some have a node of their own."""

import pytest

from softswitch.calls.operations import Operations
from tests.softswitch.calls.node import Node


@pytest.fixture
def node() -> Node:
    """A node with its phones, trunk and plane scripted."""
    return Node()


@pytest.fixture
def bar(node: Node) -> Operations:
    """What agents and supervisors can do by the interface."""
    return Operations(node.board, node.seats)
