"""What the tests of call lists begin with."""

import pytest

from tests.softswitch.calls.node import Node
from tests.softswitch.campaigns.campaign import Campaign


@pytest.fixture
def node() -> Node:
    """A node with its phones, trunk and plane scripted."""
    return Node()


@pytest.fixture
def campaign(node: Node) -> Campaign:
    """Call lists on that node."""
    return Campaign(node)
