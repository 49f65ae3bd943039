"""Region shares and combined strategies: documents that real calls follow, and that change while they wait."""

import functools
import itertools
import operator
from pathlib import Path
from typing import Any

import pytest

from acd.engine import Engine
from softswitch.business.changes import Key, between
from softswitch.business.live import LiveBusiness
from softswitch.business.strategies import RegionPart, RoutingOrder, SelectionOrder, Shares
from softswitch.business.whole import EMPTY, BusinessFaults, Machine, whole_of
from softswitch.calls.callback import Callback
from softswitch.calls.flow import FlowDesk
from softswitch.people import People
from tests.softswitch.calls.node import Node, done
from tests.softswitch.calls.test_flow import Service

NORTH, NORTH_TOO, SOUTH, ELSEWHERE = "051011110000", "051011119999", "051022220000", "13800001111"
MACHINE = Machine(trunks=frozenset({"city"}), prompts=frozenset(), music=frozenset({"waiting"}))
Documents = dict[Key, dict[str, Any]]
PLAIN: Documents = {
    ("queues", "hotline"): {"name": "hotline", "wrap_up_s": 0, "announce_agent": False},
    ("routes", "12345"): {"number": "12345", "queue": "hotline", "greeting": ""},
    ("agents", "1001"): {"id": "1001", "queues": ["hotline"]},
    ("agents", "1002"): {"id": "1002", "queues": ["hotline"]},
    ("regions", "north"): {"id": "north", "prefixes": ["05101"]},
    ("regions", "south"): {"id": "south", "prefixes": ["05102"]},
}
FAIR: Documents = {
    ("shares", "fair"): {
        "id": "fair",
        "parts": [{"region": "north", "share": 3}, {"region": "south", "share": 1}],
    },
    ("agents", "1001"): {"id": "1001", "queues": ["hotline"], "shares": "fair"},
}


class Town:
    """A node that runs by a business, which changes; its flows are those of the business."""

    version = 1
    _tokens = itertools.count(1)

    def __init__(
        self, *documents: Documents, machine: Machine = MACHINE, before: "Town | None" = None
    ) -> None:
        """`before` is the town whose control was restarted."""
        if before is None:
            self.node = Node(cells=12)
        else:
            old = before.node
            self.node = Node(cells=12, before=old, keeper=old.keeper, journal=old.journal)
            self.node.dispatcher.engine = self.node.engine = Engine(run="t")  # it knows no queue as yet
        self._machine = machine
        self._documents: Documents = {}
        self.business = EMPTY
        board = self.node.board
        board.flows = FlowDesk(
            board.table,
            board.queue_desk,
            self,
            Service(),
            self.node.recordings,
            Path("/voicemail"),
            lambda size: f"{next(self._tokens):0{2 * size}x}",
        )
        routes = self.node.board._arrivals._routes
        self.live = LiveBusiness(
            dispatcher=self.node.dispatcher,
            seats=self.node.seats,
            routes=routes,
            board=self.node.board,
            people=People(()),
            trunks=self.node.board.table.trunks,
            directory=self.node.board.directory,
            phones=(),
            publish=lambda kind, data: None,
        )
        self.take(*documents)

    def take(self, *documents: Documents) -> None:
        """The business changes by these documents; at first it is told whole."""
        self._become(functools.reduce(operator.or_, documents, self._documents))

    def remove(self, *keys: Key) -> None:
        """These documents are gone."""
        self._become({key: data for key, data in self._documents.items() if key not in keys})

    def _become(self, documents: Documents) -> None:
        before, self._documents = self._documents, documents
        business = whole_of(self._documents, self._machine)
        if self.business is EMPTY:
            self.live.define_queues(business)
        self.business = business
        self.live.take(business, between(before, self._documents), 1)

    def served(self, calls: int) -> str:
        """Agent 1001 takes so many calls, each ended by its caller: the first letters of where they came from."""
        found = ""
        for _ in range(calls):
            (call,) = [call for call in self.node.board.calls() if call.offered]
            found += {NORTH: "n", SOUTH: "s", ELSEWHERE: "e", NORTH_TOO: "t"}[call.caller]
            self.node.answer(call.offered[0].leg_id)
            assert call.customer is not None
            self.node.sip.leave(call.customer.leg_id)
            self.node.settle()
        return found


def wait_in_line(town: Town, callers: str) -> None:
    """Callers come, in this order."""
    for number, letter in enumerate(callers):
        caller = {"n": NORTH, "s": SOUTH, "e": ELSEWHERE}[letter]
        town.node.call_in(f"in{number}", caller=caller)
        town.node.pass_time(1.0)


def test_regions_have_their_shares_of_an_agents_calls() -> None:
    """Three of four from the north, though the south came first; without shares first come, first served."""
    for documents, from_the_north in (((PLAIN,), 1), ((PLAIN, FAIR), 3)):
        town = Town(*documents)
        wait_in_line(town, "sssnnnn")
        town.node.login("1001", "8001")
        assert town.served(4).count("n") == from_the_north


def test_a_route_tells_the_region_of_whom_no_prefix_does() -> None:
    """Callers from elsewhere are the south's on this number."""
    south: Documents = {
        ("routes", "12345"): {"number": "12345", "queue": "hotline", "greeting": "", "region": "south"}
    }
    town = Town(PLAIN, FAIR, south)
    wait_in_line(town, "eeennnn")
    town.node.login("1001", "8001")
    assert town.served(4).count("n") == 3


def test_a_flow_says_of_which_region_a_caller_is() -> None:
    """Before the number and the route point, also once the caller was moved: one of four is the south's."""
    flow = {
        "id": "county",
        "start": "say",
        "nodes": {
            "say": {"type": "set", "region": "south", "next": "line"},
            "line": {"type": "queue", "queue": "hotline"},
        },
    }
    documents: Documents = {
        ("flows", "county"): flow,
        ("routes", "12346"): {
            "number": "12346",
            "queue": "hotline",
            "greeting": "",
            "flow": "county",
            "region": "north",
        },
    }
    town = Town(PLAIN, FAIR, documents)
    for place, (number, caller) in enumerate([("12346", NORTH_TOO)] * 3 + [("12345", NORTH)] * 4):
        call = town.node.dial(f"in{place}", number, caller)
        town.node.sip.acknowledge(f"in{place}")
        town.node.settle()
        assert not town.node.board.queue_desk.move(town.node.call(call), "hotline")
        town.node.pass_time(1.0)
    town.node.login("1001", "8001")
    assert sorted(town.served(4)) == ["n", "n", "n", "t"]


def test_who_is_called_back_is_of_the_region_that_the_flow_said() -> None:
    """Also after a restart, though the call in which it was said is over."""
    flow = {
        "id": "county",
        "start": "say",
        "nodes": {
            "say": {"type": "set", "region": "south", "next": "back"},
            "back": {"type": "callback", "queue": "hotline", "otherwise": "bye"},
            "bye": {"type": "hang_up"},
        },
    }
    route = {"number": "12345", "queue": "hotline", "greeting": "", "flow": "county"}
    town = Town(PLAIN, FAIR, {("flows", "county"): flow, ("routes", "12345"): route})
    town.node.dial("in0", caller=ELSEWHERE)
    town.node.sip.acknowledge("in0")
    town.node.settle()
    (callback,) = town.node.board.callbacks.all()
    stands = town.node.call(callback.call_id)
    assert town.node.board.table.callers.region_of_call(stands) == "south"
    assert Callback.restored(callback.to_record()).region == "south"


def test_shares_that_change_hold_for_who_waits() -> None:
    """The same callers, the other way round."""
    town = Town(PLAIN, FAIR)
    wait_in_line(town, "nnnnsss")
    parts = [{"region": "north", "share": 1}, {"region": "south", "share": 3}]
    town.take({("shares", "fair"): {"id": "fair", "parts": parts}})
    town.node.login("1001", "8001")
    assert town.served(4).count("s") == 3


@pytest.mark.parametrize(("criteria", "first"), [(["arrival"], "n"), (["level", "arrival"], "s")])
def test_an_agent_looks_at_callers_in_the_order_of_their_selection(criteria: list[str], first: str) -> None:
    """One who looks at nothing but the arrival takes who came first, whatever the level."""
    route = {
        "number": "12345",
        "queue": "hotline",
        "greeting": "",
        "callers": [{"add": 1, "prefix": "05102"}],
    }
    documents: Documents = {
        ("selections", "own"): {"id": "own", "criteria": criteria},
        ("agents", "1001"): {"id": "1001", "queues": ["hotline"], "selection": "own"},
        ("routes", "12345"): route,
    }
    town = Town(PLAIN, documents)
    wait_in_line(town, "ns")
    town.node.login("1001", "8001")
    assert town.served(1) == first


@pytest.mark.parametrize(("criteria", "agent"), [(["rank"], "1002"), (["idle"], "1001")])
def test_callers_look_at_free_agents_in_the_order_of_the_queues_routing(
    criteria: list[str], agent: str
) -> None:
    """The order is taken while agents are there, and changed."""
    town = Town(PLAIN)
    queue = PLAIN["queues", "hotline"] | {"distribution": {"routing": "own"}}
    town.node.login("1001", "8001")
    town.node.pass_time(5.0)
    town.node.login("1002", "8002")
    town.take(
        {
            ("routings", "own"): {"id": "own", "criteria": criteria},
            ("queues", "hotline"): queue,
            ("agents", "1001"): {"id": "1001", "queues": ["hotline"], "rank": 9},
        }
    )
    call = town.node.call_in()
    assert [party.agent for party in town.node.call(call).offered] == [agent]
    assert done(town.node.seats.get(agent)).activity == "reserved"


def test_strategies_that_nobody_has_are_faults() -> None:
    """Each is told with its place, and so is a region of shares."""
    documents: Documents = {
        ("agents", "1001"): {
            "id": "1001",
            "queues": [],
            "selection": "x",
            "shares": "y",
            "capacities": "w",
        },
        ("queues", "hotline"): {"name": "hotline", "distribution": {"routing": "z"}},
        ("routes", "12345"): {"number": "12345", "queue": "hotline", "greeting": "", "region": "east"},
        ("shares", "fair"): {
            "id": "fair",
            "parts": [{"region": "north", "share": 3}, {"region": "moon", "share": 1}],
        },
    }
    with pytest.raises(BusinessFaults) as refused:
        whole_of(PLAIN | documents, MACHINE)
    assert [fault.path for fault in refused.value.faults] == [
        "queues.hotline.distribution.routing",
        "agents.1001.selection",
        "agents.1001.shares",
        "agents.1001.capacities",
        "shares.fair.parts",
        "routes.12345.region",
    ]


def test_the_order_of_a_service_is_that_of_its_queue_and_changes_while_agents_sit_there() -> None:
    """By the rank of the agents; without the service whoever is idle longest."""
    fixed: Documents = {
        ("agents", "1001"): {"id": "1001", "queues": ["hotline"], "rank": 2},
        ("agents", "1002"): {"id": "1002", "queues": ["hotline"], "rank": 1},
        ("routings", "fixed"): {"id": "fixed", "criteria": ["rank"]},
        ("services", "advice"): {"id": "advice", "queue": "hotline", "routing": "fixed"},
    }
    town = Town(PLAIN, fixed)
    town.node.login("1001", "8001")
    town.node.pass_time(1.0)
    town.node.login("1002", "8002")

    def rung(leg_id: str) -> str:
        call = town.node.call(town.node.call_in(leg_id))
        (offered,) = call.offered
        town.node.sip.leave(leg_id)
        town.node.settle()
        return offered.agent

    assert rung("in1") == "1002"
    town.remove(("services", "advice"))
    assert rung("in2") == "1001"
    town.take({("services", "advice"): fixed["services", "advice"]})
    assert rung("in3") == "1002"


@pytest.mark.parametrize(
    ("services", "ways", "at_fault"),
    [
        ({"a": "fixed", "b": "fixed"}, {}, []),
        ({"a": "fixed", "b": ""}, {}, ["b"]),
        ({"a": "gone"}, {}, ["a"]),
        ({"a": "fixed"}, {"strategy": "linear"}, ["a"]),
        ({"a": "fixed"}, {"routing": "fixed"}, ["a"]),
        ({"a": ""}, {"routing": "fixed"}, []),
    ],
)
def test_a_queue_has_one_order_by_whatever_service(
    services: dict[str, str], ways: dict[str, str], at_fault: list[str]
) -> None:
    documents: Documents = {
        ("queues", "hotline"): {"name": "hotline", "distribution": ways},
        ("routings", "fixed"): {"id": "fixed", "criteria": ["rank"]},
    }
    for key, routing in services.items():
        documents["services", key] = {"id": key, "queue": "hotline", "routing": routing}
    found: list[str] = []
    try:
        whole_of(PLAIN | documents, MACHINE)
    except BusinessFaults as refused:
        found = [fault.path for fault in refused.faults]
    assert found == [f"services.{key}.routing" for key in at_fault]


def test_orders_and_shares_that_decide_nothing_are_faults() -> None:
    """As the distributor would refuse them."""
    one = RegionPart(region="north", share=1.0)
    assert [place for place, _ in Shares(id="s", parts=(one, one)).faults()] == ["parts"]
    assert [place for place, _ in RoutingOrder(id="linear", criteria=()).faults()] == ["criteria"]
    assert [place for place, _ in SelectionOrder(id="s", criteria=()).faults()] == ["criteria"]


def test_what_agents_may_have_in_hand_is_a_document_and_changes_while_they_sit_there() -> None:
    """Two chats at once, then one."""
    media = [{"medium": "voice"}, {"medium": "chat", "most": 2}]
    documents: Documents = {
        ("capacities", "desk"): {"id": "desk", "media": media},
        ("agents", "1001"): {"id": "1001", "queues": ["hotline"], "capacities": "desk"},
    }
    town = Town(PLAIN, documents)
    town.node.login("1001", "8001")
    contacts = town.node.board.contacts

    def write() -> str:
        return contacts.queue("chat", "hotline", level=0, address="", data={}, by="web").state

    assert [write(), write(), write()] == ["offered", "offered", "waiting"]
    town.take({("capacities", "desk"): {"id": "desk", "media": [*media[:1], {"medium": "chat", "most": 4}]}})
    assert [each.state for each in contacts.all()] == ["offered"] * 3


@pytest.mark.parametrize(
    ("media", "most_in_all", "path"),
    [
        ([{"medium": "pigeon"}], 0, "media[0].medium"),
        ([{"medium": "chat", "most": 0}], 0, "media[0].most"),
        ([{"medium": "voice", "most": 2}], 0, "media[0].most"),
        ([{"medium": "chat", "beside": ["fax"]}], 0, "media[0].beside"),
        ([{"medium": "chat", "most": 3}], 2, "media[0].most"),
        ([], 0, "media"),
    ],
)
def test_capacities_that_contradict_themselves_are_faults(
    media: list[dict[str, Any]], most_in_all: int, path: str
) -> None:
    """With the place of what is wrong."""
    wrong = {"id": "desk", "media": media, "most_in_all": most_in_all}
    with pytest.raises(BusinessFaults) as refused:
        whole_of(PLAIN | {("capacities", "desk"): wrong}, MACHINE)
    assert [fault.path for fault in refused.value.faults] == [f"capacities.desk.{path}"]
