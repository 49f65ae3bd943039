"""A process says that its loop turns; whoever listens hears of each by its process id."""

import os
import socket
from pathlib import Path

from softswitch.clock import Clock
from softswitch.heartbeat import INTERVAL_S, Heartbeat, HeartbeatEar
from tests.softswitch.sip.stepped_clock import SteppedLoop


def test_it_is_heard_once_a_second_and_by_the_next_launcher_as_well(tmp_path: Path) -> None:
    loop = SteppedLoop()
    heart = Heartbeat(tmp_path, Clock(loop))
    heart.begin()  # before anybody listens
    ear = HeartbeatEar(tmp_path)
    assert list(ear.heard()) == []
    for seconds in (1, 2, 3):
        loop.turn_to(seconds * INTERVAL_S)
        assert list(ear.heard()) == [os.getpid()]
    loop.turn_to(3.5 * INTERVAL_S)
    assert list(ear.heard()) == []
    ear.close()
    loop.turn_to(4 * INTERVAL_S)
    successor = HeartbeatEar(tmp_path)
    loop.turn_to(5 * INTERVAL_S)
    assert list(successor.heard()) == [os.getpid()]
    successor.close()


def test_what_is_no_process_id_is_passed_over(tmp_path: Path) -> None:
    ear = HeartbeatEar(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        for word in (b"", b"-1", b"junk", b"42"):
            stranger.sendto(word, str(tmp_path / "heartbeat"))
    assert list(ear.heard()) == [42]
    ear.close()
