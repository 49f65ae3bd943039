"""Every policy of the distributor on real calls of one hotline: the right phone rings, in the right order.

Who is next is known from the live events alone.  The only waits are those that a policy asks for (ageing, the end of an
own line), and they are lower bounds: nothing here has to happen in time.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bench.desk_phones import Manner
from bench.peers.call import Call
from tests.peers import Peers, peers
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NORTH, SOUTH, NUISANCE, KNOWN = "1380000000", "1390000000", "13600000001", "13500000001"
AGED_S, OWN_S = 1.0, 2.0
BY_FIGURES = ("linear", "turns", "fewest", "shortest", "freest")
"""Queues in which agents' figures decide, whoever is idle longest."""


def queue(name: str, **distribution: Any) -> dict[str, Any]:
    """A queue that says nothing, and whose agents wrap nothing up."""
    quiet = {"wrap_up_s": 0.0, "announce_agent": False, "position_every_s": 0.0}
    return {"name": name, **quiet, "distribution": distribution}


def route(number: str, to: str, **more: Any) -> dict[str, Any]:
    """A number that leads to a queue at once."""
    return {"number": number, "queue": to, "greeting": "", **more}


def agent(number: int, *queues: str, law: int = 0, **more: Any) -> dict[str, Any]:
    """One of the four."""
    skills = [{"name": "law", "level": law}] if law else []
    return {"id": f"100{number}", "queues": list(queues), "skills": skills, **more}


BUSINESS: dict[str, list[dict[str, Any]]] = {
    "regions": [
        {"id": "north", "prefixes": [NORTH[:3]]},
        {"id": "south", "prefixes": [SOUTH[:3]]},
    ],
    "shares": [
        {"id": "county", "parts": [{"region": "north", "share": 2}, {"region": "south", "share": 1}]},
    ],
    "routings": [{"id": "fixed", "criteria": ["rank"]}],
    "selections": [{"id": "plain", "criteria": ["own", "arrival"]}],
    "lists": [
        {"id": "nuisance", "numbers": [{"number": NUISANCE}]},
        {"id": "known", "numbers": [{"number": KNOWN}]},
    ],
    "flows": [
        {
            "id": "from_the_south",
            "start": "say",
            "nodes": {
                "say": {"type": "set", "region": "south", "next": "line"},
                "line": {"type": "queue", "queue": "region"},
            },
        }
    ],
    "groups": [{"id": "g1", "selection": "plain"}],
    "services": [{"id": "advice", "queue": "order", "routing": "fixed"}],
    "queues": [
        queue("region"),
        queue("first"),
        queue("second"),
        queue("own"),
        queue("law", skills=[{"name": "law", "level": 3}], widening=[{"after_s": 2.0, "lower_by": 2}]),
        queue("aged", ageing_s=AGED_S),
        queue("levels", level_rules=[{"add": -5, "listed": "nuisance"}]),
        queue("sos", priority=5),
        queue("order"),
        queue("last"),
        queue("again", resume_s=600.0),
        queue("all", strategy="ring_all"),
        queue("linear", strategy="linear"),
        queue("turns", strategy="round_robin"),
        queue("fewest", strategy="fewest_calls"),
        queue("shortest", strategy="least_talk_time"),
        queue("freest", strategy="least_occupied"),
        queue("crowded")
        | {
            "overflow": [
                {"to": "queue", "name": "second", "strategies": [3], "least_level": 5},
                {"to": "queue", "name": "sos", "waited_s": 1.0},
            ]
        },
    ],
    "routes": [
        route("12301", "region"),
        route("12302", "first", table=[{}, {"queue": "second"}]),
        route("12303", "second"),
        route("12304", "own", table=[{"agent": "1001", "until_s": 600.0}, {"after_s": 600.0}]),
        route("12305", "own"),
        route("12306", "own", table=[{"agent": "1001", "until_s": OWN_S}, {"after_s": OWN_S}]),
        route("12307", "law"),
        route("12308", "aged"),
        route("12309", "aged", level=1),
        route("12310", "levels"),
        route("12311", "levels", level=1),
        route("12312", "order"),
        route("12313", "order", level=5),
        route("12314", "last", table=[{"last_agent_s": 600.0, "until_s": 600.0}, {"after_s": 600.0}]),
        route("12315", "again"),
        route("12316", "sos"),
        route("12317", "all"),
        route("12318", "crowded", strategy=3, level=5),
        route("12319", "crowded", strategy=3, level=4),
        route("12320", "region", flow="from_the_south"),
        route(
            "12321",
            "first",
            table=[{}, {"queue": "second", "listed": "known"}, {"agent": "1001", "prefix": SOUTH[:3]}],
        ),
        route("12331", "linear"),
        route("12332", "turns"),
        route("12333", "fewest"),
        route("12334", "shortest"),
        route("12335", "freest"),
    ],
    "agents": [
        agent(1, "region", "own", "law", "last", "again", law=1, shares="county"),
        agent(2, "second", "law", "aged", "levels", "sos", "last", "all", law=3),
        agent(3, "first", "own", "law", "order", "all", *BY_FIGURES, law=5, rank=2),
        agent(4, "order", "all", *BY_FIGURES, rank=1, groups=["g1"]),
    ],
}


@dataclass(slots=True)
class Hotline:
    """Callers by names of one's own, and four agents whose phones are answered as soon as they ring."""

    here: Stand
    around: Peers
    lines: dict[str, Call] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    async def begin(self) -> None:
        """The whole business is imported, and everybody sits down not ready."""
        file = await self.here.api.get("/v1/business/export")
        file["documents"] |= BUSINESS
        del file["customers"]  # nobody is in it, and it would want their version too
        tried = await self.here.api.post("/v1/business/import", {"file": file, "dry_run": True})
        body = {"file": file, "reason": "policies"}
        await self.here.api.post("/v1/business/import", body, version=tried["version"])
        for number in (1, 2, 3, 4):
            await self.here.login(number, state="not_ready")

    async def call(self, name: str, number: str, caller: str = "13700000001") -> None:
        """Somebody calls and stands in line."""
        since = len(self.here.events)
        self.lines[name] = line = await self.around.trunk.call(number, caller)
        assert await line.answered == 200
        arrived = await self.here.wait_event("CallArrived", since=since, sip_call_id=line.call_id)
        self.ids[name] = arrived["call_id"]
        await self.here.wait_event("CallQueued", since=since, call_id=self.ids[name])

    async def hang_up(self, *names: str) -> None:
        """Callers leave, one after the other."""
        for name in names:
            await self.around.trunk.hang_up(self.lines[name])
            await self.here.wait_event("CallEnded", call_id=self.ids[name])

    async def talks_with(self, name: str) -> str:
        """Who has a caller on the phone, in the end."""
        told = await self.here.wait_event("CallConnected", call_id=self.ids[name], within_s=20)
        return str(told["agent"])

    async def ready(self, *numbers: int) -> None:
        """They take calls, and are idle in this order."""
        for number in numbers:
            await self.here.api.ready(self.here.agent(number))

    async def away(self, *numbers: int) -> None:
        """They take none."""
        for number in numbers:
            await self.here.api.not_ready(self.here.agent(number))

    async def served(self, number: int, calls: int) -> list[str]:
        """An agent is ready, and takes so many callers, of whom each hangs up at once: their names in order."""
        names = {call_id: name for name, call_id in self.ids.items()}
        found: list[str] = []
        since = len(self.here.events)
        await self.ready(number)
        for _ in range(calls):
            told = await self.here.wait_event("CallConnected", since=since, agent=self.here.agent(number))
            found.append(names[told["call_id"]])
            since = len(self.here.events)
            await self.hang_up(found[-1])
        await self.away(number)
        return found

    def talked_s(self, agent: str) -> float:
        """How long an agent has talked with callers who are gone, from the answer to the end, by the live events."""
        at: dict[tuple[str, str], datetime] = {}
        for event in self.here.events:
            if event.get("kind") in ("call.connected", "call.ended"):
                at[event["kind"], event["data"]["call_id"]] = datetime.fromisoformat(event["at"])
        connected = [told for told in self.here.seen("CallConnected") if told["agent"] == agent]
        calls = [told["call_id"] for told in connected]
        return sum((at["call.ended", call] - at["call.connected", call]).total_seconds() for call in calls)

    async def position(self, name: str) -> int:
        """The place of somebody who waits; 1 is next."""
        told = await self.here.api.get(f"/v1/calls/{self.ids[name]}/explain")
        return int(told["why_waiting"]["position"])


async def agents_figures(line: Hotline) -> None:
    """By rank, in turn, by calls taken, time talked and part of the time occupied, each against who is idle longest.

    It is the first of all: nobody has a figure yet.  Who is ready first is idle longest.
    """

    async def taken(name: str, number: str, first: int, *then: int, talk_s: float = 0.0) -> str:
        await line.ready(first, *then)
        await line.call(name, number)
        agent = await line.talks_with(name)
        await asyncio.sleep(talk_s)
        await line.away(*{3, 4} - {int(agent[-1])})
        await line.hang_up(name)
        await line.here.wait_agent(int(agent[-1]), presence="ready", activity="idle")
        await line.away(int(agent[-1]))
        return agent

    assert [await taken(f"rank{each}", "12331", 3, 4) for each in (1, 2)] == ["1004", "1004"]
    assert [await taken(f"few{each}", "12333", 4, 3) for each in (1, 2)] == ["1003", "1003"]
    assert await taken("turn1", "12332", 3, 4) == "1003"
    assert await taken("turn2", "12332", 3, 4) == "1004"
    assert await taken("turn3", "12332", 4, 3) == "1003"
    talked = {agent: line.talked_s(agent) for agent in ("1003", "1004")}
    more_s = max(0.0, talked["1003"] - talked["1004"]) + 1.0
    assert await taken("long", "12331", 3, 4, talk_s=more_s) == "1004"
    assert await taken("short", "12334", 4, 3) == "1003"
    await line.ready(3)
    await asyncio.sleep(more_s)  # idle on duty: a smaller part of it is occupied
    await line.away(3)
    assert await taken("free", "12335", 4, 3) == "1003"


async def region_shares(line: Hotline) -> None:
    """Two of three from the north, though the south came first."""
    for name in ("s1", "s2", "n1", "n2"):
        await line.call(name, "12301", (NORTH if name < "s" else SOUTH) + name[1])
    assert await line.served(1, 4) == ["n1", "s1", "n2", "s2"]


async def region_by_a_flow(line: Hotline) -> None:
    """The same shares, though all call from the north: what the flow says goes before the number."""
    for name, number in (("f1", "12320"), ("f2", "12320"), ("m1", "12301"), ("m2", "12301")):
        await line.call(name, number, NORTH + name[1])
    assert await line.served(1, 4) == ["m1", "f1", "m2", "f2"]


async def caller_groups(line: Hotline) -> None:
    """Who is on a list stands in a second line, and who calls from the south waits for one agent as well; nobody else does."""
    await line.call("stranger", "12321")
    await line.call("known", "12321", KNOWN)
    await line.call("southern", "12321", SOUTH + "7")
    await line.ready(2)
    assert await line.talks_with("known") == "1002"
    await line.ready(1)
    assert await line.talks_with("southern") == "1001"
    assert await line.position("stranger") == 1
    await line.ready(3)
    assert await line.talks_with("stranger") == "1003"
    await line.away(1, 2, 3)
    await line.hang_up("known", "southern", "stranger")


async def routing_table(line: Hotline) -> None:
    """A caller stands in both lines, before who came to the second later, and leaves both at once."""
    await line.call("both", "12302")
    await line.call("later", "12303")
    assert (await line.position("both"), await line.position("later")) == (1, 2)
    await line.ready(3)
    assert await line.talks_with("both") == "1003"
    assert await line.position("later") == 1
    await line.ready(2)
    assert await line.talks_with("later") == "1002"
    await line.away(2, 3)
    await line.hang_up("both", "later")


async def designated_agent(line: Hotline) -> None:
    """An agent's own callers go before who came earlier; without the agent they are everybody's, by their arrival."""
    await line.call("now", "12305")
    await line.ready(1)
    assert await line.talks_with("now") == "1001"
    await line.call("before", "12305")
    await line.call("mine", "12304")
    await line.hang_up("now")
    assert await line.talks_with("mine") == "1001"
    await line.hang_up("mine")
    assert await line.talks_with("before") == "1001"
    await line.call("given up on", "12306")
    await line.call("after", "12305")
    await asyncio.sleep(OWN_S + 0.2)
    assert await line.served(3, 2) == ["given up on", "after"]
    await line.away(1)
    await line.hang_up("before")


async def skills_and_widening(line: Hotline) -> None:
    """The best first, then who is good enough, and who is not only once less is asked for."""
    await line.ready(1, 2, 3)
    await line.call("hard", "12307")
    assert await line.talks_with("hard") == "1003"
    await line.call("harder", "12307")
    assert await line.talks_with("harder") == "1002"
    since = len(line.here.events)
    await line.call("hardest", "12307")
    assert await line.talks_with("hardest") == "1001"
    told = [event for event in line.here.events[since:] if event.get("kind")]
    of_it = [one["kind"] for one in told if one["data"].get("call_id") == line.ids["hardest"]]
    assert of_it.index("call.widened") < of_it.index("call.offered")
    await line.away(1, 2, 3)
    await line.hang_up("hard", "harder", "hardest")


async def levels_and_ageing(line: Hotline) -> None:
    """A higher level goes first, a nuisance last, an urgent queue before both; with ageing who waits long catches up."""
    await line.call("nuisance", "12310", NUISANCE)
    await line.call("plain", "12310")
    await line.call("high", "12311")
    await line.call("urgent", "12316")
    assert await line.served(2, 4) == ["urgent", "high", "plain", "nuisance"]
    await line.call("old", "12308")
    await asyncio.sleep(AGED_S + 0.1)
    await line.call("young", "12309")
    assert await line.served(2, 2) == ["old", "young"]


async def named_orders(line: Hotline) -> None:
    """Callers of the service look at ranks, not at who is idle longest; the group's agents at nothing but the arrival."""
    await line.ready(3, 4)
    await line.call("ranked", "12312")
    assert await line.talks_with("ranked") == "1004"
    await line.away(3)
    await line.call("low", "12312")
    await line.call("vip", "12313")
    await line.hang_up("ranked")
    assert await line.talks_with("low") == "1004"
    await line.hang_up("low")
    assert await line.talks_with("vip") == "1004"
    await line.away(4)
    await line.hang_up("vip")


async def last_agent(line: Hotline) -> None:
    """Who comes again is served by the same agent, others by whoever is idle longest."""
    await line.call("once", "12314", "13700000077")
    assert await line.served(2, 1) == ["once"]
    await line.ready(1, 2)
    await line.call("again", "12314", "13700000077")
    assert await line.talks_with("again") == "1002"
    await line.call("stranger", "12314", "13700000078")
    assert await line.talks_with("stranger") == "1001"
    await line.away(1, 2)
    await line.hang_up("again", "stranger")


async def old_place(line: Hotline) -> None:
    """Who gave up and comes again has the old place."""
    await line.call("left", "12315", "13700000081")
    await line.hang_up("left")
    await line.call("next", "12315", "13700000082")
    await line.call("back", "12315", "13700000081")
    assert (await line.position("back"), await line.position("next")) == (1, 2)
    assert await line.served(1, 2) == ["back", "next"]


async def ring_all(line: Hotline) -> None:
    """Three agents are offered it, and answer in the same moment: one has the caller, whoever else was rung is hung up."""
    await line.ready(2, 3, 4)
    before = [len(phone.calls) for phone in line.around.phones]
    await line.call("shared", "12317")
    winner = await line.talks_with("shared")
    mine = [each for each in line.here.seen("CallOffered") if each["call_id"] == line.ids["shared"]]
    assert sorted(each["agent"] for each in mine) == ["1002", "1003", "1004"]
    for number in (2, 3, 4):
        phone = line.around.phones[number - 1]
        if line.here.agent(number) == winner:
            assert not phone.calls[-1].ended.done()
            continue
        await line.here.wait_agent(number, presence="ready", activity="idle")
        for rung in phone.calls[before[number - 1] :]:
            async with asyncio.timeout(5):
                await rung.ended
    connected = [each for each in line.here.seen("CallConnected") if each["call_id"] == line.ids["shared"]]
    assert [each["agent"] for each in connected] == [winner]
    await line.away(2, 3, 4)
    await line.hang_up("shared")


async def ring_all_slowly(line: Hotline) -> None:
    """Nobody answers by themselves: once one does, the others stop ringing; of three who do at once, one has the caller."""
    phones = {f"100{number}": line.around.phones[number - 1] for number in (2, 3, 4)}
    manners = {agent: phone.manner for agent, phone in phones.items()}
    for phone in phones.values():
        phone.manner = Manner(answer_s=None)
    for name, answering in (("one", ("1003",)), ("three", ("1002", "1003", "1004"))):
        before = {agent: len(phone.calls) for agent, phone in phones.items()}
        await line.ready(2, 3, 4)
        await line.call(name, "12317")
        async with asyncio.timeout(10):
            while any(len(phone.calls) == before[agent] for agent, phone in phones.items()):
                await asyncio.sleep(0.02)
        rung = {agent: phone.calls[-1] for agent, phone in phones.items()}
        for agent in answering:
            phones[agent].agent.answer(rung[agent])
        winner = await line.talks_with(name)
        assert winner in answering
        for agent in rung.keys() - {winner}:
            async with asyncio.timeout(5):
                how = await rung[agent].ended
            assert how == ("far end hung up" if rung[agent].confirmed else "cancelled")
            assert rung[agent].confirmed is (agent in answering)
            await line.here.wait_agent(int(agent[-1]), presence="ready", activity="idle")
        assert not rung[winner].ended.done(), "the caller talks while the others have stopped"
        connected = [each for each in line.here.seen("CallConnected") if each["call_id"] == line.ids[name]]
        assert [each["agent"] for each in connected] == [winner]
        assert [len(phone.calls) - before[agent] for agent, phone in phones.items()] == [1, 1, 1]
        await line.away(2, 3, 4)
        await line.hang_up(name)
    for agent, phone in phones.items():
        phone.manner = manners[agent]


async def overflow(line: Hotline) -> None:
    """By strategy number and level at once, and for everybody else after a while; the arrival is kept."""
    await line.call("stays", "12319")
    await line.call("goes", "12318")
    await line.here.wait_event("CallQueued", call_id=line.ids["goes"], queue="second")
    await line.here.wait_event("CallQueued", call_id=line.ids["stays"], queue="sos")
    await line.call("newer", "12316")
    assert (await line.position("stays"), await line.position("newer")) == (1, 2)
    assert await line.served(2, 3) == ["stays", "newer", "goes"]


async def test_each_policy_has_the_right_phone_rung_in_the_right_order(tmp_path: Path) -> None:
    """One business that holds all of them, in one hotline."""
    terms = Terms(seats=4, greeting="", announce_agent=False, wrap_up_s=0.0, spare_legs=16)
    async with stand(tmp_path / "stand", terms) as here, peers(here, *[Manner(answer_s=0.0)] * 4) as around:
        line = Hotline(here, around)
        await line.begin()
        for policy in (
            agents_figures,
            region_shares,
            region_by_a_flow,
            routing_table,
            caller_groups,
            designated_agent,
            skills_and_widening,
            levels_and_ageing,
            named_orders,
            last_agent,
            old_place,
            ring_all,
            ring_all_slowly,
            overflow,
        ):
            try:
                await policy(line)
            except BaseException as failure:
                failure.add_note(f"policy: {policy.__name__}, calls: {line.ids}")
                raise
        assert await here.active_calls() == []
        ends = [event["end_reason"] for event in here.seen("CallEnded")]
        assert ends.count("abandoned") == 1, "nobody was lost but the one who gave up"
        assert set(ends) == {"abandoned", "completed"}
