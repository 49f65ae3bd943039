"""The nursery as a process: what it does when the machine does not let it."""

import asyncio
import os
import signal
import socket
from pathlib import Path

from softswitch.cells.messages import LegArrived
from softswitch.cells.nursery import CELL_PORT
from tests.cells.inner_edge import PATIENCE_S, InnerEdge, end_nursery, running_cells, start_nursery

SQUATTED = "127.79.255.0"


async def test_addresses_that_somebody_holds_are_tried_until_one_is_free(tmp_path: Path) -> None:
    squatters = []
    for host in range(1, 251):
        squatter = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        squatter.bind((f"{SQUATTED.removesuffix('.0')}.{host}", CELL_PORT))
        squatters.append(squatter)
    edge = await InnerEdge.open()
    process = await start_nursery(tmp_path, edge.address, SQUATTED, "--spare-legs", "4")
    link = tmp_path / "cells"
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not list(link.glob("*-3.log")):  # two have failed already
                await asyncio.sleep(0.02)
        assert process.returncode is None
        for squatter in squatters:
            squatter.close()
        async with asyncio.timeout(PATIENCE_S):
            while not _cell_ports(process.pid):
                await asyncio.sleep(0.02)
    finally:
        await end_nursery(process)
        edge.close()


async def test_its_end_in_good_order_leaves_no_process_and_no_socket(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        pids = list(cells.pool.pids().values())
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert not (tmp_path / "nursery.sock").exists()


async def test_it_does_not_die_of_junk_on_its_link(tmp_path: Path) -> None:
    async with running_cells(tmp_path) as cells:
        await cells.pool.stop()
        raw = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        raw.setblocking(False)
        raw.connect(str(tmp_path / "nursery.sock"))
        for junk in (b"\xff" * 50, os.urandom(500), b"\x92\xa8WantLegs\x81\xa4legs\xa1x"):
            raw.send(junk)
        raw.close()
        cells.pool = cells.new_pool()
        await cells.pool.start()
        assert cells.process.returncode is None


async def test_a_stopped_cell_does_not_stop_the_others(tmp_path: Path) -> None:
    """A cell that hangs in the stack is one cell: control and nursery go on."""
    async with running_cells(tmp_path, spare_legs=8) as cells:
        stuck = cells.place("stuck")
        pid = cells.pool.pids()[stuck.cell_id]
        os.kill(pid, signal.SIGSTOP)
        try:
            cell = cells.place("leg0", frozenset({stuck.cell_id}))
            await cells.edge.call(cell, "leg0", cells.secret)
            await cells.wait_event(LegArrived, "leg0")
            await cells.pool.stop()
            cells.pool = cells.new_pool()
            await cells.pool.start()
            assert (await cells.wait_place("leg1")).cell_id != stuck.cell_id
        finally:
            os.kill(pid, signal.SIGCONT)
        await cells.wait_until(lambda: cells.pool.free_slots >= 6)


def _cell_ports(nursery_pid: int) -> list[int]:
    """SIP ports that children of the nursery hold on the squatted network."""
    network = "".join(f"{int(part):02X}" for part in reversed(SQUATTED.split(".")[:3]))
    children = Path(f"/proc/{nursery_pid}/task/{nursery_pid}/children").read_text().split()
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    local = [line.split()[1] for line in lines]
    return [int(entry[9:], 16) for entry in local if children and entry[2:8] == network]
