"""What a control that died a moment ago had sent, as the next one reads it."""

import json
from pathlib import Path

import pytest

from softswitch.sip.invite_log import RECENT_S, InviteLog

RECORD = {"call_id": "x@y"}


class Wall:
    """A clock that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


def test_what_went_out_and_did_not_end_is_left(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "invites"
    log = InviteLog(path, wall)
    log.note("a", RECORD)
    log.note("b", RECORD)
    log.over("a")
    assert InviteLog(path, wall).left == {"b": RECORD}
    assert path.stat().st_mode & 0o077 == 0
    assert InviteLog(path, wall).left == {}, "it is told once"


def test_what_is_old_or_cut_short_or_no_leg_is_passed_over(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "invites"
    InviteLog(path, wall).note("old", RECORD)
    wall.now += RECENT_S + 1.0
    whole = json.dumps({"at": wall.now, "leg_id": "new", "record": RECORD})
    with path.open("a") as file:
        file.write(f'{whole}\n[1]\n{{"at": "?"}}\n{whole[:30]}')
    assert InviteLog(path, wall).left == {"new": RECORD}


def test_a_long_log_keeps_what_is_recent(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "invites"
    log = InviteLog(path, wall, most_bytes=400)
    for number in range(50):
        wall.now += RECENT_S / 2
        log.note(str(number), RECORD)
    assert path.stat().st_size < 600
    assert {"48", "49"} <= InviteLog(path, wall).left.keys()


def test_without_a_file_nothing_is_kept_and_nothing_fails(tmp_path: Path, wall: Wall) -> None:
    for path in (None, tmp_path / "no" / "folder"):
        log = InviteLog(path, wall)
        log.note("a", RECORD)
        log.close()
        assert log.left == {}
