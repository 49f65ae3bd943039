"""Legs: their slots and whom they may talk with."""

import pytest

from media.commands import OpenLeg
from media.legs import Leg, LegTable, NoRoom


def opened(table: LegTable, name: str, networks: tuple[str, ...] = ("192.0.2.0/24",)) -> Leg:
    """Open a leg."""
    command = OpenLeg(leg_id=name, call_id="call", local_address="127.0.0.1", networks=networks)
    return table.open(command, "127.0.0.1", 20000)


def test_a_freed_slot_is_used_again_last() -> None:
    """So that what is still on its way to the old leg finds nobody."""
    table = LegTable(3)
    first, second = opened(table, "a"), opened(table, "b")
    table.close(first)
    assert [opened(table, name).slot for name in ("c", "d")] == [2, first.slot]
    with pytest.raises(NoRoom):
        opened(table, "e")
    assert table.at(second.slot) is second
    assert sorted(leg.leg_id for leg in table) == ["b", "c", "d"]


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("192.0.2.7", True),
        ("192.0.3.7", False),
        ("0.0.0.0", False),
        ("224.1.1.1", False),
        ("nonsense", False),
    ],
)
def test_media_goes_only_to_unicast_addresses_in_the_networks(address: str, allowed: bool) -> None:
    """Even when the networks are everything."""
    assert opened(LegTable(1), "a").allows(address) is allowed
    if address != "192.0.3.7":
        assert opened(LegTable(1), "a", ("0.0.0.0/0",)).allows(address) is allowed


def test_a_leg_without_networks_may_talk_with_nobody() -> None:
    """Nothing is the default."""
    assert not opened(LegTable(1), "a", ()).allows("192.0.2.7")


def test_a_wrong_network_takes_no_slot() -> None:
    """ValueError, and the next leg finds room."""
    table = LegTable(1)
    with pytest.raises(ValueError, match="nonsense"):
        opened(table, "a", ("nonsense",))
    assert opened(table, "b").slot == 0
