"""Channels of trunks: seized, freed, counted."""

import pytest

from softswitch.calls.trunks import AllChannelsBusy, Trunks
from softswitch.settings import TrunkKind, TrunkSettings

SIP = TrunkSettings(name="city", addresses=("127.65.0.2",), media_networks=("127.65.0.0/24",), channels=2)
E1 = TrunkSettings(
    name="e1",
    kind=TrunkKind.E1_GATEWAY,
    spans=2,
    channels=7,  # means nothing for a gateway
    addresses=("127.65.0.4",),
    media_networks=("127.65.0.0/24",),
)


def make_trunks() -> Trunks:
    return Trunks((SIP, E1))


def test_a_sip_trunk_takes_as_many_calls_as_it_has_channels() -> None:
    trunks = make_trunks()
    trunks.seize("city", "a")
    trunks.seize("city", "b")
    with pytest.raises(AllChannelsBusy) as refused:
        trunks.seize("city", "c")
    assert (refused.value.trunk, refused.value.limit) == ("city", 2)


def test_an_e1_gateway_takes_thirty_calls_a_span() -> None:
    trunks = make_trunks()
    for number in range(60):
        trunks.seize("e1", f"call{number}")
    with pytest.raises(AllChannelsBusy) as refused:
        trunks.seize("e1", "one more")
    assert refused.value.limit == 60


def test_a_freed_channel_serves_the_next_call_and_only_once() -> None:
    trunks = make_trunks()
    trunks.seize("city", "a")
    trunks.seize("city", "b")
    trunks.free("city", "a")
    trunks.free("city", "a")
    trunks.seize("city", "c")
    with pytest.raises(AllChannelsBusy):
        trunks.seize("city", "d")


def test_a_call_that_has_its_channel_keeps_it() -> None:
    trunks = make_trunks()
    trunks.seize("city", "a")
    trunks.seize("city", "b")
    trunks.seize("city", "b")
    assert trunks.statistics()[0].in_use == 2


def test_one_full_trunk_leaves_the_others_alone() -> None:
    trunks = make_trunks()
    for call in "ab":
        trunks.seize("city", call)
    trunks.seize("e1", "c")


def test_refused_calls_are_counted_by_trunk() -> None:
    trunks = make_trunks()
    for call in "abcd":
        try:
            trunks.seize("city", call)
        except AllChannelsBusy:
            continue
    city, e1 = trunks.statistics()
    assert (city.name, city.in_use, city.limit, city.refused, city.up) == ("city", 2, 2, 2, True)
    assert (e1.name, e1.in_use, e1.limit, e1.refused) == ("e1", 0, 60, 0)


def test_a_trunk_goes_down_and_up() -> None:
    trunks = make_trunks()
    trunks.set_up("city", up=False)
    assert [trunk.up for trunk in trunks.statistics()] == [False, True]
    trunks.set_up("city", up=True)
    assert all(trunk.up for trunk in trunks.statistics())


def test_news_of_a_trunk_that_is_not_configured_changes_nothing() -> None:
    trunks = make_trunks()
    trunks.set_up("gone", up=False)
    trunks.free("gone", "a")
    assert [trunk.name for trunk in trunks.statistics()] == ["city", "e1"]


def test_a_call_of_before_a_restart_has_its_channel_whatever_the_limit_says_now() -> None:
    """Its talk goes on: a smaller limit or a trunk that was renamed is no reason to cut it."""
    trunks = make_trunks()
    for call in "abc":
        trunks.adopt("city", call)
    trunks.adopt("renamed", "d")
    city = trunks.statistics()[0]
    assert (city.in_use, city.limit, city.refused) == (3, 2, 0)
    trunks.free("city", "a")
    with pytest.raises(AllChannelsBusy):
        trunks.seize("city", "e")
