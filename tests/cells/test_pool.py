"""Control's view of real cells: placing, loss, adoption, retirement."""

import asyncio
import os
import resource
import signal
import time
from pathlib import Path

import pytest

from softswitch.cells.messages import (
    AnswerLeg,
    CellEvent,
    HangUpLeg,
    LegArrived,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegHeld,
    LegProgressed,
)
from softswitch.cells.pool import AlreadyControlled, Cell, CellPool, CellsAbsent, NoCellFree, UnknownLeg
from tests.cells.inner_edge import (
    Cells,
    InnerEdge,
    make_leg,
    running_cells,
    sockets_of,
    start_nursery,
)
from tests.softswitch.sip.raw_peer import header


async def inbound(cells: Cells, leg_id: str) -> str:
    """An inbound leg that waits for its answer; its Call-ID."""
    cell = await cells.wait_place(leg_id)
    call_id = await cells.edge.call(cell, leg_id, cells.secret)
    await cells.wait_event(LegArrived, leg_id)
    return call_id


async def confirmed(cells: Cells, leg_id: str) -> str:
    """A confirmed inbound leg; its Call-ID."""
    call_id = await inbound(cells, leg_id)
    cell = cells.pool.cell_of(leg_id)
    assert cell is not None
    cells.pool.send(leg_id, AnswerLeg(leg_id=leg_id, status=200))
    await cells.edge.take_answer(cell, call_id)
    await cells.wait_event(LegConfirmed, leg_id)
    return call_id


async def test_a_cell_that_hangs_is_killed_and_loses_its_own_legs(tmp_path: Path) -> None:
    """It is stopped, so its link stays open; the other cells answer each round and are left alone."""
    async with running_cells(tmp_path, spare_legs=8) as cells:
        await cells.pool.stop()
        cells.pool = cells.new_pool(patience_s=1.0, round_s=0.2)
        await cells.pool.start()
        for number in range(3):
            await confirmed(cells, f"leg{number}")
        stuck = cells.pool.cell_of("leg0")
        assert stuck is not None
        legs = {f"leg{n}" for n in range(3) if cells.pool.cell_of(f"leg{n}") == stuck}
        pid = cells.pool.pids()[stuck.cell_id]
        os.kill(pid, signal.SIGSTOP)
        await cells.wait_until(lambda: bool(cells.lost))
        assert [(cell_id, set(lost)) for cell_id, lost in cells.lost] == [(stuck.cell_id, legs)]
        assert cells.pool.hung == 1
        await cells.wait_until(
            lambda: not Path(f"/proc/{pid}").exists()
        )  # its parent has taken its end as well
        survivor = next(f"leg{n}" for n in range(3) if f"leg{n}" not in legs)
        cells.pool.send(survivor, HangUpLeg(leg_id=survivor))
        await cells.edge.wait_request("BYE", Call_ID=f"call-{survivor}")


async def test_a_nursery_that_hangs_is_left_alone_while_it_has_legs_and_killed_when_it_has_none(
    tmp_path: Path,
) -> None:
    """Its cells serve without it, and end with it."""
    async with running_cells(tmp_path, spare_legs=8) as cells:
        await cells.pool.stop()
        cells.pool = cells.new_pool(patience_s=0.6, round_s=0.2)
        await cells.pool.start()
        await confirmed(cells, "leg0")
        cells.process.send_signal(signal.SIGSTOP)
        await cells.wait_until(lambda: cells.pool.nursery_hangs)
        await confirmed(cells, "leg1")
        await asyncio.sleep(1.0)
        assert cells.process.returncode is None
        assert not cells.lost
        for leg_id in ("leg0", "leg1"):
            cells.pool.send(leg_id, HangUpLeg(leg_id=leg_id))
            bye, source = await cells.edge.wait_request("BYE", Call_ID=f"call-{leg_id}")
            cells.edge.answer(bye, 200, source)
        async with asyncio.timeout(10):
            await cells.process.wait()
        await cells.wait_until(lambda: not cells.pool.pids())
        assert not cells.pool.nursery_hangs


async def test_rounds_during_set_up_and_end_change_nothing(tmp_path: Path) -> None:
    """Cells are asked what they hold twenty times a second while legs come and go: none is ended by it."""
    async with running_cells(tmp_path, spare_legs=8) as cells:
        await cells.pool.stop()
        cells.pool = cells.new_pool(round_s=0.05)
        await cells.pool.start()
        for number in range(6):
            await confirmed(cells, f"leg{number}")
        cells.make("out")
        await cells.edge.be_called("out")
        await asyncio.sleep(0.3)
        assert not [event for _, event in cells.events if isinstance(event, LegEnded | LegFailed)]
        assert not cells.lost
        for number in range(6):
            cells.pool.send(f"leg{number}", HangUpLeg(leg_id=f"leg{number}"))
            await cells.edge.wait_request("BYE", Call_ID=f"call-leg{number}")
        assert cells.pool.hung == 0


async def test_a_killed_cell_loses_its_own_legs_at_once_and_is_replaced(tmp_path: Path) -> None:
    async with running_cells(tmp_path, spare_legs=8) as cells:
        for number in range(4):
            await confirmed(cells, f"leg{number}")
        victim = cells.pool.cell_of("leg0")
        assert victim is not None
        legs = {f"leg{n}" for n in range(4) if cells.pool.cell_of(f"leg{n}") == victim}
        before = len(cells.pool.pids())
        os.kill(cells.pool.pids()[victim.cell_id], signal.SIGKILL)
        await cells.wait_until(lambda: bool(cells.lost))
        assert [(cell_id, set(lost)) for cell_id, lost in cells.lost] == [(victim.cell_id, legs)]
        with pytest.raises(UnknownLeg):
            cells.pool.send("leg0", HangUpLeg(leg_id="leg0"))
        await cells.wait_until(lambda: len(cells.pool.pids()) == before)
        survivor = next(f"leg{n}" for n in range(4) if f"leg{n}" not in legs)
        cells.pool.send(survivor, HangUpLeg(leg_id=survivor))
        await cells.edge.wait_request("BYE", Call_ID=f"call-{survivor}")


def pidfd_of(holder: int, pid: int) -> int:
    """The descriptor by which one process watches another (proc(5), /proc/pid/fdinfo)."""
    for entry in Path(f"/proc/{holder}/fdinfo").iterdir():
        if f"Pid:\t{pid}\n" in entry.read_text():
            return int(entry.name)
    raise AssertionError(f"{holder} does not watch {pid}")


async def test_a_nursery_without_descriptors_keeps_its_cells_and_replaces_what_died_when_there_are_some(
    tmp_path: Path,
) -> None:
    """It cannot fork: that is no reason to end, with every leg that it has."""
    async with running_cells(tmp_path, spare_legs=8) as cells:
        await confirmed(cells, "leg0")
        home = cells.pool.cell_of("leg0")
        assert home is not None
        before = cells.pool.pids()
        newest = [cell_id for cell_id in before if cell_id != home.cell_id][-1]
        nursery = cells.process.pid
        most = resource.prlimit(nursery, resource.RLIMIT_NOFILE)
        # What the newest cell leaves behind lies above the limit, what lies below is all taken.
        resource.prlimit(nursery, resource.RLIMIT_NOFILE, (pidfd_of(nursery, before[newest]) - 1, most[1]))
        os.kill(before[newest], signal.SIGKILL)
        await cells.wait_until(lambda: newest not in cells.pool.pids())
        await asyncio.sleep(0.5)
        assert len(cells.pool.pids()) == len(before) - 1, "there was a descriptor after all"
        assert cells.process.returncode is None
        resource.prlimit(nursery, resource.RLIMIT_NOFILE, most)
        await cells.wait_until(lambda: len(cells.pool.pids()) == len(before))
        assert cells.pool.cell_of("leg0") == home
        cells.pool.send("leg0", HangUpLeg(leg_id="leg0"))
        await cells.edge.wait_request("BYE", Call_ID="call-leg0")


async def test_a_leg_that_was_only_placed_is_lost_with_its_cell_too(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        cell = cells.place("placed")
        os.kill(cells.pool.pids()[cell.cell_id], signal.SIGKILL)
        await cells.wait_until(lambda: bool(cells.lost))
        assert cells.lost == [(cell.cell_id, ("placed",))]


async def test_a_returning_control_adopts_every_leg(tmp_path: Path) -> None:
    """Early and confirmed, in and out; what ended meanwhile is absent; a held slot is not given away."""
    async with running_cells(tmp_path, spare_legs=16) as cells:
        call_id = await confirmed(cells, "talking")
        await inbound(cells, "waiting")
        gone_call = await confirmed(cells, "gone")
        gone_cell = cells.pool.cell_of("gone")
        assert gone_cell is not None
        await confirmed(cells, "draining")
        cells.make("ringing")
        invite, source = await cells.edge.be_called("ringing")
        cells.edge.answer(invite, 180, source)
        await cells.wait_event(LegProgressed, "ringing")
        cells.pool.send("draining", HangUpLeg(leg_id="draining"))
        await cells.wait_event(LegEnded, "draining")
        bye, bye_source = await cells.edge.wait_request("BYE", Call_ID="call-draining")
        await cells.pool.stop()
        # The far end of one leg leaves while nobody listens.
        cells.edge.send(
            cells.edge.request("BYE", gone_cell, gone_call, to=cells.edge.to_values[gone_call], cseq=2),
            (gone_cell.address, gone_cell.port),
        )
        await cells.edge.wait_status(200, gone_call)
        cells.events.clear()

        cells.pool = cells.new_pool()
        await cells.pool.start()
        held = {event.leg_id: event for _, event in cells.events if isinstance(event, LegHeld)}
        assert held == {
            "talking": LegHeld(leg_id="talking", phase="confirmed", outgoing=False),
            "waiting": LegHeld(leg_id="waiting", phase="early", outgoing=False),
            "ringing": LegHeld(leg_id="ringing", phase="early", outgoing=True),
        }
        assert cells.pool.used_slots == 4
        cells.edge.answer(bye, 200, bye_source)
        await cells.wait_until(lambda: cells.pool.used_slots == 3)
        cells.pool.send("talking", HangUpLeg(leg_id="talking"))
        await cells.edge.wait_request("BYE", Call_ID=call_id)
        cells.pool.send("waiting", HangUpLeg(leg_id="waiting", status=503))
        await cells.edge.wait_status(503, "call-waiting")
        cells.edge.answer(invite, 200, source, sdp=True)
        await cells.wait_event(LegConfirmed, "ringing")


async def test_a_second_control_is_turned_away_while_the_first_lives(tmp_path: Path) -> None:
    """Two that take each other's links in turn would both lose what the cells say."""
    async with running_cells(tmp_path) as cells:
        await confirmed(cells, "leg0")
        with pytest.raises(AlreadyControlled):
            await cells.new_pool().start()
        cells.pool.send("leg0", HangUpLeg(leg_id="leg0"))
        await cells.edge.wait_request("BYE", Call_ID="call-leg0")


async def test_legs_of_one_call_never_share_a_cell_and_load_is_spread(tmp_path: Path) -> None:
    async with running_cells(tmp_path, spare_legs=12) as cells:
        first = cells.place("a")
        second = cells.place("b", avoid=frozenset({first.cell_id}))
        third = cells.place("c", avoid=frozenset({first.cell_id, second.cell_id}))
        assert len({first.cell_id, second.cell_id, third.cell_id}) == 3
        with pytest.raises(NoCellFree):
            cells.place("d", avoid=frozenset(cells.pool.pids()))
        cells.pool.release("a")
        assert cells.pool.cell_of("a") is None
        assert cells.pool.used_slots == 2


async def test_more_cells_come_as_legs_come(tmp_path: Path) -> None:
    async with running_cells(tmp_path, spare_legs=4) as cells:
        assert len(cells.pool.pids()) == 1
        for number in range(9):
            await cells.wait_place(f"leg{number}")
        await cells.wait_until(lambda: cells.pool.free_slots >= 4)
        assert 4 <= len(cells.pool.pids()) <= 6


async def test_a_retired_cell_ends_after_its_last_leg_and_takes_no_new_one(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        await confirmed(cells, "leg0")
        old = cells.pool.cell_of("leg0")
        assert old is not None
        cells.pool.retire(old.cell_id)
        await cells.wait_until(lambda: len(cells.pool.pids()) == 2)
        assert (await cells.wait_place("leg1")).cell_id != old.cell_id
        late = cells.edge.invite(old, "late", cells.secret)
        assert header(await cells.edge.wait_status(486, late), "X-Ordered") == ""
        assert old.cell_id in cells.pool.pids()
        cells.pool.send("leg0", HangUpLeg(leg_id="leg0"))
        bye, source = await cells.edge.wait_request("BYE", Call_ID="call-leg0")
        cells.edge.answer(bye, 200, source)
        await cells.wait_until(lambda: old.cell_id not in cells.pool.pids(), 12.0)
        assert cells.lost == [(old.cell_id, ())]


async def test_a_cell_that_served_its_share_is_replaced_by_itself(tmp_path: Path) -> None:
    async with running_cells(tmp_path, "--calls-before-retire", "3") as cells:
        only = set(cells.pool.pids())
        for number in range(3):
            await confirmed(cells, f"leg{number}")
        await cells.wait_until(lambda: bool(set(cells.pool.pids()) - only))
        assert (await cells.wait_place("leg3")).cell_id not in only


async def test_a_cell_that_grew_too_large_is_replaced_by_itself(tmp_path: Path) -> None:
    async with running_cells(tmp_path, "--memory-mb-before-retire", "1") as cells:
        only = set(cells.pool.pids())
        for number in range(32):
            leg_id = f"leg{number}"
            call_id = await inbound(cells, leg_id)
            cells.pool.send(leg_id, HangUpLeg(leg_id=leg_id, status=480))
            await cells.edge.wait_status(480, call_id)
            await cells.wait_event(LegEnded, leg_id)
        await cells.wait_until(lambda: bool(set(cells.pool.pids()) - only))


async def test_a_fault_of_control_in_one_event_costs_no_other(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        await confirmed(cells, "leg0")
        await confirmed(cells, "leg1")
        await cells.pool.stop()
        heard = []

        def stumble(_cell_id: str, event: CellEvent) -> None:
            heard.append(event)
            raise KeyError("a fault of ours")

        cells.pool = CellPool(
            tmp_path, wake=cells.edge.wake, on_event=stumble, on_lost=lambda _cell_id, _legs: None
        )
        await cells.pool.start()
        assert len(heard) == 2
        assert cells.pool.used_slots == 2


async def test_command_for_a_retiring_cell_is_refused_and_its_slot_comes_back(tmp_path: Path) -> None:
    """The order to make a leg and the cell's wish to retire cross each other."""
    async with running_cells(tmp_path, "--max-cells", "1") as cells:
        cell = cells.place("leg0")
        os.kill(cells.pool.pids()[cell.cell_id], signal.SIGTERM)
        await asyncio.sleep(0.05)
        cells.pool.send("leg0", make_leg("leg0"))
        assert (await cells.wait_event(LegFailed, "leg0")).code == "retiring"
        await cells.wait_until(lambda: cells.pool.used_slots == 0)


async def test_leg_that_a_retiring_cell_turned_away_finds_another_in_the_same_turn(tmp_path: Path) -> None:
    async with running_cells(tmp_path, "--spare-legs", "8") as cells:
        first = cells.place("leg0")
        second: list[Cell] = []

        def place_again(cell_id: str, event: CellEvent) -> None:
            if isinstance(event, LegFailed):
                second.append(cells.pool.place(event.leg_id, time.monotonic(), {cell_id}))

        cells.pool._on_event = place_again
        os.kill(cells.pool.pids()[first.cell_id], signal.SIGTERM)
        await asyncio.sleep(0.05)
        cells.pool.send("leg0", make_leg("leg0"))
        await cells.wait_until(lambda: first.cell_id not in cells.pool.pids())
        assert [cell.cell_id for cell in second] != [first.cell_id]
        assert cells.pool.cell_of("leg0") == second[0]
        assert cells.pool.used_slots == 1


async def test_a_killed_nursery_takes_its_cells_along_and_a_new_one_is_found(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        await confirmed(cells, "leg0")
        old = cells.pool.pids()
        cells.process.kill()
        await cells.process.wait()
        await cells.wait_until(lambda: bool(cells.lost))
        assert cells.lost[0][1] == ("leg0",)
        await cells.wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in old.values()))
        cells.process = await start_nursery(tmp_path, cells.edge.address, cells.network, "--spare-legs", "4")
        await cells.wait_until(lambda: cells.pool.free_slots >= 4)
        assert not set(old) & set(cells.pool.pids())
        await confirmed(cells, "leg1")


async def test_a_second_nursery_leaves_the_run_directory_alone(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        second = await start_nursery(tmp_path, cells.edge.address, cells.network)
        async with asyncio.timeout(10):
            assert await second.wait() == 3
        await confirmed(cells, "leg0")


async def test_absent_nursery_is_a_typed_error(tmp_path: Path) -> None:
    async with running_cells(tmp_path / "other") as cells:
        cells.run_dir = tmp_path / "empty"
        with pytest.raises(CellsAbsent):
            await cells.new_pool().start(timeout_s=0.3)


async def test_every_socket_of_a_cell_is_on_its_own_loopback_address(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        for number in range(4):
            await confirmed(cells, f"leg{number}")
        for cell_id, pid in cells.pool.pids().items():
            found = sockets_of(pid)
            addresses = {linked.address for linked in cells.cells if linked.cell_id == cell_id}
            assert {address for _, address, _ in found} == addresses
            assert len(found) == 1  # legs open none


@pytest.mark.long
async def test_four_hundred_and_ten_legs_stand_in_some_hundred_cells(tmp_path: Path) -> None:
    """All confirmed at once, no cell lost, no socket elsewhere, memory far below the budget."""
    async with running_cells(tmp_path, "--max-cells", "110", spare_legs=412) as cells:
        await cells.wait_until(lambda: cells.pool.free_slots >= 410, 60.0)
        for number in range(410):
            await confirmed(cells, f"leg{number}")
        assert cells.lost == []
        by_cell = {cell.cell_id: cell for cell in cells.cells}
        for cell_id, pid in cells.pool.pids().items():
            assert {address for _, address, _ in sockets_of(pid)} == {by_cell[cell_id].address}
        assert cells.pool.used_slots == 410


@pytest.mark.long
async def test_many_legs_at_once_end_no_cell(tmp_path: Path) -> None:
    """A storm of short legs into few cells, at the rate limit, both refused and answered."""
    async with running_cells(tmp_path, "--max-cells", "2", spare_legs=8) as cells:
        done = 0
        async with asyncio.timeout(60):
            while done < 600:
                leg_id = f"leg{done}"
                call_id = await inbound(cells, leg_id)
                cell = cells.pool.cell_of(leg_id)
                assert cell is not None
                cells.pool.send(leg_id, HangUpLeg(leg_id=leg_id, status=486))
                busy = await cells.edge.wait_status(486, call_id)
                ack = cells.edge.request("ACK", cell, call_id, to=header(busy, "To"))
                cells.edge.send(ack, (cell.address, cell.port))
                done += 1
        assert cells.lost == []


async def test_the_edge_is_told_of_a_cell_before_its_first_word(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        assert isinstance(cells.edge, InnerEdge)
        assert {cell.cell_id for cell in cells.cells} == set(cells.pool.pids())
