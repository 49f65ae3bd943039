"""What holds for all legs of a trunk, and for all of a phone."""

from softswitch.settings.accounts import AccountSettings
from softswitch.settings.trunks import TrunkKind, TrunkSettings
from softswitch.sip.events import Peer, PeerKind
from softswitch.sip.far_end import phone_end, trunk_end
from softswitch.sip.flows import Flow

FLOW = Flow(listener=0, protocol="udp", address="192.0.2.7", port=5060)


def test_a_trunk_speaks_from_its_own_addresses_and_where_its_name_led_to() -> None:
    trunk = TrunkSettings(name="city", addresses=("198.51.100.20",), media_networks=("198.51.100.0/24",))
    far = trunk_end(trunk, "198.51.100.9")
    assert far.peer == Peer(kind=PeerKind.TRUNK, name="city")
    assert far.sources == ("198.51.100.20", "198.51.100.9")
    assert (far.networks, far.nat_address, far.codecs) == (("198.51.100.0/24",), None, ("PCMA", "PCMU"))


def test_a_gateway_of_e1_lines_speaks_a_law_only() -> None:
    gateway = TrunkSettings(
        name="e1",
        kind=TrunkKind.E1_GATEWAY,
        spans=1,
        addresses=("198.51.100.30",),
        media_networks=("198.51.100.30/32",),
    )
    assert trunk_end(gateway).codecs == ("PCMA",)


def test_a_phone_behind_nat_is_sent_sound_where_its_signalling_comes_from() -> None:
    account = AccountSettings(username="8001", password="x", extension="8001", media_networks=("0.0.0.0/0",))
    behind = AccountSettings(
        username="8002", password="x", extension="8002", media_networks=("0.0.0.0/0",), nat=True
    )
    assert phone_end(account, FLOW).sources == ("192.0.2.7",)
    assert phone_end(account, FLOW).nat_address is None
    assert phone_end(behind, FLOW).nat_address == "192.0.2.7"
