"""The launcher with tiny parts: real processes that live, die, refuse and hang as they are told."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from softswitch.exit_codes import CONFIG_EXIT, DRAINED_EXIT
from softswitch.launching.launcher import BACKOFF_S, CannotLaunch, Launcher
from softswitch.launching.living_parts import living_part
from softswitch.launching.parts import parts_of
from softswitch.settings.node import NodeSettings
from softswitch.settings.sip import SipSettings, TransportProtocol, TransportSettings
from softswitch.settings.whole import Settings

PATIENCE_S = 20.0

HOST = """
import signal, sys
from pathlib import Path
from softswitch.launching.launcher import Launcher
from softswitch.launching.parts import Part
folder = Path(sys.argv[1])
parts = [Part(name, [sys.executable, "-c", code, str(folder), name]) for name, code in eval(sys.argv[2])]
for part in parts:
    part.has_served = part.name == "served"
    part.stop_signal = signal.SIGINT if part.name == "control" else signal.SIGTERM
    part.drains = part.name == "control"
sys.exit(Launcher(folder / "run", parts).run())
"""
"""A launcher in a process of its own, since it takes the signals of its process."""

LIVES = """
import pathlib, signal, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
def end(number, _):
    with (folder / "ended").open("a") as file:
        file.write(f"{name}:{signal.Signals(number).name}\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
with (folder / "started").open("a") as file:
    file.write(name + "\\n")
while True:
    time.sleep(1)
"""
DIES = LIVES.replace("while True:\n    time.sleep(1)", "sys.exit(1)")
NOTES = 'import sys; open(sys.argv[1] + "/started", "a").write(sys.argv[2] + chr(10));'
REFUSES = f"import sys; sys.exit({CONFIG_EXIT})"


class Running:
    """A launcher that runs, seen from outside."""

    def __init__(self, folder: Path, **parts: str) -> None:
        self.folder = folder
        words = [sys.executable, "-c", HOST, str(folder), repr(list(parts.items()))]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        self.seen: set[int] = set()

    def pids(self) -> dict[str, int]:
        """Process ids as the launcher wrote them down, {} while there are none."""
        try:
            found: dict[str, int] = json.loads((self.folder / "run" / "pids.json").read_text())
        except FileNotFoundError:
            return {}
        self.seen |= set(found.values())
        return found

    def lines(self, name: str) -> list[str]:
        """What the parts noted, in order."""
        path = self.folder / name
        return path.read_text().split() if path.exists() else []

    def wait(self, condition: Callable[[], Any]) -> None:
        """Wait until something is so."""
        until = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < until, f"pids {self.pids()}, started {self.lines('started')}"
            time.sleep(0.01)

    def end(self) -> int:
        """The exit code, once it is there."""
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Leave no process behind, whatever the test found."""
        self.pids()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            for pid in self.seen - {self.process.pid}:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        if self.process.stderr is not None:
            self.process.stderr.close()


Launch = Callable[..., Running]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts a launcher with parts by name."""
    running: list[Running] = []

    def start(**parts: str) -> Running:
        running.append(Running(tmp_path, **parts))
        return running[-1]

    yield start
    for each in running:
        each.close()


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_all_parts_are_started_in_their_order_and_can_be_found(launch: Launch) -> None:
    launcher = launch(nursery=LIVES, plane=LIVES, control=LIVES)
    launcher.wait(lambda: len(launcher.lines("started")) == 3 and len(launcher.pids()) == 4)
    pids = launcher.pids()
    assert list(pids) == ["launcher", "nursery", "plane", "control"]
    assert pids["launcher"] == launcher.process.pid
    assert all(is_alive(pid) for pid in pids.values())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_parts_the_last_one_first(launch: Launch, number: signal.Signals) -> None:
    """Each by the signal of its own, and the others are there until it is done."""
    launcher = launch(nursery=LIVES, plane=LIVES, control=LIVES)
    launcher.wait(lambda: len(launcher.lines("started")) == 3 and len(launcher.pids()) == 4)
    pids = launcher.pids()
    launcher.process.send_signal(number)
    assert launcher.end() == 0
    assert launcher.lines("ended") == ["control:SIGINT", "plane:SIGTERM", "nursery:SIGTERM"]
    assert not any(is_alive(pid) for pid in pids.values())
    assert launcher.pids() == {}


def test_a_hang_up_of_the_terminal_ends_nothing(launch: Launch) -> None:
    """Nor does HUP to a part, out of habit: all of them are there until they are told to stop."""
    launcher = launch(nursery=LIVES, plane=LIVES, control=LIVES)
    launcher.wait(lambda: len(launcher.lines("started")) == 3 and len(launcher.pids()) == 4)
    for pid in launcher.pids().values():
        os.kill(pid, signal.SIGHUP)
    launcher.process.terminate()
    assert launcher.end() == 0
    assert launcher.lines("ended") == ["control:SIGINT", "plane:SIGTERM", "nursery:SIGTERM"]
    assert len(launcher.lines("started")) == 3


def test_a_run_directory_that_is_none_is_named(tmp_path: Path) -> None:
    """As a fault of its own, not as one that somewhere came up."""
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotLaunch, match="file"):
        Launcher(tmp_path / "file" / "run", []).run()
    deep = tmp_path / ("x" * 100)
    with pytest.raises(CannotLaunch, match="too long"):
        Launcher(deep, []).run()


def test_a_killed_part_is_started_again_and_the_others_do_not_notice(launch: Launch) -> None:
    launcher = launch(nursery=LIVES, plane=LIVES)
    launcher.wait(lambda: len(launcher.lines("started")) == 2 and len(launcher.pids()) == 3)
    before = launcher.pids()
    os.kill(before["plane"], signal.SIGKILL)
    launcher.wait(lambda: launcher.lines("started").count("plane") == 2)
    after = launcher.pids()
    assert after["nursery"] == before["nursery"]
    assert after["plane"] != before["plane"]
    assert is_alive(after["nursery"])


def test_a_launcher_that_cannot_start_a_part_keeps_the_others_and_tries_again(launch: Launch) -> None:
    """It has no descriptor: were it to end, who would replace what dies next?"""
    running = launch(nursery=LIVES, control=LIVES)
    running.wait(lambda: len(running.lines("started")) == 2 and len(running.pids()) == 3)
    launcher, before = running.process.pid, running.pids()
    most = resource.prlimit(launcher, resource.RLIMIT_NOFILE)
    resource.prlimit(launcher, resource.RLIMIT_NOFILE, (3, most[1]))
    os.kill(before["control"], signal.SIGKILL)
    time.sleep(0.5)
    assert running.process.poll() is None
    assert is_alive(before["nursery"])
    assert sorted(running.lines("started")) == ["control", "nursery"]
    resource.prlimit(launcher, resource.RLIMIT_NOFILE, most)
    running.wait(lambda: len(running.lines("started")) == 3)
    running.wait(lambda: running.pids().get("control") not in (None, before["control"]))
    assert running.pids()["nursery"] == before["nursery"]


def test_a_part_that_cannot_live_is_tried_again_ever_more_slowly(launch: Launch) -> None:
    launcher = launch(nursery=LIVES, control=DIES)
    began = time.monotonic()
    launcher.wait(lambda: launcher.lines("started").count("control") >= 3)
    assert time.monotonic() - began > BACKOFF_S[1] + BACKOFF_S[2]
    assert launcher.lines("started").count("nursery") == 1
    launcher.process.terminate()
    assert launcher.end() == 0


def test_a_refused_configuration_ends_everything_with_its_exit_code(launch: Launch) -> None:
    launcher = launch(nursery=LIVES, control=REFUSES)
    assert launcher.end() == CONFIG_EXIT
    assert not any(is_alive(pid) for pid in launcher.seen)
    assert launcher.pids() == {}


def test_a_part_that_served_before_and_now_refuses_its_configuration_takes_no_other_down(
    launch: Launch,
) -> None:
    """Somebody changed the file while people talk, and the part was restarted for another reason."""
    launcher = launch(nursery=LIVES, served=REFUSES.replace("import sys;", NOTES))
    launcher.wait(lambda: launcher.lines("started").count("served") >= 2)
    assert launcher.process.poll() is None
    assert is_alive(launcher.pids()["nursery"])


def test_the_run_directory_is_nobody_elses_business(launch: Launch) -> None:
    launcher = launch(nursery=LIVES)
    launcher.wait(lambda: "nursery" in launcher.pids())  # what `close` does not find there it cannot end
    assert (launcher.folder / "run").stat().st_mode & 0o777 == 0o700


def settings_in(run_dir: Path) -> Settings:
    """Those of a node that lives there."""
    udp = TransportSettings(protocol=TransportProtocol.UDP, address="127.65.0.1", port=5060)
    return Settings(
        node=NodeSettings(run_dir=run_dir),
        sip=SipSettings(realm="hotline", inner_address="127.65.77.1", inner_port=5070, transports=(udp,)),
    )


def test_every_part_is_told_where_the_others_are(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "run")
    nursery, plane, control = parts_of(settings, tmp_path / "hotline.toml")
    assert nursery.command[nursery.command.index("--edge") + 1] == "127.65.77.1:5070"
    for part in (nursery, plane):
        assert part.command[part.command.index("--run-dir") + 1] == str(tmp_path / "run")
    for part in (plane, control):
        assert part.command[part.command.index("--config") + 1] == str(tmp_path / "hotline.toml")
    assert all(part.command[0] == sys.executable for part in (nursery, plane, control))
    assert control.stop_signal is signal.SIGINT  # nobody will adopt its calls: end them


def test_a_part_goes_on_under_settings_that_wait_for_its_next_start(tmp_path: Path) -> None:
    """How much it writes to its log is no reason to end calls; where it lives and how many legs it takes is."""
    before = settings_in(tmp_path)
    quieter = replace(before, node=replace(before.node, log_level="warning"))
    sparer = replace(quieter, cells=replace(before.cells, spare_legs=30))
    larger = replace(before, cells=replace(before.cells, legs_per_cell=8))
    running, plane, _ = parts_of(before, tmp_path / "hotline.toml")
    for settings, later in (
        (before, {}),
        (quieter, {"--log-level": "warning"}),
        (sparer, {"--log-level": "warning", "--spare-legs": "30"}),
    ):
        wanted = parts_of(settings, tmp_path / "hotline.toml")[0]
        assert wanted.is_one(running.command)
        assert wanted.differs_in(running.command) == later
    wanted = parts_of(larger, tmp_path / "hotline.toml")[0]
    assert not wanted.is_one(running.command)
    assert not wanted.is_one(plane.command)
    assert not wanted.is_one([])
    assert not wanted.is_one(["another-python", *wanted.command[1:]])


def test_a_second_launcher_is_refused_while_the_first_lives(launch: Launch) -> None:
    first = launch(nursery=LIVES)
    first.wait(lambda: len(first.lines("started")) == 1 and len(first.pids()) == 2)
    second = launch(nursery=LIVES)
    assert second.end() == 1
    assert "AlreadyLaunched" in (second.process.stderr.read() if second.process.stderr else "")
    assert first.lines("started") == ["nursery"]
    assert first.process.poll() is None


def kill(launcher: Running) -> dict[str, int]:
    """Kill a launcher alone; the process ids of its parts."""
    left = launcher.pids()
    launcher.process.kill()
    launcher.process.wait()
    return left


def test_what_outlived_a_killed_launcher_is_taken_over(launch: Launch) -> None:
    first = launch(nursery=LIVES, plane=LIVES)
    first.wait(lambda: len(first.lines("started")) == 2 and len(first.pids()) == 3)
    before = kill(first)
    second = launch(nursery=LIVES, plane=LIVES)
    second.wait(lambda: second.pids().get("launcher") == second.process.pid and len(second.pids()) == 3)
    after = second.pids()
    assert (after["nursery"], after["plane"]) == (before["nursery"], before["plane"])
    os.kill(after["nursery"], signal.SIGKILL)
    second.wait(lambda: second.lines("started").count("nursery") == 2)
    assert second.pids()["nursery"] != after["nursery"]
    second.process.terminate()
    assert second.end() == 0
    assert second.lines("ended") == ["plane:SIGTERM", "nursery:SIGTERM"]


def test_a_part_that_runs_with_other_settings_is_waited_out_and_no_second_one_is_started_beside_it(
    launch: Launch,
) -> None:
    """Somebody changed a setting of the nursery's before its launcher was killed: calls go on until a drain."""
    first = launch(nursery=LIVES, control=LIVES)
    first.wait(lambda: len(first.lines("started")) == 2 and len(first.pids()) == 3)
    before = kill(first)
    second = launch(nursery=LIVES + "# changed", control=LIVES)
    second.wait(lambda: second.pids().get("launcher") == second.process.pid)
    time.sleep(0.5)
    assert {**before, "launcher": second.process.pid} == second.pids()
    assert sorted(second.lines("started")) == ["control", "nursery"]
    os.kill(before["control"], signal.SIGINT)  # as after its last call
    second.wait(lambda: len(second.lines("started")) == 4)
    assert second.lines("ended") == ["control:SIGINT", "nursery:SIGTERM"]
    assert not any(is_alive(before[name]) for name in ("nursery", "control"))
    second.process.terminate()
    assert second.end() == 0


def test_another_program_under_the_number_of_a_dead_part_is_let_be(launch: Launch) -> None:
    """The kernel gave the process id to somebody else, even to one with the very same command line."""
    first = launch(nursery=LIVES)
    first.wait(lambda: len(first.lines("started")) == 1 and len(first.pids()) == 2)
    before = kill(first)
    stranger = before["nursery"]
    births = first.folder / "run" / "births.json"
    births.write_text(json.dumps({str(stranger): "another boot 1"}))
    second = launch(nursery=LIVES)
    second.wait(lambda: len(second.lines("started")) == 2)
    assert second.pids()["nursery"] != stranger
    second.process.terminate()
    assert second.end() == 0
    assert is_alive(stranger)
    os.kill(stranger, signal.SIGKILL)


def test_parts_are_found_by_who_sees_another_number_of_the_boot(launch: Launch) -> None:
    """As a shell in a container does, beside the sandbox of the unit; what does not look like ours stays a stranger."""
    first = launch(nursery=LIVES, control=STRANGER)
    first.wait(lambda: len(first.lines("started")) == 2 and len(first.pids()) == 3)
    run_dir, pids = first.folder / "run", first.pids()
    births = run_dir / "births.json"
    noted = json.loads(births.read_text())
    assert living_part(run_dir, "nursery") == pids["nursery"]
    births.write_text(json.dumps({pid: f"another {born.split()[1]}" for pid, born in noted.items()}))
    assert living_part(run_dir, "control") == pids["control"]
    assert living_part(run_dir, "nursery") is None
    births.write_text(json.dumps({pid: f"{born.split()[0]} 1" for pid, born in noted.items()}))
    assert living_part(run_dir, "control") is None
    first.process.terminate()
    assert first.end() == 0


def test_parts_of_a_launcher_that_wrote_no_births_down_are_known_by_their_command_line(
    launch: Launch,
) -> None:
    first = launch(nursery=LIVES, plane=LIVES)
    first.wait(lambda: len(first.lines("started")) == 2 and len(first.pids()) == 3)
    before = kill(first)
    (first.folder / "run" / "births.json").unlink()
    second = launch(nursery=LIVES, plane=NOTES + LIVES)
    second.wait(lambda: second.pids().get("launcher") == second.process.pid and len(second.pids()) == 3)
    assert second.pids()["nursery"] == before["nursery"]
    assert second.pids()["plane"] != before["plane"], "it may be anybody's"
    os.kill(before["plane"], signal.SIGKILL)
    second.process.terminate()
    assert second.end() == 0


def test_a_part_that_says_it_is_drained_ends_everything_in_good_order(launch: Launch) -> None:
    launcher = launch(nursery=LIVES, control=f"import sys; sys.exit({DRAINED_EXIT})")
    assert launcher.end() == 0
    assert launcher.lines("ended") in (["nursery:SIGTERM"], [])


STRANGER = "# softswitch of before\n" + LIVES.replace(
    "signal.signal(signal.SIGINT, end)",
    "signal.signal(signal.SIGINT, end); signal.signal(signal.SIGUSR1, end)",
)


def after_another_version(launch: Launch) -> tuple[dict[str, int], Running]:
    """The pids of parts of another version, whose launcher was killed, and ours, which has found them."""
    first = launch(nursery=STRANGER, control=STRANGER)
    first.wait(lambda: len(first.lines("started")) == 2 and len(first.pids()) == 3)
    (first.folder / "run" / "link-version").write_text("another")
    before = kill(first)
    second = launch(nursery=STRANGER, control=STRANGER)
    second.wait(lambda: second.pids().get("launcher") == second.process.pid)
    return before, second


def test_parts_of_another_version_are_let_be_until_they_are_drained(launch: Launch) -> None:
    """They serve on, the launcher says so and starts nothing; a drain ends them, and with them the launcher."""
    before, second = after_another_version(launch)
    time.sleep(0.5)
    assert {name: second.pids()[name] for name in ("nursery", "control")} == {
        name: before[name] for name in ("nursery", "control")
    }
    assert sorted(second.lines("started")) == ["control", "nursery"]
    (second.folder / "run" / "draining").touch()
    second.process.send_signal(signal.SIGUSR1)
    assert second.end() == 0
    assert second.lines("ended") == ["control:SIGUSR1", "nursery:SIGTERM"]
    assert not any(is_alive(pid) for pid in before.values())


def test_when_the_control_of_another_version_dies_ours_begins(launch: Launch) -> None:
    """Nobody else could end those calls: what is left of that version is ended, and the new one started."""
    before, second = after_another_version(launch)
    os.kill(before["control"], signal.SIGKILL)
    second.wait(lambda: len(second.lines("started")) == 4)
    assert not is_alive(before["nursery"])
    second.process.terminate()
    assert second.end() == 0
