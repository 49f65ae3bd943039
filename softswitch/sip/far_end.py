"""Who is at the far end of a leg, and what holds for every leg of theirs."""

from dataclasses import dataclass
from typing import Final

from softswitch.settings.accounts import AccountSettings
from softswitch.settings.trunks import TrunkKind, TrunkSettings
from softswitch.sip.events import Peer, PeerKind
from softswitch.sip.flows import Flow

ALL_CODECS: Final = ("PCMA", "PCMU")
E1_CODECS: Final = ("PCMA",)
"""What E1 carries outside of North America and Japan (G.711 A-law); the gateway speaks nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FarEnd:
    """A trunk or a phone.

    `networks`: where its sound may come from.  `sources`: the addresses that may speak in its dialogs.  `nat_address`:
    the address that its sound comes from whatever its description says, None where that is to be believed.
    """

    peer: Peer
    networks: tuple[str, ...]
    sources: tuple[str, ...]
    nat_address: str | None
    codecs: tuple[str, ...]


def trunk_end(trunk: TrunkSettings, *resolved: str) -> FarEnd:
    """The far end of a trunk; `resolved` are addresses that its name has led to, beside those that are written down."""
    return FarEnd(
        peer=Peer(kind=PeerKind.TRUNK, name=trunk.name),
        networks=trunk.media_networks,
        sources=(*trunk.addresses, *resolved),
        nat_address=None,
        codecs=E1_CODECS if trunk.kind is TrunkKind.E1_GATEWAY else ALL_CODECS,
    )


def phone_end(account: AccountSettings, flow: Flow) -> FarEnd:
    """The phone of an account, at the other end of a flow."""
    return FarEnd(
        peer=Peer(kind=PeerKind.ACCOUNT, name=account.username),
        networks=account.media_networks,
        sources=(flow.address,),
        nat_address=flow.address if account.nat else None,
        codecs=ALL_CODECS,
    )
