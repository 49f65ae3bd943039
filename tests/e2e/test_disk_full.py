"""A disk with no room: people talk on, the recording says that it is incomplete, one alarm is raised, nothing else is lost."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from tests import spectrum
from tests.aftermath import judge_aftermath
from tests.peers import alaw_samples, peers, seconds
from tests.stand import Terms, stand

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is a tmpfs, which only root may mount"),
]

TERMS = Terms(seats=3, wrap_up_s=0.0, greeting="", announce_agent=False)
CALLER_HZ, AGENT_HZ = 440, 1000
TALKER = Manner(answer_s=0.0, tone_hz=AGENT_HZ, keep_s=5)


@contextmanager
def small_disk(folder: Path, size_kb: int) -> Iterator[None]:
    """A file system of its own at a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size_kb}k,mode=700", "tmpfs", str(folder))
    try:
        yield
    finally:
        _run("umount", "-l", str(folder))


def grow(folder: Path, size_kb: int) -> None:
    """Give it more room."""
    _run("mount", "-o", f"remount,size={size_kb}k", str(folder))


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


async def test_two_calls_outlast_the_disk_of_their_recordings(tmp_path: Path) -> None:
    """Both are heard to the end, both files are marked, one alarm; with room again it is cleared and files are whole."""
    disk = tmp_path / "data" / "recordings"
    with small_disk(disk, 80):  # about two and a half seconds of two recordings
        async with stand(tmp_path, TERMS) as here, peers(here, TALKER, TALKER, TALKER) as around:
            await here.login(1)
            await here.login(2)
            one, one_id = await around.call("13800000001")
            other, other_id = await around.call("13800000002")
            await here.wait_event("AlarmRaised", alarm="recording_incomplete", within_s=15)
            await asyncio.sleep(3.0)
            for call in (one, other):
                heard = alaw_samples(bytes(call.stream.heard[-8000:]))
                assert spectrum.find_tone_spans(heard, AGENT_HZ), "the caller hears nobody any more"
            for phone in around.phones[:2]:
                heard = alaw_samples(bytes(phone.calls[0].stream.heard[-8000:]))
                assert spectrum.find_tone_spans(heard, CALLER_HZ), "the agent hears nobody any more"
            for call, call_id in ((one, one_id), (other, other_id)):
                await around.trunk.hang_up(call)
                detail = await here.wait_call(call_id)
                assert detail["call"]["end_reason"] == "completed"
                recording = await here.recording(detail["recordings"][0])
                assert recording["state"] == "incomplete"
                assert recording["fault"]
                (left, _), rate = spectrum.read_channels(here.wav(recording["recording_id"]))
                assert len(left) / rate >= 1.0
                assert spectrum.find_tone_spans(left, CALLER_HZ), "what was recorded before is lost"
            raised = [event["alarm"] for event in here.seen("AlarmRaised")]
            alarms = [alarm for alarm in raised if alarm != "holidays_unknown"]  # by the time of the year
            assert sorted(alarms) == ["disk_low", "recording_incomplete"], (
                "one disk is one alarm of each kind"
            )

            grow(disk, 10_000)
            since = len(here.events)
            last, last_id = await around.call("13800000003")
            await here.wait_event("CallConnected", since=since, call_id=last_id)
            await asyncio.sleep(1.0)
            await around.trunk.hang_up(last)
            detail = await here.wait_call(last_id)
            assert (await here.recording(detail["recordings"][0]))["state"] == "done"
            await here.wait_event("AlarmCleared", alarm="recording_incomplete", within_s=3)
            await judge_aftermath(here)


async def test_calls_go_on_though_nothing_at_all_can_be_written(tmp_path: Path) -> None:
    """Journal and recordings share a disk that is full: callers are served; with room again every record is there."""
    disk = tmp_path / "data"
    with small_disk(disk, 40_000):
        async with (
            stand(tmp_path, replace(TERMS, channels=60)) as here,
            peers(here, TALKER, TALKER) as around,
        ):
            await here.login(1)
            before, before_id = await around.call("13800000001")
            await here.wait_event("CallConnected", call_id=before_id)
            ballast = disk / "ballast"
            fill(ballast)
            await asyncio.sleep(1.0)
            await here.login(2)
            during = await around.trunk.call("12345", "13800000002")
            async with asyncio.timeout(3):
                assert await during.answered == 200
            async with asyncio.timeout(3):
                while not around.phones[1].calls or not around.phones[1].calls[0].confirmed:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(1.0)
            for call in (before, during):
                heard = alaw_samples(bytes(call.stream.heard[-4000:]))
                assert spectrum.find_tone_spans(heard, AGENT_HZ)
            await around.trunk.hang_up(during)
            ballast.unlink()
            await asyncio.sleep(1.0)
            await around.trunk.hang_up(before)
            first = (await here.wait_call(before_id, within_s=15))["call"]
            assert (first["ended_by"], first["end_reason"]) == ("caller", "completed")
            await here.wait_event("CallEnded", within_s=10)
            async with asyncio.timeout(15):
                while True:
                    page = (await here.api.get("/v1/calls"))["items"]
                    if len(page) == 2 and all(record["ended_at"] for record in page):
                        break
                    await asyncio.sleep(0.2)
            second = next(record for record in page if record["call_id"] != before_id)
            assert second["caller"] == "13800000002"
            assert (second["agent"], second["end_reason"]) == (here.agent(2), "completed")
            assert seconds(second["ended_at"]) > seconds(second["connected_at"])
            await judge_aftermath(here)


async def test_calls_go_on_though_the_log_takes_no_line(tmp_path: Path) -> None:
    """Control even begins anew meanwhile; how many lines are missing is said once there is room."""
    disk = tmp_path / "log"
    with small_disk(disk, 4_000):
        (tmp_path / "server.log").symlink_to(disk / "server.log")
        async with stand(tmp_path, TERMS) as here, peers(here, TALKER, TALKER, TALKER) as around:
            await here.login(1)
            ballast = disk / "ballast"
            fill(ballast)
            call, call_id = await around.call("13800000001")
            await here.wait_event("CallConnected", call_id=call_id)
            here.server.kill("control")
            await asyncio.sleep(1.0)
            await here.server.wait_ready()
            await asyncio.sleep(1.0)
            heard = alaw_samples(bytes(call.stream.heard[-4000:]))
            assert spectrum.find_tone_spans(heard, AGENT_HZ), "the talk goes on"
            await around.trunk.hang_up(call)
            record = (await here.wait_call(call_id, within_s=15))["call"]
            assert (record["ended_by"], record["end_reason"]) == ("caller", "completed")

            ballast.unlink()
            later, later_id = await around.call("13800000002")
            await here.wait_event("CallConnected", call_id=later_id)
            await around.trunk.hang_up(later)
            assert (await here.wait_call(later_id))["call"]["end_reason"] == "completed"
            assert here.server.log_lines("call.arrived", call_id=later_id)
            lost = here.server.log_lines("log.lines_lost", process="control")
            assert sum(line["lines"] for line in lost) > 10
            await judge_aftermath(here)


def fill(ballast: Path) -> None:
    """Take all the room there is."""
    with ballast.open("wb", buffering=0) as file:
        block = bytes(65536)
        while block:
            try:
                file.write(block)
            except OSError:
                block = block[: len(block) // 2]
