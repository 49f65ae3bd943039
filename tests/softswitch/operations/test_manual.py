"""What the manual tells people to type, ask or look for is there: commands, paths, settings, words of the log, pages, pictures."""

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


LINKED = [*PAGES, ROOT / "bench" / "README.md", ROOT / "docs" / "pictures" / "README.md"]


def anchors(page: Path) -> set[str]:
    """What a link into a page may end with: its headings as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_pages_pictures_and_headings_that_exist(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_picture_of_a_page_is_shown_among_the_pictures() -> None:
    folder = ROOT / "docs" / "pictures"
    shown = re.findall(r"\]\(([\w-]+\.png)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(path.name for path in folder.glob("*.png"))


def test_the_architecture_has_a_row_for_every_package() -> None:
    section = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## 包")[2]
    rows = {
        word
        for line in section.partition("\n## ")[0].splitlines()
        for word in quoted(line.partition("| ")[2].partition(" |")[0])
    }
    top = [ROOT / name for name in ("softswitch", "acd", "media", "api", "config")]
    packages = {
        path.relative_to(ROOT).as_posix()
        for folder in top
        for path in (folder, *folder.iterdir())
        if (path / "__init__.py").exists()
    }
    assert packages - {"config/prompts", "config/music"} <= rows
