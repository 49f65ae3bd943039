"""Definitions that concern somebody at once; what each means is tested where it acts."""

import pytest

from acd.errors import UnknownQueue
from acd.events import QueueHoursChanged, QueueRemoved
from acd.names import QueueName
from tests.acd.hotline import Hotline

NOWHERE = QueueName("nowhere")


@pytest.mark.parametrize(
    "event", [QueueRemoved(queue=NOWHERE), QueueHoursChanged(queue=NOWHERE, is_open=True)]
)
def test_a_queue_that_is_not_there_is_named(event: QueueRemoved | QueueHoursChanged) -> None:
    """And nothing changes."""
    with pytest.raises(UnknownQueue, match="nowhere"):
        Hotline().tell(event)
