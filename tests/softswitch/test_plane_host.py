"""The plane as a process of its own: started as the launcher starts it, killed as the kernel kills."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile

from bench.leash import LEASH
from media.commands import PermitSending, SetHearing, Source, SourceKind, StartRecording
from media.events import LegOpened, RecordingClosed
from media.wav import repair
from softswitch.calls.announcements import REQUIRED_PROMPTS
from softswitch.links import LinkRefused
from softswitch.plane_words import socket_name
from tests.media.rtp_phone import Phone, level_of, tone
from tests.softswitch.test_plane_loop import Control, opening

SETTINGS = """
[node]
run_dir = "{folder}/run"
[sip]
realm = "hotline"
[[sip.transports]]
protocol = "udp"
address = "127.66.6.1"
port = 5060
[[queues]]
name = "hotline"
[media]
port_min = 31200
port_max = 31299
prompt_dirs = ["{folder}/prompts"]
music_dir = "{folder}/music"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Settings and the sounds that they need."""
    (tmp_path / "prompts").mkdir()
    (tmp_path / "music").mkdir()
    for name in REQUIRED_PROMPTS:
        soundfile.write(tmp_path / "prompts" / f"{name}.wav", tone(900, 800), 8000, subtype="PCM_16")
    soundfile.write(tmp_path / "music" / "waiting.wav", tone(600, 8000), 8000, subtype="PCM_16")
    soundfile.write(tmp_path / "music" / "ringback.wav", tone(450, 8000), 8000, subtype="PCM_16")
    settings = tmp_path / "settings.toml"
    settings.write_text(SETTINGS.format(folder=tmp_path))
    settings.chmod(0o600)
    return tmp_path


def command(folder: Path) -> list[str]:
    """How a plane is started."""
    return [
        *(*LEASH, sys.executable, "-m", "softswitch.plane_host", "--plane-id", "plane-0"),
        *("--run-dir", str(folder / "run"), "--config", str(folder / "settings.toml")),
    ]


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A plane's process, ended in any case."""
    with subprocess.Popen(command(folder)) as process:
        try:
            yield process
        finally:
            process.kill()


async def connected(folder: Path) -> Control:
    """Control, as soon as the plane serves."""
    control = Control(folder / "run" / socket_name("plane-0"))
    async with asyncio.timeout(10):
        while True:
            try:
                await control.connect()
            except (LinkRefused, OSError):
                await asyncio.sleep(0.05)
            else:
                return control


async def talk(control: Control, folder: Path, seconds: float) -> tuple[Phone, float]:
    """One recorded leg that hears music and speaks 700 Hz; returns it and how long the recording has run."""
    phone = Phone("caller")
    control.send(opening("caller"))
    opened = await control.wait_for(LegOpened)
    assert isinstance(opened, LegOpened)
    phone.plane_at = (opened.address, opened.port)
    control.send(phone.remote())
    control.send(PermitSending(leg_id="caller"))
    music = Source(kind=SourceKind.MUSIC, name="waiting")
    control.send(SetHearing(leg_id="caller", sources=(music,)))
    path = str(folder / "rec.wav")
    control.send(StartRecording(recording_id="rec", call_id="call", path=path, left=("caller",), right=()))
    begun = time.monotonic()
    sound = tone(700, int(seconds * 8000))
    for index in range(len(sound) // 160):
        phone.send(sound[index * 160 : index * 160 + 160])
        await asyncio.sleep(max(0.0, begun + index * 0.02 - time.monotonic()))
    phone.listen()
    return phone, time.monotonic() - begun


@pytest.mark.e2e
async def test_a_plane_started_as_a_process_plays_and_records_until_sigterm(folder: Path) -> None:
    """The WAV is complete, the last event is sent, the exit code is 0, the socket is gone."""
    with running(folder) as process:
        control = await connected(folder)
        phone, lasted_s = await talk(control, folder, 1.5)
        assert level_of(phone.heard_sound()[-8000:], 600) > 7000
        process.send_signal(signal.SIGTERM)
        closed = await control.wait_for(RecordingClosed)
        assert isinstance(closed, RecordingClosed)
        assert process.wait(5) == 0
    sound, _ = soundfile.read(closed.path, dtype="int16")
    assert len(sound) / 8000 == pytest.approx(lasted_s, abs=0.2)
    assert level_of(sound[4000:, 0], 700) > 7000
    assert not (folder / "run" / socket_name("plane-0")).exists()
    phone.close()


@pytest.mark.e2e
async def test_a_killed_plane_loses_less_than_a_second_and_its_successor_serves(folder: Path) -> None:
    """The `.part` is repaired and played; a new plane takes the stale socket's place."""
    with running(folder) as process:
        control = await connected(folder)
        phone, lasted_s = await talk(control, folder, 3.0)
        process.kill()
        process.wait(5)
    repaired = repair(folder / "rec.wav.part")
    sound, _ = soundfile.read(repaired.path, dtype="int16")
    assert lasted_s - 1.0 < len(sound) / 8000 <= lasted_s + 0.1
    phone.close()
    with running(folder):
        successor = await connected(folder)
        successor.send(opening("next"))
        await successor.wait_for(LegOpened)


def test_a_missing_prompt_is_named_at_the_start(folder: Path) -> None:
    """Exit code 2, and the file's name for people."""
    missing = min(REQUIRED_PROMPTS)
    (folder / "prompts" / f"{missing}.wav").unlink()
    (folder / "music" / "waiting.wav").write_bytes(b"not a sound")
    ended = subprocess.run(command(folder), capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert f"{missing}.wav" in ended.stderr
    assert "waiting.wav" in ended.stderr


def test_music_that_a_queue_names_and_nobody_has_is_named_at_the_start(folder: Path) -> None:
    """Exit code 2."""
    (folder / "music" / "waiting.wav").rename(folder / "music" / "other.wav")
    ended = subprocess.run(command(folder), capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert "waiting.wav" in ended.stderr


def test_wrong_settings_are_named_at_the_start(folder: Path) -> None:
    """Exit code 2."""
    (folder / "settings.toml").write_text("[media]\nport_minn = 5\n")
    ended = subprocess.run(command(folder), capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert "port_min" in ended.stderr
