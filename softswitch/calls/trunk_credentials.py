"""What a cell answers a trunk's challenge with."""

from collections.abc import Mapping

from softswitch.cells.messages import Credentials
from softswitch.settings.trunks import TrunkSettings
from softswitch.sip.edge import PhoneTarget, TrunkTarget


def credentials_for(
    target: PhoneTarget | TrunkTarget, trunks: Mapping[str, TrunkSettings]
) -> Credentials | None:
    """The credentials for a leg to this target; a phone, and a trunk without a realm, is answered nothing."""
    trunk = trunks.get(target.trunk) if isinstance(target, TrunkTarget) else None
    if trunk is None or not trunk.realm:
        return None
    return Credentials(realm=trunk.realm, username=trunk.username, password=trunk.password)
