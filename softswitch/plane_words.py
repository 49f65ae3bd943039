"""The vocabulary of the link between control and a media plane, for both ends."""

import typing

from media import commands, events
from softswitch.links import Vocabulary

PLANE_COMMANDS: typing.Final = Vocabulary(*typing.get_args(commands.Command))
"""What control says."""

PLANE_EVENTS: typing.Final = Vocabulary(*typing.get_args(events.Event))
"""What a plane says."""


def socket_name(plane_id: str) -> str:
    """The name of a plane's socket in the run directory."""
    return f"{plane_id}.sock"
