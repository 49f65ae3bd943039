"""Channels of trunks: seized, freed, counted."""

import pytest

from softswitch.calls.trunks import AllChannelsBusy, Trunks, trunk_group_of
from softswitch.settings.trunks import NumberSettings, TrunkKind, TrunkSettings

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


NAMED = TrunkSettings(
    name="named",
    kind=TrunkKind.E1_GATEWAY,
    spans=2,
    channels_per_span=2,
    span_groups=("pri1", "pri2"),
    addresses=("127.65.0.5",),
    media_networks=("127.65.0.0/24",),
)


def test_a_span_that_the_gateway_names_is_full_for_itself() -> None:
    """The gateway said on which span the call came: room on another one is no room for it."""
    trunks = Trunks((NAMED,))
    trunks.seize("named", "a", "pri2")
    trunks.seize("named", "b", "pri2")
    with pytest.raises(AllChannelsBusy) as refused:
        trunks.seize("named", "c", "pri2")
    assert (refused.value.trunk, refused.value.group, refused.value.limit) == ("named", "pri2", 2)
    trunks.seize("named", "d", "pri1")
    assert trunks.statistics()[0].spans == (1, 2)
    trunks.free("named", "a")
    trunks.seize("named", "e", "pri2")
    assert trunks.statistics()[0].spans == (1, 2)


def test_calls_without_a_known_group_fill_the_spans_in_order() -> None:
    trunks = Trunks((NAMED,))
    for call, group in (("a", ""), ("b", "elsewhere"), ("c", "")):
        trunks.seize("named", call, group)
    assert trunks.statistics()[0].spans == (2, 1)
    trunks.seize("named", "d", "pri2")
    with pytest.raises(AllChannelsBusy) as refused:
        trunks.seize("named", "e")
    assert (refused.value.group, refused.value.limit) == ("", 4)


def test_adopted_calls_keep_their_span_and_are_never_turned_away() -> None:
    trunks = Trunks((NAMED,))
    for call in "abc":
        trunks.adopt("named", call, "pri2")
    assert trunks.statistics()[0].spans == (0, 3)


@pytest.mark.parametrize(
    ("contact", "group"),
    [
        ("<sip:13800000001;tgrp=pri2;trunk-context=gw.example@192.0.2.4>", "pri2"),
        ("<sip:13800000001@192.0.2.4;tgrp=pri1>", "pri1"),
        ('"gw" <sip:+8613800000001;trunk-context=gw.example;TGRP=a-b@192.0.2.4:5060>;q=1', "a-b"),
        ("<sip:13800000001@192.0.2.4>", ""),
        ("<tel:13800000001;tgrp=pri1>", ""),
        ("<sip:broken", ""),
        ("*", ""),
        ("", ""),
    ],
)
def test_the_trunk_group_stands_in_the_contact(contact: str, group: str) -> None:
    """RFC 4904 sections 3 and 5.2."""
    assert trunk_group_of(contact) == group


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


# ---- number rules ------------------------------------------------------------------------------------


def test_the_number_rules_of_the_business_stand_in_place_of_those_of_the_settings() -> None:
    """A trunk that the business says nothing of keeps its own."""
    trunks = Trunks((SIP,))
    assert trunks.numbers_of("city") == SIP.numbers
    rules = NumberSettings(outbound_format="e164", presented_number="12345")
    trunks.take_numbers({"city": rules})
    assert trunks.numbers_of("city") == rules
    trunks.take_numbers({})
    assert trunks.numbers_of("city") == SIP.numbers
