"""The line by which the system calls itself: a trunk that leads from the edge back to the edge.

A test call leaves through a cell, the edge and the plane as a call to any carrier does, and comes in again as a call from
one.  Nobody else gets in by this trunk: only the number that is expected at that moment is taken, and it cannot be guessed.
"""

from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from softswitch.settings.queues import QueueSettings
from softswitch.settings.sip import TransportProtocol
from softswitch.settings.trunks import TrunkSettings
from softswitch.settings.whole import Settings
from softswitch.store.half_hours import TEST_LINE

TEST_QUEUE: Final = QueueSettings(name=TEST_LINE, limit=2)
"""Test calls wait here; it has no agents, and it is there only while one is made."""


def with_test_line(settings: Settings) -> Settings:
    """The settings with the trunk of test calls, where the machine listens by UDP and checks itself."""
    listening = next(
        (each for each in settings.sip.transports if each.protocol is TransportProtocol.UDP), None
    )
    if listening is None or not settings.self_check.at:
        return settings
    bound = ip_address(listening.address)
    here = listening.address if not bound.is_unspecified else "127.0.0.1" if bound.version == 4 else "::1"
    line = TrunkSettings(
        name=TEST_LINE,
        addresses=(here,),
        media_networks=(here,),
        host=here,
        port=listening.port,
        channels=2,  # the call goes out and comes in
        options_ping=False,
        advertised_address=here,
        media_address=here,
    )
    return replace(settings, trunks=(*settings.trunks, line))
