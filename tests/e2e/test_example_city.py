"""The example city, loaded into an empty folder by the command that the manual has: what-if and real calls agree."""

import asyncio
import sys
from pathlib import Path

import pytest

from bench.running_server import ROOT, Json
from bench.scratch_config import NUMBERS, Terms, toml_of
from tests.peers import peers
from tests.sipp.runner import sipp
from tests.stand import Stand, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=1)
CITY = ("load", "config/business/city.json", "--config")
BLOCKED, FAVOURED = "13800000009", "13800000008"
LISTS = (("blocked", BLOCKED), ("vip", FAVOURED))


async def loaded(folder: Path) -> str:
    """What the command says on a machine that never ran."""
    folder.mkdir()
    config = folder / "empty.toml"
    config.write_text(toml_of(NUMBERS[0], folder, TERMS), encoding="utf-8")
    config.chmod(0o600)
    command = (sys.executable, "-m", "softswitch.business", *CITY, str(config))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complained = await process.communicate()
    assert process.returncode == 0, complained.decode()
    return said.decode()


async def way_of(here: Stand, number: str, caller: str, keys: str = "") -> Json:
    """What would happen to such a call now."""
    return await here.api.get("/v1/what-if", number=number, trunk="city", caller=caller, keys=keys)


async def called(here: Stand, number: str, caller: str, seat: int) -> Json:
    """A call by SIPp, which presses 2; where it stands in line, or whom its message is for."""
    since = len(here.events)
    running = asyncio.ensure_future(
        sipp(
            "caller_presses",
            here.sip,
            address=here.trunk_address,
            port=5070 + seat,
            media_port=6000 + 10 * seat,
            pause_ms=3000,  # its announcements are long
            number=number,
            caller=caller,
        )
    )
    try:
        arrived = await here.wait_event("CallArrived", since=since, called=number, caller=caller)
        kinds = (("CallQueued", "queue"), ("VoicemailStarted", "box"))
        found = [
            asyncio.ensure_future(here.wait_event(kind, since=since, within_s=30, call_id=arrived["call_id"]))
            for kind, _ in kinds
        ]
        done, late = await asyncio.wait(found, return_when=asyncio.FIRST_COMPLETED)
        for each in late:
            each.cancel()
        told = {name: "" for _, name in kinds}
        for each, (_, name) in zip(found, kinds, strict=True):
            if each in done:
                told[name] = (await each)[name]
    finally:
        result = await running
    assert (result.successful, result.failed) == (1, 0), result.errors
    return told


async def test_the_example_city_takes_calls_as_what_if_says(tmp_path: Path) -> None:
    """Straight to people, by a key of the menu, a line of its own, by the hour, raised by a list, refused by a list."""
    folder = tmp_path / "stand"
    assert "version 2" in await loaded(folder)
    async with stand(folder, TERMS) as here, peers(here) as around:
        counts = {one["kind"]: one["count"] for one in (await here.api.get("/v1/business"))["items"]}
        assert {kind: counts[kind] for kind in ("agents", "groups", "regions", "services", "queues")} == {
            "agents": 77,
            "groups": 6,
            "regions": 5,
            "services": 8,
            "queues": 8,
        }
        for name, number in LISTS:
            listed = await here.api.get(f"/v1/business/documents/lists/{name}")
            await here.api.put(
                f"/v1/admin/lists/{name}",
                listed["data"] | {"numbers": [{"number": number}]},
                version=listed["version"],
            )
        cases = (
            ("12345", "13800000001"),
            ("12345", FAVOURED),
            ("12347", "13800000002"),
            ("12351", "13800000003"),
            ("12346", "13800000004"),
        )
        ways = [await way_of(here, number, caller, "2") for number, caller in cases]
        assert [way["queue"] for way in ways[:4]] == ["consult", "consult", "help", "help"]
        assert [way["level"] for way in ways[:4]] == [0, 10, 0, 5]
        calls = [called(here, number, caller, seat) for seat, (number, caller) in enumerate(cases, 1)]
        found = await asyncio.gather(*calls)
        assert [(one["queue"], one["box"]) for one in found] == [(way["queue"], way["box"]) for way in ways]

        refused = await way_of(here, "12345", BLOCKED)
        assert (refused["nodes"], refused["queue"]) == (["blocked", "refuse"], "")
        since = len(here.events)
        call = await around.trunk.call("12345", BLOCKED)
        assert await call.answered == 200
        ended = await here.wait_event("CallEnded", since=since, end_reason="served", within_s=15)
        assert ended["ended_by"] == "system"
        assert not [one for one in here.seen("CallQueued") if one["call_id"] == ended["call_id"]]
