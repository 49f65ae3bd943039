"""The nursery: imports the SIP stack once, forks cells from that, and replaces those that end.

Single-threaded and small, so that it outlives everything else; control comes and goes without its cells noticing.
Its cells die with it (the kernel sees to that): nobody else could count or replace them, and a nursery that
is started anew begins with none.  It never ends a process that it did not start.
"""

import argparse
import errno
import fcntl
import gc
import os
import select
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pjsua2
import structlog

from softswitch.cells.boot_secret import boot_secret
from softswitch.cells.cell import READY, RETIRING, CellPlan, run_cell
from softswitch.cells.link_words import NURSERY_COMMANDS, NURSERY_EVENTS
from softswitch.cells.messages import (
    CellEnded,
    CellsReported,
    CellStarted,
    NurseryCommand,
    ReportCells,
    WantLegs,
)
from softswitch.cells.population import AddressBook, Census, Population
from softswitch.links import Server, private_folder
from softswitch.log_setup import LEVELS, set_up_logs

CELL_PORT = 5070
"""SIP port of every cell: not 5060, so that a listener on 0.0.0.0:5060 of this machine is in nobody's way."""
LOG_TAIL_BYTES = 2000
EXIT_ALREADY_RUNNING = 3

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NurseryPlan:
    """Arguments of the nursery; units as in `CellSettings`."""

    run_dir: Path
    edge_address: str
    edge_port: int
    network: str = "127.77.1.0"
    legs_per_cell: int = 4
    spare_legs: int = 24
    max_cells: int = 160
    calls_before_retire: int = 2000
    memory_mb_before_retire: int = 64
    log_level: str = "info"


class AlreadyRunning(Exception):
    """Another nursery serves this run directory."""

    def __init__(self, run_dir: Path) -> None:
        """Keep the folder."""
        super().__init__(f"another nursery serves {run_dir}")
        self.run_dir = run_dir


@dataclass(slots=True)
class _Child:
    plan: CellPlan
    pid: int
    pidfd: int
    pipe: int
    serving: bool = False
    retiring: bool = False


class Nursery:
    """The cells of one node and the link to control."""

    def __init__(self, plan: NurseryPlan) -> None:
        """Take the run directory for ourselves.  Raises `AlreadyRunning`."""
        self._plan = plan
        self._folder = plan.run_dir / "cells"
        private_folder(plan.run_dir)
        private_folder(self._folder)
        self._lock = os.open(plan.run_dir / "nursery.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise AlreadyRunning(plan.run_dir) from error
        for stale in self._folder.iterdir():  # of cells that died with an earlier nursery
            stale.unlink()
        self._secret = boot_secret(plan.run_dir)
        self._server = Server(plan.run_dir / "nursery.sock", receives=NURSERY_COMMANDS, sends=NURSERY_EVENTS)
        # Part of every cell's name: a cell of an earlier nursery must not be taken for one of ours.
        self._boot = f"{time.time_ns() // 1_000_000 % 0xFFFFFFFF:08x}"
        self._serial = 0
        self._addresses = AddressBook(plan.network, cells_max=plan.max_cells, first=os.getpid() * 7)
        self._population = Population(
            legs_per_cell=plan.legs_per_cell, spare_legs=plan.spare_legs, cells_max=plan.max_cells
        )
        self._children: dict[int, _Child] = {}  # by pid
        self._stopping = False
        # A signal alone does not end `poll`: Python goes on waiting.  A byte in this pipe does.
        self._signal_pipe = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; then every cell ends with us."""
        signal.set_wakeup_fd(self._signal_pipe[1])
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        while not self._stopping:
            now = time.monotonic()
            census = self._census()
            if self._population.may_fork(census, now):
                self._fork()
                continue
            self._retire(self._population.surplus(census, now))
            self._turn(min(10.0, self._population.wait_s(census, now)))
        for child in self._children.values():
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
        for child in list(self._children.values()):
            self._reap(child, os.waitpid(child.pid, 0))
        self._server.close()

    def _turn(self, wait_s: float) -> None:
        """Wait for children and control, and serve them."""
        poller = select.poll()
        poller.register(self._signal_pipe[0], select.POLLIN)
        for descriptor in self._server.filenos():
            poller.register(descriptor, select.POLLIN)
        if self._server.wants_to_write:
            poller.register(self._server.filenos()[-1], select.POLLIN | select.POLLOUT)
        for child in self._children.values():
            poller.register(child.pidfd, select.POLLIN)
            if child.pipe >= 0:
                poller.register(child.pipe, select.POLLIN)
        ready = {descriptor for descriptor, _ in poller.poll(wait_s * 1000)}
        for child in list(self._children.values()):
            if child.pipe in ready:
                self._hear(child)
            if child.pidfd in ready:
                self._reap(child, os.waitpid(child.pid, os.WNOHANG))
        for command in self._server.service():
            self._obey(command)

    def _obey(self, command: NurseryCommand) -> None:
        match command:
            case WantLegs():
                self._population.want(command.legs, time.monotonic())
            case ReportCells():
                serving = [child for child in self._children.values() if child.serving]
                for child in serving:
                    self._server.send(_started(child))
                self._server.send(CellsReported(cells=len(serving)))

    def _census(self) -> Census:
        children = self._children.values()
        return Census(
            serving=sum(child.serving and not child.retiring for child in children),
            starting=sum(not child.serving for child in children),
            all=len(children),
        )

    def _retire(self, surplus: int) -> None:
        if surplus > 0:
            serving = [child for child in self._children.values() if child.serving and not child.retiring]
            for child in serving[:surplus]:
                child.retiring = True
                os.kill(child.pid, signal.SIGTERM)

    def _fork(self) -> None:
        self._serial += 1
        cell_id = f"{self._boot}-{self._serial}"
        plan = CellPlan(
            cell_id=cell_id,
            address=self._addresses.take(),
            port=CELL_PORT,
            edge_address=self._plan.edge_address,
            edge_port=self._plan.edge_port,
            secret=self._secret,
            capacity=self._plan.legs_per_cell,
            link_path=self._folder / f"{cell_id}.sock",
            log_path=self._folder / f"{cell_id}.log",
            calls_before_retire=self._plan.calls_before_retire,
            memory_mb_before_retire=self._plan.memory_mb_before_retire,
        )
        nursery_pid = os.getpid()
        pipe: list[int] = []
        try:
            pipe += os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            pid = os.fork()
        except OSError as error:  # no descriptor, no memory: the cells that serve must not pay for it
            self._note_no_cell(plan, error, pipe)
            return
        if pid == 0:
            self._let_go()
            os.close(pipe[0])
            run_cell(plan, pipe[1], nursery_pid)
        os.close(pipe.pop())
        try:
            pidfd = os.pidfd_open(pid)
        except OSError as error:  # it could not be watched
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self._note_no_cell(plan, error, pipe)
            return
        self._children[pid] = _Child(plan=plan, pid=pid, pidfd=pidfd, pipe=pipe[0])

    def _note_no_cell(self, plan: CellPlan, error: OSError, pipe: list[int]) -> None:
        log.error("cell.fork_failed", error=str(error))
        for descriptor in pipe:
            os.close(descriptor)
        self._addresses.give_back(plan.address)
        self._population.cell_failed(time.monotonic())

    def _let_go(self) -> None:
        """In the fork: close what belongs to the nursery, or its end would not be seen while a cell lives."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for descriptor in self._signal_pipe:
            os.close(descriptor)
        self._server.close_inherited()
        os.close(self._lock)
        for child in self._children.values():
            os.close(child.pidfd)
            if child.pipe >= 0:
                os.close(child.pipe)

    def _hear(self, child: _Child) -> None:
        try:
            said = os.read(child.pipe, 64)
        except BlockingIOError:
            return
        if not said:  # it is about to end
            os.close(child.pipe)
            child.pipe = -1
        if READY in said and not child.serving:
            child.serving = True
            self._population.cell_began()
            self._server.send(_started(child))
            log.info("cell.started", cell_id=child.plan.cell_id, pid=child.pid, address=child.plan.address)
        if RETIRING in said:
            child.retiring = True
            log.info("cell.retiring", cell_id=child.plan.cell_id, pid=child.pid)

    def _reap(self, child: _Child, waited: tuple[int, int]) -> None:
        pid, status = waited
        if pid == 0:
            return
        del self._children[child.pid]
        os.close(child.pidfd)
        if child.pipe >= 0:
            os.close(child.pipe)
        exit_status = os.waitstatus_to_exitcode(status)
        retired = child.retiring and exit_status == 0
        plan = child.plan
        if child.serving:
            self._server.send(
                CellEnded(cell_id=plan.cell_id, pid=pid, retired=retired, exit_status=exit_status)
            )
        else:
            self._population.cell_failed(time.monotonic())
        if retired:
            log.info("cell.retired", cell_id=plan.cell_id, pid=pid)
        elif not self._stopping:
            log.warning(
                "cell.died",
                cell_id=plan.cell_id,
                pid=pid,
                address=plan.address,
                exit_status=exit_status,
                served=child.serving,
                last_words=_tail(plan.log_path),
            )
        self._addresses.give_back(plan.address)
        for path in (plan.link_path, plan.log_path):
            with suppress(FileNotFoundError):
                path.unlink()

    def _on_stop(self, _signal: int, _frame: object) -> None:
        self._stopping = True


def _started(child: _Child) -> CellStarted:
    return CellStarted(
        cell_id=child.plan.cell_id,
        pid=child.pid,
        sip_address=child.plan.address,
        sip_port=child.plan.port,
        link_path=str(child.plan.link_path),
        capacity=child.plan.capacity,
    )


def _tail(path: Path) -> str:
    """The last words of a dead cell: an assert names its file and line there."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return ""


def _arguments(argv: list[str]) -> NurseryPlan:
    parser = argparse.ArgumentParser(prog="softswitch.cells.nursery", description=__doc__)
    parser.add_argument("--run-dir", type=Path, required=True)
    parser.add_argument("--edge", required=True, help="inner address and port of the edge: 127.77.0.1:5060")
    defaults = NurseryPlan(run_dir=Path(), edge_address="", edge_port=0)
    parser.add_argument("--network", default=defaults.network, help="first network of the cells' addresses")
    for name in (
        "legs_per_cell",
        "spare_legs",
        "max_cells",
        "calls_before_retire",
        "memory_mb_before_retire",
    ):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(defaults, name))
    parser.add_argument("--log-level", choices=tuple(LEVELS), default=defaults.log_level)
    values = vars(parser.parse_args(argv))
    address, _, port = values.pop("edge").rpartition(":")
    if not address or not port.isdecimal():
        parser.error("--edge: expected ADDRESS:PORT")
    return NurseryPlan(edge_address=address, edge_port=int(port), **values)


def main(argv: list[str]) -> int:
    """Run the nursery; 3 when another one serves the run directory, 2 when an argument is wrong."""
    plan = _arguments(argv)
    set_up_logs("nursery", plan.log_level)
    try:
        nursery = Nursery(plan)
    except (AlreadyRunning, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_ALREADY_RUNNING if isinstance(error, AlreadyRunning) else 2
    pjsua2.Endpoint  # noqa: B018  loads the native library now: every fork shares its pages
    gc.collect()
    gc.freeze()
    try:
        nursery.run()
    except OSError as error:
        log.error("nursery.failed", error=str(error), code=errno.errorcode.get(error.errno or 0, ""))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
