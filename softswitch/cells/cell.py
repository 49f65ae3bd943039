"""A signalling cell: one forked process, one endpoint, one loopback address, a handful of legs.

Its loop waits in the stack for the network.  Control writes a command to the cell's socket and follows it with a
CRLF keep-alive datagram to the SIP port, which the stack ignores but which ends the wait: no polling, no
second thread.  The stack aborts on its own asserts, so a cell may die at any moment: whoever holds its
link sees the end at once.
"""

import ctypes
import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from softswitch.cells.leg_registry import LegRegistry
from softswitch.cells.link_words import CELL_COMMANDS, CELL_EVENTS
from softswitch.cells.messages import CellEvent
from softswitch.cells.stack import Stack, StackFailed
from softswitch.links import DRAIN_MAX_MESSAGES, Server
from softswitch.urgency import go_first

WAIT_MS = 1000
FULL_LINK_WAIT_MS = 10
FAILED_TURNS_MAX = 500
RETIREMENT_GRACE_S = 5.0
"""How long an empty retiring cell still answers retransmissions, and legs that were on their way to it."""
LEGS_BETWEEN_MEASURES = 32
READY = b"r"
RETIRING = b"t"
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPlan:
    """What the nursery decided for one cell.  `memory_mb` is private memory, `calls` native calls served."""

    cell_id: str
    address: str
    port: int
    edge_address: str
    edge_port: int
    secret: str
    capacity: int
    link_path: Path
    log_path: Path
    calls_before_retire: int
    memory_mb_before_retire: int


def run_cell(plan: CellPlan, ready_pipe: int, nursery_pid: int) -> NoReturn:
    """Be the cell: everything after the fork.  Writes `READY` to the pipe once it serves; never returns."""
    status = 1
    try:
        _die_with(nursery_pid)
        _redirect_output(plan.log_path)
        status = _Cell(plan, ready_pipe).run()
    except StackFailed as failure:
        sys.stderr.write(f"the stack did not start: {failure.detail}\n")
    except BaseException:
        traceback.print_exc(file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(status)


class _Cell:
    def __init__(self, plan: CellPlan, ready_pipe: int) -> None:
        self._plan = plan
        self._ready_pipe = ready_pipe
        self._term_asked = False
        self._server = Server(plan.link_path, receives=CELL_COMMANDS, sends=CELL_EVENTS)
        self._registry = LegRegistry(secret=plan.secret, capacity=plan.capacity, emit=self._emit)
        self._stack = Stack(
            address=plan.address,
            port=plan.port,
            edge=(plan.edge_address, plan.edge_port),
            capacity=plan.capacity,
            observer=self._registry,
        )
        self._registry.stack = self._stack

    def run(self) -> int:
        """Serve until retired; the exit status of the process."""
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        go_first()  # only now: starting many cells must not hold up those that serve
        os.write(self._ready_pipe, READY)
        wait_ms = WAIT_MS
        failed_turns = 0
        measured_at = 0
        empty_since: float | None = None
        while True:
            if self._stack.handle_events(wait_ms):
                failed_turns = 0
            else:  # a signal interrupts the wait too, but only once
                failed_turns += 1
                time.sleep(0.01)
                if failed_turns > FAILED_TURNS_MAX:
                    raise StackFailed("stack_error", "the event loop of the stack keeps failing")
            commands = self._server.service()
            for command in commands:
                self._registry.obey(command)
            self._registry.collect()
            wait_ms = WAIT_MS
            if self._server.wants_to_write:
                wait_ms = FULL_LINK_WAIT_MS
            if len(commands) >= DRAIN_MAX_MESSAGES:
                wait_ms = 0
            if self._registry.served >= measured_at + LEGS_BETWEEN_MEASURES:
                measured_at = self._registry.served
                if private_memory_mb() > self._plan.memory_mb_before_retire:
                    self._term_asked = True
            if self._term_asked or self._registry.served >= self._plan.calls_before_retire:
                self._registry.retire()
            if not (self._registry.is_retiring and self._registry.is_empty):
                empty_since = None
            elif empty_since is None:
                empty_since = time.monotonic()
            elif time.monotonic() - empty_since > RETIREMENT_GRACE_S:
                self._server.close()
                return 0

    def _emit(self, event: CellEvent) -> None:
        self._server.send(event)
        if type(event).__name__ == "RetirementBegun":
            os.write(self._ready_pipe, RETIRING)

    def _on_term(self, _signal: int, _frame: object) -> None:
        self._term_asked = True


def private_memory_mb(pid: int | str = "self") -> float:
    """Private memory of a process in MB (`smaps_rollup`): what its end would give back."""
    kilobytes = 0
    with Path(f"/proc/{pid}/smaps_rollup").open(encoding="ascii") as rollup:
        for line in rollup:
            if line.startswith(("Private_Clean:", "Private_Dirty:")):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


def _die_with(nursery_pid: int) -> None:
    """Ask the kernel to end this process with its nursery, which alone can replace it."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != nursery_pid:  # it died before the kernel knew
        os._exit(1)


def _redirect_output(log_path: Path) -> None:
    """The stack writes to descriptors 1 and 2, before any setting of its log holds."""
    log_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(nothing)
    os.close(log)
