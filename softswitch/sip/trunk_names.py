"""Addresses of trunks whose host is a name: asked again and again, and the last good one holds while nobody answers.

It is written down as well, so that a control that starts while the name service is gone finds the trunks all the same.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog

from api.standing_work import going_on
from softswitch.sip.flows import canonical, is_ip_literal
from softswitch.sip.wiring import Wiring

log = structlog.get_logger(__name__)

TABLE = "trunk_address"
START_S = 2.0
"""Callers must not wait for a name service: who is not found by then is found later."""
ASK_S = 5.0
AGAIN_S = 15.0
"""A name that nobody knows is asked for more often."""


class TrunkNames:
    """Asks for every host that is a name.  Tells `found(trunk, address)` of what is new."""

    def __init__(self, wiring: Wiring, found: Callable[[str, str], None]) -> None:
        self._wiring = wiring
        self._found = found
        self._addresses: dict[str, str] = {}
        self._asking: asyncio.Task[None] | None = None
        self._again_s = min(AGAIN_S, wiring.settings.names_again_s)

    def restore(self, records: Mapping[str, dict[str, Any]]) -> None:
        """Take over what was known before a restart, as far as the settings still name the same host."""
        for name, record in records.items():
            trunk = self._wiring.trunks.get(name)
            if trunk is not None and trunk.host == record.get("host"):
                self._addresses[name] = str(record.get("address"))

    async def start(self) -> dict[str, str]:
        """Begin; returns the address of every trunk that is known at once, or within `START_S`."""
        hosts = {name: trunk.host for name, trunk in self._wiring.trunks.items() if trunk.host}
        fixed = {name: canonical(host) for name, host in hosts.items() if is_ip_literal(host)}
        named = {name: host for name, host in hosts.items() if name not in fixed}
        if not named:
            return fixed
        known = fixed | self._addresses
        first = asyncio.get_running_loop().create_task(self._ask_all(named, tell=False))
        if named.keys() - self._addresses.keys():
            await asyncio.wait([first], timeout=START_S)
            known |= self._addresses
        self._asking = asyncio.get_running_loop().create_task(
            going_on(partial(self._go_on, named, first, dict(known)), "trunk-names")
        )
        return known

    def stop(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()

    async def _go_on(self, named: dict[str, str], first: asyncio.Task[None], told: dict[str, str]) -> None:
        await first
        for name, address in self._addresses.items():
            if told.get(name) != address:
                self._found(name, address)
        while True:
            is_complete = named.keys() <= self._addresses.keys()
            await self._wiring.clock.wait(
                self._wiring.settings.names_again_s if is_complete else self._again_s
            )
            await self._ask_all(named, tell=True)

    async def _ask_all(self, named: dict[str, str], *, tell: bool) -> None:
        for name, host in named.items():
            addresses = await self._ask(name, host)
            if not addresses or self._addresses.get(name) in addresses:
                continue
            address = addresses[0]
            log.info(
                "sip.host_resolved", trunk=name, host=host, address=address, former=self._addresses.get(name)
            )
            self._addresses[name] = address
            self._wiring.keep.put(TABLE, name, {"host": host, "address": address})
            if tell:
                self._found(name, address)

    async def _ask(self, name: str, host: str) -> tuple[str, ...]:
        """The addresses of a host that one of our listeners reaches, in the resolver's order; none when nobody answers."""
        trunk, transports = self._wiring.trunks[name], self._wiring.transports
        try:
            async with asyncio.timeout(ASK_S):
                answers = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        except (OSError, TimeoutError):
            log.warning("sip.host_not_resolved", host=host, kept=self._addresses.get(name))
            return ()
        found = dict.fromkeys(canonical(str(answer[4][0])) for answer in answers)
        return tuple(
            [each for each in found if transports.flow_to(str(trunk.protocol), each, trunk.port) is not None]
        )
