"""The commands of an operator where nothing runs."""

import json
import os
import resource
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from bench.scratch_config import Terms, toml_of
from softswitch.__main__ import main
from softswitch.store import schema


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration of nobody's."""
    path = tmp_path / "stand.toml"
    path.write_text(toml_of(99, tmp_path, Terms()), encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("word", ["drain", "alarm-test"])
def test_a_process_that_was_given_our_number_after_a_power_cut_hears_nothing(
    word: str, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir(mode=0o700)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        (run_dir / "pids.json").write_text(json.dumps({"launcher": stranger.pid, "control": stranger.pid}))
        (run_dir / "births.json").write_text(json.dumps({str(stranger.pid): "another boot 1"}))
        assert main([word, "--config", str(config)]) == 1
        assert "nothing runs here" in capsys.readouterr().err
        assert not (run_dir / "draining").exists()
        stranger.communicate(b"\n", timeout=30)
    assert stranger.returncode == 0, "it was sent no signal"


def test_a_trace_where_there_is_no_database_is_refused_in_a_line(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["trace", "--config", str(config), "c1"]
    assert main(words) == 1
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "hotline.sqlite").write_bytes(b"not a database at all" * 500)
    assert main(words) == 1
    for line in capsys.readouterr().err.splitlines():
        assert "the database cannot be read" in line


def test_a_database_that_cannot_be_read_is_in_the_bundle_as_a_line_of_its_own(
    config: Path, tmp_path: Path
) -> None:
    """That is when somebody far away is asked."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "hotline.sqlite").write_bytes(b"not a database at all" * 500)
    rejected = {"error": "ValueError('odd')", "row": {"kind": "CallEnded", "data": "of a caller"}}
    (tmp_path / "data" / "hotline.rejected.jsonl").write_text(json.dumps(rejected) + "\n")
    target = tmp_path / "bundle.tar.gz"
    assert main(["support-bundle", "--config", str(config), str(target)]) == 0
    with tarfile.open(target) as archive:
        names = {name.removeprefix("support/") for name in archive.getnames()}
        assert {"settings.json", "machine.json", "processes.json", "database-unreadable.txt"} <= names
        file = archive.extractfile("support/rejected.jsonl")
        assert file is not None
        assert json.loads(file.read()) == {"error": "ValueError('odd')", "kind": "CallEnded"}


def test_a_bundle_for_which_there_is_no_room_is_not_in_the_way_of_the_next(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "bundle.tar.gz"
    words = ["support-bundle", "--config", str(config), str(target)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    try:
        assert main(words) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert main(words) == 0


@pytest.mark.parametrize("command", ["drain", "alarm-test"])
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_who_may_not_look_is_not_told_that_nothing_runs(
    command: str, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    folders = [tmp_path, *tmp_path.parents][:-2]
    modes = [folder.stat().st_mode & 0o777 for folder in folders]
    for folder, mode in zip(folders, modes, strict=True):
        folder.chmod(mode | 0o011)
    os.chown(config, 65534, 65534)
    os.seteuid(65534)
    try:
        assert main([command, "--config", str(config)]) == 1
    finally:
        os.seteuid(0)
        for folder, mode in zip(folders, modes, strict=True):
            folder.chmod(mode)
    assert "as the user of the service" in capsys.readouterr().err


def test_a_database_that_comes_back_without_its_key_is_told_of(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    schema.prepare(data / "hotline.sqlite", 1.0)
    assert main(["backup", "--config", str(config), str(tmp_path / "saved")]) == 0
    (data / "hotline.sqlite").unlink()
    assert main(["restore", "--config", str(config), str(tmp_path / "saved")]) == 0
    shown = capsys.readouterr()
    assert "recording.key" in shown.err
    assert "restored, equal" in shown.out
