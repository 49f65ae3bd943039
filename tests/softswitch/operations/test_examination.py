"""What a machine is told before anything is started on it."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from bench.scratch_config import Terms, toml_of
from config.load import load
from softswitch.operations.examination import Verdict, examine
from softswitch.settings.overflow import OverflowSettings, OverflowTo
from softswitch.settings.whole import Settings
from softswitch.store.writer import Store
from tests.softswitch.store.samples import arrived


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = tmp_path / "stand.toml"
    config.write_text(toml_of(98, tmp_path, Terms(media_extra="max_legs = 100")), encoding="utf-8")
    config.chmod(0o600)
    return load(Settings, config)


def found(settings: Settings, at: float | None = None) -> dict[str, Verdict]:
    return {
        finding.subject: finding.verdict
        for finding in examine(settings, time.time if at is None else lambda: at)
    }


def test_a_sound_machine_has_no_fault(settings: Settings) -> None:
    verdicts = found(settings)
    assert Verdict.FAULT not in verdicts.values()
    assert {"node.data_dir", "node.run_dir", "disk", "descriptors", "pjsua2", "clock"} <= verdicts.keys()


def test_folders_that_are_none_and_keys_that_others_can_read_are_faults(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    node = replace(settings.node, run_dir=tmp_path / "file" / "run")
    settings.node.data_dir.mkdir(parents=True)
    key = settings.node.data_dir / "recording.key"
    key.write_text("00" * 32)
    key.chmod(0o644)
    verdicts = found(replace(settings, node=node))
    assert verdicts["node.run_dir"] is Verdict.FAULT
    assert verdicts["recording.key"] is Verdict.FAULT


def test_too_few_ports_or_too_little_disk_is_a_warning(settings: Settings) -> None:
    media = replace(settings.media, max_legs=5000)
    recording = replace(settings.recording, keep_free_mb=10**9)
    verdicts = found(replace(settings, media=media, recording=recording))
    assert verdicts["media.port_min"] is Verdict.WARNING
    assert verdicts["disk"] is Verdict.WARNING


async def test_a_clock_that_was_never_set_or_runs_behind_the_journal_is_a_warning(settings: Settings) -> None:
    assert found(settings, 1_000_000.0)["clock"] is Verdict.WARNING
    data = settings.node.data_dir
    data.mkdir(parents=True)
    now = time.time()
    store = await Store.open(data / "hotline.sqlite", key_path=data / "recording.key", wall=lambda: now)
    store.record(arrived("c1", now + 3600))
    await store.close()
    assert found(settings)["clock"] is Verdict.WARNING
    assert found(settings, now + 7200)["clock"] is Verdict.WELL


async def test_a_business_of_the_settings_that_could_not_be_taken_is_a_fault_until_there_is_another(
    settings: Settings,
) -> None:
    """With its place: a rule that never has a say, behind one that takes everybody."""
    assert found(settings)["business"] is Verdict.WELL
    rules = (OverflowSettings(to=OverflowTo.BUSY), OverflowSettings(to=OverflowTo.VOICEMAIL))
    in_vain = replace(settings, queues=(replace(settings.queues[0], overflow=rules),))
    [finding] = [each for each in examine(in_vain) if each.subject == "business"]
    assert (finding.verdict, finding.text.partition(" = ")[0]) == (
        Verdict.FAULT,
        "queues.hotline.overflow[1]",
    )
    data = settings.node.data_dir
    data.mkdir(parents=True)
    store = await Store.open(data / "hotline.sqlite", key_path=data / "recording.key", wall=time.time)
    await store.close()
    assert found(in_vain)["business"] is Verdict.WARNING
