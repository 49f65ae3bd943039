"""What the manual tells people to type, ask or look for is there: commands, paths, settings, words of the log."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from api.routes import ROUTES
from config.example import example_text
from softswitch.__main__ import main
from softswitch.calls.chronicle import shown_kinds
from softswitch.settings.whole import Settings

ROOT = Path(__file__).resolve().parents[3]
MANUAL = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SOURCES = ("softswitch", "api", "media")
COMMAND = re.compile(
    r"(?:-m softswitch|bin/softswitch|`softswitch|^softswitch) ([a-z][a-z-]*)(?![\w.=/])", re.MULTILINE
)
FILES = re.compile(r"\.(?:json|jsonl|toml|yml|wav|log|sqlite|md|key|gz)$")


def settings_keys() -> set[str]:
    """Every key as people write it: `sip.trunk_patience_s`, `sip.transports.address`."""
    table, keys = "", set()
    for line in example_text(Settings).splitlines():
        if found := re.fullmatch(r"(?:# )?\[+([a-z_.]+)\]+", line):
            table = found[1]
        elif found := re.match(r"(?:# )?([a-z_0-9]+) = ", line):
            keys.add(f"{table}.{found[1]}")
    return keys


def log_words() -> set[str]:
    """Every event that some process may log: those of the journal, and those that stand in the sources."""
    said = {
        word
        for package in SOURCES
        for path in (ROOT / package).rglob("*.py")
        for word in re.findall(r'"([a-z_]+\.[a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    return said | set(shown_kinds())


def quoted(text: str) -> list[str]:
    """What stands between single back quotes, blocks left out."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@pytest.fixture(scope="module")
def words() -> set[str]:
    """The words of the command line."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), pytest.raises(SystemExit):
        main(["--help"])
    found = re.search(r"\{([a-z,-]+)\}", shown.getvalue())
    assert found is not None
    return set(found[1].split(","))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_that_pages_name_exist(page: Path, words: set[str]) -> None:
    assert set(COMMAND.findall(page.read_text(encoding="utf-8"))) <= words


def test_the_readme_names_every_command(words: set[str]) -> None:
    """But for what the launcher starts itself."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## 命令")[2].partition("\n## ")[0]
    assert words - {"control"} <= set(quoted(section))


def test_words_with_a_dot_are_settings_log_events_or_files() -> None:
    keys, said = settings_keys(), log_words()
    dotted = {word for word in quoted(MANUAL) if re.fullmatch(r"[a-z_0-9]+(?:\.[a-z_0-9]+)+", word)}
    assert len(dotted) > 20
    assert {word for word in dotted if not FILES.search(word)} <= keys | said


def test_paths_of_the_manual_are_paths_of_the_interface() -> None:
    asked = re.findall(r"(?:\b(GET|PUT|POST|DELETE) )?…?(/v1/[\w/\-{}]+)", MANUAL)
    assert len(asked) > 10
    for method, path in asked:
        assert any(
            (not method or route.method == method)
            and re.fullmatch(re.sub(r"\{\w+\}", r"[^/]+", route.path), path)
            for route in ROUTES
        ), f"{method} {path}"
