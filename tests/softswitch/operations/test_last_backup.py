"""The daily report says when the last backup was whole, and that there is none of last night."""

import math
from pathlib import Path

import pytest

from softswitch.operations.last_backup import (
    NOTE,
    OLDEST_S,
    LastBackup,
    backup_age_s,
    backup_fact,
    note_backup,
)

NOW = 1_795_000_000.0


def test_a_backup_of_last_night_is_well_and_one_that_missed_a_night_is_not(tmp_path: Path) -> None:
    never = backup_fact(tmp_path, NOW)
    assert (never.is_well, never.value) == (False, "从未 / never")
    assert backup_age_s(tmp_path, NOW) is None
    note_backup(tmp_path, LastBackup(at=NOW, folder="/backup/1"))
    fresh = backup_fact(tmp_path, NOW + OLDEST_S - 1)
    assert fresh.is_well
    assert "/backup/1" in fresh.value
    assert not backup_fact(tmp_path, NOW + OLDEST_S).is_well
    assert backup_age_s(tmp_path, NOW + OLDEST_S) == OLDEST_S
    note_backup(tmp_path, LastBackup(at=NOW + 86_400, folder="/backup/2"))
    assert backup_fact(tmp_path, NOW + OLDEST_S).is_well
    assert [path.name for path in tmp_path.iterdir()] == [NOTE]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"at": "yesterday", "folder": ""}', '{"at": 1e300, "folder": ""}']
)
def test_a_note_that_nobody_can_read_is_no_backup(text: str, tmp_path: Path) -> None:
    (tmp_path / NOTE).write_text(text, encoding="utf-8")
    assert not backup_fact(tmp_path, NOW).is_well
    assert backup_age_s(tmp_path, NOW) == math.inf
