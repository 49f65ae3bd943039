"""What a machine is told before anything is started on it."""

import os
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bench.scratch_config import Terms, toml_of
from config.load import load
from softswitch.operations.examination import Verdict, examine
from softswitch.settings.overflow import OverflowSettings, OverflowTo
from softswitch.settings.whole import Settings
from softswitch.store import schema
from softswitch.store.writer import Store
from tests.softswitch.store.samples import arrived, closed


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


async def made(settings: Settings) -> Path:
    """A database that a control left behind."""
    data = settings.node.data_dir
    data.mkdir(parents=True)
    store = await Store.open(data / "hotline.sqlite", key_path=data / "recording.key", wall=time.time)
    store.record(closed("r1", "c1"))
    await store.close()
    return data / "hotline.sqlite"


async def test_a_database_that_control_could_not_open_is_a_fault(settings: Settings) -> None:
    """Whoever asks why nothing starts is not told that all is sound."""
    assert "database" not in found(settings), "there is none yet"
    path = await made(settings)
    assert found(settings)["database"] is Verdict.WELL
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO migrations VALUES (99, '0099_later.sql', '', 1.0)")
    assert found(settings)["database"] is Verdict.FAULT
    path.write_bytes(b"not a database at all" * 500)
    assert found(settings)["database"] is Verdict.FAULT


async def test_a_database_of_an_older_program_is_none(settings: Settings) -> None:
    data = settings.node.data_dir
    schema.prepare(data / "hotline.sqlite", 1.0, schema.shipped_migrations()[:-1])
    assert found(settings)["database"] is Verdict.WELL


async def test_a_chain_whose_key_is_gone_is_a_warning(settings: Settings) -> None:
    """A start would make another key, and every night would find the chain broken."""
    path = await made(settings)
    assert "recording.key" not in found(settings)
    path.with_name("recording.key").unlink()
    assert found(settings)["recording.key"] is Verdict.WARNING


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
async def test_who_may_not_look_is_told_so(settings: Settings) -> None:
    """By a finding, not by a fault of ours."""
    await made(settings)
    settings.node.data_dir.chmod(0o700)
    os.seteuid(65534)
    try:
        verdicts = found(settings)
    finally:
        os.seteuid(0)
    assert verdicts["node.data_dir"] is Verdict.FAULT
