"""The commands of an operator where nothing runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.scratch_config import Terms, toml_of
from softswitch.__main__ import main


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
