"""Processes of one version understand each other, and know those of another."""

from pathlib import Path

from softswitch.link_version import is_understood, link_version, note_version


def test_what_is_written_down_is_understood_and_anything_else_is_not(tmp_path: Path) -> None:
    """Parts of a version that wrote nothing down are believed."""
    assert is_understood(tmp_path)
    note_version(tmp_path)
    assert is_understood(tmp_path)
    (tmp_path / "link-version").write_text("another")
    assert not is_understood(tmp_path)
    assert link_version() == link_version()
    assert len(link_version()) == 16
