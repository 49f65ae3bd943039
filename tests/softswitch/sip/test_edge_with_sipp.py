"""A foreign stack outside: SIPp registers and calls through the edge into real cells, also over a lossy wire."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from softswitch.cells.messages import AnswerLeg, LegArrived
from softswitch.cells.pool import NoCellFree
from softswitch.sip.events import CellRefused, EdgeEvent, InviteReceived
from tests.sipp.runner import sipp
from tests.softswitch.sip.edge_stand import PHONE, PLANE, SETTINGS, TRUNK, Stand, running_edge
from tests.softswitch.sip.raw_peer import RawPeer, method, sdp, start_line, status
from tests.softswitch.sip.test_edge_with_cells import House, house, in_dialog

pytestmark = pytest.mark.e2e


def answer_all(home: House) -> None:
    """Be call control that answers every call at once."""
    stand = home.stand

    def admit(leg_id: str) -> None:
        try:
            cell_id = home.place(leg_id)
        except NoCellFree:  # in this half second
            asyncio.get_running_loop().call_later(0.05, admit, leg_id)
            return
        stand.edge.admit(leg_id, cell_id, PLANE)

    def on_event(event: EdgeEvent) -> None:
        if isinstance(event, InviteReceived | CellRefused):
            admit(event.leg_id)

    def on_said(event: object) -> None:
        if isinstance(event, LegArrived):
            home.pool.send(event.leg_id, AnswerLeg(leg_id=event.leg_id, status=200))

    stand.also = on_event
    home.also = on_said


async def sipp_register(target: tuple[str, int], password: str, expires_s: int) -> bool:
    """Whether SIPp could register phone1001 from port 5072."""
    result = await sipp(
        "register", target, address=PHONE, port=5072, number="phone1001", password=password,
        keys={"expires": str(expires_s)}, timeout_s=8,
    )  # fmt: skip
    return result.code == 0 and result.successful == 1


@pytest.mark.parametrize("algorithms", [("MD5",), ("MD5", "SHA-256")])
async def test_sipp_registers_and_unregisters_by_digest(algorithms: tuple[str, ...]) -> None:
    async with running_edge(settings=replace(SETTINGS, algorithms=algorithms)) as stand:
        assert await sipp_register(stand.udp, "secret-1001", 300)
        (contact,) = stand.edge.contacts("phone1001")
        assert contact.uri == f"sip:phone1001@{PHONE}:5072"
        assert await sipp_register(stand.udp, "secret-1001", 0)
        assert stand.edge.contacts("phone1001") == ()


async def test_sipp_with_a_wrong_password_stays_out() -> None:
    async with running_edge() as stand:
        assert not await sipp_register(stand.udp, "wrong", 300)
        assert not stand.edge.is_reachable("phone1001")


@pytest.mark.parametrize(
    "scenario", ["caller_silent", "caller_without_offer", "caller_holds", "caller_updates"]
)
async def test_sipp_calls_pass_through_real_cells(tmp_path: Path, scenario: str) -> None:
    async with house(tmp_path) as home:
        answer_all(home)
        result = await sipp(
            scenario, home.stand.udp, address=TRUNK, calls=6, rate=5, pause_ms=300, timeout_s=20
        )
        assert (result.code, result.successful, result.failed) == (0, 6, 0), result.errors


class LossyWire:
    """Stands between callers and the edge, at the trunk's address: loses 5 %, holds 20 % back for 30 ms."""

    def __init__(self, stand: Stand, seed: int) -> None:
        self.lost = self.late = 0
        self._stand = stand
        self._chance = random.Random(seed)
        self._loop = asyncio.get_running_loop()

    async def open(self) -> tuple[str, int]:
        """Bind the near end; return where callers send to."""
        near = await self._stand.peer("127.62.0.7")
        near.relay = self._outwards
        self._near = near
        self._far: dict[tuple[str, int], RawPeer] = {}
        self._opening: dict[tuple[str, int], asyncio.Task[RawPeer]] = {}
        return (near.address, near.port)

    def _outwards(self, data: bytes, caller: tuple[str, int]) -> None:
        if caller not in self._opening:
            self._opening[caller] = self._loop.create_task(self._open_far(caller))
        self._opening[caller].add_done_callback(
            lambda task: self._pass(lambda: task.result().send(data, self._stand.udp))
        )

    async def _open_far(self, caller: tuple[str, int]) -> RawPeer:
        far = await self._stand.peer(TRUNK)
        far.relay = lambda data, _: self._pass(lambda: self._near.send(data, caller))
        return far

    def _pass(self, deliver: Callable[[], None]) -> None:
        draw = self._chance.random()
        if draw < 0.05:
            self.lost += 1
        elif draw < 0.25:
            self.late += 1
            self._loop.call_later(0.03, deliver)
        else:
            deliver()


async def patient_call(stand: Stand, wire: tuple[str, int], talk_s: float) -> None:
    """Call through a lossy wire as RFC 3261 asks of a client."""
    caller = await stand.peer("127.62.0.8")

    async def until(text: str, wanted: Callable[[str], bool]) -> str:
        interval_s = 0.2
        for _ in range(8):
            caller.send(text, wire)
            try:
                return await caller.wait(wanted, interval_s)
            except AssertionError:
                interval_s = min(2 * interval_s, 2.0)
        raise AssertionError(f"no answer to {start_line(text)}")

    # Its Contact is no address of the trunk, so the edge answers to where it saw it: the wire's far end.
    invite = caller.request("INVITE", stand.uri(), content=sdp(TRUNK))
    await until(invite, lambda m: status(m) in (100, 200) and method(m) == "INVITE")
    ok = await caller.wait(lambda m: status(m) == 200 and method(m) == "INVITE", 10.0)
    caller.send(in_dialog(caller, invite, ok, "ACK", 1), wire)
    deadline = asyncio.get_running_loop().time() + talk_s
    while asyncio.get_running_loop().time() < deadline:
        try:
            await caller.wait(lambda m: status(m) == 200 and method(m) == "INVITE", 0.1)
        except AssertionError:
            continue
        caller.send(in_dialog(caller, invite, ok, "ACK", 1), wire)
    bye = in_dialog(caller, invite, ok, "BYE", 2)
    await until(bye, lambda m: status(m) == 200 and method(m) == "BYE")


async def test_no_call_is_lost_at_5_percent_loss_and_20_percent_reordering(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        answer_all(home)
        wire = LossyWire(home.stand, seed=3261)
        near = await wire.open()
        calls = []
        for _ in range(20):
            calls.append(asyncio.create_task(patient_call(home.stand, near, 1.0)))
            await asyncio.sleep(0.1)
        await asyncio.gather(*calls)
        assert wire.lost > 3
        assert wire.late > 5
        await asyncio.sleep(0.1)
        assert home.stand.edge.legs() == ()
        assert not home.lost
