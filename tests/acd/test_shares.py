"""Region shares: of the calls, to within one."""

import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.errors import InvalidValue
from acd.events import QueueDefined, SharesDefined
from acd.names import QueueName
from acd.shares import Ledger, RegionShare
from tests.acd.hotline import MAIN, Hotline

CITIES = {"north": 5.0, "south": 3.0, "west": 2.0}
DEFINED = SharesDefined(
    name="cities", shares=tuple(RegionShare(region=name, share=share) for name, share in CITIES.items())
)
PARTS = {name: share / 10 for name, share in CITIES.items()}


@pytest.mark.parametrize(
    "build",
    [
        lambda: RegionShare(region="", share=1.0),
        lambda: RegionShare(region="north", share=0.0),
        lambda: RegionShare(region="north", share=float("nan")),
        lambda: SharesDefined(name="", shares=DEFINED.shares),
        lambda: SharesDefined(name="cities", shares=DEFINED.shares[:1]),
        lambda: SharesDefined(name="cities", shares=DEFINED.shares + DEFINED.shares[:1]),
    ],
)
def test_what_cannot_be_true_cannot_be_built(build: Callable[[], object]) -> None:
    """Refused with the field."""
    with pytest.raises(InvalidValue):
        build()


def assert_within(order: list[str], parts: dict[str, float]) -> None:
    """Within one call on every prefix, within two in every window of a hundred."""
    counts = [Counter[str]()]
    for region in order:
        counts.append(counts[-1] + Counter((region,)))
    for number, count in enumerate(counts):
        assert all(abs(count[each] - part * number) <= 1 for each, part in parts.items())
    for start in range(len(order) - 99):
        window = counts[start + 100] - counts[start]
        assert all(abs(window[each] - part * 100) <= 2 for each, part in parts.items())


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=8), st.integers(1, 300))
def test_every_prefix_is_within_one_call_of_the_shares(shares: list[float], calls: int) -> None:
    """Whatever the shares, as long as all have callers."""
    ledger = Ledger({f"r{number}": share for number, share in enumerate(shares)})
    present = frozenset(f"r{number}" for number in range(len(shares)))
    order = []
    for _ in range(calls):
        order.append(ledger.next_region(present))
        ledger.count(order[-1], present)
    assert_within(order, {f"r{number}": share / sum(shares) for number, share in enumerate(shares)})


def test_counting_begins_anew_when_other_regions_have_callers() -> None:
    """And what is taken back counts only where it was counted."""
    ledger = Ledger(CITIES)
    both, all_of_them = frozenset(("north", "west")), frozenset(CITIES)
    assert ledger.next_region(frozenset(("west",))) == "west"
    phase = ledger.count("west", both)
    assert ledger.next_region(both) == "north"
    ledger.take_back("west", phase)
    assert ledger.count("north", both) == phase
    assert ledger.next_region(all_of_them) == "north"
    later = ledger.count("north", all_of_them)
    ledger.take_back("north", phase)
    assert ledger.next_region(all_of_them) == "south"
    ledger.take_back("north", later)
    assert ledger.next_region(all_of_them) == "north"


def busy(*agents: str) -> Hotline:
    """A queue without wrap-up whose agents serve the cities by their shares, and one caller who talks with each."""
    line = Hotline(QueueDefined(queue=MAIN, wrap_up_s=0, limit=10_000, ring_time_s=3600.0))
    line.tell(DEFINED)
    for agent in agents:
        line.login(agent, shares="cities")
        line.talk(f"talk{agent}")
    return line


def served(line: Hotline, talking: list[str], calls: int) -> list[str]:
    """The regions of the next calls; who talked longest hangs up each time."""
    regions = []
    for _ in range(calls):
        line.end(talking.pop(0), line.now + 1.0)
        ((contact, _),) = line.offered()
        line.accept(contact)
        talking.append(contact)
        regions.append(contact.split("-")[0])
    return regions


def test_connected_calls_follow_the_shares_while_all_regions_have_callers() -> None:
    """Over several agents, in whatever order the callers came."""
    line = busy("ana", "ben")
    for region in CITIES:
        for serial in range(300):
            line.call(f"{region}-{serial}", region=region)
    order = served(line, ["talkana", "talkben"], 400)
    assert_within(order, PARTS)


def test_a_region_without_callers_costs_nobody_a_call() -> None:
    """The others have the agents, by their shares; when it has callers again, all are as at the beginning."""
    line = busy("ana")
    for region, calls in (("north", 200), ("west", 200)):
        for serial in range(calls):
            line.call(f"{region}-{serial}", region=region)
    talking = ["talkana"]
    assert_within(served(line, talking, 150), {"north": 5 / 7, "west": 2 / 7})
    for serial in range(100):
        line.call(f"south-{serial}", region="south")
    assert_within(served(line, talking, 100), PARTS)


def crowd(line: Hotline, calls: int, **queues: str) -> None:
    """So many callers of each city, who call the main queue unless told another one."""
    for region in CITIES:
        for serial in range(calls):
            line.call(f"{region}-{serial}", region=region, queue=queues.get(region, MAIN))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("agents", [1, 3, 10])
def test_who_serves_one_region_alone_changes_nothing_for_those_who_serve_all(agents: int, seed: int) -> None:
    """With the same shares, in whatever order talks end; the calls that they take count by themselves."""
    chance = random.Random(seed)
    line = Hotline(
        *(QueueDefined(queue=QueueName(name), wrap_up_s=0, limit=10_000) for name in (MAIN, "far"))
    )
    line.tell(DEFINED)
    talking = {"talkpart": "part"} | {f"talk{number}": f"ana{number}" for number in range(agents)}
    for talk, agent in talking.items():
        line.login(agent, queues=("far",) if agent == "part" else (MAIN, "far"), shares="cities")
        line.call(talk, queue="far")
        line.accept(talk)
    crowd(line, 800, north="far")
    order: list[str] = []
    while len(order) < 400:
        contact = chance.choice(list(talking))
        line.end(contact, line.now + 1.0)
        ((following, agent),) = line.offered()
        line.accept(following)
        assert talking.pop(contact) == agent
        talking[following] = agent
        if agent != "part":
            order.append(following.split("-")[0])
    assert_within(order, PARTS)


def test_whoever_may_not_have_one_caller_does_not_make_the_others_begin_anew() -> None:
    """An agent who declined the only caller of a region chooses among the others, by a count of its own."""
    line = busy("ana", "ben")
    line.call("west-0", region="west")
    for region in ("north", "south"):
        for serial in range(9):
            line.call(f"{region}-{serial}", region=region)
    assert served(line, ["talkana", "north-0", "south-0"], 3) == ["north", "south", "north"]
    line.end("north-1", 5.0)
    assert line.offered() == [("west-0", "ana")]
    line.decline("west-0")
    line.wait(9.0)
    assert line.offered() == [("north-2", "ana")]
    line.accept("north-2")
    line.end("talkben", 10.0)
    assert line.offered() == [("west-0", "ben")]


@pytest.mark.parametrize("seed", range(3))
def test_while_ten_phones_ring_at_once_it_is_the_offers_that_follow_the_shares(seed: int) -> None:
    """Those are within one call on every prefix.  Connections come in the order in which phones are answered, so they
    are off by less than as many calls more as phones ring meanwhile.
    """
    chance = random.Random(seed)
    line = busy(*(f"ana{number}" for number in range(10)))
    crowd(line, 500)
    offers: list[str] = []
    connected: list[str] = []
    ringing: list[str] = []
    talking = [f"talkana{number}" for number in range(10)]
    worst = 0.0
    while len(offers) < 400:
        if ringing and (not talking or chance.random() < 0.2):
            contact = ringing.pop(chance.randrange(len(ringing)))
            line.accept(contact, line.now + 0.1)
            talking.append(contact)
            connected.append(contact.split("-")[0])
            off = max(abs(connected.count(each) - part * len(connected)) for each, part in PARTS.items())
            assert off < 1 + len(ringing)
            worst = max(worst, off)
        elif talking:
            line.end(talking.pop(chance.randrange(len(talking))), line.now + 0.1)
            ((contact, _),) = line.offered()
            ringing.append(contact)
            offers.append(contact.split("-")[0])
    assert_within(offers, PARTS)
    assert worst > 1  # else connections could be promised what offers are


def rings_in_vain(line: Hotline, contact: str, how: int) -> list[tuple[str, str]]:
    """A caller gives up, a phone says no, an agent turns away; return what is offered to the phone next."""
    agent = line.agent_of(contact)
    if how == 0:
        line.hang_up(contact, line.now + 0.1)
    elif how == 1:
        line.decline(contact, line.now + 0.1)
        line.wait(line.now + 2.0)
    else:
        line.not_ready(agent, at=line.now + 0.1)
        line.ready(agent)
    return line.offered()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("phones", [1, 2, 10])
def test_whatever_rings_in_vain_connections_are_off_by_no_more_than_phones_ring_at_once(
    phones: int, seed: int
) -> None:
    """So by one where one rings at a time, and by twice as many in any hundred."""
    chance = random.Random(seed)
    line = busy(*(f"ana{number}" for number in range(phones)))
    crowd(line, 900)
    talking = [f"talkana{number}" for number in range(phones)]
    ringing: list[str] = []
    connected = [Counter[str]()]
    in_vain = 0
    while len(connected) <= 400:
        if not ringing or (talking and chance.random() < 0.5):
            line.end(talking.pop(chance.randrange(len(talking))), line.now + 0.1)
            offers = line.offered()
        else:
            contact = ringing.pop(chance.randrange(len(ringing)))
            if chance.random() < 0.6:
                line.accept(contact, line.now + 0.1)
                talking.append(contact)
                connected.append(connected[-1] + Counter((contact.split("-")[0],)))
                continue
            offers = rings_in_vain(line, contact, chance.randrange(3))
            in_vain += 1
        ((following, _),) = offers
        ringing.append(following)
    assert in_vain > 200
    for number, count in enumerate(connected):
        assert all(abs(count[each] - part * number) <= phones for each, part in PARTS.items())
    for first, last in zip(connected, connected[100:], strict=False):
        assert all(abs(last[each] - first[each] - part * 100) <= 2 * phones for each, part in PARTS.items())


def test_levels_go_before_regions_and_are_counted_by_themselves() -> None:
    """By the order of criteria, unless the selection says otherwise."""
    line = busy("ana")
    for region in CITIES:
        for serial in range(10):
            line.call(f"{region}-{serial}", region=region)
    line.call("west-high", region="west", level=1)
    assert served(line, ["talkana"], 4) == ["west", "north", "south", "north"]


def test_who_is_of_no_region_waits_among_them_by_arrival() -> None:
    """Neither before all nor after all."""
    line = busy("ana")
    line.call("west-1", 1.0, region="west")
    line.call("moon-1", 2.0, region="moon")
    line.call("west-2", 3.0, region="west")
    line.call("north-1", 4.0, region="north")
    assert served(line, ["talkana"], 4) == ["north", "west", "moon", "west"]


def test_an_offer_in_vain_does_not_count() -> None:
    """The turn is the region's still."""
    line = busy("ana")
    for region in CITIES:
        for serial in range(5):
            line.call(f"{region}-{serial}", region=region)
    line.end("talkana", 5.0)
    assert line.offered() == [("north-0", "ana")]
    line.hang_up("north-0")
    assert line.offered() == [("north-1", "ana")]


def test_new_shares_are_counted_from_their_beginning() -> None:
    """Whoever served whom before."""
    line = busy("ana")
    for region in CITIES:
        for serial in range(30):
            line.call(f"{region}-{serial}", region=region)
    talking = ["talkana"]
    served(line, talking, 7)
    even = tuple(RegionShare(region=region, share=1.0) for region in CITIES)
    line.tell(SharesDefined(name="cities", shares=even))
    order = served(line, talking, 30)
    assert Counter(order) == dict.fromkeys(CITIES, 10)
    assert all(one != other for one, other in pairwise(order))


def test_without_anybody_waiting_there_is_nothing_to_share() -> None:
    """A free agent with shares waits."""
    line = busy("ana")
    line.end("talkana", 5.0)
    assert line.offered() == []
    assert line.agent("ana").shares == "cities"
