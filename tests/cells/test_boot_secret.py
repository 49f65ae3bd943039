"""One secret a run directory, whoever comes first, readable by nobody else."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from softswitch.cells.boot_secret import boot_secret


def test_everybody_gets_the_same_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: boot_secret(tmp_path / "run"), range(32)))
    assert len(secrets) == 1
    assert len(secrets.pop()) == 48


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    boot_secret(tmp_path / "run")
    assert stat.S_IMODE((tmp_path / "run" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["secret"]


def test_two_run_directories_have_two_secrets(tmp_path: Path) -> None:
    assert boot_secret(tmp_path / "a") != boot_secret(tmp_path / "b")
