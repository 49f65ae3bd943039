"""Whether the emergency switch is on, for everybody who signed in: a page shows it in red until it is off.

It is changed like every document: `PUT /v1/business/documents/emergency/switch`.
"""

from dataclasses import dataclass
from typing import Any

from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import Ports
from api.route import ANYBODY, Route
from api.tokens import Scope
from api.views import WallTime

_KIND = "emergency"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyView:
    """`since` and `by` tell of its last change, null when it was never touched; `what` is the switch's document."""

    is_on: bool
    since: WallTime | None
    by: str
    what: dict[str, Any]


async def show(ports: Ports, _exchange: Exchange) -> EmergencyView:
    """The switch as it stands."""
    if ports.business is None:
        raise NotBuilt
    switches = (await ports.business.list(_KIND, "", 1)).items
    if not switches:
        return EmergencyView(is_on=False, since=None, by="", what={})
    switch = switches[0]
    return EmergencyView(
        is_on=bool(switch.data.get("is_on")), since=switch.changed_at, by=switch.changed_by, what=switch.data
    )


EMERGENCY: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/emergency",
        summary="应急开关是否启用 / whether the emergency switch is on",
        scopes=ANYBODY - {Scope.ADMIN},
        handler=show,
        shows=EmergencyView,
        faults=(501,),
    ),
)
