"""The process of one media plane: `python -m softswitch.plane_host --run-dir var/run --plane-id plane-0`.

Builds the plane from the settings file and serves its link at `<run dir>/<plane id>.sock` until SIGTERM.
Exit code 2 when the settings or the prompts are at fault; every fault is named.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from config.faults import ConfigFaults
from config.load import load
from media.packets import PortRange
from media.plane import Plane
from media.playlists import Playlists
from media.prompts import PromptBank, PromptFaults
from media.recorder import RecordingSet
from softswitch.calls.announcements import REQUIRED_PROMPTS
from softswitch.exit_codes import CONFIG_EXIT
from softswitch.links import Server
from softswitch.log_setup import set_up_logs
from softswitch.plane_loop import PlaneLoop, freeze_garbage, prepare_process
from softswitch.plane_words import PLANE_COMMANDS, PLANE_EVENTS, socket_name
from softswitch.settings.media import MediaSettings
from softswitch.settings.whole import Settings

log = structlog.get_logger(__name__)


class MissingMusic(Exception):
    """Queues name tracks that the music folder does not have."""

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        lines = "\n".join(f"  {folder / name}.wav" for name in names)
        super().__init__(f"缺少等待音乐 / music is missing ({len(names)}):\n{lines}")
        self.names = tuple(names)


def load_bank(settings: Settings | None, media: MediaSettings) -> PromptBank:
    """Every sound that may be asked for.

    Raises `PromptFaults` or `MissingMusic` when one cannot be read or is missing.  Without a settings file nothing
    is known to be asked for.
    """
    if settings is None:
        return PromptBank.load(media.prompt_dirs, media.music_dir)
    greetings = {route.greeting for route in settings.routes if route.greeting}
    bank = PromptBank.load(media.prompt_dirs, media.music_dir, REQUIRED_PROMPTS | greetings)
    missing = {queue.music for queue in settings.queues} - set(bank.music_names())
    if missing:
        raise MissingMusic(sorted(missing), media.music_dir)
    return bank


def build_plane(media: MediaSettings, bank: PromptBank, recordings: RecordingSet) -> Plane:
    """A plane as the settings say."""
    return Plane(
        max_legs=media.max_legs,
        ports=PortRange(media.port_min, media.port_max),
        prompts=Playlists(media.max_legs, bank.names(), bank.prompt),
        music={name: bank.music(name) for name in bank.music_names()},
        recordings=recordings,
        silence_alarm_s=media.silence_alarm_s,
        rtp_timeout_s=media.rtp_timeout_s,
        hold_timeout_s=media.hold_timeout_s,
        jitter_min_ms=media.jitter_min_ms,
        jitter_max_ms=media.jitter_max_ms,
    )


def parse_arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="softswitch.plane_host", description=__doc__)
    parser.add_argument("--run-dir", type=Path, required=True, help="folder of the named sockets")
    parser.add_argument("--plane-id", default="plane-0", help="name of this plane and of its socket")
    parser.add_argument("--config", type=Path, help="settings file; without it the defaults hold")
    parser.add_argument("--port-min", type=int, help="first RTP port, instead of the file's")
    parser.add_argument("--port-max", type=int, help="last RTP port, instead of the file's")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    arguments = parse_arguments(sys.argv[1:] if words is None else words)
    try:
        settings = load(Settings, arguments.config) if arguments.config else None
        set_up_logs(arguments.plane_id, settings.node.log_level if settings else "info")
        media = settings.media if settings else MediaSettings()
        sync_interval_s = settings.recording.sync_interval_s if settings else 5.0
        media = replace(
            media,
            port_min=arguments.port_min or media.port_min,
            port_max=arguments.port_max or media.port_max,
        )
        bank = load_bank(settings, media)
    except (ConfigFaults, PromptFaults, MissingMusic) as fault:
        sys.stderr.write(f"{fault}\n")
        return CONFIG_EXIT
    prepare_process()
    recordings = RecordingSet(sync_interval_s=sync_interval_s)
    plane = build_plane(media, bank, recordings)
    server = Server(
        arguments.run_dir / socket_name(arguments.plane_id), receives=PLANE_COMMANDS, sends=PLANE_EVENTS
    )
    loop = PlaneLoop(plane, server)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    log.info("plane.started", plane_id=arguments.plane_id, legs_most=media.max_legs)
    freeze_garbage()
    loop.run()
    plane.close()
    recordings.finish()
    for event in plane.take_events():
        server.send(event)
    server.close()
    log.info("plane.stopped", plane_id=arguments.plane_id)
    return 0


if __name__ == "__main__":
    sys.exit(main())
